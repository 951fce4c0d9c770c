//! What a connection may be resumed from, and how it comes to us.
//!
//! TLS 1.3 sends tickets after the handshake, while the program reads; TLS 1.2 has its session at the
//! end of the handshake. OpenSSL's callback for new sessions gives both. They are put down on the SSL
//! they belong to, the newest two; who holds the connection decides whether they are worth anything.
//!
//! A TLS 1.2 session without extended master secret is never resumed: its secret is not bound to the
//! certificate that was judged, and a man in the middle can have the same one with both sides (RFC
//! 7627 §1 and §5.4, the triple handshake). Nor is one of an older version.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, OnceLock, PoisonError};

use foreign_types::{ForeignType, ForeignTypeRef};
use openssl::ex_data::Index;
use openssl::ssl::{Ssl, SslContextBuilder, SslRef, SslSession, SslSessionCacheMode, SslVersion};
use openssl_sys as ffi;

use crate::limits::KEPT_SECONDS;
use crate::ossl::error_queue::drain;
use crate::ossl::sys;

/// What a connection may be resumed from.
pub struct Ticket {
    pub(super) session: SslSession,
}

/// Sessions of one connection that nobody has looked at yet. In the callback OpenSSL does not say
/// whether the extended master secret was agreed on, so they are looked at later.
type Fresh = Mutex<VecDeque<SslSession>>;

/// Servers send two at once; of a flood the newest are as good as any.
const FRESH: usize = 2;

impl Ticket {
    /// Seconds since 1970 after which the server no longer accepts it.
    pub fn until(&self) -> i64 {
        let session = self.session.as_ptr();
        // SAFETY: the session is alive.
        let made = unsafe { ffi::SSL_SESSION_get_time(session) };
        // SAFETY: as above.
        let hint = unsafe { sys::SSL_SESSION_get_ticket_lifetime_hint(session) };
        let lifetime = match i64::try_from(hint) {
            // RFC 5077 §3.3: 0 says nothing. With RFC 8446 §4.6.1 it says "at once", and
            // `is_resumable` is no then.
            Ok(0) | Err(_) => KEPT_SECONDS,
            Ok(seconds) => seconds,
        };
        made.saturating_add(lifetime)
    }

    /// Whether it is good for one connection only: then a server that saw it twice would know that
    /// they are the same client's, and so would everybody on the path (RFC 8446 §C.4).
    pub fn is_single_use(&self) -> bool {
        self.session.protocol_version() == SslVersion::TLS1_3
    }

    /// The session of a connection, if it may be resumed.
    pub(super) fn of(ssl: &SslRef, session: SslSession) -> Option<Ticket> {
        let version = session.protocol_version();
        let bound = version == SslVersion::TLS1_3
            || (version == SslVersion::TLS1_2 && has_extended_master_secret(ssl));
        // SAFETY: the session is alive.
        let resumable = unsafe { sys::SSL_SESSION_is_resumable(session.as_ptr()) } == 1;
        (bound && resumable).then(|| Ticket::copied(&session)).flatten()
    }

    /// A copy: OpenSSL marks the connection's own session as bad when it is freed before it said
    /// close_notify itself.
    fn copied(session: &SslSession) -> Option<Ticket> {
        // SAFETY: the session is alive; the copy is ours.
        let copy = unsafe { sys::SSL_SESSION_dup(session.as_ptr()) };
        if copy.is_null() {
            drain();
            return None;
        }
        // SAFETY: not NULL, and nobody else's.
        Some(Ticket { session: unsafe { SslSession::from_ptr(copy) } })
    }
}

fn has_extended_master_secret(ssl: &SslRef) -> bool {
    // SAFETY: the connection is alive, and this control takes no argument.
    let supported = unsafe {
        ffi::SSL_ctrl(ssl.as_ptr(), ffi::SSL_CTRL_GET_EXTMS_SUPPORT, 0, std::ptr::null_mut())
    };
    // -1 says that nobody knows yet.
    supported == 1
}

/// Has tickets put down on the connections of this context. OpenSSL's own cache stays empty: it knows
/// nothing of peers.
pub(super) fn collect_tickets(builder: &mut SslContextBuilder) {
    builder.set_session_cache_mode(SslSessionCacheMode::CLIENT | SslSessionCacheMode::NO_INTERNAL);
    builder.set_new_session_callback(|ssl, session| {
        // A panic must not cross OpenSSL's frames; the ticket is lost, which is all.
        let _ = catch_unwind(AssertUnwindSafe(|| put_down(ssl, session)));
    });
}

fn put_down(ssl: &SslRef, session: SslSession) {
    let Some(fresh) = slot().and_then(|slot| ssl.ex_data(slot)) else { return };
    let mut fresh = fresh.lock().unwrap_or_else(PoisonError::into_inner);
    fresh.truncate(FRESH - 1);
    fresh.push_front(session);
}

/// Makes room for tickets, on a connection that has not begun.
pub(super) fn begin(ssl: &mut SslRef) {
    if let Some(slot) = slot() {
        ssl.set_ex_data(slot, Fresh::default());
    }
}

/// Takes what was put down.
pub(super) fn take_tickets(ssl: &SslRef) -> Vec<Ticket> {
    let Some(fresh) = slot().and_then(|slot| ssl.ex_data(slot)) else { return Vec::new() };
    let mut fresh = fresh.lock().unwrap_or_else(PoisonError::into_inner);
    fresh.drain(..).filter_map(|session| Ticket::of(ssl, session)).collect()
}

fn slot() -> Option<Index<Ssl, Fresh>> {
    // Process-wide: ex_data indices cannot be given back.
    static SLOT: OnceLock<Option<Index<Ssl, Fresh>>> = OnceLock::new();
    *SLOT.get_or_init(|| Ssl::new_ex_index().ok())
}
