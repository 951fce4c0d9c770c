//! The name check: our matcher decides, OpenSSL's host check is asked as second judge.
//!
//! Where the two differ and `name::differences` does not know why, the name has failed: one of the
//! two is wrong, and nobody can tell which while a connection waits.

use crate::der;
use crate::name::constraints::{self, Constrained};
use crate::name::differences::{explain, openssl_can_be_asked};
use crate::name::{Comparison, Idna, NameOutcome, ReferenceId, compare};
use crate::ossl::{Certificate, Chain};
use crate::report::{Code, Finding, Outcome};

use super::chain::Path;
use super::decide::Need;
use super::peer::Peer;
use super::policy::Policy;

/// Presented names that a sentence shows before it says "and N more".
const SHOWN: usize = 6;

/// Checks the leaf's names.
pub fn check(
    policy: &Policy,
    peer: &Peer,
    references: &[ReferenceId],
    chain: &Chain,
    path: &Path,
) -> Vec<Finding> {
    let waived = policy.names.need == Need::ReportOnly;
    let Some(leaf) = chain.leaf() else {
        return vec![Finding::skip(Code::NameNotChecked, "there is no certificate")];
    };
    if references.is_empty() {
        return vec![nothing_wanted(waived)];
    }
    if peer.is_unicode() && policy.names.idna == Idna::Refuse {
        let words = "the name has letters beyond ASCII, which the option idna refuses";
        let hint = "Give the A-label (xn--...), or set idna=convert.";
        return vec![Finding::fail(Code::NameNotChecked, words).hinting(hint)];
    }
    let mut findings = vec![compared(policy, references, leaf, path)];
    if waived {
        findings
            .push(Finding::skip(Code::NameNotChecked, "insecure_no_name: the name weighs nothing"));
    }
    findings
}

/// A caller who names nobody has not asked whether this is the right peer.
fn nothing_wanted(waived: bool) -> Finding {
    let words = "no name was given to check the certificate against";
    let outcome = if waived { Outcome::Skip } else { Outcome::Fail };
    let hint = "Set the peer's host, or add a reference; insecure_no_name judges a chain for no name at all.";
    Finding::new(Code::NameNotChecked, outcome, words).hinting(hint)
}

fn compared(
    policy: &Policy,
    references: &[ReferenceId],
    leaf: &Certificate,
    path: &Path,
) -> Finding {
    let wanted = listed(references.iter().map(ReferenceId::tagged));
    let san = match leaf.subject_alt_name() {
        Ok(san) => san,
        Err(error) => {
            let words = format!("the certificate is not strict DER: {error}");
            return Finding::fail(Code::NameMalformedSan, words).compared(wanted, "").at(0);
        }
    };
    let common_names = leaf.common_names();
    let comparison = compare(references, san, common_names, &policy.names.policy());
    if let Some(finding) = disagreement(policy, references, leaf, path, san, &comparison) {
        return finding.compared(wanted, shown(&comparison)).at(0);
    }
    finding_of(&comparison, references, &wanted, common_names).at(0)
}

/// The reference that matched, against the constraints of every CA of a path. It belongs to the chain:
/// another path may have a CA that may issue for it.
pub fn constrained(
    policy: &Policy,
    references: &[ReferenceId],
    chain: &Chain,
    path: &[Certificate],
) -> Option<Finding> {
    let constraining: Vec<(usize, &Certificate)> =
        path.iter().enumerate().skip(1).filter(|(_, ca)| may_constrain(ca)).collect();
    let leaf = chain.leaf().filter(|_| !constraining.is_empty())?;
    let san = leaf.subject_alt_name().ok()?;
    let comparison = compare(references, san, leaf.common_names(), &policy.names.policy());
    let NameOutcome::Match { reference, .. } = comparison.outcome else { return None };
    let reference = references.get(reference)?;
    constraining.into_iter().find_map(|(depth, ca)| {
        let words = constraint_words(ca, reference)?;
        let depth = i32::try_from(depth).unwrap_or(i32::MAX);
        Some(
            Finding::fail(Code::ChainNameConstraint, words)
                .compared(reference.tagged(), "")
                .at(depth),
        )
    })
}

/// A constraint that cannot be read must not be taken for none.
pub fn may_constrain(ca: &Certificate) -> bool {
    let skeleton = der::Certificate::parse(ca.der());
    skeleton.is_err() || skeleton.is_ok_and(|ca| ca.extension(constraints::OID).is_some())
}

