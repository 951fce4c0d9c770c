//! The way from the leaf to a trust anchor: OpenSSL's faults made into findings.

use std::net::IpAddr;
use std::sync::Arc;

use crate::error::Result;
use crate::limits::SIGNATURE_CHECKS;
use crate::name::{CommonName, DnsName, ReferenceId};
use crate::ossl::{Answer, Certificate, Chain, Fault, Question, Route, fault, find_path};
use crate::report::{Code, Finding, Outcome, Source, iso8601};
use crate::trust::{Origin, Trust};

use super::crls;
use super::decide::Need;
use super::known_chains::{Constrained, GoodPath, KnownChains};
use super::pins;
use super::policy::{CaLeaf, Dates, Policy, Profile, SelfSigned};
use super::profile::{self, Strictness};
use super::search::{self, Attempt, Budget, Cost};
use super::{comparisons, names, usage};

/// What the chain check leaves for the checks after it.
pub struct Path {
    /// The certificates of the path, leaf first; empty unless the chain passed.
    pub verified: Vec<Certificate>,
    /// The path as far as it could be built, whatever is wrong with it: proves nothing.
    pub built: Vec<Certificate>,
    /// What OpenSSL's host check said; `None` where it was not asked.
    pub openssl_dns: Option<bool>,
    /// What OpenSSL's address check said of the first address; `None` where it was not asked.
    pub openssl_ip: Option<bool>,
    /// What may be remembered of the path, if it was not remembered from before.
    pub fresh: Option<Arc<GoodPath>>,
}

impl Path {
    /// Nothing was built, and nobody was asked.
    const fn unknown() -> Path {
        Path {
            verified: Vec::new(),
            built: Vec::new(),
            openssl_dns: None,
            openssl_ip: None,
            fresh: None,
        }
    }
}

/// Whom the path may end at.
#[derive(Clone, Copy)]
pub struct Anchors<'a> {
    trust: &'a Trust,
    /// Whether one that is not self-signed will do.
    partial: bool,
    budget: &'a Budget,
    /// What is known of paths that end at them.
    known: Option<&'a KnownChains>,
}

impl<'a> Anchors<'a> {
    /// Those of the policy.
    pub fn of(policy: &'a Policy, budget: &'a Budget) -> Anchors<'a> {
        let known = policy.known_chains.as_ref();
        Anchors { trust: &policy.trust, partial: policy.chain.partial, budget, known }
    }

    /// These and no other, as they are.
    pub fn only(trust: &'a Trust, budget: &'a Budget) -> Anchors<'a> {
        Anchors { trust, partial: true, budget, known: None }
    }
}

/// Checks the chain, and asks OpenSSL about the names in the same pass.
pub fn check(
    policy: &Policy,
    anchors: Anchors,
    references: &[ReferenceId],
    chain: &Chain,
    now: i64,
) -> (Vec<Finding>, Path) {
    let nothing = Path::unknown();
    if chain.is_empty() {
        let words = "the server showed no certificate";
        return (vec![Finding::fail(Code::ChainEmpty, words)], nothing);
    }
    if let Some(recalled) = recall(policy, anchors, references, chain, now) {
        return recalled;
    }
    let per_certificate = if policy.chain.crls.lists.is_empty() { 1 } else { 2 };
    let cost = Cost { comparisons: comparisons::at_most(chain), per_certificate };
    // The first path is not known before it was built, only that it has a certificate.
    if !anchors.budget.take(1, cost) {
        return (vec![search::exhausted()], nothing);
    }
    let trial = Trial { policy, anchors, references, chain, now };
    match trial.run(cost) {
        Err(error) => (vec![Finding::fail(Code::ChainInvalid, error.what)], nothing),
        Ok((opinion, attempt)) => {
            let findings = conclude(policy, &attempt);
            let passed = findings.iter().any(|finding| finding.outcome == Outcome::Pass);
            let built = attempt.answer.path;
            let verified = if passed { built.clone() } else { Vec::new() };
            let keep = || good_path(chain, &built, &findings);
            let fresh = anchors.known.filter(|_| passed).map(|_| keep());
            (findings, Path { verified, built, fresh, ..opinion })
        }
    }
}

