//! What C hands in, read or refused. The only place that makes slices from pointers.
//!
//! | handed in              | answer |
//! |------------------------|--------|
//! | NULL, length 0         | empty |
//! | NULL, length > 0       | `STV_E_NULL` |
//! | length > `PTRDIFF_MAX` | `STV_E_ARGUMENT`, and the memory is not touched |
//! | text with a NUL in it  | `STV_E_ENCODING`: `"mail.bob.test\0.evil"` must not become `mail.bob.test` |
//! | text that is not UTF-8 | `STV_E_ENCODING` |
//! | NULL for a handle      | `STV_E_NULL` |

use std::ffi::{c_char, c_int, c_void};
use std::os::fd::BorrowedFd;
use std::ptr::{self, NonNull};
use std::slice;

use crate::error::{Error, Result};
use crate::ossl::Foreign;
use crate::proto::Protocol;
use crate::status::Status;
use crate::tlsa::State;
use crate::verify::Provenance;

use super::handle::Handle;

/// Text.
///
/// # Safety
/// NULL, or `len` octets that stay as they are for the length of the call.
pub(super) unsafe fn text<'a>(what: &str, start: *const c_char, len: usize) -> Result<&'a str> {
    // SAFETY: the caller's promise.
    let octets = unsafe { bytes(what, start.cast(), len) }?;
    if let Some(at) = memchr::memchr(0, octets) {
        return Err(Error::new(Status::Encoding, format!("{what} holds a NUL at octet {at}")));
    }
    str::from_utf8(octets).map_err(|error| {
        let at = error.valid_up_to();
        Error::new(Status::Encoding, format!("{what} is not UTF-8 from octet {at} on"))
    })
}

/// Bytes.
///
/// # Safety
/// NULL, or `len` octets that stay as they are for the length of the call.
pub(super) unsafe fn bytes<'a>(what: &str, start: *const c_void, len: usize) -> Result<&'a [u8]> {
    check_range(what, start, len)?;
    if len == 0 {
        return Ok(&[]);
    }
    // SAFETY: not NULL, not longer than an object can be, and the caller's promise.
    Ok(unsafe { slice::from_raw_parts(start.cast(), len) })
}

/// Room for bytes.
///
/// # Safety
/// NULL, or `cap` octets that nobody else uses for the length of the call.
pub(super) unsafe fn buffer<'a>(
    what: &str,
    start: *mut c_void,
    cap: usize,
) -> Result<&'a mut [u8]> {
    check_range(what, start, cap)?;
    if cap == 0 {
        return Ok(&mut []);
    }
    // SAFETY: not NULL, not longer than an object can be, and the caller's promise. The floor below
    // only writes to it.
    Ok(unsafe { slice::from_raw_parts_mut(start.cast(), cap) })
}

fn check_range(what: &str, start: *const c_void, len: usize) -> Result<()> {
    // No object is longer than PTRDIFF_MAX: this is a length that went below zero.
    if len > isize::MAX as usize {
        return Err(Error::new(Status::Argument, format!("{what}: {len} is no length")));
    }
    if start.is_null() && len > 0 {
        return Err(null(what));
    }
    Ok(())
}

/// A handle that is shared, or whose own state does not matter.
///
/// # Safety
/// NULL, or a handle that is alive.
pub(super) unsafe fn shared<'a, S>(what: &str, handle: *const S) -> Result<&'a S> {
    // SAFETY: the caller's promise.
    unsafe { handle.as_ref() }.ok_or_else(|| null(what))
}

/// A handle of one thread, to be read.
///
/// # Safety
/// NULL, or a handle that is alive and changed by nobody for the length of the call.
pub(super) unsafe fn owned<'a, H: Handle + 'a>(
    what: &str,
    handle: *const H,
) -> Result<&'a H::Inner> {
    // SAFETY: the caller's promise.
    unsafe { shared(what, handle) }?.admitted()
}

/// A file descriptor.
///
/// # Safety
/// It stays open for the length of the call.
pub(super) unsafe fn descriptor<'a>(what: &str, fd: c_int) -> Result<BorrowedFd<'a>> {
    if fd < 0 {
        return Err(Error::new(Status::Argument, format!("{what}: {fd} is no descriptor")));
    }
    // SAFETY: not negative, and the caller's promise.
    Ok(unsafe { BorrowedFd::borrow_raw(fd) })
}

/// A caller's `SSL *`.
///
/// # Safety
/// NULL, or an `SSL *` that is alive and used by nobody else for the length of the call.
pub(super) unsafe fn foreign<'a>(what: &str, ssl: *mut c_void) -> Result<Foreign<'a>> {
    if ssl.is_null() {
        return Err(null(what));
    }
    // SAFETY: not NULL, and the caller's promise.
    unsafe { Foreign::borrow(ssl) }
}

