//! The whole question for one certificate: does it speak for one of the names that are meant?
//!
//! One match is enough (RFC 9525 §6.1): the references are alternatives. The order of the
//! outcomes is that of their weight: a malformed subjectAltName is decided before any entry is
//! compared, so that a match beside a fault is no match.

use crate::name::{
    Answer, CommonName, DnsName, NamePolicy, PresentedDns, PresentedId, ReferenceId, Stars,
    Withholding, examine, matches::dns,
};
use crate::san::{San, SanFault};

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameOutcome {
    /// A reference is satisfied.
    Match {
        /// Index of the reference.
        reference: usize,
        /// By what.
        by: MatchedBy,
    },
    /// The certificate names others.
    Mismatch,
    /// The certificate has no subjectAltName.
    NoSan,
    /// The subjectAltName is malformed and counts for nothing.
    MalformedSan(SanFault),
}

/// What satisfied a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchedBy {
    /// The presented identifier with this index.
    Presented(usize),
    /// The common name, by the insecure knob, and where its `*` stands.
    CommonName(Stars),
}

/// A pair that would have matched but for a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withheld {
    /// Index of the reference.
    pub reference: usize,
    /// What would have satisfied it.
    pub by: MatchedBy,
    /// The rule.
    pub why: Withholding,
}

/// The answer, and what a report needs to explain it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison<'a> {
    /// What came of it.
    pub outcome: NameOutcome,
    /// Every identifier that could be read, also beside a fault.
    pub presented: Vec<PresentedId<'a>>,
    /// Entries that the lenient reading dropped.
    pub faults: Vec<SanFault>,
    /// On a mismatch: the pairs that a rule kept from matching.
    pub withheld: Vec<Withheld>,
}

impl Comparison<'_> {
    /// Whether a reference is satisfied.
    pub const fn is_match(&self) -> bool {
        matches!(self.outcome, NameOutcome::Match { .. })
    }
}

/// Compares. `san` is the contents of extnValue, `None` for a certificate without the extension;
/// `common_names` are the subject's, in order, and looked at only under
/// [`CommonName::FallbackInsecure`]. No reference at all is a mismatch.
pub fn compare<'a>(
    references: &[ReferenceId],
    san: Option<&'a [u8]>,
    common_names: &[String],
    policy: &NamePolicy<'_>,
) -> Comparison<'a> {
    match San::read(san, policy.san) {
        San::Malformed(fault, presented) => Comparison {
            outcome: NameOutcome::MalformedSan(fault),
            presented,
            faults: Vec::new(),
            withheld: Vec::new(),
        },
        San::Absent => without_san(references, common_names, policy),
        San::Names(presented, faults) => {
            let (outcome, withheld) = with_san(references, &presented, common_names, policy);
            Comparison { outcome, presented, faults, withheld }
        }
    }
}

fn with_san(
    references: &[ReferenceId],
    presented: &[PresentedId<'_>],
    common_names: &[String],
    policy: &NamePolicy<'_>,
) -> (NameOutcome, Vec<Withheld>) {
    let mut withheld = Vec::new();
    for (reference, wanted) in references.iter().enumerate() {
        for (index, found) in presented.iter().enumerate() {
            let by = MatchedBy::Presented(index);
            match examine(wanted, found, policy) {
                Answer::Match => return (NameOutcome::Match { reference, by }, Vec::new()),
                Answer::Withheld(why) => withheld.push(Withheld { reference, by, why }),
                Answer::Differs => {}
            }
        }
    }
    for (reference, by, _) in by_common_names(references, common_names, policy) {
        withheld.push(Withheld { reference, by, why: Withholding::CommonNameBesideSan });
    }
    (NameOutcome::Mismatch, withheld)
}

/// No subjectAltName: a common name counts by the knob, and only when there is exactly one (which
/// of several the CA had checked, nobody knows).
fn without_san<'a>(
    references: &[ReferenceId],
    common_names: &[String],
    policy: &NamePolicy<'_>,
) -> Comparison<'a> {
    let mut outcome = NameOutcome::NoSan;
    let mut withheld = Vec::new();
    for (reference, by, answer) in by_common_names(references, common_names, policy) {
        let why = match answer {
            Answer::Match if common_names.len() == 1 => {
                outcome = NameOutcome::Match { reference, by };
                withheld.clear();
                break;
            }
            Answer::Match => Withholding::SeveralCommonNames,
            Answer::Withheld(why) => why,
            Answer::Differs => continue,
        };
        withheld.push(Withheld { reference, by, why });
    }
    Comparison { outcome, presented: Vec::new(), faults: Vec::new(), withheld }
}

/// Each DNS reference with each common name that is it or would be, under the knob; nothing
/// without it. A common name that is no host name is nobody's.
fn by_common_names(
    references: &[ReferenceId],
    common_names: &[String],
    policy: &NamePolicy<'_>,
) -> Vec<(usize, MatchedBy, Answer)> {
    let counted = match policy.common_name {
        CommonName::Never => return Vec::new(),
        CommonName::FallbackInsecure => common_names,
    };
    let mut pairs = Vec::new();
    for (index, reference) in references.iter().enumerate() {
        let Some(wanted) = host(reference) else { continue };
        for found in counted.iter().filter_map(|name| PresentedDns::parse(name.as_bytes()).ok()) {
            match dns(wanted, &found, policy) {
                Answer::Differs => {}
                answer => pairs.push((index, MatchedBy::CommonName(found.stars()), answer)),
            }
        }
    }
    pairs
}

