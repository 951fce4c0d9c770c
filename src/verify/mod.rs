//! The one judge.
//!
//! [`judge`] takes a frozen [`Verifier`], the [`Peer`] who is meant, and the [`Evidence`] that a door
//! collected, and answers with a [`Report`]. All checks that have input run, always; a pure function
//! (`decide`) turns findings and policy into the verdict. The judge reads no file and opens no
//! socket.
//!
//! A handshake shows the certificate in its middle and some evidence about it only at its end (a
//! TLS 1.2 server staples its OCSP response after the certificate was judged). So the judge works in
//! two steps: [`examine`] says inside the handshake whether it may go on, and
//! [`Examination::conclude`] gives the report. [`judge`] is both at once.

mod applied;
mod candidates;
mod certificates;
mod chain;
mod client;
mod comparisons;
mod config;
mod crls;
mod dane;
mod decide;
mod dns_evidence;
mod dns_rules;
mod examination;
mod judged;
mod kept;
mod key;
mod known;
mod known_chains;
mod names;
mod peer;
mod pins;
mod place;
mod policy;
mod profile;
mod provenance;
mod questions;
mod requiretls;
mod revocation;
mod search;
mod shelf;
mod sts;
mod transparency;
mod usage;
mod verifier;

pub use config::{Config, FileLayers, HostPattern, Precedence};
pub use decide::{Need, Needs, decide, weigh};
pub use dns_evidence::{EvidenceKind, EvidenceMode, EvidenceRules};
pub use dns_rules::{DnsEngine, DnsRules, TrustAd};
pub use examination::{Ending, Evidence, Examination, KeptEnding, Reached, examine};
pub use judged::Judged;
pub use kept::{Kept, KeptSessions, PeerKey};
pub use known::{KnownMode, KnownRules, Newcomers};
pub use known_chains::{GoodPath, KnownChains};
pub use peer::{Address, Peer};
pub use policy::{Alpn, DaneMode, Policy, ServerName, SessionMode};
pub use provenance::{PROVENANCES, Provenance};
pub use questions::{cert_matches_pin, cert_matches_tlsa, cert_names_host};
pub use revocation::OcspMode;
pub use sts::{StsMode, StsRules};
pub use verifier::Verifier;

use crate::ossl::UnreadChain;
use crate::report::{Certificates, Code, Finding, Outcome, Report, Shown, Verdict};
use crate::status::Status;

/// Is this peer who was meant?
pub fn judge(verifier: &Verifier, peer: &Peer, evidence: &Evidence, ending: &Ending) -> Report {
    examine(verifier, peer, evidence).conclude(peer, ending)
}

/// The same for a chain on disk that OpenSSL need not have read.
pub fn judge_unread(verifier: &Verifier, peer: &Peer, chain: &UnreadChain) -> Report {
    let policy = verifier.policy(peer);
    let read = match &policy.known_chains {
        Some(known) => known.read(chain),
        None => chain.read(|_| None),
    };
    match read {
        Ok(chain) => {
            let evidence = Evidence { chain: &chain, shown: Shown::OnDisk };
            judge(verifier, peer, &evidence, &Ending::on_disk(&chain))
        }
        Err(error) => unjudged(&policy, peer, Finding::fail(Code::ChainMalformed, error.what)),
    }
}

/// The report of a peer who was never judged: the failure, and every check that was not made.
pub fn unjudged(policy: &Policy, peer: &Peer, failure: Finding) -> Report {
    use crate::report::Code::{
        ChainNotChecked, DaneNotChecked, KnownNotChecked, NameNotChecked, PinNotChecked,
    };
    let skip = |code| Finding::skip(code, "the session ended before the certificate");
    let unchecked =
        [ChainNotChecked, NameNotChecked, PinNotChecked, KnownNotChecked, DaneNotChecked].map(skip);
    // What ended it is no check that an option may waive.
    let status = failure.code.row().status;
    let report = report(policy, peer, policy.needs(), Shown::InHandshake, unchecked.to_vec());
    let findings = [vec![failure], report.findings].concat();
    Report { verdict: verdict_without_judging(status), status, findings, ..report }
}

/// The report when what fails is the connection to a peer who was judged: it must not read as trusted
/// to whoever looks at the verdict alone.
pub fn failed(report: Report, failure: Finding) -> Report {
    let status = failure.code.row().status;
    let verdict = match report.verdict {
        Verdict::Rejected => Verdict::Rejected,
        Verdict::Trusted | Verdict::Unauthenticated | Verdict::Unknown => {
            verdict_without_judging(status)
        }
    };
    let findings = [vec![failure], report.findings].concat();
    Report { verdict, status, findings, ..report }
}

/// What keeps us from judging says nothing about who the peer is, unless it is the peer's doing.
fn verdict_without_judging(status: Status) -> Verdict {
    match status.number() {
        300..=399 if status != Status::TlsVersion => Verdict::Unknown,
        _ => Verdict::Rejected,
    }
}

fn report(
    policy: &Policy,
    peer: &Peer,
    needs: Needs,
    shown: Shown,
    findings: Vec<Finding>,
) -> Report {
    let verdict = decide(needs, &findings);
    let applied = applied::applied(policy, peer, &findings);
    let mut findings = weigh(needs, findings);
    sort(&mut findings);
    let failure = findings.iter().find(|finding| finding.outcome == Outcome::Fail);
    let status = match (verdict, failure) {
        (Verdict::Trusted, _) => Status::Ok,
        (_, Some(finding)) => finding.code.row().status,
        (Verdict::Unauthenticated, None) => Status::OpenUnverified,
        (Verdict::Rejected | Verdict::Unknown, None) => Status::Rejected,
    };
    Report {
        verdict,
        status,
        shown,
        protocol: peer.protocol(),
        host: peer.host_text(),
        port: peer.effective_port(),
        address: None,
        local_address: None,
        origin: peer.origin_text(),
        applied,
        findings,
        insecure: policy.insecure.clone(),
        certificates: Certificates::default(),
        tls: None,
        untrusted_facts: String::new(),
    }
}

/// What to fix first in front: failures, then notes, then the rest; among equals by check (a name
/// mismatch below a trust failure), then closest to the leaf: what is wrong further up the chain
/// does not matter until that is mended.
fn sort(findings: &mut [Finding]) {
    let rank = |outcome| match outcome {
        Outcome::Fail => 0,
        Outcome::Note => 1,
        Outcome::Pass => 2,
        Outcome::Skip => 3,
    };
    findings.sort_by_key(|finding| (rank(finding.outcome), finding.check(), finding.depth));
}
