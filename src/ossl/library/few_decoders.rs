//! A library context of our own that has the default provider's algorithms, but few of its decoders.
//!
//! OpenSSL 3.0 and 3.1 read the key of a certificate with a decoder, and to find the one they ask every
//! decoder of the library context, for every certificate, whether it will do: some sixty of them, for
//! private keys, parameters, PEM and the formats of other makers. Before that they walk over every
//! algorithm that the library context has ever used. That is most of what reading a certificate costs. In a
//! library context whose provider offers six decoders, and that nobody else uses, it is found sooner; what
//! the decoder does then is the default provider's own code, and the key is the same.
//!
//! The provider here does nothing itself. It hands on what the `default` provider has that the program's
//! own library context has loaded (provider-base(7)).

use std::ffi::{CStr, c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use openssl_sys as ffi;

use crate::ossl::sys;

/// OSSL_OP_KEYMGMT.
const KEY_MANAGEMENT: c_int = 10;
/// OSSL_OP_DECODER.
const DECODER: c_int = 21;
/// OSSL_FUNC_PROVIDER_QUERY_OPERATION.
const QUERY: c_int = 1027;

/// The keys that a server of TLS can have, and a CA of its certificate. Any other has no decoder here:
/// whoever finds a certificate without a key reads it again in OpenSSL's own library context.
const KEYS: [&[u8]; 6] = [b"RSA", b"RSA-PSS", b"EC", b"DSA", b"ED25519", b"ED448"];
/// A certificate that is read here may be signed with a key that is not.
const SIGNERS: [&[u8]; 1] = [b"SM2"];
/// In the properties of a decoder: that it reads what a certificate has.
const READS_CERTIFICATES: &[u8] = b"input=der,structure=SubjectPublicKeyInfo";

const NAME: &CStr = c"starttls_verify";

/// What is handed on.
struct Wrapped {
    provider: *mut ffi::OSSL_PROVIDER,
    /// Both end as OpenSSL's lists do.
    keys: Vec<sys::OSSL_ALGORITHM>,
    decoders: Vec<sys::OSSL_ALGORITHM>,
}

/// One for the process, and never freed: OpenSSL keeps pointers into it.
static WRAPPED: AtomicPtr<Wrapped> = AtomicPtr::new(ptr::null_mut());

/// A library context in which certificates are read; freed with its provider when dropped.
pub(super) struct FewDecoders {
    context: *mut ffi::OSSL_LIB_CTX,
    provider: *mut ffi::OSSL_PROVIDER,
}

impl FewDecoders {
    /// Wraps the default provider, which must never be unloaded. `None` for lack of memory, or where it
    /// is not the provider that we know.
    pub(super) fn over(default: *mut ffi::OSSL_PROVIDER) -> Option<FewDecoders> {
        wrap(default)?;
        // SAFETY: no preconditions.
        let context = unsafe { ffi::OSSL_LIB_CTX_new() };
        if context.is_null() {
            return None;
        }
        let mut made = FewDecoders { context, provider: ptr::null_mut() };
        // SAFETY: the context is ours; the function has the type that OpenSSL calls.
        if unsafe { sys::OSSL_PROVIDER_add_builtin(context, NAME.as_ptr(), begin) } != 1 {
            return None;
        }
        // SAFETY: as above; the name ends with a NUL.
        made.provider = unsafe { ffi::OSSL_PROVIDER_load(context, NAME.as_ptr()) };
        (!made.provider.is_null()).then_some(made)
    }

    pub(super) fn as_ptr(&self) -> *mut ffi::OSSL_LIB_CTX {
        self.context
    }
}

impl Drop for FewDecoders {
    fn drop(&mut self) {
        if !self.provider.is_null() {
            // SAFETY: the provider is loaded, and this was the only reference.
            unsafe { ffi::OSSL_PROVIDER_unload(self.provider) };
        }
        // SAFETY: nothing was made in the context that is still there.
        unsafe { ffi::OSSL_LIB_CTX_free(self.context) };
    }
}

/// Two threads that begin at once make two, and one is used.
fn wrap(provider: *mut ffi::OSSL_PROVIDER) -> Option<()> {
    if wrapped().is_some() {
        return Some(());
    }
    let keys = chosen(provider, KEY_MANAGEMENT, is_key);
    let decoders = chosen(provider, DECODER, reads_key);
    // Where a key has another name than those we know, nothing is known of it.
    if keys.len() <= KEYS.len() || decoders.len() != KEYS.len() + 1 {
        return None;
    }
    let made = Box::into_raw(Box::new(Wrapped { provider, keys, decoders }));
    let unset = ptr::null_mut();
    if WRAPPED.compare_exchange(unset, made, Ordering::AcqRel, Ordering::Acquire).is_err() {
        // SAFETY: ours was shown to nobody.
        drop(unsafe { Box::from_raw(made) });
    }
    Some(())
}

fn wrapped() -> Option<&'static Wrapped> {
    let wrapped = WRAPPED.load(Ordering::Acquire);
    // SAFETY: NULL, or a box that is never freed nor changed.
    unsafe { wrapped.as_ref() }
}

