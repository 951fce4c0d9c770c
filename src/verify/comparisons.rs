//! How many names OpenSSL would hold against how many name constraints.
//!
//! The work is a product that the peer chooses: a leaf of many names under a CA of many constraints.
//! It is counted before it is done, in the DER, and only where a CA that was sent has constraints.

use crate::der::{self, Tlv, single, tag};
use crate::name::constraints;
use crate::ossl::Chain;

/// The product for the worst path through what was sent: every name against every constraint.
pub fn at_most(chain: &Chain) -> usize {
    let counts: Vec<Count> = chain.iter().map(|certificate| Count::of(certificate.der())).collect();
    let constraints: usize = counts.iter().map(|count| count.constraints).sum();
    let names: usize = counts.iter().map(|count| count.names).sum();
    constraints.saturating_mul(names)
}

struct Count {
    names: usize,
    constraints: usize,
}

/// Octets of the shortest name or constraint, with its tags and lengths.
const SHORTEST: usize = 4;

impl Count {
    fn of(der: &[u8]) -> Count {
        match der::Certificate::parse(der) {
            Ok(read) => Count { names: names_of(&read), constraints: constraints_of(&read) },
            // OpenSSL reads more than we do: as many as there could be.
            Err(_) => Count { names: der.len() / SHORTEST, constraints: der.len() / SHORTEST },
        }
    }
}

fn constraints_of(certificate: &der::Certificate<'_>) -> usize {
    let Some(value) = certificate.extension(constraints::OID) else { return 0 };
    let Ok(lists) = single(value, tag::SEQUENCE) else { return 0 };
    elements(lists).map(|list| elements(list).count()).sum()
}

/// Its subject is a name, and so is every entry of its subjectAltName.
fn names_of(certificate: &der::Certificate<'_>) -> usize {
    let names = certificate.subject_alt_name().and_then(|value| single(value, tag::SEQUENCE).ok());
    1 + names.map_or(0, |names| elements(names).count())
}

fn elements(list: Tlv<'_>) -> impl Iterator<Item = Tlv<'_>> {
    let mut reader = list.reader();
    std::iter::from_fn(move || reader.element().ok())
}
