//! MTA-STS: what the domain's policy says of this MX host (RFC 8461 §4), and how that goes together
//! with DANE.
//!
//! | TLSA records | policy's mode | what is needed |
//! |---|---|---|
//! | decide (match, mismatch), or refuse (bogus, failed) | any | what DANE needs; the policy is reported only |
//! | none, insecure, unusable, off | enforce | a host of the policy, chain and name |
//! | | testing | what the options say; what enforcing would refuse is a note |
//! | | none, or no policy | what the options say |
//!
//! A policy never lets a peer pass whom DANE refuses (RFC 8461 §2), and never asks for less than the
//! options do: it comes over the network, and the options from the caller. What it can do is end
//! opportunism: chain and name that were only preferred are required. Waived ones stay waived, by
//! their insecure name.

use std::time::Duration;

use crate::mta_sts::{Lack, Mode, Sts, StsPolicy};
use crate::name::ReferenceId;
use crate::options::Settings;
use crate::report::{Code, Finding, Outcome};

use super::decide::{Need, Needs};
use super::peer::Peer;

/// What part a policy has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StsMode {
    /// None.
    Off,
    /// What it says counts.
    Apply,
    /// There must be one that is enforced.
    Require,
}

impl StsMode {
    /// The mode that the options stand for.
    pub fn freeze(settings: &Settings) -> StsMode {
        match settings.text("mta_sts") {
            Some("off") => StsMode::Off,
            Some("require") => StsMode::Require,
            _ => StsMode::Apply,
        }
    }
}

/// How a policy is got, and what part it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StsRules {
    /// What part it has.
    pub mode: StsMode,
    /// The directory in which policies are kept for as long as they hold.
    pub cache: Option<String>,
    /// For fetching one.
    pub patience: Duration,
}

/// A minute, as RFC 8461 §3.3 suggests.
const PATIENCE: Duration = Duration::from_secs(60);

impl StsRules {
    /// The settings as types.
    pub fn freeze(settings: &Settings) -> StsRules {
        let given = settings.int("mta_sts_timeout_ms").and_then(|value| u64::try_from(value).ok());
        StsRules {
            mode: StsMode::freeze(settings),
            cache: settings.text("mta_sts_cache").map(str::to_owned),
            patience: given.map_or(PATIENCE, Duration::from_millis),
        }
    }
}

/// The finding, and what every check weighs with it; `needs` is what they weigh after DANE.
pub fn check(mode: StsMode, peer: &Peer, needs: Needs) -> (Finding, Needs) {
    let finding = finding(mode, peer);
    let enforced = matches!(peer.sts(), Sts::Policy(policy) if policy.mode == Mode::Enforce)
        && peer.protocol().has_mta_sts();
    let needs = match (mode, enforced, needs.dane) {
        (StsMode::Require, _, _) => Needs { mta_sts: Need::Required, ..needs.firm() },
        (StsMode::Off, _, _) | (StsMode::Apply, false, _) | (_, _, Need::Required) => needs,
        (StsMode::Apply, true, _) => Needs { mta_sts: Need::Required, ..needs.firm() },
    };
    (finding, needs)
}

fn finding(mode: StsMode, peer: &Peer) -> Finding {
    let missing = if mode == StsMode::Require { Outcome::Fail } else { Outcome::Skip };
    let absent = |words: &str| Finding::new(Code::MtaStsNotChecked, missing, words);
    if mode == StsMode::Off {
        return Finding::skip(Code::MtaStsNotChecked, "the option mta_sts is off");
    }
    match peer.sts() {
        Sts::NotAsked => absent("no MTA-STS policy was given"),
        Sts::Nothing => absent("the domain has no MTA-STS policy"),
        Sts::Unknown(lack) => {
            let outcome = if mode == StsMode::Require { Outcome::Fail } else { Outcome::Note };
            Finding::new(code_of(lack), outcome, format!("no MTA-STS policy: {}", lack.words()))
        }
        Sts::Policy(_) if !peer.protocol().has_mta_sts() => {
            absent("MTA-STS is for mail relays (smtp), and says nothing of this protocol")
        }
        Sts::Policy(policy) if policy.mode == Mode::None => {
            absent("the domain's MTA-STS policy says that it is given up")
        }
        Sts::Policy(policy) => held_against(mode, policy, peer),
    }
}

/// The code of a policy that is not known.
pub fn code_of(lack: &Lack) -> Code {
    match lack {
        Lack::NotGot(_) => Code::MtaStsUnknown,
        Lack::HostNotTrusted(_) => Code::MtaStsHostNotTrusted,
        Lack::Invalid(_) => Code::MtaStsInvalid,
    }
}

