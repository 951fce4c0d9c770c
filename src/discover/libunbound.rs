//! libunbound, loaded at run time and safely wrapped.
//!
//! The library is not linked: whoever needs no validation of his own needs no libunbound. Its
//! functions and its result are declared here again and checked by `tests/c/declarations.c`.
//!
//! A context belongs to one thread of ours; the resolving is done by a thread of libunbound (it would
//! fork a process otherwise), which ends with the context. What it finds is handed over in
//! `ub_process`, which we call: the callback runs in our own thread.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::os::fd::{BorrowedFd, RawFd};
use std::ptr;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// The library's name since 2015; another one would have another interface.
const SONAME: &CStr = c"libunbound.so.8";
const CLASS_IN: c_int = 1;

#[allow(non_camel_case_types)]
enum ub_ctx {}

/// `struct ub_result` of `<unbound.h>`.
#[repr(C)]
#[allow(non_camel_case_types)]
struct ub_result {
    qname: *mut c_char,
    qtype: c_int,
    qclass: c_int,
    data: *mut *mut c_char,
    len: *mut c_int,
    canonname: *mut c_char,
    rcode: c_int,
    answer_packet: *mut c_void,
    answer_len: c_int,
    havedata: c_int,
    nxdomain: c_int,
    secure: c_int,
    bogus: c_int,
    why_bogus: *mut c_char,
    was_ratelimited: c_int,
    ttl: c_int,
}

type Callback = extern "C" fn(data: *mut c_void, error: c_int, result: *mut ub_result);

macro_rules! functions {
    ($($field:ident: $type:ty = $name:literal;)*) => {
        /// The functions that are used.
        #[derive(Clone, Copy)]
        struct Functions { $( $field: $type, )* }

        impl Functions {
            /// The functions of the loaded library.
            fn of(library: *mut c_void) -> Result<Functions, String> {
                Ok(Functions { $( $field: {
                    let found = symbol(library, $name)?;
                    // SAFETY: it is libunbound.so.8, whose function of this name has this type.
                    unsafe { std::mem::transmute::<*mut c_void, $type>(found) }
                }, )* })
            }
        }
    };
}

functions! {
    ctx_create: unsafe extern "C" fn() -> *mut ub_ctx = c"ub_ctx_create";
    ctx_delete: unsafe extern "C" fn(*mut ub_ctx) = c"ub_ctx_delete";
    ctx_debugout: unsafe extern "C" fn(*mut ub_ctx, *mut c_void) -> c_int = c"ub_ctx_debugout";
    ctx_async: unsafe extern "C" fn(*mut ub_ctx, c_int) -> c_int = c"ub_ctx_async";
    ctx_set_option: unsafe extern "C" fn(*mut ub_ctx, *const c_char, *const c_char) -> c_int =
        c"ub_ctx_set_option";
    ctx_set_fwd: unsafe extern "C" fn(*mut ub_ctx, *const c_char) -> c_int = c"ub_ctx_set_fwd";
    ctx_resolvconf: unsafe extern "C" fn(*mut ub_ctx, *const c_char) -> c_int =
        c"ub_ctx_resolvconf";
    ctx_add_ta_file: unsafe extern "C" fn(*mut ub_ctx, *const c_char) -> c_int =
        c"ub_ctx_add_ta_file";
    ctx_zone_add: unsafe extern "C" fn(*mut ub_ctx, *const c_char, *const c_char) -> c_int =
        c"ub_ctx_zone_add";
    resolve_async: unsafe extern "C" fn(
        *mut ub_ctx,
        *const c_char,
        c_int,
        c_int,
        *mut c_void,
        Callback,
        *mut c_int,
    ) -> c_int = c"ub_resolve_async";
    cancel: unsafe extern "C" fn(*mut ub_ctx, c_int) -> c_int = c"ub_cancel";
    fd: unsafe extern "C" fn(*mut ub_ctx) -> c_int = c"ub_fd";
    process: unsafe extern "C" fn(*mut ub_ctx) -> c_int = c"ub_process";
    resolve_free: unsafe extern "C" fn(*mut ub_result) = c"ub_resolve_free";
    strerror: unsafe extern "C" fn(c_int) -> *const c_char = c"ub_strerror";
    version: unsafe extern "C" fn() -> *const c_char = c"ub_version";
}

/// One resolver. Its drop waits until libunbound's thread has ended.
pub(super) struct Context {
    functions: Functions,
    raw: *mut ub_ctx,
}

/// What libunbound found.
pub(super) struct Reply {
    /// The DNS message, if there was one.
    pub(super) message: Vec<u8>,
    /// The response code, which may say what no message does.
    pub(super) rcode: c_int,
    /// What validation said.
    pub(super) validation: Validation,
}

