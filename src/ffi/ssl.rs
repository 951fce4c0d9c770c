//! A caller's own `SSL *`: judged after its handshake, or attached before it.

use std::ffi::c_void;

use crate::attach::{self, Answer};
use crate::status::Status;

use super::args::Out;
use super::peer::stv_peer;
use super::report::stv_report;
use super::verifier::stv_verifier;
use super::{handle, stv_status};

/// Judges the peer of a finished handshake: `ssl` is an OpenSSL `SSL *` of the client's side, on which
/// SSL_connect has returned 1. Call it before the first byte is read or written, in every handshake,
/// resumed ones included. STV_OK only when the peer is trusted; STV_OPEN_UNVERIFIED as for a session;
/// STV_E_REJECTED, STV_E_TLS_VERSION or STV_E_TLS_ALPN when it is not, and then the connection must not
/// be used. The caller owns *out in all these cases and frees it with stv_report_free. Else *out is
/// NULL, and the words are in stv_peer_error(peer): STV_E_STATE (the handshake is not finished),
/// STV_E_ARGUMENT (a server's SSL, or no SSL), STV_E_UNSUPPORTED (an SSL of another TLS library than
/// this one uses), STV_E_NAME. Switches renegotiation off on this SSL. An
/// answer "never seen" of stv_peer_set_known is good for this one call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_ssl_judge(
    verifier: *const stv_verifier,
    peer: *mut stv_peer,
    ssl: *mut c_void,
    out: *mut *mut stv_report,
) -> stv_status {
    export! { change peer, out out;
        verifier = shared(verifier);
        ssl = foreign(ssl);
        => {
            let mut ssl = ssl;
            let answer = attach::judge(&verifier.0, peer, &mut ssl)?;
            peer.spend_known();
            Ok(told(answer, out))
        }
    }
}

/// Has the peer judged inside the handshake that is to come on `ssl`, so that the handshake fails with
/// the right alert, and before a client certificate is sent. Only this SSL is changed, never its
/// SSL_CTX: its verify callback, mode and store are replaced, an older TLS version than the option
/// min_tls and renegotiation are switched off, and the server name is set if none was. Verifier and
/// peer are copied or counted and may be freed; what is attached ends with the SSL, goes with SSL_dup,
/// and stays after SSL_clear. An answer "never seen" of stv_peer_set_known goes along and is good for no
/// other SSL; ask anew and attach anew before this SSL is used for a second handshake. Afterwards ask stv_ssl_result: only that answer counts. STV_OK says that
/// it is attached, not that a peer is trusted. STV_E_STATE when the handshake has begun, STV_E_ARGUMENT,
/// STV_E_UNSUPPORTED and STV_E_NAME as for stv_ssl_judge; the words are in stv_peer_error(peer).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_ssl_attach(
    verifier: *const stv_verifier,
    peer: *mut stv_peer,
    ssl: *mut c_void,
) -> stv_status {
    export! { change peer;
        verifier = shared(verifier);
        ssl = foreign(ssl);
        => {
            let mut ssl = ssl;
            attach::attach(&verifier.0, peer, &mut ssl)?;
            peer.spend_known();
            Ok(())
        }
    }
}

/// Tells what became of the handshake of an SSL that was attached: call it when SSL_connect has
/// returned 1, before the first byte is read or written, or when it has failed. Statuses and report as
/// for stv_ssl_judge, and besides STV_E_TLS_HANDSHAKE when the handshake failed for another reason than
/// the judge's. Where the judge did not run inside the handshake (a resumed session, a callback that
/// was replaced), it runs now. STV_E_STATE and no report: nothing is attached to this SSL, or the
/// handshake is still on its way.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_ssl_result(ssl: *mut c_void, out: *mut *mut stv_report) -> stv_status {
    export! { call out out;
        ssl = foreign(ssl);
        => {
            let mut ssl = ssl;
            Ok(told(attach::result(&mut ssl)?, out))
        }
    }
}

/// Hands the report over.
fn told((status, report): Answer, out: Out<*mut stv_report>) -> Status {
    handle::share(out, stv_report::new(report));
    status
}
