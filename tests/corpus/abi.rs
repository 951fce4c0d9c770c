//! The C ABI as a C program calls it, with owners that cannot be forgotten.
//!
//! Only exported `stv_*` functions are called here, with pointers and lengths. What comes back is a
//! status, a number; [`status`] has those that the tests name.

use std::ffi::{CStr, c_char, c_int};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;
use std::time::Duration;

use starttls_verify::ffi::chain::{stv_chain, stv_chain_add_der, stv_chain_free, stv_chain_new};
use starttls_verify::ffi::config::{
    stv_config, stv_config_add_bytes, stv_config_add_text, stv_config_error, stv_config_free,
    stv_config_new, stv_config_set_bytes, stv_config_set_int, stv_config_set_text,
};
use starttls_verify::ffi::names::stv_protocol_from_scheme;
use starttls_verify::ffi::peer::{
    stv_peer, stv_peer_add_reference, stv_peer_free, stv_peer_new, stv_peer_set_connect,
    stv_peer_set_host, stv_peer_set_protocol,
};
use starttls_verify::ffi::report::{
    stv_report, stv_report_code, stv_report_free, stv_report_text, stv_report_verdict,
};
use starttls_verify::ffi::session::{
    stv_session, stv_session_close, stv_session_connect, stv_session_feed, stv_session_feed_eof,
    stv_session_free, stv_session_new, stv_session_read, stv_session_report, stv_session_run_fd,
    stv_session_step, stv_session_take, stv_session_write,
};
use starttls_verify::ffi::verifier::{
    stv_verifier, stv_verifier_free, stv_verifier_judge, stv_verifier_new,
};

/// Numbers of `stv_status_code` and `stv_verdict`, written out: the tests hold the ABI to them.
pub mod status {
    use std::ffi::c_int;

    pub const OK: c_int = 0;
    pub const WANT_READ: c_int = 1;
    pub const WANT_WRITE: c_int = 2;
    pub const CLOSED: c_int = 3;
    pub const STATE: c_int = 102;
    pub const NAME: c_int = 114;
    pub const ENCODING: c_int = 116;
    /// From here on a status is final.
    pub const FAILURE: c_int = 200;
    pub const VERDICT_TRUSTED: c_int = 1;
}

/// A call's status, or what it gave.
pub type Answer<T> = Result<T, c_int>;

fn ok(status: c_int) -> Answer<()> {
    if status == status::OK { Ok(()) } else { Err(status) }
}

fn text(words: *const c_char) -> String {
    // SAFETY: the library's texts end with a NUL and live as long as their handle, which the caller
    // of this function holds.
    unsafe { CStr::from_ptr(words) }.to_string_lossy().into_owned()
}

/// `stv_verifier`: may be shared by threads.
pub struct Verifier(*mut stv_verifier);

// SAFETY: the header says that a verifier may be used by any number of threads.
unsafe impl Send for Verifier {}
// SAFETY: as above.
unsafe impl Sync for Verifier {}

impl Verifier {
    /// Trusts one CA, and gives each part of a session so long.
    pub fn new(ca_pem: &[u8], deadline: Duration) -> Verifier {
        let config = Config::new();
        config.set_bytes("ca_pem", ca_pem);
        for part in ["connect", "negotiation", "handshake", "io"] {
            config.set_int(&format!("{part}_timeout_ms"), deadline.as_millis() as i64);
        }
        Verifier::of(&config).unwrap_or_else(|status| panic!("{status}: {}", config.words()))
    }

    /// Trusts these anchors (DER), with options as the command line has them.
    pub fn configured<'a>(
        anchors: impl IntoIterator<Item = &'a [u8]>,
        options: &[(&str, &str)],
    ) -> Answer<Verifier> {
        let config = Config::new();
        for anchor in anchors {
            config.add_bytes("ca_der", anchor);
        }
        for (name, value) in options {
            config.put_text(name, value)?;
        }
        Verifier::of(&config)
    }

    fn of(config: &Config) -> Answer<Verifier> {
        let mut made = ptr::null_mut();
        // SAFETY: the handle is alive, and the out-parameter is ours.
        ok(unsafe { stv_verifier_new(config.0, &raw mut made) })?;
        Ok(Verifier(made))
    }

    /// The chain door: what the judge says of certificates on disk (DER, leaf first).
    pub fn judge<'a>(
        &self,
        peer: &Peer,
        certificates: impl IntoIterator<Item = &'a [u8]>,
    ) -> Answer<(c_int, Report)> {
        let chain = Chain::of(certificates)?;
        let mut made = ptr::null_mut();
        // SAFETY: the handles are alive, and the out-parameter is ours.
        let status = unsafe { stv_verifier_judge(self.0, peer.0, chain.0, &raw mut made) };
        if made.is_null() {
            return Err(status);
        }
        Ok((status, Report::read(made)))
    }
}

