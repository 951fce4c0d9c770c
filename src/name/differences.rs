//! Where our matcher and OpenSSL 3.0's host check are meant to differ: one table.
//!
//! The judge asks `X509_check_host` and `X509_check_ip` the same question, for DNS and IP
//! references in canonical form, with `X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS` and
//! `X509_CHECK_FLAG_NEVER_CHECK_SUBJECT` (without the latter under the common-name knob). The two
//! readers of the certificate share no code. Where they disagree and a row here explains it, our
//! answer stands; a disagreement that no row explains is a bug in one of them or an attack on one
//! of them, and fails closed as `name.disagreement`.

use crate::name::dns::Stars;
use crate::name::{
    Comparison, MatchedBy, NameOutcome, PresentedDns, PresentedId, ReferenceId, Withholding,
};

/// Who of the two says yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepts {
    /// Our matcher; OpenSSL says no.
    Ours,
    /// OpenSSL; our matcher says no.
    Openssl,
}

/// One intended difference.
#[derive(Debug)]
pub struct Difference {
    /// A stable name for reports.
    pub name: &'static str,
    /// Who says yes.
    pub accepts: Accepts,
    /// Whether this is the reason here.
    pub applies: fn(&[ReferenceId], &Comparison<'_>) -> bool,
    /// The rule that makes ours right.
    pub why: &'static str,
}

/// Every intended difference.
pub const DIFFERENCES: &[Difference] = &[
    Difference {
        name: "malformed-san",
        accepts: Accepts::Openssl,
        applies: |_, comparison| matches!(comparison.outcome, NameOutcome::MalformedSan(_)),
        why: "a malformed entry condemns the subjectAltName (RFC 5280 §4.2.1.6); OpenSSL skips it",
    },
    Difference {
        name: "public-suffix",
        accepts: Accepts::Openssl,
        applies: |_, comparison| withheld(comparison, Withholding::PublicSuffix),
        why: "the caller's public-suffix guard; OpenSSL has none",
    },
    Difference {
        name: "wildcards-off",
        accepts: Accepts::Openssl,
        applies: |_, comparison| withheld(comparison, Withholding::WildcardsOff),
        why: "the caller allows no wildcard (RFC 9525 §6.3 leaves it to the application)",
    },
    Difference {
        name: "common-name-beside-san",
        accepts: Accepts::Openssl,
        applies: |_, comparison| withheld(comparison, Withholding::CommonNameBesideSan),
        why: "by the knob a common name counts without any subjectAltName (RFC 6125 §6.4.4); \
              OpenSSL takes it beside one without dNSName",
    },
    Difference {
        name: "several-common-names",
        accepts: Accepts::Openssl,
        applies: |_, comparison| withheld(comparison, Withholding::SeveralCommonNames),
        why: "by the knob exactly one common name counts; OpenSSL tries each",
    },
    Difference {
        name: "underscore-under-wildcard",
        accepts: Accepts::Ours,
        applies: |references, comparison| {
            matched_dns(references, comparison).is_some_and(|(reference, found)| {
                found.stars() == Stars::WholeLabel && reference.contains('_')
            })
        },
        why: "a wildcard stands for any one label (RFC 9525 §6.3); OpenSSL's wildcard knows \
              letters, digits and hyphens only",
    },
    Difference {
        name: "partial-wildcard-knob",
        accepts: Accepts::Ours,
        applies: |references, comparison| {
            matched_dns(references, comparison)
                .is_some_and(|(_, found)| found.stars() == Stars::PartOfLabel)
        },
        why: "the caller's insecure knob; OpenSSL is asked with NO_PARTIAL_WILDCARDS",
    },
    Difference {
        name: "lenient-san",
        accepts: Accepts::Ours,
        applies: |_, comparison| comparison.is_match() && !comparison.faults.is_empty(),
        why: "by the insecure lenient reading an undecodable entry is dropped; OpenSSL decodes the \
              subjectAltName as a whole or not at all",
    },
    Difference {
        name: "not-asked",
        accepts: Accepts::Ours,
        applies: |references, comparison| match &comparison.outcome {
            NameOutcome::Match { reference, .. } => {
                references.get(*reference).is_some_and(|id| !openssl_can_be_asked(id))
            }
            NameOutcome::Mismatch | NameOutcome::NoSan | NameOutcome::MalformedSan(_) => false,
        },
        why: "OpenSSL has no check for SRV-ID, XmppAddr and URI-ID, and is not asked for mailboxes",
    },
];

/// The row that explains a disagreement, or `None`: then nobody intended it. `ours` and `openssl`
/// say whether each of the two accepts; where they agree there is nothing to explain.
pub fn explain(
    ours: bool,
    openssl: bool,
    references: &[ReferenceId],
    comparison: &Comparison<'_>,
) -> Option<&'static Difference> {
    let accepts = match (ours, openssl) {
        (true, false) => Accepts::Ours,
        (false, true) => Accepts::Openssl,
        (true, true) | (false, false) => return None,
    };
    DIFFERENCES.iter().find(|row| row.accepts == accepts && (row.applies)(references, comparison))
}

/// Whether OpenSSL is a second judge for this kind of reference.
pub const fn openssl_can_be_asked(reference: &ReferenceId) -> bool {
    match reference {
        ReferenceId::Dns(_) | ReferenceId::Ip(_) => true,
        ReferenceId::Srv(_)
        | ReferenceId::Xmpp(_)
        | ReferenceId::Email(_)
        | ReferenceId::Uri(_) => false,
    }
}

fn withheld(comparison: &Comparison<'_>, why: Withholding) -> bool {
    comparison.withheld.iter().any(|pair| pair.why == why)
}

/// The DNS reference and the dNSName that matched.
fn matched_dns<'a>(
    references: &'a [ReferenceId],
    comparison: &Comparison<'a>,
) -> Option<(&'a str, PresentedDns<'a>)> {
    let NameOutcome::Match { reference, by: MatchedBy::Presented(index) } = comparison.outcome
    else {
        return None;
    };
    match (references.get(reference)?, comparison.presented.get(index)?) {
        (ReferenceId::Dns(wanted), PresentedId::Dns(found)) => Some((wanted.as_str(), *found)),
        // Not a pair of DNS names, so no row about them applies.
        _ => None,
    }
}
