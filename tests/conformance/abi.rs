//! The chain door of the C ABI, as a C program calls it, with owners that cannot be forgotten.

use std::ffi::{CStr, c_char, c_int};
use std::ptr;

use starttls_verify::ffi::chain::{stv_chain, stv_chain_add_der, stv_chain_free, stv_chain_new};
use starttls_verify::ffi::config::{
    stv_config, stv_config_add_bytes, stv_config_error, stv_config_free, stv_config_new,
    stv_config_set_text,
};
use starttls_verify::ffi::peer::{stv_peer, stv_peer_free, stv_peer_new, stv_peer_set_host};
use starttls_verify::ffi::report::{
    stv_report, stv_report_code, stv_report_free, stv_report_text, stv_report_verdict,
};
use starttls_verify::ffi::verifier::{
    stv_verifier, stv_verifier_free, stv_verifier_judge, stv_verifier_new,
};

const OK: c_int = 0;
const VERDICT_TRUSTED: c_int = 1;

/// A status that is not STV_OK, with the library's words.
pub type Answer<T> = Result<T, String>;

fn text(words: *const c_char) -> String {
    // SAFETY: the library's texts end with a NUL and live as long as their handle, which the caller
    // of this function holds.
    unsafe { CStr::from_ptr(words) }.to_string_lossy().into_owned()
}

/// `stv_config`.
pub struct Config(*mut stv_config);

impl Config {
    pub fn new() -> Config {
        let mut made = ptr::null_mut();
        // SAFETY: the out-parameter is ours.
        let status = unsafe { stv_config_new(&raw mut made) };
        assert_eq!(status, OK);
        Config(made)
    }

    pub fn set(&self, name: &str, value: &str) {
        let (name_start, value_start) = (name.as_ptr().cast(), value.as_ptr().cast());
        // SAFETY: the handle is alive; pointers and lengths are those of slices.
        let status = unsafe {
            stv_config_set_text(self.0, name_start, name.len(), value_start, value.len())
        };
        assert_eq!(status, OK, "{}", self.error());
    }

    pub fn add_bytes(&self, name: &str, value: &[u8]) {
        let (name_start, value_start) = (name.as_ptr().cast(), value.as_ptr().cast());
        // SAFETY: as above.
        let status = unsafe {
            stv_config_add_bytes(self.0, name_start, name.len(), value_start, value.len())
        };
        assert_eq!(status, OK, "{}", self.error());
    }

    fn error(&self) -> String {
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

/// `stv_verifier`.
pub struct Verifier(*mut stv_verifier);

impl Verifier {
    pub fn new(config: &Config) -> Answer<Verifier> {
        let mut made = ptr::null_mut();
        // SAFETY: the handle is alive, and the out-parameter is ours.
        let status = unsafe { stv_verifier_new(config.0, &raw mut made) };
        if status == OK { Ok(Verifier(made)) } else { Err(config.error()) }
    }

    /// What the judge says of a chain.
    pub fn judge(&self, peer: &Peer, chain: &Chain) -> Judged {
        let mut made = ptr::null_mut();
        // SAFETY: the handles are alive, and the out-parameter is ours.
        let status = unsafe { stv_verifier_judge(self.0, peer.0, chain.0, &raw mut made) };
        let judged = Judged::read(made);
        assert_eq!(status == OK, judged.trusted, "STV_OK means trusted");
        judged
    }
}

impl Drop for Verifier {
    fn drop(&mut self) {
        // SAFETY: made by `new` and not used again.
        unsafe { stv_verifier_free(self.0) };
    }
}

/// `stv_chain`.
pub struct Chain(*mut stv_chain);

impl Chain {
    pub fn new() -> Chain {
        let mut made = ptr::null_mut();
        // SAFETY: the out-parameter is ours.
        let status = unsafe { stv_chain_new(&raw mut made) };
        assert_eq!(status, OK);
        Chain(made)
    }

    pub fn add(&self, der: &[u8]) -> Answer<()> {
        // SAFETY: the handle is alive; pointer and length are those of a slice.
        let status = unsafe { stv_chain_add_der(self.0, der.as_ptr().cast(), der.len()) };
        if status == OK { Ok(()) } else { Err(format!("stv_chain_add_der: status {status}")) }
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        // SAFETY: made by `new` and not used again.
        unsafe { stv_chain_free(self.0) };
    }
}

/// `stv_peer`.
pub struct Peer(*mut stv_peer);

impl Peer {
    /// A peer, named or not.
    pub fn new(host: Option<&str>) -> Answer<Peer> {
        let mut made = ptr::null_mut();
        // SAFETY: the out-parameter is ours.
        let status = unsafe { stv_peer_new(&raw mut made) };
        assert_eq!(status, OK);
        let peer = Peer(made);
        let Some(host) = host else { return Ok(peer) };
        // SAFETY: the handle is alive; pointer and length are those of a slice.
        let status = unsafe { stv_peer_set_host(peer.0, host.as_ptr().cast(), host.len()) };
        if status == OK { Ok(peer) } else { Err(format!("stv_peer_set_host: status {status}")) }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // SAFETY: made by `new` and not used again.
        unsafe { stv_peer_free(self.0) };
    }
}

/// What the table wants to know of a `stv_report`.
pub struct Judged {
    pub trusted: bool,
    /// The code of the first failure.
    pub code: String,
    pub text: String,
}

impl Judged {
    fn read(report: *mut stv_report) -> Judged {
        // SAFETY: the report is alive until it is freed below.
        let verdict = unsafe { stv_report_verdict(report) };
        // SAFETY: as above.
        let code = unsafe { stv_report_code(report) };
        // SAFETY: as above.
        let words = unsafe { stv_report_text(report) };
        let trusted = verdict == VERDICT_TRUSTED;
        let judged = Judged { trusted, code: text(code), text: text(words) };
        // SAFETY: the one reference is ours, and its texts were copied.
        unsafe { stv_report_free(report) };
        judged
    }
}
