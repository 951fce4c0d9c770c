//! Findings and policy in, verdict out. Pure: no clock, no OpenSSL, no order of calls.

use crate::report::{Check, Finding, Outcome, Verdict};

/// What a check weighs under a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It must pass.
    Required,
    /// It is reported and weighs nothing.
    ReportOnly,
}

/// What each check weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// The chain.
    pub chain: Need,
    /// The name.
    pub name: Need,
    /// The pins.
    pub pin: Need,
}

impl Needs {
    /// What this check weighs. The checks of the connection itself can never be waived.
    pub const fn of(self, check: Check) -> Need {
        match check {
            Check::Chain => self.chain,
            Check::Name => self.name,
            Check::Pin => self.pin,
            Check::Starttls | Check::Tls | Check::Io => Need::Required,
        }
    }
}

/// A failure of a check that is only reported becomes a note, so that "fail" in a report always
/// means "refused because of this".
pub fn weigh(needs: Needs, findings: Vec<Finding>) -> Vec<Finding> {
    let weighed = |finding: Finding| match (finding.outcome, needs.of(finding.check())) {
        (Outcome::Fail, Need::ReportOnly) => Finding {
            outcome: Outcome::Note,
            detail: format!("{} (not required here)", finding.detail),
            ..finding
        },
        (Outcome::Fail, Need::Required) | (Outcome::Pass | Outcome::Skip | Outcome::Note, _) => {
            finding
        }
    };
    findings.into_iter().map(weighed).collect()
}

/// TRUSTED only if nothing failed, every required check of the peer passed, and at least one check
/// of the peer was required. A check that was skipped has not passed.
pub fn decide(needs: Needs, findings: &[Finding]) -> Verdict {
    let failed = findings.iter().any(|finding| finding.outcome == Outcome::Fail);
    let passed = |check: Check| {
        let found =
            |finding: &Finding| finding.check() == check && finding.outcome == Outcome::Pass;
        needs.of(check) == Need::ReportOnly || findings.iter().any(found)
    };
    let peer_checks = [Check::Chain, Check::Name, Check::Pin];
    let all_passed = peer_checks.into_iter().all(passed);
    let any_required = peer_checks.into_iter().any(|check| needs.of(check) == Need::Required);
    match (failed, all_passed, any_required) {
        (false, true, true) => Verdict::Trusted,
        // Everything was switched off by its insecure name: encrypted and nothing more.
        (false, true, false) => Verdict::Unauthenticated,
        (true, _, _) | (_, false, _) => Verdict::Rejected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Code;

    const OUTCOMES: [Outcome; 4] = [Outcome::Pass, Outcome::Fail, Outcome::Skip, Outcome::Note];
    const NEEDS: [Need; 2] = [Need::Required, Need::ReportOnly];

    /// Every combination of needs and outcomes, weighed and decided.
    fn each(mut see: impl FnMut(Needs, [Outcome; 3], Verdict)) {
        for chain in NEEDS {
            for name in NEEDS {
                for pin in NEEDS {
                    let needs = Needs { chain, name, pin };
                    for a in OUTCOMES {
                        for b in OUTCOMES {
                            for c in OUTCOMES {
                                let findings = vec![
                                    Finding::new(Code::ChainTrusted, a, ""),
                                    Finding::new(Code::NameMatch, b, ""),
                                    Finding::new(Code::PinMatch, c, ""),
                                ];
                                see(needs, [a, b, c], decide(needs, &weigh(needs, findings)));
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn trust_needs_every_required_check_to_pass() {
        let mut trusted = 0;
        each(|needs, outcomes, verdict| {
            let pairs =
                [(needs.chain, outcomes[0]), (needs.name, outcomes[1]), (needs.pin, outcomes[2])];
            let met = pairs
                .iter()
                .all(|(need, outcome)| *need == Need::ReportOnly || *outcome == Outcome::Pass);
            let any = pairs.iter().any(|(need, _)| *need == Need::Required);
            assert_eq!(verdict == Verdict::Trusted, met && any, "{needs:?} {outcomes:?}");
            trusted += usize::from(verdict == Verdict::Trusted);
        });
        assert!(trusted > 0);
    }

    #[test]
    fn a_failure_on_the_way_is_never_waived() {
        let waived =
            Needs { chain: Need::ReportOnly, name: Need::ReportOnly, pin: Need::ReportOnly };
        for code in [Code::StarttlsInjection, Code::TlsVersion, Code::IoTimeout] {
            let findings = weigh(waived, vec![Finding::fail(code, "")]);
            assert_eq!(decide(waived, &findings), Verdict::Rejected, "{code:?}");
        }
    }

    #[test]
    fn nothing_checked_is_not_trusted() {
        let needs = Needs { chain: Need::Required, name: Need::Required, pin: Need::ReportOnly };
        assert_eq!(decide(needs, &[]), Verdict::Rejected);
    }
}