/// What this CA has against the name, in words.
fn constraint_words(ca: &Certificate, reference: &ReferenceId) -> Option<String> {
    let who = format!("the CA {}", ca.subject());
    let skeleton = match der::Certificate::parse(ca.der()) {
        Ok(skeleton) => skeleton,
        Err(error) => return Some(format!("{who} is not strict DER: {error}")),
    };
    match constraints::examine(skeleton.extension(constraints::OID)?, reference) {
        Ok(Constrained::Allowed) => None,
        Ok(Constrained::Excluded(base)) => Some(format!(
            "{who} must not issue for {base}, which covers {}",
            plain(&reference.tagged())
        )),
        Ok(Constrained::NotPermitted) => {
            Some(format!("{who} may not issue for {}", plain(&reference.tagged())))
        }
        Err(error) => Some(format!("the name constraints of {who} cannot be read: {error}")),
    }
}

fn finding_of(
    comparison: &Comparison,
    references: &[ReferenceId],
    wanted: &str,
    common_names: &[String],
) -> Finding {
    let found = shown(comparison);
    match &comparison.outcome {
        NameOutcome::Match { reference, .. } => {
            let name = references.get(*reference).map(ReferenceId::tagged).unwrap_or_default();
            let words = format!("the certificate is for {}", plain(&name));
            Finding::pass(Code::NameMatch, words).compared(name, found)
        }
        NameOutcome::Mismatch => Finding::fail(Code::NameMismatch, mismatch_words(wanted, &found))
            .compared(wanted, found),
        NameOutcome::NoSan => {
            let words = format!(
                "the certificate has no subjectAltName{}, but {} was wanted",
                common_name_words(common_names),
                plain(wanted)
            );
            Finding::fail(Code::NameNoSan, words).compared(wanted, found)
        }
        NameOutcome::MalformedSan(fault) => {
            let words = format!("the certificate's {fault}; {} was wanted", plain(wanted));
            Finding::fail(Code::NameMalformedSan, words).compared(wanted, found)
        }
    }
}

/// OpenSSL's answer against ours, for the references that OpenSSL knows.
fn disagreement(
    policy: &Policy,
    references: &[ReferenceId],
    leaf: &Certificate,
    path: &Path,
    san: Option<&[u8]>,
    of_all: &Comparison<'_>,
) -> Option<Finding> {
    let asked: Vec<ReferenceId> =
        references.iter().filter(|id| openssl_can_be_asked(id)).cloned().collect();
    let theirs = openssl_opinion(&asked, leaf, path)?;
    let of_asked;
    let comparison = if asked.len() == references.len() {
        of_all
    } else {
        of_asked = compare(&asked, san, leaf.common_names(), &policy.names.policy());
        &of_asked
    };
    let ours = comparison.is_match();
    if ours == theirs || explain(ours, theirs, &asked, comparison).is_some() {
        return None;
    }
    let says = |accepts| if accepts { "accepts" } else { "refuses" };
    let words = format!("OpenSSL's host check {} the name, ours {} it", says(theirs), says(ours));
    Some(Finding::fail(Code::NameDisagreement, words))
}

/// Whether OpenSSL accepts one of the references; `None` where it could not be asked.
fn openssl_opinion(asked: &[ReferenceId], leaf: &Certificate, path: &Path) -> Option<bool> {
    // A verification parameter holds one address; OpenSSL is asked for further ones singly.
    let mut addresses = asked.iter().filter_map(ReferenceId::as_ip);
    addresses.next();
    let further = addresses.any(|address| leaf.openssl_names_ip(address));
    match (path.openssl_dns, path.openssl_ip) {
        (None, None) => None,
        (dns, ip) => Some(dns == Some(true) || ip == Some(true) || further),
    }
}

fn mismatch_words(wanted: &str, found: &str) -> String {
    let (plain_wanted, plain_found) = (plain(wanted), plain(found));
    if found.is_empty() {
        return format!("the certificate is for no host, but {plain_wanted} was wanted");
    }
    // An address in a dNSName reads like what was wanted and is another kind of name.
    if plain_found.split(", ").any(|name| name == plain_wanted) {
        return format!("the certificate is for {found}, but {wanted} was wanted");
    }
    format!("the certificate is for {plain_found}, but {plain_wanted} was wanted")
}

fn shown(comparison: &Comparison) -> String {
    listed(comparison.presented.iter().map(|name| name.tagged()))
}

/// `a, b and 3 more`.
fn listed(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    let first = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{first} and {more} more"),
        _ => first,
    }
}

/// For sentences: a mail user knows `mail.bob.test`, not `dns:mail.bob.test`.
fn plain(names: &str) -> String {
    names
        .split(", ")
        .map(|name| name.strip_prefix("dns:").or(name.strip_prefix("ip:")).unwrap_or(name))
        .collect::<Vec<_>>()
        .join(", ")
}

fn common_name_words(common_names: &[String]) -> String {
    match common_names {
        [] => String::new(),
        [name, ..] => {
            format!(" (its CN '{}' does not count)", crate::report::quote(name.as_bytes()))
        }
    }
}
