//! Known peers on disk: read before a handshake, written after it.
//!
//! The judge does no IO. So the store is asked first ([`KnownPeers::ask`]), its answer enters the judge
//! as evidence, and when the handshake ended with trust, [`KnownPeers::remember`] writes. Nothing else
//! writes but what an administrator asks for.
//!
//! Where a store is expected, one that is missing, unreadable or damaged is an error, and the answer
//! says so ([`Memory::Unreadable`]): it is never a first use. Every call reads the file anew, so several
//! processes may share one; an update happens as a whole or not at all (`private_file`).

use crate::clock;
use crate::error::{Error, Result};
use crate::known::{Answer, Entry, KeyPin, Memory, Origin, PeerKey, Sighting};
use crate::private_file::{self, PrivateFile};
use crate::report::{Check, Code, Outcome, Report, Shown, Verdict};
use crate::status::Status;
use crate::trust::read_file;
use crate::verify::Peer;

use super::known_text::{self, Peers};

/// A store of known peers. It holds no descriptor and no lock between two calls, so it may be used by
/// both processes after a fork.
#[derive(Clone, Debug)]
pub struct KnownPeers {
    file: PrivateFile,
}

/// What a missing store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// An error: one is expected.
    Refused,
    /// A reason to make an empty one, once, here.
    Created,
}

impl KnownPeers {
    /// The store with this path. What is wrong with it is said here already.
    pub fn open(path: &str, missing: Missing) -> Result<KnownPeers> {
        let store = KnownPeers { file: PrivateFile::at(path).map_err(of_store)? };
        if missing == Missing::Created {
            store.create()?;
        }
        store.peers()?;
        Ok(store)
    }

    /// What is known of this peer.
    pub fn ask(&self, peer: &PeerKey) -> Result<Answer> {
        let entry = self.peers()?.remove(peer);
        let memory = entry.map_or(Memory::Nothing, Memory::Known);
        Ok(Answer { peer: Some(peer.clone()), memory })
    }

    /// Puts what is known of the peer into it, for the judge. Where that fails, the peer carries the
    /// failure: whoever goes on all the same is refused.
    pub fn recall(&self, peer: &mut Peer) -> Result<()> {
        match peer.known_as().and_then(|key| self.ask(&key)) {
            Ok(answer) => {
                peer.set_known(answer);
                Ok(())
            }
            Err(error) => {
                peer.lack_known(error.what.clone());
                Err(error)
            }
        }
    }

    /// Takes down the peer of a report: of a full handshake with a trusted peer whom the judge held
    /// against known peers, and of no other.
    pub fn remember_report(&self, report: &Report) -> Result<()> {
        let first = first_time(report)?;
        let peer = PeerKey::new(report.protocol, &report.host, report.port)?;
        let sighting = Sighting {
            key: leaf_key(report)?,
            origin: origin(report),
            address: report.address,
            time: clock::now(),
        };
        self.remember(&peer, first, &sighting)
    }

    /// Takes down a trusted handshake. A peer whom the judge found new is written only while it is new
    /// still, and one who was known only while it is known.
    pub fn remember(&self, peer: &PeerKey, first: FirstTime, sighting: &Sighting) -> Result<()> {
        self.change(|peers| {
            match (peers.get_mut(peer), first) {
                (Some(entry), _) => entry.see(sighting),
                (None, FirstTime::Yes) => {
                    peers.insert(peer.clone(), Entry::first(sighting));
                    Ok(())
                }
                (None, FirstTime::No) => {
                    let what = "the peer was forgotten in the meantime; nothing was written";
                    Err(Error::new(Status::State, what))
                }
            }
            .map_err(|error| of_peer(peer, error))
        })
    }

    /// Adds a key that the peer will have. Of a peer never seen it is then the only one that is taken.
    pub fn announce(&self, peer: &PeerKey, key: KeyPin) -> Result<()> {
        self.change(|peers| match peers.get_mut(peer) {
            Some(entry) => entry.announce(key).map_err(|error| of_peer(peer, error)),
            None => {
                peers.insert(peer.clone(), Entry::announced(key));
                Ok(())
            }
        })
    }

    /// Takes an announced key back.
    pub fn withdraw(&self, peer: &PeerKey, key: &KeyPin) -> Result<()> {
        self.change(|peers| {
            let entry = peers.get_mut(peer).ok_or_else(|| unknown(peer))?;
            if !entry.withdraw(key) {
                let what = format!("{} is not announced", key.text());
                return Err(of_peer(peer, Error::new(Status::Argument, what)));
            }
            // A peer who was announced and never seen goes with its last key.
            if entry.is_empty() {
                peers.remove(peer);
            }
            Ok(())
        })
    }

    /// Forgets a peer: it is new again.
    pub fn forget(&self, peer: &PeerKey) -> Result<()> {
        self.change(|peers| peers.remove(peer).map(|_| ()).ok_or_else(|| unknown(peer)))
    }

    /// All peers, as text that `import` reads.
    pub fn export(&self) -> Result<String> {
        known_text::render(&self.peers()?)
    }

    /// Writes the export to a new file; one that is there already is not touched.
    pub fn export_file(&self, path: &str) -> Result<()> {
        let text = self.export()?;
        private_file::create_new(path, text.as_bytes()).map_err(of_store)
    }

    /// As `import`, from a file.
    pub fn import_file(&self, path: &str) -> Result<()> {
        self.import(&read_file("known peers: the export", path)?)
    }

