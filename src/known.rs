//! Known peers: what was seen of a peer before (trust on first use). Data and rules without IO.
//!
//! A peer is known by protocol, host and port; what is remembered is its key (SHA-256 of the leaf's
//! SubjectPublicKeyInfo, RFC 7469 §2.4), so that a renewal that keeps the key changes nothing. The
//! store on disk (`store::known_peers`) reads an [`Answer`], the judge (`verify::known`) weighs it.
//!
//! | the peer's key is          | state     |
//! |----------------------------|-----------|
//! | of a peer never seen       | `New`     |
//! | a key in force             | `Same`    |
//! | an announced backup        | `Rotated` |
//! | anything else              | `Changed` |
//!
//! Q: What happens to the old key when an announced one takes its place?
//! A: It is in force no more. Keys are rotated because the old one may be in wrong hands. Where old
//!    and new are served side by side for a while, announce the old one again.
//!
//! Q: What are addresses for?
//! A: Evidence for people. An address never weighs: servers move.

use std::cmp::Ordering;
use std::fmt;
use std::net::IpAddr;

use crate::error::{Error, Result};
use crate::name::{Idna, ReferenceId};
use crate::options::Spelling;
use crate::pin::{Algorithm, Pin, Subject};
use crate::proto::Protocol;
use crate::report::quote;
use crate::status::Status;

/// Most keys in force, and most announced ones, of one peer.
pub const MOST_KEYS: usize = 8;
/// Most addresses that are kept of one peer; the ones seen longest ago go first.
pub const MOST_ADDRESSES: usize = 16;

/// SHA-256 of a SubjectPublicKeyInfo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyPin([u8; 32]);

/// Who a peer is: protocol, host (an A-label or an address) and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerKey {
    protocol: Protocol,
    host: String,
    port: u16,
}

/// What vouched for the key when it was remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// Nothing: it was the first one seen.
    FirstUse,
    /// A trusted chain for the right name.
    Pkix,
    /// A TLSA record.
    Dane,
    /// The administrator, who announced or pinned it.
    Administrator,
}

/// When a peer was seen, seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// For the first time.
    pub first: i64,
    /// For the last time.
    pub last: i64,
}

/// What is known of one peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Keys in force.
    pub keys: Vec<KeyPin>,
    /// Keys that the administrator announced.
    pub backups: Vec<KeyPin>,
    /// What vouched for the keys in force.
    pub origin: Origin,
    /// When the peer was seen; `None` where it was only announced.
    pub seen: Option<Seen>,
    /// Addresses, the one seen last at the end.
    pub addresses: Vec<IpAddr>,
}

/// How a key relates to what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The peer was never seen.
    New,
    /// It has a key in force.
    Same,
    /// It has a key that was announced.
    Rotated,
    /// It has another key.
    Changed,
}

/// What a store said of one peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Of whom; `None` where it could not even be asked.
    pub peer: Option<PeerKey>,
    /// What.
    pub memory: Memory,
}

/// What a store knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Memory {
    /// The peer was never seen.
    Nothing,
    /// This.
    Known(Entry),
    /// The store could not say, and why. It is never taken for a first use.
    Unreadable(String),
    /// "Never seen" is good for one session, and had its session.
    Spent,
}

/// One full handshake with a trusted peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The key it showed.
    pub key: KeyPin,
    /// What vouches for it.
    pub origin: Origin,
    /// Where it was connected to, if that is known.
    pub address: Option<IpAddr>,
    /// When, seconds since 1970.
    pub time: i64,
}

impl KeyPin {
    /// The digest as a pin.
    pub const fn from_digest(digest: [u8; 32]) -> KeyPin {
        KeyPin(digest)
    }

    /// Reads `spki-sha256:BASE64` (hexadecimal is fine too).
    pub fn parse(text: &str) -> Result<KeyPin> {
        let pin = Pin::parse(text, Spelling::Plain)?;
        let digest: Option<[u8; 32]> = match (pin.subject, pin.algorithm) {
            (Subject::Spki, Algorithm::Sha256) => pin.digest.try_into().ok(),
            _ => None,
        };
        digest.map(KeyPin).ok_or_else(|| {
            let shown = quote(text.as_bytes());
            let what = format!("pin '{shown}': known peers are kept by key, spki-sha256:BASE64");
            Error::new(Status::Pin, what)
        })
    }

