//! What a door keeps between the certificate and the end of the handshake.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::ossl::{Chain, Decision};
use crate::report::{Code, Finding, Report, Shown, Verdict};
use crate::status::Status;

use super::chain::alert_number;
use super::examination::{Ending, Evidence, Examination, examine};
use super::peer::Peer;
use super::policy::{Policy, SessionMode};
use super::unjudged;
use super::verifier::Verifier;

/// What the judge found in a certificate that a handshake showed, and on what.
pub struct Judged {
    found: Found,
    chain: Chain,
}

enum Found {
    Examined(Examination),
    /// The chain could not be read.
    Unreadable(Arc<Policy>, Error),
}

impl Judged {
    /// Makes every check for which the certificates are enough.
    pub fn of(verifier: &Verifier, peer: &Peer, chain: Result<Chain>, shown: Shown) -> Judged {
        match chain {
            Ok(chain) => {
                let chain = match &verifier.policy(peer).known_chains {
                    Some(known) => known.shared(chain),
                    None => chain,
                };
                let examination = examine(verifier, peer, &Evidence { chain: &chain, shown });
                Judged { found: Found::Examined(examination), chain }
            }
            Err(error) => {
                let found = Found::Unreadable(verifier.policy(peer), error);
                Judged { found, chain: Chain::new() }
            }
        }
    }

    /// The certificates that were judged.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// What the handshake does with what was found so far.
    pub fn decision(&self, mode: SessionMode) -> Decision {
        let refusal = match (mode, &self.found) {
            (SessionMode::Audit, _) => None,
            (SessionMode::Enforce, Found::Examined(examination)) => examination.refusal(),
            (SessionMode::Enforce, Found::Unreadable(..)) => Some(Code::ChainMalformed),
        };
        refusal.map_or(Decision::Accept, |code| Decision::Refuse(alert_number(code)))
    }

    /// The judge's report with what the end of the handshake adds; a chain that could not be read
    /// is a refusal.
    pub fn conclude(self, peer: &Peer, ending: &Ending) -> (Report, Chain) {
        let report = match self.found {
            Found::Examined(examination) => examination.conclude(peer, ending),
            Found::Unreadable(policy, error) => {
                let failure = Finding::fail(Code::ChainMalformed, error.what);
                unjudged(&policy, peer, failure)
            }
        };
        (report, self.chain)
    }
}

impl SessionMode {
    /// The status with which a connection to such a peer is open; `None` where it must not be.
    pub fn admits(self, verdict: Verdict) -> Option<Status> {
        match (verdict, self) {
            (Verdict::Trusted, _) => Some(Status::Ok),
            (Verdict::Unauthenticated, _) | (Verdict::Rejected, SessionMode::Audit) => {
                Some(Status::OpenUnverified)
            }
            (Verdict::Rejected | Verdict::Unknown, _) => None,
        }
    }
}
