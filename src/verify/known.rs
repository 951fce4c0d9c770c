//! The peer against what is known of it from before (trust on first use).
//!
//! The judge reads no store: the peer carries what a store answered (`Peer::set_known`). A peer who
//! carries an answer is always held against it; one who carries none is refused only where the option
//! known_peers expects an answer.
//!
//! | the store says | the key is     | finding             | passes                  |
//! |----------------|----------------|---------------------|-------------------------|
//! | never seen     |                | `known.new`         | only with accept_new    |
//! | known          | in force       | `known.same`        | yes                     |
//! | known          | announced      | `known.rotated`     | yes                     |
//! | known          | another        | `known.changed`     | never                   |
//! | nothing usable |                | `known.not_checked` | never                   |
//!
//! With *known and PKIX* that comes on top of chain and name. With *known instead of PKIX* chain and name
//! are only reported and the leaf's key alone decides, which is what a self-signed server needs; it is
//! only as safe as the first use was, so a new peer passes there only with insecure_accept_new.
//!
//! It is always the key of the leaf: the peer has just proved to hold it. A key further up the chain
//! would let everybody in whom that CA ever served.

use std::net::IpAddr;

use crate::error::{Error, Result};
use crate::known::{Answer, Entry, KeyPin, Memory, Origin, State};
use crate::options::Settings;
use crate::ossl::{Chain, digest};
use crate::pin::Algorithm;
use crate::report::{Code, Finding, Source, iso8601};
use crate::status::Status;

use super::decide::{Need, Needs};
use super::peer::Peer;

/// Rules for known peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownRules {
    /// What part the check has.
    pub mode: KnownMode,
    /// What a peer is who was never seen.
    pub newcomers: Newcomers,
}

/// What part known peers have in the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownMode {
    /// As *and PKIX* for a peer who carries an answer; nothing for another.
    WhereAsked,
    /// Chain and name must be good, and the key must be known.
    AndPkix,
    /// The key must be known; chain and name are only reported.
    InsteadOfPkix,
}

/// What a peer is who was never seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Newcomers {
    /// A failure.
    Refused,
    /// Accepted, and the caller remembers it.
    Accepted,
}

impl KnownRules {
    /// The rules that the options stand for.
    pub fn freeze(settings: &Settings) -> Result<KnownRules> {
        let mode = match settings.text("known_peers") {
            Some("known-and-pkix") => KnownMode::AndPkix,
            Some("known-instead-of-pkix") => KnownMode::InsteadOfPkix,
            _ => KnownMode::WhereAsked,
        };
        let accepts = settings.bool("accept_new") == Some(true);
        let accepts_anybody = settings.bool("insecure_accept_new") == Some(true);
        if mode == KnownMode::InsteadOfPkix && accepts && !accepts_anybody {
            let what = "option accept_new: with known_peers=known-instead-of-pkix a new peer would be \
                        trusted whoever it is; if you must, write insecure_accept_new, or announce its \
                        key before the first contact";
            return Err(Error::new(Status::Insecure, what));
        }
        let newcomers =
            if accepts || accepts_anybody { Newcomers::Accepted } else { Newcomers::Refused };
        Ok(KnownRules { mode, newcomers })
    }

    /// What the checks weigh for this peer.
    pub fn needs(self, peer: &Peer, needs: Needs) -> Needs {
        match (self.mode, peer.known()) {
            (KnownMode::WhereAsked, None) => needs,
            (KnownMode::WhereAsked, Some(_)) | (KnownMode::AndPkix, _) => {
                Needs { known: Need::Required, ..needs }
            }
            (KnownMode::InsteadOfPkix, _) => Needs {
                chain: Need::ReportOnly,
                name: Need::ReportOnly,
                known: Need::Required,
                ..needs
            },
        }
    }
}

/// Holds the leaf's key against what the store said.
pub fn check(rules: KnownRules, peer: &Peer, chain: &Chain) -> Finding {
    let Some(answer) = peer.known() else {
        return unasked(rules.mode);
    };
    if let Some(other) = answer.peer.as_ref().filter(|asked| peer.known_as().as_ref() != Ok(asked))
    {
        let words = format!("the store was asked about another peer, {other}");
        return Finding::fail(Code::KnownNotChecked, words);
    }
    let key = match leaf_key(chain) {
        Ok(key) => key,
        Err(error) => return Finding::fail(Code::KnownNotChecked, error.what),
    };
    weigh_up(rules, answer, &key).at(0).from_source(Source::Store)
}

