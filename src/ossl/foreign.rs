//! A caller's own `SSL *`: looked at and prepared, never owned.
//!
//! Q: Why can a second OpenSSL be told from ours at all?
//! A: Every SSL points to the table of functions of its method, which is a constant inside the
//! libssl that made it. Where that constant lies in another file than ours, so does the libssl. The
//! pointer stands in the second or fourth word of the struct in every OpenSSL and LibreSSL so far; a
//! libssl that lays it out in another way has a pointer to the heap there, which lies in no file.
//!
//! Q: What cannot be told?
//! A: A pointer to freed memory, or to no memory at all. Reading it is what C does with any pointer.

use std::any::Any;
use std::ffi::{CStr, c_int, c_long, c_void};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::{Arc, OnceLock};

use foreign_types::{ForeignType, ForeignTypeRef};
use openssl::error::ErrorStack;
use openssl::ssl::{NameType, SslRef, StatusType};
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::{X509StoreContext, X509StoreContextRef};
use openssl_sys as ffi;

use crate::error::{Error, Result};
use crate::status::Status;

use super::chain::Chain;
use super::error_queue::{ErrorQueueGuard, words};
use super::sys;
use super::sys::fault;
use super::tls::{Decision, Handshaken, TlsVersion, answer, presented_chain};

/// A caller's SSL, for the length of a call.
pub struct Foreign<'a> {
    ssl: &'a mut SslRef,
}

/// Where its handshake stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Not begun.
    Before,
    /// On the way.
    Underway,
    /// Given up for good.
    Broken,
    /// Finished.
    Finished,
}

/// What tells one handshake from every other: the client's random (RFC 8446 §4.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandshakeId([u8; 32]);

/// What is asked inside the handshake, and keeps the answer. It lives on the SSL.
pub trait Hook: Any + Send + Sync {
    /// Called once in each full handshake, with the chain as the peer sent it.
    fn ask(&self, handshake: HandshakeId, chain: Result<Chain>) -> Decision;

    /// The same for a copy of the SSL, with which nothing has happened yet.
    fn anew(&self) -> Arc<dyn Hook>;
}

