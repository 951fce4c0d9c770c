//! Findings and policy in, verdict out. Pure: no clock, no OpenSSL, no order of calls.

use crate::report::{Check, Finding, Outcome, Verdict};

/// What a check weighs under a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It must pass.
    Required,
    /// It should: where it does not, the session is encrypted and nothing more.
    Preferred,
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
        (Outcome::Fail, Need::ReportOnly | Need::Preferred) => Finding {
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

/// REJECTED if anything failed or a required check of the peer did not pass; TRUSTED only if every
/// required and every preferred one passed and there was one at all; else encrypted and nothing
/// more. A check that was skipped has not passed.
pub fn decide(needs: Needs, findings: &[Finding]) -> Verdict {
    let passed = |check: Check| {
        let found =
            |finding: &Finding| finding.check() == check && finding.outcome == Outcome::Pass;
        findings.iter().any(found)
    };
    let peer_checks = [Check::Chain, Check::Name, Check::Pin];
    let all_passed =
        |need: Need| peer_checks.into_iter().filter(|check| needs.of(*check) == need).all(passed);
    let failed = findings.iter().any(|finding| finding.outcome == Outcome::Fail);
    let any_weighs = peer_checks.into_iter().any(|check| needs.of(check) != Need::ReportOnly);
    match (failed || !all_passed(Need::Required), any_weighs && all_passed(Need::Preferred)) {
        (true, _) => Verdict::Rejected,
        (false, true) => Verdict::Trusted,
        (false, false) => Verdict::Unauthenticated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Code;

    const OUTCOMES: [Outcome; 4] = [Outcome::Pass, Outcome::Fail, Outcome::Skip, Outcome::Note];
    const NEEDS: [Need; 3] = [Need::Required, Need::Preferred, Need::ReportOnly];

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
    fn trust_needs_every_check_that_weighs_to_pass() {
        let mut seen = [0; 4];
        each(|needs, outcomes, verdict| {
            let pairs =
                [(needs.chain, outcomes[0]), (needs.name, outcomes[1]), (needs.pin, outcomes[2])];
            let lacks = |need| pairs.iter().any(|pair| pair.0 == need && pair.1 != Outcome::Pass);
            let none_weighs = pairs.iter().all(|pair| pair.0 == Need::ReportOnly);
            let wanted = match (lacks(Need::Required), lacks(Need::Preferred) || none_weighs) {
                (true, _) => Verdict::Rejected,
                (false, true) => Verdict::Unauthenticated,
                (false, false) => Verdict::Trusted,
            };
            assert_eq!(verdict, wanted, "{needs:?} {outcomes:?}");
            seen[verdict as usize] += 1;
        });
        assert!(seen[1..].iter().all(|count| *count > 0), "{seen:?}");
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
