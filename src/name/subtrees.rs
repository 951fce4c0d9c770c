//! Whether name constraints can be read at all (RFC 5280 §4.2.1.10).
//!
//! ```text
//! NameConstraints ::= SEQUENCE { permittedSubtrees [0] GeneralSubtrees OPTIONAL,
//!                                excludedSubtrees  [1] GeneralSubtrees OPTIONAL }
//! GeneralSubtrees ::= SEQUENCE SIZE (1..MAX) OF SEQUENCE { base, minimum [0] DEFAULT 0, maximum [1] }
//! ```
//!
//! A constraint that nobody understands excludes nothing, and its author believes that it does. So
//! what cannot be read is refused, and not passed over:
//!
//! | base | good | refused |
//! |---|---|---|
//! | dNSName | `bob.test`, empty (all names) | `*.bob.test`, `bob..test`, `-bob.test`; `.bob.test` by RFC 5280, but not under a private CA |
//! | iPAddress | 8 or 32 octets, the mask a prefix | 4 octets, a mask with holes |
//! | rfc822Name | `bob.test`, `.bob.test`, `bob@bob.test` | `bob@`, `a@b@bob.test` |
//! | URI | `bob.test`, `.bob.test` | `https://bob.test`, `bob.test:443` |
//!
//! Q: Why is `.bob.test` let through under a private CA? A: OpenSSL, GnuTLS and NSS read it as "below
//! bob.test", and many CAs made with OpenSSL carry it: there is one understanding, only not in the RFC.

use crate::der::{DerError, Reader, Tlv, single, tag};

/// Why the constraints of a CA are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubtreeFault {
    /// Not the DER of NameConstraints.
    Der(DerError),
    /// Neither permits nor excludes anything: RFC 5280 forbids it, and forbids it to be empty lists.
    Empty,
    /// A minimum or maximum other than the default: RFC 5280 forbids both.
    Distance,
    /// A base that is no name of its kind.
    Base,
    /// A dNSName that begins with a dot.
    LeadingDot,
}

impl SubtreeFault {
    /// In words that follow "the name constraints of ... ".
    pub const fn words(self) -> &'static str {
        match self {
            SubtreeFault::Der(_) => "are not DER",
            SubtreeFault::Empty => "are empty (RFC 5280 §4.2.1.10)",
            SubtreeFault::Distance => "have a minimum or maximum (RFC 5280 §4.2.1.10)",
            SubtreeFault::Base => "hold what is no name (RFC 5280 §4.2.1.10)",
            SubtreeFault::LeadingDot => {
                "hold a dNSName that begins with a dot (RFC 5280 §4.2.1.10)"
            }
        }
    }
}

/// Reads the contents of extnValue. The worst fault is reported: a leading dot only if all else is well.
pub fn examine(extension: &[u8]) -> Result<(), SubtreeFault> {
    let mut fields = single(extension, tag::SEQUENCE).map_err(SubtreeFault::Der)?.reader();
    let permitted = fields.optional(tag::context_constructed(0)).map_err(SubtreeFault::Der)?;
    let excluded = fields.optional(tag::context_constructed(1)).map_err(SubtreeFault::Der)?;
    fields.finish().map_err(SubtreeFault::Der)?;
    if permitted.is_none() && excluded.is_none() {
        return Err(SubtreeFault::Empty);
    }
    let mut mild = Ok(());
    for list in [permitted, excluded].into_iter().flatten() {
        match subtrees(list) {
            Err(SubtreeFault::LeadingDot) => mild = Err(SubtreeFault::LeadingDot),
            other => other?,
        }
    }
    mild
}

fn subtrees(list: Tlv<'_>) -> Result<(), SubtreeFault> {
    if list.value.is_empty() {
        return Err(SubtreeFault::Empty);
    }
    let mut reader = list.reader();
    let mut mild = Ok(());
    while !reader.is_empty() {
        match subtree(&mut reader) {
            Err(SubtreeFault::LeadingDot) => mild = Err(SubtreeFault::LeadingDot),
            other => other?,
        }
    }
    mild
}

fn subtree(reader: &mut Reader<'_>) -> Result<(), SubtreeFault> {
    let mut fields = reader.expect(tag::SEQUENCE).map_err(SubtreeFault::Der)?.reader();
    let name = fields.element().map_err(SubtreeFault::Der)?;
    if !fields.is_empty() {
        return Err(SubtreeFault::Distance);
    }
    base(&name)
}

fn base(name: &Tlv<'_>) -> Result<(), SubtreeFault> {
    const RFC822_NAME: u8 = tag::context(1);
    const DNS_NAME: u8 = tag::context(2);
    const URI: u8 = tag::context(6);
    const IP_ADDRESS: u8 = tag::context(7);
    let sound = match name.tag {
        DNS_NAME => return dns(name.value),
        RFC822_NAME => mailbox(name.value),
        URI => host(name.value),
        IP_ADDRESS => network(name.value),
        // Other kinds are OpenSSL's: it refuses what it cannot compare.
        _ => true,
    };
    if sound { Ok(()) } else { Err(SubtreeFault::Base) }
}

fn dns(base: &[u8]) -> Result<(), SubtreeFault> {
    match base.strip_prefix(b".") {
        Some(rest) if is_domain(rest) => Err(SubtreeFault::LeadingDot),
        None if base.is_empty() || is_domain(base) => Ok(()),
        Some(_) | None => Err(SubtreeFault::Base),
    }
}

