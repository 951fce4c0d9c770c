//! A library context of our own that has the default provider's algorithms, but few of its decoders.
//!
//! OpenSSL 3.0 and 3.1 read the key of a certificate with a decoder, and to find the one they ask every
//! decoder of the library context, for every certificate, whether it will do: some sixty of them, for
//! private keys, parameters, PEM and the formats of other makers. Before that they walk over every
//! algorithm that the library context has ever used. That is most of what reading a certificate costs. In a
//! library context whose provider offers a handful of decoders, and that nobody else uses, it is found
//! sooner; what the decoder does then is the default provider's own code, and the key is the same.
//!
//! The provider here does nothing itself. It hands on what the `default` provider has that the program's
//! own library context has loaded (provider-base(7)).

use std::ffi::{CStr, c_char, c_int, c_void};
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
/// OSSL_FUNC_PROVIDER_GET_CAPABILITIES.
const CAPABILITIES: c_int = 1030;

/// The keys that a server of TLS can have, and a CA of its certificate. Any other has no decoder here:
/// whoever finds a certificate without a key reads it again in OpenSSL's own library context.
const KEYS: [&[u8]; 6] = [b"RSA", b"RSA-PSS", b"EC", b"DSA", b"ED25519", b"ED448"];
/// A certificate that is read here may be signed with a key that is not.
const SIGNERS: [&[u8]; 1] = [b"SM2"];
/// In the properties of a decoder: that it reads what a certificate has.
const READS_CERTIFICATES: &[u8] = b"input=der,structure=SubjectPublicKeyInfo";

const NAME: &CStr = c"starttls_verify";

/// What a library context is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Certificates are read: no other keys, and no decoders for them.
    Reading,
    /// An SSL_CTX: all algorithms, and the decoders of all that a certificate may have.
    Connections,
}

/// What is handed on. Both lists end as OpenSSL's do.
struct Wrapped {
    provider: *mut ffi::OSSL_PROVIDER,
    keys: Vec<sys::OSSL_ALGORITHM>,
    decoders: Vec<sys::OSSL_ALGORITHM>,
}

/// One of each for the process, and never freed: OpenSSL keeps pointers into it.
static READING: AtomicPtr<Wrapped> = AtomicPtr::new(ptr::null_mut());
static CONNECTIONS: AtomicPtr<Wrapped> = AtomicPtr::new(ptr::null_mut());

/// A library context with few decoders; freed with its provider when dropped.
pub(super) struct FewDecoders {
    context: *mut ffi::OSSL_LIB_CTX,
    provider: *mut ffi::OSSL_PROVIDER,
}

impl FewDecoders {
    /// Wraps the default provider, which must never be unloaded. `None` for lack of memory, or where it
    /// is not the provider that we know.
    pub(super) fn over(default: *mut ffi::OSSL_PROVIDER, wanted: Use) -> Option<FewDecoders> {
        wrap(default, wanted)?;
        // SAFETY: no preconditions.
        let context = unsafe { ffi::OSSL_LIB_CTX_new() };
        if context.is_null() {
            return None;
        }
        let mut made = FewDecoders { context, provider: ptr::null_mut() };
        let begin = wanted.begin();
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

impl Use {
    /// OpenSSL calls a function of the provider without saying for which library context: each use has
    /// functions of its own.
    fn begin(self) -> sys::ProviderInit {
        match self {
            Use::Reading => begin_reading,
            Use::Connections => begin_connections,
        }
    }

    fn place(self) -> &'static AtomicPtr<Wrapped> {
        match self {
            Use::Reading => &READING,
            Use::Connections => &CONNECTIONS,
        }
    }

    fn wrapped(self) -> Option<&'static Wrapped> {
        let wrapped = self.place().load(Ordering::Acquire);
        // SAFETY: NULL, or a box that is never freed nor changed.
        unsafe { wrapped.as_ref() }
    }

    /// What of this provider is handed on.
    fn chosen(self, provider: *mut ffi::OSSL_PROVIDER) -> Option<Wrapped> {
        let (is_key, reads): (Choice, Choice) = match self {
            Use::Reading => (is_key, reads_known_key),
            Use::Connections => (|_| true, reads_key),
        };
        let keys = chosen(provider, KEY_MANAGEMENT, is_key);
        let decoders = chosen(provider, DECODER, reads);
        // Where a key has another name than those we know, nothing is known of it.
        let known = decoders.iter().filter(|one| !one.algorithm_names.is_null());
        let known = known.filter(|one| KEYS.contains(&first_name(one))).count();
        (keys.len() > KEYS.len() && known == KEYS.len()).then_some(Wrapped {
            provider,
            keys,
            decoders,
        })
    }
}

