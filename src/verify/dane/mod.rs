//! DANE: what a domain says in the DNS about the certificates of its servers, against what this server
//! showed (RFC 6698, RFC 7671; RFC 7672 for mail relays, RFC 7673 for protocols with SRV records).
//!
//! Whether the records decide is in `standing`. Where they do, one that matches is enough (RFC 6698
//! §2.1), and they are tried in this order:
//!
//! - 3, DANE-EE: the server's own certificate or key. Nothing else counts, neither names nor dates
//!   (RFC 7671 §5.1), unless the option `dane_ee_name` asks for the name.
//! - 2, DANE-TA: each certificate above the leaf that matches, sent or from a `2 0 0` record, becomes
//!   the *only* anchor. Of a `2 1 0` record there is a key and no certificate: what it signed becomes
//!   the anchor. Chain and name must be good (RFC 7671 §5.2).
//! - 1 and 0, PKIX: ordinary verification, and a match with the leaf or in the path that it found.
//!
//! After a mismatch there is no way back to the public CAs (RFC 7672 §2.2).
//!
//! Q: Why is a certificate that matches `2 1 1` no anchor unless the path ends there? A: Anybody can
//! append Bob's CA to a chain of his own. Only what the leaf leads to counts.
//!
//! Q: A forger can put Bob's key into a CA certificate of his own, which then matches `2 1 1`. A: Its
//! private half signs nothing for him. But what else that certificate says is his, so the anchors that
//! are tried are counted.

mod anchors;
mod standing;

use crate::error::Result;
use crate::name::ReferenceId;
use crate::ossl::{Certificate, Chain, digest};
use crate::pin::Algorithm;
use crate::report::{Code, Finding, Outcome};
use crate::tlsa::{Matching, Record, Selector, Usable, Usage, strongest};

use super::chain::{self, Anchors, Path};
use super::decide::{Need, Needs};
use super::peer::Peer;
use super::policy::{EeName, Policy};
use super::provenance::Provenance;
use super::search::Budget;

pub use standing::Standing;
use standing::{astray, standing};

/// Records, or certificates, that a sentence shows before it says "and N more".
const SHOWN: usize = 6;

/// What the records make of the peer, and of the checks beside theirs.
pub struct Ruling {
    /// Findings about the records.
    pub findings: Vec<Finding>,
    /// Findings about the chain, under the anchors that count.
    pub chain: Vec<Finding>,
    /// The path to these anchors.
    pub path: Path,
    /// The names that the certificate may be for.
    pub references: Vec<ReferenceId>,
    /// What each check weighs.
    pub needs: Needs,
}

/// Whether the peer's records decide.
pub fn stands(policy: &Policy, peer: &Peer) -> Standing {
    let usages = peer.protocol().tlsa_usages();
    match peer.server_provenance() {
        Provenance::User | Provenance::Secure => standing(policy.dane.mode, usages, peer.tlsa()),
        Provenance::Insecure => astray(policy.dane.mode, usages, peer.tlsa()),
    }
}

/// Checks the records, and the chain as they want it; `needs` is what every check weighs without them.
pub fn check(policy: &Policy, needs: Needs, peer: &Peer, sent: &Chain, now: i64) -> Ruling {
    let references = policy.names.references(peer);
    let budget = Budget::new();
    match stands(policy, peer) {
        Standing::Aside(finding) => {
            let needs = needs_aside(needs, &finding);
            let anchors = Anchors::of(policy, &budget);
            let (chain, path) = chain::check(policy, anchors, &references, sent, now);
            let records = peer.tlsa().records();
            let finding = if records.is_empty() {
                finding
            } else {
                let wanted = listed(records.iter().map(Record::brief), ", ");
                finding.compared(wanted, has(sent, &[]))
            };
            Ruling { findings: vec![finding], chain, path, references, needs }
        }
        Standing::Decide { records, unusable } => {
            // RFC 7671 §7, RFC 7672 §3.2.2: the base domain besides the names that led to it.
            let base = peer.tlsa_base().into_iter().cloned();
            let references: Vec<ReferenceId> = base.chain(references).collect();
            let scene =
                Scene { policy, needs, references: &references, sent, now, budget: &budget };
            let Decision { finding, chain, path, needs } = scene.decide(&strongest(&records));
            let findings = [vec![finding], weak_key(&needs, &chain), Vec::from_iter(unusable)];
            Ruling { findings: findings.concat(), chain, path, references, needs }
        }
    }
}

