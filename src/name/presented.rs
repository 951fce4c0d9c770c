//! What a certificate shows: one entry of its subjectAltName, checked (RFC 5280 §4.2.1.6).

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use crate::der::oid;
use crate::name::{PresentedDns, PresentedEmail, PresentedSrv, PresentedUri, PresentedXmpp};

/// An identifier in a certificate. It borrows the certificate's bytes, and only parsing makes one
/// ([`crate::san`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PresentedId<'a> {
    /// dNSName.
    Dns(PresentedDns<'a>),
    /// iPAddress.
    Ip(IpAddr),
    /// otherName SRVName.
    Srv(PresentedSrv<'a>),
    /// otherName XmppAddr.
    Xmpp(PresentedXmpp<'a>),
    /// rfc822Name, or otherName SmtpUTF8Mailbox.
    Email(PresentedEmail<'a>),
    /// uniformResourceIdentifier.
    Uri(PresentedUri<'a>),
    /// A kind that is never compared; it is kept for the report.
    Other(OtherKind<'a>),
}

/// Kinds of GeneralName that no reference asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherKind<'a> {
    /// An otherName with another type-id: the contents of the OID.
    OtherName(&'a [u8]),
    /// x400Address.
    X400,
    /// directoryName.
    Directory,
    /// ediPartyName.
    EdiParty,
    /// registeredID: the contents of the OID.
    RegisteredId(&'a [u8]),
}

impl PresentedId<'_> {
    /// Tag and text, such as `dns:*.bob.test`, fit for a terminal and a log: whatever is not a
    /// printable ASCII character is escaped.
    pub fn tagged(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for PresentedId<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PresentedId::Dns(name) => write!(out, "dns:{}", name.as_str()),
            PresentedId::Ip(address) => write!(out, "ip:{address}"),
            PresentedId::Srv(srv) => write!(out, "srv:_{}.{}", srv.service(), srv.name()),
            PresentedId::Xmpp(address) => match address.local() {
                Some(local) => {
                    write!(out, "xmpp:{}@{}", escaped(local.as_bytes()), address.domain())
                }
                None => write!(out, "xmpp:{}", address.domain()),
            },
            PresentedId::Email(address) => {
                write!(out, "email:{}@{}", escaped(address.local().as_bytes()), address.domain())
            }
            PresentedId::Uri(uri) => write!(out, "uri:{}", escaped(uri.as_str().as_bytes())),
            PresentedId::Other(kind) => write!(out, "{kind}"),
        }
    }
}

impl fmt::Display for OtherKind<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OtherKind::OtherName(contents) => write!(out, "othername:{}", oid_text(contents)),
            OtherKind::X400 => out.write_str("x400"),
            OtherKind::Directory => out.write_str("dirname"),
            OtherKind::EdiParty => out.write_str("ediparty"),
            OtherKind::RegisteredId(contents) => write!(out, "rid:{}", oid_text(contents)),
        }
    }
}

fn oid_text(contents: &[u8]) -> String {
    oid::text(contents).unwrap_or_else(|| escaped(contents).into_owned())
}

/// Octets as text: printable ASCII stays, the backslash is doubled, the rest becomes `\xHH`.
pub fn escaped(octets: &[u8]) -> Cow<'_, str> {
    let plain = |octet: &u8| matches!(octet, b' '..=b'~') && *octet != b'\\';
    match std::str::from_utf8(octets) {
        Ok(text) if octets.iter().all(plain) => Cow::Borrowed(text),
        _ => Cow::Owned(octets.iter().map(|octet| escape(*octet)).collect()),
    }
}

fn escape(octet: u8) -> String {
    match octet {
        b'\\' => "\\\\".to_owned(),
        b' '..=b'~' => char::from(octet).to_string(),
        _ => format!("\\x{octet:02x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_raw() {
        assert_eq!(escaped(b"mail.bob.test"), "mail.bob.test");
        assert_eq!(escaped(b"a\0b\x1b[2J\\x00"), "a\\x00b\\x1b[2J\\\\x00");
        assert_eq!(escaped("bø".as_bytes()), "b\\xc3\\xb8");
        let uri = PresentedUri::parse(b"sip:bob.test").unwrap();
        assert_eq!(PresentedId::Uri(uri).tagged(), "uri:sip:bob.test");
        assert_eq!(
            PresentedId::Other(OtherKind::RegisteredId(&[0x2a, 0x03])).tagged(),
            "rid:1.2.3"
        );
    }
}