impl<'a> Foreign<'a> {
    /// Looks whose SSL it is, or says why it is none that can be judged.
    ///
    /// # Safety
    /// Not NULL; an `SSL *` of some libssl, alive and used by nobody else for the length of `'a`.
    pub unsafe fn borrow(ssl: *mut c_void) -> Result<Foreign<'a>> {
        if !ssl.cast::<*const c_void>().is_aligned() {
            return Err(no_ssl());
        }
        let ssl = ssl.cast::<ffi::SSL>();
        // SAFETY: the caller's promise; reads one pointer of the struct.
        let method = unsafe { ffi::SSL_get_ssl_method(ssl) };
        check_library(method.cast())?;
        // SAFETY: made by our libssl, as its method is ours.
        let version = unsafe { ffi::SSL_version(ssl) };
        // An SSL_CTX has its method in the same place, and no version.
        if !is_tls(version) {
            return Err(no_ssl());
        }
        // SAFETY: an SSL of our libssl, and the caller's promise.
        Ok(Foreign { ssl: unsafe { SslRef::from_ptr_mut(ssl) } })
    }

    /// Where the handshake stands.
    pub fn stage(&self) -> Stage {
        // SAFETY: the SSL is alive.
        let before = unsafe { sys::SSL_in_before(self.ssl.as_ptr()) };
        if before == 1 {
            Stage::Before
        } else if self.ssl.is_init_finished() {
            Stage::Finished
        } else if self.ssl.state_string() == "SSLERR" {
            Stage::Broken
        } else {
            Stage::Underway
        }
    }

    /// Whether it is the server's side. Before the handshake an SSL that can be either says yes.
    pub fn is_server(&self) -> bool {
        self.ssl.is_server()
    }

    /// Whether its method can only serve.
    pub fn can_only_serve(&self) -> bool {
        // SAFETY: the SSL is alive.
        let own = unsafe { ffi::SSL_get_ssl_method(self.ssl.as_ptr()) };
        // SAFETY: no preconditions; the table is static.
        own == unsafe { ffi::TLS_server_method() }
    }

    /// The certificates of the peer as libssl holds them, leaf first; none where none was shown.
    pub fn chain(&self) -> Result<Chain> {
        match self.ssl.peer_certificate() {
            Some(leaf) => Chain::from_handshake(leaf, self.ssl.peer_cert_chain()),
            None => Ok(Chain::new()),
        }
    }

    /// Whether the peer showed a certificate.
    pub fn shows_certificate(&self) -> bool {
        self.ssl.peer_certificate().is_some()
    }

    /// Whether the handshake resumed another one.
    pub fn is_resumed(&self) -> bool {
        self.ssl.session_reused()
    }

    /// Which handshake it is in or has had.
    pub fn handshake(&self) -> HandshakeId {
        handshake_of(self.ssl)
    }

    /// Whether the version that was agreed on is at least this.
    pub fn speaks(&self, oldest: TlsVersion) -> bool {
        // SAFETY: the SSL is alive.
        let version = unsafe { ffi::SSL_version(self.ssl.as_ptr()) };
        version >= oldest.number()
    }

    /// Lets this SSL neither speak an older version than this nor renegotiate: both sides could show
    /// another certificate then. What is stricter already stays.
    pub fn restrict(&mut self, oldest: TlsVersion) -> Result<()> {
        self.forbid_renegotiation();
        let ssl = self.ssl.as_ptr();
        // SAFETY: the SSL is alive.
        let lowest = unsafe { ffi::SSL_get_min_proto_version(ssl) };
        if lowest >= oldest.number() {
            return Ok(());
        }
        // SAFETY: the SSL is alive.
        let done = unsafe { ffi::SSL_set_min_proto_version(ssl, oldest.number()) };
        succeeded(c_long::from(done))
    }

    /// A later handshake on this SSL could show another certificate.
    pub fn forbid_renegotiation(&mut self) {
        let ssl = self.ssl.as_ptr();
        // SAFETY: the SSL is alive.
        unsafe { sys::SSL_set_options(ssl, ffi::SSL_OP_NO_RENEGOTIATION) };
    }

    /// Sets the server name to send, unless the caller has set one.
    pub fn name_server(&mut self, name: &str) -> Result<()> {
        if self.ssl.servername_raw(NameType::HOST_NAME).is_some() {
            return Ok(());
        }
        self.ssl.set_hostname(name).map_err(memory)
    }

    /// Asks the server for a stapled OCSP response (RFC 6066 §8).
    pub fn ask_for_staple(&mut self) -> Result<()> {
        self.ssl.set_status_type(StatusType::OCSP).map_err(memory)
    }

    /// Has the hook asked inside the handshake. Nothing but this SSL is touched: not its SSL_CTX.
    ///
    /// libssl verifies on a store of certificates, which an SSL can have for itself. Ours is empty
    /// and has the hook in the place where signatures and dates are verified; libssl's own findings
    /// on the way there (it finds no anchor, of course) are passed over.
    pub fn attach(&mut self, hook: Arc<dyn Hook>) -> Result<()> {
        let slot = slot().ok_or_else(no_room)?;
        let store = X509StoreBuilder::new().map_err(memory)?.build();
        // SAFETY: the store is ours; the callback has the type that OpenSSL calls.
        unsafe { sys::X509_STORE_set_verify(store.as_ptr(), ask_hook) };
        let ssl = self.ssl.as_ptr();
        // SAFETY: both are alive; 1 counts a reference for the SSL.
        let done = unsafe {
            ffi::SSL_ctrl(ssl, ffi::SSL_CTRL_SET_VERIFY_CERT_STORE, 1, store.as_ptr().cast())
        };
        succeeded(done)?;
        self.detach(slot);
        let hook = Box::into_raw(Box::new(hook));
        // SAFETY: the SSL is alive; the box is given up to it, and `free_hook` ends it.
        let done = unsafe { ffi::SSL_set_ex_data(ssl, slot, hook.cast()) };
        if done != 1 {
            // SAFETY: made just now, and OpenSSL did not take it.
            drop(unsafe { Box::from_raw(hook) });
            return Err(no_room());
        }
        // SAFETY: the SSL is alive; the callback has the type that OpenSSL calls.
        unsafe { ffi::SSL_set_verify(ssl, ffi::SSL_VERIFY_PEER, Some(pass_over)) };
        Ok(())
    }

    /// Takes an earlier hook away.
    fn detach(&mut self, slot: c_int) {
        let ssl = self.ssl.as_ptr();
        // SAFETY: the SSL is alive; the slot is NULL or holds a box of ours.
        let old = unsafe { ffi::SSL_get_ex_data(ssl, slot) }.cast::<Arc<dyn Hook>>();
        // SAFETY: the SSL is alive.
        unsafe { ffi::SSL_set_ex_data(ssl, slot, ptr::null_mut()) };
        if !old.is_null() {
            // SAFETY: `attach` made it from a box, and the slot does not name it any more.
            drop(unsafe { Box::from_raw(old) });
        }
    }

    /// The hook that was attached to this SSL.
    pub fn attached(&self) -> Option<Arc<dyn Hook>> {
        hook_of(self.ssl)
    }
}