    /// `spki-sha256:BASE64`.
    pub fn text(&self) -> String {
        let (subject, algorithm) = (Subject::Spki, Algorithm::Sha256);
        Pin { subject, algorithm, digest: self.0.to_vec() }.text()
    }
}

impl PeerKey {
    /// The key of a peer, whose host is an A-label or an address.
    pub fn new(protocol: Protocol, host: &str, port: u16) -> Result<PeerKey> {
        let missing = |what| Err(Error::new(Status::State, what));
        if host.is_empty() {
            return missing("a peer without a host cannot be known");
        }
        if port == 0 {
            return missing("a peer without a port cannot be known");
        }
        Ok(PeerKey { protocol, host: host.to_owned(), port })
    }

    /// Reads what `to_string` wrote, and nothing else: no alias, no upper case, no usual port.
    pub fn parse(text: &str) -> Option<PeerKey> {
        let (scheme, rest) = text.split_once("://")?;
        let protocol = Protocol::from_scheme(scheme)?;
        let (host, port) = rest.rsplit_once(':')?;
        let host = host.strip_prefix('[').map_or(Some(host), |rest| rest.strip_suffix(']'))?;
        let host = match ReferenceId::from_host(host, Idna::Refuse).ok()? {
            ReferenceId::Dns(name) => name.as_str().to_owned(),
            ReferenceId::Ip(address) => address.to_string(),
            _ => return None,
        };
        let key = PeerKey::new(protocol, &host, port.parse().ok()?).ok()?;
        (key.to_string() == text).then_some(key)
    }

    /// The order of the file: by host, so that one machine's services stand together.
    fn rank(&self) -> (&str, &'static str, u16) {
        (&self.host, self.protocol.row().scheme, self.port)
    }
}

impl fmt::Display for PeerKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, scheme, port) = self.rank();
        if host.contains(':') {
            write!(out, "{scheme}://[{host}]:{port}")
        } else {
            write!(out, "{scheme}://{host}:{port}")
        }
    }
}

impl Ord for PeerKey {
    fn cmp(&self, other: &PeerKey) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}

impl PartialOrd for PeerKey {
    fn partial_cmp(&self, other: &PeerKey) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Origin {
    /// The word in the file.
    pub const fn word(self) -> &'static str {
        match self {
            Origin::FirstUse => "first-use",
            Origin::Pkix => "pkix",
            Origin::Dane => "dane",
            Origin::Administrator => "administrator",
        }
    }

    /// The origin with this word.
    pub fn from_word(word: &str) -> Option<Origin> {
        let all = [Origin::FirstUse, Origin::Pkix, Origin::Dane, Origin::Administrator];
        all.into_iter().find(|origin| origin.word() == word)
    }
}

impl Answer {
    /// How this key relates to what is known; `None` where nothing could be said.
    pub fn state(&self, key: &KeyPin) -> Option<State> {
        match &self.memory {
            Memory::Nothing => Some(State::New),
            Memory::Known(entry) => Some(entry.state(key)),
            Memory::Unreadable(_) | Memory::Spent => None,
        }
    }
}

impl Entry {
    /// A peer that was just seen for the first time.
    pub fn first(sighting: &Sighting) -> Entry {
        Entry {
            keys: vec![sighting.key],
            backups: Vec::new(),
            origin: sighting.origin,
            seen: Some(Seen { first: sighting.time, last: sighting.time }),
            addresses: sighting.address.into_iter().collect(),
        }
    }

    /// A peer of whom nothing is known but a key that it will have.
    pub fn announced(key: KeyPin) -> Entry {
        Entry {
            keys: Vec::new(),
            backups: vec![key],
            origin: Origin::Administrator,
            seen: None,
            addresses: Vec::new(),
        }
    }

    /// How this key relates to what is known. Never `New`.
    pub fn state(&self, key: &KeyPin) -> State {
        if self.keys.contains(key) {
            State::Same
        } else if self.backups.contains(key) {
            State::Rotated
        } else {
            State::Changed
        }
    }

    /// Takes down a handshake with a key in force or an announced one, which is then in force alone.
    /// Any other key is refused.
    pub fn see(&mut self, sighting: &Sighting) -> Result<()> {
        match self.state(&sighting.key) {
            State::Same => self.origin = self.origin.max(sighting.origin),
            State::Rotated => {
                self.keys = vec![sighting.key];
                self.backups.retain(|backup| *backup != sighting.key);
                self.origin = Origin::Administrator;
            }
            State::Changed | State::New => {
                let what = "the store holds another key of this peer by now; nothing was written";
                return Err(Error::new(Status::State, what));
            }
        }
        let first = self.seen.map_or(sighting.time, |seen| seen.first.min(sighting.time));
        let last = self.seen.map_or(sighting.time, |seen| seen.last.max(sighting.time));
        self.seen = Some(Seen { first, last });
        self.note_addresses(sighting.address);
        Ok(())
    }

