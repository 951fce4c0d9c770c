//! What the server itself shows of its CA's opinion: the stapled OCSP response.

use crate::report::{Code, Finding};

use super::chain::Path;
use super::examination::Ending;

/// Checks the staple, if there is one.
pub fn check(_path: &Path, ending: &Ending, _now: i64) -> Finding {
    let words = match ending.staple {
        Some(_) => "an OCSP response was stapled, and nobody asked for it",
        None => "the server stapled no OCSP response",
    };
    Finding::skip(Code::RevocationNotChecked, words)
}
