//! Cheap questions about one certificate, without handles.

use std::ffi::{c_char, c_int, c_void};

use crate::verify;

use super::stv_status;

/// Whether a certificate names a host: *out_match is 1 or 0. `reference` is tagged text as for
/// stv_peer_add_reference: "dns:mail.example.com". STV_OK says that the question was answered, not
/// that anybody is trusted: no chain, no dates, no pins are looked at. STV_E_CERTIFICATE and
/// STV_E_NAME when one of the two cannot be read. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_cert_names_host(
    der: *const c_void,
    der_len: usize,
    reference: *const c_char,
    reference_len: usize,
    out_match: *mut c_int,
) -> stv_status {
    export! { ask out out_match;
        der = bytes(der, der_len);
        reference = text(reference, reference_len);
        => verify::cert_names_host(der, reference).map(|names| out_match.put(c_int::from(names)))
    }
}

/// Whether a certificate matches a pin: *out_match is 1 or 0. `pin` is text as for the option "pin":
/// "spki-sha256:BASE64" or "sha256:HEX". STV_OK says that the question was answered, not that anybody
/// is trusted. STV_E_CERTIFICATE and STV_E_PIN when one of the two cannot be read. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_cert_matches_pin(
    der: *const c_void,
    der_len: usize,
    pin: *const c_char,
    pin_len: usize,
    out_match: *mut c_int,
) -> stv_status {
    export! { call out out_match;
        der = bytes(der, der_len);
        pin = text(pin, pin_len);
        => verify::cert_matches_pin(der, pin).map(|matches| out_match.put(c_int::from(matches)))
    }
}

/// Whether a certificate, or its key, is what a TLSA record says: *out_match is 1 or 0. `record` is text
/// as for stv_peer_add_tlsa: "3 1 1 HEX". Selector, matching type and data are compared; the usage,
/// which says whose certificate it is about, is not. STV_OK says that the question was answered, not
/// that anybody is trusted. STV_E_CERTIFICATE when the one cannot be read, STV_E_TLSA when the other
/// cannot be read or used. Any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_cert_matches_tlsa(
    der: *const c_void,
    der_len: usize,
    record: *const c_char,
    record_len: usize,
    out_match: *mut c_int,
) -> stv_status {
    export! { call out out_match;
        der = bytes(der, der_len);
        record = text(record, record_len);
        => verify::cert_matches_tlsa(der, record).map(|matches| out_match.put(c_int::from(matches)))
    }
}