    /// Adds a key that the peer will have.
    pub fn announce(&mut self, key: KeyPin) -> Result<()> {
        if self.state(&key) != State::Changed {
            return Ok(());
        }
        if self.backups.len() >= MOST_KEYS {
            let what = format!("{MOST_KEYS} keys are announced already; withdraw one first");
            return Err(Error::new(Status::Argument, what));
        }
        self.backups.push(key);
        Ok(())
    }

    /// Takes an announced key back. False where it was not announced.
    pub fn withdraw(&mut self, key: &KeyPin) -> bool {
        let before = self.backups.len();
        self.backups.retain(|backup| backup != key);
        self.backups.len() < before
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.backups.is_empty()
    }

    /// Takes over what another store knows of the same peer. The keys in force must be the same.
    pub fn merge(&mut self, other: &Entry) -> Result<()> {
        if other.keys.is_empty() {
            return other.backups.iter().try_for_each(|backup| self.announce(*backup));
        }
        if self.keys != other.keys {
            let words = |keys: &[KeyPin]| match keys {
                [] => "no key yet".to_owned(),
                keys => keys.iter().map(KeyPin::text).collect::<Vec<_>>().join(", "),
            };
            let (ours, theirs) = (words(&self.keys), words(&other.keys));
            let what = format!("the store has {ours}, what is imported has {theirs}");
            return Err(Error::new(Status::State, what));
        }
        other.backups.iter().try_for_each(|backup| self.announce(*backup))?;
        self.origin = self.origin.max(other.origin);
        self.seen = match (self.seen, other.seen) {
            (Some(ours), Some(theirs)) => {
                Some(Seen { first: ours.first.min(theirs.first), last: ours.last.max(theirs.last) })
            }
            (ours, theirs) => ours.or(theirs),
        };
        let ours = std::mem::take(&mut self.addresses);
        self.note_addresses(other.addresses.iter().copied().chain(ours));
        Ok(())
    }

    fn note_addresses(&mut self, addresses: impl IntoIterator<Item = IpAddr>) {
        for address in addresses {
            self.addresses.retain(|known| *known != address);
            self.addresses.push(address);
        }
        let surplus = self.addresses.len().saturating_sub(MOST_ADDRESSES);
        self.addresses.drain(..surplus);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u8) -> KeyPin {
        KeyPin::from_digest([number; 32])
    }

    fn sighting(number: u8, time: i64) -> Sighting {
        let address = Some(IpAddr::from([192, 0, 2, number]));
        Sighting { key: key(number), origin: Origin::Pkix, address, time }
    }

    #[test]
    fn a_key_is_same_rotated_or_changed() {
        let mut entry = Entry::first(&sighting(1, 100));
        entry.announce(key(2)).unwrap();
        for (number, state) in [(1, State::Same), (2, State::Rotated), (3, State::Changed)] {
            assert_eq!(entry.state(&key(number)), state, "{number}");
        }
        let before = entry.clone();
        assert_eq!(entry.see(&sighting(3, 200)).unwrap_err().status, Status::State);
        assert_eq!(entry, before, "a stranger's key leaves no trace");
        entry.see(&sighting(2, 200)).unwrap();
        assert_eq!(entry.state(&key(2)), State::Same);
        assert_eq!(entry.state(&key(1)), State::Changed, "the old key is in force no more");
        assert_eq!((entry.origin, entry.backups.len()), (Origin::Administrator, 0));
        assert_eq!(entry.seen, Some(Seen { first: 100, last: 200 }));
    }

    #[test]
    fn a_key_can_be_announced_before_the_first_contact() {
        let mut entry = Entry::announced(key(1));
        assert_eq!(entry.state(&key(1)), State::Rotated);
        assert_eq!(entry.state(&key(2)), State::Changed, "nobody else is taken for new");
        entry.see(&sighting(1, 5)).unwrap();
        assert_eq!(entry.seen, Some(Seen { first: 5, last: 5 }));
        assert_eq!(entry.state(&key(1)), State::Same);
    }

