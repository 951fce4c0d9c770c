//! The C ABI: names, NULL, panics, ownership, and nothing else.
//!
//! The doc comments and signatures in this directory are the source of `starttls_verify.h`, of the
//! PHP and Python declarations, of the export list and of the version map (`make abi`). What holds
//! for every export stands in `docs/abi.md` and is kept here by three files:
//!
//! - `guard` is the boundary: the one macro [`export!`](guard) that every export consists of. It
//!   catches panics, poisons the handle that the call was changing, keeps the error for
//!   `stv_..._error` and leaves OpenSSL's error queue as the caller had it.
//! - `handle` knows who owns a handle: one thread, or everybody by counting.
//! - `args` turns what C hands in into slices, text and references, or refuses it.
//!
//! The other files hold one C noun each: they read arguments, call the floor below, and store the
//! result. `tests/abi.rs` checks that every export is written with the macro.
#![allow(unsafe_code)]
// The names in this directory are C's.
#![allow(non_camel_case_types)]
// What a caller must keep to is the same for all exports: docs/abi.md.
#![allow(clippy::missing_safety_doc)]
#![cfg_attr(
    not(test),
    warn(
        clippy::undocumented_unsafe_blocks,
        clippy::multiple_unsafe_ops_per_block,
        clippy::unwrap_used,
        clippy::expect_used
    )
)]

// First, so that the macro is known to the files below.
#[macro_use]
mod guard;
mod args;
mod handle;
mod words;

// One C noun each; the header shows them in the order of xtask/src/abi.rs.
pub mod certificate;
pub mod chain;
pub mod codes;
pub mod config;
pub mod known_peers;
pub mod names;
pub mod options;
pub mod peer;
pub mod report;
pub mod servers;
pub mod session;
pub mod ssl;
pub mod status;
pub mod tls_rpt;
pub mod verifier;
pub mod version;

use status::stv_status;
