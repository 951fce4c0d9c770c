//! What a CA says of its certificates afterwards: CRLs (RFC 5280 §5) and OCSP responses (RFC 6960).
//!
//! Written by hand, because most of them are wrong on purpose and no builder writes that. As with
//! certificates, the default is a good one, and a case changes the one field in question.

use openssl::hash::{MessageDigest, hash};
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;
use openssl::x509::X509;

use crate::Fault;
use crate::ca::{Extension, Identity};
use crate::der;

const HOUR: i64 = 3600;

/// When something was said and until when it is good, seconds from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Updates {
    pub this: i64,
    pub next: Option<i64>,
}

impl Updates {
    pub const CURRENT: Self = Self { this: -HOUR, next: Some(24 * HOUR) };
    pub const PAST: Self = Self { this: -48 * HOUR, next: Some(-24 * HOUR) };
    pub const FUTURE: Self = Self { this: 24 * HOUR, next: Some(48 * HOUR) };
}

/// A certificate revocation list.
#[derive(Clone, Debug)]
pub struct CrlBlueprint {
    pub revoked: Vec<X509>,
    pub updates: Updates,
    pub extra: Vec<Extension>,
}

impl CrlBlueprint {
    /// A good list of these.
    pub fn of(revoked: &[&X509]) -> Self {
        let revoked = revoked.iter().map(|cert| (*cert).clone()).collect();
        Self { revoked, updates: Updates::CURRENT, extra: Vec::new() }
    }

    /// DER, in the name and with the key of `issuer`.
    pub fn signed_by(&self, issuer: &Identity) -> Result<Vec<u8>, Fault> {
        self.signed(issuer, &issuer.key)
    }

    /// DER, in the name of `issuer` with another key.
    pub fn signed(&self, issuer: &Identity, key: &PKey<Private>) -> Result<Vec<u8>, Fault> {
        let now = crate::ca::now()?;
        let mut fields = vec![
            der::integer(1),
            ecdsa_with_sha256(),
            issuer.cert.subject_name().to_der()?,
            der::utc_time(now + self.updates.this),
        ];
        fields.extend(self.updates.next.map(|next| der::utc_time(now + next)));
        if !self.revoked.is_empty() {
            let date = der::utc_time(now - HOUR);
            let entries = self.revoked.iter().map(|cert| Ok([serial(cert)?, date.clone()]));
            let entries: Result<Vec<_>, Fault> = entries.collect();
            let entries: Vec<Vec<u8>> = entries?.iter().map(|entry| der::sequence(entry)).collect();
            fields.push(der::sequence(&entries));
        }
        let mut extensions =
            vec![Extension { oid: "2.5.29.20", critical: false, value: der::integer(1) }];
        extensions.extend(self.extra.iter().cloned());
        fields.push(explicit(0, &der::sequence(&encoded(&extensions))));
        signed(der::sequence(&fields), key)
    }
}

/// What a responder says of one certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertStatus {
    Good,
    Revoked,
    Unknown,
}

/// One answer of an OCSP response.
#[derive(Clone)]
pub struct Single {
    /// Whose certificate it is about.
    pub issuer: X509,
    /// The serial number, a whole INTEGER.
    pub serial: Vec<u8>,
    /// How the issuer is hashed: sha1, sha256.
    pub digest: MessageDigest,
    pub status: CertStatus,
    pub updates: Updates,
    pub extra: Vec<Extension>,
}

impl Single {
    /// A good, current answer about this certificate.
    pub fn about(cert: &X509, issuer: &X509) -> Result<Self, Fault> {
        Ok(Self {
            issuer: issuer.clone(),
            serial: serial(cert)?,
            digest: MessageDigest::sha1(),
            status: CertStatus::Good,
            updates: Updates::CURRENT,
            extra: Vec::new(),
        })
    }

    fn encoded(&self, now: i64) -> Result<Vec<u8>, Fault> {
        let digest = |bytes: &[u8]| hash(self.digest, bytes).map(|digest| der::octets(&digest));
        let algorithm: &[u32] = match self.digest.type_().as_raw() {
            64 => &[1, 3, 14, 3, 2, 26],
            _ => &[2, 16, 840, 1, 101, 3, 4, 2, 1],
        };
        let id = der::sequence(&[
            der::sequence(&[der::oid(algorithm), der::tlv(0x05, &[])]),
            digest(&self.issuer.subject_name().to_der()?)?,
            digest(&key_bits(&self.issuer)?)?,
            self.serial.clone(),
        ]);
        let status = match self.status {
            CertStatus::Good => der::tlv(der::context(0), &[]),
            CertStatus::Revoked => {
                der::tlv(der::context_constructed(1), &der::generalized_time(now - 2 * HOUR))
            }
            CertStatus::Unknown => der::tlv(der::context(2), &[]),
        };
        let mut fields = vec![id, status, der::generalized_time(now + self.updates.this)];
        let next = self.updates.next.map(|next| explicit(0, &der::generalized_time(now + next)));
        fields.extend(next);
        if !self.extra.is_empty() {
            fields.push(explicit(1, &der::sequence(&encoded(&self.extra))));
        }
        Ok(der::sequence(&fields))
    }
}

