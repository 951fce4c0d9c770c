//! `--known-peers`: the store is asked before a peer is visited, and written after one who was trusted.

use starttls_verify::error::Result;
use starttls_verify::report::{Report, Shown, Verdict};
use starttls_verify::store::known_peers::{KnownPeers, Missing};
use starttls_verify::verify::{Peer, Verifier};

use crate::visit::Visit;

/// The store that was asked for, or none.
#[derive(Debug)]
pub struct Acquaintance {
    store: Option<KnownPeers>,
}

impl Acquaintance {
    /// The store with this path, which is there and whole.
    pub fn of(path: Option<&str>) -> Result<Acquaintance> {
        let store = path.map(|path| KnownPeers::open(path, Missing::Refused)).transpose()?;
        Ok(Acquaintance { store })
    }

    /// Whether there is one, which is on disk and may be locked by others.
    pub fn is_asked(&self) -> bool {
        self.store.is_some()
    }

    /// Visits a peer with what is known of it.
    pub fn visit(&self, verifier: &Verifier, peer: Peer) -> Result<Visit> {
        Visit::pay(verifier, &self.recall(peer)?)
    }

    /// The peer with what is known of it.
    pub fn recall(&self, mut peer: Peer) -> Result<Peer> {
        self.store.as_ref().map_or(Ok(()), |store| store.recall(&mut peer))?;
        Ok(peer)
    }

    /// Remembers a peer who was trusted in a full handshake.
    pub fn keep(&self, report: &Report) -> Result<()> {
        match &self.store {
            Some(store)
                if report.verdict == Verdict::Trusted && report.shown == Shown::InHandshake =>
            {
                store.remember_report(report)
            }
            Some(_) | None => Ok(()),
        }
    }
}
