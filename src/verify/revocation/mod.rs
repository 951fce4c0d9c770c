//! What the server itself shows of its CA's opinion: the stapled OCSP response (RFC 6960, RFC 6066 §8).
//!
//! A staple can only take trust away. It is held against the issuer of the *verified* path: without
//! one, nobody is there whose word would count, and nothing is checked.
//!
//! | the server staples        | `staple-if-present` | `require` | must-staple | `insecure_ocsp=soft` |
//! |---------------------------|---------------------|-----------|-------------|----------------------|
//! | "good", current           | pass                | pass      | pass        | pass                 |
//! | "revoked", of any age     | fail                | fail      | fail        | fail                 |
//! | "unknown"                 | fail                | fail      | fail        | note                 |
//! | a response out of date    | fail                | fail      | fail        | note                 |
//! | a wrong one, or nonsense  | fail                | fail      | fail        | note                 |
//! | only an error             | skip                | fail      | fail        | skip                 |
//! | nothing                   | skip                | fail      | fail        | skip                 |
//!
//! Must-staple (RFC 7633) is a certificate of the path that demands it; softly it is a note.
//!
//! Q: Why is an error no failure by default? A: Nobody signed it, so it says as much as no staple at
//! all, and Apache sends tryLater by default while its responder is out of reach.
//!
//! Q: Is a staple out of date not as good as none? A: For a thief, yes, who could as well staple nothing.
//! For an administrator it is a server that has stopped to renew what clients rely on, and clients that
//! rely on it (must-staple) refuse. A server that staples is asked to do it right.

mod response;

use crate::der::{self, oid, single, tag};
use crate::options::Settings;
use crate::ossl::{Ask, Certificate};
use crate::report::{Code, Finding, Outcome, iso8601};

use super::chain::Path;
use super::decide::{Need, Needs};
use super::examination::{Ending, Reached};
use super::policy::{Dates, Policy};

pub use response::{Clock, Subject};

/// What a staple weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OcspMode {
    /// One that is there is checked.
    IfPresent,
    /// One must be there.
    Required,
    /// Insecure: only "revoked" is a failure.
    Soft,
    /// Insecure: none is asked for, and none is looked at.
    Off,
}

impl OcspMode {
    /// The mode that the options stand for.
    pub fn freeze(settings: &Settings) -> OcspMode {
        match settings.text("ocsp") {
            Some("require") => OcspMode::Required,
            Some("soft") => OcspMode::Soft,
            Some("off") => OcspMode::Off,
            _ => OcspMode::IfPresent,
        }
    }

    /// Whether the server is asked. It costs nine octets of the ClientHello.
    pub const fn ask(self) -> Ask {
        match self {
            OcspMode::IfPresent | OcspMode::Required | OcspMode::Soft => Ask::Asked,
            OcspMode::Off => Ask::NotAsked,
        }
    }

    /// What the check weighs. Where the chain weighs nothing (a pin or a TLSA record decides), the
    /// word of its CA weighs nothing either, unless it was asked for.
    pub const fn needs(self, needs: Needs) -> Needs {
        let revocation = match (self, needs.chain) {
            (OcspMode::Required, _) => Need::Required,
            (OcspMode::IfPresent | OcspMode::Soft, Need::ReportOnly) | (OcspMode::Off, _) => {
                Need::ReportOnly
            }
            (
                OcspMode::IfPresent | OcspMode::Soft,
                Need::Required | Need::Preferred | Need::Veto,
            ) => Need::Veto,
        };
        Needs { revocation, ..needs }
    }
}

/// Checks the staple, or says what it means that there is none.
pub fn check(policy: &Policy, path: &Path, ending: &Ending, now: i64) -> Finding {
    let mode = policy.ocsp;
    let (leaf, issuer) = match (mode, ending.reached, path.verified.as_slice()) {
        (OcspMode::Off, _, _) => return skip("insecure_ocsp=off: no OCSP response is looked at"),
        (_, Reached::NotReached, _) => {
            return skip("the handshake ended before the server could staple an OCSP response");
        }
        (_, Reached::Reached, [leaf, issuer, ..]) => (leaf, issuer),
        (_, Reached::Reached, [_]) => {
            return skip("the certificate is itself trusted: no CA has a say in it");
        }
        (_, Reached::Reached, []) => {
            return skip("without a verified chain there is no CA whose word would count");
        }
    };
    let clock = Clock { now, dates: policy.chain.dates, level: policy.chain.level };
    let Some(staple) = ending.staple else {
        return missing(mode, path, "the server stapled no OCSP response");
    };
    match (Subject { leaf, issuer }).read(staple, clock) {
        Ok(response::Word::Said(said)) => said_of(said),
        Ok(response::Word::Error(error)) => {
            let words = format!("the server stapled only an error of the OCSP responder: {error}");
            missing(mode, path, &words)
        }
        Err(objection) => {
            let outcome = if mode == OcspMode::Soft { Outcome::Note } else { Outcome::Fail };
            Finding::new(objection.code, outcome, objection.words).at(0)
        }
    }
}

fn skip(words: &str) -> Finding {
    Finding::skip(Code::RevocationNotChecked, words)
}

fn said_of(said: response::Said) -> Finding {
    let as_of = iso8601(said.this_update);
    match said.revoked {
        None => {
            let words = format!("the CA says that the certificate is not revoked (OCSP, {as_of})");
            Finding::pass(Code::RevocationGood, words).compared("good", "good").at(0)
        }
        Some(since) => {
            let since = iso8601(since);
            let words = format!("the CA revoked the certificate on {since} (OCSP, {as_of})");
            let found = format!("revoked on {since}");
            Finding::fail(Code::RevocationRevoked, words).compared("good", found).at(0)
        }
    }
}

fn missing(mode: OcspMode, path: &Path, words: &str) -> Finding {
    let demands = |one: &Certificate| one.demands_staple(|| demands_staple(one.der()));
    let demanded = path.verified.iter().any(demands);
    let words = match (mode, demanded) {
        (_, true) => format!("{words}, which the certificate demands (must-staple)"),
        (OcspMode::Required, false) => format!("{words}, which the option ocsp=require demands"),
        (OcspMode::IfPresent | OcspMode::Soft | OcspMode::Off, false) => return skip(words),
    };
    let outcome = match mode {
        OcspMode::IfPresent | OcspMode::Required => Outcome::Fail,
        OcspMode::Soft | OcspMode::Off => Outcome::Note,
    };
    Finding::new(Code::RevocationStapleMissing, outcome, words).at(0)
}

/// RFC 7633 §4.2: status_request (5) among the features. §4.2.2 has a CA demand it of what it issues,
/// so it counts anywhere in the path. What cannot be read may be the demand.
fn demands_staple(der: &[u8]) -> bool {
    const STATUS_REQUEST: &[u8] = &[5];
    let Ok(certificate) = der::Certificate::parse(der) else { return true };
    let Some(value) = certificate.extension(oid::TLS_FEATURE) else { return false };
    let Ok(list) = single(value, tag::SEQUENCE) else { return true };
    let mut features = list.reader();
    while !features.is_empty() {
        match features.expect(tag::INTEGER) {
            Ok(feature) if feature.value != STATUS_REQUEST => {}
            Ok(_) | Err(_) => return true,
        }
    }
    false
}

impl Clock {
    /// Whether dates count at all.
    fn checks(self) -> bool {
        self.dates == Dates::Checked
    }
}
