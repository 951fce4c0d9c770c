//! The frozen configuration, shared by threads and counted.

use std::sync::Arc;

use crate::error::Result;
use crate::trust::Watched;

use super::config::{Config, HostPattern};
use super::peer::Peer;
use super::policy::Policy;

/// Policies for all peers. Cloning counts a reference.
#[derive(Clone)]
pub struct Verifier {
    inner: Arc<Inner>,
}

struct Inner {
    default: Arc<Policy>,
    sections: Vec<(HostPattern, Arc<Policy>)>,
    config_file: Option<Watched>,
}

impl Verifier {
    /// Freezes the configuration: reads its files and checks every value.
    pub fn new(config: &Config) -> Result<Verifier> {
        let config_file = config.file_path().map(Watched::now);
        let default = Arc::new(Policy::freeze(&config.settings())?);
        let sections = config
            .sections()
            .map(|(pattern, settings)| Ok((pattern.clone(), Arc::new(Policy::freeze(&settings)?))))
            .collect::<Result<_>>()?;
        Ok(Verifier { inner: Arc::new(Inner { default, sections, config_file }) })
    }

    /// The policy for this peer: the section that fits best, else the default.
    pub fn policy(&self, peer: &Peer) -> Arc<Policy> {
        if self.inner.sections.is_empty() {
            return Arc::clone(&self.inner.default);
        }
        let (host, port) = (peer.host_text(), peer.effective_port());
        let fitting = self
            .inner
            .sections
            .iter()
            .filter_map(|(pattern, policy)| pattern.fit(&host, port).map(|fit| (fit, policy)));
        let best = fitting.max_by_key(|(fit, _)| *fit).map(|(_, policy)| policy);
        Arc::clone(best.unwrap_or(&self.inner.default))
    }

    /// Whether a CA file, a CRL or the configuration file has changed since.
    pub fn is_stale(&self) -> bool {
        let policies = self.inner.sections.iter().map(|(_, policy)| policy);
        let policies = policies.chain(std::iter::once(&self.inner.default));
        let mut watched =
            policies.flat_map(|policy| &policy.watched).chain(&self.inner.config_file);
        watched.any(Watched::has_changed)
    }
}
