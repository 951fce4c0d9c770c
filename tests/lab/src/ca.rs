//! The certificate factory: a [`Blueprint`] says what stands in a certificate, and
//! [`Blueprint::issued_by`] or [`Blueprint::self_signed`] makes it, with a fresh key.
//!
//! Defaults are those of a good certificate (random 128-bit serial, two days of validity, SKI and
//! AKI, critical basicConstraints and keyUsage for authorities). A case that needs a bad one
//! changes the one field in question:
//!
//! ```
//! use stv_lab::ca::{Blueprint, Basic};
//! let root = Blueprint::authority("Root").self_signed()?;
//! let odd = Blueprint { basic: Basic::Absent, ..Blueprint::authority("Odd") };
//! let odd = odd.issued_by(&root)?;
//! # Ok::<(), stv_lab::Fault>(())
//! ```

use std::time::{SystemTime, UNIX_EPOCH};

use openssl::asn1::{Asn1Object, Asn1OctetString, Asn1Time};
use openssl::bn::BigNum;
use openssl::ec::{Asn1Flag, EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::{MessageDigest, hash};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::{X509, X509Builder, X509Extension, X509Name, X509NameRef};

use crate::Fault;
use crate::der;
use crate::san::{San, names};

/// A certificate and the key that belongs to it.
#[derive(Clone)]
pub struct Identity {
    pub cert: X509,
    pub key: PKey<Private>,
}

/// basicConstraints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basic {
    Absent,
    EndEntity,
    Authority { path: Option<u32> },
}

/// Bits of keyUsage (RFC 5280 §4.2.1.3) that the lab uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    DigitalSignature = 0,
    NonRepudiation = 1,
    KeyEncipherment = 2,
    KeyAgreement = 4,
    CertSign = 5,
    CrlSign = 6,
}

/// extendedKeyUsage (RFC 5280 §4.2.1.12): the last arc below id-kp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    ServerAuth = 1,
    ClientAuth = 2,
    CodeSigning = 3,
    EmailProtection = 4,
    OcspSigning = 9,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    P256,
    /// P-256 with the curve's parameters in place of its name (RFC 5480 §2.1.1 forbids it).
    ExplicitP256,
    Rsa(u32),
}

/// The digest of the signature *on* the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    Md5,
    Sha1,
    Sha256,
}

/// The version of the certificate (RFC 5280 §4.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// Knows no extensions, so none is written.
    V1,
    V3,
}

/// Seconds from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    pub from: i64,
    pub until: i64,
}

impl Validity {
    const HOUR: i64 = 3600;
    pub const CURRENT: Self = Self { from: -Self::HOUR, until: 47 * Self::HOUR };
    pub const PAST: Self = Self { from: -72 * Self::HOUR, until: -24 * Self::HOUR };
    pub const FUTURE: Self = Self { from: 24 * Self::HOUR, until: 72 * Self::HOUR };
}

/// An extension as it shall stand in the certificate; `value` is DER, or should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Dotted, as `"2.5.29.17"`.
    pub oid: &'static str,
    pub critical: bool,
    pub value: Vec<u8>,
}

/// Everything that stands in a certificate, except for key, serial and issuer.
#[derive(Clone, Debug)]
pub struct Blueprint {
    /// CN attributes of the subject, in this order. Empty makes an empty subject.
    pub common_names: Vec<String>,
    /// subjectAltName; left out when empty.
    pub san: Vec<San>,
    pub validity: Validity,
    pub basic: Basic,
    pub usage: Vec<Usage>,
    pub purposes: Vec<Purpose>,
    /// nameConstraints (RFC 5280 §4.2.1.10); left out when both are empty.
    pub permitted: Vec<San>,
    pub excluded: Vec<San>,
    /// Further extensions, last.
    pub extra: Vec<Extension>,
    pub key: KeyKind,
    pub digest: Digest,
    pub version: Version,
}

impl Blueprint {
    /// A perfect server certificate for these DNS names; the first is the CN as well.
    pub fn leaf(dns: &[&str]) -> Self {
        Self {
            common_names: dns.iter().take(1).map(|n| (*n).to_owned()).collect(),
            san: dns.iter().map(|n| San::dns(n)).collect(),
            validity: Validity::CURRENT,
            basic: Basic::EndEntity,
            usage: vec![Usage::DigitalSignature],
            purposes: vec![Purpose::ServerAuth],
            permitted: Vec::new(),
            excluded: Vec::new(),
            extra: Vec::new(),
            key: KeyKind::P256,
            digest: Digest::Sha256,
            version: Version::V3,
        }
    }

