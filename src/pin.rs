//! Pins: what a certificate or its key must hash to.
//!
//! Text: `ALGORITHM:DIGEST` of the whole certificate or `spki-ALGORITHM:DIGEST` of its
//! SubjectPublicKeyInfo (RFC 7469 §2.4), the digest in hexadecimal, with colons or without, or in
//! base64. A pin of the key survives a renewal that keeps the key. This floor only parses; the
//! digests are made by `ossl`.

use std::borrow::Cow;

use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER_PERMISSIVE};

use crate::error::{Error, Result};
use crate::options::Spelling;
use crate::report::quote;
use crate::status::Status;

/// A digest algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Broken; only under the `insecure_` name.
    Md5,
    /// Broken; only under the `insecure_` name.
    Sha1,
    /// FIPS 180-4.
    Sha256,
    /// FIPS 180-4.
    Sha384,
    /// FIPS 180-4.
    Sha512,
}

/// What is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The DER of the certificate.
    Certificate,
    /// The DER of its SubjectPublicKeyInfo.
    Spki,
}

/// One pin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// What is hashed.
    pub subject: Subject,
    /// How.
    pub algorithm: Algorithm,
    /// What must come out.
    pub digest: Vec<u8>,
}

/// What part a pin has in the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinMode {
    /// Chain and name must be good, and a pin must match a certificate of the verified path.
    PinAndPkix,
    /// A pin must match the leaf; chain and name are only reported. The leaf alone: otherwise Eve
    /// appends Bob's public intermediate to her own chain.
    PinInsteadOfPkix,
}

const ALGORITHMS: &[(&str, Algorithm)] = &[
    ("md5", Algorithm::Md5),
    ("sha1", Algorithm::Sha1),
    ("sha256", Algorithm::Sha256),
    ("sha384", Algorithm::Sha384),
    ("sha512", Algorithm::Sha512),
];

impl Algorithm {
    /// Octets of a digest.
    pub const fn octets(self) -> usize {
        match self {
            Algorithm::Md5 => 16,
            Algorithm::Sha1 => 20,
            Algorithm::Sha256 => 32,
            Algorithm::Sha384 => 48,
            Algorithm::Sha512 => 64,
        }
    }

    /// The word in a pin's text.
    pub fn word(self) -> &'static str {
        ALGORITHMS.iter().find(|(_, algorithm)| *algorithm == self).map_or("", |(word, _)| word)
    }

    const fn is_broken(self) -> bool {
        match self {
            Algorithm::Md5 | Algorithm::Sha1 => true,
            Algorithm::Sha256 | Algorithm::Sha384 | Algorithm::Sha512 => false,
        }
    }
}

impl Pin {
    /// A pin from its text.
    pub fn parse(text: &str, spelling: Spelling) -> Result<Pin> {
        let Some((kind, digest)) = text.trim().split_once(':') else {
            return Err(malformed(text, "it has no algorithm"));
        };
        let (subject, word) = match kind.strip_prefix("spki-") {
            Some(word) => (Subject::Spki, word),
            None => (Subject::Certificate, kind),
        };
        let algorithm =
            algorithm_of(word).ok_or_else(|| malformed(text, "the algorithm is not known"))?;
        if subject == Subject::Spki && algorithm.is_broken() {
            return Err(malformed(text, "keys are pinned with sha256 or better"));
        }
        Pin::checked(subject, algorithm, digest, text, spelling)
    }

    /// A fingerprint of the leaf as PHP's `peer_fingerprint` has it: bare hexadecimal, whose length
    /// tells the algorithm, or with the algorithm in front.
    pub fn parse_fingerprint(text: &str, spelling: Spelling) -> Result<Pin> {
        let text = text.trim();
        if text.split_once(':').is_some_and(|(word, _)| algorithm_of(word).is_some()) {
            return Pin::parse(text, spelling);
        }
        let digits = text.bytes().filter(|byte| *byte != b':').count();
        let by_length = |entry: &&(&str, Algorithm)| entry.1.octets() * 2 == digits;
        let (_, algorithm) = ALGORITHMS
            .iter()
            .find(by_length)
            .ok_or_else(|| malformed(text, "no algorithm has a digest of this length"))?;
        Pin::checked(Subject::Certificate, *algorithm, text, text, spelling)
    }

