//! What a certificate of a path must keep beside what OpenSSL asks for.
//!
//! OpenSSL checks that a path *holds*. The rules here are about what its certificates *are*; each
//! is read from the DER, once per certificate. How much of it refuses depends on who vouches for
//! the anchor:
//!
//! | strictness | refuses | for |
//! |---|---|---|
//! | private | what cannot be read, and what is dangerous: odd keys, malformed name constraints | an anchor that the caller gave |
//! | rfc5280 | what RFC 5280 says of every certificate, X509_V_FLAG_X509_STRICT included | by choice |
//! | webpki | what CA/Browser Forum's Baseline Requirements (CABF BR) add for public CAs | the system's anchors |
//!
//! A breach beyond the strictness in force is a note where RFC 5280 is broken, and nothing where only
//! the public profile is: a private CA never promised to keep that.
//!
//! Q: Why not the rules on serial numbers, on the CN being one of the names, and on an anchor's
//! authorityKeyIdentifier? A: They bind who issues (RFC 5280 §4.1.2.2 asks users to "gracefully
//! handle" bad serial numbers), and nothing is gained for whom the certificate is shown to.

use crate::der::{self, DerError, Extension, Reader, single, tag};
use crate::name::PresentedId;
use crate::name::subtrees::{self, SubtreeFault};
use crate::ossl::{Certificate, Purpose};
use crate::report::Code;
use crate::san;

use super::key::{self, KeyFault};

/// How much of the rules refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strictness {
    /// An anchor of the caller's own.
    Private,
    /// All of RFC 5280.
    Rfc5280,
    /// The public web's rules on top.
    WebPki,
}

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// Certificate in the path.
    pub depth: usize,
    /// What it is in a report.
    pub code: Code,
    /// The least strictness that refuses it.
    pub refused_from: Strictness,
    /// Words that follow the certificate's name.
    pub words: String,
}

mod ext {
    pub const SUBJECT_ALT_NAME: &[u8] = crate::der::oid::SUBJECT_ALT_NAME;
    pub const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
    pub const NAME_CONSTRAINTS: &[u8] = crate::name::constraints::OID;
    pub const POLICY_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 36];
    pub const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37];
    pub const INHIBIT_ANY_POLICY: &[u8] = &[0x55, 0x1d, 54];
    pub const AUTHORITY_ACCESS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 1];
    pub const SUBJECT_ACCESS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 11];
}

mod use_for {
    pub const ANY: &[u8] = &[0x55, 0x1d, 37, 0];
    pub const SERVER: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
    pub const CLIENT: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];
}

/// Every rule that the path breaks, leaf first.
pub fn breaches(path: &[Certificate], purpose: Purpose) -> Vec<Breach> {
    let read = path.iter().map(|certificate| der::Certificate::parse(certificate.der()));
    let read: Vec<Result<der::Certificate<'_>, DerError>> = read.collect();
    let constrains = |read: &Result<der::Certificate<'_>, DerError>| {
        read.as_ref().is_ok_and(|skeleton| skeleton.extension(ext::NAME_CONSTRAINTS).is_some())
    };
    let highest_constraint = read.iter().rposition(constrains).unwrap_or(0);
    let mut found = Vec::new();
    for (depth, skeleton) in read.iter().enumerate() {
        let place = Place {
            depth,
            is_last: depth + 1 == path.len(),
            is_constrained: depth < highest_constraint,
            purpose,
        };
        match skeleton {
            Ok(skeleton) => Inspection { skeleton, place, found: &mut found }.run(),
            Err(error) => found.push(Breach {
                depth,
                code: Code::ChainMalformed,
                refused_from: Strictness::Private,
                words: format!("is not strict DER: {error}"),
            }),
        }
    }
    found
}

/// Where in the path, and what for.
#[derive(Clone, Copy)]
struct Place {
    depth: usize,
    is_last: bool,
    /// Whether a CA above has name constraints.
    is_constrained: bool,
    purpose: Purpose,
}

/// One certificate against all rules.
struct Inspection<'a, 'f> {
    skeleton: &'a der::Certificate<'a>,
    place: Place,
    found: &'f mut Vec<Breach>,
}