fn good_path(chain: &Chain, path: &[Certificate], findings: &[Finding]) -> Arc<GoodPath> {
    let constrained = match path.iter().skip(1).any(names::may_constrain) {
        true => Constrained::Perhaps,
        false => Constrained::No,
    };
    let (path, findings) = (path.to_vec(), findings.to_vec());
    Arc::new(GoodPath { sent: chain.clone(), path, findings, constrained })
}

/// The path that is known of this chain, with what was said of it. A name that a CA of this path may
/// not issue for may have another path: then all is checked.
fn recall(
    policy: &Policy,
    anchors: Anchors,
    references: &[ReferenceId],
    chain: &Chain,
    now: i64,
) -> Option<(Vec<Finding>, Path)> {
    let (leaf, good) = (chain.leaf()?, anchors.known?.find(chain, now)?);
    if good.constrained == Constrained::Perhaps
        && names::constrained(policy, references, chain, &good.path).is_some()
    {
        return None;
    }
    let hosts = dns_names(references);
    let address = references.iter().find_map(ReferenceId::as_ip);
    let path = Path {
        openssl_dns: (!hosts.is_empty())
            .then(|| hosts.iter().any(|host| leaf.openssl_names_host(host))),
        openssl_ip: address.map(|address| leaf.openssl_names_ip(address)),
        verified: good.path.clone(),
        built: good.path.clone(),
        fresh: None,
    };
    Some((good.findings.iter().cloned().map(recalled).collect(), path))
}

/// That the path is trusted was found out before; its notes are what they were.
fn recalled(finding: Finding) -> Finding {
    match finding.code {
        Code::ChainTrusted => finding.from_source(Source::Store),
        _ => finding,
    }
}

/// The findings of the path that was chosen, with the one that says how it came out.
fn conclude(policy: &Policy, attempt: &Attempt) -> Vec<Finding> {
    let mut findings = attempt.findings.clone();
    if attempt.is_good() {
        findings.push(pass(&attempt.answer.path));
    }
    if policy.chain.need == Need::ReportOnly {
        let words = "insecure_no_chain: the chain weighs nothing";
        findings.push(Finding::skip(Code::ChainNotChecked, words));
    }
    findings
}

fn pass(path: &[Certificate]) -> Finding {
    let anchor = path.last().map(Certificate::subject).unwrap_or_default();
    Finding::pass(Code::ChainTrusted, format!("the chain leads to the trusted CA {anchor}"))
        .compared("a trusted CA", anchor)
        .from_source(Source::Openssl)
}

/// One chain, and everything that decides about its paths.
struct Trial<'a> {
    policy: &'a Policy,
    anchors: Anchors<'a>,
    references: &'a [ReferenceId],
    chain: &'a Chain,
    now: i64,
}

