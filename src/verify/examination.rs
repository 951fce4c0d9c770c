//! The judge at work: what the certificate shows, then what the end of the handshake adds.

use std::net::IpAddr;
use std::sync::Arc;

use crate::clock;
use crate::ossl::{Chain, Handshaken};
use crate::report::{Certificates, Code, Finding, Outcome, Report, Shown, Verdict};

use super::chain::Path;
use super::dane::{self, Ruling};
use super::decide::{Needs, decide, weigh};
use super::peer::Peer;
use super::policy::Policy;
use super::verifier::Verifier;
use super::{certificates, known, names, pins, report, revocation, sts};

/// What a door found by the time that the certificate is there.
pub struct Evidence<'a> {
    /// The certificates as sent, leaf first.
    pub chain: &'a Chain,
    /// How the judge comes to them.
    pub shown: Shown,
}

/// What a door found by the end of the handshake.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ending<'a> {
    /// The OCSP response that the server stapled, DER (RFC 6066 §8).
    pub staple: Option<&'a [u8]>,
    /// The list of SCTs that it sent in the TLS extension (RFC 6962 §3.3).
    pub scts: Option<&'a [u8]>,
    /// Whether there was an end at all.
    pub reached: Reached,
    /// Where the peer was connected to, if the door knows.
    pub address: Option<IpAddr>,
    /// The name that the server gave itself in plaintext, if the protocol has one; not authenticated.
    pub banner: Option<&'a str>,
}

/// Whether the handshake came to its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reached {
    /// What the server did not show, it did not have to show.
    #[default]
    Reached,
    /// What the server did not show, it may have meant to.
    NotReached,
}

impl<'a> Ending<'a> {
    /// What a finished handshake shows, whoever owns the connection.
    pub fn of(handshake: &'a impl Handshaken) -> Ending<'a> {
        Ending { staple: handshake.staple(), scts: handshake.scts(), ..Ending::default() }
    }

    /// What the caller gave with a chain on disk.
    pub fn on_disk(chain: &'a Chain) -> Ending<'a> {
        Ending { staple: chain.staple(), ..Ending::default() }
    }

    /// A handshake on this connection that was cut short.
    pub fn cut_short(self) -> Ending<'a> {
        Ending { reached: Reached::NotReached, ..self }
    }
}

/// What was shown of it, owned; clones share it. A session that is resumed is judged by it again. Where the peer is
/// connected to and how it greets are facts of each connection.
#[derive(Clone, Debug, Default)]
pub struct KeptEnding {
    staple: Option<Arc<[u8]>>,
    scts: Option<Arc<[u8]>>,
}

impl Ending<'_> {
    /// What is kept of it.
    pub fn to_kept(&self) -> KeptEnding {
        let owned = |octets: Option<&[u8]>| octets.map(Arc::from);
        KeptEnding { staple: owned(self.staple), scts: owned(self.scts) }
    }
}

impl KeptEnding {
    /// As it was shown; for the rest as this connection.
    pub fn as_ending<'a>(&'a self, connection: Ending<'a>) -> Ending<'a> {
        let (staple, scts) = (self.staple.as_deref(), self.scts.as_deref());
        Ending { staple, scts, ..connection }
    }
}

/// All checks of the certificate itself, made; what the end of the handshake shows is still missing.
pub struct Examination {
    policy: Arc<Policy>,
    needs: Needs,
    shown: Shown,
    findings: Vec<Finding>,
    certificates: Certificates,
    /// Empty unless the chain passed.
    path: Path,
    now: i64,
}

/// Makes every check for which the certificate is enough.
pub fn examine(verifier: &Verifier, peer: &Peer, evidence: &Evidence) -> Examination {
    let policy = verifier.policy(peer);
    let now = policy.chain.time.unwrap_or_else(clock::now);
    let Ruling { findings: mut dane, chain: mut findings, path, references, needs } =
        dane::check(&policy, policy.known.needs(peer, policy.needs()), peer, evidence.chain, now);
    let (sts_finding, needs) = sts::check(policy.sts.mode, peer, needs);
    let needs = policy.requiretls.needs(peer, needs);
    findings.append(&mut names::check(&policy, peer, &references, evidence.chain, &path));
    findings.extend(policy.requiretls.check(policy.sts.mode, peer));
    findings.append(&mut pins::check(&policy, evidence.chain, &path));
    findings.push(known::check(policy.known, peer, evidence.chain));
    findings.append(&mut dane);
    findings.push(sts_finding);
    Examination {
        needs: policy.evidence.needs(policy.ct.needs(policy.ocsp.needs(needs))),
        shown: evidence.shown,
        findings,
        certificates: certificates::describe(evidence.chain),
        path,
        now,
        policy,
    }
}

impl Examination {
    /// Why the handshake must not go on: the code of what to fix first, if the peer is refused
    /// whatever its end may show.
    pub fn refusal(&self) -> Option<Code> {
        let needs = self.needs.before_the_end();
        if decide(needs, &self.findings) != Verdict::Rejected {
            return None;
        }
        let mut weighed = weigh(needs, self.findings.clone());
        super::sort(&mut weighed);
        let failure = weighed.iter().find(|finding| finding.outcome == Outcome::Fail);
        Some(failure.map_or(Code::ChainInvalid, |finding| finding.code))
    }

    /// The report, with what the end of the handshake showed.
    pub fn conclude(self, peer: &Peer, ending: &Ending) -> Report {
        let revocation = revocation::check(&self.policy, &self.path, ending, self.now);
        let transparency = self.policy.ct.check(&self.path, ending, self.now);
        let mut findings = self.findings;
        findings.extend([revocation, transparency]);
        findings.extend(known::address_note(peer, ending.address));
        findings.extend(self.policy.evidence.check(peer, ending));
        let mut report = report(&self.policy, peer, self.needs, self.shown, findings);
        if report.verdict == Verdict::Trusted && ending.reached == Reached::Reached {
            self.policy.remember(self.path.fresh, self.now);
        }
        if self.shown != Shown::OnDisk {
            report.insecure.extend(self.policy.unusual_for_live_peers());
        }
        Report { certificates: self.certificates, address: ending.address, ..report }
    }
}
