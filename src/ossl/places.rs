//! Where OpenSSL looks for the system's anchors, and the environment as it reads it.

use std::ffi::{CStr, OsStr, OsString, c_char};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use openssl_sys as ffi;

use super::sys;

/// The file with the system's anchors: SSL_CERT_FILE, or what OpenSSL was built with.
pub fn default_file() -> Option<PathBuf> {
    // SAFETY: no preconditions; the text is static.
    let name = unsafe { ffi::X509_get_default_cert_file_env() };
    if let Some(path) = text(name).and_then(variable) {
        return Some(path.into());
    }
    // SAFETY: as above.
    let built_in = unsafe { ffi::X509_get_default_cert_file() };
    text(built_in).map(|path| OsStr::from_bytes(path.to_bytes()).into())
}

/// A variable of the environment, unless the program has more rights than its user: then the user must
/// not choose what it reads.
fn variable(name: &CStr) -> Option<OsString> {
    // SAFETY: the name ends with a NUL. As with every reading of the environment, the program must not
    // change it in another thread meanwhile.
    let value = unsafe { sys::secure_getenv(name.as_ptr()) };
    text(value).map(|value| OsStr::from_bytes(value.to_bytes()).to_owned())
}

fn text<'a>(pointer: *const c_char) -> Option<&'a CStr> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: not NULL, and ends with a NUL; it is copied before anybody could change it.
    Some(unsafe { CStr::from_ptr(pointer) })
}