    #[test]
    fn announcing_is_bounded_and_can_be_taken_back() {
        let mut entry = Entry::first(&sighting(1, 0));
        (10..18).for_each(|number| entry.announce(key(number)).unwrap());
        assert_eq!(entry.announce(key(18)).unwrap_err().status, Status::Argument);
        assert!(entry.announce(key(10)).is_ok(), "twice is once");
        assert!(entry.withdraw(&key(10)) && !entry.withdraw(&key(10)));
        assert!(!entry.withdraw(&key(1)), "a key in force is no announced one");
        assert_eq!(entry.state(&key(10)), State::Changed);
    }

    #[test]
    fn the_addresses_seen_last_are_kept() {
        let mut entry = Entry::first(&sighting(1, 0));
        for number in 0..100 {
            let address = Some(IpAddr::from([192, 0, 2, number]));
            entry.see(&Sighting { address, ..sighting(1, 0) }).unwrap();
        }
        assert_eq!(entry.addresses.len(), MOST_ADDRESSES);
        assert_eq!(entry.addresses.last(), Some(&IpAddr::from([192, 0, 2, 99])));
        entry.see(&Sighting { address: Some(entry.addresses[0]), ..sighting(1, 0) }).unwrap();
        assert_eq!(entry.addresses.last(), Some(&IpAddr::from([192, 0, 2, 84])));
    }

    #[test]
    fn a_clock_that_goes_back_does_not_turn_first_and_last_around() {
        let mut entry = Entry::first(&sighting(1, 100));
        entry.see(&sighting(1, 50)).unwrap();
        assert_eq!(entry.seen, Some(Seen { first: 50, last: 100 }));
    }

    #[test]
    fn stores_with_different_keys_of_a_peer_do_not_merge() {
        let mut entry = Entry::first(&sighting(1, 100));
        let before = entry.clone();
        let other = Entry::first(&sighting(2, 100));
        assert!(entry.merge(&other).unwrap_err().what.contains(&key(2).text()));
        assert!(Entry::announced(key(1)).merge(&entry).is_err(), "announced is not yet in force");
        assert_eq!(entry, before);
        let mut other = Entry::first(&Sighting { time: 50, ..sighting(1, 0) });
        other.announce(key(9)).unwrap();
        entry.merge(&other).unwrap();
        entry.merge(&Entry::announced(key(8))).unwrap();
        assert_eq!((entry.origin, entry.state(&key(8))), (Origin::Pkix, State::Rotated));
        assert_eq!(entry.seen, Some(Seen { first: 50, last: 100 }));
        assert_eq!(entry.state(&key(9)), State::Rotated);
    }

    #[test]
    fn a_peer_has_one_spelling() {
        for text in ["smtp://mail.bob.test:25", "imap://[2001:db8::1]:143", "tls://192.0.2.1:1"] {
            assert_eq!(PeerKey::parse(text).map(|key| key.to_string()).as_deref(), Some(text));
        }
        for other in [
            "",
            "mail.bob.test:25",
            "smtp://mail.bob.test",
            "smtp://Mail.bob.test:25",
            "SMTP://mail.bob.test:25",
            "smtps://mail.bob.test:465",
            "smtp://mail.bob.test.:25",
            "smtp://mail.bob.test:0",
            "smtp://mail.bob.test:025",
            "smtp://mail.bob.test:+25",
            "smtp://mail.bob.test:65561",
            "smtp://[mail.bob.test]:25",
            "smtp://2001:db8::1:25",
            "smtp://[2001:DB8::1]:25",
            "smtp://m\u{fc}nchen.test:25",
            "smtp://:25",
            "smtp://mail bob:25",
        ] {
            assert_eq!(PeerKey::parse(other), None, "{other}");
        }
    }

    #[test]
    fn keys_are_pinned_by_spki_and_sha256_only() {
        let text = key(7).text();
        assert_eq!(KeyPin::parse(&text), Ok(key(7)));
        let hex = format!("spki-sha256:{}", "07".repeat(32));
        assert_eq!(KeyPin::parse(&hex), Ok(key(7)));
        for other in [
            format!("sha256:{}", "07".repeat(32)),
            format!("spki-sha512:{}", "07".repeat(64)),
            "spki-sha256:".to_owned(),
            String::new(),
        ] {
            assert_eq!(KeyPin::parse(&other).unwrap_err().status, Status::Pin, "{other}");
        }
    }
}