impl Handshaken for Foreign<'_> {
    fn ssl(&self) -> &SslRef {
        self.ssl
    }
}

/// SSL 3.0 to TLS 1.3, and "any" before the handshake; DTLS has other numbers.
fn is_tls(version: c_int) -> bool {
    const ANY: c_int = 0x1_0000;
    matches!(version, ffi::SSL3_VERSION..=ffi::TLS1_3_VERSION | ANY)
}

fn no_ssl() -> Error {
    Error::new(Status::Argument, "this is no SSL for TLS (an SSL_CTX, DTLS, or something else)")
}

fn no_room() -> Error {
    Error::new(Status::Memory, "OpenSSL has no room for our data on its objects")
}

fn memory(errors: ErrorStack) -> Error {
    Error::new(Status::Memory, format!("OpenSSL cannot prepare the SSL: {}", words(&errors)))
}

fn succeeded(done: c_long) -> Result<()> {
    if done == 1 { Ok(()) } else { Err(memory(ErrorStack::get())) }
}

/// Refuses the method of another libssl.
fn check_library(method: *const c_void) -> Result<()> {
    // SAFETY: no preconditions; the table is static.
    let ours = unsafe { ffi::TLS_method() };
    let Some(ours) = file_of(ours.cast()) else {
        // Without a dynamic linker there is one libssl.
        return Ok(());
    };
    let theirs = file_of(method);
    if theirs.as_ref().is_some_and(|theirs| theirs.base == ours.base) {
        return Ok(());
    }
    let whose = theirs.map_or_else(|| "of no OpenSSL that is known".to_owned(), |file| file.name);
    let what = format!(
        "the SSL belongs to another TLS library ({whose}) than the one that this library uses ({}, {}); hand in the chain in DER instead",
        ours.name,
        openssl::version::version()
    );
    Err(Error::new(Status::Unsupported, what))
}

/// A file that is mapped into the process.
struct Mapped {
    base: *const c_void,
    name: String,
}

/// The file that an address lies in.
fn file_of(address: *const c_void) -> Option<Mapped> {
    let mut info = MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: any address may be asked about; the result is ours.
    let found = unsafe { libc::dladdr(address, info.as_mut_ptr()) };
    // SAFETY: all zeroes is a valid value, and dladdr only fills it in.
    let info = unsafe { info.assume_init() };
    if found == 0 || info.dli_fname.is_null() {
        return None;
    }
    // SAFETY: dladdr gives a string with an end that lives as long as the file is mapped.
    let name = unsafe { CStr::from_ptr(info.dli_fname) };
    Some(Mapped { base: info.dli_fbase, name: name.to_string_lossy().into_owned() })
}

