//! `stv_chain`: the certificates to be judged.

use std::ffi::{c_char, c_void};

use crate::ossl::UnreadChain;

use super::handle::{self, Core, Handle};
use super::stv_status;
use super::words::EMPTY;

/// Certificates as the peer sent them, leaf first. Used by one thread at a time.
pub struct stv_chain(Core<UnreadChain>);

impl Handle for stv_chain {
    type Inner = UnreadChain;

    fn new(core: Core<UnreadChain>) -> stv_chain {
        stv_chain(core)
    }

    fn core(&self) -> &Core<UnreadChain> {
        &self.0
    }

    fn core_mut(&mut self) -> &mut Core<UnreadChain> {
        &mut self.0
    }
}

/// Makes an empty chain. The caller owns *out and frees it with stv_chain_free.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_chain_new(out: *mut *mut stv_chain) -> stv_status {
    export! { call out out; => { handle::give(out, UnreadChain::new()); Ok(()) } }
}

/// Frees a chain; NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_chain_free(chain: *mut stv_chain) {
    export! { free chain }
}

/// Appends one certificate in DER, copied. STV_E_CERTIFICATE when it is none or something follows
/// it; the chain is then as before. OpenSSL reads it when it is judged: what only OpenSSL objects to is
/// "chain.malformed" in the report.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_chain_add_der(
    chain: *mut stv_chain,
    der: *const c_void,
    der_len: usize,
) -> stv_status {
    export! { change chain; der = bytes(der, der_len); => chain.add_der(der) }
}

/// Appends all certificates in PEM text. STV_E_CERTIFICATE when there is none or one is broken; the
/// chain is then as before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_chain_add_pem(
    chain: *mut stv_chain,
    pem: *const c_void,
    pem_len: usize,
) -> stv_status {
    export! { change chain; pem = bytes(pem, pem_len); => chain.add_pem(pem) }
}

/// Sets the OCSP response that came with the chain, DER, copied; it takes the place of an earlier
/// one, and an empty one takes it away. A session has it from the handshake; this is for a chain on
/// disk. Whether it counts is said in the report. STV_E_ARGUMENT when it is too long to be one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_chain_set_ocsp(
    chain: *mut stv_chain,
    der: *const c_void,
    der_len: usize,
) -> stv_status {
    export! { change chain; der = bytes(der, der_len); => chain.set_staple(der) }
}

/// How many certificates the chain holds; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_chain_count(chain: *const stv_chain) -> usize {
    export! { value 0; chain = owned(chain); => Ok(chain.len()) }
}

/// Words for the last call that failed on this chain; "" when none did. They live until the next
/// call that changes the chain.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_chain_error(chain: *const stv_chain) -> *const c_char {
    export! { value EMPTY; chain = shared(chain); => Ok(chain.core().words()) }
}
