//! One verdict over a chain, asked through the C ABI as a C program asks.
//!
//! Only exported `stv_*` functions are called here, with pointers and lengths; what comes back are
//! numbers and texts.

use std::ffi::{CStr, c_char, c_int};
use std::ptr;

use starttls_verify::ffi::certificate::stv_cert_matches_tlsa;
use starttls_verify::ffi::chain::{stv_chain, stv_chain_add_der, stv_chain_free, stv_chain_new};
use starttls_verify::ffi::config::{
    stv_config, stv_config_add_bytes, stv_config_error, stv_config_free, stv_config_new,
    stv_config_set_text,
};
use starttls_verify::ffi::names::stv_protocol_from_scheme;
use starttls_verify::ffi::peer::{
    stv_peer, stv_peer_add_reference, stv_peer_add_tlsa, stv_peer_add_tlsa_wire, stv_peer_error,
    stv_peer_free, stv_peer_new, stv_peer_set_host, stv_peer_set_protocol, stv_peer_set_tlsa_base,
    stv_peer_set_tlsa_state,
};
use starttls_verify::ffi::report::{
    stv_report, stv_report_code, stv_report_count, stv_report_finding_code,
    stv_report_finding_depth, stv_report_finding_found, stv_report_finding_outcome,
    stv_report_finding_wanted, stv_report_free, stv_report_text, stv_report_verdict,
};
use starttls_verify::ffi::verifier::{
    stv_verifier, stv_verifier_free, stv_verifier_judge, stv_verifier_new,
};

/// Numbers of the header, written out: the tests hold the ABI to them.
pub const OK: c_int = 0;
pub const OPEN_UNVERIFIED: c_int = 4;
pub const NULL: c_int = 100;
pub const ARGUMENT: c_int = 101;
pub const CERTIFICATE: c_int = 113;
pub const NAME: c_int = 114;
pub const ENCODING: c_int = 116;
pub const TLSA: c_int = 118;
pub const REJECTED: c_int = 400;
pub const SECURE: c_int = 1;
pub const INSECURE: c_int = 2;
pub const BOGUS: c_int = 3;
pub const LOOKUP_FAILED: c_int = 4;
const PASS: c_int = 1;

fn text(words: *const c_char) -> String {
    // SAFETY: the library's texts end with a NUL and live as long as their handle, which the caller
    // of this function holds.
    unsafe { CStr::from_ptr(words) }.to_string_lossy().into_owned()
}

/// Everything that one verdict is asked with.
pub struct Question {
    config: *mut stv_config,
    peer: *mut stv_peer,
    chain: *mut stv_chain,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: c_int,
    pub verdict: c_int,
    /// Code of the first failure, "" where there is none.
    pub code: String,
    /// Depth of the certificate that a record matched, -1 where none did.
    pub match_depth: c_int,
    pub findings: Vec<Finding>,
    pub text: String,
}

#[derive(Debug)]
pub struct Finding {
    pub code: String,
    pub outcome: c_int,
    pub depth: c_int,
    pub wanted: String,
    pub found: String,
}

type TextSetter = unsafe extern "C" fn(*mut stv_peer, *const c_char, usize) -> c_int;

impl Question {
    pub fn new(scheme: &str) -> Question {
        let mut question =
            Question { config: ptr::null_mut(), peer: ptr::null_mut(), chain: ptr::null_mut() };
        let mut protocol = 0;
        // SAFETY: the out-parameters are ours; pointer and length are those of a text.
        unsafe {
            assert_eq!(stv_config_new(&raw mut question.config), OK);
            assert_eq!(stv_peer_new(&raw mut question.peer), OK);
            assert_eq!(stv_chain_new(&raw mut question.chain), OK);
            let (start, len) = (scheme.as_ptr().cast(), scheme.len());
            assert_eq!(stv_protocol_from_scheme(start, len, &raw mut protocol), OK);
            assert_eq!(stv_peer_set_protocol(question.peer, protocol), OK);
        }
        question
    }

    fn put(&self, setter: TextSetter, value: &str) -> Result<(), (c_int, String)> {
        // SAFETY: the handle is alive; pointer and length are those of a text.
        let status = unsafe { setter(self.peer, value.as_ptr().cast(), value.len()) };
        self.done(status)
    }

    fn done(&self, status: c_int) -> Result<(), (c_int, String)> {
        // SAFETY: the handle is alive.
        let words = text(unsafe { stv_peer_error(self.peer) });
        if status == OK { Ok(()) } else { Err((status, words)) }
    }

    pub fn host(self, host: &str) -> Question {
        self.put(stv_peer_set_host, host).expect(host);
        self
    }

    pub fn reference(self, reference: &str) -> Question {
        self.put(stv_peer_add_reference, reference).expect(reference);
        self
    }