fn chosen(
    provider: *mut ffi::OSSL_PROVIDER,
    operation: c_int,
    is_chosen: fn(&sys::OSSL_ALGORITHM) -> bool,
) -> Vec<sys::OSSL_ALGORITHM> {
    let mut no_cache = 0;
    // SAFETY: the provider is loaded; the list is the default provider's own, and static.
    let mut all =
        unsafe { sys::OSSL_PROVIDER_query_operation(provider, operation, &raw mut no_cache) };
    let mut chosen = Vec::new();
    // SAFETY: NULL, or an element of a list that is valid up to its end.
    while let Some(one) = unsafe { all.as_ref() }.filter(|one| !one.algorithm_names.is_null()) {
        if is_chosen(one) {
            chosen.push(*one);
        }
        // SAFETY: this was not the end, so there is a next one.
        all = unsafe { all.add(1) };
    }
    chosen.push(END);
    chosen
}

const END: sys::OSSL_ALGORITHM = sys::OSSL_ALGORITHM {
    algorithm_names: ptr::null(),
    property_definition: ptr::null(),
    implementation: ptr::null(),
    algorithm_description: ptr::null(),
};

fn is_key(algorithm: &sys::OSSL_ALGORITHM) -> bool {
    let name = first_name(algorithm);
    KEYS.contains(&name) || SIGNERS.contains(&name)
}

fn reads_key(algorithm: &sys::OSSL_ALGORITHM) -> bool {
    if algorithm.property_definition.is_null() {
        return false;
    }
    // SAFETY: not NULL, and a static text that ends with a NUL.
    let properties = unsafe { CStr::from_ptr(algorithm.property_definition) };
    KEYS.contains(&first_name(algorithm)) && properties.to_bytes().ends_with(READS_CERTIFICATES)
}

/// Such as `RSA` of "RSA:rsaEncryption:1.2.840.113549.1.1.1".
fn first_name(algorithm: &sys::OSSL_ALGORITHM) -> &'static [u8] {
    // SAFETY: not NULL, and a static text that ends with a NUL.
    let names = unsafe { CStr::from_ptr(algorithm.algorithm_names) };
    names.to_bytes().split(|octet| *octet == b':').next().unwrap_or_default()
}

static FUNCTIONS: [sys::OSSL_DISPATCH; 2] = [
    sys::OSSL_DISPATCH { function_id: QUERY, function: Some(query) },
    sys::OSSL_DISPATCH { function_id: 0, function: None },
];

/// OpenSSL loads the provider. Its context is that of the provider behind it, whose functions are called
/// with it.
extern "C" fn begin(
    _handle: *const sys::OSSL_CORE_HANDLE,
    _core: *const sys::OSSL_DISPATCH,
    functions: *mut *const sys::OSSL_DISPATCH,
    context: *mut *mut c_void,
) -> c_int {
    let Some(wrapped) = wrapped() else { return 0 };
    // SAFETY: the provider is loaded for good.
    let behind = unsafe { sys::OSSL_PROVIDER_get0_provider_ctx(wrapped.provider) };
    // SAFETY: OpenSSL gives a place to write to.
    unsafe { functions.write(FUNCTIONS.as_ptr()) };
    // SAFETY: as above.
    unsafe { context.write(behind) };
    1
}

/// The algorithms for one operation.
extern "C" fn query(
    _provider: *mut c_void,
    operation: c_int,
    no_cache: *mut c_int,
) -> *const sys::OSSL_ALGORITHM {
    let Some(wrapped) = wrapped() else { return ptr::null() };
    let few = match operation {
        KEY_MANAGEMENT => &wrapped.keys,
        DECODER => &wrapped.decoders,
        _ => {
            // SAFETY: the provider is loaded for good; OpenSSL gives a place to write to.
            return unsafe {
                sys::OSSL_PROVIDER_query_operation(wrapped.provider, operation, no_cache)
            };
        }
    };
    // SAFETY: OpenSSL gives a place to write to.
    unsafe { no_cache.write(0) };
    few.as_ptr()
}
