//! Who may have issued whom, and what OpenSSL may use for one candidate path.
//!
//! Nothing is decided here and no signature is checked: these are the questions with which the judge
//! finds candidates, by OpenSSL's own rule (X509_check_issued(3): names, key identifiers, key usage).

use foreign_types::{ForeignType, ForeignTypeRef};
use openssl::error::ErrorStack;
use openssl::stack::Stack;
use openssl::x509::{X509, X509StoreContext, X509VerifyResult};

use super::certificate::Certificate;
use super::error_queue::drain;
use super::store::Store;
use super::sys;

/// The only certificates that a path may be built of, beside the leaf.
#[derive(Clone)]
pub struct Route {
    /// From the leaf's issuer on.
    pub between: Vec<Certificate>,
    /// The one anchor.
    pub anchor: Certificate,
}

impl Route {
    /// All of them, from the leaf's issuer to the anchor.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.between.iter().chain([&self.anchor])
    }
}

impl Certificate {
    /// Whether this may be the issuer of the other, by all but the signature.
    pub fn may_have_issued(&self, other: &Certificate) -> bool {
        let answer = self.x509.issued(&other.x509);
        drain();
        answer == X509VerifyResult::OK
    }
}

impl Store {
    /// Every anchor that may have issued this certificate, in the store's order.
    pub fn issuers_of(&self, certificate: &Certificate) -> Vec<Certificate> {
        let named = self.named_as_issuer(certificate).unwrap_or_default();
        drain();
        let read = named.into_iter().filter_map(|x509| Certificate::from_x509(x509).ok());
        read.filter(|anchor| anchor.may_have_issued(certificate)).collect()
    }

    fn named_as_issuer(&self, certificate: &Certificate) -> Result<Vec<X509>, ErrorStack> {
        let mut context = X509StoreContext::new()?;
        let nothing: Stack<X509> = Stack::new()?;
        context.init(self.as_ref(), &certificate.x509, &nothing, |context| {
            let name = certificate.x509.issuer_name().as_ptr();
            // SAFETY: the context is initialised with a store, and the name lives as long as its
            // certificate.
            let found = unsafe { sys::X509_STORE_CTX_get1_certs(context.as_ptr(), name) };
            if found.is_null() {
                return Ok(Vec::new());
            }
            // SAFETY: the stack is ours, with a reference of each certificate in it.
            let found: Stack<X509> = unsafe { Stack::from_ptr(found) };
            Ok(found.into_iter().collect())
        })
    }
}
