//! `stv_session`: from plaintext to a secured conversation, or to nothing.

use std::ffi::{c_char, c_int, c_void};

use crate::error::{Error, Result};
use crate::session::Session;
use crate::status::Status;

use super::handle::{self, Core, Handle};
use super::peer::stv_peer;
use super::report::stv_report;
use super::stv_status;
use super::verifier::stv_verifier;
use super::words::EMPTY;

/// One conversation with one peer: STARTTLS, handshake, verdict, application data. Used by one
/// thread at a time. It belongs to the process that made it: after a fork the child gets STV_E_STATE
/// from every call, and stv_session_free there sends nothing.
///
/// Either the caller moves the bytes: stv_session_feed what was received, stv_session_step, send what
/// stv_session_take gives, until the step answers STV_OK; the same around stv_session_read and
/// _write. Or the session moves them: stv_session_run_fd on a connected socket, or
/// stv_session_connect. A status of 200 and above is final; every later call gives it again.
pub struct stv_session {
    core: Core<Session>,
    process: u32,
}

impl Handle for stv_session {
    type Inner = Session;

    fn new(core: Core<Session>) -> stv_session {
        stv_session { core, process: std::process::id() }
    }

    fn core(&self) -> &Core<Session> {
        &self.core
    }

    fn core_mut(&mut self) -> &mut Core<Session> {
        &mut self.core
    }

    /// Two processes that go on with the same TLS keys and record numbers would send two different
    /// messages under one nonce.
    fn admit(&self) -> Result<()> {
        if self.process == std::process::id() {
            return Ok(());
        }
        Err(Error::new(Status::State, "the session belongs to the process that made it"))
    }
}

/// Makes a session; verifier and peer are copied or counted and may be freed. An answer "never seen" of
/// stv_peer_set_known goes into this session and is good for no other. STV_E_NAME, STV_E_STATE
/// or STV_E_ARGUMENT when the peer is not complete or the options do not fit; the words are then in
/// stv_peer_error(peer). The caller owns *out and frees it with stv_session_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_session_new(
    verifier: *const stv_verifier,
    peer: *mut stv_peer,
    out: *mut *mut stv_session,
) -> stv_status {
    export! { change peer, out out;
        verifier = shared(verifier);
        => {
            let session = Session::new(&verifier.0, peer)?;
            peer.spend_known();
            handle::give(out, session);
            Ok(())
        }
    }
}

/// As stv_session_new, for a program that has spoken the protocol itself, up to the go-ahead for
/// STARTTLS: the session begins with the handshake. Feed first what you have read behind the go-ahead, if
/// anything: what is fed before the first stv_session_step is an injection, and refused. That STARTTLS was
/// negotiated well is not checked; the report says so (starttls.not_checked). For protocols whose TLS
/// begins with the first byte it is stv_session_new.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_session_new_upgraded(
    verifier: *const stv_verifier,
    peer: *mut stv_peer,
    out: *mut *mut stv_session,
) -> stv_status {
    export! { change peer, out out;
        verifier = shared(verifier);
        => {
            let session = Session::new_upgraded(&verifier.0, peer)?;
            peer.spend_known();
            handle::give(out, session);
            Ok(())
        }
    }
}

/// Ends a session that is not open yet for a reason that the program saw and the session could not: code
/// is one of a failure of the checks starttls and io, such as "starttls.pipelined_reply" or "io.timeout",
/// words one sentence of 1 to 512 octets for the report. Answers the status of that code, and so does every
/// later call; STV_E_ARGUMENT for any other code, STV_E_STATE when the session is open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_session_give_up(
    session: *mut stv_session,
    code: *const c_char,
    code_len: usize,
    words: *const c_char,
    words_len: usize,
) -> stv_status {
    export! { change session;
        code = text(code, code_len);
        words = text(words, words_len);
        => session.give_up(code, words)
    }
}

/// A certificate that the peer of an open session sent, DER; index 0 is the leaf. NULL beyond the last,
/// and while the session was never open. It lives as long as the session.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_session_certificate(
    session: *const stv_session,
    index: usize,
) -> *const c_void {
    export! { value std::ptr::null();
        session = owned(session);
        => Ok(session.certificate(index).map_or(std::ptr::null(), |der| der.as_ptr().cast()))
    }
}

/// How many octets the certificate has; 0 where there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_session_certificate_len(
    session: *const stv_session,
    index: usize,
) -> usize {
    export! { value 0;
        session = owned(session);
        => Ok(session.certificate(index).map_or(0, <[u8]>::len))
    }
}

/// Frees a session; NULL is fine. Sends nothing: stv_session_close says goodbye. Closes the session's
/// own descriptor if it has one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_session_free(session: *mut stv_session) {
    export! { free session }
}

/// Gives the session bytes that came from the peer. They are only stored; stv_session_step or _read
/// works on them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_session_feed(
    session: *mut stv_session,
    bytes: *const c_void,
    bytes_len: usize,
) -> stv_status {
    export! { change session; bytes = bytes(bytes, bytes_len); => session.feed(bytes) }
}

/// Makes a session for a data connection of FTP, whose control connection is `control`, open and
/// trusted. Run it with stv_session_run_fd on the connected socket after the transfer command was
/// sent, or feed and step it. It opens only for the peer of the control connection: it resumes its TLS
/// session or shows the same certificate, and is judged anew. The caller owns *out and frees it with
/// stv_session_free. STV_E_STATE if the control connection is not open or not FTP.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_session_new_data(
    control: *mut stv_session,
    out: *mut *mut stv_session,
) -> stv_status {
    export! { change control, out out; => control.data().map(|session| handle::give(out, session)) }
}

