//! SRV-ID: a service at a domain (RFC 4985, RFC 9525 §6.5.1, RFC 7817 for mail).
//!
//! Text is `_service.name`: the name of the service as in SRV records without the protocol label,
//! and the domain that was asked for, not the host that the SRV record answered.
//!
//! | reference | presented SRVName | match |
//! |---|---|---|
//! | `srv:_imap.bob.test` | `_imap.bob.test`, `_IMAP.Bob.Test` | yes |
//! | `srv:_imap.bob.test` | `_imaps.bob.test` | no: another service |
//! | `srv:_imap.bob.test` | `_imap.mail.bob.test` | no: the names are equal or not |
//! | `srv:_imap.bob.test` | `_imap.*.bob.test`, `_*.bob.test` | malformed: no wildcards |
//!
//! Q: Why no wildcard in the name? A: RFC 4985 defines none, and RFC 7817 §3 grants it to DNS-ID
//! (and CN-ID) only.

use std::fmt;

use crate::error::{Error, Result};
use crate::name::dns::{DnsFault, DnsName, check};
use crate::name::idna::Idna;
use crate::name::presented::escaped;
use crate::status::Status;

/// A service at a domain that is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SrvName {
    service: String,
    name: DnsName,
}

impl SrvName {
    /// Reads `_service.name`.
    pub fn parse(text: &str, idna: Idna) -> Result<SrvName> {
        let (service, name) = split(text.as_bytes()).ok_or_else(|| {
            let quoted = escaped(text.as_bytes());
            let what = format!("reference name \"{quoted}\" is not _service.name (RFC 4985)");
            Error::new(Status::Name, what)
        })?;
        // Both are cut at ASCII octets, so they are text still.
        let name = DnsName::parse(&String::from_utf8_lossy(name), idna)?;
        Ok(SrvName { service: service.to_ascii_lowercase(), name })
    }

    /// The service without its underscore, in lower case.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The domain.
    pub fn name(&self) -> &DnsName {
        &self.name
    }
}

impl fmt::Display for SrvName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "_{}.{}", self.service, self.name)
    }
}

/// An SRVName of a certificate, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PresentedSrv<'a> {
    service: &'a str,
    name: &'a str,
}

impl<'a> PresentedSrv<'a> {
    /// Reads the contents of the IA5String; the error is in words.
    pub fn parse(octets: &'a [u8]) -> std::result::Result<PresentedSrv<'a>, String> {
        let (service, name) = split(octets).ok_or("it is not _service.name")?;
        check(name).map_err(|fault: DnsFault| fault.to_string())?;
        // ASCII by the check above.
        let name = std::str::from_utf8(name).map_err(|_| "it is not ASCII")?;
        Ok(PresentedSrv { service, name })
    }

    /// The service without its underscore, in any case.
    pub const fn service(&self) -> &'a str {
        self.service
    }

    /// The domain, in any case.
    pub const fn name(&self) -> &'a str {
        self.name
    }
}

/// `_service.name` cut at the first dot; the service is a label of letters, digits and `-`.
fn split(octets: &[u8]) -> Option<(&str, &[u8])> {
    let dot = octets.iter().position(|octet| *octet == b'.')?;
    let service = octets[..dot].strip_prefix(b"_")?;
    let legal = service.iter().all(|octet| octet.is_ascii_alphanumeric() || *octet == b'-');
    if !legal || service.is_empty() || service.len() > 62 {
        return None;
    }
    Some((std::str::from_utf8(service).ok()?, &octets[dot + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_and_names() {
        for good in ["_imap.bob.test", "_IMAPS.Bob.Test", "_xmpp-client.bob.test"] {
            let reference = SrvName::parse(good, Idna::Convert).unwrap();
            assert_eq!(reference.to_string(), good.to_ascii_lowercase());
            assert!(PresentedSrv::parse(good.as_bytes()).is_ok(), "{good}");
        }
        let bad = [
            "imap.bob.test",
            "_imap",
            "_.bob.test",
            "_imap.",
            "_*.bob.test",
            "_imap.*.bob.test",
            "_imap\0.bob.test",
            "_imap.bob.test\0.eve.test",
            "_imap..bob.test",
            "_imap.192.0.2.1",
            "",
        ];
        for text in bad {
            assert!(SrvName::parse(text, Idna::Convert).is_err(), "{text:?}");
            assert!(PresentedSrv::parse(text.as_bytes()).is_err(), "{text:?}");
        }
        // A dot at the end is the reference's privilege.
        assert!(SrvName::parse("_imap.bob.test.", Idna::Convert).is_ok());
        assert!(PresentedSrv::parse(b"_imap.bob.test.").is_err());
        let converted = SrvName::parse("_imap.bücher.test", Idna::Convert).unwrap();
        assert_eq!(converted.name().as_str(), "xn--bcher-kva.test");
    }
}