impl Trial<'_> {
    /// The path that the report speaks of. OpenSSL is asked about the names once: they are the leaf's.
    fn run(&self, cost: Cost) -> Result<(Path, Attempt)> {
        let hosts = dns_names(self.references);
        let address = self.references.iter().find_map(ReferenceId::as_ip);
        let first = self.attempt(None, &hosts, address)?;
        let has = |number| first.answer.faults.iter().any(|fault| fault.number == number);
        let opinion = Path {
            openssl_dns: (!hosts.is_empty()).then(|| !has(fault::HOSTNAME_MISMATCH)),
            openssl_ip: address.map(|_| !has(fault::IP_ADDRESS_MISMATCH)),
            ..Path::unknown()
        };
        let budget = self.anchors.budget;
        budget.spend_signatures(first.answer.path.len().saturating_sub(2) * cost.per_certificate);
        let judge = |route: &Route| self.attempt(Some(route), &[], None);
        let store = self.anchors.trust.store();
        Ok((opinion, search::better(first, self.chain, store, budget, cost, judge)?))
    }

    fn attempt(
        &self,
        route: Option<&Route>,
        hosts: &[&str],
        address: Option<IpAddr>,
    ) -> Result<Attempt> {
        let question = self.question(route, hosts, address);
        let mut answer = find_path(&question)?;
        answer.faults.extend(self.too_long(&answer));
        let findings = findings(self, &answer);
        Ok(Attempt { answer, findings })
    }

    fn question<'q>(
        &'q self,
        route: Option<&'q Route>,
        hosts: &'q [&'q str],
        address: Option<IpAddr>,
    ) -> Question<'q> {
        let rules = &self.policy.chain;
        Question {
            anchors: self.anchors.trust.store(),
            chain: self.chain,
            crls: &rules.crls.lists,
            crl_scope: rules.crls.scope,
            time: self.now,
            check_time: rules.dates == Dates::Checked,
            purpose: rules.purpose,
            depth: self.deepest(),
            level: rules.level,
            partial: self.anchors.partial,
            hosts,
            address,
            common_name: self.policy.names.common_name == CommonName::FallbackInsecure,
            route,
        }
    }

    /// What OpenSSL may build. It counts self-issued certificates, which RFC 5280 §6.1.4 (l) does not;
    /// and one path must not cost more signatures than all may.
    fn deepest(&self) -> i32 {
        let self_issued = self.chain.iter().filter(|certificate| certificate.is_self_issued());
        let most = i32::try_from(SIGNATURE_CHECKS).unwrap_or(i32::MAX) - 2;
        let uncounted = i32::try_from(self_issued.count()).unwrap_or(i32::MAX);
        self.policy.chain.depth.saturating_add(uncounted).min(most)
    }

    /// Our own count, without the self-issued ones.
    fn too_long(&self, answer: &Answer) -> Option<Fault> {
        let between = 1..answer.path.len().saturating_sub(1);
        let mut counted = between.filter(|depth| !answer.path[*depth].is_self_issued());
        let first_too_many = counted.nth(usize::try_from(self.policy.chain.depth).ok()?)?;
        let depth = i32::try_from(first_too_many).ok()?;
        Some(Fault { number: fault::CERT_CHAIN_TOO_LONG, depth })
    }
}

fn dns_names(references: &[ReferenceId]) -> Vec<&str> {
    references.iter().filter_map(ReferenceId::as_dns).map(DnsName::as_str).collect()
}

fn findings(trial: &Trial<'_>, answer: &Answer) -> Vec<Finding> {
    let (policy, chain, now) = (trial.policy, trial.chain, trial.now);
    let scene = Scene { policy, trust: trial.anchors.trust, chain, path: &answer.path, now };
    let mut findings: Vec<Finding> = Vec::new();
    for fault in answer.faults.iter().filter(|fault| !scene.is_void(**fault)) {
        let finding = scene.finding(*fault);
        // OpenSSL says "no issuer" and then "leaf not verified": one thing for people.
        let known = findings
            .iter()
            .any(|other| other.code == finding.code && other.outcome == finding.outcome);
        if !known || finding.code == Code::ChainStrict {
            findings.push(finding);
        }
    }
    findings.extend(scene.breaches());
    findings.extend(scene.unnumbered_crl());
    findings.extend(scene.ca_leaf());
    findings.extend(scene.misuse(&findings));
    findings.extend(names::constrained(policy, trial.references, chain, &answer.path));
    findings
}

/// What is needed to make a finding of a fault.
struct Scene<'a> {
    policy: &'a Policy,
    trust: &'a Trust,
    chain: &'a Chain,
    path: &'a [Certificate],
    now: i64,
}

