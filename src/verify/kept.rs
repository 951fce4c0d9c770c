//! Sessions that were TRUSTED and may be resumed: what one policy keeps of them, in memory.
//!
//! They belong to the policy, so a ticket made under one policy (its anchors, purpose, pins, client
//! certificate, TLS settings) cannot serve another, nor one verifier another one. A policy that has
//! an insecure option, or a setting that is unusual for a live peer, or audits, has no such place:
//! what was accepted by exception is accepted anew each time.
//!
//! Under the policy they are kept by everything that says whom a session was for ([`PeerKey`]):
//! CVE-2016-5419 and the like were caches that forgot a part of it. What a session is judged by is
//! *not* part of the key but kept beside the ticket, and judged again before it is offered: dates,
//! pins and TLSA records count as they are then.
//!
//! A child begins with nothing (`place`): two processes that use the same ticket tell an observer that
//! they belong together (RFC 8446 §C.4).

use crate::limits::{KEPT_SECONDS, KEPT_SESSIONS, KEPT_SESSIONS_PER_PEER};
use crate::ossl::{Chain, Ticket};
use crate::proto::Protocol;

use super::examination::KeptEnding;
use super::place::Place;
use super::shelf::{Good, Shelf};

/// Whom a session was for. Two peers who differ in any of it have nothing in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerKey {
    /// The service: a certificate may be for several.
    pub protocol: Protocol,
    /// The host that was meant.
    pub host: String,
    /// The port that was meant.
    pub port: u16,
    /// Every name that the certificate might be for, tagged.
    pub references: Vec<String>,
    /// The server name that was sent: the server chose its certificate by it (RFC 8446 §4.6.1).
    pub server_name: Option<String>,
    /// The application protocol that was offered (RFC 7301 §3.2).
    pub alpn: &'static str,
    /// Where it was connected to, if that was said. It does not say who the peer is; but two
    /// addresses are two machines, mostly, and one must not learn whom the other one met.
    pub endpoint: Option<(String, u16)>,
}

/// What is kept of a session.
pub struct Kept {
    /// What TLS needs.
    pub ticket: Ticket,
    /// What the peer showed, to be judged again.
    pub chain: Chain,
    /// What the end of the handshake showed.
    pub ending: KeptEnding,
    /// When the peer proved to hold its key, seconds since 1970: RFC 8446 §4.6.1 wants new
    /// proof now and then, however often tickets are renewed.
    pub proved: i64,
}

/// The kept sessions of one policy, shared by threads.
pub struct KeptSessions {
    place: Place<Shelf<PeerKey, Kept>>,
}

impl Default for KeptSessions {
    fn default() -> KeptSessions {
        KeptSessions { place: Place::new(|| Shelf::new(KEPT_SESSIONS, KEPT_SESSIONS_PER_PEER)) }
    }
}

impl KeptSessions {
    /// Keeps a session.
    pub fn put(&self, key: PeerKey, kept: Kept, now: i64) {
        let until = kept.ticket.until().min(kept.proved.saturating_add(KEPT_SECONDS));
        let good = Good { from: now, until };
        if let Some(mut place) = self.place.enter() {
            place.kept.put(key, kept, good, now);
        }
    }

    /// Takes the newest one for this peer, if there is one.
    pub fn take(&self, key: &PeerKey, now: i64) -> Option<Kept> {
        self.place.enter()?.kept.take(key, now)
    }
}