    /// A perfect certification authority.
    pub fn authority(common_name: &str) -> Self {
        Self {
            common_names: vec![common_name.to_owned()],
            san: Vec::new(),
            basic: Basic::Authority { path: None },
            usage: vec![Usage::CertSign, Usage::CrlSign],
            purposes: Vec::new(),
            ..Self::leaf(&[])
        }
    }

    /// Signed by its own key.
    pub fn self_signed(&self) -> Result<Identity, Fault> {
        self.issue(self.key.generate()?, None)
    }

    /// Signed by `issuer`, whether or not that is an authority.
    pub fn issued_by(&self, issuer: &Identity) -> Result<Identity, Fault> {
        self.issue(self.key.generate()?, Some(issuer))
    }

    /// A new certificate for a key that is there already, signed by `issuer`.
    pub fn renewed(&self, key: &PKey<Private>, issuer: &Identity) -> Result<Identity, Fault> {
        self.issue(key.clone(), Some(issuer))
    }

    fn issue(&self, key: PKey<Private>, issuer: Option<&Identity>) -> Result<Identity, Fault> {
        let subject = self.subject()?;
        let (issuer_name, issuer_key) = match issuer {
            Some(issuer) => (issuer.cert.subject_name(), &issuer.key),
            None => (subject.as_ref() as &X509NameRef, &key),
        };
        let mut cert = X509::builder()?;
        cert.set_version(self.version.number())?;
        set_serial(&mut cert)?;
        cert.set_subject_name(&subject)?;
        cert.set_issuer_name(issuer_name)?;
        cert.set_pubkey(&key)?;
        let now = now()?;
        cert.set_not_before(Asn1Time::from_unix(now + self.validity.from)?.as_ref())?;
        cert.set_not_after(Asn1Time::from_unix(now + self.validity.until)?.as_ref())?;
        for extension in self.extensions(&key, issuer_key)? {
            cert.append_extension(extension.build()?)?;
        }
        cert.sign(issuer_key, self.digest.algorithm())?;
        Ok(Identity { cert: cert.build(), key })
    }

    fn subject(&self) -> Result<X509Name, ErrorStack> {
        let mut name = X509Name::builder()?;
        for common_name in &self.common_names {
            name.append_entry_by_nid(Nid::COMMONNAME, common_name)?;
        }
        Ok(name.build())
    }

    fn extensions(
        &self,
        key: &PKey<Private>,
        issuer_key: &PKey<Private>,
    ) -> Result<Vec<Extension>, ErrorStack> {
        if self.version == Version::V1 {
            return Ok(Vec::new());
        }
        let mut list: Vec<Extension> = [self.basic(), self.usage(), self.purposes(), self.san()]
            .into_iter()
            .chain([self.constraints()])
            .flatten()
            .collect();
        let subject_id = der::octets(&key_id(key)?);
        list.push(Extension { oid: "2.5.29.14", critical: false, value: subject_id });
        let issuer_id = der::sequence(&[der::tlv(der::context(0), &key_id(issuer_key)?)]);
        list.push(Extension { oid: "2.5.29.35", critical: false, value: issuer_id });
        list.extend(self.extra.iter().cloned());
        Ok(list)
    }

    fn basic(&self) -> Option<Extension> {
        let value = match self.basic {
            Basic::Absent => return None,
            Basic::EndEntity => der::sequence(&[]),
            Basic::Authority { path: None } => der::sequence(&[der::truth()]),
            Basic::Authority { path: Some(n) } => der::sequence(&[der::truth(), der::integer(n)]),
        };
        Some(Extension { oid: "2.5.29.19", critical: true, value })
    }

    fn usage(&self) -> Option<Extension> {
        let bits: Vec<u8> = self.usage.iter().map(|usage| *usage as u8).collect();
        let value = der::named_bits(&bits);
        (!bits.is_empty()).then_some(Extension { oid: "2.5.29.15", critical: true, value })
    }

    fn purposes(&self) -> Option<Extension> {
        let arc = |purpose: &Purpose| der::oid(&[1, 3, 6, 1, 5, 5, 7, 3, *purpose as u32]);
        let list: Vec<Vec<u8>> = self.purposes.iter().map(arc).collect();
        let value = der::sequence(&list);
        (!list.is_empty()).then_some(Extension { oid: "2.5.29.37", critical: false, value })
    }

    /// Critical when the subject is empty (RFC 5280 §4.2.1.6).
    fn san(&self) -> Option<Extension> {
        let critical = self.common_names.is_empty();
        let value = names(&self.san);
        (!self.san.is_empty()).then_some(Extension { oid: "2.5.29.17", critical, value })
    }

