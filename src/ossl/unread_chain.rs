//! The certificates of a peer as octets: OpenSSL reads them when they are judged, if it has not read the
//! same ones before. To read one costs it about as much as to check a signature.
//!
//! Q: And what is no certificate? A: The house's own reader of DER sees that at once. What it takes and
//! OpenSSL does not shows when the chain is judged.

use crate::der;
use crate::error::{Error, Result};
use crate::limits::CERTIFICATE_OCTETS;
use crate::status::Status;

use super::certificate::Certificate;
use super::chain::{Chain, certificates_of_pem, room_after};

/// Certificates, leaf first.
#[derive(Default)]
pub struct UnreadChain {
    certificates: Vec<Unread>,
    /// No certificate, but what came with them.
    beside: Chain,
}

enum Unread {
    Octets(Box<[u8]>),
    Read(Certificate),
}

impl UnreadChain {
    /// An empty chain.
    pub fn new() -> UnreadChain {
        UnreadChain::default()
    }

    /// Appends one certificate in DER.
    pub fn add_der(&mut self, der: &[u8]) -> Result<()> {
        room_after(self.certificates.len())?;
        // What is not strict DER may still be a certificate for OpenSSL, whose words say why not.
        let unread = match der::Certificate::parse(der) {
            Ok(_) if der.len() <= CERTIFICATE_OCTETS => Unread::Octets(der.into()),
            Ok(_) | Err(_) => Unread::Read(Certificate::from_der(der)?),
        };
        self.certificates.push(unread);
        Ok(())
    }

    /// Appends every certificate of a PEM text; at least one, or it is an error.
    pub fn add_pem(&mut self, pem: &[u8]) -> Result<()> {
        let found = certificates_of_pem(pem)?;
        if found.is_empty() {
            let what = "the text holds no certificate (no BEGIN CERTIFICATE)";
            return Err(Error::new(Status::Certificate, what));
        }
        for certificate in found {
            room_after(self.certificates.len())?;
            self.certificates.push(Unread::Read(certificate));
        }
        Ok(())
    }

    /// The OCSP response that came with it, as [`Chain::set_staple`].
    pub fn set_staple(&mut self, der: &[u8]) -> Result<()> {
        self.beside.set_staple(der)
    }

    /// Number of certificates.
    pub fn len(&self) -> usize {
        self.certificates.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    /// The octets of what OpenSSL has not read yet.
    pub fn unread(&self) -> impl Iterator<Item = &[u8]> {
        self.certificates.iter().filter_map(|unread| match unread {
            Unread::Octets(der) => Some(&der[..]),
            Unread::Read(_) => None,
        })
    }

    /// The chain, read; `known` has what was read before, by its octets.
    pub fn read(&self, known: impl Fn(&[u8]) -> Option<Certificate>) -> Result<Chain> {
        let mut chain = self.beside.clone();
        for unread in &self.certificates {
            chain.push(match unread {
                Unread::Octets(der) => match known(der) {
                    Some(certificate) => certificate,
                    None => Certificate::from_der(der)?,
                },
                Unread::Read(certificate) => certificate.clone(),
            })?;
        }
        Ok(chain)
    }
}