fn handshake_of(ssl: &SslRef) -> HandshakeId {
    let mut random = [0; 32];
    ssl.client_random(&mut random);
    HandshakeId(random)
}

/// The index of our data on every SSL.
fn slot() -> Option<c_int> {
    // The one process-wide value: indices cannot be given back.
    static SLOT: OnceLock<Option<c_int>> = OnceLock::new();
    *SLOT.get_or_init(|| {
        // SAFETY: the callbacks have the types that OpenSSL calls; there is no argument.
        let index = unsafe {
            ffi::SSL_get_ex_new_index(0, ptr::null_mut(), None, Some(copy_hook), Some(free_hook))
        };
        (index >= 0).then_some(index)
    })
}

fn hook_of(ssl: &SslRef) -> Option<Arc<dyn Hook>> {
    let slot = slot()?;
    // SAFETY: the SSL is alive; the slot is NULL or holds a box of ours.
    let hook = unsafe { ffi::SSL_get_ex_data(ssl.as_ptr(), slot) }.cast::<Arc<dyn Hook>>();
    // SAFETY: as above; the box stays where it is while it is cloned.
    unsafe { hook.as_ref() }.map(Arc::clone)
}

/// OpenSSL calls it when an SSL with a hook is copied (SSL_dup): without it both would name the same
/// box, and free it twice.
unsafe extern "C" fn copy_hook(
    _to: *mut ffi::CRYPTO_EX_DATA,
    _from: *const ffi::CRYPTO_EX_DATA,
    place: *mut *mut c_void,
    _index: c_int,
    _number: c_long,
    _argument: *mut c_void,
) -> c_int {
    // SAFETY: OpenSSL gives the place of a copy of the slot.
    let Some(place) = (unsafe { place.as_mut() }) else {
        return 0;
    };
    // SAFETY: the slot is NULL or holds a box of ours, which the original keeps.
    let Some(hook) = (unsafe { place.cast::<Arc<dyn Hook>>().as_ref() }) else {
        return 1;
    };
    *place = Box::into_raw(Box::new(hook.anew())).cast();
    1
}

/// OpenSSL calls it when an SSL is freed.
unsafe extern "C" fn free_hook(
    _parent: *mut c_void,
    hook: *mut c_void,
    _data: *mut ffi::CRYPTO_EX_DATA,
    _index: c_int,
    _number: c_long,
    _argument: *mut c_void,
) {
    if !hook.is_null() {
        // SAFETY: a box of ours, which nobody else names: `copy_hook` makes a new one for a copy.
        drop(unsafe { Box::from_raw(hook.cast::<Arc<dyn Hook>>()) });
    }
}

/// Stands where libssl would verify signatures and dates.
extern "C" fn ask_hook(context: *mut ffi::X509_STORE_CTX) -> c_int {
    // The caller is inside SSL_connect: what it had in the queue stays there.
    let _queue = ErrorQueueGuard::hold();
    answer(context, || {
        // SAFETY: OpenSSL's context is valid during the callback.
        let store_context = unsafe { X509StoreContextRef::from_ptr(context) };
        let ssl = X509StoreContext::ssl_idx().ok().and_then(|index| store_context.ex_data(index));
        let Some(ssl) = ssl.filter(|ssl| !ssl.is_server()) else {
            return Decision::Refuse(fault::UNSPECIFIED);
        };
        let Some(hook) = hook_of(ssl) else {
            return Decision::Refuse(fault::UNSPECIFIED);
        };
        hook.ask(handshake_of(ssl), presented_chain(context))
    })
}

/// What libssl finds wrong beside the hook weighs nothing: the judge finds it as well.
extern "C" fn pass_over(ok: c_int, context: *mut ffi::X509_STORE_CTX) -> c_int {
    if ok != 1 {
        // SAFETY: OpenSSL's context is valid during the callback; 0 is X509_V_OK.
        unsafe { ffi::X509_STORE_CTX_set_error(context, 0) };
    }
    1
}