    fn constraints(&self) -> Option<Extension> {
        let subtrees = |tag: u8, list: &[San]| -> Option<Vec<u8>> {
            let bases: Vec<Vec<u8>> =
                list.iter().map(|base| der::sequence(&[base.to_der()])).collect();
            (!bases.is_empty()).then(|| der::tlv(der::context_constructed(tag), &bases.concat()))
        };
        let parts: Vec<Vec<u8>> = [subtrees(0, &self.permitted), subtrees(1, &self.excluded)]
            .into_iter()
            .flatten()
            .collect();
        let value = der::sequence(&parts);
        (!parts.is_empty()).then_some(Extension { oid: "2.5.29.30", critical: true, value })
    }
}

impl Extension {
    fn build(&self) -> Result<X509Extension, ErrorStack> {
        let oid = Asn1Object::from_str(self.oid)?;
        let value = Asn1OctetString::new_from_bytes(&self.value)?;
        X509Extension::new_from_der(&oid, self.critical, &value)
    }
}

impl KeyKind {
    fn generate(self) -> Result<PKey<Private>, ErrorStack> {
        match self {
            Self::P256 => p256(Asn1Flag::NAMED_CURVE),
            Self::ExplicitP256 => p256(Asn1Flag::EXPLICIT_CURVE),
            Self::Rsa(bits) => PKey::from_rsa(Rsa::generate(bits)?),
        }
    }
}

fn p256(form: Asn1Flag) -> Result<PKey<Private>, ErrorStack> {
    let mut group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    group.set_asn1_flag(form);
    PKey::from_ec_key(EcKey::generate(&group)?)
}

impl Version {
    /// As X.509 counts.
    const fn number(self) -> i32 {
        match self {
            Self::V1 => 0,
            Self::V3 => 2,
        }
    }
}

impl Digest {
    fn algorithm(self) -> MessageDigest {
        match self {
            Self::Md5 => MessageDigest::md5(),
            Self::Sha1 => MessageDigest::sha1(),
            Self::Sha256 => MessageDigest::sha256(),
        }
    }
}

impl Identity {
    /// The same certificate with one bit of its signature turned round.
    pub fn with_broken_signature(&self) -> Result<Self, Fault> {
        let mut der = self.cert.to_der()?;
        // The signature is the last field of a certificate, so the last octet belongs to it.
        if let Some(last) = der.last_mut() {
            *last ^= 1;
        }
        Ok(Self { cert: X509::from_der(&der)?, key: self.key.clone() })
    }
}

/// A method of our own choice, as RFC 5280 §4.2.1.2 allows: SHA-1 of the whole SPKI.
fn key_id(key: &PKey<Private>) -> Result<Vec<u8>, ErrorStack> {
    Ok(hash(MessageDigest::sha1(), &key.public_key_to_der()?)?.to_vec())
}

fn set_serial(cert: &mut X509Builder) -> Result<(), ErrorStack> {
    let mut serial = [0; 16];
    openssl::rand::rand_bytes(&mut serial)?;
    // Neither negative nor shorter than sixteen octets.
    serial[0] = serial[0] & 0x7f | 0x40;
    let serial = BigNum::from_slice(&serial)?.to_asn1_integer()?;
    cert.set_serial_number(&serial)
}

pub(crate) fn now() -> Result<i64, Fault> {
    Ok(i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_is_signed_by_its_issuer() {
        let root = Blueprint::authority("Root").self_signed().unwrap();
        let leaf = Blueprint::leaf(&["mail.bob.test"]).issued_by(&root).unwrap();
        assert!(leaf.cert.verify(&root.key).unwrap());
        assert_eq!(leaf.cert.serial_number().to_bn().unwrap().num_bytes(), 16);
        let broken = leaf.with_broken_signature().unwrap();
        assert!(!broken.cert.verify(&root.key).unwrap_or(false));
    }

    #[test]
    fn openssl_reads_what_the_writer_wrote() {
        let mut blueprint = Blueprint::leaf(&["mail.bob.test"]);
        blueprint.san.push(San::Ip("127.0.0.1".parse().unwrap()));
        blueprint.san.push(San::Email("bob@bob.test".into()));
        let cert = blueprint.self_signed().unwrap().cert;
        let names = cert.subject_alt_names().unwrap();
        assert_eq!(names[0].dnsname(), Some("mail.bob.test"));
        assert_eq!(names[1].ipaddress(), Some(&[127, 0, 0, 1][..]));
        assert_eq!(names[2].email(), Some("bob@bob.test"));
    }

    #[test]
    fn names_of_odd_content_go_in_as_they_are() {
        let nul = San::Dns(b"mail.bob.test\0.eve.test".to_vec());
        let blueprint = Blueprint { san: vec![nul], ..Blueprint::leaf(&["mail.eve.test"]) };
        let der = blueprint.self_signed().unwrap().cert.to_der().unwrap();
        assert!(der.windows(23).any(|w| w == b"mail.bob.test\0.eve.test"));
    }
}