    fn checked(
        subject: Subject,
        algorithm: Algorithm,
        digest: &str,
        text: &str,
        spelling: Spelling,
    ) -> Result<Pin> {
        if algorithm.is_broken() && spelling == Spelling::Plain {
            let what = format!(
                "pin '{}': {} is broken; use sha256, or if you must, the option's insecure_ name",
                quote(text.as_bytes()),
                algorithm.word()
            );
            return Err(Error::new(Status::Insecure, what));
        }
        let digest = decode(digest, algorithm.octets()).ok_or_else(|| {
            malformed(text, "the digest is neither hexadecimal nor base64 of its length")
        })?;
        Ok(Pin { subject, algorithm, digest })
    }

    /// The pin's canonical text.
    pub fn text(&self) -> String {
        match self.subject {
            Subject::Certificate => {
                format!("{}:{}", self.algorithm.word(), HEXLOWER_PERMISSIVE.encode(&self.digest))
            }
            Subject::Spki => {
                format!("spki-{}:{}", self.algorithm.word(), BASE64.encode(&self.digest))
            }
        }
    }
}

fn algorithm_of(word: &str) -> Option<Algorithm> {
    let is_it = |entry: &&(&str, Algorithm)| entry.0.eq_ignore_ascii_case(word);
    ALGORITHMS.iter().find(is_it).map(|(_, algorithm)| *algorithm)
}

/// The length tells hexadecimal from base64: no algorithm has one length for both.
fn decode(text: &str, octets: usize) -> Option<Vec<u8>> {
    let plain = match text.contains(':') {
        true => Cow::Owned(text.replace(':', "")),
        false => Cow::Borrowed(text),
    };
    let decoded = if plain.len() == octets * 2 {
        HEXLOWER_PERMISSIVE.decode(plain.as_bytes())
    } else {
        BASE64.decode(text.as_bytes()).or_else(|_| BASE64_NOPAD.decode(text.as_bytes()))
    };
    decoded.ok().filter(|digest| digest.len() == octets)
}

fn malformed(text: &str, why: &str) -> Error {
    let shown = quote(text.as_bytes());
    let shape = "write spki-sha256:BASE64, or sha256:HEX of the certificate";
    Error::new(Status::Pin, format!("pin '{shown}' is malformed: {why}; {shape}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const B64: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    fn colons(hex: &str) -> String {
        hex.as_bytes()
            .chunks(2)
            .map(|pair| std::str::from_utf8(pair).unwrap())
            .collect::<Vec<_>>()
            .join(":")
    }

    #[test]
    fn one_digest_in_every_spelling() {
        let wanted = Pin::parse(&format!("sha256:{HEX}"), Spelling::Plain).unwrap();
        for text in [
            format!("sha256:{}", colons(HEX)),
            format!("SHA256:{}", HEX.to_uppercase()),
            format!("sha256:{B64}"),
            format!("sha256:{}", B64.trim_end_matches('=')),
            format!(" sha256:{HEX}\n"),
        ] {
            assert_eq!(Pin::parse(&text, Spelling::Plain).as_ref(), Ok(&wanted), "{text}");
        }
        for text in [HEX.to_owned(), colons(HEX), format!("sha256:{HEX}")] {
            assert_eq!(
                Pin::parse_fingerprint(&text, Spelling::Plain).as_ref(),
                Ok(&wanted),
                "{text}"
            );
        }
        let key = Pin::parse(&format!("spki-sha256:{B64}"), Spelling::Plain).unwrap();
        assert_eq!((key.subject, key.text()), (Subject::Spki, format!("spki-sha256:{B64}")));
    }

    #[test]
    fn malformed_pins_say_how_to_write_them() {
        for text in [
            "",
            "sha256:",
            "sha256:00",
            HEX,
            "sha255:00",
            "sha256//abc",
            "spki-md5:00",
            "spki-sha256:!",
        ] {
            let error = Pin::parse(text, Spelling::Insecure).unwrap_err();
            assert_eq!(error.status, Status::Pin, "{text}");
            assert!(error.what.contains("spki-sha256:BASE64"), "{text}: {}", error.what);
        }
    }

    #[test]
    fn broken_digests_need_the_insecure_name() {
        let md5 = "md5:d41d8cd98f00b204e9800998ecf8427e";
        assert_eq!(Pin::parse(md5, Spelling::Plain).unwrap_err().status, Status::Insecure);
        assert!(Pin::parse(md5, Spelling::Insecure).is_ok());
        assert_eq!(
            Pin::parse_fingerprint(&md5[4..], Spelling::Plain).unwrap_err().status,
            Status::Insecure
        );
    }
}
