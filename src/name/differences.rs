//! Where our matcher and OpenSSL 3.0's host check are meant to differ: one table.
//!
//! The judge asks `X509_check_host` and `X509_check_ip` the same question, for DNS and IP
//! references in canonical form, with `X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS` and
//! `X509_CHECK_FLAG_NEVER_CHECK_SUBJECT` (without the latter under the common-name knob). The two
//! readers of the certificate share no code. Where they disagree and a row here explains it, our
//! answer stands; a disagreement that no row explains is a bug in one of them or an attack on one
//! of them, and fails closed as `name.disagreement`.

use crate::name::dns::Stars;
use crate::name::{Comparison, MatchedBy, NameOutcome, PresentedId, ReferenceId, Withholding};

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
            matched_dns(references, comparison).is_some_and(|(reference, stars)| {
                stars == Stars::WholeLabel && reference.contains('_')
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
                .is_some_and(|(_, stars)| stars == Stars::PartOfLabel)
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

/// The DNS reference that matched, and where the `*` stood in what matched it.
fn matched_dns<'a>(
    references: &'a [ReferenceId],
    comparison: &Comparison<'_>,
) -> Option<(&'a str, Stars)> {
    let NameOutcome::Match { reference, by } = comparison.outcome else { return None };
    let wanted = match references.get(reference)? {
        ReferenceId::Dns(wanted) => wanted.as_str(),
        ReferenceId::Ip(_)
        | ReferenceId::Srv(_)
        | ReferenceId::Xmpp(_)
        | ReferenceId::Email(_)
        | ReferenceId::Uri(_) => return None,
    };
    match by {
        MatchedBy::CommonName(stars) => Some((wanted, stars)),
        MatchedBy::Presented(index) => match comparison.presented.get(index)? {
            PresentedId::Dns(found) => Some((wanted, found.stars())),
            PresentedId::Ip(_)
            | PresentedId::Srv(_)
            | PresentedId::Xmpp(_)
            | PresentedId::Email(_)
            | PresentedId::Uri(_)
            | PresentedId::Other(_) => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::{Idna, NamePolicy, compare};

    fn ask(reference: &str, san: &[u8], ours: bool, openssl: bool) -> Option<&'static str> {
        let references = [ReferenceId::parse_tagged(reference, Idna::Convert).unwrap()];
        let comparison = compare(&references, Some(san), &[], &NamePolicy::default());
        assert_eq!(comparison.is_match(), ours);
        explain(ours, openssl, &references, &comparison).map(|row| row.name)
    }

    #[test]
    fn only_what_is_in_the_table_is_explained() {
        let exact = b"\x30\x0f\x82\x0dmail.bob.test";
        let wild = b"\x30\x0c\x82\x0a*.bob.test";
        let nul = b"\x30\x11\x82\x0dmail.bob.test\x82\x00";
        // Agreement needs no row.
        assert_eq!(ask("dns:mail.bob.test", exact, true, true), None);
        assert_eq!(ask("dns:mail.eve.test", exact, false, false), None);
        // A difference that nobody intended, in both directions: fails closed.
        assert_eq!(ask("dns:mail.bob.test", exact, true, false), None);
        assert_eq!(ask("dns:mail.eve.test", exact, false, true), None);
        assert_eq!(ask("dns:mail.bob.test", wild, true, false), None);
        assert_eq!(ask("ip:192.0.2.1", exact, false, true), None);
        // Intended ones, and the other direction of each.
        let underscore = Some("underscore-under-wildcard");
        assert_eq!(ask("dns:_x.bob.test", wild, true, false), underscore);
        assert_eq!(ask("dns:mail.bob.test", nul, false, true), Some("malformed-san"));
        assert_eq!(ask("dns:_x.eve.test", wild, false, true), None);
    }

    #[test]
    fn names_are_unique_and_reasons_are_given() {
        for (index, row) in DIFFERENCES.iter().enumerate() {
            assert!(DIFFERENCES[..index].iter().all(|other| other.name != row.name));
            assert!(!row.why.is_empty());
        }
    }
}
