//! The one judge.
//!
//! [`judge`] takes a frozen [`Verifier`], the [`Peer`] who is meant, and the [`Evidence`] that a door
//! collected, and answers with a [`Report`]. All checks that have input run, always; a pure function
//! (`decide`) turns findings and policy into the verdict. The judge reads no file and opens no
//! socket.

mod certificates;
mod chain;
mod config;
mod decide;
mod names;
mod peer;
mod pins;
mod policy;
mod questions;
mod verifier;

use std::time::{SystemTime, UNIX_EPOCH};

pub use chain::alert_number;
pub use config::{Config, FileLayers, HostPattern};
pub use decide::{Need, Needs, decide, weigh};
pub use peer::{Address, Peer};
pub use policy::{Alpn, Policy, ServerName, SessionMode};
pub use questions::{cert_matches_pin, cert_names_host};
pub use verifier::Verifier;

use crate::ossl::Chain;
use crate::report::{Finding, Outcome, Report, Verdict};
use crate::status::Status;

/// What a door found.
pub struct Evidence<'a> {
    /// The certificates as sent, leaf first.
    pub chain: &'a Chain,
}

/// Is this peer who was meant?
pub fn judge(verifier: &Verifier, peer: &Peer, evidence: &Evidence) -> Report {
    let policy = verifier.policy(peer);
    let now = policy.chain.time.unwrap_or_else(now);
    let references = policy.names.references(peer);
    let (chain_findings, path) = chain::check(&policy, &references, evidence.chain, now);
    let name_findings = names::check(&policy, peer, &references, evidence.chain, &path);
    let pin_findings = pins::check(&policy, evidence.chain, &path);
    let findings = [chain_findings, name_findings, pin_findings].concat();
    let certificates = certificates::describe(evidence.chain);
    Report { certificates, ..report(&policy, peer, findings) }
}

/// The report of a peer who was never judged: the failure, and every check that was not made.
pub fn unjudged(policy: &Policy, peer: &Peer, failure: Finding) -> Report {
    use crate::report::Code::{ChainNotChecked, NameNotChecked, PinNotChecked};
    let skip = |code| Finding::skip(code, "the session ended before the certificate");
    let findings = vec![failure, skip(ChainNotChecked), skip(NameNotChecked), skip(PinNotChecked)];
    let report = report(policy, peer, findings);
    // What kept us from judging says nothing about who the peer is, unless it is the peer's doing.
    let verdict = match report.status.number() {
        300.. if report.status != Status::TlsVersion => Verdict::Unknown,
        _ => Verdict::Rejected,
    };
    Report { verdict, ..report }
}

fn report(policy: &Policy, peer: &Peer, findings: Vec<Finding>) -> Report {
    let needs = policy.needs();
    let verdict = decide(needs, &findings);
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
        protocol: peer.protocol(),
        host: peer.host_text(),
        port: peer.effective_port(),
        findings,
        insecure: policy.insecure.clone(),
        certificates: Vec::new(),
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

/// Seconds since 1970 by the system's clock; a clock before 1970 counts as 1970, where no
/// certificate is valid.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.ok().and_then(|since| i64::try_from(since.as_secs()).ok()).unwrap_or(0)
}
