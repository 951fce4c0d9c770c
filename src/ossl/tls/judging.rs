//! The judge inside the handshake, through OpenSSL's certificate verification callback.

use std::ffi::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use foreign_types::ForeignTypeRef;
use openssl::ex_data::Index;
use openssl::ssl::{Ssl, SslRef};
use openssl::stack::StackRef;
use openssl::x509::{X509, X509Ref, X509StoreContext, X509StoreContextRef};
use openssl_sys as ffi;

use crate::error::Result;
use crate::ossl::chain::Chain;
use crate::ossl::sys;
use crate::ossl::sys::fault;

/// What the judge says to the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Go on.
    Accept,
    /// End it with the alert that belongs to this X509_V_ERR number.
    Refuse(i32),
}

/// Called once in the handshake with the peer's chain.
pub type Judge = Box<dyn Fn(Result<Chain>) -> Decision + Send + Sync>;

pub(super) fn judge_slot() -> Option<Index<Ssl, Judge>> {
    // The one process-wide value: ex_data indices cannot be given back.
    static SLOT: OnceLock<Option<Index<Ssl, Judge>>> = OnceLock::new();
    *SLOT.get_or_init(|| Ssl::new_ex_index().ok())
}

pub(super) extern "C" fn ask_judge(
    context: *mut ffi::X509_STORE_CTX,
    _argument: *mut c_void,
) -> c_int {
    answer(context, || judge_of(context))
}

/// Tells OpenSSL what was decided.
pub(in crate::ossl) fn answer(
    context: *mut ffi::X509_STORE_CTX,
    decide: impl FnOnce() -> Decision,
) -> c_int {
    // A panic must not cross OpenSSL's frames; it counts as a refusal.
    let decision =
        catch_unwind(AssertUnwindSafe(decide)).unwrap_or(Decision::Refuse(fault::UNSPECIFIED));
    let (answer, number) = match decision {
        Decision::Accept => (1, 0),
        // 0 is X509_V_OK: refusing with it would send internal_error.
        Decision::Refuse(0) => (0, fault::UNSPECIFIED),
        Decision::Refuse(number) => (0, number),
    };
    // SAFETY: OpenSSL's context is valid during the callback.
    unsafe { ffi::X509_STORE_CTX_set_error(context, number) };
    answer
}

fn judge_of(context: *mut ffi::X509_STORE_CTX) -> Decision {
    // SAFETY: OpenSSL's context is valid during the callback.
    let store_context = unsafe { X509StoreContextRef::from_ptr(context) };
    let Some(judge) = judge_in(store_context) else {
        return Decision::Refuse(fault::UNSPECIFIED);
    };
    judge(presented_chain(context))
}

fn judge_in(context: &X509StoreContextRef) -> Option<&Judge> {
    let ssl: &SslRef = context.ex_data(X509StoreContext::ssl_idx().ok()?)?;
    ssl.ex_data(judge_slot()?)
}

/// The chain as the peer sent it.
pub(in crate::ossl) fn presented_chain(context: *mut ffi::X509_STORE_CTX) -> Result<Chain> {
    // SAFETY: the context is valid; the certificate belongs to it.
    let leaf = unsafe { sys::X509_STORE_CTX_get0_cert(context) };
    if leaf.is_null() {
        return Ok(Chain::new());
    }
    // SAFETY: not NULL; `to_owned` counts a reference of our own.
    let leaf: X509 = unsafe { X509Ref::from_ptr(leaf) }.to_owned();
    // SAFETY: the context is valid; the stack belongs to it.
    let sent = unsafe { sys::X509_STORE_CTX_get0_untrusted(context) };
    if sent.is_null() {
        return Chain::from_handshake(leaf, None);
    }
    // SAFETY: not NULL, and alive during the callback.
    let sent = unsafe { StackRef::<X509>::from_ptr(sent) };
    Chain::from_handshake(leaf, Some(sent))
}
