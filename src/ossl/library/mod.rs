//! The library contexts that certificates are read in, and that sessions are of: OpenSSL's own, or those in
//! which a key is found sooner ([`few_decoders`]).
//!
//! The shortcut is taken only where nobody can tell it from the way around. It is off where the program
//! or the system decided which algorithms are used: another provider than `default` is loaded, FIPS is
//! asked for, an engine has keys of a kind that certificates have, openssl.cnf sets more than is known to
//! be harmless ([`openssl_cnf`]), or what OpenSSL would take for RSA and EC is not the default provider's.
//! It is off in versions that it was not made for: from 3.2 on OpenSSL remembers its decoders. And it is
//! off where two keys that are known do not come out right ([`self_check`]).
//!
//! A library context costs about as much as it saves on five certificates. So the first ones of a process
//! are read the way around: one that looks at a chain and ends pays nothing. Then it is decided, once.
//! Providers and FIPS are looked at again each time, so a program that loads a provider later has its
//! certificates read the way around from then on; what was made before stays what it is.
//!
//! libssl reads the peer's certificates in the library context of its SSL_CTX. So sessions have another
//! library context, which is made the same way and asked the same questions, after so many sessions as it
//! costs. Only a verifier with ordinary settings asks for it (`tls::late_context`): a client's key stays
//! where it was loaded.
//!
//! Q: Why not one for both? A: libssl's ciphers and all else would be walked over for each certificate that
//! is read outside of a handshake; that made it twice as dear.
//!
//! Q: Is anything global changed? A: No. The library contexts are nobody's default. The `default` provider
//! stays loaded once the shortcut was taken, also where the program unloads it.
//!
//! Q: And when the process ends? A: A library context is never freed: objects that were made in it may
//! live longer than anything of ours. It is made without a lock, so that a child that was forked meanwhile
//! does not wait for a thread that it does not have.

mod few_decoders;
mod openssl_cnf;
mod self_check;

use std::ffi::{CStr, c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::ssl::SslContextBuilder;
use openssl::version;
use openssl_sys as ffi;

use super::error_queue::drain;
use super::sys;
use few_decoders::{FewDecoders, Use};

/// Why OpenSSL's own library context is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WayAround {
    /// This OpenSSL was not tried, or needs no shortcut.
    Version,
    /// Another provider than `default` is loaded, or that one is not.
    Providers,
    /// FIPS is asked for.
    Fips,
    /// An engine has taken over a kind of key.
    Engine,
    /// openssl.cnf sets what holds in OpenSSL's own library context only.
    Configuration,
    /// OpenSSL would use other algorithms, or none.
    Algorithms,
    /// The provider cannot be wrapped, or known keys come out wrong.
    SelfCheck,
}

impl WayAround {
    /// Why, in words.
    pub fn words(self) -> &'static str {
        match self {
            WayAround::Version => "this version of OpenSSL needs no shortcut, or was not tried",
            WayAround::Providers => "another provider than 'default' is loaded",
            WayAround::Fips => "FIPS is asked for",
            WayAround::Engine => "an engine has taken over a kind of key",
            WayAround::Configuration => "openssl.cnf decides about algorithms",
            WayAround::Algorithms => "the default provider is not what OpenSSL would use",
            WayAround::SelfCheck => "the self-check failed",
        }
    }
}

/// From 3.0.0 on, and before 3.2.0.
const TRIED: std::ops::Range<i64> = 0x3000_0000..0x3020_0000;

/// A library context, as OpenSSL takes it. It is never freed, and used by all threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Library(*mut ffi::OSSL_LIB_CTX);

// SAFETY: OpenSSL locks its library contexts, and this one is never freed.
unsafe impl Send for Library {}
// SAFETY: as above.
unsafe impl Sync for Library {}

impl Library {
    /// OpenSSL's own.
    pub(super) const OWN: Library = Library(ptr::null_mut());

    pub(super) fn as_ptr(self) -> *mut ffi::OSSL_LIB_CTX {
        self.0
    }
}

/// A client's SSL_CTX that nothing was set on yet.
pub(super) fn tls_client(library: Library) -> Result<SslContextBuilder, ErrorStack> {
    ffi::init();
    // SAFETY: the method is static.
    let method = unsafe { ffi::TLS_client_method() };
    // SAFETY: the library context is valid; without properties its own are taken.
    let made = unsafe { sys::SSL_CTX_new_ex(library.0, ptr::null(), method) };
    if made.is_null() {
        return Err(ErrorStack::get());
    }
    // SAFETY: not NULL, and nobody else's.
    Ok(unsafe { SslContextBuilder::from_ptr(made) })
}