    pub fn base(self, name: &str) -> Question {
        self.put(stv_peer_set_tlsa_base, name).expect(name);
        self
    }

    pub fn try_base(&self, name: &str) -> Result<(), (c_int, String)> {
        self.put(stv_peer_set_tlsa_base, name)
    }

    pub fn tlsa(self, record: &str) -> Question {
        self.try_tlsa(record).expect(record);
        self
    }

    pub fn try_tlsa(&self, record: &str) -> Result<(), (c_int, String)> {
        self.put(stv_peer_add_tlsa, record)
    }

    pub fn try_wire(&self, rdata: &[u8]) -> Result<(), (c_int, String)> {
        // SAFETY: the handle is alive; pointer and length are those of a slice.
        self.done(unsafe { stv_peer_add_tlsa_wire(self.peer, rdata.as_ptr().cast(), rdata.len()) })
    }

    pub fn try_state(&self, state: c_int) -> Result<(), (c_int, String)> {
        // SAFETY: the handle is alive.
        self.done(unsafe { stv_peer_set_tlsa_state(self.peer, state) })
    }

    pub fn state(self, state: c_int) -> Question {
        self.try_state(state).expect("a state");
        self
    }

    pub fn option(self, name: &str, value: &str) -> Question {
        // SAFETY: the handle is alive; pointers and lengths are those of texts.
        let status = unsafe {
            let (value, value_len) = (value.as_ptr().cast(), value.len());
            stv_config_set_text(self.config, name.as_ptr().cast(), name.len(), value, value_len)
        };
        self.configured(status);
        self
    }

    pub fn anchor(self, der: &[u8]) -> Question {
        let name = "ca_der";
        // SAFETY: the handle is alive; pointers and lengths are those of slices.
        let status = unsafe {
            let (value, value_len) = (der.as_ptr().cast(), der.len());
            stv_config_add_bytes(self.config, name.as_ptr().cast(), name.len(), value, value_len)
        };
        self.configured(status);
        self
    }

    fn configured(&self, status: c_int) {
        // SAFETY: the handle is alive.
        assert_eq!(status, OK, "{}", text(unsafe { stv_config_error(self.config) }));
    }

    pub fn sent<'a>(self, certificates: impl IntoIterator<Item = &'a [u8]>) -> Question {
        for der in certificates {
            // SAFETY: the handle is alive; pointer and length are those of a slice.
            let status = unsafe { stv_chain_add_der(self.chain, der.as_ptr().cast(), der.len()) };
            assert_eq!(status, OK);
        }
        self
    }

    pub fn ask(self) -> Answer {
        let mut verifier: *mut stv_verifier = ptr::null_mut();
        let mut report: *mut stv_report = ptr::null_mut();
        // SAFETY: the handles are alive and the out-parameters ours.
        unsafe {
            self.configured(stv_verifier_new(self.config, &raw mut verifier));
            let status = stv_verifier_judge(verifier, self.peer, self.chain, &raw mut report);
            let answer = Answer::read(status, report);
            stv_report_free(report);
            stv_verifier_free(verifier);
            answer
        }
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        // SAFETY: made by `new` and not used again.
        unsafe {
            stv_config_free(self.config);
            stv_peer_free(self.peer);
            stv_chain_free(self.chain);
        }
    }
}

impl Answer {
    unsafe fn read(status: c_int, report: *const stv_report) -> Answer {
        // SAFETY: the caller holds the report.
        unsafe {
            let findings: Vec<Finding> = (0..stv_report_count(report))
                .map(|at| Finding {
                    code: text(stv_report_finding_code(report, at)),
                    outcome: stv_report_finding_outcome(report, at),
                    depth: stv_report_finding_depth(report, at),
                    wanted: text(stv_report_finding_wanted(report, at)),
                    found: text(stv_report_finding_found(report, at)),
                })
                .collect();
            let matched =
                |finding: &&Finding| finding.code == "dane.match" && finding.outcome == PASS;
            Answer {
                status,
                verdict: stv_report_verdict(report),
                code: text(stv_report_code(report)),
                match_depth: findings.iter().find(matched).map_or(-1, |finding| finding.depth),
                findings,
                text: text(stv_report_text(report)),
            }
        }
    }

    pub fn finding(&self, code: &str) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.code == code)
    }
}

/// `stv_cert_matches_tlsa`: the status, and what stands in the out-parameter.
pub fn cert_matches(der: &[u8], record: &str) -> (c_int, c_int) {
    let mut matches = 7;
    // SAFETY: pointers and lengths are those of slices; the out-parameter is ours.
    let status = unsafe {
        let (der, der_len) = (der.as_ptr().cast(), der.len());
        stv_cert_matches_tlsa(der, der_len, record.as_ptr().cast(), record.len(), &raw mut matches)
    };
    (status, matches)
}
