//! Name constraints of a CA against the host that is wanted.
//!
//! OpenSSL holds the names in the *certificate* against the constraints. A certificate for
//! `*.bob.test` passes a CA that must not issue for `mail.bob.test`, because the wildcard is not that
//! name; and then it is used as `mail.bob.test` (the class of CVE-2025-61727). So the reference itself
//! is held against every CA of the path as well: RFC 5280 §4.2.1.10, dNSName and iPAddress.
//!
//! | constraint | reference | inside? |
//! |---|---|---|
//! | `bob.test` | `bob.test`, `mail.bob.test` | yes |
//! | `bob.test` | `notbob.test` | no |
//! | `.bob.test` | `mail.bob.test` | yes: not in RFC 5280, but in many private CAs |
//! | `.bob.test` | `bob.test` | no |
//! | empty | every name | yes |

use std::net::IpAddr;

use crate::der::{DerError, Reader, Tlv, single, tag};
use crate::name::ReferenceId;

/// What a CA's constraints say of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Constrained {
    /// Nothing against it.
    Allowed,
    /// It lies inside an excluded subtree.
    Excluded(String),
    /// There are permitted subtrees of its kind, and it lies in none.
    NotPermitted,
}

/// The object identifier of the extension.
pub const OID: &[u8] = &[0x55, 0x1d, 0x1e];

/// Reads the contents of extnValue and holds the reference against them. What is not DER is an
/// error: a constraint that cannot be read must not be taken for none.
pub fn examine(extension: &[u8], reference: &ReferenceId) -> Result<Constrained, DerError> {
    let mut fields = single(extension, tag::SEQUENCE)?.reader();
    let permitted = subtrees(fields.optional(tag::context_constructed(0))?)?;
    let excluded = subtrees(fields.optional(tag::context_constructed(1))?)?;
    fields.finish()?;
    if let Some(base) = excluded.iter().find(|base| base.holds(reference)) {
        return Ok(Constrained::Excluded(base.text()));
    }
    let mut same_kind = permitted.iter().filter(|base| base.is_of_kind(reference)).peekable();
    if same_kind.peek().is_some() && !same_kind.any(|base| base.holds(reference)) {
        return Ok(Constrained::NotPermitted);
    }
    Ok(Constrained::Allowed)
}

/// The base of a subtree, as far as hosts go.
#[derive(Debug, PartialEq, Eq)]
enum Base<'a> {
    Dns(&'a [u8]),
    /// Address and mask, 8 or 32 octets.
    Address(&'a [u8]),
    Other,
}

/// `GeneralSubtrees`; minimum and maximum may stand behind the base and change nothing for hosts.
fn subtrees(list: Option<Tlv<'_>>) -> Result<Vec<Base<'_>>, DerError> {
    let mut bases = Vec::new();
    let mut reader = list.map_or(Reader::new(&[]), |list| list.reader());
    while !reader.is_empty() {
        let mut subtree = reader.expect(tag::SEQUENCE)?.reader();
        bases.push(base(&subtree.element()?));
    }
    Ok(bases)
}

fn base<'a>(name: &Tlv<'a>) -> Base<'a> {
    const DNS_NAME: u8 = tag::context(2);
    const IP_ADDRESS: u8 = tag::context(7);
    match name.tag {
        DNS_NAME => Base::Dns(name.value),
        IP_ADDRESS => Base::Address(name.value),
        _ => Base::Other,
    }
}

impl Base<'_> {
    fn is_of_kind(&self, reference: &ReferenceId) -> bool {
        match self {
            Base::Dns(_) => domain_of(reference).is_some(),
            Base::Address(octets) => match reference.as_ip() {
                Some(IpAddr::V4(_)) => octets.len() == 8,
                Some(IpAddr::V6(_)) => octets.len() == 32,
                None => false,
            },
            Base::Other => false,
        }
    }

    fn holds(&self, reference: &ReferenceId) -> bool {
        match (self, reference.as_ip()) {
            (Base::Dns(base), None) => {
                domain_of(reference).is_some_and(|name| holds_name(base, name.as_bytes()))
            }
            (Base::Address(base), Some(IpAddr::V4(address))) => {
                holds_address(base, &address.octets())
            }
            (Base::Address(base), Some(IpAddr::V6(address))) => {
                holds_address(base, &address.octets())
            }
            (Base::Dns(_), Some(_)) | (Base::Address(_), None) | (Base::Other, _) => false,
        }
    }

    fn text(&self) -> String {
        match self {
            Base::Dns(base) => crate::report::quote(base),
            Base::Address(_) => "an address range".to_owned(),
            Base::Other => String::new(),
        }
    }
}

