//! Paths that were found good, so that the same chain need not be built and its signatures checked again
//! and again.
//!
//! What is remembered is a *path*, not a verdict: the certificates from the leaf to the anchor, and what
//! the check of the chain said of them. Names, name constraints, pins, TLSA records, the staple, public
//! logs and known peers are judged each time, on that path.
//!
//! Everything that a path depends on beside the chain is the policy's, and the policy is frozen: purpose,
//! depth, level, profile, anchors. So the place belongs to the policy, and the key is the chain itself,
//! octet by octet and in its order. Where a path depends on more, nothing is remembered: with CRLs, with
//! the option `time`, under a policy that is insecure or audits, and under anchors that a TLSA record
//! made.
//!
//! A path comes here only from a verdict that was TRUSTED, and is good for `chain_cache_seconds`, for as
//! long as each of its certificates, and never before the time at which it was found.
//!
//! Q: Can a chain that was never judged profit? A: Its CAs can: a certificate that OpenSSL has read is
//! not read again. That says nothing about trust.

use std::sync::Arc;

use crate::error::Result;
use crate::limits::{KNOWN_CHAIN_OCTETS, KNOWN_CHAINS};
use crate::ossl::{Certificate, Chain, UnreadChain};
use crate::report::Finding;

use super::place::Place;
use super::shelf::{Good, Shelf};

/// A path without a fault, from a chain as it was sent.
pub struct GoodPath {
    /// The chain.
    pub sent: Chain,
    /// Leaf first, the anchor last.
    pub path: Vec<Certificate>,
    /// What the check of the chain said.
    pub findings: Vec<Finding>,
    /// Whether a CA of the path says for which names it may issue.
    pub constrained: Constrained,
}

/// Whether a path that is good may be bad for another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Constrained {
    /// It is good for every name of the leaf.
    No,
    /// A CA has name constraints, or some that cannot be read.
    Perhaps,
}

/// The known chains of one policy, shared by threads.
pub struct KnownChains {
    place: Place<Shelf<Key, Arc<GoodPath>>>,
    seconds: i64,
}

/// A chain as it was sent; what came beside it is none of the key's business.
#[derive(PartialEq, Eq)]
struct Key(Vec<Certificate>);

impl KnownChains {
    /// None yet; each will be known for so long.
    pub fn new(seconds: i64) -> KnownChains {
        KnownChains { place: Place::new(|| Shelf::new(KNOWN_CHAINS, 1)), seconds }
    }

    /// The path of this chain, if it was found good and still is.
    pub fn find(&self, chain: &Chain, now: i64) -> Option<Arc<GoodPath>> {
        let place = self.place.enter()?;
        let found = place.kept.find(|key| key.0 == chain.certificates(), now);
        found.map(Arc::clone)
    }

    /// Remembers a path that was found good now. A peer who sends very long chains is not remembered.
    pub fn put(&self, good: Arc<GoodPath>, now: i64) {
        let octets = |certificates: &[Certificate]| -> usize {
            certificates.iter().map(|certificate| certificate.der().len()).sum()
        };
        let sent = good.sent.certificates();
        if octets(sent) + octets(&good.path) > KNOWN_CHAIN_OCTETS {
            return;
        }
        let key = Key(sent.to_vec());
        let Some(until) = self.until(&good.path, now) else { return };
        if let Some(mut place) = self.place.enter() {
            place.kept.put(key, good, Good { from: now, until }, now);
        }
    }

    /// The first second in which the path is good no more. The last second of a validity still belongs
    /// to it (RFC 5280 §4.1.2.5).
    fn until(&self, path: &[Certificate], now: i64) -> Option<i64> {
        let first = Some(now.saturating_add(self.seconds));
        path.iter().fold(first, |first, one| Some(first?.min(one.not_after()?.saturating_add(1))))
    }

    /// Reads a chain, and no certificate twice.
    pub fn read(&self, chain: &UnreadChain) -> Result<Chain> {
        let known = self.certificates_of(chain);
        chain.read(|der| known.iter().find(|one| one.der() == der).cloned())
    }

    /// The chain of a handshake, which OpenSSL has read already, with the certificates of a known one in
    /// place of its own: sessions with the same peer hold them once, and what was found out of them.
    pub fn shared(&self, chain: Chain) -> Chain {
        let Some(place) = self.place.enter() else { return chain };
        let known = place.kept.keys().find(|key| key.0 == chain.certificates());
        match known {
            Some(key) => chain.sharing(&key.0),
            None => chain,
        }
    }

    /// Those that were read before. OpenSSL takes its time for the others, and nobody waits for that.
    fn certificates_of(&self, chain: &UnreadChain) -> Vec<Certificate> {
        let Some(place) = self.place.enter() else { return Vec::new() };
        let known = |der: &[u8]| {
            let mut all = place.kept.keys().flat_map(|key| &key.0);
            all.find(|certificate| certificate.der() == der).cloned()
        };
        chain.unread().filter_map(known).collect()
    }
}
