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
//! The lock is never waited for. A child whose parent forked while another thread held the lock would
//! wait for ever; it does without. A child begins with nothing: two processes that use the same
//! ticket tell an observer that they belong together (RFC 8446 §C.4).

use std::sync::{Mutex, MutexGuard, TryLockError};

use crate::limits::{KEPT_SECONDS, KEPT_SESSIONS, KEPT_SESSIONS_PER_PEER};
use crate::ossl::{Chain, Ticket};
use crate::proto::Protocol;

use super::examination::KeptEnding;
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
    place: Mutex<Place>,
}

struct Place {
    shelf: Shelf<PeerKey, Kept>,
    process: u32,
}

impl Place {
    fn new() -> Place {
        let shelf = Shelf::new(KEPT_SESSIONS, KEPT_SESSIONS_PER_PEER);
        Place { shelf, process: std::process::id() }
    }
}

impl Default for KeptSessions {
    fn default() -> KeptSessions {
        KeptSessions { place: Mutex::new(Place::new()) }
    }
}

impl KeptSessions {
    /// How often a lock that somebody else holds is tried again; they hold it for microseconds.
    const TRIES: usize = 100;

    /// Keeps a session.
    pub fn put(&self, key: PeerKey, kept: Kept, now: i64) {
        let until = kept.ticket.until().min(kept.proved.saturating_add(KEPT_SECONDS));
        let good = Good { from: now, until };
        if let Some(mut place) = self.lock() {
            place.shelf.put(key, kept, good, now);
        }
    }

    /// Takes the newest one for this peer, if there is one.
    pub fn take(&self, key: &PeerKey, now: i64) -> Option<Kept> {
        self.lock()?.shelf.take(key, now)
    }

    fn lock(&self) -> Option<MutexGuard<'_, Place>> {
        let mut place = (0..Self::TRIES).find_map(|_| match self.place.try_lock() {
            Ok(place) => Some(place),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => {
                std::thread::yield_now();
                None
            }
        })?;
        if place.process != std::process::id() {
            *place = Place::new();
        }
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> PeerKey {
        PeerKey {
            protocol: Protocol::Imaps,
            host: "mail.bob.test".into(),
            port: 993,
            references: vec!["dns:mail.bob.test".into()],
            server_name: None,
            alpn: "imap",
            endpoint: None,
        }
    }

    #[test]
    fn a_lock_that_was_held_at_a_fork_hangs_nobody() {
        let kept = KeptSessions::default();
        let held = kept.place.lock().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| assert!(kept.take(&key(), 0).is_none())).join().unwrap();
        });
        drop(held);
        assert!(kept.lock().is_some());
    }

    #[test]
    fn a_child_begins_with_nothing() {
        let kept = KeptSessions::default();
        kept.place.lock().unwrap().process = 0;
        assert!(kept.take(&key(), 0).is_none());
        assert_eq!(kept.place.lock().unwrap().process, std::process::id());
    }
}