/// The host name inside a reference. RFC 5280 constrains each form of name apart, and so a CA that
/// may issue for `eve.test` only would be any XMPP domain through an XmppAddr: the domain in it is
/// held against the constraints of hosts (RFC 4985 §4 asks that for SRVName). A mailbox has a form of
/// its own, which OpenSSL checks.
fn domain_of(reference: &ReferenceId) -> Option<&str> {
    match reference {
        ReferenceId::Dns(name) => Some(name.as_str()),
        ReferenceId::Srv(srv) => Some(srv.name().as_str()),
        ReferenceId::Xmpp(address) => Some(address.domain().as_str()),
        ReferenceId::Uri(uri) => Some(uri.host().as_str()),
        ReferenceId::Ip(_) | ReferenceId::Email(_) => None,
    }
}

fn holds_name(base: &[u8], name: &[u8]) -> bool {
    let Some(split) = name.len().checked_sub(base.len()) else { return false };
    let (before, end) = name.split_at(split);
    let at_label =
        before.is_empty() || base.is_empty() || base.starts_with(b".") || before.ends_with(b".");
    at_label && end.eq_ignore_ascii_case(base)
}

fn holds_address(base: &[u8], address: &[u8]) -> bool {
    let (network, mask) = base.split_at(base.len() / 2);
    network.len() == address.len()
        && mask.len() == address.len()
        && (0..address.len())
            .all(|index| network[index] & mask[index] == address[index] & mask[index])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Idna;

    /// NameConstraints with one permitted or excluded GeneralName.
    fn extension(list: u8, name: u8, value: &[u8]) -> Vec<u8> {
        let wrap = |tag: u8, value: &[u8]| [&[tag, value.len() as u8], value].concat();
        wrap(0x30, &wrap(0xa0 | list, &wrap(0x30, &wrap(0x80 | name, value))))
    }

    fn ask(extension: &[u8], reference: &str) -> Result<Constrained, DerError> {
        examine(extension, &ReferenceId::parse_tagged(reference, Idna::Refuse).unwrap())
    }

    #[test]
    fn the_truth_table() {
        for (base, reference, inside) in [
            ("bob.test", "dns:bob.test", true),
            ("bob.test", "dns:mail.bob.test", true),
            ("BOB.test", "dns:mail.bob.test", true),
            ("bob.test", "dns:notbob.test", false),
            ("mail.bob.test", "dns:bob.test", false),
            (".bob.test", "dns:mail.bob.test", true),
            (".bob.test", "dns:bob.test", false),
            ("", "dns:bob.test", true),
        ] {
            let excluded = ask(&extension(1, 2, base.as_bytes()), reference).unwrap();
            assert_eq!(excluded != Constrained::Allowed, inside, "excluded {base:?}, {reference}");
            let permitted = ask(&extension(0, 2, base.as_bytes()), reference).unwrap();
            assert_eq!(
                permitted == Constrained::Allowed,
                inside,
                "permitted {base:?}, {reference}"
            );
        }
    }

    #[test]
    fn a_constraint_of_another_kind_says_nothing() {
        assert_eq!(ask(&extension(0, 2, b"eve.test"), "ip:192.0.2.1"), Ok(Constrained::Allowed));
        assert_eq!(
            ask(&extension(0, 7, &[10, 0, 0, 0, 255, 0, 0, 0]), "dns:bob.test"),
            Ok(Constrained::Allowed)
        );
        assert_eq!(
            ask(&extension(0, 7, &[10, 0, 0, 0, 255, 0, 0, 0]), "ip:::1"),
            Ok(Constrained::Allowed)
        );
    }

    #[test]
    fn the_host_inside_another_form_is_constrained_too() {
        for reference in ["srv:_xmpp-client.bob.test", "xmpp:bob.test", "uri:sip:bob.test"] {
            let answer =
                |list, base: &str| ask(&extension(list, 2, base.as_bytes()), reference).unwrap();
            assert_eq!(answer(0, "eve.test"), Constrained::NotPermitted, "{reference}");
            assert_eq!(answer(0, "bob.test"), Constrained::Allowed, "{reference}");
            assert_ne!(answer(1, "bob.test"), Constrained::Allowed, "{reference}");
        }
    }

    #[test]
    fn addresses() {
        let ten = extension(0, 7, &[10, 0, 0, 0, 255, 0, 0, 0]);
        assert_eq!(ask(&ten, "ip:10.9.8.7"), Ok(Constrained::Allowed));
        assert_eq!(ask(&ten, "ip:192.0.2.1"), Ok(Constrained::NotPermitted));
    }

    #[test]
    fn what_is_not_der_is_an_error() {
        let good = extension(1, 2, b"bob.test");
        for cut in 0..good.len() {
            assert!(ask(&good[..cut], "dns:bob.test").is_err(), "cut at {cut}");
        }
    }
}
