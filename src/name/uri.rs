//! URI-ID: a scheme and a host (RFC 9525 §6.5.2; RFC 5922 §7.1 for SIP).
//!
//! Only scheme and host are compared, both without regard to case, the host without wildcards. A
//! URI never serves a DNS reference, whatever its host: it speaks for one application.
//!
//! | presented URI | scheme | host |
//! |---|---|---|
//! | `sip:bob.test`, `sips:bob.test:5061;transport=tcp` | sip, sips | `bob.test` |
//! | `https://bob.test:8443/path?query` | https | `bob.test` |
//! | `sip:alice@bob.test`, `https://bob.test@eve.test/` | | none: it names a user, not a domain |
//! | `https://192.0.2.1/`, `https://[::1]/` | https | none: it is no name |
//! | `urn:uuid:...`, `spiffe://bob.test/x` | urn, spiffe | none, `bob.test` |
//! | `bob.test`, `//bob.test/`, a space, a NUL | | malformed: RFC 5280 §4.2.1.6 wants it absolute |

use std::fmt;

use crate::error::{Error, Result};
use crate::name::dns::{DnsName, check};
use crate::name::idna::Idna;
use crate::name::presented::escaped;
use crate::status::Status;

/// Schemes whose host stands behind the colon at once.
const HOST_WITHOUT_SLASHES: [&str; 2] = ["sip", "sips"];

/// A scheme at a host that is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UriName {
    scheme: String,
    host: DnsName,
}

impl UriName {
    /// Reads `scheme:host` or `scheme://host`, nothing behind it.
    pub fn parse(text: &str, idna: Idna) -> Result<UriName> {
        let (scheme, rest) =
            text.split_once(':').filter(|(scheme, _)| is_scheme(scheme)).ok_or_else(|| {
                let quoted = escaped(text.as_bytes());
                let what = format!(
                    "reference name \"{quoted}\" is not scheme:host, as in sip:example.com"
                );
                Error::new(Status::Name, what)
            })?;
        let host = DnsName::parse(rest.strip_prefix("//").unwrap_or(rest), idna)?;
        Ok(UriName { scheme: scheme.to_ascii_lowercase(), host })
    }

    /// The scheme, in lower case.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The host.
    pub fn host(&self) -> &DnsName {
        &self.host
    }
}

impl fmt::Display for UriName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.scheme, self.host)
    }
}

/// A uniformResourceIdentifier of a certificate, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PresentedUri<'a> {
    text: &'a str,
    scheme: &'a str,
    host: Option<&'a str>,
}

impl<'a> PresentedUri<'a> {
    /// Reads the contents of a uniformResourceIdentifier; the error is in words.
    pub fn parse(octets: &'a [u8]) -> std::result::Result<PresentedUri<'a>, String> {
        // RFC 3986 has no octet outside these; a NUL or a space ends the URI for some readers.
        if !octets.iter().all(u8::is_ascii_graphic) {
            return Err("it holds an octet that no URI has".to_owned());
        }
        let text = std::str::from_utf8(octets).map_err(|_| "it is not ASCII")?;
        let (scheme, rest) = text.split_once(':').ok_or("it has no scheme")?;
        if !is_scheme(scheme) || rest.is_empty() {
            return Err("it has no scheme or nothing behind it".to_owned());
        }
        Ok(PresentedUri { text, scheme, host: host(scheme, rest) })
    }

    /// The URI.
    pub const fn as_str(&self) -> &'a str {
        self.text
    }

    /// The scheme, in any case.
    pub const fn scheme(&self) -> &'a str {
        self.scheme
    }

    /// The host, in any case, where the URI names a host and nobody at it.
    pub const fn host(&self) -> Option<&'a str> {
        self.host
    }
}

fn is_scheme(text: &str) -> bool {
    let rest = |octet: u8| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet);
    text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(rest)
}

fn host<'a>(scheme: &str, rest: &'a str) -> Option<&'a str> {
    let bare = HOST_WITHOUT_SLASHES.iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let ends: &[char] = if bare { &[';', '?', '/', '#'] } else { &['/', '?', '#'] };
    let start = if bare { rest } else { rest.strip_prefix("//")? };
    let authority = start.split(ends).next()?;
    let name = match authority.split_once(':') {
        Some((name, port)) if port.bytes().all(|octet| octet.is_ascii_digit()) => name,
        Some(_) => return None,
        None => authority,
    };
    // '@' is no octet of a name, so a user's URI ends here.
    check(name.as_bytes()).ok().map(|()| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_a_presented_uri() {
        let cases: &[(&str, Option<Option<&str>>)] = &[
            ("sip:bob.test", Some(Some("bob.test"))),
            ("SIPS:bob.test:5061;transport=tcp", Some(Some("bob.test"))),
            ("https://bob.test:8443/path?query#x", Some(Some("bob.test"))),
            ("https://bob.test?x", Some(Some("bob.test"))),
            ("spiffe://bob.test/x", Some(Some("bob.test"))),
            ("urn:uuid:0", Some(None)),
            ("sip:alice@bob.test", Some(None)),
            ("https://bob.test@eve.test/", Some(None)),
            ("https://bob.test:pw@eve.test/", Some(None)),
            ("https://eve.test\\@bob.test/", Some(None)),
            ("https://*.bob.test/", Some(None)),
            ("https://192.0.2.1/", Some(None)),
            ("https://[::1]/", Some(None)),
            ("https:bob.test", Some(None)),
            ("bob.test", None),
            ("//bob.test/", None),
            (":bob.test", None),
            ("sip:", None),
            ("sip:bob.test\0.eve.test", None),
            ("sip:bob.test .eve.test", None),
            ("", None),
        ];
        for (text, wanted) in cases {
            let uri = PresentedUri::parse(text.as_bytes()).ok();
            assert_eq!(uri.map(|uri| uri.host()), *wanted, "{text:?}");
        }
    }

    #[test]
    fn a_reference_is_scheme_and_host_and_no_more() {
        let text = |text| UriName::parse(text, Idna::Convert).map(|uri| uri.to_string()).ok();
        assert_eq!(text("sip:Bob.Test").as_deref(), Some("sip:bob.test"));
        assert_eq!(text("https://bob.test").as_deref(), Some("https:bob.test"));
        let bad = ["bob.test", "https://bob.test/", "https://bob.test:443", "sip:bob@bob.test"];
        for bad in bad.into_iter().chain(["sip:*.bob.test", "sip:192.0.2.1", "sip:", ":bob.test"]) {
            assert_eq!(text(bad), None, "{bad}");
        }
    }
}