/// `stv_chain`, for the length of judging it.
struct Chain(*mut stv_chain);

impl Chain {
    fn of<'a>(certificates: impl IntoIterator<Item = &'a [u8]>) -> Answer<Chain> {
        let mut made = ptr::null_mut();
        // SAFETY: the out-parameter is ours.
        ok(unsafe { stv_chain_new(&raw mut made) })?;
        let chain = Chain(made);
        for der in certificates {
            // SAFETY: the handle is alive; pointer and length are those of a slice.
            ok(unsafe { stv_chain_add_der(chain.0, der.as_ptr().cast(), der.len()) })?;
        }
        Ok(chain)
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        // SAFETY: made by `of` and not used again.
        unsafe { stv_chain_free(self.0) };
    }
}

impl Drop for Verifier {
    fn drop(&mut self) {
        // SAFETY: made by `new` and not used again.
        unsafe { stv_verifier_free(self.0) };
    }
}

/// Options that hold several values.
const LISTS: [&str; 4] = ["pin", "insecure_pin", "peer_fingerprint", "insecure_peer_fingerprint"];

/// `stv_config`, for the length of making a verifier.
struct Config(*mut stv_config);

impl Config {
    fn new() -> Config {
        let mut made = ptr::null_mut();
        // SAFETY: the out-parameter is ours.
        let status = unsafe { stv_config_new(&raw mut made) };
        assert_eq!(status, status::OK);
        Config(made)
    }

    fn set_bytes(&self, name: &str, value: &[u8]) {
        let (name, name_len) = (name.as_ptr().cast(), name.len());
        // SAFETY: the handle is alive; pointers and lengths are those of slices.
        let status = unsafe {
            stv_config_set_bytes(self.0, name, name_len, value.as_ptr().cast(), value.len())
        };
        self.check(status);
    }

    fn set_int(&self, name: &str, value: i64) {
        // SAFETY: the handle is alive; pointer and length are those of a slice.
        let status = unsafe { stv_config_set_int(self.0, name.as_ptr().cast(), name.len(), value) };
        self.check(status);
    }

    fn add_bytes(&self, name: &str, value: &[u8]) {
        let (name, name_len) = (name.as_ptr().cast(), name.len());
        // SAFETY: the handle is alive; pointers and lengths are those of slices.
        let status = unsafe {
            stv_config_add_bytes(self.0, name, name_len, value.as_ptr().cast(), value.len())
        };
        self.check(status);
    }

    /// An option of any type, as people write it; a list grows.
    fn put_text(&self, name: &str, value: &str) -> Answer<()> {
        let put = if LISTS.contains(&name) { stv_config_add_text } else { stv_config_set_text };
        let (name, name_len) = (name.as_ptr().cast(), name.len());
        // SAFETY: the handle is alive; pointers and lengths are those of slices.
        ok(unsafe { put(self.0, name, name_len, value.as_ptr().cast(), value.len()) })
    }

    fn check(&self, status: c_int) {
        assert_eq!(status, status::OK, "{}", self.words());
    }

    fn words(&self) -> String {
        // SAFETY: the handle is alive.
        text(unsafe { stv_config_error(self.0) })
    }
}

impl Drop for Config {
    fn drop(&mut self) {
        // SAFETY: made by `new` and not used again.
        unsafe { stv_config_free(self.0) };
    }
}

/// `stv_peer`.
pub struct Peer(*mut stv_peer);

impl Peer {
    /// Whom a URL `scheme://host` means.
    pub fn new(scheme: &str, host: &[u8]) -> Answer<Peer> {
        let mut made = ptr::null_mut();
        // SAFETY: the out-parameter is ours.
        ok(unsafe { stv_peer_new(&raw mut made) })?;
        let peer = Peer(made);
        let protocol = protocol(scheme)?;
        // SAFETY: the handle is alive.
        ok(unsafe { stv_peer_set_protocol(peer.0, protocol) })?;
        // SAFETY: the handle is alive; pointer and length are those of a slice.
        ok(unsafe { stv_peer_set_host(peer.0, host.as_ptr().cast(), host.len()) })?;
        Ok(peer)
    }

    /// One more name that the certificate may be for, tagged.
    pub fn add_reference(&mut self, tagged: &str) -> Answer<()> {
        // SAFETY: the handle is alive; pointer and length are those of a slice.
        ok(unsafe { stv_peer_add_reference(self.0, tagged.as_ptr().cast(), tagged.len()) })
    }

