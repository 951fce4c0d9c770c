//! Findings and policy in, verdict out. Pure: no clock, no OpenSSL, no order of calls.

use crate::report::{Check, Finding, Outcome, Verdict};

/// What a check weighs under a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It must pass.
    Required,
    /// It should: where it does not, the session is encrypted and nothing more.
    Preferred,
    /// It need not have been made, but where it was made and failed, the peer is refused.
    Veto,
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
    /// Revocation.
    pub revocation: Need,
    /// Public logs.
    pub transparency: Need,
    /// What is known from before.
    pub known: Need,
    /// TLSA records.
    pub dane: Need,
    /// The domain's MTA-STS policy.
    pub mta_sts: Need,
    /// What else the DNS says; it never makes anybody trusted.
    pub evidence: Need,
}

impl Needs {
    /// Nothing is asked for.
    pub const NONE: Needs = Needs {
        chain: Need::ReportOnly,
        name: Need::ReportOnly,
        pin: Need::ReportOnly,
        revocation: Need::ReportOnly,
        transparency: Need::ReportOnly,
        known: Need::ReportOnly,
        dane: Need::ReportOnly,
        mta_sts: Need::ReportOnly,
        evidence: Need::ReportOnly,
    };

    /// Opportunism ends. Where DANE decides, chain and name weigh what it made of them.
    pub fn firm(self) -> Needs {
        let firm = |need| if need == Need::Preferred { Need::Required } else { need };
        Needs { chain: firm(self.chain), name: firm(self.name), ..self }
    }

    /// The same before the end of the handshake: what only its end can show weighs nothing yet.
    pub const fn before_the_end(self) -> Needs {
        Needs {
            revocation: Need::ReportOnly,
            transparency: Need::ReportOnly,
            evidence: Need::ReportOnly,
            ..self
        }
    }