impl Scene<'_> {
    /// Faults that are none by our rules, or that belong to another check.
    fn is_void(&self, fault: Fault) -> bool {
        match fault.number {
            // Names have a check of their own.
            fault::HOSTNAME_MISMATCH | fault::EMAIL_MISMATCH | fault::IP_ADDRESS_MISMATCH => true,
            // RFC 5280 §4.1.2.5: the period includes its last second; OpenSSL excludes it.
            fault::CERT_HAS_EXPIRED => {
                self.at(fault).and_then(Certificate::not_after).is_some_and(|last| last == self.now)
            }
            // The anchor is trusted by decision, not by a CRL that it would sign itself.
            number if crls::lack_of(number).is_some() => usize::try_from(fault.depth)
                .is_ok_and(|depth| depth > 0 && depth + 1 == self.path.len()),
            _ => false,
        }
    }

    fn at(&self, fault: Fault) -> Option<&Certificate> {
        self.path.get(usize::try_from(fault.depth).ok()?)
    }

    fn finding(&self, fault: Fault) -> Finding {
        let (code, outcome) = (code_of(fault.number), self.outcome(fault));
        let finding = Finding::new(code, outcome, self.words(fault, code));
        let finding = match code {
            Code::ChainUnknownIssuer => finding.hinting(self.issuer_hint()),
            _ => finding,
        };
        finding.at(fault.depth).from_source(Source::Openssl)
    }

    fn outcome(&self, fault: Fault) -> Outcome {
        let rules = &self.policy.chain;
        match fault.number {
            fault::STRICT_FIRST..=fault::STRICT_LAST if self.is_private() => Outcome::Note,
            // RFC 5280 §6.1.4 (n) asks for keyCertSign where there is a keyUsage; a root without one
            // restricts itself to nothing.
            fault::CA_CERT_MISSING_KEY_USAGE if self.is_root(fault) => Outcome::Note,
            // Strict also turns old ways of being a CA away (X509_check_ca grades above 1).
            fault::INVALID_CA if self.is_private() && self.is_old_anchor(fault) => Outcome::Note,
            fault::DEPTH_ZERO_SELF_SIGNED_CERT if rules.self_signed == SelfSigned::Accepted => {
                Outcome::Note
            }
            number if rules.crls.pardons(number) => Outcome::Note,
            _ => Outcome::Fail,
        }
    }

    fn strictness(&self) -> Strictness {
        match self.policy.chain.profile {
            Profile::Auto if self.is_callers_anchor() => Strictness::Private,
            Profile::Auto | Profile::WebPki => Strictness::WebPki,
            Profile::Rfc5280 => Strictness::Rfc5280,
        }
    }

    fn is_private(&self) -> bool {
        self.strictness() == Strictness::Private
    }

    /// The profile's rules. What only public CAs must keep is not even worth a note elsewhere.
    fn breaches(&self) -> Vec<Finding> {
        let strictness = self.strictness();
        let broken = profile::breaches(self.path, self.policy.chain.purpose);
        let weighed = broken.into_iter().filter_map(|breach| {
            let outcome = match breach.refused_from {
                from if from <= strictness => Outcome::Fail,
                Strictness::WebPki => return None,
                Strictness::Private | Strictness::Rfc5280 => Outcome::Note,
            };
            let depth = i32::try_from(breach.depth).unwrap_or(i32::MAX);
            let words = format!("{} {}", self.who(depth), breach.words);
            Some(Finding::new(breach.code, outcome, words).at(depth))
        });
        weighed.collect()
    }

    /// RFC 5280 §5.2.3, for public CAs: a list of a private one without a number revokes as well.
    fn unnumbered_crl(&self) -> Option<Finding> {
        if self.strictness() < Strictness::WebPki {
            return None;
        }
        let issuer = self.policy.chain.crls.unnumbered(self.path)?;
        let depth = i32::try_from(issuer).unwrap_or(i32::MAX);
        let words = format!("the CRL of {} has no number (RFC 5280 §5.2.3)", self.who(depth));
        Some(Finding::fail(Code::ChainCrlInvalid, words).at(depth))
    }

    /// Whether the path ends at an anchor that the caller gave. Where it ends at none there is a
    /// failure of its own, beside which strictness says nothing.
    fn is_callers_anchor(&self) -> bool {
        self.path.last().is_some_and(|last| self.trust.is_callers(last))
    }

    fn is_last(&self, fault: Fault) -> bool {
        usize::try_from(fault.depth).is_ok_and(|depth| depth + 1 == self.path.len())
    }

    fn is_root(&self, fault: Fault) -> bool {
        self.is_last(fault) && self.at(fault).is_some_and(Certificate::is_self_issued)
    }

    fn is_old_anchor(&self, fault: Fault) -> bool {
        self.is_last(fault) && self.at(fault).is_some_and(|anchor| anchor.ca_grade() > 1)
    }

    /// RFC 5280 §4.2.1.9 makes CA and end entity two things: who can sign for others is not whom a
    /// user talks to, unless the user said so by trusting or pinning that very certificate.
    fn ca_leaf(&self) -> Option<Finding> {
        let leaf = self.chain.leaf()?;
        let is_anchor = self.path.len() == 1;
        if leaf.ca_grade() != 1 || is_anchor || pins::leaf_is_pinned(&self.policy.pins, leaf) {
            return None;
        }
        let words = "the server shows a CA certificate as its own";
        let outcome = match self.policy.chain.ca_leaf {
            CaLeaf::Refused => Outcome::Fail,
            CaLeaf::Accepted => Outcome::Note,
        };
        Some(Finding::new(Code::ChainCaAsLeaf, outcome, words).at(0))
    }

    /// What OpenSSL lets pass. A leaf that the user pinned may be what it likes.
    fn misuse(&self, known: &[Finding]) -> Option<Finding> {
        let leaf = self.chain.leaf()?;
        if known.iter().any(|finding| finding.code == Code::ChainPurpose)
            || pins::leaf_is_pinned(&self.policy.pins, leaf)
        {
            return None;
        }
        let usage::Misuse { depth, words } = usage::misuse(self.path, self.policy.chain.purpose)?;
        let depth = i32::try_from(depth).unwrap_or(i32::MAX);
        let words = format!("{} {words}", self.who(depth));
        Some(Finding::fail(Code::ChainPurpose, words).at(depth))
    }

    fn words(&self, fault: Fault, code: Code) -> String {
        let who = self.who(fault.depth);
        let facts = self.at(fault).map(Certificate::facts);
        match (code, facts) {
            (Code::ChainExpired, Some(facts)) => {
                format!(
                    "{who} expired on {} (now is {})",
                    iso8601(facts.not_after),
                    iso8601(self.now)
                )
            }
            (Code::ChainNotYetValid, Some(facts)) => {
                format!(
                    "{who} is valid only from {} on (now is {})",
                    iso8601(facts.not_before),
                    iso8601(self.now)
                )
            }
            (Code::ChainUnknownIssuer, Some(facts))
                if fault.number == fault::SELF_SIGNED_CERT_IN_CHAIN =>
            {
                format!("the chain ends at the CA {}, which is not trusted", facts.subject)
            }
            (Code::ChainUnknownIssuer, Some(facts)) => {
                format!(
                    "{who} was issued by {}, which was neither sent nor is trusted",
                    facts.issuer
                )
            }
            (Code::ChainSelfSigned, _) => {
                "the server's certificate is signed by itself and is not trusted".to_owned()
            }
            (Code::ChainInvalidCa, _) => format!("{who} issued a certificate but is no CA"),
            (Code::ChainPurpose, _) => format!("{who} is not meant for {}", self.purpose()),
            (Code::ChainWeakKey, Some(facts)) => {
                format!(
                    "{who} has a key that is too weak: {} {} bits",
                    facts.key_algorithm, facts.key_bits
                )
            }
            (Code::ChainWeakSignature, Some(facts)) => {
                format!("{who} is signed with a broken digest: {}", facts.signature)
            }
            (Code::ChainBadSignature, _) => format!("the signature of {who} is wrong"),
            (Code::ChainNameConstraint, _) => {
                format!("{who} has a name that its CA may not issue for ({})", fault.words())
            }
            (Code::ChainRevoked, _) => format!("{who} was revoked by its CA"),
            (Code::ChainCrlMissing, Some(facts)) => {
                format!("no CRL of {} was given, which issued {who}", facts.issuer)
            }
            (Code::ChainCrlStale | Code::ChainCrlInvalid | Code::ChainCrl, Some(facts)) => {
                format!("the CRL of {}, which issued {who}: {}", facts.issuer, fault.words())
            }
            _ => format!("{who}: {}", fault.words()),
        }
    }

    fn who(&self, depth: i32) -> String {
        let at = usize::try_from(depth).ok().and_then(|depth| self.path.get(depth));
        match (depth, at) {
            (0, _) => "the server's certificate".to_owned(),
            (_, Some(certificate)) => format!("the CA certificate {}", certificate.subject()),
            (depth, None) => format!("certificate {depth}"),
        }
    }

    const fn purpose(&self) -> &'static str {
        match self.policy.chain.purpose {
            crate::ossl::Purpose::Server => "a TLS server",
            crate::ossl::Purpose::Client => "a TLS client",
            crate::ossl::Purpose::Any => "this use",
        }
    }

    /// The cause decides the cure, and what was sent tells the cause.
    fn issuer_hint(&self) -> String {
        let general = Code::ChainUnknownIssuer.row().hint;
        match (self.trust.origin(), self.chain.len()) {
            (Origin::Nobody, _) => {
                "No CA is trusted at all: system_ca is off and none was given.".to_owned()
            }
            (_, 1) => format!(
                "The server sent only its own certificate: most likely its intermediate is missing. {general}"
            ),
            _ => general.to_owned(),
        }
    }
}