/// What validation said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Validation {
    /// Signed from the trust anchor down.
    Secure,
    /// No trust anchor covers it, or the zone is provably not signed.
    Insecure,
    /// It should be signed and is not, or not rightly; why.
    Bogus(String),
}

/// What the callback fills.
struct Slot {
    functions: Functions,
    found: Option<Result<Reply, String>>,
}

impl Functions {
    /// Loads the library. It is not unloaded again: it has threads and exit handlers of its own.
    fn load() -> Result<Functions, String> {
        // SAFETY: the name ends with a NUL.
        let library = unsafe { libc::dlopen(SONAME.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        if library.is_null() {
            return Err(format!("{} cannot be loaded", SONAME.to_string_lossy()));
        }
        Functions::of(library)
    }

    fn words(&self, error: c_int) -> String {
        // SAFETY: it takes any number and gives a text that lives for ever.
        let words = unsafe { (self.strerror)(error) };
        // SAFETY: the text ends with a NUL.
        unsafe { CStr::from_ptr(words) }.to_string_lossy().into_owned()
    }

    fn check(&self, answer: c_int) -> Result<(), String> {
        if answer == 0 { Ok(()) } else { Err(self.words(answer)) }
    }
}

/// The version of the library that is loaded; why none can be.
pub(super) fn version() -> Result<String, String> {
    let functions = Functions::load()?;
    // SAFETY: it takes nothing and gives a text that lives for ever.
    let words = unsafe { (functions.version)() };
    // SAFETY: the text ends with a NUL.
    Ok(unsafe { CStr::from_ptr(words) }.to_string_lossy().into_owned())
}

fn symbol(library: *mut c_void, name: &CStr) -> Result<*mut c_void, String> {
    // SAFETY: the library is loaded and the name ends with a NUL.
    let found = unsafe { libc::dlsym(library, name.as_ptr()) };
    if found.is_null() {
        return Err(format!("{} has no {}", SONAME.to_string_lossy(), name.to_string_lossy()));
    }
    Ok(found)
}

impl Context {
    /// A context that prints nothing and works in a thread.
    pub(super) fn open() -> Result<Context, String> {
        let functions = Functions::load()?;
        // SAFETY: it takes nothing.
        let raw = unsafe { (functions.ctx_create)() };
        if raw.is_null() {
            return Err("libunbound cannot be set up".to_owned());
        }
        let context = Context { functions, raw };
        // SAFETY: the context is alive; NULL switches messages off.
        functions.check(unsafe { (functions.ctx_debugout)(raw, ptr::null_mut()) })?;
        // SAFETY: the context is alive.
        functions.check(unsafe { (functions.ctx_async)(raw, 1) })?;
        Ok(context)
    }

    /// Sets an option of unbound.conf; the name ends with a colon.
    pub(super) fn set(&self, name: &CStr, value: &CStr) -> Result<(), String> {
        // SAFETY: the context is alive and both texts end with a NUL.
        let answer =
            unsafe { (self.functions.ctx_set_option)(self.raw, name.as_ptr(), value.as_ptr()) };
        self.functions.check(answer)
    }

    /// Asks this server, `ADDRESS@PORT`, in place of walking down from the root.
    pub(super) fn forward(&self, server: &CStr) -> Result<(), String> {
        // SAFETY: the context is alive and the text ends with a NUL.
        self.functions.check(unsafe { (self.functions.ctx_set_fwd)(self.raw, server.as_ptr()) })
    }

    /// Asks the servers of resolv.conf.
    pub(super) fn forward_as_system(&self) -> Result<(), String> {
        // SAFETY: the context is alive; NULL is the file of the system.
        self.functions.check(unsafe { (self.functions.ctx_resolvconf)(self.raw, ptr::null()) })
    }

    /// Adds the trust anchors of a file.
    pub(super) fn anchor(&self, file: &CStr) -> Result<(), String> {
        // SAFETY: the context is alive and the text ends with a NUL.
        self.functions.check(unsafe { (self.functions.ctx_add_ta_file)(self.raw, file.as_ptr()) })
    }

    /// Says how a zone is treated that libunbound would else answer for itself. It ends the setting
    /// up: nothing can be set after it.
    pub(super) fn zone(&self, name: &CStr, kind: &CStr) -> Result<(), String> {
        // SAFETY: the context is alive and both texts end with a NUL.
        let answer =
            unsafe { (self.functions.ctx_zone_add)(self.raw, name.as_ptr(), kind.as_ptr()) };
        self.functions.check(answer)
    }

    /// Looks up; `None` when the time is over.
    pub(super) fn resolve(
        &self,
        name: &CStr,
        kind: u16,
        end: Instant,
    ) -> Result<Option<Reply>, String> {
        let slot = Box::into_raw(Box::new(Slot { functions: self.functions, found: None }));
        let mut id = 0;
        // SAFETY: the context is alive, the name ends with a NUL; the slot lives until it has been
        // filled, or for ever.
        let started = unsafe {
            (self.functions.resolve_async)(
                self.raw,
                name.as_ptr(),
                c_int::from(kind),
                CLASS_IN,
                slot.cast(),
                on_result,
                &raw mut id,
            )
        };
        if started != 0 {
            // SAFETY: it was made by Box::into_raw, and no callback will come.
            drop(unsafe { Box::from_raw(slot) });
            return Err(self.functions.words(started));
        }
        self.wait(slot, end)?;
        // SAFETY: the slot is alive; the callback runs in ub_process only, which is not running.
        if unsafe { (*slot).found.is_some() } {
            // SAFETY: it was made by Box::into_raw, and its one callback has come.
            return unsafe { Box::from_raw(slot) }.found.transpose();
        }
        // The slot is left to the thread that may still know of it: it is small, and time was over.
        // SAFETY: the context is alive.
        unsafe { (self.functions.cancel)(self.raw, id) };
        Ok(None)
    }

    /// Until the slot is filled or the time is over.
    fn wait(&self, slot: *const Slot, end: Instant) -> Result<(), String> {
        loop {
            // SAFETY: the slot is alive; the callback runs in ub_process only, which is not running.
            if unsafe { (*slot).found.is_some() } {
                return Ok(());
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.sleep(left)?;
            // SAFETY: the context is alive.
            self.functions.check(unsafe { (self.functions.process)(self.raw) })?;
        }
    }

    fn sleep(&self, longest: Duration) -> Result<(), String> {
        // SAFETY: the context is alive.
        let fd: RawFd = unsafe { (self.functions.fd)(self.raw) };
        if fd < 0 {
            return Err("libunbound has no descriptor".to_owned());
        }
        // SAFETY: the descriptor belongs to the context, which is alive.
        let fd = unsafe { BorrowedFd::borrow_raw(fd) };
        let timeout = Timespec::try_from(longest).map_err(|error| error.to_string())?;
        match poll(&mut [PollFd::new(&fd, PollFlags::IN)], Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the context was made by ub_ctx_create and is not used after this.
        unsafe { (self.functions.ctx_delete)(self.raw) };
    }
}

/// Called by `ub_process`, once for each look-up.
extern "C" fn on_result(data: *mut c_void, error: c_int, result: *mut ub_result) {
    // SAFETY: it is the slot that `resolve` gave, which lives until it is filled.
    let slot = unsafe { &mut *data.cast::<Slot>() };
    // SAFETY: libunbound gives a result or NULL, and it is ours to free.
    let found = match unsafe { result.as_ref() } {
        Some(result) if error == 0 => Ok(result.read()),
        Some(_) | None => Err(slot.functions.words(error)),
    };
    if !result.is_null() {
        // SAFETY: it is not NULL and is not used after this.
        unsafe { (slot.functions.resolve_free)(result) };
    }
    slot.found = Some(found);
}

impl ub_result {
    fn read(&self) -> Reply {
        let validation = match (self.bogus != 0, self.secure != 0) {
            // Both at once is a contradiction, and no proof.
            (true, _) => Validation::Bogus(self.why()),
            (false, true) => Validation::Secure,
            (false, false) => Validation::Insecure,
        };
        Reply { message: self.message(), rcode: self.rcode, validation }
    }

    fn message(&self) -> Vec<u8> {
        match usize::try_from(self.answer_len) {
            Ok(octets) if !self.answer_packet.is_null() => {
                // SAFETY: the packet has that many octets and lives as long as the result.
                unsafe { std::slice::from_raw_parts(self.answer_packet.cast::<u8>(), octets) }
                    .to_vec()
            }
            _ => Vec::new(),
        }
    }

    fn why(&self) -> String {
        if self.why_bogus.is_null() {
            return "validation failed".to_owned();
        }
        // SAFETY: where it is not NULL it ends with a NUL and lives as long as the result.
        let why = unsafe { CStr::from_ptr(self.why_bogus) };
        crate::report::quote(why.to_bytes())
    }
}

/// A text for libunbound; none of ours has a NUL.
pub(super) fn text(words: &str) -> Result<CString, String> {
    CString::new(words).map_err(|_| "a text for libunbound holds a NUL".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::offset_of;

    /// What `tests/c/declarations.c` says of the header, for 64-bit Linux.
    #[test]
    #[cfg(target_pointer_width = "64")]
    fn the_result_is_that_of_the_header() {
        assert_eq!(offset_of!(ub_result, rcode), 40);
        assert_eq!(offset_of!(ub_result, answer_packet), 48);
        assert_eq!(offset_of!(ub_result, answer_len), 56);
        assert_eq!(offset_of!(ub_result, secure), 68);
        assert_eq!(offset_of!(ub_result, bogus), 72);
        assert_eq!(offset_of!(ub_result, why_bogus), 80);
        assert_eq!(size_of::<ub_result>(), 96);
    }
}
