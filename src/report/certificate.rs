//! What a report says about each certificate, also when verification failed.

use serde::Serialize;

/// One certificate as sent by the peer or handed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CertificateInfo {
    /// Position as sent: 0 is the leaf.
    pub position: usize,
    /// RFC 2253 text, escaped.
    pub subject: String,
    /// RFC 2253 text, escaped.
    pub issuer: String,
    /// Presented identifiers, tagged: `dns:mail.bob.test`, `ip:192.0.2.1`; escaped.
    pub names: Vec<String>,
    /// Hexadecimal, upper case.
    pub serial: String,
    /// ISO 8601, UTC.
    pub not_before: String,
    /// ISO 8601, UTC.
    pub not_after: String,
    /// Seconds since 1970.
    pub not_before_epoch: i64,
    /// Seconds since 1970.
    pub not_after_epoch: i64,
    /// The public key.
    pub key: KeyInfo,
    /// Signature algorithm, such as `ecdsa-with-SHA256`.
    pub signature: String,
    /// Whether basicConstraints says CA:TRUE.
    pub ca: bool,
    /// Digests and the pins made from them.
    pub fingerprints: Fingerprints,
}

/// The public key of a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyInfo {
    /// Such as `RSA` or `id-ecPublicKey`.
    pub algorithm: String,
    /// Size in bits.
    pub bits: u32,
}

/// Ready-made values for configuration files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fingerprints {
    /// SHA-256 of the whole certificate, hexadecimal.
    pub sha256: String,
    /// Value for the option `pin`: `spki-sha256:BASE64`.
    pub spki_pin: String,
    /// Suggested TLSA record data (RFC 7671 §5.1): `3 1 1 HEX`.
    pub tlsa: String,
}