    /// Where the bytes go.
    pub fn set_connect(&mut self, address: &str) -> Answer<()> {
        // SAFETY: the handle is alive; pointer and length are those of a slice.
        ok(unsafe { stv_peer_set_connect(self.0, address.as_ptr().cast(), address.len()) })
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // SAFETY: made by `new` and not used again.
        unsafe { stv_peer_free(self.0) };
    }
}

fn protocol(scheme: &str) -> Answer<c_int> {
    let mut number = 0;
    // SAFETY: pointer and length are those of a slice; the out-parameter is ours.
    ok(unsafe { stv_protocol_from_scheme(scheme.as_ptr().cast(), scheme.len(), &raw mut number) })?;
    Ok(number)
}

/// `stv_session`.
pub struct Session(*mut stv_session);

impl Session {
    pub fn new(verifier: &Verifier, peer: &mut Peer) -> Answer<Session> {
        let mut made = ptr::null_mut();
        // SAFETY: both handles are alive, and the out-parameter is ours.
        ok(unsafe { stv_session_new(verifier.0, peer.0, &raw mut made) })?;
        Ok(Session(made))
    }

    pub fn connect(&mut self) -> c_int {
        // SAFETY: the handle is alive and ours alone.
        unsafe { stv_session_connect(self.0) }
    }

    pub fn run_fd(&mut self, descriptor: BorrowedFd<'_>) -> c_int {
        // SAFETY: the handle is alive and ours alone; the descriptor is open.
        unsafe { stv_session_run_fd(self.0, descriptor.as_raw_fd()) }
    }

    pub fn feed(&mut self, bytes: &[u8]) -> c_int {
        // SAFETY: the handle is alive and ours alone; pointer and length are those of a slice.
        unsafe { stv_session_feed(self.0, bytes.as_ptr().cast(), bytes.len()) }
    }

    pub fn feed_eof(&mut self) -> c_int {
        // SAFETY: the handle is alive and ours alone.
        unsafe { stv_session_feed_eof(self.0) }
    }

    pub fn step(&mut self) -> c_int {
        // SAFETY: the handle is alive and ours alone.
        unsafe { stv_session_step(self.0) }
    }

    /// Everything that waits for the peer.
    pub fn take(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        let mut piece = [0_u8; 4096];
        loop {
            let mut taken = 0;
            let room = piece.as_mut_ptr().cast();
            // SAFETY: the handle is alive and ours alone; pointer and length are those of an array.
            let status = unsafe { stv_session_take(self.0, room, piece.len(), &raw mut taken) };
            if status != status::OK || taken == 0 {
                return all;
            }
            all.extend_from_slice(&piece[..taken]);
        }
    }

    /// A status and what was read, which is nothing unless the status is OK.
    pub fn read(&mut self) -> (c_int, Vec<u8>) {
        let mut piece = [0_u8; 4096];
        let mut octets = 0;
        let room = piece.as_mut_ptr().cast();
        // SAFETY: the handle is alive and ours alone; pointer and length are those of an array.
        let status = unsafe { stv_session_read(self.0, room, piece.len(), &raw mut octets) };
        (status, piece[..octets].to_vec())
    }

    pub fn write(&mut self, bytes: &[u8]) -> c_int {
        let mut taken = 0;
        let (start, len) = (bytes.as_ptr().cast(), bytes.len());
        // SAFETY: the handle is alive and ours alone; pointer and length are those of a slice.
        unsafe { stv_session_write(self.0, start, len, &raw mut taken) }
    }

    pub fn close(&mut self) -> c_int {
        // SAFETY: the handle is alive and ours alone.
        unsafe { stv_session_close(self.0) }
    }

    pub fn report(&self) -> Report {
        let mut made = ptr::null_mut();
        // SAFETY: the handle is alive, and the out-parameter is ours.
        let status = unsafe { stv_session_report(self.0, &raw mut made) };
        assert_eq!(status, status::OK, "there is a report in every state");
        Report::read(made)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: made by `new` and not used again.
        unsafe { stv_session_free(self.0) };
    }
}

/// What the tests want to know of a `stv_report`.
#[derive(Clone, Debug)]
pub struct Report {
    pub code: String,
    pub verdict: c_int,
    pub text: String,
}

impl Report {
    fn read(report: *mut stv_report) -> Report {
        // SAFETY: the report is alive until it is freed below.
        let code = unsafe { stv_report_code(report) };
        // SAFETY: as above.
        let verdict = unsafe { stv_report_verdict(report) };
        // SAFETY: as above.
        let words = unsafe { stv_report_text(report) };
        let read = Report { code: text(code), verdict, text: text(words) };
        // SAFETY: the one reference is ours, and its texts were copied.
        unsafe { stv_report_free(report) };
        read
    }
}
