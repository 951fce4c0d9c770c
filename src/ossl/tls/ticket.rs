//! What a connection may be resumed from.

use openssl::ssl::SslSession;

/// What a connection may be resumed from.
pub struct Ticket {
    pub(super) session: SslSession,
}