/// How a responder names itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Name,
    Key,
}

/// An OCSP response.
#[derive(Clone)]
pub struct OcspBlueprint {
    /// 0 is successful; every other one has no answers.
    pub status: u8,
    pub singles: Vec<Single>,
    pub by: By,
    /// Sent along: the delegated responder's certificate.
    pub certs: Vec<X509>,
    pub extra: Vec<Extension>,
}

impl OcspBlueprint {
    /// A good response about this certificate.
    pub fn about(cert: &X509, issuer: &X509) -> Result<Self, Fault> {
        let singles = vec![Single::about(cert, issuer)?];
        Ok(Self { status: 0, singles, by: By::Key, certs: Vec::new(), extra: Vec::new() })
    }

    /// With one thing changed in every answer.
    pub fn with(mut self, change: impl Fn(&mut Single)) -> Self {
        self.singles.iter_mut().for_each(change);
        self
    }

    /// DER, in the name and with the key of `responder`.
    pub fn signed_by(&self, responder: &Identity) -> Result<Vec<u8>, Fault> {
        self.signed(&responder.cert, &responder.key)
    }

    /// DER, in the name of `responder` with any key.
    pub fn signed(&self, responder: &X509, key: &PKey<Private>) -> Result<Vec<u8>, Fault> {
        let status = der::tlv(0x0a, &[self.status]);
        if self.status != 0 {
            return Ok(der::sequence(&[status]));
        }
        let now = crate::ca::now()?;
        let id = match self.by {
            By::Name => explicit(1, &responder.subject_name().to_der()?),
            By::Key => {
                let digest = hash(MessageDigest::sha1(), &key_bits(responder)?)?;
                explicit(2, &der::octets(&digest))
            }
        };
        let singles: Result<Vec<_>, Fault> =
            self.singles.iter().map(|single| single.encoded(now)).collect();
        let mut data = vec![id, der::generalized_time(now - HOUR), der::sequence(&singles?)];
        if !self.extra.is_empty() {
            data.push(explicit(1, &der::sequence(&encoded(&self.extra))));
        }
        let mut basic = signed_parts(der::sequence(&data), key)?;
        if !self.certs.is_empty() {
            let certs: Result<Vec<_>, _> = self.certs.iter().map(|cert| cert.to_der()).collect();
            basic.push(explicit(0, &der::sequence(&certs?)));
        }
        let bytes = der::sequence(&[
            der::oid(&[1, 3, 6, 1, 5, 5, 7, 48, 1, 1]),
            der::octets(&der::sequence(&basic)),
        ]);
        Ok(der::sequence(&[status, explicit(0, &bytes)]))
    }
}

/// RFC 7633 §4.1: the certificate demands that its server staples (status_request, 5).
pub fn must_staple() -> Extension {
    Extension {
        oid: "1.3.6.1.5.5.7.1.24",
        critical: false,
        value: der::sequence(&[der::integer(5)]),
    }
}

/// The certificate's serial number, a whole INTEGER.
pub fn serial(cert: &X509) -> Result<Vec<u8>, Fault> {
    let mut bytes = cert.serial_number().to_bn()?.to_vec();
    if bytes.first().is_none_or(|first| first & 0x80 != 0) {
        bytes.insert(0, 0);
    }
    Ok(der::tlv(0x02, &bytes))
}

/// The contents of subjectPublicKey, without the octet of unused bits.
fn key_bits(cert: &X509) -> Result<Vec<u8>, Fault> {
    let spki = cert.public_key()?.public_key_to_der()?;
    // P-256: the last 65 octets are the point.
    Ok(spki[spki.len() - 65..].to_vec())
}

fn explicit(number: u8, whole: &[u8]) -> Vec<u8> {
    der::tlv(der::context_constructed(number), whole)
}

fn encoded(extensions: &[Extension]) -> Vec<Vec<u8>> {
    let encode = |extension: &Extension| {
        let arcs: Vec<u32> = extension.oid.split('.').filter_map(|arc| arc.parse().ok()).collect();
        let mut fields = vec![der::oid(&arcs)];
        fields.extend(extension.critical.then(der::truth));
        fields.push(der::octets(&extension.value));
        der::sequence(&fields)
    };
    extensions.iter().map(encode).collect()
}

fn ecdsa_with_sha256() -> Vec<u8> {
    der::sequence(&[der::oid(&[1, 2, 840, 10045, 4, 3, 2])])
}

fn signed(data: Vec<u8>, key: &PKey<Private>) -> Result<Vec<u8>, Fault> {
    Ok(der::sequence(&signed_parts(data, key)?))
}

/// What is signed, the algorithm, the signature.
fn signed_parts(data: Vec<u8>, key: &PKey<Private>) -> Result<Vec<Vec<u8>>, Fault> {
    let signature = Signer::new(MessageDigest::sha256(), key)?.sign_oneshot_to_vec(&data)?;
    let signature = der::tlv(0x03, &[&[0], signature.as_slice()].concat());
    Ok(vec![data, ecdsa_with_sha256(), signature])
}