/// So many certificates are read the way around first; a short chain and its anchor twice.
const CERTIFICATES: u32 = 8;
/// So many sessions are begun the way around first: what the library context costs is saved on nine.
const SESSIONS: u32 = 8;

/// The library context to read one more certificate in.
pub(super) fn for_certificate() -> Library {
    static READ: AtomicU32 = AtomicU32::new(0);
    if is_early(&READ, CERTIFICATES) {
        return Library::OWN;
    }
    shortcut(Use::Reading).unwrap_or(Library::OWN)
}

/// The library context that the SSL_CTX of one more session is to be of.
pub(super) fn for_session() -> Library {
    static BEGUN: AtomicU32 = AtomicU32::new(0);
    if is_early(&BEGUN, SESSIONS) {
        return Library::OWN;
    }
    shortcut(Use::Connections).unwrap_or(Library::OWN)
}

fn is_early(counted: &AtomicU32, first: u32) -> bool {
    let early = counted.load(Ordering::Relaxed) < first;
    if early {
        counted.fetch_add(1, Ordering::Relaxed);
    }
    early
}

/// Whether the shortcut is taken once it is worth it, and if not, why.
pub fn reading_shortcut() -> Result<(), WayAround> {
    shortcut(Use::Reading).map(|_| ())
}

/// The same, for sessions whose TLS settings are the defaults.
pub fn connection_shortcut() -> Result<(), WayAround> {
    shortcut(Use::Connections).map(|_| ())
}

fn shortcut(wanted: Use) -> Result<Library, WayAround> {
    let library = decision(wanted).as_ref().map_err(|why| *why)?;
    only_default_provider()?;
    no_fips()?;
    Ok(Library(library.as_ptr()))
}

/// Decided once. Two threads that begin at once decide twice, and one decision holds.
fn decision(wanted: Use) -> &'static Result<FewDecoders, WayAround> {
    type Decision = AtomicPtr<Result<FewDecoders, WayAround>>;
    static READING: Decision = AtomicPtr::new(ptr::null_mut());
    static CONNECTIONS: Decision = AtomicPtr::new(ptr::null_mut());
    let decision = match wanted {
        Use::Reading => &READING,
        Use::Connections => &CONNECTIONS,
    };
    let known = decision.load(Ordering::Acquire);
    // SAFETY: NULL, or a box that is never freed nor changed.
    if let Some(known) = unsafe { known.as_ref() } {
        return known;
    }
    let made = Box::into_raw(Box::new(decide(wanted)));
    let unset = ptr::null_mut();
    match decision.compare_exchange(unset, made, Ordering::AcqRel, Ordering::Acquire) {
        // SAFETY: the box is never freed nor changed.
        Ok(_) => unsafe { &*made },
        Err(earlier) => {
            // SAFETY: ours was shown to nobody.
            drop(unsafe { Box::from_raw(made) });
            // SAFETY: another thread's box, as above.
            unsafe { &*earlier }
        }
    }
}

fn decide(wanted: Use) -> Result<FewDecoders, WayAround> {
    // Reads openssl.cnf, unless the program has said that it is not to be read.
    ffi::init();
    let decided = weigh(wanted);
    drain();
    decided
}

fn weigh(wanted: Use) -> Result<FewDecoders, WayAround> {
    if !TRIED.contains(&version::number()) {
        return Err(WayAround::Version);
    }
    no_fips()?;
    only_default_provider()?;
    no_engine()?;
    if !openssl_cnf::is_harmless() {
        return Err(WayAround::Configuration);
    }
    let default = Loaded::default_provider()?;
    if !default.serves(c"RSA") || !default.serves(c"EC") {
        return Err(WayAround::Algorithms);
    }
    let library = FewDecoders::over(default.0, wanted).ok_or(WayAround::SelfCheck)?;
    if !self_check::passes(library.as_ptr(), wanted) {
        return Err(WayAround::SelfCheck);
    }
    default.stay();
    Ok(library)
}

fn no_fips() -> Result<(), WayAround> {
    // SAFETY: NULL is OpenSSL's own library context.
    let enabled = unsafe { ffi::EVP_default_properties_is_fips_enabled(ptr::null_mut()) };
    if enabled == 0 { Ok(()) } else { Err(WayAround::Fips) }
}