impl<'a> Inspection<'a, '_> {
    fn run(&mut self) {
        self.key();
        self.criticality();
        self.access();
        self.constraints();
        self.names();
        self.purposes();
    }

    fn breach(&mut self, code: Code, refused_from: Strictness, words: impl Into<String>) {
        let depth = self.place.depth;
        self.found.push(Breach { depth, code, refused_from, words: words.into() });
    }

    fn extension(&self, oid: &[u8]) -> Option<Extension<'a>> {
        self.skeleton.extensions.find(oid)
    }

    fn key(&mut self) {
        let Err(fault) = key::examine(self.skeleton.spki) else { return };
        let refused_from = match fault {
            KeyFault::NotPublic => Strictness::WebPki,
            KeyFault::Malformed
            | KeyFault::Dsa
            | KeyFault::Length
            | KeyFault::Exponent
            | KeyFault::ExplicitCurve => Strictness::Private,
        };
        self.breach(Code::ChainWeakKey, refused_from, format!("has a key that {}", fault.words()));
    }

    fn criticality(&mut self) {
        for rule in CRITICALITY {
            let wrong =
                self.extension(rule.oid).is_some_and(|found| found.critical != rule.critical);
            if wrong && rule.binds.includes(self) {
                self.breach(Code::ChainStrict, rule.refused_from, format!("has {}", rule.words));
            }
        }
    }

    /// RFC 5280 §4.2.2.1 and §4.2.2.2: a list of access descriptions, at least one.
    fn access(&mut self) {
        for oid in [ext::AUTHORITY_ACCESS, ext::SUBJECT_ACCESS] {
            let found = self.extension(oid);
            if found.is_some_and(|found| descriptions(found.value).is_err()) {
                let words = "has a malformed information access extension (RFC 5280 §4.2.2)";
                self.breach(Code::ChainMalformed, Strictness::Private, words);
            }
        }
    }

    /// RFC 5280 §4.2.1.10: only in a CA certificate, and what cannot be read constrains nobody.
    fn constraints(&mut self) {
        let Some(constraints) = self.extension(ext::NAME_CONSTRAINTS) else { return };
        if let Err(fault) = subtrees::examine(constraints.value) {
            let refused_from = match fault {
                SubtreeFault::LeadingDot => Strictness::Rfc5280,
                SubtreeFault::Der(_)
                | SubtreeFault::Empty
                | SubtreeFault::Distance
                | SubtreeFault::Base => Strictness::Private,
            };
            let words = format!("has name constraints that {}", fault.words());
            self.breach(Code::ChainNameConstraint, refused_from, words);
        }
        if !self.is_authority() {
            let words = "has name constraints and is no CA (RFC 5280 §4.2.1.10)";
            self.breach(Code::ChainStrict, Strictness::Rfc5280, words);
        }
    }

    /// RFC 5280 §4.2.1.9. What is no DER there has been refused by OpenSSL.
    fn is_authority(&self) -> bool {
        let value = self.skeleton.extension(ext::BASIC_CONSTRAINTS);
        let fields = value.and_then(|value| single(value, tag::SEQUENCE).ok());
        fields.is_some_and(|fields| fields.value.starts_with(&[tag::BOOLEAN, 1, 0xff]))
    }

    /// RFC 5280 §4.2.1.6. The leaf's names are compared elsewhere, where a malformed one condemns
    /// them all; but name constraints hold for every name of every certificate below them, and one
    /// that cannot be read evades them.
    fn names(&mut self) {
        let Some(names) = self.extension(ext::SUBJECT_ALT_NAME) else { return };
        let first_odd = match san::entries(names.value) {
            Err(fault) => Some(Err(fault)),
            Ok(mut entries) => entries.find(|entry| match entry {
                Ok(PresentedId::Dns(name)) => name.as_str().contains('_'),
                Ok(_) => false,
                Err(_) => true,
            }),
        };
        match first_odd {
            None => {}
            Some(Ok(name)) => {
                let words =
                    format!("has the name {} with an underscore (CABF BR §7.1.4.2)", name.tagged());
                self.breach(Code::ChainStrict, Strictness::WebPki, words);
            }
            Some(Err(fault)) if self.place.is_constrained => {
                let words = format!("has a name that evades its CA's name constraints: {fault}");
                self.breach(Code::ChainNameConstraint, Strictness::Private, words);
            }
            Some(Err(fault)) if self.place.depth > 0 => {
                self.breach(Code::ChainStrict, Strictness::WebPki, format!("has a bad {fault}"));
            }
            Some(Err(_)) => {}
        }
    }

    /// CABF BR §7.1.2.7.6: a leaf says what it is for, and "anything" is not an answer. §7.1.2.1: a
    /// root says nothing.
    fn purposes(&mut self) {
        let usage = self.extension(ext::EXTENDED_KEY_USAGE);
        let own = match self.place.purpose {
            Purpose::Server => use_for::SERVER,
            Purpose::Client => use_for::CLIENT,
            Purpose::Any => return,
        };
        let words = match (self.place.depth, usage) {
            (0, None) => "has no extendedKeyUsage (CABF BR §7.1.2.7.6)",
            (0, Some(usage)) if !lists(usage.value, own) => {
                "is not meant for this use by name (CABF BR §7.1.2.7.6)"
            }
            (0, Some(usage)) if lists(usage.value, use_for::ANY) => {
                "is meant for any use (CABF BR §7.1.2.7.10)"
            }
            (1.., Some(_)) if self.is_root() => {
                "is a root with an extendedKeyUsage (CABF BR §7.1.2.1)"
            }
            (_, _) => return,
        };
        self.breach(Code::ChainPurpose, Strictness::WebPki, words);
    }

    fn is_root(&self) -> bool {
        self.place.is_last && self.skeleton.subject == self.skeleton.issuer
    }
}