/// What weighs where the records do not decide. Records that are there and of no use leave a peer who
/// need not be authenticated unauthenticated (RFC 7672 §2.2).
fn needs_aside(needs: Needs, finding: &Finding) -> Needs {
    let dane = match (finding.outcome, finding.code) {
        (Outcome::Fail, _) => Need::Required,
        (_, Code::DaneUnusable) if needs.chain == Need::Preferred => Need::Preferred,
        _ => Need::ReportOnly,
    };
    Needs { dane, ..needs }
}

/// OpenSSL looks at the strength of the leaf's key before anything else, and so it stays where the
/// record vouches for that key: a weak one is anybody's.
fn weak_key(needs: &Needs, chain: &[Finding]) -> Vec<Finding> {
    let is_weak = |finding: &&Finding| {
        finding.code == Code::ChainWeakKey
            && finding.depth == 0
            && finding.outcome == Outcome::Fail
            && needs.chain != Need::Required
    };
    let weak = chain.iter().filter(is_weak);
    weak.map(|finding| Finding::fail(Code::DaneWeakKey, finding.detail.clone()).at(0)).collect()
}

/// Whether the certificate, or key, is what the record says.
pub fn is_associated(record: &Usable, selected: &[u8]) -> Result<bool> {
    Ok(association(record.matching, selected)? == record.data)
}

fn association(matching: Matching, selected: &[u8]) -> Result<Vec<u8>> {
    match matching {
        Matching::Full => Ok(selected.to_vec()),
        Matching::Sha256 => digest(Algorithm::Sha256, selected),
        Matching::Sha512 => digest(Algorithm::Sha512, selected),
    }
}

/// Whether the record is about this certificate. What cannot be hashed matches nothing.
fn matches(record: &Usable, certificate: &Certificate) -> bool {
    let answer = match record.selector {
        Selector::Certificate => is_associated(record, certificate.der()),
        Selector::Spki => certificate.spki().and_then(|spki| is_associated(record, &spki)),
    };
    answer.unwrap_or(false)
}

/// What is needed to decide.
struct Scene<'a> {
    policy: &'a Policy,
    needs: Needs,
    references: &'a [ReferenceId],
    sent: &'a Chain,
    now: i64,
    budget: &'a Budget,
}

/// How the records decided.
struct Decision {
    finding: Finding,
    chain: Vec<Finding>,
    path: Path,
    needs: Needs,
}

impl Scene<'_> {
    fn decide(&self, records: &[&Usable]) -> Decision {
        let of = |usage| records.iter().copied().filter(move |record| record.usage == usage);
        let leaf_matches =
            |record: &&Usable| self.sent.leaf().is_some_and(|leaf| matches(record, leaf));
        if let Some(record) = of(Usage::DaneEe).find(leaf_matches) {
            return self.end_entity(record);
        }
        let authorities: Vec<&Usable> = of(Usage::DaneTa).collect();
        let anchored = self.anchored(&authorities);
        if let Some(decision) = anchored.good {
            return decision;
        }
        let (chain, path) = self.ordinary(records);
        let needs = self.needs_with_chain();
        if let Some(record) = of(Usage::PkixEe).find(leaf_matches) {
            return Decision { finding: matched(record, 0), chain, path, needs };
        }
        if let Some((record, depth)) = in_path(of(Usage::PkixTa), &path) {
            return Decision { finding: matched(record, depth), chain, path, needs };
        }
        anchored.bad.unwrap_or_else(|| self.mismatch(records, chain, path))
    }

    fn ordinary(&self, records: &[&Usable]) -> (Vec<Finding>, Path) {
        let sent = anchors::with_authorities(self.sent, records);
        let anchors = Anchors::of(self.policy, self.budget);
        chain::check(self.policy, anchors, self.references, &sent, self.now)
    }

    /// The chain is looked at for the report, and because a pin of a CA still wants its path.
    fn end_entity(&self, record: &Usable) -> Decision {
        let (chain, path) = self.ordinary(&[]);
        let name = match self.policy.dane.ee_name {
            EeName::Ignored => Need::ReportOnly,
            EeName::Checked => self.name_need(),
        };
        let needs = Needs { chain: Need::ReportOnly, name, dane: Need::Required, ..self.needs };
        Decision { finding: matched(record, 0), chain, path, needs }
    }

    fn needs_with_chain(&self) -> Needs {
        let name = self.name_need();
        Needs { chain: Need::Required, name, dane: Need::Required, ..self.needs }
    }

    /// A name that is wanted at all is needed; opportunism ended with the records.
    fn name_need(&self) -> Need {
        match self.policy.names.need {
            Need::ReportOnly => Need::ReportOnly,
            Need::Required | Need::Preferred | Need::Veto => Need::Required,
        }
    }

    fn mismatch(&self, records: &[&Usable], chain: Vec<Finding>, path: Path) -> Decision {
        let wanted = listed(records.iter().map(|record| record.brief()), ", ");
        let found = has(self.sent, records);
        let words =
            format!("none of the TLSA records matches: {wanted} wanted, the server has {found}");
        let finding = Finding::fail(Code::DaneMismatch, words).compared(wanted, found);
        // What the public CAs say of it does not matter to somebody who mends the records.
        let needs = if records.iter().any(|record| record.usage.is_pkix()) {
            self.needs_with_chain()
        } else {
            let (chain, name) = (Need::ReportOnly, Need::ReportOnly);
            Needs { chain, name, dane: Need::Required, ..self.needs }
        };
        Decision { finding, chain, path, needs }
    }
}