/// What is loaded in OpenSSL's own library context.
#[derive(Default)]
struct Providers {
    default: bool,
    others: bool,
}

fn only_default_provider() -> Result<(), WayAround> {
    let mut providers = Providers::default();
    let found: *mut Providers = &raw mut providers;
    // SAFETY: NULL is OpenSSL's own library context; the function is called before this returns, with
    // what is on our stack.
    unsafe { sys::OSSL_PROVIDER_do_all(ptr::null_mut(), note_provider, found.cast()) };
    if providers.default && !providers.others { Ok(()) } else { Err(WayAround::Providers) }
}

extern "C" fn note_provider(provider: *mut ffi::OSSL_PROVIDER, found: *mut c_void) -> c_int {
    // SAFETY: the provider is alive during the call.
    let name = unsafe { sys::OSSL_PROVIDER_get0_name(provider) };
    // SAFETY: every provider has a name, which ends with a NUL.
    let name = unsafe { CStr::from_ptr(name) };
    // SAFETY: what `only_default_provider` gave, and nobody else has.
    let Some(found) = (unsafe { found.cast::<Providers>().as_mut() }) else { return 0 };
    match name.to_bytes() {
        b"default" => found.default = true,
        _ => found.others = true,
    }
    1
}

/// Keys that an engine may take over.
const KEYS: &[Nid] = &[Nid::RSAENCRYPTION, Nid::RSASSAPSS, Nid::X9_62_ID_ECPUBLICKEY, Nid::DSA];

/// OpenSSL lets an engine read a key in any library context; who has one is left alone altogether.
fn no_engine() -> Result<(), WayAround> {
    type Get = unsafe extern "C" fn(nid: c_int) -> *mut c_void;
    type Finish = unsafe extern "C" fn(engine: *mut c_void) -> c_int;
    let (get, finish) = (symbol(c"ENGINE_get_pkey_meth_engine"), symbol(c"ENGINE_finish"));
    if get.is_null() || finish.is_null() {
        // Built with no-engine.
        return Ok(());
    }
    // SAFETY: the function has this type (openssl/engine.h).
    let get = unsafe { std::mem::transmute::<*mut c_void, Get>(get) };
    // SAFETY: as above.
    let finish = unsafe { std::mem::transmute::<*mut c_void, Finish>(finish) };
    for key in KEYS {
        // SAFETY: no preconditions.
        let engine = unsafe { get(key.as_raw()) };
        if !engine.is_null() {
            // SAFETY: the reference is ours, and is not used again.
            unsafe { finish(engine) };
            return Err(WayAround::Engine);
        }
    }
    Ok(())
}

/// A function of OpenSSL that not every build has.
fn symbol(name: &CStr) -> *mut c_void {
    // SAFETY: the name ends with a NUL.
    unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) }
}

/// The default provider in OpenSSL's own library context, loaded once more.
struct Loaded(*mut ffi::OSSL_PROVIDER);

impl Loaded {
    fn default_provider() -> Result<Loaded, WayAround> {
        const RETAIN_FALLBACKS: c_int = 1;
        let (own, name) = (ptr::null_mut(), c"default");
        // SAFETY: the name ends with a NUL; NULL is OpenSSL's own library context.
        let provider = unsafe { ffi::OSSL_PROVIDER_try_load(own, name.as_ptr(), RETAIN_FALLBACKS) };
        if provider.is_null() { Err(WayAround::Providers) } else { Ok(Loaded(provider)) }
    }

    /// Whether OpenSSL takes this provider for such keys, default properties considered.
    fn serves(&self, keys: &CStr) -> bool {
        // SAFETY: the name ends with a NUL; NULL is OpenSSL's own library context, and no properties.
        let keys = unsafe { sys::EVP_KEYMGMT_fetch(ptr::null_mut(), keys.as_ptr(), ptr::null()) };
        if keys.is_null() {
            return false;
        }
        // SAFETY: not NULL.
        let provider = unsafe { sys::EVP_KEYMGMT_get0_provider(keys) };
        // SAFETY: the reference is ours, and is not used again.
        unsafe { sys::EVP_KEYMGMT_free(keys) };
        ptr::eq(provider, self.0)
    }

    /// From now on it is never unloaded.
    fn stay(self) {
        std::mem::forget(self);
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        // SAFETY: takes back what `default_provider` loaded.
        unsafe { ffi::OSSL_PROVIDER_unload(self.0) };
    }
}
