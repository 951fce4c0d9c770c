//! What the caller decided about names. The default is the strict reading of RFC 9525.

use crate::name::SuffixList;

/// Where a `*` in a presented dNSName counts (RFC 9525 §6.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wildcards {
    /// As the whole left-most label, with at least two more labels.
    #[default]
    LeftMostLabel,
    /// Nowhere.
    None,
    /// Insecure: also as a part of the left-most label, `w*.example.com`. RFC 9525 §6.3 forbids it;
    /// RFC 2818 had allowed it.
    PartialLabel,
}

/// Whether the subject's common name may stand for a host name (RFC 9525 §2: it may not).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CommonName {
    /// It is not looked at.
    #[default]
    Never,
    /// Insecure: it counts for a DNS reference when the certificate has no subjectAltName at all
    /// and the subject has exactly one common name. A CN was never checked by the CA as a host.
    FallbackInsecure,
}

/// What a malformed entry of the subjectAltName means for its siblings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SanRule {
    /// The whole extension is malformed: a CA that signs one entry that it did not check may not
    /// have checked the others.
    #[default]
    Strict,
    /// Insecure: the entry is dropped and reported, the others count.
    LenientInsecure,
}

/// The rules of a comparison.
#[derive(Clone, Copy, Debug, Default)]
pub struct NamePolicy<'a> {
    /// Where wildcards count.
    pub wildcards: Wildcards,
    /// Whether the common name counts.
    pub common_name: CommonName,
    /// What a malformed entry means.
    pub san: SanRule,
    /// The public-suffix guard: `*.co.uk` matches nothing when the list says that `co.uk` is a
    /// public suffix. `None`: no guard.
    pub suffixes: Option<&'a SuffixList>,
}