fn host(reference: &ReferenceId) -> Option<&DnsName> {
    match reference {
        ReferenceId::Dns(name) => Some(name),
        ReferenceId::Ip(_)
        | ReferenceId::Srv(_)
        | ReferenceId::Xmpp(_)
        | ReferenceId::Email(_)
        | ReferenceId::Uri(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::{Idna, SanRule, SuffixList, Wildcards};

    fn wanted(tagged: &[&str]) -> Vec<ReferenceId> {
        tagged.iter().map(|text| ReferenceId::parse_tagged(text, Idna::Convert).unwrap()).collect()
    }

    fn san(names: &[&[u8]]) -> Vec<u8> {
        let entry = |name: &&[u8]| [&[0x82, name.len() as u8], *name].concat();
        let entries: Vec<u8> = names.iter().flat_map(entry).collect();
        [&[0x30, entries.len() as u8][..], &entries].concat()
    }

    fn texts(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    const CN: NamePolicy<'static> = NamePolicy {
        wildcards: Wildcards::LeftMostLabel,
        common_name: CommonName::FallbackInsecure,
        san: SanRule::Strict,
        suffixes: None,
    };

    #[test]
    fn one_match_is_enough_and_says_which() {
        let san = san(&[b"other.test", b"*.bob.test"]);
        let references = wanted(&["ip:192.0.2.1", "dns:bob.test", "dns:mail.bob.test"]);
        let found = compare(&references, Some(&san), &[], &NamePolicy::default());
        let by = MatchedBy::Presented(1);
        assert_eq!(found.outcome, NameOutcome::Match { reference: 2, by });
        let alone = compare(&references[..2], Some(&san), &[], &NamePolicy::default());
        assert_eq!(alone.outcome, NameOutcome::Mismatch);
        assert_eq!(alone.presented.len(), 2);
        let nobody = compare(&[], Some(&san), &[], &CN);
        assert_eq!(nobody.outcome, NameOutcome::Mismatch, "no reference is no match");
    }

    #[test]
    fn eve_with_a_perfect_certificate_is_not_bob() {
        let bob = wanted(&["dns:mail.bob.test"]);
        let eve: &[&[u8]] = &[b"mail.eve.test", b"*.eve.test", b"mail.bob.test.eve.test"];
        for policy in [NamePolicy::default(), CN] {
            let names = texts(&["mail.bob.test"]);
            let san = san(eve);
            let found = compare(&bob, Some(&san), &names, &policy);
            assert_eq!(found.outcome, NameOutcome::Mismatch, "CN beside SAN");
        }
    }

    #[test]
    fn a_match_beside_a_fault_is_no_match() {
        let bob = wanted(&["dns:mail.bob.test"]);
        let san = san(&[b"mail.bob.test", b"mail.bob.test\0.eve.test"]);
        let strict = compare(&bob, Some(&san), &[], &NamePolicy::default());
        assert!(matches!(strict.outcome, NameOutcome::MalformedSan(_)));
        assert_eq!(strict.presented.len(), 1, "for the report");
        let lenient = NamePolicy { san: SanRule::LenientInsecure, ..NamePolicy::default() };
        let found = compare(&bob, Some(&san), &[], &lenient);
        assert!(found.is_match());
        assert_eq!(found.faults.len(), 1);
    }

    #[test]
    fn the_common_name_counts_by_the_knob_alone_and_only_alone() {
        let cases: &[(&str, &[&str], bool)] = &[
            ("dns:mail.bob.test", &["mail.bob.test"], true),
            ("dns:mail.bob.test", &["*.bob.test"], true),
            ("dns:mail.bob.test", &["mail.eve.test"], false),
            ("dns:mail.bob.test", &["mail.bob.test\0.eve.test"], false),
            ("dns:mail.bob.test", &["Bob's mail server"], false),
            // Eve adds Bob's name to her own.
            ("dns:mail.bob.test", &["mail.eve.test", "mail.bob.test"], false),
            ("ip:192.0.2.1", &["192.0.2.1"], false),
            ("srv:_imap.bob.test", &["_imap.bob.test"], false),
            ("dns:mail.bob.test", &[], false),
        ];
        for (reference, names, knob) in cases {
            let reference = wanted(&[reference]);
            let found = compare(&reference, None, &texts(names), &CN);
            assert_eq!(found.is_match(), *knob, "{reference:?} {names:?}");
            let default = compare(&reference, None, &texts(names), &NamePolicy::default());
            assert_eq!(default.outcome, NameOutcome::NoSan);
            assert!(default.withheld.is_empty());
        }
    }

    #[test]
    fn a_mismatch_says_which_rule_stood_in_the_way() {
        let list = SuffixList::parse("co.uk");
        let guard = NamePolicy { suffixes: Some(&list), ..CN };
        let off = NamePolicy { wildcards: Wildcards::None, ..CN };
        let cases: &[(&str, &[u8], &NamePolicy<'_>, Option<Withholding>)] = &[
            ("dns:bob.co.uk", b"*.co.uk", &guard, Some(Withholding::PublicSuffix)),
            ("dns:bob.co.uk", b"*.co.uk", &off, Some(Withholding::WildcardsOff)),
            ("dns:bob.test", b"*.test", &CN, Some(Withholding::TooWide)),
            ("dns:mail.bob.test", b"m*.bob.test", &CN, Some(Withholding::PartOfLabel)),
            ("dns:cn.test", b"bob.test", &CN, Some(Withholding::CommonNameBesideSan)),
            ("dns:mail.bob.test", b"mail.eve.test", &CN, None),
        ];
        for (reference, name, policy, why) in cases {
            let (san, names) = (san(&[name]), texts(&["cn.test"]));
            let found = compare(&wanted(&[reference]), Some(&san), &names, policy);
            assert_eq!(found.outcome, NameOutcome::Mismatch);
            assert_eq!(found.withheld.first().map(|pair| pair.why), *why, "{reference}");
        }
    }
}
