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

/// REJECTED if a check that is required failed or did not pass; TRUSTED only if every required and
/// every preferred one passed and there was one at all; else encrypted and nothing more. A check that
/// was skipped has not passed, and neither has one that passed in one respect and failed in another:
/// the findings are taken as they were made, before they are weighed.
pub fn decide(needs: Needs, findings: &[Finding]) -> Verdict {
    let came_out = |check: Check, outcome| {
        findings.iter().any(|finding| finding.check() == check && finding.outcome == outcome)
    };
    let passed = |check| came_out(check, Outcome::Pass) && !came_out(check, Outcome::Fail);
    let peer_checks = [Check::Chain, Check::Name, Check::Pin];
    let all_passed =
        |need: Need| peer_checks.into_iter().filter(|check| needs.of(*check) == need).all(passed);
    let refuses = |finding: &Finding| {
        finding.outcome == Outcome::Fail && needs.of(finding.check()) == Need::Required
    };
    let failed = findings.iter().any(refuses);
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

    /// Every combination of needs, and of two outcomes of each check.
    fn each(mut see: impl FnMut(Needs, [[Outcome; 2]; 3], Verdict)) {
        let pairs: Vec<[Outcome; 2]> =
            OUTCOMES.iter().flat_map(|a| OUTCOMES.map(|b| [*a, b])).collect();
        let codes = [Code::ChainTrusted, Code::NameMatch, Code::PinMatch];
        for needs in all_needs() {
            for (a, b, c) in triples(&pairs) {
                let outcomes = [a, b, c];
                let findings: Vec<Finding> = (0..3)
                    .flat_map(|i| outcomes[i].map(|outcome| Finding::new(codes[i], outcome, "")))
                    .collect();
                see(needs, outcomes, decide(needs, &findings));
            }
        }
    }

    fn all_needs() -> impl Iterator<Item = Needs> {
        triples(&NEEDS).collect::<Vec<_>>().into_iter().map(|(chain, name, pin)| Needs {
            chain,
            name,
            pin,
        })
    }

    fn triples<T: Copy>(from: &[T]) -> impl Iterator<Item = (T, T, T)> + '_ {
        from.iter().flat_map(move |a| {
            from.iter().flat_map(move |b| from.iter().map(move |c| (*a, *b, *c)))
        })
    }

    #[test]
    fn trust_needs_every_check_that_weighs_to_pass_and_not_to_fail() {
        let mut seen = [0; 4];
        each(|needs, outcomes, verdict| {
            let good = |pair: [Outcome; 2]| {
                pair.contains(&Outcome::Pass) && !pair.contains(&Outcome::Fail)
            };
            let checks =
                [(needs.chain, outcomes[0]), (needs.name, outcomes[1]), (needs.pin, outcomes[2])];
            let lacks = |need| checks.iter().any(|check| check.0 == need && !good(check.1));
            let none_weighs = checks.iter().all(|check| check.0 == Need::ReportOnly);
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
            let findings = vec![Finding::fail(code, "")];
            assert_eq!(decide(waived, &findings), Verdict::Rejected, "{code:?}");
            assert_eq!(weigh(waived, findings)[0].outcome, Outcome::Fail, "{code:?}");
        }
    }

    #[test]
    fn nothing_checked_is_not_trusted() {
        let needs = Needs { chain: Need::Required, name: Need::Required, pin: Need::ReportOnly };
        assert_eq!(decide(needs, &[]), Verdict::Rejected);
    }
}
