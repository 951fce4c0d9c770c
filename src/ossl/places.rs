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

/// Whether the system's directory is no directory but a URI, such as `pkcs11:token=ca`: OpenSSL takes both
/// (X509_LOOKUP_store(3)).
pub(super) fn default_place_is_uri() -> bool {
    // SAFETY: no preconditions; the text is static.
    let name = unsafe { ffi::X509_get_default_cert_dir_env() };
    text(name).and_then(variable).is_some_and(|place| is_uri(place.as_bytes()))
}

/// RFC 3986 §3.1: a scheme comes first. A list of directories has a slash before its first colon.
fn is_uri(place: &[u8]) -> bool {
    let Some((scheme, _)) =
        place.iter().position(|octet| *octet == b':').map(|at| place.split_at(at))
    else {
        return false;
    };
    let inside = |octet: &u8| octet.is_ascii_alphanumeric() || b"+-.".contains(octet);
    scheme.first().is_some_and(u8::is_ascii_alphabetic) && scheme.iter().all(inside)
}

/// A variable of the environment, unless the program has more rights than its user: then the user must
/// not choose what it reads.
pub fn variable(name: &CStr) -> Option<OsString> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_no_uris() {
        for uri in ["file:/etc/ssl/certs", "pkcs11:token=ca", "a:b"] {
            assert!(is_uri(uri.as_bytes()), "{uri}");
        }
        for directory in ["", "/etc/ssl/certs", "/a:/b", "certs", "./a:b", ":a", "1:2"] {
            assert!(!is_uri(directory.as_bytes()), "{directory}");
        }
    }
}
