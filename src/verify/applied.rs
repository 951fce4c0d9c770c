//! Which policy of the mail domain a session is under, for TLSRPT (RFC 8460 §4.4).
//!
//! | TLSA records | MTA-STS | policy | breach |
//! |---|---|---|---|
//! | decide, or refuse the peer | any | tlsa | what fails |
//! | none, ignored, unusable, off | enforce, testing | sts | chain, name, or host, whatever the options make of it |
//! | unusable, and no refusal | none in force | tlsa | `dane.unusable` |
//! | none, ignored, off | may be one, not got | sts | `mta_sts.unknown`, `.host_not_trusted`, `.invalid` |
//! | none, ignored, off | none | no-policy-found | |
//!
//! A breach does not refuse the peer: that is `decide`'s business. RFC 8460 §4.2.1 counts as success
//! what complies with the policy, and a policy that is only tested is there to be reported on
//! (RFC 8461 §5).

use crate::mta_sts::{Mode, Sts, StsPolicy};
use crate::report::{Applied, Check, Code, Finding, Outcome, PolicyKind};
use crate::tlsa::Record;

use super::dane::{self, Standing};
use super::peer::Peer;
use super::policy::Policy;
use super::sort;
use super::sts::{StsMode, code_of};

/// The policy; `findings` are as they were made, before they are weighed.
pub fn applied(policy: &Policy, peer: &Peer, findings: &[Finding]) -> Applied {
    let unusable = match dane::stands(policy, peer) {
        Standing::Decide { .. } => return tlsa(peer, None),
        Standing::Aside(finding) if finding.outcome == Outcome::Fail => return tlsa(peer, None),
        Standing::Aside(finding) => finding.code == Code::DaneUnusable,
    };
    match known_of(policy, peer) {
        Known::InForce(sts) => Applied {
            strings: sts.lines(),
            mx_hosts: sts.hosts.iter().map(ToString::to_string).collect(),
            ..of_domain(peer, PolicyKind::Sts, breach(findings))
        },
        Known::NotGot(_) | Known::Nothing if unusable => tlsa(peer, Some(Code::DaneUnusable)),
        Known::NotGot(code) => of_domain(peer, PolicyKind::Sts, Some(code)),
        Known::Nothing => of_domain(peer, PolicyKind::NoneFound, None),
    }
}

/// What is known of a policy that would count.
enum Known<'a> {
    InForce(&'a StsPolicy),
    NotGot(Code),
    Nothing,
}

fn known_of<'a>(policy: &Policy, peer: &'a Peer) -> Known<'a> {
    if policy.sts.mode == StsMode::Off || !peer.protocol().has_mta_sts() {
        return Known::Nothing;
    }
    match peer.sts() {
        Sts::Policy(sts) => match sts.mode {
            Mode::Enforce | Mode::Testing => Known::InForce(sts),
            Mode::None => Known::Nothing,
        },
        Sts::Unknown(lack) => Known::NotGot(code_of(lack)),
        Sts::NotAsked | Sts::Nothing => Known::Nothing,
    }
}

/// RFC 8460 §1.1: the domain of TLSA records is their base domain.
fn tlsa(peer: &Peer, breach: Option<Code>) -> Applied {
    let base = peer.tlsa_base().or(peer.host()).and_then(|name| name.as_dns());
    Applied {
        kind: PolicyKind::Tlsa,
        strings: peer.tlsa().records().iter().map(Record::brief).collect(),
        domain: base.map_or_else(String::new, ToString::to_string),
        breach,
        ..Applied::none()
    }
}

fn of_domain(peer: &Peer, kind: PolicyKind, breach: Option<Code>) -> Applied {
    Applied { kind, domain: peer.origin_text(), breach, ..Applied::none() }
}

/// What an enforced policy refuses for: a chain or a name that is not good, a host that it does not
/// name.
fn breach(findings: &[Finding]) -> Option<Code> {
    let breaks = |finding: &&Finding| {
        let of_certificate = matches!(finding.check(), Check::Chain | Check::Name);
        (of_certificate && finding.outcome == Outcome::Fail) || finding.code == Code::MtaStsMismatch
    };
    let mut broken: Vec<Finding> = findings.iter().filter(breaks).cloned().collect();
    sort(&mut broken);
    broken.sort_by_key(Finding::check);
    broken.first().map(|finding| finding.code)
}
