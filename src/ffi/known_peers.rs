//! `stv_known_peers`: peers that were seen before (trust on first use).

use std::ffi::{CString, c_char, c_void};

use crate::error::{Error, Result};
use crate::known::KeyPin;
use crate::status::Status;
use crate::store::known_peers::{KnownPeers, Missing};
use crate::verify::Peer;

use super::handle::{self, Core, Handle};
use super::peer::stv_peer;
use super::report::stv_report;
use super::stv_status;
use super::words::{self, EMPTY};

/// A store of known peers on disk: for each protocol, host and port the key that was seen
/// (docs/known-peers.md). Used by one thread at a time; several handles and several processes may use
/// one file. It holds no descriptor and no lock between two calls, and may be used after a fork.
///
/// Before a handshake, stv_peer_set_known asks the store about a peer; the judge weighs the answer.
/// After one that ended with STV_OK, stv_known_peers_remember writes. Nothing is written otherwise.
pub struct stv_known_peers(Core<Opened>);

/// What the handle stands for.
#[derive(Default)]
pub struct Opened {
    store: Option<KnownPeers>,
    text: CString,
}

impl Handle for stv_known_peers {
    type Inner = Opened;

    fn new(core: Core<Opened>) -> stv_known_peers {
        stv_known_peers(core)
    }

    fn core(&self) -> &Core<Opened> {
        &self.0
    }

    fn core_mut(&mut self) -> &mut Core<Opened> {
        &mut self.0
    }
}

impl Opened {
    /// The store, once there is one.
    fn store(&self) -> Result<&KnownPeers> {
        let missing = "no store of known peers is open; call stv_known_peers_open_file first";
        self.store.as_ref().ok_or_else(|| Error::new(Status::State, missing))
    }

    /// Asks it about a peer, who carries the failure if there is no store.
    pub(super) fn recall(&self, peer: &mut Peer) -> Result<()> {
        self.store().inspect_err(|error| peer.lack_known(error.what.clone()))?.recall(peer)
    }

    fn open(&mut self, path: &str, missing: Missing) -> Result<()> {
        self.store = None;
        self.store = Some(KnownPeers::open(path, missing)?);
        Ok(())
    }

    fn export(&mut self) -> Result<()> {
        self.text = CString::default();
        self.text = words::c_string(&self.store()?.export()?);
        Ok(())
    }
}

/// Makes a handle without a store. The caller owns *out and frees it with stv_known_peers_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_known_peers_new(out: *mut *mut stv_known_peers) -> stv_status {
    export! { call out out; => { handle::give(out, Opened::default()); Ok(()) } }
}

/// Frees a handle; NULL is fine. The file stays.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_known_peers_free(known: *mut stv_known_peers) {
    export! { free known }
}

/// Opens a store that is there; it is read once, to see whether it can be used. STV_E_FILE_MISSING,
/// STV_E_FILE_UNREADABLE, STV_E_FILE_DAMAGED (torn, truncated or changed by hand), STV_E_FILE_UNSAFE
/// (others could write it, it belongs to somebody else, or is no regular file); stv_known_peers_error
/// says what to do. None of them is a first use. A relative path is fixed to the directory of now.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_known_peers_open_file(
    known: *mut stv_known_peers,
    path: *const c_char,
    path_len: usize,
) -> stv_status {
    export! { change known; path = text(path, path_len); => known.open(path, Missing::Refused) }
}

/// As stv_known_peers_open_file, and makes an empty store (mode 0600) where there is none. For setting
/// up: a program that always calls it takes a store that was deleted for a new beginning.
/// STV_E_FILE_UNWRITABLE when it cannot be made.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_known_peers_create_file(
    known: *mut stv_known_peers,
    path: *const c_char,
    path_len: usize,
) -> stv_status {
    export! { change known; path = text(path, path_len); => known.open(path, Missing::Created) }
}

