//! The thin safe wrapper over the system's OpenSSL: the only room besides `ffi` where `unsafe` is
//! allowed, and the only one that knows OpenSSL's types.
//!
//! It adds what the `openssl` crate lacks (see `sys`): the verify callback that collects every
//! fault, parameters on a store context, the certificate verification callback of an SSL_CTX, a caller's own
//! SSL (`foreign`). Each `unsafe` block holds one call.
#![allow(unsafe_code)]

mod certificate;
mod chain;
mod digest;
mod error_queue;
mod foreign;
mod issuance;
mod library;
mod lookup;
mod path;
mod places;
mod random;
mod route;
mod signature;
mod store;
mod sys;
mod tls;
mod unread_chain;

pub use certificate::{Certificate, Facts};
pub use chain::{Chain, certificates_of_pem};
pub use digest::digest;
pub use error_queue::ErrorQueueGuard;
pub use foreign::{Foreign, HandshakeId, Hook, Stage};
pub use issuance::Issuance;
pub use library::{WayAround, connection_shortcut, reading_shortcut};
pub use lookup::AnchorSource;
pub use path::{Answer, CrlScope, Fault, Purpose, Question, find_path};
pub use places::{default_file, variable};
pub use random::random;
pub use route::Route;
pub use signature::{PublicKey, Scheme};
pub use store::{Crl, Store, StoreBuilder};
pub use sys::fault;
pub use tls::{
    Ask, Cause, Context, ContextSettings, Decision, Handshake, Handshaken, Identity, Judge,
    LateContext, Pem, Received, Ticket, Tls, TlsVersion,
};
pub use unread_chain::UnreadChain;

/// Version of the OpenSSL that was loaded, for reports and `doctor`.
pub fn version() -> &'static str {
    openssl::version::version()
}
