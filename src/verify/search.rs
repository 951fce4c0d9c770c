//! From the first path that OpenSSL finds to the one that the report speaks of.
//!
//! The first path that passes is the path: pins and names are held against it, and the report
//! describes it. Where none passes, the report is about the one that came closest, which is what its
//! reader can mend: it ends at an anchor, its signatures are right, the least is wrong with it, and
//! among equals it was tried first.

use std::cell::Cell;

use crate::error::Result;
use crate::limits::{CANDIDATE_PATHS, NAME_COMPARISONS, SIGNATURE_CHECKS};
use crate::ossl::{Answer, Certificate, Chain, Route, Store};
use crate::report::{Code, Finding, Outcome, Source};

use super::candidates::Candidates;

/// One path, and what is wrong with it.
pub struct Attempt {
    /// OpenSSL's answer.
    pub answer: Answer,
    /// What we make of it.
    pub findings: Vec<Finding>,
}

/// Faults of a certificate itself, whatever stands above it.
const OWN_FAULTS: &[Code] = &[
    Code::ChainExpired,
    Code::ChainNotYetValid,
    Code::ChainPurpose,
    Code::ChainWeakKey,
    Code::ChainWeakSignature,
    Code::ChainCriticalExtension,
    Code::ChainInvalidCa,
    Code::ChainCaAsLeaf,
    Code::ChainSelfSigned,
];

impl Attempt {
    /// Whether the path may be trusted.
    pub fn is_good(&self) -> bool {
        self.failures().next().is_none()
    }

    fn failures(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.outcome == Outcome::Fail)
    }

    fn has_failed(&self, codes: &[Code]) -> bool {
        self.failures().any(|finding| codes.contains(&finding.code))
    }

    /// Depths of the certificates that are wrong in any path. What our own rules say may depend on the
    /// anchor, and so on the path.
    fn wrong_in_any_path(&self) -> impl Iterator<Item = usize> {
        let own = self.failures().filter(|finding| OWN_FAULTS.contains(&finding.code));
        let own = own.filter(|finding| {
            finding.source == Source::Openssl || finding.code == Code::ChainCaAsLeaf
        });
        own.filter_map(|finding| usize::try_from(finding.depth).ok())
    }

    /// Less is closer to trust.
    fn distance(&self) -> (bool, bool, usize) {
        (
            self.has_failed(&[Code::ChainUnknownIssuer, Code::ChainSelfSigned]),
            self.has_failed(&[Code::ChainBadSignature]),
            self.failures().count(),
        )
    }

    /// The path's certificates above the leaf.
    fn walked(&self) -> Vec<Vec<u8>> {
        self.answer.path.iter().skip(1).map(|certificate| certificate.der().to_vec()).collect()
    }
}

/// What one verdict may still cost, all paths to all anchors together.
pub struct Budget {
    paths: Cell<usize>,
    signatures: Cell<usize>,
    comparisons: Cell<usize>,
}

/// What a path costs, at most.
#[derive(Clone, Copy)]
pub struct Cost {
    /// Names held against constraints.
    pub comparisons: usize,
    /// Signatures for each certificate: its own, and its CRL's.
    pub per_certificate: usize,
}

impl Budget {
    /// A fresh one.
    pub fn new() -> Budget {
        Budget {
            paths: Cell::new(CANDIDATE_PATHS),
            signatures: Cell::new(SIGNATURE_CHECKS),
            comparisons: Cell::new(NAME_COMPARISONS),
        }
    }

    /// Signatures that were checked, without a question beforehand.
    pub fn spend_signatures(&self, count: usize) {
        self.signatures.set(self.signatures.get().saturating_sub(count));
    }

    /// Takes a path of so many signed certificates; `false`: there was not enough left, and now there is nothing.
    pub fn take(&self, certificates: usize, cost: Cost) -> bool {
        let left = |from: &Cell<usize>, cost| {
            let left = from.get().checked_sub(cost);
            from.set(left.unwrap_or(0));
            left.is_some()
        };
        // All three are taken, whatever comes of the first.
        left(&self.paths, 1)
            & left(&self.signatures, certificates * cost.per_certificate)
            & left(&self.comparisons, cost.comparisons)
    }
}

/// Tries other paths after the first one, until one passes, there are no more, or the budget ends.
pub fn better(
    first: Attempt,
    chain: &Chain,
    store: &Store,
    budget: &Budget,
    cost: Cost,
    judge: impl Fn(&Route) -> Result<Attempt>,
) -> Result<Attempt> {
    if first.is_good() || first.wrong_in_any_path().any(|depth| depth == 0) {
        return Ok(first);
    }
    let mut candidates = Candidates::of(chain, store);
    exclude(&mut candidates, &first);
    let walked = first.walked();
    let mut best = first;
    while let Some(route) = candidates.next() {
        if route.certificates().map(Certificate::der).eq(&walked) {
            continue;
        }
        if !budget.take(route.between.len() + 1, cost) {
            best.findings.push(exhausted());
            return Ok(best);
        }
        let attempt = judge(&route)?;
        if attempt.is_good() {
            return Ok(attempt);
        }
        exclude(&mut candidates, &attempt);
        if attempt.distance() < best.distance() {
            best = attempt;
        }
    }
    if candidates.gave_up() {
        best.findings.push(exhausted());
    }
    Ok(best)
}

fn exclude(candidates: &mut Candidates, attempt: &Attempt) {
    let wrong = attempt.wrong_in_any_path().filter_map(|depth| attempt.answer.path.get(depth));
    wrong.for_each(|certificate| candidates.exclude(certificate));
}

/// The finding of a search that was not brought to its end.
pub fn exhausted() -> Finding {
    let words = format!(
        "no path to a trusted CA was found within {CANDIDATE_PATHS} paths, {SIGNATURE_CHECKS} signatures and {NAME_COMPARISONS} comparisons of names"
    );
    Finding::fail(Code::ChainBudget, words)
}