/// Tells the session that the peer has closed the connection.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_session_feed_eof(session: *mut stv_session) -> stv_status {
    export! { change session; => session.feed_eof() }
}

/// Goes on with negotiation, handshake and judging as far as the bytes allow. STV_WANT_READ: feed
/// more. STV_WANT_WRITE: take and send what waits. STV_OK: open, and the peer is trusted.
/// STV_OPEN_UNVERIFIED: open, encrypted, and the peer is not trusted, as an option allowed. Anything
/// from 200 on: it is over, and stv_session_report says why.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_session_step(session: *mut stv_session) -> stv_status {
    export! { change session; => session.step() }
}

/// Moves bytes that are meant for the peer to `buf`, `cap` octets at most; *out_len tells how many, 0
/// when none wait. Send them all before the next step. After a failure there may be an alert to take.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_session_take(
    session: *mut stv_session,
    buf: *mut c_void,
    cap: usize,
    out_len: *mut usize,
) -> stv_status {
    export! { change session, out out_len;
        buf = buffer(buf, cap);
        => {
            out_len.put(session.take(buf));
            Ok(())
        }
    }
}

/// Reads application data from an open session. STV_OK: *out_len octets, at least one; `cap` is at
/// least one too, else STV_E_ARGUMENT.
/// STV_WANT_READ: feed first. STV_WANT_WRITE: take and send first. STV_CLOSED: the peer has ended the
/// connection properly. STV_E_TLS_TRUNCATED: it ended without goodbye, and what was read may be cut
/// off. STV_E_STATE before the session is open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_session_read(
    session: *mut stv_session,
    buf: *mut c_void,
    cap: usize,
    out_len: *mut usize,
) -> stv_status {
    export! { change session, out out_len;
        buf = buffer(buf, cap);
        => {
            if buf.is_empty() {
                return Err(Error::new(Status::Argument, "there is no room to read into"));
            }
            let (status, len) = session.read(buf)?;
            out_len.put(len);
            Ok(status)
        }
    }
}

/// Writes application data to an open session. *out_taken tells how many octets were accepted; it may
/// be fewer than given. STV_OK, STV_WANT_READ, STV_WANT_WRITE (take and send, then write the rest),
/// STV_E_STATE before the session is open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_session_write(
    session: *mut stv_session,
    bytes: *const c_void,
    bytes_len: usize,
    out_taken: *mut usize,
) -> stv_status {
    export! { change session, out out_taken;
        bytes = bytes(bytes, bytes_len);
        => {
            let (status, len) = session.write(bytes)?;
            out_taken.put(len);
            Ok(status)
        }
    }
}

/// Says goodbye (close_notify). A session on a descriptor sends it and closes its descriptor; else
/// take and send it. STV_CLOSED, also when called again; STV_E_STATE before the session is open; the
/// same error as before when it has failed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_session_close(session: *mut stv_session) -> stv_status {
    export! { change session; => session.close() }
}

/// How many octets stv_session_read would give without further input; 0 for NULL. Ask before
/// waiting in poll or select.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_session_pending(session: *const stv_session) -> usize {
    export! { value 0; session = owned(session); => Ok(session.pending()) }
}

/// Negotiates, shakes hands and judges on a connected stream socket, blocking or not, within the
/// deadlines of the options. The descriptor is duplicated: the caller keeps and closes its own.
/// Afterwards read, write and close work on it. Results as for stv_session_step, without
/// STV_WANT_READ and STV_WANT_WRITE; STV_E_ARGUMENT when it is no such descriptor.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_session_run_fd(session: *mut stv_session, fd: c_int) -> stv_status {
    export! { change session; fd = descriptor(fd); => session.run_fd(fd) }
}

/// Resolves the peer's host, connects, and goes on as stv_session_run_fd. STV_E_RESOLVE,
/// STV_E_CONNECT or STV_E_TIMEOUT when that fails.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_session_connect(session: *mut stv_session) -> stv_status {
    export! { change session; => session.connect() }
}

/// The descriptor of a session that was run or connected, for poll or select only; -1 when there is
/// none. It stays the session's own: do not read, write or close it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_session_fd(session: *const stv_session) -> c_int {
    export! { value -1; session = owned(session); => Ok(session.fd().unwrap_or(-1)) }
}

/// The report as it is now, in every state of the session: a stripped, injected, stalled or refused
/// peer has one too. STV_OK says that there is a report, not that the peer is trusted: ask
/// stv_report_verdict. The caller owns *out and frees it with stv_report_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_session_report(
    session: *const stv_session,
    out: *mut *mut stv_report,
) -> stv_status {
    export! { call out out;
        session = owned(session);
        => { handle::share(out, stv_report::new(session.report())); Ok(()) }
    }
}

/// 1 when the server speaks first inside TLS (as in IMAP over implicit TLS), so that the caller reads
/// before it writes; else 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_session_server_speaks_first(session: *const stv_session) -> c_int {
    export! { value 0;
        session = owned(session);
        => Ok(c_int::from(session.server_speaks_first()))
    }
}

/// Words for the last call that failed on this session; "" when none did. They live until the next
/// call that changes the session. Words of the peer in them are quoted and not authenticated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_session_error(session: *const stv_session) -> *const c_char {
    export! { value EMPTY; session = shared(session); => Ok(session.core().words()) }
}
