//! DANE-TA: the certificates that a record makes an anchor, one after the other.

use crate::limits::{DANE_ANCHORS, DANE_SIGNATURES};
use crate::ossl::{Certificate, Chain};
use crate::report::{Code, Finding, Outcome};
use crate::tlsa::{Matching, Selector, Usable};
use crate::trust::{Sources, Trust};

use super::super::chain::{self, Anchors, Path};
use super::{Decision, Scene, matched, matches};

/// What came of trying all anchors.
pub(super) struct Anchored {
    /// The first path without a fault.
    pub(super) good: Option<Decision>,
    /// Else the first that ended at its anchor, with what is wrong with it.
    pub(super) bad: Option<Decision>,
}

/// A certificate that becomes the only anchor.
struct Candidate<'a> {
    record: &'a Usable,
    anchor: Certificate,
    reach: Reach,
}

/// Where the path to a candidate must end to count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Above the leaf: a leaf that is its own CA is not meant by usage 2.
    AboveLeaf,
    /// At what the key signed, which may be the leaf.
    Anywhere,
}

/// The chain with the certificates of full records of a CA (`0 0 0`, `2 0 0`), which the server need
/// not send (RFC 7671 §5.2.2); as many as a chain may have.
pub(super) fn with_authorities(sent: &Chain, records: &[&Usable]) -> Chain {
    let mut chain = sent.clone();
    for record in records.iter().filter(|record| is_authority(record)) {
        // One that OpenSSL cannot read, or beyond the limit, is not there.
        let _ = chain.add_der(&record.data);
    }
    chain
}

fn is_authority(record: &Usable) -> bool {
    !record.usage.is_end_entity()
        && record.selector == Selector::Certificate
        && record.matching == Matching::Full
}

impl Scene<'_> {
    /// Tries every certificate that the records make an anchor.
    pub(super) fn anchored(&self, records: &[&Usable]) -> Anchored {
        let sent = with_authorities(self.sent, records);
        let mut bad = None;
        for candidate in candidates(&sent, records) {
            match self.attempt(&sent, &candidate) {
                Some((decision, true)) => return Anchored { good: Some(decision), bad },
                Some((decision, false)) => bad = bad.or(Some(decision)),
                None => {}
            }
        }
        Anchored { good: None, bad }
    }

    /// The path to this anchor, if there is one, and whether nothing is wrong with it.
    fn attempt(&self, sent: &Chain, candidate: &Candidate) -> Option<(Decision, bool)> {
        let der = candidate.anchor.der();
        let sources = Sources { der: vec![der], system: Some(false), ..Sources::default() };
        let trust = Trust::load(&sources).ok()?;
        let anchors = Anchors::only(&trust, self.budget);
        let (findings, path) = chain::check(self.policy, anchors, self.references, sent, self.now);
        let depth = depth_of(&path, candidate)?;
        let good = !findings.iter().any(|finding| finding.outcome == Outcome::Fail);
        let finding = matched(candidate.record, depth);
        let chain = findings.into_iter().filter_map(|finding| told(finding, candidate)).collect();
        Some((Decision { finding, chain, path, needs: self.needs_with_chain() }, good))
    }
}

/// Where the path ends at the candidate; `None` where it does not.
fn depth_of(path: &Path, candidate: &Candidate) -> Option<usize> {
    let depth = path.built.len().checked_sub(1)?;
    let ends_there = path.built[depth].der() == candidate.anchor.der();
    (ends_there && (depth > 0 || candidate.reach == Reach::Anywhere)).then_some(depth)
}

/// The chain check's findings in the words of DANE.
fn told(finding: Finding, candidate: &Candidate) -> Option<Finding> {
    match finding.code {
        Code::ChainTrusted => {
            let anchor = candidate.anchor.subject();
            let words =
                format!("the chain leads to {anchor}, which a TLSA record makes the anchor");
            Some(Finding { detail: words, wanted: candidate.record.brief(), ..finding })
        }
        // insecure_no_chain waives the public CAs and not the anchor that the domain itself names.
        Code::ChainNotChecked => None,
        _ => Some(finding),
    }
}

fn candidates<'a>(sent: &Chain, records: &[&'a Usable]) -> Vec<Candidate<'a>> {
    let above_leaf = sent.iter().skip(1).filter_map(|anchor| {
        let record = records.iter().copied().find(|record| matches(record, anchor))?;
        Some(Candidate { record, anchor: anchor.clone(), reach: Reach::AboveLeaf })
    });
    let mut found: Vec<Candidate> = Vec::new();
    for candidate in above_leaf.chain(signed_by_bare_keys(sent, records)) {
        let known = found.iter().any(|other| other.anchor.der() == candidate.anchor.der());
        if !known && found.len() < DANE_ANCHORS {
            found.push(candidate);
        }
    }
    found
}

/// `2 1 0`: what the key signed, wherever its own certificate may be. OpenSSL does the same with keys
/// that it trusts. Signatures cost, so they are counted.
fn signed_by_bare_keys<'a>(
    sent: &Chain,
    records: &[&'a Usable],
) -> impl Iterator<Item = Candidate<'a>> {
    let is_key =
        |record: &&&Usable| record.selector == Selector::Spki && record.matching == Matching::Full;
    let pairs = records
        .iter()
        .filter(is_key)
        .flat_map(|record| sent.iter().map(move |certificate| (*record, certificate)));
    let signed = pairs.take(DANE_SIGNATURES).filter(|(record, one)| one.is_signed_by(&record.data));
    let candidates = signed.map(|(record, certificate)| Candidate {
        record,
        anchor: certificate.clone(),
        reach: Reach::Anywhere,
    });
    candidates.collect::<Vec<_>>().into_iter()
}
