//! Names of numbers: verdicts, checks, outcomes, protocols.
//!
//! The lists below are also what `xtask` makes the enums of the header from.

use std::ffi::{c_char, c_int};

use crate::error::Error;
use crate::proto::{Protocol, REGISTRY};
use crate::report::{Check, Outcome, Verdict};
use crate::status::Status;

use super::stv_status;
use super::words::{EMPTY, pool};

/// Lists an enum, with a match that stops compiling when a variant is missing from the list.
macro_rules! list {
    ($(#[$doc:meta])* $name:ident: $kind:ident { $($variant:ident),* }) => {
        $(#[$doc])*
        pub const $name: &[$kind] = &[$($kind::$variant),*];
        const _: fn($kind) = |one| match one {
            $($kind::$variant => {})*
        };
    };
}

list! {
    /// Every verdict, in the order of its number.
    VERDICTS: Verdict { Unknown, Trusted, Rejected, Unauthenticated }
}
list! {
    /// Every check, in the order of its number.
    CHECKS: Check { Starttls, Tls, Io, Chain, Name, Pin, Revocation, Transparency, Known, Dane, MtaSts, Evidence }
}
list! {
    /// Every outcome, in the order of its number.
    OUTCOMES: Outcome { Pass, Fail, Skip, Note }
}

pool!(VERDICT_NAMES: VERDICTS, |verdict| verdict.word());
pool!(CHECK_NAMES: CHECKS, |check| check.word());
pool!(OUTCOME_NAMES: OUTCOMES, |outcome| outcome.word());
pool!(SCHEMES: REGISTRY, |row| row.scheme);

/// The word of a verdict, as in JSON: "trusted"; "" for a number that is none.
#[unsafe(no_mangle)]
pub extern "C" fn stv_verdict_name(verdict: c_int) -> *const c_char {
    export! { table EMPTY; => {
        VERDICT_NAMES.row(VERDICTS.iter().position(|one| *one as c_int == verdict)?)
    } }
}

/// The word of a check, as in JSON: "chain"; "" for a number that is none.
#[unsafe(no_mangle)]
pub extern "C" fn stv_check_name(check: c_int) -> *const c_char {
    export! { table EMPTY; => {
        CHECK_NAMES.row(CHECKS.iter().position(|one| *one as c_int == check)?)
    } }
}

/// The word of an outcome, as in JSON: "pass"; "" for a number that is none.
#[unsafe(no_mangle)]
pub extern "C" fn stv_outcome_name(outcome: c_int) -> *const c_char {
    export! { table EMPTY; => {
        OUTCOME_NAMES.row(OUTCOMES.iter().position(|one| *one as c_int == outcome)?)
    } }
}

/// The URL scheme of a protocol, such as "smtp"; "" for a number that is none.
#[unsafe(no_mangle)]
pub extern "C" fn stv_protocol_name(protocol: c_int) -> *const c_char {
    export! { table EMPTY; => SCHEMES.row(row_of_protocol(protocol)?) }
}

/// The protocol with a URL scheme, such as "smtp" (without "://"). STV_E_ARGUMENT when there is
/// none; *out is then 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_protocol_from_scheme(
    scheme: *const c_char,
    scheme_len: usize,
    out: *mut c_int,
) -> stv_status {
    export! { call out out;
        scheme = text(scheme, scheme_len);
        => {
            let unknown = || Error::new(Status::Argument, "no protocol has this scheme");
            let protocol = Protocol::from_scheme(scheme).ok_or_else(unknown)?;
            out.put(protocol as c_int);
            Ok(())
        }
    }
}

/// The port of a protocol where none is given; 0 where there is none, and -1 for a number that is
/// no protocol.
#[unsafe(no_mangle)]
pub extern "C" fn stv_protocol_port(protocol: c_int) -> c_int {
    export! { table -1; => Some(c_int::from(REGISTRY[row_of_protocol(protocol)?].port)) }
}

fn row_of_protocol(number: c_int) -> Option<usize> {
    REGISTRY.iter().position(|row| row.protocol as c_int == number)
}
