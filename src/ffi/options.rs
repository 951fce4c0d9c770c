//! The table of options, for bindings and command lines that show or map them.

use std::ffi::c_char;

use crate::options::{PAGES, Row, TABLE};

use super::words::{EMPTY, pool};

pool!(NAMES: TABLE, |row| row.name);
pool!(TYPES: TABLE, |row| row.kind.word());
pool!(HELP: PAGES, |page| page.help);
pool!(INSECURE_NAMES: TABLE, |row| insecure_name(row));

const fn insecure_name(row: &Row) -> &'static str {
    match row.danger {
        Some(danger) => danger.spelling,
        None => "",
    }
}

/// How many options there are.
#[unsafe(no_mangle)]
pub extern "C" fn stv_option_count() -> usize {
    export! { table 0; => Some(TABLE.len()) }
}

/// The name of option number `index`; "" beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn stv_option_name(index: usize) -> *const c_char {
    export! { table EMPTY; => NAMES.row(index) }
}

/// The type of option number `index`: "bool", "int", "str", "bytes", "list of str" or "list of
/// bytes"; "" beyond the last. It tells which setter takes the option: stv_config_set_bool, _set_int,
/// _set_str, _set_bytes, _add_str, _add_bytes.
#[unsafe(no_mangle)]
pub extern "C" fn stv_option_type(index: usize) -> *const c_char {
    export! { table EMPTY; => TYPES.row(index) }
}

/// One line of help for option number `index`; "" beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn stv_option_help(index: usize) -> *const c_char {
    export! { table EMPTY; => HELP.row(index) }
}

/// The name under which option number `index` takes values that weaken security, such as
/// "insecure_min_tls"; "" where there is none, and beyond the last. It equals the name where the
/// option itself is the danger.
#[unsafe(no_mangle)]
pub extern "C" fn stv_option_insecure_name(index: usize) -> *const c_char {
    export! { table EMPTY; => INSECURE_NAMES.row(index) }
}
