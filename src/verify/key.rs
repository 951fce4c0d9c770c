//! Keys that no certificate of a path may have, read from the SubjectPublicKeyInfo.
//!
//! OpenSSL's security level measures how *long* a key is. That a key of sufficient length is odd in
//! another way it does not ask:
//!
//! | key | why not | source |
//! |---|---|---|
//! | DSA | withdrawn, and no TLS 1.3 peer can use it | FIPS 186-5 §1; CABF BR §6.1.1.3 |
//! | RSA whose modulus is no whole number of octets | made by hand or by a broken generator | CABF BR §6.1.5 |
//! | RSA with exponent 1 or an even one | signs nothing | RFC 8017 §3.1; CABF BR §6.1.6 |
//! | a curve by its parameters | the peer chooses the group: CVE-2020-0601 | RFC 5480 §2.1.1 |
//!
//! Which kinds and curves a *public* CA may certify at all is a matter of the profile.

use crate::der::{DerError, Reader, single, tag};

/// What is odd about a key, or that only the public profile minds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFault {
    /// The SubjectPublicKeyInfo cannot be read.
    Malformed,
    /// A DSA key.
    Dsa,
    /// The modulus is no whole number of octets.
    Length,
    /// The public exponent is even or below 3.
    Exponent,
    /// Curve parameters in place of a curve's name.
    ExplicitCurve,
    /// A kind or curve that public CAs do not certify (CABF BR §6.1.1.3, §7.1.3.1).
    NotPublic,
}

impl KeyFault {
    /// In words that follow "the key of ... ".
    pub const fn words(self) -> &'static str {
        match self {
            KeyFault::Malformed => "cannot be read",
            KeyFault::Dsa => "is a DSA key (FIPS 186-5 withdraws DSA)",
            KeyFault::Length => "is an RSA key whose length is not divisible by 8",
            KeyFault::Exponent => "is an RSA key with an even exponent or one below 3",
            KeyFault::ExplicitCurve => {
                "describes its curve by parameters and not by name (RFC 5480 §2.1.1)"
            }
            KeyFault::NotPublic => "is of a kind that public CAs do not certify",
        }
    }
}

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
/// P-256, P-384, P-521.
const PUBLIC_CURVES: [&[u8]; 3] =
    [&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7], &[0x2b, 0x81, 4, 0, 34], &[0x2b, 0x81, 4, 0, 35]];

/// What is wrong with the key in this SubjectPublicKeyInfo.
pub fn examine(spki: &[u8]) -> Result<(), KeyFault> {
    let (algorithm, parameters, key) = parts(spki).map_err(|_| KeyFault::Malformed)?;
    match algorithm {
        RSA => rsa(key),
        DSA => Err(KeyFault::Dsa),
        EC => curve(parameters),
        _ => Err(KeyFault::NotPublic),
    }
}

/// ```text
/// SubjectPublicKeyInfo ::= SEQUENCE { algorithm SEQUENCE { OID, ANY OPTIONAL }, BIT STRING }
/// ```
fn parts(spki: &[u8]) -> Result<(&[u8], Reader<'_>, &[u8]), DerError> {
    let mut fields = single(spki, tag::SEQUENCE)?.reader();
    let mut algorithm = fields.expect(tag::SEQUENCE)?.reader();
    let key = fields.expect(tag::BIT_STRING)?.value;
    fields.finish()?;
    Ok((algorithm.expect(tag::OID)?.value, algorithm, key))
}

/// `RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }` (RFC 8017 §A.1.1).
fn rsa(bits: &[u8]) -> Result<(), KeyFault> {
    let (modulus, exponent) = rsa_numbers(bits).map_err(|_| KeyFault::Malformed)?;
    // An INTEGER whose top bit is set has a zero octet before it; what is left begins with its top
    // bit, if the number is a whole number of octets.
    let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
    if modulus.first().is_none_or(|first| first & 0x80 == 0) {
        return Err(KeyFault::Length);
    }
    match exponent {
        [] | [0 | 1] => Err(KeyFault::Exponent),
        [.., last] if last & 1 == 0 => Err(KeyFault::Exponent),
        [..] => Ok(()),
    }
}

