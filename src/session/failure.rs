//! Failures of a session, put into findings.

use crate::ossl::Cause;
use crate::report::{Code, Finding, Source, quote};
use crate::starttls::Refusal;

/// When TLS failed: the same cause has another meaning.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Handshake,
    Open,
}

pub(super) fn finding_of_cause(cause: Cause, phase: Phase) -> Finding {
    match (cause, phase) {
        (Cause::Refused, _) => Finding::fail(Code::TlsHandshake, "the peer was refused"),
        (Cause::Version, _) => {
            Finding::fail(Code::TlsVersion, "the server speaks no TLS version that is allowed")
                .compared("TLS 1.2 or newer", "")
        }
        (Cause::Alpn, _) => Finding::fail(
            Code::TlsAlpn,
            "the server chose an application protocol that was not offered",
        ),
        (Cause::Renegotiation, _) => {
            Finding::fail(Code::TlsRenegotiation, "the server asked for a second handshake")
        }
        (Cause::Flood, _) => Finding::fail(
            Code::TlsProtocol,
            "the server sends tickets or key updates without end, and no data",
        ),
        (Cause::Alert(name), Phase::Handshake) => Finding::fail(
            Code::TlsAlert,
            format!("the server ended the handshake with the alert '{name}'"),
        ),
        (Cause::Alert(name), Phase::Open) => Finding::fail(
            Code::TlsProtocol,
            format!("the server ended the connection with the alert '{name}'"),
        ),
        (Cause::Closed, Phase::Handshake) => Finding::fail(
            Code::IoClosed,
            "the server closed the connection during the TLS handshake",
        ),
        (Cause::Closed, Phase::Open) => {
            Finding::fail(Code::TlsTruncated, "the connection ended without close_notify")
        }
        (Cause::Broken(words), Phase::Handshake) => {
            Finding::fail(Code::TlsHandshake, format!("the TLS handshake failed: {words}"))
        }
        (Cause::Broken(words), Phase::Open) => {
            Finding::fail(Code::TlsProtocol, format!("the TLS connection broke: {words}"))
        }
    }
}

pub(super) fn finding_of(refusal: Refusal) -> Finding {
    let quoted = quote(&refusal.peer);
    let detail = if quoted.is_empty() {
        refusal.words
    } else {
        format!("{} (it says, unauthenticated: \"{quoted}\")", refusal.words)
    };
    Finding::fail(refusal.code, detail)
        .compared("", quoted)
        .from_source(Source::PeerUnauthenticated)
}

pub(super) fn closed_before_tls() -> Finding {
    Finding::fail(Code::IoClosed, "the server closed the connection before TLS")
        .from_source(Source::System)
}
