//! The certificates of a peer, as sent: leaf first, order and strays kept.

use openssl::stack::StackRef;
use openssl::x509::X509;

use crate::error::{Error, Result};
use crate::limits::{CHAIN_CERTIFICATES, STAPLE_OCTETS};
use crate::pem::{self, Place};
use crate::status::Status;

use super::certificate::Certificate;
use super::error_queue::words;

/// Certificates, leaf first.
#[derive(Clone, Default)]
pub struct Chain {
    certificates: Vec<Certificate>,
    staple: Option<Vec<u8>>,
}

impl Chain {
    /// An empty chain.
    pub fn new() -> Chain {
        Chain::default()
    }

    /// Appends one certificate in DER.
    pub fn add_der(&mut self, der: &[u8]) -> Result<()> {
        self.push(Certificate::from_der(der)?)
    }

    /// Appends every certificate of a PEM text; at least one, or it is an error.
    pub fn add_pem(&mut self, pem: &[u8]) -> Result<()> {
        let found = certificates_of_pem(pem)?;
        if found.is_empty() {
            let what = "the text holds no certificate (no BEGIN CERTIFICATE)";
            return Err(Error::new(Status::Certificate, what));
        }
        found.into_iter().try_for_each(|certificate| self.push(certificate))
    }

    /// The OCSP response that came with it, DER, in place of an earlier one; none if empty. Whether
    /// it is one is the judge's business.
    pub fn set_staple(&mut self, der: &[u8]) -> Result<()> {
        if der.len() > STAPLE_OCTETS {
            let what = format!("an OCSP response of {} octets exceeds {STAPLE_OCTETS}", der.len());
            return Err(Error::new(Status::Argument, what));
        }
        self.staple = (!der.is_empty()).then(|| der.to_vec());
        Ok(())
    }

    /// The OCSP response that the caller gave with a chain on disk. A door with a handshake has it
    /// from the handshake.
    pub fn staple(&self) -> Option<&[u8]> {
        self.staple.as_deref()
    }

    /// The chain as libssl has it: the leaf apart, then what was sent, which may begin with the leaf.
    pub(super) fn from_handshake(leaf: X509, sent: Option<&StackRef<X509>>) -> Result<Chain> {
        let mut chain = Chain::new();
        chain.push(Certificate::from_x509(leaf)?)?;
        for (position, x509) in sent.into_iter().flatten().enumerate() {
            let certificate = Certificate::from_x509(x509.to_owned())?;
            if position > 0 || certificate.der() != chain.certificates[0].der() {
                chain.push(certificate)?;
            }
        }
        Ok(chain)
    }

    /// The same chain with these certificates in place of its own, which must be equal.
    pub fn sharing(self, certificates: &[Certificate]) -> Chain {
        debug_assert!(self.certificates == certificates, "another chain");
        Chain { certificates: certificates.to_vec(), ..self }
    }

    pub(super) fn push(&mut self, certificate: Certificate) -> Result<()> {
        room_after(self.certificates.len())?;
        self.certificates.push(certificate);
        Ok(())
    }

    /// Number of certificates.
    pub fn len(&self) -> usize {
        self.certificates.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    /// The peer's own certificate.
    pub fn leaf(&self) -> Option<&Certificate> {
        self.certificates.first()
    }

    /// All, as sent.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// All, as sent.
    pub fn iter(&self) -> impl Iterator<Item = &Certificate> {
        self.certificates.iter()
    }
}

/// Whether one more may follow so many.
pub(super) fn room_after(count: usize) -> Result<()> {
    if count < CHAIN_CERTIFICATES {
        return Ok(());
    }
    let what = format!("a chain of more than {CHAIN_CERTIFICATES} certificates");
    Err(Error::new(Status::Certificate, what))
}

/// Every certificate block of a PEM text; other blocks (keys, CRLs) are passed over.
pub fn certificates_of_pem(text: &[u8]) -> Result<Vec<Certificate>> {
    // What is not plain, OpenSSL reads in its own way, and calls it by its own words.
    plain_certificates(text).map_or_else(|| odd_certificates(text), Ok)
}

fn plain_certificates(text: &[u8]) -> Option<Vec<Certificate>> {
    let places = pem::certificates(text).ok()?;
    let read = |place: Place| Certificate::from_der(&pem::contents(text, place).ok()?).ok();
    places.into_iter().map(read).collect()
}

fn odd_certificates(pem: &[u8]) -> Result<Vec<Certificate>> {
    refuse_encrypted(pem)?;
    let parsed = X509::stack_from_pem(pem).map_err(|errors| {
        let what = format!("a certificate in the PEM text cannot be parsed: {}", words(&errors));
        Error::new(Status::Certificate, what)
    })?;
    parsed.into_iter().map(Certificate::from_x509).collect()
}

/// For an encrypted certificate OpenSSL would ask for a passphrase on the terminal (the headers of RFC
/// 1421 §4.6.1.1); an encrypted key beside certificates is passed over without.
fn refuse_encrypted(pem: &[u8]) -> Result<()> {
    let text = String::from_utf8_lossy(pem);
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.by_ref().find(|line| line.starts_with("-----BEGIN ")) {
        let first = lines.clone().next().unwrap_or_default();
        if line.ends_with("CERTIFICATE-----") && first.contains(':') {
            let what = "a certificate in the PEM text has headers, as if it were encrypted";
            return Err(Error::new(Status::Certificate, what));
        }
    }
    Ok(())
}