/// Where the peer was connected to, if it was never seen there before. It weighs nothing.
pub fn address_note(peer: &Peer, address: Option<IpAddr>) -> Option<Finding> {
    let Some(Answer { memory: Memory::Known(entry), .. }) = peer.known() else { return None };
    let address = address.filter(|address| !entry.addresses.contains(address))?;
    if entry.addresses.is_empty() {
        return None;
    }
    let before: Vec<String> = entry.addresses.iter().map(IpAddr::to_string).collect();
    let before = before.join(", ");
    let words = format!("the peer was never seen at {address} before, but at {before}");
    let note = Finding::note(Code::KnownNewAddress, words);
    Some(note.compared(before, address.to_string()).from_source(Source::Store))
}

fn unasked(mode: KnownMode) -> Finding {
    let words = "no store of known peers was asked about this peer";
    match mode {
        KnownMode::WhereAsked => Finding::skip(Code::KnownNotChecked, words),
        KnownMode::AndPkix | KnownMode::InsteadOfPkix => {
            Finding::fail(Code::KnownNotChecked, words)
        }
    }
}

fn leaf_key(chain: &Chain) -> Result<KeyPin> {
    let none = || Error::new(Status::Certificate, "there is no certificate");
    let spki = chain.leaf().ok_or_else(none)?.spki()?;
    let digest = digest(Algorithm::Sha256, &spki)?;
    // SHA-256 has 32 octets.
    digest.try_into().map(KeyPin::from_digest).map_err(|_| none())
}

fn weigh_up(rules: KnownRules, answer: &Answer, key: &KeyPin) -> Finding {
    match &answer.memory {
        Memory::Nothing => newcomer(rules, key),
        Memory::Known(entry) => acquaintance(rules.mode, entry, key),
        Memory::Unreadable(why) => Finding::fail(Code::KnownNotChecked, why.clone()),
        Memory::Spent => Finding::fail(
            Code::KnownNotChecked,
            "the store said 'never seen', and that was good for one session; ask it again",
        ),
    }
}

fn newcomer(rules: KnownRules, key: &KeyPin) -> Finding {
    let words = match (rules.newcomers, rules.mode) {
        (Newcomers::Refused, _) => "the peer was never seen before",
        (Newcomers::Accepted, KnownMode::WhereAsked | KnownMode::AndPkix) => {
            "the peer was never seen before, and new peers are accepted"
        }
        (Newcomers::Accepted, KnownMode::InsteadOfPkix) => {
            "the peer was never seen before and is taken for who was meant; nothing vouches for its key"
        }
    };
    let finding = match rules.newcomers {
        Newcomers::Refused => Finding::fail(Code::KnownNew, words),
        Newcomers::Accepted => Finding::pass(Code::KnownNew, words),
    };
    let hint = match (rules.newcomers, rules.mode) {
        (Newcomers::Accepted, _) => String::new(),
        (Newcomers::Refused, KnownMode::WhereAsked | KnownMode::AndPkix) => {
            "If the peer is expected to be new, set accept_new for this first contact and remember it."
                .to_owned()
        }
        (Newcomers::Refused, KnownMode::InsteadOfPkix) => format!(
            "Compare the key over another way and announce it ({}); or, if you must, trust whoever \
             answers now: insecure_accept_new.",
            key.text()
        ),
    };
    finding.compared("a known key", key.text()).hinting(hint)
}

fn acquaintance(mode: KnownMode, entry: &Entry, key: &KeyPin) -> Finding {
    let since = entry.seen.map_or_else(
        || "the administrator announced it before the first contact".to_owned(),
        |seen| format!("known since {}", iso8601(seen.first)),
    );
    let wanted = listed(entry);
    match entry.state(key) {
        State::Same => {
            let words =
                format!("the key is the one that is {since}{}", vouched(mode, entry.origin));
            Finding::pass(Code::KnownSame, words).compared(wanted, key.text())
        }
        State::Rotated => {
            let words = format!("the key is one that was announced ({since})");
            Finding::pass(Code::KnownRotated, words).compared(wanted, key.text())
        }
        State::Changed | State::New => {
            let words =
                format!("the key has changed: {wanted} wanted, the server has {}", key.text());
            Finding::fail(Code::KnownChanged, words).compared(wanted, key.text())
        }
    }
}

/// Where the key alone decides, how far it can be believed.
const fn vouched(mode: KnownMode, origin: Origin) -> &'static str {
    match (mode, origin) {
        (KnownMode::InsteadOfPkix, Origin::FirstUse) => {
            ", when nothing vouched for it: as safe as that first use was"
        }
        (KnownMode::InsteadOfPkix, Origin::Pkix) => ", when a trusted chain vouched for it",
        (KnownMode::InsteadOfPkix, Origin::Dane) => ", when a TLSA record vouched for it",
        (KnownMode::InsteadOfPkix, Origin::Administrator) => {
            ", and the administrator vouches for it"
        }
        (KnownMode::WhereAsked | KnownMode::AndPkix, _) => "",
    }
}

fn listed(entry: &Entry) -> String {
    let keys: Vec<String> = entry.keys.iter().chain(&entry.backups).map(KeyPin::text).collect();
    keys.join(", ")
}