fn held_against(mode: StsMode, policy: &StsPolicy, peer: &Peer) -> Finding {
    let host = peer.host().and_then(ReferenceId::as_dns);
    let (wanted, found) = (policy.hosts_text(), peer.host_text());
    let testing = policy.mode == Mode::Testing;
    let finding = match host {
        Some(host) if policy.covers(host) && !testing => {
            let words = format!("{found} is a host of the domain's MTA-STS policy");
            Finding::pass(Code::MtaStsMatch, words)
        }
        Some(host) if policy.covers(host) => {
            let words = format!("{found} is a host of the domain's MTA-STS policy, which it tests");
            // A policy that is tested has not vouched for anybody.
            let outcome = if mode == StsMode::Require { Outcome::Fail } else { Outcome::Note };
            Finding::new(Code::MtaStsTesting, outcome, words)
        }
        _ => {
            let words = format!("the domain's MTA-STS policy is for {wanted}, and this is {found}");
            let outcome =
                if testing && mode == StsMode::Apply { Outcome::Note } else { Outcome::Fail };
            Finding::new(Code::MtaStsMismatch, outcome, words)
        }
    };
    finding.compared(wanted, found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Protocol;

    const NEEDS: [Need; 4] = [Need::Required, Need::Preferred, Need::Veto, Need::ReportOnly];

    fn peer(host: &str, sts: Sts) -> Peer {
        let mut peer = Peer::new();
        peer.set_host(host).unwrap();
        peer.set_sts(sts);
        peer
    }

    fn lacking(lack: fn(String) -> Lack) -> Sts {
        Sts::Unknown(lack("x".to_owned()))
    }

    fn policy(mode: &str) -> Sts {
        let text = format!("version: STSv1\nmode: {mode}\nmx: mail.bob.test\nmax_age: 9\n");
        Sts::Policy(StsPolicy::parse(&text).unwrap())
    }

    #[test]
    fn the_finding() {
        use Outcome::{Fail, Note, Pass, Skip};
        use StsMode::{Apply, Off, Require};
        for (mode, host, sts, code, outcome) in [
            (Apply, "mail.bob.test", policy("enforce"), Code::MtaStsMatch, Pass),
            (Require, "mail.bob.test", policy("enforce"), Code::MtaStsMatch, Pass),
            (Apply, "mail.eve.test", policy("enforce"), Code::MtaStsMismatch, Fail),
            (Apply, "192.0.2.1", policy("enforce"), Code::MtaStsMismatch, Fail),
            (Apply, "mail.bob.test", policy("testing"), Code::MtaStsTesting, Note),
            (Apply, "mail.eve.test", policy("testing"), Code::MtaStsMismatch, Note),
            (Require, "mail.bob.test", policy("testing"), Code::MtaStsTesting, Fail),
            (Require, "mail.eve.test", policy("testing"), Code::MtaStsMismatch, Fail),
            (Apply, "mail.eve.test", policy("none"), Code::MtaStsNotChecked, Skip),
            (Require, "mail.bob.test", policy("none"), Code::MtaStsNotChecked, Fail),
            (Apply, "mail.bob.test", Sts::NotAsked, Code::MtaStsNotChecked, Skip),
            (Require, "mail.bob.test", Sts::NotAsked, Code::MtaStsNotChecked, Fail),
            (Require, "mail.bob.test", Sts::Nothing, Code::MtaStsNotChecked, Fail),
            (Apply, "mail.bob.test", lacking(Lack::NotGot), Code::MtaStsUnknown, Note),
            (Require, "mail.bob.test", lacking(Lack::NotGot), Code::MtaStsUnknown, Fail),
            (Apply, "a.test", lacking(Lack::HostNotTrusted), Code::MtaStsHostNotTrusted, Note),
            (Require, "a.test", lacking(Lack::HostNotTrusted), Code::MtaStsHostNotTrusted, Fail),
            (Apply, "a.test", lacking(Lack::Invalid), Code::MtaStsInvalid, Note),
            (Require, "a.test", lacking(Lack::Invalid), Code::MtaStsInvalid, Fail),
            (Off, "mail.eve.test", policy("enforce"), Code::MtaStsNotChecked, Skip),
        ] {
            let (finding, _) = check(mode, &peer(host, sts.clone()), Needs::NONE);
            assert_eq!((finding.code, finding.outcome), (code, outcome), "{mode:?} {host} {sts:?}");
        }
    }

    /// The table above, whole: what DANE made of the checks, the policy, and what they weigh then.
    #[test]
    fn dane_and_mta_sts() {
        for (chain, name) in NEEDS.iter().flat_map(|chain| NEEDS.map(|name| (*chain, name))) {
            for dane in NEEDS {
                let before = Needs { chain, name, dane, ..Needs::NONE };
                for sts in [Sts::NotAsked, Sts::Nothing, policy("none"), policy("testing")] {
                    let (_, needs) = check(StsMode::Apply, &peer("mail.bob.test", sts), before);
                    assert_eq!(needs, before);
                }
                let (_, needs) =
                    check(StsMode::Apply, &peer("mail.bob.test", policy("enforce")), before);
                if dane == Need::Required {
                    assert_eq!(needs, before, "DANE decides");
                    continue;
                }
                let firm = |need| if need == Need::Preferred { Need::Required } else { need };
                let wanted = Needs {
                    chain: firm(chain),
                    name: firm(name),
                    mta_sts: Need::Required,
                    ..before
                };
                assert_eq!(needs, wanted);
            }
        }
    }

    #[test]
    fn a_policy_says_nothing_of_other_protocols() {
        let mut other = peer("mail.bob.test", policy("enforce"));
        other.set_protocol(Protocol::Submission);
        let (finding, needs) = check(StsMode::Apply, &other, Needs::NONE);
        assert_eq!((finding.outcome, needs), (Outcome::Skip, Needs::NONE));
        let (finding, _) = check(StsMode::Require, &other, Needs::NONE);
        assert_eq!(finding.outcome, Outcome::Fail);
    }
}
