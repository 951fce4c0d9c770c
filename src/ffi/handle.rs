//! Who owns a handle.
//!
//! A handle of *one thread* (config, peer, chain, session) is a box with the words of its last
//! failure; a panic poisons it. A *shared* handle (verifier, report) is counted and never changes,
//! so it has neither.

use std::ffi::{CString, c_char};
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::status::Status;

use super::args::Out;
use super::{stv_status, words};

/// A handle that one thread owns.
pub(super) trait Handle: Sized {
    /// What it stands for on the floor below.
    type Inner;

    /// Wraps it.
    fn new(core: Core<Self::Inner>) -> Self;

    /// What all these handles have.
    fn core(&self) -> &Core<Self::Inner>;

    /// What all these handles have.
    fn core_mut(&mut self) -> &mut Core<Self::Inner>;

    /// Whether the handle may be used here and now.
    fn admit(&self) -> Result<()> {
        Ok(())
    }

    /// What it stands for, to be read.
    fn admitted(&self) -> Result<&Self::Inner> {
        self.core().check()?;
        self.admit()?;
        Ok(&self.core().inner)
    }

    /// What it stands for, to be changed.
    fn admitted_mut(&mut self) -> Result<&mut Self::Inner> {
        self.core().check()?;
        self.admit()?;
        Ok(&mut self.core_mut().inner)
    }
}

/// What every handle of one thread has: its object, the words of the last failure, and whether a
/// panic left it in an unknown state.
pub(super) struct Core<T> {
    inner: T,
    words: CString,
    health: Health,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Health {
    Sound,
    Poisoned,
}

impl<T> Core<T> {
    /// Keeps the words and gives the number.
    pub(super) fn fail(&mut self, error: &Error) -> stv_status {
        // A poisoned handle goes on telling the panic's own words.
        if self.health == Health::Sound {
            self.words = words::c_string(&error.what);
        }
        error.status.number()
    }

    /// As `fail`, and nothing but freeing is possible any more.
    pub(super) fn poison(&mut self, panic: &Error) -> stv_status {
        let number = self.fail(panic);
        self.health = Health::Poisoned;
        number
    }

    /// The words of the last failure; they live until the next call that changes the handle.
    pub(super) fn words(&self) -> *const c_char {
        self.words.as_ptr()
    }

    fn check(&self) -> Result<()> {
        match self.health {
            Health::Sound => Ok(()),
            Health::Poisoned => Err(Error::new(Status::Panic, "an earlier call panicked")),
        }
    }
}

/// Hands a new handle of one thread to the caller.
pub(super) fn give<H: Handle>(out: Out<*mut H>, inner: H::Inner) {
    let core = Core { inner, words: CString::default(), health: Health::Sound };
    out.put(Box::into_raw(Box::new(H::new(core))));
}

/// The handle behind the pointer, for this call alone.
///
/// # Safety
/// NULL, or alive and used by no other thread for the length of the call.
pub(super) unsafe fn exclusive<'a, H: Handle>(handle: *mut H) -> Option<&'a mut H> {
    // SAFETY: the caller's promise.
    unsafe { handle.as_mut() }
}

/// Ends a handle of one thread.
///
/// # Safety
/// NULL, or made by [`give`] and not used again.
pub(super) unsafe fn free<H: Handle>(handle: *mut H) {
    if !handle.is_null() {
        // SAFETY: `give` made it from a box, and the caller gives it up.
        drop(unsafe { Box::from_raw(handle) });
    }
}

/// Hands a new shared handle to the caller, who owns one reference.
pub(super) fn share<S: Send + Sync>(out: Out<*mut S>, shared: S) {
    out.put(Arc::into_raw(Arc::new(shared)).cast_mut());
}

/// One more reference to the same handle.
///
/// # Safety
/// NULL, or made by [`share`] and alive.
pub(super) unsafe fn dup<S: Send + Sync>(handle: *const S) -> *mut S {
    if !handle.is_null() {
        // SAFETY: `share` made it from an Arc that is alive, as the caller owns a reference.
        unsafe { Arc::increment_strong_count(handle) };
    }
    handle.cast_mut()
}

/// Drops one reference.
///
/// # Safety
/// NULL, or made by [`share`] or [`dup`], and this reference is not used again.
pub(super) unsafe fn release<S: Send + Sync>(handle: *mut S) {
    if !handle.is_null() {
        // SAFETY: `share` made it from an Arc, and the caller gives up one reference.
        unsafe { Arc::decrement_strong_count(handle.cast_const()) };
    }
}