/// A switch. Anything but 0 and 1 is more likely a mistake than a truth.
pub(super) fn switch(what: &str, value: c_int) -> Result<bool> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Error::new(Status::Argument, format!("{what}: {value} is neither 0 nor 1"))),
    }
}

/// A port; 0 is the protocol's own.
pub(super) fn port(what: &str, value: c_int) -> Result<u16> {
    u16::try_from(value).map_err(|_| {
        Error::new(Status::Argument, format!("{what}: {value} is not between 0 and 65535"))
    })
}

/// A number of `stv_protocol`.
pub(super) fn protocol(what: &str, value: c_int) -> Result<Protocol> {
    Protocol::from_number(value).ok_or_else(|| {
        Error::new(Status::Argument, format!("{what}: {value} is the number of no protocol"))
    })
}

/// A number of `stv_tlsa_state`.
pub(super) fn tlsa_state(what: &str, value: c_int) -> Result<State> {
    State::from_number(value).ok_or_else(|| {
        Error::new(Status::Argument, format!("{what}: {value} is the number of no TLSA state"))
    })
}

/// A number of `stv_provenance`.
pub(super) fn provenance(what: &str, value: c_int) -> Result<Provenance> {
    Provenance::from_number(value).ok_or_else(|| {
        Error::new(Status::Argument, format!("{what}: {value} is the number of no provenance"))
    })
}

fn null(what: &str) -> Error {
    Error::new(Status::Null, format!("{what} is NULL"))
}

/// Where a result goes. It is cleared before anything else happens.
pub(super) struct Out<T> {
    place: NonNull<T>,
}

impl<T: Blank> Out<T> {
    /// The cleared place.
    ///
    /// # Safety
    /// NULL, or a variable that nobody else uses for the length of the call.
    pub(super) unsafe fn cleared(what: &str, place: *mut T) -> Result<Out<T>> {
        let place = NonNull::new(place).ok_or_else(|| null(what))?;
        // SAFETY: not NULL, and the caller's promise.
        unsafe { place.write(T::BLANK) };
        Ok(Out { place })
    }

    /// Stores the result.
    pub(super) fn put(self, value: T) {
        // SAFETY: `cleared` demanded a variable for the length of the call.
        unsafe { self.place.write(value) };
    }
}

/// What stands in an out-parameter of a call that failed.
pub(super) trait Blank {
    /// It.
    const BLANK: Self;
}

impl<H> Blank for *mut H {
    const BLANK: Self = ptr::null_mut();
}

impl Blank for usize {
    const BLANK: Self = 0;
}

impl Blank for c_int {
    const BLANK: Self = 0;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal<T>(result: Result<T>) -> Status {
        result.err().map_or(Status::Ok, |error| error.status)
    }

    #[test]
    fn lengths_are_checked_before_memory_is_touched() {
        let dangling = ptr::without_provenance::<c_void>(1);
        for len in [usize::MAX, isize::MAX as usize + 1] {
            assert_eq!(refusal(unsafe { bytes("x", dangling, len) }), Status::Argument);
            assert_eq!(refusal(unsafe { bytes("x", ptr::null(), len) }), Status::Argument);
            assert_eq!(refusal(unsafe { buffer("x", dangling.cast_mut(), len) }), Status::Argument);
            assert_eq!(refusal(unsafe { text("x", dangling.cast(), len) }), Status::Argument);
        }
        assert_eq!(unsafe { bytes("x", ptr::null(), 0) }, Ok(&[][..]));
        assert_eq!(unsafe { bytes("x", dangling, 0) }, Ok(&[][..]));
        assert_eq!(refusal(unsafe { bytes("x", ptr::null(), 1) }), Status::Null);
    }

    #[test]
    fn a_nul_in_a_name_arrives_and_is_refused() {
        for (octets, status, words) in [
            (&b"mail.bob.test"[..], Status::Ok, ""),
            (b"", Status::Ok, ""),
            ("m\u{fc}nchen.test".as_bytes(), Status::Ok, ""),
            (b"mail.bob.test\0.evil", Status::Encoding, "host holds a NUL at octet 13"),
            (b"mail.bob.test\0", Status::Encoding, "host holds a NUL at octet 13"),
            (b"m\xfcnchen.test", Status::Encoding, "host is not UTF-8 from octet 1 on"),
        ] {
            let result = unsafe { text("host", octets.as_ptr().cast(), octets.len()) };
            let (got, what) = match result {
                Ok(_) => (Status::Ok, String::new()),
                Err(error) => (error.status, error.what),
            };
            assert_eq!((got, what.as_str()), (status, words));
        }
    }

    #[test]
    fn an_out_parameter_is_cleared_first() {
        let mut number = 7usize;
        assert!(unsafe { Out::cleared("out", &mut number) }.is_ok());
        assert_eq!(number, 0);
        assert_eq!(refusal(unsafe { Out::<usize>::cleared("out", ptr::null_mut()) }), Status::Null);
    }
}
