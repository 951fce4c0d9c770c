//! The TXT record `_smtp._tls.DOMAIN` (RFC 8460 §3): where a domain wants reports.

use crate::tag_list::{self, TagFault, check_extension};

/// How every record begins.
const VERSION: &str = "v=TLSRPTv1";

/// The TXT record `_smtp._tls.DOMAIN`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where reports go, in order; at least one. Only `mailto:` and `https:` are in use; others are
    /// kept, because a report writer may know them.
    pub destinations: Vec<String>,
}

impl Record {
    /// Whether a TXT record is meant to be one; others at the same name do not count.
    pub fn is_meant(text: &str) -> bool {
        tag_list::begins_with(text, VERSION)
    }

    /// The one among the TXT records of the name; `None` where there is none. Of two nobody knows which
    /// (§3): then there is none either, and the words say so.
    pub fn only(texts: &[String]) -> Result<Option<Record>, String> {
        let meant: Vec<&String> = texts.iter().filter(|text| Record::is_meant(text)).collect();
        match meant.as_slice() {
            [] => Ok(None),
            [one] => Record::parse(one).map(Some).map_err(|fault| format!("the record: {fault}")),
            _ => Err("there are several TLSRPT records".to_owned()),
        }
    }

    /// Reads a TXT record, its strings joined.
    pub fn parse(text: &str) -> Result<Record, TagFault> {
        let mut destinations = Vec::new();
        for (name, value) in tag_list::fields(text, VERSION)? {
            match name {
                "rua" => destinations.extend(uris(value)?),
                _ => check_extension(name, value)?,
            }
        }
        if destinations.is_empty() {
            return Err(TagFault::Missing("rua"));
        }
        Ok(Record { destinations })
    }
}

fn uris(list: &str) -> Result<Vec<String>, TagFault> {
    let uri = |text: &str| {
        let text = text.trim_matches([' ', '\t']);
        is_uri(text).then(|| text.to_owned()).ok_or_else(|| TagFault::Value("rua".to_owned()))
    };
    list.split(',').map(uri).collect()
}

/// RFC 3986 §3, as far as a report's way goes: a scheme, something behind it, nothing invisible. The
/// octets `,` and `!` and `;` are encoded in it (RFC 8460 §3).
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let in_scheme = |octet: u8| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet);
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(in_scheme)
        && !rest.is_empty()
        && rest.bytes().all(|octet| octet.is_ascii_graphic() && octet != b'!')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_many() {
        let only = |texts: &[&str]| {
            let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
            Record::only(&texts).map(|one| one.is_some())
        };
        let good = "v=TLSRPTv1; rua=mailto:a@b.test";
        assert_eq!(only(&[]), Ok(false));
        assert_eq!(only(&["v=spf1 -all", "v=TLSRPTv2; rua=mailto:a@b.test"]), Ok(false));
        assert_eq!(only(&["v=spf1 -all", good]), Ok(true));
        assert!(only(&[good, good]).is_err());
        assert!(only(&[good, "v=TLSRPTv1;"]).is_err());
        assert!(only(&["v=TLSRPTv1; rua=mailto:"]).is_err());
    }

    #[test]
    fn records() {
        let record =
            Record::parse("v=TLSRPTv1; rua=mailto:a@b.test , https://b.test/r ;x=1").unwrap();
        assert_eq!(record.destinations, ["mailto:a@b.test", "https://b.test/r"]);
        for bad in [
            "v=TLSRPTv1",
            "v=TLSRPTv1; x=1",
            "v=TLSRPTv1; rua=",
            "v=TLSRPTv1; rua=a@b.test",
            "v=TLSRPTv1; rua=mailto:",
            "v=TLSRPTv1; rua=mailto:a@b.test,",
            "v=TLSRPTv1; rua=mailto:a@b.test c",
            "v=TLSRPTv1; rua=1x:a",
            "v=TLSRPTv1; rua=mailto:a!10m",
        ] {
            assert!(Record::parse(bad).is_err(), "{bad:?}");
        }
    }
}