    /// What this check weighs. The checks of the connection itself can never be waived.
    pub const fn of(self, check: Check) -> Need {
        match check {
            Check::Chain => self.chain,
            Check::Name => self.name,
            Check::Pin => self.pin,
            Check::Revocation => self.revocation,
            Check::Transparency => self.transparency,
            Check::Known => self.known,
            Check::Dane => self.dane,
            Check::MtaSts => self.mta_sts,
            Check::Evidence => self.evidence,
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
        (Outcome::Fail, Need::Required | Need::Veto)
        | (Outcome::Pass | Outcome::Skip | Outcome::Note, _) => finding,
    };
    findings.into_iter().map(weighed).collect()
}

/// REJECTED if a check that is required failed or did not pass, or one that may refuse failed; TRUSTED only if every required and
/// every preferred one passed and there was one at all; else encrypted and nothing more. A check that
/// was skipped has not passed, and neither has one that passed in one respect and failed in another:
/// the findings are taken as they were made, before they are weighed.
pub fn decide(needs: Needs, findings: &[Finding]) -> Verdict {
    let came_out = |check: Check, outcome| {
        findings.iter().any(|finding| finding.check() == check && finding.outcome == outcome)
    };
    let passed = |check| came_out(check, Outcome::Pass) && !came_out(check, Outcome::Fail);
    let of_need = |need| Check::OF_PEER.into_iter().filter(move |check| needs.of(*check) == need);
    let all_passed = |need: Need| of_need(need).all(passed);
    let refuses = |finding: &Finding| {
        finding.outcome == Outcome::Fail
            && matches!(needs.of(finding.check()), Need::Required | Need::Veto)
    };
    let failed = findings.iter().any(refuses);
    // Not to object is not to vouch, and what the DNS says beside DANE vouches for nobody.
    let any_weighs = of_need(Need::Required)
        .chain(of_need(Need::Preferred))
        .any(|check| check != Check::Evidence);
    match (failed || !all_passed(Need::Required), any_weighs && all_passed(Need::Preferred)) {
        (true, _) => Verdict::Rejected,
        (false, true) => Verdict::Trusted,
        (false, false) => Verdict::Unauthenticated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{Code, TABLE};

    const OUTCOMES: [Outcome; 4] = [Outcome::Pass, Outcome::Fail, Outcome::Skip, Outcome::Note];
    const NEEDS: [Need; 4] = [Need::Required, Need::Preferred, Need::Veto, Need::ReportOnly];

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
            ..Needs::NONE
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
            let vetoed = checks
                .iter()
                .any(|check| check.0 == Need::Veto && check.1.contains(&Outcome::Fail));
            let none_weighs =
                checks.iter().all(|check| matches!(check.0, Need::ReportOnly | Need::Veto));
            let refused = lacks(Need::Required) || vetoed;
            let wanted = match (refused, lacks(Need::Preferred) || none_weighs) {
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
        let waived = Needs::NONE;
        for code in [Code::StarttlsInjection, Code::TlsVersion, Code::IoTimeout] {
            let findings = vec![Finding::fail(code, "")];
            assert_eq!(decide(waived, &findings), Verdict::Rejected, "{code:?}");
            assert_eq!(weigh(waived, findings)[0].outcome, Outcome::Fail, "{code:?}");
        }
    }

    #[test]
    fn every_check_of_the_peer_can_refuse() {
        let codes = TABLE.iter().filter(|row| Check::OF_PEER.contains(&row.check));
        let mut seen = 0;
        for row in codes {
            let failed = [Finding::pass(Code::ChainTrusted, ""), Finding::fail(row.code, "")];
            for need in [Need::Required, Need::Veto] {
                let needs = with(row.check, need);
                assert_eq!(decide(needs, &failed), Verdict::Rejected, "{} {need:?}", row.name);
            }
            seen += 1;
        }
        assert!(seen > 20);
    }

    /// The chain is required, and this check has this need.
    fn with(check: Check, need: Need) -> Needs {
        set(Needs { chain: Need::Required, ..Needs::NONE }, check, need)
    }

    fn set(mut needs: Needs, check: Check, need: Need) -> Needs {
        match check {
            Check::Chain => needs.chain = need,
            Check::Name => needs.name = need,
            Check::Pin => needs.pin = need,
            Check::Revocation => needs.revocation = need,
            Check::Transparency => needs.transparency = need,
            Check::Known => needs.known = need,
            Check::Dane => needs.dane = need,
            Check::MtaSts => needs.mta_sts = need,
            Check::Evidence => needs.evidence = need,
            Check::Starttls | Check::Tls | Check::Io => {}
        }
        needs
    }

    #[test]
    fn what_may_only_refuse_vouches_for_nobody() {
        let needs = Needs { revocation: Need::Veto, ..Needs::NONE };
        let good = [Finding::pass(Code::RevocationGood, "")];
        assert_eq!(decide(needs, &good), Verdict::Unauthenticated);
        let chain = Needs { chain: Need::Required, ..needs };
        let skipped =
            [Finding::pass(Code::ChainTrusted, ""), Finding::skip(Code::RevocationNotChecked, "")];
        assert_eq!(decide(chain, &skipped), Verdict::Trusted);
        assert_eq!(
            decide(Needs { revocation: Need::Required, ..chain }, &skipped),
            Verdict::Rejected
        );
    }

    #[test]
    fn nothing_checked_is_not_trusted() {
        let needs = Needs { chain: Need::Required, name: Need::Required, ..Needs::NONE };
        assert_eq!(decide(needs, &[]), Verdict::Rejected);
    }

    /// From worst to best.
    const fn rank(verdict: Verdict) -> u8 {
        match verdict {
            Verdict::Rejected | Verdict::Unknown => 0,
            Verdict::Unauthenticated => 1,
            Verdict::Trusted => 2,
        }
    }

    /// Every need and every outcome of the other checks, each with every need and outcome of the
    /// evidence: what the DNS says never makes of a verdict a better one.
    #[test]
    fn evidence_never_makes_a_verdict_better() {
        let others = others();
        let mut worsened = 0;
        // Two checks at a time vary, the rest is silent: each check weighs by itself.
        for (one, two) in others.iter().flat_map(|one| others.iter().map(|two| (*one, *two))) {
            for (need_one, need_two) in NEEDS.iter().flat_map(|one| NEEDS.map(|two| (*one, two))) {
                let needs = set(set(Needs::NONE, one, need_one), two, need_two);
                for (first, second) in pairs() {
                    let findings = [
                        Finding::new(code_of(one), first, ""),
                        Finding::new(code_of(two), second, ""),
                    ];
                    worsened += with_evidence(needs, &findings);
                }
            }
        }
        assert!(worsened > 0, "evidence that is required must be able to refuse");
    }

    /// What the options can make of the checks, and every outcome of all eight at once.
    #[test]
    fn evidence_makes_no_verdict_better_whatever_all_the_others_say() {
        let others = others();
        let silent_or = [None, Some(Outcome::Pass), Some(Outcome::Fail)];
        for needs in [Need::Required, Need::Preferred, Need::Veto, Need::ReportOnly] {
            let needs = others.iter().fold(Needs::NONE, |all, check| set(all, *check, needs));
            for number in 0..3_usize.pow(8) {
                let outcome = |place: usize| silent_or[number / 3_usize.pow(place as u32) % 3];
                let finding = |(place, check): (usize, &Check)| {
                    Some(Finding::new(code_of(*check), outcome(place)?, ""))
                };
                let findings: Vec<Finding> =
                    others.iter().enumerate().filter_map(finding).collect();
                better_for_no(needs, &findings);
            }
        }
    }

    /// Every check of the peer beside the evidence.
    fn others() -> Vec<Check> {
        let others = Check::OF_PEER.into_iter().filter(|check| *check != Check::Evidence);
        let others: Vec<Check> = others.collect();
        assert_eq!(others.len(), 8);
        others
    }

    fn better_for_no(needs: Needs, findings: &[Finding]) {
        let without = rank(decide(needs, findings));
        for outcome in OUTCOMES {
            let evidence = Finding::new(Code::EvidenceReverseConfirmed, outcome, "");
            let all = [findings, &[evidence]].concat();
            for need in NEEDS {
                let with = rank(decide(set(needs, Check::Evidence, need), &all));
                assert!(with <= without, "{needs:?} {findings:?} {need:?} {outcome:?}");
            }
        }
    }

    fn pairs() -> impl Iterator<Item = (Outcome, Outcome)> {
        OUTCOMES.into_iter().flat_map(|one| OUTCOMES.map(|two| (one, two)))
    }

    /// A code of this check; which one makes no difference.
    fn code_of(check: Check) -> Code {
        TABLE.iter().find(|row| row.check == check).map(|row| row.code).expect("a code")
    }

    /// Holds the verdict with any evidence against the one without; how often it got worse.
    fn with_evidence(needs: Needs, findings: &[Finding]) -> u32 {
        let without = decide(needs, findings);
        let mut worsened = 0;
        for need in NEEDS {
            for (one, two) in pairs() {
                let evidence = [one, two]
                    .map(|outcome| Finding::new(Code::EvidenceReverseConfirmed, outcome, ""));
                let all = [findings, &evidence].concat();
                let with = decide(set(needs, Check::Evidence, need), &all);
                assert!(
                    rank(with) <= rank(without),
                    "{needs:?} {findings:?} {need:?} {evidence:?}"
                );
                if need == Need::ReportOnly {
                    assert_eq!(with, without, "reported, it weighs nothing");
                }
                worsened += u32::from(rank(with) < rank(without));
            }
        }
        worsened
    }
}
