//! OpenSSL's per-thread error queue.
//!
//! The queue belongs to the program that calls us. It is put aside on entry and put back on exit, so
//! that a caller who had an error pending still finds it, and none of ours.

use openssl::error::ErrorStack;

use super::sys;

/// Holds the caller's errors and puts them back when dropped.
#[must_use = "the caller's errors are put back when the guard is dropped"]
pub struct ErrorQueueGuard {
    held: Option<ErrorStack>,
}

impl ErrorQueueGuard {
    /// Puts the caller's errors aside. Costs one call when there are none.
    pub fn hold() -> ErrorQueueGuard {
        ErrorQueueGuard { held: has_errors().then(ErrorStack::get) }
    }
}

impl Drop for ErrorQueueGuard {
    fn drop(&mut self) {
        drain();
        if let Some(errors) = &self.held {
            errors.put();
        }
    }
}

/// Empties the queue.
pub fn drain() {
    if has_errors() {
        drop(ErrorStack::get());
    }
}

fn has_errors() -> bool {
    // SAFETY: reads the calling thread's queue and has no preconditions.
    let first = unsafe { sys::ERR_peek_error() };
    first != 0
}

/// The first reason in words, without OpenSSL's numbers.
pub fn words(errors: &ErrorStack) -> String {
    let reason = errors.errors().iter().find_map(|error| error.reason());
    reason.unwrap_or("no reason given").to_owned()
}
