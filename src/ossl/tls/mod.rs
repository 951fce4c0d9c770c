//! TLS of our own sessions: an SSL_CTX per verifier, an SSL per session, bytes in and bytes out.
//!
//! The judge runs once, inside the handshake, through OpenSSL's certificate verification callback,
//! on the certificates as libssl holds them: a refusal gives the right alert, and no client
//! certificate leaves. OpenSSL's own verification does not run besides.

mod cause;
mod connection;
mod context;
mod handshaken;
mod identity;
mod judging;
mod key_log;
mod late_context;
mod promises;
mod ticket;
mod watch;

pub use cause::Cause;
pub use connection::{Handshake, Received, Tls};
pub use context::{Ask, Context, ContextSettings, TlsVersion};
pub use handshaken::Handshaken;
pub use identity::{Identity, Pem};
pub use judging::{Decision, Judge};
pub(super) use judging::{answer, presented_chain};
pub use late_context::LateContext;
pub use ticket::Ticket;