fn rsa_numbers(bits: &[u8]) -> Result<(&[u8], &[u8]), DerError> {
    // The first octet of a BIT STRING counts the bits that its last octet leaves over.
    let key = bits.strip_prefix(&[0]).ok_or(DerError::Truncated)?;
    let mut numbers = single(key, tag::SEQUENCE)?.reader();
    let modulus = numbers.expect(tag::INTEGER)?.value;
    let exponent = numbers.expect(tag::INTEGER)?.value;
    numbers.finish()?;
    Ok((modulus, exponent))
}

fn curve(mut parameters: Reader<'_>) -> Result<(), KeyFault> {
    match parameters.element() {
        Ok(name) if name.tag == tag::OID && PUBLIC_CURVES.contains(&name.value) => Ok(()),
        Ok(name) if name.tag == tag::OID => Err(KeyFault::NotPublic),
        Ok(explicit) if explicit.tag == tag::SEQUENCE => Err(KeyFault::ExplicitCurve),
        Ok(_) | Err(_) => Err(KeyFault::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
        assert!(value.len() < 0x80);
        [&[tag, value.len() as u8], value].concat()
    }

    fn spki(algorithm: &[u8], parameters: &[u8], key: &[u8]) -> Vec<u8> {
        let algorithm = tlv(0x30, &[tlv(tag::OID, algorithm), parameters.to_vec()].concat());
        tlv(0x30, &[algorithm, tlv(tag::BIT_STRING, &[&[0], key].concat())].concat())
    }

    fn rsa_key(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
        let numbers = [tlv(tag::INTEGER, modulus), tlv(tag::INTEGER, exponent)].concat();
        spki(RSA, &[5, 0], &tlv(0x30, &numbers))
    }

    #[test]
    fn rsa_keys() {
        let whole = [0, 0xc1, 2, 3, 5];
        for (exponent, wanted) in [
            (&[1, 0, 1][..], Ok(())),
            (&[3], Ok(())),
            (&[1], Err(KeyFault::Exponent)),
            (&[0], Err(KeyFault::Exponent)),
            (&[2], Err(KeyFault::Exponent)),
            (&[1, 0, 0], Err(KeyFault::Exponent)),
        ] {
            assert_eq!(examine(&rsa_key(&whole, exponent)), wanted, "{exponent:?}");
        }
        for modulus in [&[0x7f, 1, 1, 1][..], &[1, 0xc1, 2, 3], &[0], &[]] {
            assert_eq!(examine(&rsa_key(modulus, &[3])), Err(KeyFault::Length), "{modulus:?}");
        }
    }

    #[test]
    fn curves_by_name() {
        let p256 = tlv(tag::OID, PUBLIC_CURVES[0]);
        let secp256k1 = tlv(tag::OID, &[0x2b, 0x81, 4, 0, 10]);
        assert_eq!(examine(&spki(EC, &p256, &[4])), Ok(()));
        assert_eq!(examine(&spki(EC, &secp256k1, &[4])), Err(KeyFault::NotPublic));
        assert_eq!(examine(&spki(EC, &tlv(0x30, &[]), &[4])), Err(KeyFault::ExplicitCurve));
        assert_eq!(examine(&spki(EC, &[5, 0], &[4])), Err(KeyFault::Malformed));
        assert_eq!(examine(&spki(EC, &[], &[4])), Err(KeyFault::Malformed));
    }

    #[test]
    fn other_kinds_and_what_is_no_key() {
        assert_eq!(examine(&spki(DSA, &[], &[2, 1, 3])), Err(KeyFault::Dsa));
        assert_eq!(examine(&spki(&[0x2b, 0x65, 0x70], &[], &[1])), Err(KeyFault::NotPublic));
        let good = rsa_key(&[0, 0xc1, 2, 3, 5], &[3]);
        for cut in 0..good.len() {
            assert_eq!(examine(&good[..cut]), Err(KeyFault::Malformed), "cut at {cut}");
        }
    }
}
