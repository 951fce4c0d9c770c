//! E-mail addresses (RFC 5280 §4.2.1.6 and §7.5; RFC 9598 for local parts beyond ASCII).
//!
//! The local part is compared octet by octet: whether `Bob` and `bob` share a mailbox is known to
//! the receiving host only (RFC 5321 §2.4). The domain is compared as a DNS name, and has no
//! wildcard.
//!
//! | reference | presented | match |
//! |---|---|---|
//! | `email:bob@bob.test` | rfc822Name `bob@BOB.test` | yes |
//! | `email:bob@bob.test` | rfc822Name `Bob@bob.test` | no |
//! | `email:bob@bob.test` | rfc822Name `bob.test`, `.bob.test` | malformed: a constraint, not a name |
//! | `email:bøb@bob.test` | SmtpUTF8Mailbox `bøb@bob.test` | yes |

use std::fmt;

use crate::error::{Error, Result};
use crate::name::dns::{DnsName, check};
use crate::name::idna::Idna;
use crate::name::presented::escaped;
use crate::status::Status;

/// Longest local part (RFC 5321 §4.5.3.1.1).
const LOCAL_OCTETS: usize = 64;

/// A mailbox that is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EmailAddress {
    local: String,
    domain: DnsName,
}

impl EmailAddress {
    /// Reads `local@domain`.
    pub fn parse(text: &str, idna: Idna) -> Result<EmailAddress> {
        let wrong = |why: &str| {
            let quoted = escaped(text.as_bytes());
            Error::new(Status::Name, format!("e-mail address \"{quoted}\" is not valid: {why}"))
        };
        let (local, domain) = text.rsplit_once('@').ok_or_else(|| wrong("it has no '@'"))?;
        check_local(local).map_err(wrong)?;
        Ok(EmailAddress { local: local.to_owned(), domain: DnsName::parse(domain, idna)? })
    }

    /// What stands before the `@`.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// What stands behind it.
    pub fn domain(&self) -> &DnsName {
        &self.domain
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}@{}", self.local, self.domain)
    }
}

/// An rfc822Name or SmtpUTF8Mailbox of a certificate, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PresentedEmail<'a> {
    local: &'a str,
    domain: &'a str,
}

impl<'a> PresentedEmail<'a> {
    /// Reads the contents of an rfc822Name; the error is in words.
    pub fn parse(octets: &'a [u8]) -> std::result::Result<PresentedEmail<'a>, String> {
        match octets.is_ascii() {
            true => PresentedEmail::parse_utf8(octets),
            false => Err("it is not ASCII".to_owned()),
        }
    }

    /// Reads the contents of a SmtpUTF8Mailbox (RFC 9598 §3): the domain is in A-labels there too.
    pub fn parse_utf8(octets: &'a [u8]) -> std::result::Result<PresentedEmail<'a>, String> {
        let text = std::str::from_utf8(octets).map_err(|_| "it is not UTF-8")?;
        let (local, domain) = text.rsplit_once('@').ok_or("it has no '@'")?;
        check_local(local)?;
        check(domain.as_bytes()).map_err(|fault| fault.to_string())?;
        Ok(PresentedEmail { local, domain })
    }

    /// What stands before the `@`.
    pub const fn local(&self) -> &'a str {
        self.local
    }

    /// What stands behind it, in any case.
    pub const fn domain(&self) -> &'a str {
        self.domain
    }
}

/// A dot-string of RFC 5321 §4.1.2 (RFC 6531 §3.3 adds everything beyond ASCII), or a quoted one.
fn check_local(local: &str) -> std::result::Result<(), &'static str> {
    let quoted = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match (local.len(), quoted) {
        (0, _) => Err("nothing stands before the '@'"),
        (1..=LOCAL_OCTETS, Some(inner)) => check_quoted(inner),
        (1..=LOCAL_OCTETS, None) => check_dot_string(local),
        _ => Err("what stands before the '@' is longer than 64 octets"),
    }
}

fn check_quoted(inner: &str) -> std::result::Result<(), &'static str> {
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        let quoted = if character == '\\' { characters.next() } else { Some(character) };
        if quoted.is_none_or(char::is_control) || (character == '"') {
            return Err("the quoted part before the '@' is malformed");
        }
    }
    Ok(())
}

fn check_dot_string(local: &str) -> std::result::Result<(), &'static str> {
    let atext = |character: char| match character.is_ascii() {
        true => character.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(character),
        false => !character.is_control() && !character.is_whitespace(),
    };
    let atom = |part: &str| !part.is_empty() && part.chars().all(atext);
    match local.split('.').all(atom) {
        true => Ok(()),
        false => Err("what stands before the '@' is not a local part"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailboxes_and_what_is_none() {
        for good in ["bob@bob.test", "b.o+b@bob.test", "\"b ob\"@bob.test", "\"a@b\"@bob.test"] {
            assert!(EmailAddress::parse(good, Idna::Convert).is_ok(), "{good}");
            assert!(PresentedEmail::parse(good.as_bytes()).is_ok(), "{good}");
        }
        let bad = [
            "bob",
            "@bob.test",
            "bob@",
            "bob.test",
            ".bob.test",
            "bob@*.test",
            "b..b@bob.test",
            "bob@192.0.2.1",
            "bob\0@bob.test",
            "bob@bob.test\0@eve.test",
            "bob@eve.test@bob.test",
            "bob bob@bob.test",
            "\"b\"b\"@bob.test",
            "\"bob\\\"@bob.test",
        ];
        for text in bad {
            assert!(EmailAddress::parse(text, Idna::Convert).is_err(), "{text:?}");
            assert!(PresentedEmail::parse(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(PresentedEmail::parse("bøb@bob.test".as_bytes()).is_err());
        assert!(PresentedEmail::parse_utf8("bøb@bob.test".as_bytes()).is_ok());
        assert!(PresentedEmail::parse_utf8("bøb@bücher.test".as_bytes()).is_err());
    }
}
