//! The boundary that every export stands behind.
//!
//! A panic that leaves an `extern "C"` function aborts the process: a PHP worker, an interpreter
//! with all its threads. So it is caught here and becomes `STV_E_PANIC`.
//!
//! Q: Why is the handle that was being changed unusable afterwards?
//! A: Nobody knows in which state the panic left it. Later calls answer `STV_E_PANIC`; freeing works.
//!
//! Q: Why only that one?
//! A: What a call takes as `const` it has not changed. Above all a verifier, which many threads
//! share: one crafted certificate must not switch it off for everybody.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{Error, Result};
use crate::ossl::ErrorQueueGuard;
use crate::status::Status;

use super::handle::Handle;
use super::stv_status;

/// Body of an export. The forms, by what the call does:
///
/// - `change h, out o; ARGS => BODY` changes a handle of one thread; gives a status.
/// - `call out o; ARGS => BODY` changes no handle; gives a status.
/// - `ask out o; ARGS => BODY` is the same for questions that never reach OpenSSL.
/// - `value FALLBACK; ARGS => BODY` gives a plain value, and the fallback where it cannot.
/// - `table FALLBACK; ARGS => BODY` is the same for calls that never reach OpenSSL.
/// - `free h`, `release h`, `dup h` end or add ownership.
///
/// `ARGS` are `name = kind(pointer, length);` with a `kind` of `args`. Out-parameters are cleared
/// before anything else. `BODY` is a `Result`.
macro_rules! export {
    (change $handle:ident $(, out $out:ident)*;
     $($arg:ident = $kind:ident($($raw:expr),*);)* => $body:expr) => {{
        $(
            // SAFETY: docs/abi.md demands that an out-pointer is NULL or points to a variable.
            let $out = unsafe { $crate::ffi::args::Out::cleared(stringify!($out), $out) };
        )*
        // SAFETY: docs/abi.md demands that a handle is NULL or alive, and used by one thread.
        let handle = unsafe { $crate::ffi::handle::exclusive($handle) };
        $crate::ffi::guard::change(handle, |$handle| {
            $( let $out = $out?; )*
            $(
                // SAFETY: docs/abi.md demands that pointer and length describe one live object.
                let $arg = unsafe { $crate::ffi::args::$kind(stringify!($arg), $($raw),*) }?;
            )*
            $body
        })
    }};
    (call $($rest:tt)*) => {
        export! { @status call $($rest)* }
    };
    (ask $($rest:tt)*) => {
        export! { @status ask $($rest)* }
    };
    (@status $run:ident $(out $out:ident)*;
     $($arg:ident = $kind:ident($($raw:expr),*);)* => $body:expr) => {{
        $(
            // SAFETY: docs/abi.md demands that an out-pointer is NULL or points to a variable.
            let $out = unsafe { $crate::ffi::args::Out::cleared(stringify!($out), $out) };
        )*
        $crate::ffi::guard::$run(|| {
            $( let $out = $out?; )*
            $(
                // SAFETY: docs/abi.md demands that pointer and length describe one live object.
                let $arg = unsafe { $crate::ffi::args::$kind(stringify!($arg), $($raw),*) }?;
            )*
            $body
        })
    }};
    (value $fallback:expr; $($arg:ident = $kind:ident($($raw:expr),*);)* => $body:expr) => {
        $crate::ffi::guard::value($fallback, || {
            $(
                // SAFETY: docs/abi.md demands that pointer and length describe one live object.
                let $arg = unsafe { $crate::ffi::args::$kind(stringify!($arg), $($raw),*) }?;
            )*
            $body
        })
    };
    (table $fallback:expr; => $body:expr) => {
        $crate::ffi::guard::table($fallback, || $body)
    };
    (free $handle:ident) => {
        $crate::ffi::guard::value((), || {
            // SAFETY: docs/abi.md demands that a handle is NULL or alive; it is not used after this.
            unsafe { $crate::ffi::handle::free($handle) };
            Ok(())
        })
    };
    (release $handle:ident) => {
        $crate::ffi::guard::value((), || {
            // SAFETY: docs/abi.md demands that a handle is NULL or alive and owned by the caller.
            unsafe { $crate::ffi::handle::release($handle) };
            Ok(())
        })
    };
    (dup $handle:ident) => {
        $crate::ffi::guard::value(std::ptr::null_mut(), || {
            // SAFETY: docs/abi.md demands that a handle is NULL or alive.
            Ok(unsafe { $crate::ffi::handle::dup($handle) })
        })
    };
}

/// What the body of an export may answer.
pub(super) trait Answer {
    /// The status that crosses the ABI.
    fn status(self) -> Status;
}

impl Answer for () {
    fn status(self) -> Status {
        Status::Ok
    }
}

impl Answer for Status {
    fn status(self) -> Status {
        self
    }
}

/// Runs a call that changes a handle of one thread.
pub(super) fn change<H: Handle, A: Answer>(
    handle: Option<&mut H>,
    body: impl FnOnce(&mut H::Inner) -> Result<A>,
) -> stv_status {
    let Some(handle) = handle else {
        return Status::Null.number();
    };
    match contained(|| handle.admitted_mut().and_then(body)) {
        Ok(Ok(answer)) => answer.status().number(),
        Ok(Err(error)) => handle.core_mut().fail(&error),
        Err(panic) => handle.core_mut().poison(&panic),
    }
}

/// Runs a call that changes no handle.
pub(super) fn call<A: Answer>(body: impl FnOnce() -> Result<A>) -> stv_status {
    status_of(contained(body))
}

