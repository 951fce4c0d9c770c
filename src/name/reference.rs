//! What the caller means: a name with its kind.
//!
//! The kind is part of the name. `192.0.2.1` is an address and `mail.bob.test` a host, and which of
//! the two a caller means is never guessed at the moment of comparison: `dns:192.0.2.1` is an
//! error. Only [`ReferenceId::from_host`] decides by the looks, where a person typed a host.

use std::fmt;
use std::net::IpAddr;

use crate::error::{Error, Result};
use crate::name::presented::escaped;
use crate::name::{DnsName, EmailAddress, Idna, SrvName, UriName, XmppAddr, ip};
use crate::status::Status;

/// A name that the peer must prove.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ReferenceId {
    /// A host, `dns:mail.example.com`.
    Dns(DnsName),
    /// An address, `ip:192.0.2.1`.
    Ip(IpAddr),
    /// A service at a domain, `srv:_imap.example.com`.
    Srv(SrvName),
    /// A Jabber domain or account, `xmpp:example.com`.
    Xmpp(XmppAddr),
    /// A mailbox, `email:bob@example.com`.
    Email(EmailAddress),
    /// A scheme at a host, `uri:sip:example.com`.
    Uri(UriName),
}

impl ReferenceId {
    /// The tags that [`ReferenceId::parse_tagged`] knows.
    pub const TAGS: [&'static str; 6] = ["dns", "ip", "srv", "xmpp", "email", "uri"];

    /// Reads `tag:name`. Whatever is wrong is `Status::Name`, in words with the name escaped.
    pub fn parse_tagged(text: &str, idna: Idna) -> Result<ReferenceId> {
        let (tag, name) = text.split_once(':').ok_or_else(|| unknown_tag(text))?;
        match tag {
            "dns" => DnsName::parse(name, idna).map(ReferenceId::Dns),
            "ip" => ip::parse(name).map(ReferenceId::Ip),
            "srv" => SrvName::parse(name, idna).map(ReferenceId::Srv),
            "xmpp" => XmppAddr::parse(name, idna).map(ReferenceId::Xmpp),
            "email" => EmailAddress::parse(name, idna).map(ReferenceId::Email),
            "uri" => UriName::parse(name, idna).map(ReferenceId::Uri),
            _ => Err(unknown_tag(text)),
        }
    }

    /// Reads a host as a person types it: an IPv4 or IPv6 literal, brackets allowed, is an address;
    /// everything else is a host name.
    pub fn from_host(host: &str, idna: Idna) -> Result<ReferenceId> {
        match ip::literal(host) {
            Some(address) => Ok(ReferenceId::Ip(address)),
            None => DnsName::parse(host, idna).map(ReferenceId::Dns),
        }
    }

    /// The host name, if it is one.
    pub const fn as_dns(&self) -> Option<&DnsName> {
        match self {
            ReferenceId::Dns(name) => Some(name),
            ReferenceId::Ip(_)
            | ReferenceId::Srv(_)
            | ReferenceId::Xmpp(_)
            | ReferenceId::Email(_)
            | ReferenceId::Uri(_) => None,
        }
    }

    /// The address, if it is one.
    pub const fn as_ip(&self) -> Option<IpAddr> {
        match self {
            ReferenceId::Ip(address) => Some(*address),
            ReferenceId::Dns(_)
            | ReferenceId::Srv(_)
            | ReferenceId::Xmpp(_)
            | ReferenceId::Email(_)
            | ReferenceId::Uri(_) => None,
        }
    }

    /// Tag and normalised name; [`ReferenceId::parse_tagged`] reads it back.
    pub fn tagged(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for ReferenceId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReferenceId::Dns(name) => write!(out, "dns:{name}"),
            ReferenceId::Ip(address) => write!(out, "ip:{address}"),
            ReferenceId::Srv(srv) => write!(out, "srv:{srv}"),
            ReferenceId::Xmpp(address) => write!(out, "xmpp:{address}"),
            ReferenceId::Email(address) => write!(out, "email:{address}"),
            ReferenceId::Uri(uri) => write!(out, "uri:{uri}"),
        }
    }
}

fn unknown_tag(text: &str) -> Error {
    let quoted = escaped(text.as_bytes());
    let tags = ReferenceId::TAGS.join(":, ");
    Error::new(
        Status::Name,
        format!("reference name \"{quoted}\" begins with no known tag; the tags are {tags}:"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tagged_names_are_read_and_written() {
        let cases: &[(&str, Option<&str>)] = &[
            ("dns:Mail.Example.com.", Some("dns:mail.example.com")),
            ("dns:bücher.example", Some("dns:xn--bcher-kva.example")),
            ("ip:192.0.2.1", Some("ip:192.0.2.1")),
            ("ip:2001:DB8:0::1", Some("ip:2001:db8::1")),
            ("srv:_IMAP.example.com", Some("srv:_imap.example.com")),
            ("xmpp:example.com", Some("xmpp:example.com")),
            ("email:A@B.example", Some("email:A@b.example")),
            ("uri:sip:example.com", Some("uri:sip:example.com")),
            ("dns:192.0.2.1", None),
            ("dns:[192.0.2.1]", None),
            ("dns:::1", None),
            ("dns:", None),
            ("dns:a\0.example.com", None),
            ("ip:[::1]", None),
            ("ip:mail.example.com", None),
            ("mail.example.com", None),
            ("DNS:mail.example.com", None),
            ("cn:mail.example.com", None),
            ("", None),
        ];
        for (text, wanted) in cases {
            let reference = ReferenceId::parse_tagged(text, Idna::Convert);
            assert_eq!(reference.as_ref().ok().map(ReferenceId::tagged).as_deref(), *wanted);
            match reference {
                Ok(reference) => {
                    let again = ReferenceId::parse_tagged(&reference.tagged(), Idna::Refuse);
                    assert_eq!(again, Ok(reference));
                }
                Err(error) => assert_eq!(error.status, Status::Name),
            }
        }
    }

    #[test]
    fn a_typed_host_is_an_address_by_its_looks_only_when_it_is_one() {
        let tagged = |host| ReferenceId::from_host(host, Idna::Convert).map(|id| id.tagged()).ok();
        assert_eq!(tagged("192.0.2.1").as_deref(), Some("ip:192.0.2.1"));
        assert_eq!(tagged("[192.0.2.1]").as_deref(), Some("ip:192.0.2.1"));
        assert_eq!(tagged("[2001:db8::1]").as_deref(), Some("ip:2001:db8::1"));
        assert_eq!(tagged("mail.bob.test").as_deref(), Some("dns:mail.bob.test"));
        for trick in ["127.1", "0x7f.1", "1.2.3.4.", "[mail.bob.test]", "::1%lo", "1.2.3.4\0"] {
            assert_eq!(tagged(trick), None, "{trick:?}");
        }
    }
}
