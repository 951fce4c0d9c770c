//! `stv_verifier`: the frozen configuration, and the judge.

use std::ffi::c_int;

use crate::report::{Report, Verdict};
use crate::status::Status;
use crate::verify::{self, Verifier};

use super::chain::stv_chain;
use super::config::stv_config;
use super::peer::stv_peer;
use super::report::stv_report;
use super::{handle, stv_status};

/// A frozen configuration with its CA certificates loaded. Counted and never changed: any number of
/// threads, and processes after a fork, may use one. Make it once and keep it; loading the CA
/// certificates is the expensive part.
pub struct stv_verifier(pub(super) Verifier);

/// Makes a verifier from what the config says now. CA files, CRLs, keys and pins are read here, and
/// here is where they fail: STV_E_FILE_MISSING, STV_E_FILE_UNREADABLE, STV_E_FILE_EMPTY,
/// STV_E_CERTIFICATE, STV_E_PIN, STV_E_OPTION_VALUE, ... with words in stv_config_error(config).
/// The config may be changed and used again, or freed. The caller owns *out and frees it with
/// stv_verifier_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_verifier_new(
    config: *mut stv_config,
    out: *mut *mut stv_verifier,
) -> stv_status {
    export! { change config, out out;
        => Verifier::new(config).map(|verifier| handle::share(out, stv_verifier(verifier)))
    }
}

/// One more reference to the same verifier, to be freed as well. NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_verifier_dup(verifier: *const stv_verifier) -> *mut stv_verifier {
    export! { dup verifier }
}

/// Drops one reference; NULL is fine. Sessions made with the verifier live on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_verifier_free(verifier: *mut stv_verifier) {
    export! { release verifier }
}

/// 1 when CA files, CRLs or the configuration file have changed since the verifier was made, so
/// that a new one should be made; else 0, also for NULL. Looks at the files' metadata.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_verifier_stale(verifier: *const stv_verifier) -> c_int {
    export! { value 0; verifier = shared(verifier); => Ok(c_int::from(verifier.0.is_stale())) }
}

/// Judges a chain that the caller has: is this the peer who was meant? No network, no disk. STV_OK
/// only when the verdict is STV_VERDICT_TRUSTED; STV_E_REJECTED when it is not, and the report says
/// why. The caller owns *out in both cases and frees it with stv_report_free. STV_E_NULL, STV_E_STATE
/// or STV_E_PANIC leave *out NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_verifier_judge(
    verifier: *const stv_verifier,
    peer: *const stv_peer,
    chain: *const stv_chain,
    out: *mut *mut stv_report,
) -> stv_status {
    export! { call out out;
        verifier = shared(verifier);
        peer = owned(peer);
        chain = owned(chain);
        => {
            let report = verify::judge_unread(&verifier.0, peer, chain);
            let status = status_of(&report);
            handle::share(out, stv_report::new(report));
            Ok(status)
        }
    }
}

/// The status of a judging call. Whatever the report says, `STV_OK` needs the verdict TRUSTED.
fn status_of(report: &Report) -> Status {
    match (report.verdict, report.status) {
        (Verdict::Trusted, status) => status,
        (Verdict::Unknown | Verdict::Rejected | Verdict::Unauthenticated, Status::Ok) => {
            Status::Rejected
        }
        (Verdict::Unknown | Verdict::Rejected | Verdict::Unauthenticated, status) => status,
    }
}

#[cfg(test)]
mod tests {
    use crate::proto::Protocol;
    use crate::report::{Applied, Certificates, Shown};

    use super::*;

    #[test]
    fn ok_needs_the_verdict_trusted() {
        for (verdict, status, expected) in [
            (Verdict::Trusted, Status::Ok, Status::Ok),
            (Verdict::Rejected, Status::Ok, Status::Rejected),
            (Verdict::Unknown, Status::Ok, Status::Rejected),
            (Verdict::Unauthenticated, Status::Ok, Status::Rejected),
            (Verdict::Unauthenticated, Status::OpenUnverified, Status::OpenUnverified),
            (Verdict::Rejected, Status::Rejected, Status::Rejected),
        ] {
            let report = Report {
                verdict,
                status,
                shown: Shown::OnDisk,
                protocol: Protocol::Tls,
                host: String::new(),
                port: 0,
                address: None,
                local_address: None,
                origin: String::new(),
                applied: Applied::none(),
                findings: Vec::new(),
                insecure: Vec::new(),
                certificates: Certificates::default(),
                tls: None,
                untrusted_facts: String::new(),
            };
            assert_eq!(status_of(&report), expected, "{verdict:?} {status:?}");
        }
    }
}
