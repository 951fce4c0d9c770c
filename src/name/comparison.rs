//! The whole question for one certificate: does it speak for one of the names that are meant?
//!
//! One match is enough (RFC 9525 §6.1): the references are alternatives. The order of the
//! outcomes is that of their weight: a malformed subjectAltName is decided before any entry is
//! compared, so that a match beside a fault is no match.

use crate::name::{
    Answer, CommonName, DnsName, NamePolicy, PresentedDns, PresentedId, ReferenceId, Withholding,
    examine, matches::dns,
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
    /// The common name, by the insecure knob.
    CommonName,
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
    let why = Withholding::CommonNameBesideSan;
    withheld.extend(
        by_common_names(references, common_names, policy).map(|(reference, _)| Withheld {
            reference,
            by: MatchedBy::CommonName,
            why,
        }),
    );
    (NameOutcome::Mismatch, withheld)
}

/// No subjectAltName: a common name counts by the knob, and only when there is exactly one (which
/// of several the CA had checked, nobody knows).
fn without_san<'a>(
    references: &[ReferenceId],
    common_names: &[String],
    policy: &NamePolicy<'_>,
) -> Comparison<'a> {
    let mut withheld = Vec::new();
    let mut outcome = NameOutcome::NoSan;
    let by = MatchedBy::CommonName;
    for (reference, answer) in by_common_names(references, common_names, policy) {
        match answer {
            Answer::Match if common_names.len() == 1 => {
                outcome = NameOutcome::Match { reference, by };
                withheld.clear();
                break;
            }
            Answer::Match => {
                withheld.push(Withheld { reference, by, why: Withholding::SeveralCommonNames });
            }
            Answer::Withheld(why) => withheld.push(Withheld { reference, by, why }),
            Answer::Differs => {}
        }
    }
    Comparison { outcome, presented: Vec::new(), faults: Vec::new(), withheld }
}

/// Each DNS reference with each common name that is it or would be, under the knob; nothing
/// without it. A common name that is no host name is nobody's.
fn by_common_names<'r>(
    references: &'r [ReferenceId],
    common_names: &'r [String],
    policy: &'r NamePolicy<'_>,
) -> impl Iterator<Item = (usize, Answer)> + 'r {
    let counted = match policy.common_name {
        CommonName::Never => &[],
        CommonName::FallbackInsecure => common_names,
    };
    let wanted = references.iter().enumerate().filter_map(|(index, id)| Some((index, host(id)?)));
    wanted
        .flat_map(move |(index, wanted)| {
            let found = counted.iter().filter_map(|name| PresentedDns::parse(name.as_bytes()).ok());
            found.map(move |found| (index, dns(wanted, &found, policy)))
        })
        .filter(|(_, answer)| *answer != Answer::Differs)
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