/// Announces a key that the peer will have, "spki-sha256:BASE64" (STV_E_PIN): when the peer shows it,
/// it takes the place of the old one. For a peer never seen it is then the only key that is taken.
/// STV_E_ARGUMENT when eight keys are announced already, STV_E_STATE when the peer has no host or port,
/// and what stv_known_peers_remember answers when the file cannot be changed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_known_peers_announce(
    known: *mut stv_known_peers,
    peer: *const stv_peer,
    pin: *const c_char,
    pin_len: usize,
) -> stv_status {
    export! { change known;
        peer = owned(peer);
        pin = text(pin, pin_len);
        => known.store()?.announce(&peer.known_as()?, KeyPin::parse(pin)?)
    }
}

/// Takes an announced key back. STV_E_ARGUMENT when it is not announced.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_known_peers_withdraw(
    known: *mut stv_known_peers,
    peer: *const stv_peer,
    pin: *const c_char,
    pin_len: usize,
) -> stv_status {
    export! { change known;
        peer = owned(peer);
        pin = text(pin, pin_len);
        => known.store()?.withdraw(&peer.known_as()?, &KeyPin::parse(pin)?)
    }
}

/// Forgets a peer: it is new again. STV_E_ARGUMENT when it is not known.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_known_peers_forget(
    known: *mut stv_known_peers,
    peer: *const stv_peer,
) -> stv_status {
    export! { change known; peer = owned(peer); => known.store()?.forget(&peer.known_as()?) }
}

/// Reads the store; stv_known_peers_text then has it. Errors as for stv_known_peers_open_file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_known_peers_export(known: *mut stv_known_peers) -> stv_status {
    export! { change known; => known.export() }
}

/// What the last stv_known_peers_export read, one JSON object to a line, the first and the last of them
/// about the file; "" before. It lives until the next call that changes the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_known_peers_text(known: *const stv_known_peers) -> *const c_char {
    export! { value EMPTY; known = owned(known); => Ok(known.text.as_ptr()) }
}

/// Writes the store to a new file (mode 0600). STV_E_FILE_UNWRITABLE, also when it is there already.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_known_peers_export_file(
    known: *mut stv_known_peers,
    path: *const c_char,
    path_len: usize,
) -> stv_status {
    export! { change known; path = text(path, path_len); => known.store()?.export_file(path) }
}

/// Adds the peers of a text that an export gave. All of it is checked before anything changes:
/// STV_E_FILE_DAMAGED when it is not whole, STV_E_STATE when the store knows one of the peers with
/// another key (forget that peer first, if it is right).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_known_peers_import_mem(
    known: *mut stv_known_peers,
    bytes: *const c_void,
    bytes_len: usize,
) -> stv_status {
    export! { change known; bytes = bytes(bytes, bytes_len); => known.store()?.import(bytes) }
}

/// As stv_known_peers_import_mem, from a file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_known_peers_import_file(
    known: *mut stv_known_peers,
    path: *const c_char,
    path_len: usize,
) -> stv_status {
    export! { change known; path = text(path, path_len); => known.store()?.import_file(path) }
}

/// Takes down the peer of a report: its key, the time, and the address where the session knows it. The
/// report must be that of a full handshake with a peer who is trusted (STV_VERDICT_TRUSTED) and whom the
/// judge held against known peers (stv_peer_set_known). STV_E_STATE for any other: a chain on disk, a
/// resumed session, one that broke, a peer who is not trusted, or who got another key in the store in
/// the meantime; stv_known_peers_error says which. STV_E_FILE_UNWRITABLE (no room, no right; the store
/// is then as it was), STV_E_FILE_BUSY, and the errors of stv_known_peers_open_file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_known_peers_remember(
    known: *mut stv_known_peers,
    report: *const stv_report,
) -> stv_status {
    export! { change known;
        report = shared(report);
        => known.store()?.remember_report(report.report())
    }
}

/// Words for the last call that failed on this handle; "" when none did. They live until the next call
/// that changes the handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_known_peers_error(known: *const stv_known_peers) -> *const c_char {
    export! { value EMPTY; known = shared(known); => Ok(known.core().words()) }
}
