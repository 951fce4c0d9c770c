//! The attack corpus, played over real sockets to sessions of the C ABI.
//!
//! `tests/attacks` and `tests/transcripts.rs` read the rows (`suite`), fix what each must come
//! to (`ending`, `choices`, `rulings`), and make a server of it (`play`, `packets`, `dialogue`,
//! `controls`, on the `stage`). A `trial` is one row; it is run in three modes of the `client`,
//! which calls the `abi`, and what left the client in clear is held against `clear`. The `tally`
//! prints the table.
//!
//! The rows themselves stay where they are: beside the project, or in `$STV_CONFORMANCE`. Here are
//! only their ids and our decisions.

// Two tests share these modules, and neither needs all of them.
#![allow(dead_code)]

pub mod abi;
pub mod choices;
pub mod clear;
pub mod client;
pub mod controls;
pub mod dialogue;
pub mod ending;
pub mod packets;
pub mod play;
pub mod rulings;
pub mod stage;
pub mod suite;
pub mod tally;
pub mod trial;
