//! Records as text (RFC 1035 §5.1): shown in reports, and stated by callers.

use std::fmt::{self, Write};
use std::net::IpAddr;

use crate::error::{Error, Result};
use crate::report::quote;
use crate::status::Status;

use super::{Data, Exchange, Kind, Name, Question, Record, Service};

impl fmt::Display for Data {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Data::A(address) => address.fmt(out),
            Data::Aaaa(address) => address.fmt(out),
            Data::Cname(name) | Data::Ptr(name) => name.fmt(out),
            Data::Mx(Exchange { preference, host }) => write!(out, "{preference} {host}"),
            Data::Txt(text) => out.write_str(&quote(text)),
            Data::Srv(Service { priority, weight, port, host }) => {
                write!(out, "{priority} {weight} {port} {host}")
            }
            Data::Tlsa(wire) => association(wire, out),
        }
    }
}

fn association(wire: &[u8], out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (numbers, data) = wire.split_at(wire.len().min(3));
    numbers.iter().try_for_each(|number| write!(out, "{number} "))?;
    data.iter().try_for_each(|octet| write!(out, "{octet:02x}"))?;
    // An empty association is still to be seen as one.
    if data.is_empty() { out.write_char('-') } else { Ok(()) }
}

impl Record {
    /// Reads `NAME TYPE DATA` of the types that evidence is made of, or `NAME TYPE`, which says that
    /// there is no such record. The name of a PTR record may be written as the address that it is of.
    pub fn parse_stated(text: &str) -> Result<(Question, Option<Data>)> {
        stated(text).ok_or_else(|| {
            let shown = quote(text.as_bytes());
            let what = format!(
                "'{shown}' is no fact from the DNS; write NAME A|AAAA|CNAME|PTR|MX DATA, such as \
                 'example.com MX 10 mx.example.com', or NAME TYPE where there is none"
            );
            Error::new(Status::Argument, what)
        })
    }
}

fn stated(text: &str) -> Option<(Question, Option<Data>)> {
    let mut words = text.split_ascii_whitespace();
    let (name, kind) = (words.next()?, words.next()?);
    let words: Vec<&str> = words.collect();
    let data = match (kind, words.as_slice()) {
        (_, []) => None,
        ("A", [address]) => Some(Data::A(address.parse().ok()?)),
        ("AAAA", [address]) => Some(Data::Aaaa(address.parse().ok()?)),
        ("CNAME", [name]) => Some(Data::Cname(Name::parse(name)?)),
        ("PTR", [name]) => Some(Data::Ptr(Name::parse(name)?)),
        ("MX", [preference, "."]) => Some(exchange(preference, Name::root())?),
        ("MX", [preference, host]) => Some(exchange(preference, Name::parse(host)?)?),
        _ => return None,
    };
    let kinds = [Kind::A, Kind::Aaaa, Kind::Cname, Kind::Ptr, Kind::Mx];
    let kind = kinds.into_iter().find(|one| one.word() == kind)?;
    let name = match name.parse::<IpAddr>() {
        Ok(address) if kind == Kind::Ptr => Name::of_address(address),
        Ok(_) => return None,
        Err(_) => Name::parse(name)?,
    };
    Some((Question::new(name, kind), data))
}

fn exchange(preference: &str, host: Name) -> Option<Data> {
    Some(Data::Mx(Exchange { preference: preference.parse().ok()?, host }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stated_is_shown_again() {
        for text in [
            "mail.bob.test A 192.0.2.1",
            "mail.bob.test AAAA 2001:db8::1",
            "www.bob.test CNAME mail.bob.test",
            "1.2.0.192.in-addr.arpa PTR mail.bob.test",
            "bob.test MX 10 mail.bob.test",
            "bob.test MX 0 .",
        ] {
            let (question, data) = Record::parse_stated(text).expect(text);
            assert_eq!(format!("{question} {}", data.expect(text)), text);
        }
        let (question, data) = Record::parse_stated("192.0.2.1 PTR").unwrap();
        assert_eq!((question.to_string().as_str(), data), ("1.2.0.192.in-addr.arpa PTR", None));
        assert_eq!(Data::Tlsa(vec![3, 1, 1, 0xab]).to_string(), "3 1 1 ab");
        assert_eq!(Data::Tlsa(vec![3, 1, 1]).to_string(), "3 1 1 -");
        assert_eq!(Data::Txt(b"a\nb".to_vec()).to_string(), "a\\nb");
    }

    #[test]
    fn what_is_no_fact() {
        for bad in [
            "",
            "mail.bob.test",
            "mail.bob.test A mail.bob.test",
            "mail.bob.test A 192.0.2.1 192.0.2.2",
            "mail.bob.test AAAA 192.0.2.1",
            "192.0.2.1 A 192.0.2.1",
            "bob.test MX mail.bob.test",
            "bob.test MX -1 mail.bob.test",
            "bob.test TXT v=spf1",
            "bob.test TLSA",
            "bob..test A 192.0.2.1",
            "bob.test\0 A 192.0.2.1",
            "bob.test a 192.0.2.1",
        ] {
            let error = Record::parse_stated(bad).expect_err(bad);
            assert_eq!(error.status, Status::Argument, "{bad}");
        }
    }
}
