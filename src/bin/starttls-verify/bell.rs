//! What wakes the one thread that drives the sessions, when another thread has news for it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use rustix::event::{EventfdFlags, eventfd};

/// Rung by any thread; heard by polling.
#[derive(Clone, Debug)]
pub struct Bell(Arc<OwnedFd>);

impl Bell {
    pub fn new() -> io::Result<Bell> {
        Ok(Bell(Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?)))
    }

    pub fn ring(&self) {
        // It fails only when it rings already, 2^64 times.
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }

    /// Stops it, before the news are looked at.
    pub fn silence(&self) {
        // It fails only when it does not ring.
        let _ = rustix::io::read(&self.0, &mut [0_u8; 8]);
    }

    pub fn socket(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
