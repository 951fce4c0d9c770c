//! The table of finding codes, for programs that explain them.

use std::ffi::c_char;

use crate::report::TABLE;

use super::words::{EMPTY, pool};

pool!(NAMES: TABLE, |row| row.name);
pool!(MEANINGS: TABLE, |row| row.meaning);
pool!(HINTS: TABLE, |row| row.hint);

/// The word of the code in this row of the table.
pub(super) fn name_of(row: usize) -> *const c_char {
    NAMES.row(row).unwrap_or(EMPTY)
}

/// How many finding codes there are. Their order may change between releases; their words do not.
#[unsafe(no_mangle)]
pub extern "C" fn stv_code_count() -> usize {
    export! { table 0; => Some(TABLE.len()) }
}

/// The stable word of code number `index`, such as "name.mismatch"; "" beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn stv_code_name(index: usize) -> *const c_char {
    export! { table EMPTY; => NAMES.row(index) }
}

/// What code number `index` means, in one sentence; "" beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn stv_code_meaning(index: usize) -> *const c_char {
    export! { table EMPTY; => MEANINGS.row(index) }
}

/// What to do about code number `index`; "" where there is nothing to do, and beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn stv_code_hint(index: usize) -> *const c_char {
    export! { table EMPTY; => HINTS.row(index) }
}