const CODES: &[(i32, Code)] = &[
    (fault::UNABLE_TO_GET_ISSUER_CERT_LOCALLY, Code::ChainUnknownIssuer),
    (fault::UNABLE_TO_GET_ISSUER_CERT, Code::ChainUnknownIssuer),
    (fault::SELF_SIGNED_CERT_IN_CHAIN, Code::ChainUnknownIssuer),
    (fault::UNABLE_TO_VERIFY_LEAF_SIGNATURE, Code::ChainUnknownIssuer),
    (fault::DEPTH_ZERO_SELF_SIGNED_CERT, Code::ChainSelfSigned),
    (fault::CERT_HAS_EXPIRED, Code::ChainExpired),
    (fault::CERT_NOT_YET_VALID, Code::ChainNotYetValid),
    (fault::INVALID_CA, Code::ChainInvalidCa),
    (fault::INVALID_PURPOSE, Code::ChainPurpose),
    (fault::EE_KEY_TOO_SMALL, Code::ChainWeakKey),
    (fault::CA_KEY_TOO_SMALL, Code::ChainWeakKey),
    (fault::CA_MD_TOO_WEAK, Code::ChainWeakSignature),
    (fault::CERT_SIGNATURE_FAILURE, Code::ChainBadSignature),
    (fault::UNABLE_TO_DECRYPT_CERT_SIGNATURE, Code::ChainBadSignature),
    (fault::PATH_LENGTH_EXCEEDED, Code::ChainPathLength),
    (fault::CERT_CHAIN_TOO_LONG, Code::ChainTooLong),
    (fault::UNHANDLED_CRITICAL_EXTENSION, Code::ChainCriticalExtension),
    (fault::CERT_REVOKED, Code::ChainRevoked),
    (fault::PERMITTED_VIOLATION, Code::ChainNameConstraint),
    (fault::EXCLUDED_VIOLATION, Code::ChainNameConstraint),
    (fault::SUBTREE_MINMAX, Code::ChainNameConstraint),
    (fault::UNSUPPORTED_CONSTRAINT_TYPE, Code::ChainNameConstraint),
    (fault::UNSUPPORTED_CONSTRAINT_SYNTAX, Code::ChainNameConstraint),
    (fault::UNSUPPORTED_NAME_SYNTAX, Code::ChainNameConstraint),
];

