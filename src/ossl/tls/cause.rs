//! Why TLS failed.

use std::ffi::c_int;

/// Why TLS failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The judge refused the peer.
    Refused,
    /// No common version.
    Version,
    /// It chose an application protocol that was not offered.
    Alpn,
    /// It asked for a second handshake.
    Renegotiation,
    /// It sent handshake messages without end, and no data.
    Flood,
    /// The peer sent a fatal alert; its name.
    Alert(String),
    /// The connection ended without close_notify.
    Closed,
    /// Anything else, in OpenSSL's words.
    Broken(String),
}

/// Why OpenSSL gave up.
pub(super) fn cause(error: &openssl::ssl::Error) -> Cause {
    // SSL_R_ numbers of openssl/sslerr.h.
    const BAD_EXTENSION: c_int = 110;
    const VERIFY_FAILED: c_int = 134;
    const UNSUPPORTED_PROTOCOL: c_int = 258;
    const WRONG_SSL_VERSION: c_int = 266;
    const UNEXPECTED_EOF: c_int = 294;
    const VERSION_TOO_LOW: c_int = 396;
    /// SSL_AD_REASON_OFFSET: an alert of the peer is a reason above it.
    const ALERT: c_int = 1000;
    const ALERT_PROTOCOL_VERSION: c_int = ALERT + 70;

    let Some(first) = error.ssl_error().and_then(|errors| errors.errors().first()) else {
        // No error in the queue: the transport ended.
        return Cause::Closed;
    };
    match first.reason_code() {
        VERIFY_FAILED => Cause::Refused,
        // OpenSSL has no reason of its own for it. Where it does not look, the session does.
        BAD_EXTENSION if first.function() == Some("tls_parse_stoc_alpn") => Cause::Alpn,
        UNSUPPORTED_PROTOCOL | WRONG_SSL_VERSION | VERSION_TOO_LOW | ALERT_PROTOCOL_VERSION => {
            Cause::Version
        }
        UNEXPECTED_EOF => Cause::Closed,
        reason if (ALERT..ALERT + 256).contains(&reason) => Cause::Alert(alert_name(first)),
        _ => Cause::Broken(first.reason().unwrap_or("no reason given").to_owned()),
    }
}

/// OpenSSL says "sslv3 alert handshake failure" and "tlsv1 unrecognized name"; the prefix is history.
fn alert_name(error: &openssl::error::Error) -> String {
    const PREFIXES: [&str; 5] =
        ["sslv3 alert ", "tlsv1 alert ", "tlsv13 alert ", "tlsv1 ", "sslv3 "];
    let reason = error.reason().unwrap_or("unknown alert");
    PREFIXES.iter().find_map(|prefix| reason.strip_prefix(prefix)).unwrap_or(reason).to_owned()
}
