//! What openssl.cnf says, as far as it decides which algorithms OpenSSL uses (config(5)).
//!
//! OpenSSL applies the file to its own library context alone. Where it only loads providers, which are
//! looked at elsewhere, names OIDs, or sets what an SSL_CTX begins with, which libssl applies in every
//! library context, another one is as good. Anything else (engines, default properties, the random
//! generator, what nobody has thought of yet) is a policy that holds in OpenSSL's own only.

use std::ffi::{CStr, OsStr, c_char};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;

use openssl_sys as ffi;

use crate::ossl::error_queue::drain;
use crate::ossl::sys;

/// Modules that do not mind the library context. `provider=...` may follow a dot: "ssl_conf.x" is one.
const HARMLESS: &[&[u8]] = &[b"oid_section", b"stbl_section", b"providers", b"ssl_conf"];

/// Whether the file sets nothing that a library context of our own would not have. A file that is not
/// there sets nothing; what cannot be read may set anything.
pub(super) fn is_harmless() -> bool {
    let Some(path) = DefaultPath::new() else { return false };
    let harmless = !path.exists() || File::read(&path).is_some_and(|file| file.is_harmless());
    drain();
    harmless
}

/// Where OpenSSL finds its file: OPENSSL_CONF, or where it was built to look.
struct DefaultPath(*mut c_char);

impl DefaultPath {
    fn new() -> Option<DefaultPath> {
        // SAFETY: no preconditions.
        let path = unsafe { sys::CONF_get1_default_config_file() };
        (!path.is_null()).then_some(DefaultPath(path))
    }

    fn exists(&self) -> bool {
        // SAFETY: not NULL, and ends with a NUL.
        let path = unsafe { CStr::from_ptr(self.0) };
        // What is there and may not be looked at is there.
        Path::new(OsStr::from_bytes(path.to_bytes())).try_exists().unwrap_or(true)
    }
}

impl Drop for DefaultPath {
    fn drop(&mut self) {
        // SAFETY: the allocation is OpenSSL's and is not used again.
        unsafe { ffi::CRYPTO_free(self.0.cast(), c"openssl_cnf.rs".as_ptr(), 0) };
    }
}

struct File(*mut ffi::CONF);

impl File {
    fn read(path: &DefaultPath) -> Option<File> {
        // SAFETY: NULL is the default method.
        let settings = unsafe { ffi::NCONF_new(ptr::null_mut()) };
        if settings.is_null() {
            return None;
        }
        let file = File(settings);
        // SAFETY: both are valid; nobody asks for the line of an error.
        let read = unsafe { sys::NCONF_load(file.0, path.0, ptr::null_mut()) };
        (read > 0).then_some(file)
    }

    fn is_harmless(&self) -> bool {
        // SAFETY: the settings are valid; NULL is the section without a name.
        let section =
            unsafe { sys::NCONF_get_string(self.0, ptr::null(), c"openssl_conf".as_ptr()) };
        if section.is_null() {
            return true;
        }
        // SAFETY: both are valid; the stack belongs to the settings.
        let modules = unsafe { sys::NCONF_get_section(self.0, section) };
        // SAFETY: NULL is an empty stack, of -1 elements.
        let count = unsafe { ffi::OPENSSL_sk_num(modules) };
        (0..count).all(|position| {
            // SAFETY: the position is within the stack, of CONF_VALUE.
            let value = unsafe { ffi::OPENSSL_sk_value(modules, position) };
            is_harmless_module(value.cast())
        })
    }
}

fn is_harmless_module(value: *const sys::CONF_VALUE) -> bool {
    // SAFETY: NULL, or a setting that lives as long as the file.
    let Some(value) = (unsafe { value.as_ref() }) else { return false };
    // SAFETY: every setting has a name, which ends with a NUL.
    let name = unsafe { CStr::from_ptr(value.name) };
    let module = name.to_bytes().split(|octet| *octet == b'.').next().unwrap_or_default();
    HARMLESS.contains(&module)
}

impl Drop for File {
    fn drop(&mut self) {
        // SAFETY: the settings are ours and are not used again.
        unsafe { ffi::NCONF_free(self.0) };
    }
}
