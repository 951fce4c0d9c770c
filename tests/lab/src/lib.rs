//! The embedded lab: a throw-away CA and a hostile server on loopback.
//!
//! Alice wants mail.bob.test. The lab plays Bob, Eve with a valid certificate of her own, Eve who
//! cuts STARTTLS out, and some fifty other peers, each on its own port, and knows what a right
//! client says to each of them. Four programs use it: the demo (`stv-lab demo`), the tests of the
//! bindings (`stv-lab serve`), and the Rust tests, which also mint chains and play scripts of
//! their own:
//!
//! - [`Lab`] starts it all; [`table`] is what it starts;
//! - [`ca`], [`san`], [`der`] and [`chains`] make certificates;
//! - [`script`] says what a server does, [`notation`] reads such a script from text, [`plays`] has
//!   the lab's own in the words of a [`dialect`], and [`server`] plays one;
//! - [`demo`] runs clients against it and compares.
//!
//! Keys live in memory only. Nothing listens on anything but 127.0.0.1.

#![forbid(unsafe_code)]

pub mod ca;
pub mod chains;
pub mod demo;
pub mod der;
pub mod dialect;
mod lab;
pub mod notation;
mod player;
pub mod plays;
pub mod record;
pub mod report;
pub mod revocation;
pub mod san;
pub mod scenario;
pub mod script;
pub mod server;
pub mod table;
pub mod tls;
mod wire;

pub use lab::{Lab, Leak, write_certificates};
pub use scenario::Scenario;

/// Why the lab could not be built. Nobody decides anything by it; it is for people to read.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;