/// Our code for OpenSSL's number. What has no row is a broken rule all the same.
fn code_of(number: i32) -> Code {
    if (fault::STRICT_FIRST..=fault::STRICT_LAST).contains(&number) {
        return Code::ChainStrict;
    }
    CODES
        .iter()
        .chain(crls::CODES)
        .find(|(known, _)| *known == number)
        .map_or(Code::ChainInvalid, |(_, code)| *code)
}

/// OpenSSL's number for our code: it decides which alert the peer gets.
pub fn alert_number(code: Code) -> i32 {
    match code {
        Code::NameMismatch | Code::NameNoSan | Code::NameMalformedSan | Code::NameDisagreement => {
            fault::HOSTNAME_MISMATCH
        }
        _ => CODES
            .iter()
            .chain(crls::CODES)
            .find(|(_, known)| *known == code)
            .map_or(fault::CERT_REJECTED, |(number, _)| *number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_fault_is_a_failure() {
        for number in [0, 1, 76, 94, 95, 9999, -1] {
            assert_eq!(code_of(number), Code::ChainInvalid, "{number}");
        }
        assert_eq!(code_of(fault::STRICT_FIRST), Code::ChainStrict);
    }

    #[test]
    fn every_refusal_has_an_alert() {
        for row in crate::report::TABLE {
            assert_ne!(alert_number(row.code), 0, "{}", row.name);
        }
    }
}
