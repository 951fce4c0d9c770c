//! What the DNS says of the peer beside its TLSA records, held against the peer who is there.
//!
//! | evidence    | it fits where                                                              |
//! |-------------|----------------------------------------------------------------------------|
//! | `reverse`   | the address has a name that has the address (forward-confirmed, FCrDNS)    |
//! | `mx`        | the address is one of a mail exchange of the mail domain                   |
//! | `banner`    | the server greets with the host's name, an alias, or a name of its address |
//! | `resolvers` | other resolvers give the same answers                                      |
//!
//! None of it proves anything. Whoever forges one answer forges the next; whoever has an address has its
//! reverse zone; the greeting is plaintext. So a peer is never trusted because of it (`decide` does not
//! count it among what vouches), and by default nothing is asked. With `dns_evidence=report` what does
//! not fit is a note. With `require` it refuses, on top of everything else that is asked for; what could
//! not be found out does not fit either.

mod banner;
mod exchanges;
mod resolvers;
mod reverse;

use std::net::{IpAddr, SocketAddr};

use crate::error::{Error, Result};
use crate::options::Settings;
use crate::report::{Code, Finding, Outcome, Source, quote};
use crate::status::Status;

use super::decide::{Need, Needs};
use super::dns_rules::server;
use super::examination::Ending;
use super::peer::Peer;

/// Other resolvers that are asked.
const MOST_RESOLVERS: usize = 8;

/// What part evidence from the DNS has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvidenceMode {
    /// None; nothing is looked up for it.
    Off,
    /// It is reported.
    Report,
    /// What is required of it must fit.
    Require,
}

/// A piece of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvidenceKind {
    /// The names of the address.
    Reverse,
    /// The mail exchanges of the domain.
    Exchanges,
    /// The name in the greeting.
    Banner,
    /// The answers of other resolvers.
    Resolvers,
}

const KINDS: &[(EvidenceKind, &str)] = &[
    (EvidenceKind::Reverse, "reverse"),
    (EvidenceKind::Exchanges, "mx"),
    (EvidenceKind::Banner, "banner"),
    (EvidenceKind::Resolvers, "resolvers"),
];

/// Rules for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceRules {
    /// What part it has.
    pub mode: EvidenceMode,
    /// What must fit.
    pub required: Vec<EvidenceKind>,
    /// Resolvers that are asked besides.
    pub compare: Vec<SocketAddr>,
}

impl EvidenceRules {
    /// The rules that the options stand for.
    pub fn freeze(settings: &Settings) -> Result<EvidenceRules> {
        let mode = match settings.text("dns_evidence") {
            Some("require") => EvidenceMode::Require,
            Some("report") => EvidenceMode::Report,
            _ => EvidenceMode::Off,
        };
        let named = settings.texts("dns_evidence_required").map(|(text, _)| kind(text));
        let named = named.collect::<Result<Vec<_>>>()?;
        let compare = settings.texts("dns_compare").map(|(text, _)| server("dns_compare", text));
        let compare = compare.collect::<Result<Vec<_>>>()?;
        if compare.len() > MOST_RESOLVERS {
            let what = format!("option dns_compare: at most {MOST_RESOLVERS} resolvers");
            return Err(Error::new(Status::OptionValue, what));
        }
        let required = required(mode, named)?;
        if required.contains(&EvidenceKind::Resolvers) && compare.is_empty() {
            let what = "option dns_evidence_required: resolvers can only agree where there are several; \
                        name others with dns_compare";
            return Err(Error::new(Status::OptionValue, what));
        }
        Ok(EvidenceRules { mode, required, compare })
    }

    /// What the checks weigh with it.
    pub fn needs(&self, needs: Needs) -> Needs {
        match self.mode {
            EvidenceMode::Off | EvidenceMode::Report => needs,
            EvidenceMode::Require => Needs { evidence: Need::Required, ..needs },
        }
    }

    /// The findings, one of each kind.
    pub fn check(&self, peer: &Peer, ending: &Ending) -> Vec<Finding> {
        if self.mode == EvidenceMode::Off {
            return vec![not_checked("the option dns_evidence is off")];
        }
        let address = ending.address.map(|address| address.to_canonical());
        let found = KINDS.iter().map(|(kind, _)| {
            let finding = match kind {
                EvidenceKind::Reverse => reverse::check(peer, address),
                EvidenceKind::Exchanges => exchanges::check(peer, address),
                EvidenceKind::Banner => banner::check(peer, address, ending.banner),
                EvidenceKind::Resolvers => resolvers::check(peer),
            };
            if self.required.contains(kind) { demanded(finding) } else { finding }
        });
        found.collect()
    }
}

fn kind(text: &str) -> Result<EvidenceKind> {
    KINDS.iter().find(|(_, word)| *word == text).map(|(kind, _)| *kind).ok_or_else(|| {
        let shown = quote(text.as_bytes());
        let what = format!(
            "option dns_evidence_required: '{shown}' is none of reverse, mx, banner, resolvers"
        );
        Error::new(Status::OptionValue, what)
    })
}

/// To demand evidence without saying which would refuse every peer that has no mail domain, or whose
/// protocol has no greeting.
fn required(mode: EvidenceMode, named: Vec<EvidenceKind>) -> Result<Vec<EvidenceKind>> {
    let wrong = |what| Err(Error::new(Status::OptionValue, what));
    match (mode, named.is_empty()) {
        (EvidenceMode::Require, true) => wrong(
            "option dns_evidence: say with dns_evidence_required which evidence must fit: reverse, mx, \
             banner, resolvers",
        ),
        (EvidenceMode::Off | EvidenceMode::Report, false) => {
            wrong("option dns_evidence_required: it counts with dns_evidence=require only")
        }
        (EvidenceMode::Require, false) | (EvidenceMode::Off | EvidenceMode::Report, true) => {
            Ok(named)
        }
    }
}

/// Whatever does not fit, and whatever is not known to, refuses.
fn demanded(finding: Finding) -> Finding {
    match finding.outcome {
        Outcome::Pass | Outcome::Fail => finding,
        Outcome::Note | Outcome::Skip => {
            let hint = finding.code.row().hint;
            Finding { outcome: Outcome::Fail, hint: hint.to_owned(), ..finding }
        }
    }
}

fn not_checked(words: impl Into<String>) -> Finding {
    Finding::skip(Code::EvidenceNotChecked, words).from_source(Source::Dns)
}

/// The addresses of the peer: the one that was connected to; before that is known, those that it would
/// be.
fn addresses(peer: &Peer, connected: Option<IpAddr>) -> Vec<IpAddr> {
    let endpoint = peer.endpoint().map(|(host, _)| host);
    let literal = endpoint.as_deref().and_then(|host| host.parse::<IpAddr>().ok());
    match (connected.or(literal), endpoint.as_deref().and_then(crate::dns::Name::parse)) {
        (Some(address), _) => vec![address],
        (None, Some(name)) => peer.facts().addresses(&name).known,
        (None, None) => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
