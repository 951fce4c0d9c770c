//! Names as they stand in subjectAltName and nameConstraints (GeneralName, RFC 5280 §4.2.1.6),
//! the malformed ones included.

use std::net::IpAddr;

use crate::der;

/// One GeneralName. Strings are written as given, whatever the type allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum San {
    /// Bytes, because a dNSName with a NUL in it is what some cases are about.
    Dns(Vec<u8>),
    Email(String),
    Uri(String),
    Ip(IpAddr),
    /// id-on-xmppAddr, RFC 6120 §13.7.1.4.
    XmppAddr(String),
    /// id-on-dnsSRV, RFC 4985, as `_imap.example.com`.
    SrvName(String),
    /// DER of a whole GeneralName.
    Raw(Vec<u8>),
}

const ID_ON: [u32; 8] = [1, 3, 6, 1, 5, 5, 7, 8];
const XMPP_ADDR: u32 = 5;
const DNS_SRV: u32 = 7;

impl San {
    pub fn dns(name: &str) -> Self {
        Self::Dns(name.as_bytes().to_vec())
    }

    pub fn to_der(&self) -> Vec<u8> {
        match self {
            Self::Email(text) => der::tlv(der::context(1), text.as_bytes()),
            Self::Dns(bytes) => der::tlv(der::context(2), bytes),
            Self::Uri(text) => der::tlv(der::context(6), text.as_bytes()),
            Self::Ip(IpAddr::V4(ip)) => der::tlv(der::context(7), &ip.octets()),
            Self::Ip(IpAddr::V6(ip)) => der::tlv(der::context(7), &ip.octets()),
            Self::XmppAddr(text) => other_name(XMPP_ADDR, &der::utf8(text)),
            Self::SrvName(text) => other_name(DNS_SRV, &der::ia5(text)),
            Self::Raw(bytes) => bytes.clone(),
        }
    }
}

/// `otherName [0] { type-id, [0] EXPLICIT value }`.
fn other_name(last_arc: u32, value: &[u8]) -> Vec<u8> {
    let type_id = der::oid(&[&ID_ON[..], &[last_arc]].concat());
    let value = der::tlv(der::context_constructed(0), value);
    der::tlv(der::context_constructed(0), &[type_id, value].concat())
}

/// GeneralNames.
pub fn names(list: &[San]) -> Vec<u8> {
    der::sequence(&list.iter().map(San::to_der).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn general_names() {
        assert_eq!(San::dns("a.b").to_der(), [0x82, 3, b'a', b'.', b'b']);
        assert_eq!(San::Ip("127.0.0.1".parse().unwrap()).to_der(), [0x87, 4, 127, 0, 0, 1]);
        let srv = San::SrvName("_a".into()).to_der();
        assert_eq!(srv[..4], [0xa0, 16, 0x06, 8]);
        assert_eq!(srv[12..], [0xa0, 4, 0x16, 2, b'_', b'a']);
    }
}
