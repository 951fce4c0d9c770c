//! All anchors of a verifier, to be asked for by name.
//!
//! A name that OpenSSL's store knows is never asked for again, so all anchors come from here, in the
//! order of their sources: one put into the store beforehand would hide its namesakes.

use std::sync::Arc;

use crate::ossl::{AnchorSource, Certificate};

use super::bundle::Bundle;

/// Where some of the anchors are.
#[derive(Clone)]
pub(super) enum Part {
    /// In a file with an index.
    Indexed(Arc<Bundle>),
    /// Parsed already.
    Parsed(Vec<Certificate>),
}

/// Parts, in the order of trust.
pub(super) struct Anchors(pub(super) Vec<Part>);

impl Part {
    /// Every certificate.
    pub(super) fn all(&self) -> Vec<Certificate> {
        match self {
            Part::Indexed(bundle) => bundle.all(),
            Part::Parsed(certificates) => certificates.clone(),
        }
    }

    /// Whether exactly this certificate is in it.
    pub(super) fn contains(&self, certificate: &Certificate) -> bool {
        match self {
            Part::Indexed(bundle) => bundle.contains(certificate),
            Part::Parsed(all) => all.iter().any(|one| one.der() == certificate.der()),
        }
    }

    fn named(&self, subject: &[u8]) -> Vec<Certificate> {
        match self {
            Part::Indexed(bundle) => bundle.named(subject),
            // They are few, and who asks compares the names.
            Part::Parsed(certificates) => certificates.clone(),
        }
    }
}

impl AnchorSource for Anchors {
    fn named(&self, subject: &[u8]) -> Vec<Certificate> {
        self.0.iter().flat_map(|part| part.named(subject)).collect()
    }
}
