//! Where the certificates of a PEM text stand, and for whom.
//!
//! The subject is kept as a hash of the form in which OpenSSL compares names ([`dn`]). A text that is not
//! plain (`pem`, strict DER, names with a canonical form) has no index.

use crate::der;
use crate::dn;
use crate::pem::{self, Place};

/// Every certificate of a text, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index(Box<[Entry]>);

/// Where a certificate stands, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    start: u32,
    end: u32,
    subject: u64,
}

impl Index {
    /// Every certificate of the text, all of them read to the end; `None` where there is none, or
    /// anything that is not plain.
    pub fn of(text: &[u8]) -> Option<Index> {
        let places = pem::certificates(text).ok().filter(|places| !places.is_empty())?;
        places.into_iter().map(|place| entry(text, place)).collect::<Option<_>>().map(Index)
    }

    /// These entries, if they are those of a text of so many octets: at least one, one behind the other.
    pub fn of_entries(entries: Box<[Entry]>, size: u64) -> Option<Index> {
        let inside = entries.iter().all(|entry| entry.start < entry.end);
        let apart = entries.windows(2).all(|pair| pair[0].end <= pair[1].start);
        let fits = entries.last().is_some_and(|last| u64::from(last.end) <= size);
        (inside && apart && fits).then_some(Index(entries))
    }

    /// All entries.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }
}

impl Entry {
    /// An entry that was written down.
    pub fn from_octets(octets: [u8; 16]) -> Entry {
        let [a, b, c, d, e, f, g, h, subject @ ..] = octets;
        Entry {
            start: u32::from_le_bytes([a, b, c, d]),
            end: u32::from_le_bytes([e, f, g, h]),
            subject: u64::from_le_bytes(subject),
        }
    }

    /// The entry, to be written down.
    pub fn octets(self) -> [u8; 16] {
        let place = u64::from(self.start) | u64::from(self.end) << 32;
        (u128::from(place) | u128::from(self.subject) << 64).to_le_bytes()
    }

    /// Where it stands.
    pub fn place(self) -> Place {
        // Offsets of a file that fits into memory.
        Place { start: self.start as usize, end: self.end as usize }
    }

    /// The hash of its subject's canonical form. Others may share it.
    pub fn subject(self) -> u64 {
        self.subject
    }
}

fn entry(text: &[u8], place: Place) -> Option<Entry> {
    let der = pem::contents(text, place).ok()?;
    let certificate = der::Certificate::parse(&der).ok()?;
    let subject = dn::canonical(certificate.subject).ok()?;
    if certificate.issuer != certificate.subject {
        dn::canonical(certificate.issuer).ok()?;
    }
    Some(Entry {
        start: u32::try_from(place.start).ok()?,
        end: u32::try_from(place.end).ok()?,
        subject: hash(&subject),
    })
}

/// FNV-1a, 64 bits. Where two names share a hash, OpenSSL's comparison tells them apart.
pub fn hash(octets: &[u8]) -> u64 {
    octets.iter().fold(0xcbf2_9ce4_8422_2325, |hash, octet| {
        (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(hash(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(hash(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn an_entry_is_what_was_written_down() {
        let octets = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
        assert_eq!(Entry::from_octets(octets).octets(), octets);
        assert_eq!(
            Entry::from_octets(octets).place(),
            Place { start: 0x0403_0201, end: 0x0807_0605 }
        );
    }

    #[test]
    fn entries_stand_one_behind_the_other_inside_the_text() {
        let of = |places: &[(u32, u32)], size| {
            let entry = |(start, end): &(u32, u32)| Entry { start: *start, end: *end, subject: 7 };
            Index::of_entries(places.iter().map(entry).collect(), size).is_some()
        };
        assert!(of(&[(0, 9)], 9) && of(&[(0, 9), (9, 20)], 20) && of(&[(1, 9), (12, 20)], 30));
        assert!(!of(&[], 9) && !of(&[(0, 9)], 8) && !of(&[(9, 9)], 9) && !of(&[(9, 3)], 9));
        assert!(!of(&[(0, 9), (8, 20)], 20) && !of(&[(9, 20), (0, 9)], 20));
    }
}
