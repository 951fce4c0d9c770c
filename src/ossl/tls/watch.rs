//! What a server does on an open connection, besides sending data.
//!
//! OpenSSL declines a renegotiation with a warning and goes on. For us it is the end: the identity was
//! fixed at the first handshake, and who asks for another one may be somebody else (CVE-2009-3555,
//! RFC 5746 §1; the triple handshake). Endless tickets and key updates cost us time and, as every key
//! update may want an answer, memory; who sends nothing else is not a server.

use std::ffi::{c_int, c_void};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use foreign_types::ForeignTypeRef;
use openssl::ex_data::Index;
use openssl::ssl::{Ssl, SslContextBuilder, SslRef};
use openssl_sys as ffi;

use crate::limits::MESSAGES_WITHOUT_DATA;
use crate::ossl::sys;

use super::cause::Cause;

/// What was seen on one connection.
#[derive(Default)]
pub(super) struct Seen {
    renegotiation: AtomicBool,
    messages: AtomicU32,
}

/// Has every message of a server seen.
pub(super) fn watch_messages(builder: &mut SslContextBuilder) {
    // SAFETY: the context is valid, and the callback has the type that OpenSSL calls.
    unsafe { sys::SSL_CTX_set_msg_callback(builder.as_ptr(), Some(see)) };
}

/// Begins to count, on a connection that has not begun.
pub(super) fn begin(ssl: &mut SslRef) {
    if let Some(slot) = slot() {
        ssl.set_ex_data(slot, Seen::default());
    }
}

/// Data came, or the handshake is done: what was before is in order.
pub(super) fn forgive(ssl: &SslRef) {
    if let Some(seen) = slot().and_then(|slot| ssl.ex_data(slot)) {
        seen.renegotiation.store(false, Ordering::Relaxed);
        seen.messages.store(0, Ordering::Relaxed);
    }
}

/// Why the connection must end, if it must.
pub(super) fn complaint(ssl: &SslRef) -> Option<Cause> {
    let seen = slot().and_then(|slot| ssl.ex_data(slot))?;
    if seen.renegotiation.load(Ordering::Relaxed) {
        return Some(Cause::Renegotiation);
    }
    let flooded = seen.messages.load(Ordering::Relaxed) > MESSAGES_WITHOUT_DATA;
    flooded.then_some(Cause::Flood)
}

/// Nothing here can panic.
extern "C" fn see(
    sent: c_int,
    _version: c_int,
    content: c_int,
    message: *const c_void,
    length: usize,
    ssl: *mut ffi::SSL,
    _argument: *mut c_void,
) {
    const HANDSHAKE: c_int = 22;
    const HELLO_REQUEST: u8 = 0;
    if sent != 0 || content != HANDSHAKE || length == 0 || message.is_null() || ssl.is_null() {
        return;
    }
    // SAFETY: OpenSSL's connection is valid during the callback.
    let ssl = unsafe { SslRef::from_ptr(ssl) };
    let Some(seen) = slot().and_then(|slot| ssl.ex_data(slot)) else { return };
    // SAFETY: the message has `length` octets, which are not none.
    let kind = unsafe { *message.cast::<u8>() };
    seen.messages.fetch_add(1, Ordering::Relaxed);
    if kind == HELLO_REQUEST {
        seen.renegotiation.store(true, Ordering::Relaxed);
    }
}

fn slot() -> Option<Index<Ssl, Seen>> {
    // Process-wide: ex_data indices cannot be given back.
    static SLOT: OnceLock<Option<Index<Ssl, Seen>>> = OnceLock::new();
    *SLOT.get_or_init(|| Ssl::new_ex_index().ok())
}