    /// Adds the peers of an exported text. Everything is checked before anything changes: a peer whom
    /// the store knows with another key refuses the whole text.
    pub fn import(&self, text: &[u8]) -> Result<()> {
        let imported = known_text::parse(text).map_err(|error| {
            Error::new(error.status, format!("what is imported: {}", error.what))
        })?;
        self.change(|peers| {
            for (peer, theirs) in imported {
                match peers.get_mut(&peer) {
                    Some(ours) => ours.merge(&theirs).map_err(|error| of_peer(&peer, error))?,
                    None => {
                        peers.insert(peer, theirs);
                    }
                }
            }
            Ok(())
        })
    }

    /// Every peer with its line of JSON, in the order of the file.
    pub fn entries(&self) -> Result<Vec<(PeerKey, Entry, String)>> {
        let line = |(key, entry): (PeerKey, Entry)| {
            let line = known_text::render_entry(&key, &entry);
            (key, entry, line.trim_end().to_owned())
        };
        Ok(self.peers()?.into_iter().map(line).collect())
    }

    fn create(&self) -> Result<()> {
        let empty = |old: Option<Vec<u8>>| match old {
            Some(_) => Ok(None),
            None => known_text::render(&Peers::new()).map(|text| Some(text.into_bytes())),
        };
        // Looked at first, so that a store that exists needs no right to write.
        if self.file.read().map_err(of_store)?.is_none() {
            self.file.update(empty).map_err(of_store)?;
        }
        Ok(())
    }

    fn peers(&self) -> Result<Peers> {
        let contents = self.file.read().map_err(of_store)?;
        self.parse(contents)
    }

    fn change(&self, change: impl FnOnce(&mut Peers) -> Result<()>) -> Result<()> {
        self.file
            .update(|contents| {
                let before = self.parse(contents)?;
                let mut peers = before.clone();
                change(&mut peers)?;
                if peers == before {
                    return Ok(None);
                }
                known_text::render(&peers).map(|text| Some(text.into_bytes()))
            })
            .map_err(of_store)
    }

    fn parse(&self, contents: Option<Vec<u8>>) -> Result<Peers> {
        let path = self.file.path();
        let path = path.display();
        let Some(contents) = contents else {
            let what = format!(
                "known peers: {path} does not exist; every peer would be new again. Restore it, or make \
                 an empty one on purpose (starttls-verify known create --store {path})"
            );
            return Err(Error::new(Status::FileMissing, what));
        };
        known_text::parse(&contents).map_err(|error| {
            let what = format!(
                "known peers: {path}: {}; restore it from a copy, or move it away, create it anew and \
                 import an export",
                error.what
            );
            Error::new(error.status, what)
        })
    }
}

/// Whether the judge took the peer for new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstTime {
    /// It did, and the caller accepts new peers.
    Yes,
    /// The peer was known.
    No,
}

/// Whether the judge took the peer for new; an error where the report vouches for nobody.
fn first_time(report: &Report) -> Result<FirstTime> {
    let refuse = |why| {
        let what = format!("nothing was remembered: {why}");
        Err(Error::new(Status::State, what))
    };
    match report.shown {
        Shown::OnDisk => return refuse("the chain is not from a handshake, nobody proved its key"),
        Shown::Resumed => return refuse("the session was resumed, and no certificate was shown"),
        Shown::InHandshake => {}
    }
    if (report.verdict, report.status) != (Verdict::Trusted, Status::Ok) {
        return refuse("the peer is not trusted");
    }
    let known = report.findings.iter().filter(|finding| finding.check() == Check::Known);
    let mut passed = known.filter(|finding| finding.outcome == Outcome::Pass);
    match passed.next().map(|finding| finding.code) {
        Some(Code::KnownNew) => Ok(FirstTime::Yes),
        Some(Code::KnownSame | Code::KnownRotated) => Ok(FirstTime::No),
        _ => refuse("the judge did not hold the peer against known peers; ask the store first"),
    }
}

/// The key of the leaf, which the judge described.
fn leaf_key(report: &Report) -> Result<KeyPin> {
    let leaf = report.certificates.first();
    let leaf = leaf.ok_or_else(|| Error::new(Status::State, "the report has no certificate"))?;
    KeyPin::parse(&leaf.fingerprints.spki_pin)
}

/// What vouches for the key besides its being here: a pin of the leaf, a TLSA record, or chain and name,
/// both whole. What was reached with a weakened check vouches for nothing.
fn origin(report: &Report) -> Origin {
    let passed = |code| {
        let mut findings = report.findings.iter();
        findings.find(|finding| finding.code == code && finding.outcome == Outcome::Pass)
    };
    let constrained = report.findings.iter().any(|one| one.code == Code::ChainNameConstraint);
    let pkix = passed(Code::ChainTrusted).and(passed(Code::NameMatch)).is_some() && !constrained;
    if !report.insecure.is_empty() {
        Origin::FirstUse
    } else if passed(Code::PinMatch).is_some_and(|finding| finding.depth == 0) {
        Origin::Administrator
    } else if passed(Code::DaneMatch).is_some() {
        Origin::Dane
    } else if pkix {
        Origin::Pkix
    } else {
        Origin::FirstUse
    }
}

/// Says which file it is about, once.
fn of_store(error: Error) -> Error {
    if error.what.starts_with("known peers: ") {
        return error;
    }
    Error::new(error.status, format!("known peers: {}", error.what))
}

fn of_peer(peer: &PeerKey, error: Error) -> Error {
    Error::new(error.status, format!("{peer}: {}", error.what))
}

fn unknown(peer: &PeerKey) -> Error {
    Error::new(Status::Argument, format!("{peer} is not known"))
}