/// An extension that must be critical, or must not be. OpenSSL's strict mode knows basicConstraints,
/// the two key identifiers, and subjectAltName without a subject; and what it does not handle must not
/// be critical anyway.
struct Criticality {
    oid: &'static [u8],
    critical: bool,
    binds: Binds,
    refused_from: Strictness,
    words: &'static str,
}

/// Whom a rule binds.
enum Binds {
    All,
    Leaf,
    WithSubject,
}

impl Binds {
    fn includes(&self, inspection: &Inspection<'_, '_>) -> bool {
        match self {
            Binds::All => true,
            Binds::Leaf => inspection.place.depth == 0,
            Binds::WithSubject => inspection.skeleton.subject != [tag::SEQUENCE, 0],
        }
    }
}

const CRITICALITY: &[Criticality] = &[
    Criticality {
        oid: ext::POLICY_CONSTRAINTS,
        critical: true,
        binds: Binds::All,
        refused_from: Strictness::Rfc5280,
        words: "policyConstraints that are not critical (RFC 5280 §4.2.1.11)",
    },
    Criticality {
        oid: ext::INHIBIT_ANY_POLICY,
        critical: true,
        binds: Binds::All,
        refused_from: Strictness::Rfc5280,
        words: "an inhibitAnyPolicy that is not critical (RFC 5280 §4.2.1.14)",
    },
    Criticality {
        oid: ext::EXTENDED_KEY_USAGE,
        critical: false,
        binds: Binds::Leaf,
        refused_from: Strictness::WebPki,
        words: "a critical extendedKeyUsage (CABF BR §7.1.2.7.6)",
    },
    Criticality {
        oid: ext::SUBJECT_ALT_NAME,
        critical: false,
        binds: Binds::WithSubject,
        refused_from: Strictness::WebPki,
        words: "a critical subjectAltName beside a subject (CABF BR §7.1.2.7.12)",
    },
];

/// ```text
/// SEQUENCE SIZE (1..MAX) OF SEQUENCE { accessMethod OBJECT IDENTIFIER, accessLocation GeneralName }
/// ```
fn descriptions(value: &[u8]) -> Result<(), DerError> {
    let mut reader = single(value, tag::SEQUENCE)?.reader();
    loop {
        let mut description = reader.expect(tag::SEQUENCE)?.reader();
        description.expect(tag::OID)?;
        let location = description.element()?;
        description.finish()?;
        let (class, number) = (location.tag & 0xc0, location.tag & 0x1f);
        if class != 0x80 || number > 8 {
            return Err(DerError::Tag { wanted: tag::context(6), found: location.tag });
        }
        if reader.is_empty() {
            return Ok(());
        }
    }
}

/// Whether an extendedKeyUsage lists this purpose.
fn lists(value: &[u8], purpose: &[u8]) -> bool {
    let Ok(list) = single(value, tag::SEQUENCE) else { return false };
    let mut reader: Reader<'_> = list.reader();
    std::iter::from_fn(|| reader.expect(tag::OID).ok()).any(|oid| oid.value == purpose)
}