/// A CA of the path that ordinary verification found.
fn in_path<'a>(
    mut records: impl Iterator<Item = &'a Usable>,
    path: &Path,
) -> Option<(&'a Usable, usize)> {
    records.find_map(|record| {
        let found = path.verified.iter().skip(1).position(|ca| matches(record, ca))?;
        Some((record, found + 1))
    })
}

fn matched(record: &Usable, depth: usize) -> Finding {
    let (brief, what) = (record.brief(), selected(record.selector));
    let words = match record.usage {
        Usage::DaneEe => {
            format!("the TLSA record {brief} is the {what} of the server: no CA is needed")
        }
        Usage::DaneTa => format!("the TLSA record {brief} is the {what} of a CA of the server"),
        Usage::PkixEe => format!("the TLSA record {brief} is the {what} of the server"),
        Usage::PkixTa => format!("the TLSA record {brief} is the {what} of a CA of the path"),
    };
    let depth = i32::try_from(depth).unwrap_or(i32::MAX);
    Finding::pass(Code::DaneMatch, words).compared(brief.clone(), brief).at(depth)
}

const fn selected(selector: Selector) -> &'static str {
    match selector {
        Selector::Certificate => "certificate",
        Selector::Spki => "key",
    }
}

/// What the server has, in the words of TLSA records: its own key first, then what each kind of
/// record would be for it.
fn has(sent: &Chain, records: &[&Usable]) -> String {
    let Some(leaf) = sent.leaf() else { return String::new() };
    let mut all = vec![described(Usage::DaneEe, Selector::Spki, Matching::Sha256, leaf)];
    for record in records {
        // As a digest: nobody compares whole certificates by eye.
        let matching = record.matching.max(Matching::Sha256);
        let those = sent.iter().skip(usize::from(!record.usage.is_end_entity()));
        let most = if record.usage.is_end_entity() { 1 } else { SHOWN };
        all.extend(
            those.take(most).map(|one| described(record.usage, record.selector, matching, one)),
        );
    }
    let mut seen = std::collections::HashSet::new();
    all.retain(|one| seen.insert(one.clone()));
    listed(all.into_iter().flatten(), ", ")
}

fn described(
    usage: Usage,
    selector: Selector,
    matching: Matching,
    certificate: &Certificate,
) -> Option<String> {
    let selected = match selector {
        Selector::Certificate => certificate.der().to_vec(),
        Selector::Spki => certificate.spki().ok()?,
    };
    let data = association(matching, &selected).ok()?;
    Some(Usable { usage, selector, matching, data }.brief())
}

/// Some of many, in one line.
fn listed(all: impl Iterator<Item = String>, between: &str) -> String {
    let all: Vec<String> = all.collect();
    let shown = all[..all.len().min(SHOWN)].join(between);
    match all.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
