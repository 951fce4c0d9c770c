//! Which library this is.

use std::ffi::c_char;

/// Grows by one with each release that adds a function or a constant.
pub const ABI_LEVEL: u32 = 1;

const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");

/// The ABI level of the library that was loaded. It grows by one with each release that adds
/// something; STV_ABI_LEVEL is the level of this header. A program that loads the library at run
/// time asks here first and goes on when the answer is at least the level it was written for.
#[unsafe(no_mangle)]
pub extern "C" fn stv_abi_level() -> u32 {
    export! { table 0; => Some(ABI_LEVEL) }
}

/// The version of the library that was loaded, such as "0.1.0".
#[unsafe(no_mangle)]
pub extern "C" fn stv_version() -> *const c_char {
    export! { table super::words::EMPTY; => Some(VERSION.as_ptr().cast()) }
}
