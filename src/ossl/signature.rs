//! Signatures over octets, outside of certificates: OCSP responses and SCTs.

use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{Id, PKey, Public};
use openssl::sign::Verifier;

use crate::error::{Error, Result};
use crate::status::Status;

use super::certificate::Certificate;
use super::error_queue::{drain, words};

/// How something is signed. SHA-1 and MD5 are not among them, whatever the security level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Scheme {
    RsaSha256,
    RsaSha384,
    RsaSha512,
    EcdsaSha256,
    EcdsaSha384,
    EcdsaSha512,
    Ed25519,
    Ed448,
}

/// Contents of the OIDs of RFC 4055 §5, RFC 5758 §3.2, RFC 8410 §3.
const SCHEMES: &[(&[u8], Scheme)] = &[
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11], Scheme::RsaSha256),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 12], Scheme::RsaSha384),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 13], Scheme::RsaSha512),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2], Scheme::EcdsaSha256),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3], Scheme::EcdsaSha384),
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4], Scheme::EcdsaSha512),
    (&[0x2b, 0x65, 0x70], Scheme::Ed25519),
    (&[0x2b, 0x65, 0x71], Scheme::Ed448),
];

impl Scheme {
    /// The scheme with this OID (its contents), if it is supported.
    pub fn of(oid: &[u8]) -> Option<Scheme> {
        SCHEMES.iter().find(|(known, _)| *known == oid).map(|(_, scheme)| *scheme)
    }

    const fn digest(self) -> Option<Digest> {
        match self {
            Scheme::RsaSha256 | Scheme::EcdsaSha256 => Some(Digest::Sha256),
            Scheme::RsaSha384 | Scheme::EcdsaSha384 => Some(Digest::Sha384),
            Scheme::RsaSha512 | Scheme::EcdsaSha512 => Some(Digest::Sha512),
            Scheme::Ed25519 | Scheme::Ed448 => None,
        }
    }

    const fn key(self) -> Id {
        match self {
            Scheme::RsaSha256 | Scheme::RsaSha384 | Scheme::RsaSha512 => Id::RSA,
            Scheme::EcdsaSha256 | Scheme::EcdsaSha384 | Scheme::EcdsaSha512 => Id::EC,
            Scheme::Ed25519 => Id::ED25519,
            Scheme::Ed448 => Id::ED448,
        }
    }
}

enum Digest {
    Sha256,
    Sha384,
    Sha512,
}

impl Digest {
    fn method(&self) -> MessageDigest {
        match self {
            Digest::Sha256 => MessageDigest::sha256(),
            Digest::Sha384 => MessageDigest::sha384(),
            Digest::Sha512 => MessageDigest::sha512(),
        }
    }
}

/// A key that signatures are checked with.
#[derive(Clone)]
pub struct PublicKey {
    key: PKey<Public>,
}

impl PublicKey {
    /// The key in a whole SubjectPublicKeyInfo.
    pub fn from_spki(spki: &[u8]) -> Result<PublicKey> {
        let key = PKey::public_key_from_der(spki).map_err(|errors| {
            Error::new(Status::Certificate, format!("this is no public key: {}", words(&errors)))
        })?;
        Ok(PublicKey { key })
    }

    /// The certificate's key.
    pub fn of(certificate: &Certificate) -> Result<PublicKey> {
        let unusable = |errors| {
            let what = format!("the certificate's key is of no use: {}", words(&errors));
            Error::new(Status::Certificate, what)
        };
        Ok(PublicKey { key: certificate.x509.public_key().map_err(unusable)? })
    }

    /// Whether this key made this signature, by this scheme, of these octets.
    pub fn has_signed(&self, scheme: Scheme, octets: &[u8], signature: &[u8]) -> bool {
        let verified = scheme.key() == self.key.id()
            && self.verify(scheme, octets, signature).unwrap_or(false);
        drain();
        verified
    }

    fn verify(
        &self,
        scheme: Scheme,
        octets: &[u8],
        signature: &[u8],
    ) -> std::result::Result<bool, ErrorStack> {
        let mut verifier = match scheme.digest() {
            Some(digest) => Verifier::new(digest.method(), &self.key)?,
            None => Verifier::new_without_digest(&self.key)?,
        };
        verifier.verify_oneshot(signature, octets)
    }
}
