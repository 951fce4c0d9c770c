//! What the certificates of a path may be used for, where OpenSSL is more tolerant than the RFCs.
//!
//! | certificate | OpenSSL | here |
//! |---|---|---|
//! | leaf, keyUsage keyEncipherment or keyAgreement only | for a TLS server | refused: the peer signs the handshake |
//! | extendedKeyUsage "server gated cryptography" only | as serverAuth | refused: no RFC says so |
//!
//! RFC 8446 §4.4.2.2: "The digitalSignature bit MUST be set if the Key Usage extension is present",
//! and RFC 5246 §7.4.2 asks the same of every exchange with an ephemeral key.
//!
//! Q: What of TLS 1.2 with a static RSA key, which needs keyEncipherment alone? A: It has no forward
//! secrecy, and the server chooses it; a certificate for it only is refused.
//!
//! Q: And an anchor? A: Nobody asks what a caller's own anchor says of itself.

use crate::der::{self, Reader, single, tag};
use crate::ossl::{Certificate, Purpose};

/// id-ce-keyUsage and id-ce-extKeyUsage (RFC 5280 §4.2.1.3, §4.2.1.12).
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37];
/// id-kp-serverAuth and id-kp-clientAuth.
const SERVER_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
const CLIENT_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];
/// Bit 0 of keyUsage.
const DIGITAL_SIGNATURE: u8 = 0x80;

/// A certificate that is used for what it is not meant for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misuse {
    /// Its place in the path.
    pub depth: usize,
    /// What it says of itself; words that follow its name.
    pub words: &'static str,
}

/// The first misuse, from the leaf on; the anchor at the end of the path is not asked.
pub fn misuse(path: &[Certificate], purpose: Purpose) -> Option<Misuse> {
    let wanted = match purpose {
        Purpose::Server => SERVER_AUTH,
        Purpose::Client => CLIENT_AUTH,
        Purpose::Any => return None,
    };
    let below_anchor = path.iter().take(path.len().saturating_sub(1));
    below_anchor.enumerate().find_map(|(depth, certificate)| {
        let words = words(certificate.der(), depth, wanted)?;
        Some(Misuse { depth, words })
    })
}

fn words(certificate: &[u8], depth: usize, wanted: &[u8]) -> Option<&'static str> {
    // What is not strict DER is refused by the check of names and by the reader of the path.
    let skeleton = der::Certificate::parse(certificate).ok()?;
    if depth == 0 && skeleton.extension(KEY_USAGE).is_some_and(|usage| !may_sign(usage)) {
        return Some("has a key that may not sign (keyUsage without digitalSignature)");
    }
    let purposes = skeleton.extension(EXTENDED_KEY_USAGE)?;
    (!lists(purposes, wanted)).then_some("does not list this use in its extendedKeyUsage")
}

/// A BIT STRING whose first octet counts unused bits. What is none allows nothing.
fn may_sign(usage: &[u8]) -> bool {
    let bits = single(usage, tag::BIT_STRING).map_or(&[][..], |bits| bits.value);
    bits.get(1).is_some_and(|first| first & DIGITAL_SIGNATURE != 0)
}

fn lists(purposes: &[u8], wanted: &[u8]) -> bool {
    let mut list = single(purposes, tag::SEQUENCE).map_or(Reader::new(&[]), |list| list.reader());
    std::iter::from_fn(|| list.expect(tag::OID).ok()).any(|purpose| purpose.value == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_bit_signs() {
        for (usage, signs) in [
            (&[3, 2, 7, 0x80][..], true),
            (&[3, 2, 5, 0xa0], true),
            (&[3, 3, 7, 0x80, 0x80], true),
            (&[3, 2, 5, 0x20], false),
            (&[3, 2, 1, 0x06], false),
            (&[3, 3, 7, 0x00, 0x80], false),
            (&[3, 1, 0], false),
            (&[3, 2, 7], false),
            (&[4, 2, 7, 0x80], false),
            (&[3, 2, 7, 0x80, 0], false),
            (&[], false),
        ] {
            assert_eq!(may_sign(usage), signs, "{usage:?}");
        }
    }

    #[test]
    fn a_purpose_is_listed_whole() {
        let tlv = |tag: u8, value: &[u8]| [&[tag, value.len() as u8], value].concat();
        let list = |oids: &[&[u8]]| {
            let oids: Vec<u8> = oids.iter().flat_map(|oid| tlv(tag::OID, oid)).collect();
            tlv(tag::SEQUENCE, &oids)
        };
        let netscape: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x86, 0xf8, 0x42, 4, 1];
        assert!(lists(&list(&[SERVER_AUTH]), SERVER_AUTH));
        assert!(lists(&list(&[CLIENT_AUTH, SERVER_AUTH]), SERVER_AUTH));
        assert!(!lists(&list(&[netscape]), SERVER_AUTH));
        assert!(!lists(&list(&[CLIENT_AUTH]), SERVER_AUTH));
        assert!(!lists(&list(&[&SERVER_AUTH[..7]]), SERVER_AUTH));
        assert!(!lists(&list(&[]), SERVER_AUTH));
        let good = list(&[SERVER_AUTH]);
        for cut in 0..good.len() {
            assert!(!lists(&good[..cut], SERVER_AUTH), "cut at {cut}");
        }
    }
}
