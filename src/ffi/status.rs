//! Statuses: what a call answers.

use std::ffi::{c_char, c_int};

use crate::status;

use super::words::{EMPTY, pool};

pool!(NAMES: status::ALL, |status| status.name());
pool!(TEXTS: status::ALL, |status| status.text());

/// What a call answers: a number of `stv_status_code`. 0 is STV_OK, and a call that verifies
/// returns it only when the peer is trusted. 1-99 is flow, 100-199 the caller's fault, 200-299 the
/// peer's plaintext protocol, 300-399 TLS and IO, 400-499 verification.
pub type stv_status = c_int;

/// The name of a status, such as "STV_E_REJECTED"; "" for a number that is none.
#[unsafe(no_mangle)]
pub extern "C" fn stv_status_name(status: c_int) -> *const c_char {
    export! { table EMPTY; => NAMES.row(row_of(status)?) }
}

/// A status in one sentence; "unknown status" for a number that is none. What went wrong with a
/// handle in particular is told by the handle: stv_config_error, stv_session_error, ...
#[unsafe(no_mangle)]
pub extern "C" fn stv_status_text(status: c_int) -> *const c_char {
    const UNKNOWN: *const c_char = c"unknown status".as_ptr();
    export! { table UNKNOWN; => TEXTS.row(row_of(status)?) }
}

fn row_of(number: c_int) -> Option<usize> {
    status::ALL.iter().position(|status| status.number() == number)
}