/// Two threads that begin at once make two, and one is used.
fn wrap(provider: *mut ffi::OSSL_PROVIDER, wanted: Use) -> Option<()> {
    if wanted.wrapped().is_some() {
        return Some(());
    }
    let made = Box::into_raw(Box::new(wanted.chosen(provider)?));
    let unset = ptr::null_mut();
    let place = wanted.place();
    if place.compare_exchange(unset, made, Ordering::AcqRel, Ordering::Acquire).is_err() {
        // SAFETY: ours was shown to nobody.
        drop(unsafe { Box::from_raw(made) });
    }
    Some(())
}

type Choice = fn(&sys::OSSL_ALGORITHM) -> bool;

fn chosen(
    provider: *mut ffi::OSSL_PROVIDER,
    operation: c_int,
    is_chosen: Choice,
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
    properties.to_bytes().ends_with(READS_CERTIFICATES)
}

fn reads_known_key(algorithm: &sys::OSSL_ALGORITHM) -> bool {
    reads_key(algorithm) && KEYS.contains(&first_name(algorithm))
}

/// Such as `RSA` of "RSA:rsaEncryption:1.2.840.113549.1.1.1".
fn first_name(algorithm: &sys::OSSL_ALGORITHM) -> &'static [u8] {
    // SAFETY: not NULL, and a static text that ends with a NUL.
    let names = unsafe { CStr::from_ptr(algorithm.algorithm_names) };
    names.to_bytes().split(|octet| *octet == b':').next().unwrap_or_default()
}

const LAST: sys::OSSL_DISPATCH =
    sys::OSSL_DISPATCH { function_id: 0, function: sys::ProviderFunction { query: None } };

static FOR_READING: [sys::OSSL_DISPATCH; 2] = [
    sys::OSSL_DISPATCH {
        function_id: QUERY,
        function: sys::ProviderFunction { query: Some(query_reading) },
    },
    LAST,
];

static FOR_CONNECTIONS: [sys::OSSL_DISPATCH; 3] = [
    sys::OSSL_DISPATCH {
        function_id: QUERY,
        function: sys::ProviderFunction { query: Some(query_connections) },
    },
    sys::OSSL_DISPATCH {
        function_id: CAPABILITIES,
        function: sys::ProviderFunction { capabilities: Some(capabilities) },
    },
    LAST,
];

extern "C" fn begin_reading(
    _handle: *const sys::OSSL_CORE_HANDLE,
    _core: *const sys::OSSL_DISPATCH,
    functions: *mut *const sys::OSSL_DISPATCH,
    context: *mut *mut c_void,
) -> c_int {
    begin(Use::Reading, &FOR_READING, functions, context)
}

extern "C" fn begin_connections(
    _handle: *const sys::OSSL_CORE_HANDLE,
    _core: *const sys::OSSL_DISPATCH,
    functions: *mut *const sys::OSSL_DISPATCH,
    context: *mut *mut c_void,
) -> c_int {
    begin(Use::Connections, &FOR_CONNECTIONS, functions, context)
}

/// OpenSSL loads the provider. Its context is that of the provider behind it, whose functions are called
/// with it.
fn begin(
    wanted: Use,
    ours: &'static [sys::OSSL_DISPATCH],
    functions: *mut *const sys::OSSL_DISPATCH,
    context: *mut *mut c_void,
) -> c_int {
    let Some(wrapped) = wanted.wrapped() else { return 0 };
    // SAFETY: the provider is loaded for good.
    let behind = unsafe { sys::OSSL_PROVIDER_get0_provider_ctx(wrapped.provider) };
    // SAFETY: OpenSSL gives a place to write to.
    unsafe { functions.write(ours.as_ptr()) };
    // SAFETY: as above.
    unsafe { context.write(behind) };
    1
}

extern "C" fn query_reading(
    _provider: *mut c_void,
    operation: c_int,
    no_cache: *mut c_int,
) -> *const sys::OSSL_ALGORITHM {
    query(Use::Reading, operation, no_cache)
}

extern "C" fn query_connections(
    _provider: *mut c_void,
    operation: c_int,
    no_cache: *mut c_int,
) -> *const sys::OSSL_ALGORITHM {
    query(Use::Connections, operation, no_cache)
}

/// The algorithms for one operation.
fn query(wanted: Use, operation: c_int, no_cache: *mut c_int) -> *const sys::OSSL_ALGORITHM {
    let Some(wrapped) = wanted.wrapped() else { return ptr::null() };
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

/// What the provider can do besides: libssl asks for the groups of key exchange.
extern "C" fn capabilities(
    _provider: *mut c_void,
    capability: *const c_char,
    visit: sys::CapabilityVisit,
    argument: *mut c_void,
) -> c_int {
    let Some(wrapped) = Use::Connections.wrapped() else { return 0 };
    // SAFETY: the provider is loaded for good; the rest is OpenSSL's own.
    unsafe { sys::OSSL_PROVIDER_get_capabilities(wrapped.provider, capability, visit, argument) }
}
