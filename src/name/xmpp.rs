//! XmppAddr: a Jabber address in an otherName (RFC 6120 §13.7.1.4, RFC 7622 for its parts).
//!
//! A server shows its domainpart, a user a bare JID. The domainparts are compared as A-labels, so a
//! presented U-label is converted first (an XmppAddr is UTF-8, unlike a dNSName). Localparts are
//! equal without regard to the case of ASCII letters (RFC 7622 §3.3 maps case), or absent on both
//! sides.
//!
//! | reference | presented XmppAddr | match |
//! |---|---|---|
//! | `xmpp:bob.test` | `bob.test` | yes |
//! | `xmpp:bob.test` | `eve@bob.test` | no: a user's certificate does not speak for the server |
//! | `xmpp:bob@bob.test` | `bob@bob.test` | yes |
//! | `xmpp:bob@bob.test` | `bob.test` | no: the server is not the user |
//! | any | `bob@bob.test/phone`, `*.bob.test` | malformed: no resources, no wildcards |

use std::borrow::Cow;
use std::fmt;

use crate::error::{Error, Result};
use crate::name::dns::{DnsName, check};
use crate::name::idna::{Idna, to_ascii};
use crate::name::presented::escaped;
use crate::status::Status;

/// A Jabber address that is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct XmppAddr {
    local: Option<String>,
    domain: DnsName,
}

impl XmppAddr {
    /// Reads `domain` or `local@domain`.
    pub fn parse(text: &str, idna: Idna) -> Result<XmppAddr> {
        let (local, domain) = split(text).map_err(|why| {
            let quoted = escaped(text.as_bytes());
            Error::new(Status::Name, format!("Jabber address \"{quoted}\" is not valid: {why}"))
        })?;
        Ok(XmppAddr { local: local.map(str::to_owned), domain: DnsName::parse(domain, idna)? })
    }

    /// What stands before the `@`, if there is one.
    pub fn local(&self) -> Option<&str> {
        self.local.as_deref()
    }

    /// The domainpart.
    pub fn domain(&self) -> &DnsName {
        &self.domain
    }
}

impl fmt::Display for XmppAddr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(local) = &self.local {
            write!(out, "{local}@")?;
        }
        write!(out, "{}", self.domain)
    }
}

/// An XmppAddr of a certificate, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentedXmpp<'a> {
    local: Option<&'a str>,
    domain: Cow<'a, str>,
}

impl<'a> PresentedXmpp<'a> {
    /// Reads the contents of the UTF8String; the error is in words.
    pub fn parse(octets: &'a [u8]) -> std::result::Result<PresentedXmpp<'a>, String> {
        let text = std::str::from_utf8(octets).map_err(|_| "it is not UTF-8")?;
        let (local, domain) = split(text)?;
        let domain = to_ascii(domain, Idna::Convert)?;
        check(domain.as_bytes()).map_err(|fault| fault.to_string())?;
        Ok(PresentedXmpp { local, domain })
    }

    /// What stands before the `@`, if there is one.
    pub const fn local(&self) -> Option<&'a str> {
        self.local
    }

    /// The domainpart in A-labels, in any case.
    pub fn domain(&self) -> &str {
        &self.domain
    }
}

/// The localpart, if any, and the domainpart.
fn split(text: &str) -> std::result::Result<(Option<&str>, &str), &'static str> {
    if text.contains('/') {
        return Err("it has a resource");
    }
    let Some((local, domain)) = text.split_once('@') else { return Ok((None, text)) };
    // RFC 7622 §3.3.1 excludes these from localparts.
    let illegal = |character: char| {
        character.is_control() || character.is_whitespace() || "\"&'/:<>@".contains(character)
    };
    match local.is_empty() || local.contains(illegal) {
        true => Err("what stands before the '@' is not a localpart"),
        false => Ok((Some(local), domain)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bare_addresses_only() {
        for good in ["bob.test", "bob@bob.test", "bücher.test", "bøb@xn--bcher-kva.test"] {
            assert!(XmppAddr::parse(good, Idna::Convert).is_ok(), "{good}");
            assert!(PresentedXmpp::parse(good.as_bytes()).is_ok(), "{good}");
        }
        let bad = [
            "",
            "@bob.test",
            "bob@",
            "bob@bob.test/phone",
            "bob.test/phone",
            "*.bob.test",
            "bob@eve@bob.test",
            "bob.test\0.eve.test",
            "bob\0@bob.test",
            "b ob@bob.test",
            "192.0.2.1",
        ];
        for text in bad {
            assert!(XmppAddr::parse(text, Idna::Convert).is_err(), "{text:?}");
            assert!(PresentedXmpp::parse(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(PresentedXmpp::parse(b"bob.test\xff").is_err());
        assert!(XmppAddr::parse("bücher.test", Idna::Refuse).is_err());
    }
}
