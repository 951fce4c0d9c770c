//! A place in memory that verdicts of several threads share, whose lock is never waited for.
//!
//! A child whose parent forked while another thread held the lock would wait for ever; it does without.
//! A child begins with nothing: what its parent kept is the parent's.

use std::sync::{Mutex, MutexGuard, TryLockError};

/// Something kept, and how it is when nothing is kept yet.
pub struct Place<T> {
    inside: Mutex<Inside<T>>,
    empty: fn() -> T,
}

/// What is found there.
pub struct Inside<T> {
    /// What is kept.
    pub kept: T,
    process: u32,
}

impl<T> Inside<T> {
    fn new(empty: fn() -> T) -> Inside<T> {
        Inside { kept: empty(), process: std::process::id() }
    }
}

impl<T> Place<T> {
    /// How often a lock that somebody else holds is tried again; they hold it for microseconds.
    const TRIES: usize = 100;

    /// One in which nothing is kept yet.
    pub fn new(empty: fn() -> T) -> Place<T> {
        Place { inside: Mutex::new(Inside::new(empty)), empty }
    }

    /// Goes in alone; `None` where that is not to be had.
    pub fn enter(&self) -> Option<MutexGuard<'_, Inside<T>>> {
        let mut inside = (0..Self::TRIES).find_map(|_| match self.inside.try_lock() {
            Ok(inside) => Some(inside),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => {
                std::thread::yield_now();
                None
            }
        })?;
        if inside.process != std::process::id() {
            *inside = Inside::new(self.empty);
        }
        Some(inside)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_was_held_at_a_fork_hangs_nobody() {
        let place = Place::new(Vec::<u8>::new);
        let held = place.inside.lock().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| assert!(place.enter().is_none())).join().unwrap();
        });
        drop(held);
        assert!(place.enter().is_some());
    }

    #[test]
    fn a_child_begins_with_nothing() {
        let place = Place::new(Vec::<u8>::new);
        place.enter().unwrap().kept.push(1);
        assert_eq!(place.enter().unwrap().kept, [1]);
        place.inside.lock().unwrap().process = 0;
        assert!(place.enter().unwrap().kept.is_empty());
        assert_eq!(place.inside.lock().unwrap().process, std::process::id());
    }
}