/// A host, or all hosts below one.
fn host(base: &[u8]) -> bool {
    base.is_empty() || is_domain(base.strip_prefix(b".").unwrap_or(base))
}

/// A mailbox, all mailboxes of a host, or all below a domain.
fn mailbox(base: &[u8]) -> bool {
    let mut parts = base.rsplitn(2, |octet| *octet == b'@');
    let (domain, local) = (parts.next().unwrap_or_default(), parts.next());
    match local {
        None => host(domain),
        Some(local) => !local.is_empty() && !local.contains(&b'@') && is_domain(domain),
    }
}

/// RFC 5280 §4.2.1.6: the preferred name syntax of RFC 1034 §3.5; an underscore does no harm here.
fn is_domain(name: &[u8]) -> bool {
    let is_label = |label: &[u8]| {
        let inner = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
        (1..=63).contains(&label.len())
            && label.iter().all(inner)
            && !label.starts_with(b"-")
            && !label.ends_with(b"-")
    };
    name.len() <= 253 && name.split(|octet| *octet == b'.').all(is_label)
}

/// Address and mask; the mask is ones and then zeros (RFC 4632 §3.1).
fn network(base: &[u8]) -> bool {
    let (_, mask) = base.split_at(base.len() / 2);
    let mut bits = mask.iter().flat_map(|octet| (0..8).rev().map(move |bit| octet >> bit & 1));
    let after_ones = bits.by_ref().find(|bit| *bit == 0);
    matches!(base.len(), 8 | 32) && (after_ones.is_none() || bits.all(|bit| bit == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
        assert!(value.len() < 0x80);
        [&[tag, value.len() as u8], value].concat()
    }

    fn permitting(kind: u8, base: &[u8]) -> Vec<u8> {
        tlv(0x30, &tlv(0xa0, &tlv(0x30, &tlv(0x80 | kind, base))))
    }

    #[test]
    fn the_table_above() {
        let base = Err(SubtreeFault::Base);
        for (kind, text, wanted) in [
            (2, "bob.test", Ok(())),
            (2, "", Ok(())),
            (2, ".bob.test", Err(SubtreeFault::LeadingDot)),
            (2, "*.bob.test", base),
            (2, "bob..test", base),
            (2, "..bob.test", base),
            (2, "-bob.test", base),
            (2, "bob.test.", base),
            (2, "bob test", base),
            (2, ".", base),
            (1, "bob.test", Ok(())),
            (1, ".bob.test", Ok(())),
            (1, "bob@bob.test", Ok(())),
            (1, "*@bob.test", Ok(())),
            (1, "bob@", base),
            (1, "@bob.test", base),
            (1, "a@b@bob.test", base),
            (6, "bob.test", Ok(())),
            (6, ".bob.test", Ok(())),
            (6, "https://bob.test", base),
            (6, "bob.test:443", base),
        ] {
            let found = examine(&permitting(kind, text.as_bytes()));
            assert_eq!(found, wanted, "[{kind}] {text:?}");
        }
    }

    #[test]
    fn addresses_and_masks() {
        for (base, wanted) in [
            (&[10, 0, 0, 0, 255, 0, 0, 0][..], true),
            (&[10, 0, 0, 0, 255, 255, 240, 0], true),
            (&[0; 8], true),
            (&[10, 0, 0, 1, 255, 255, 255, 255], true),
            (&[0; 32], true),
            (&[10, 0, 0, 0, 255, 0, 255, 0], false),
            (&[10, 0, 0, 0, 253, 0, 0, 0], false),
            (&[10, 0, 0, 0], false),
            (&[0; 16], false),
            (&[], false),
        ] {
            assert_eq!(examine(&permitting(7, base)).is_ok(), wanted, "{base:?}");
        }
    }

    #[test]
    fn constraints_that_constrain_nothing() {
        let lists = |lists: &[u8]| examine(&tlv(0x30, lists));
        assert_eq!(lists(&[]), Err(SubtreeFault::Empty));
        assert_eq!(lists(&[0xa0, 0]), Err(SubtreeFault::Empty));
        assert_eq!(lists(&[0xa0, 0, 0xa1, 0]), Err(SubtreeFault::Empty));
        let base = tlv(0x82, b"bob.test");
        let distant = tlv(0x30, &[base, tlv(0x80, &[1])].concat());
        assert_eq!(lists(&tlv(0xa1, &distant)), Err(SubtreeFault::Distance));
    }

    #[test]
    fn a_mild_fault_does_not_hide_a_grave_one() {
        let name = |text: &[u8]| tlv(0x30, &tlv(0x82, text));
        let both = [name(b".bob.test"), name(b"*.bob.test")].concat();
        assert_eq!(examine(&tlv(0x30, &tlv(0xa1, &both))), Err(SubtreeFault::Base));
        let lists = [tlv(0xa0, &name(b".bob.test")), tlv(0xa1, &name(b"*"))].concat();
        assert_eq!(examine(&tlv(0x30, &lists)), Err(SubtreeFault::Base));
    }

    #[test]
    fn what_is_cut_is_no_constraint() {
        let good = permitting(2, b"bob.test");
        for cut in 0..good.len() {
            assert!(matches!(examine(&good[..cut]), Err(SubtreeFault::Der(_))), "cut at {cut}");
        }
    }
}