/// Runs a call that changes no handle and never reaches OpenSSL: there is no error queue to put aside.
pub(super) fn ask<A: Answer>(body: impl FnOnce() -> Result<A>) -> stv_status {
    status_of(catch_unwind(AssertUnwindSafe(body)).map_err(error_of))
}

fn status_of<A: Answer>(outcome: Result<Result<A>>) -> stv_status {
    match outcome {
        Ok(Ok(answer)) => answer.status().number(),
        Ok(Err(error)) => error.status.number(),
        Err(panic) => panic.status.number(),
    }
}

/// Runs a call whose result is a plain value.
pub(super) fn value<T>(fallback: T, body: impl FnOnce() -> Result<T>) -> T {
    contained(body).ok().and_then(Result::ok).unwrap_or(fallback)
}

/// Runs a call that reads a table of constants: OpenSSL is far away.
pub(super) fn table<T>(fallback: T, body: impl FnOnce() -> Option<T>) -> T {
    catch_unwind(AssertUnwindSafe(body)).ok().flatten().unwrap_or(fallback)
}

/// The body's result, or the panic as an error. What the body could have left half done is not
/// looked at again: `change` poisons it, and all else was borrowed as `const`.
fn contained<T>(body: impl FnOnce() -> T) -> Result<T> {
    let with_queue = || {
        let _queue = ErrorQueueGuard::hold();
        body()
    };
    catch_unwind(AssertUnwindSafe(with_queue)).map_err(error_of)
}

fn error_of(payload: Box<dyn Any + Send>) -> Error {
    let words = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(words), _) => (*words).to_owned(),
        (None, Some(words)) => words.clone(),
        (None, None) => "no words".to_owned(),
    };
    // Dropping a payload of an unknown type could panic again, outside of any boundary.
    std::mem::forget(payload);
    Error::new(Status::Panic, format!("an internal fault was caught ({words}); please report it"))
}

#[cfg(test)]
mod tests {
    use std::ffi::{CStr, c_int};
    use std::ptr;

    use crate::ffi::chain::{self, stv_chain};
    use crate::ffi::{config, report, verifier};

    use super::*;

    unsafe extern "C" fn panicking_change(chain: *mut stv_chain) -> stv_status {
        export! { change chain; => { let _ = chain; panicking() } }
    }

    unsafe extern "C" fn panicking_call(out: *mut c_int) -> stv_status {
        export! { call out out; => { let _ = out; panicking() } }
    }

    unsafe extern "C" fn panicking_question(out: *mut c_int) -> stv_status {
        export! { ask out out; => { let _ = out; panicking() } }
    }

    unsafe extern "C" fn panicking_value() -> c_int {
        export! { value 7; => { panicking()?; Ok(1) } }
    }

    unsafe extern "C" fn panicking_table() -> c_int {
        export! { table 7; => { panicking().ok()?; Some(1) } }
    }

    unsafe extern "C" fn panicking_read(verifier: *const verifier::stv_verifier) -> stv_status {
        export! { call; verifier = shared(verifier); => { let _ = verifier; panicking() } }
    }

    fn panicking() -> Result<()> {
        std::panic::panic_any(format!("on {}", "purpose"));
    }

    #[test]
    fn a_panic_becomes_a_status_and_poisons_the_handle_that_was_changed() {
        let mut handle: *mut stv_chain = ptr::null_mut();
        unsafe {
            assert_eq!(chain::stv_chain_new(&mut handle), 0);
            assert_eq!(panicking_change(handle), Status::Panic.number());
            let words = CStr::from_ptr(chain::stv_chain_error(handle)).to_str().unwrap();
            assert!(words.contains("on purpose"), "{words}");
            assert_eq!(chain::stv_chain_add_der(handle, ptr::null(), 0), Status::Panic.number());
            assert_eq!(chain::stv_chain_count(handle), 0);
            chain::stv_chain_free(handle);
        }
    }

    #[test]
    fn a_panic_without_a_handle_becomes_a_status_or_the_fallback() {
        let mut out = 5;
        unsafe {
            assert_eq!(panicking_call(&mut out), Status::Panic.number());
            assert_eq!(out, 0);
            out = 5;
            assert_eq!(panicking_question(&mut out), Status::Panic.number());
            assert_eq!(out, 0);
            assert_eq!(panicking_value(), 7);
            assert_eq!(panicking_table(), 7);
        }
    }

    #[test]
    fn a_panic_does_not_switch_a_shared_handle_off() {
        let (mut settings, mut frozen) = (ptr::null_mut(), ptr::null_mut());
        unsafe {
            assert_eq!(config::stv_config_new(&mut settings), 0);
            assert_eq!(verifier::stv_verifier_new(settings, &mut frozen), 0);
            assert_eq!(panicking_read(frozen), Status::Panic.number());
            let more = verifier::stv_verifier_dup(frozen);
            assert_eq!(more, frozen);
            assert_eq!(panicking_read(ptr::null()), Status::Null.number());
            verifier::stv_verifier_free(more);
            verifier::stv_verifier_free(frozen);
            config::stv_config_free(settings);
            assert!(report::stv_report_dup(ptr::null()).is_null());
        }
    }

    #[test]
    fn a_payload_of_any_type_is_contained() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("while dropping");
            }
        }
        let error = contained(|| std::panic::panic_any(Bomb)).unwrap_err();
        assert_eq!(error.status, Status::Panic);
    }
}
