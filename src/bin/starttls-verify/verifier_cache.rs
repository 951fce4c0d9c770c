//! Verifiers of the last few kinds of lines: freezing one reads CA files, and lines of a batch are
//! mostly alike.

use data_encoding::HEXLOWER;
use starttls_verify::error::{Error, Result};
use starttls_verify::ossl::digest;
use starttls_verify::pin::Algorithm;
use starttls_verify::status::Status;
use starttls_verify::verify::Verifier;

use crate::base::Base;
use crate::line_policy::LinePolicy;

/// Each may hold large revocation lists, so they are few.
const KEPT: usize = 8;

/// The last verifiers, the newest in front.
pub struct VerifierCache {
    base: Base,
    recent: Vec<(String, Verifier)>,
}

impl VerifierCache {
    /// Freezes the settings of the command line, which must be good by themselves.
    pub fn new(base: Base) -> Result<VerifierCache> {
        let mut cache = VerifierCache { base, recent: Vec::new() };
        cache.verifier(&LinePolicy::default())?;
        Ok(cache)
    }

    /// The settings of the command line.
    pub fn base(&self) -> &Base {
        &self.base
    }

    /// The verifier for a line; made anew when its files have changed.
    pub fn verifier(&mut self, policy: &LinePolicy) -> Result<Verifier> {
        let key = key(policy)?;
        let known = self.recent.iter().position(|(known, _)| *known == key);
        let entry = match known.map(|position| self.recent.remove(position)) {
            Some(entry) if !entry.1.is_stale() => entry,
            Some(_) | None => (key, Verifier::new(&policy.config(&self.base)?)?),
        };
        let verifier = entry.1.clone();
        self.recent.truncate(KEPT - 1);
        self.recent.insert(0, entry);
        Ok(verifier)
    }
}

/// A digest, because the lists of a line may be long.
fn key(policy: &LinePolicy) -> Result<String> {
    let text = serde_json::to_vec(policy)
        .map_err(|error| Error::new(Status::Argument, error.to_string()))?;
    Ok(HEXLOWER.encode(&digest(Algorithm::Sha256, &text)?))
}
