//! Checks the system's OpenSSL, and names the shared library as it will be installed.
//!
//! The library that `cargo build` makes has no symbol versions: rustc passes a version script of its
//! own. The one that is installed is linked again from the static library (`make lib`).

use std::env;

/// OpenSSL's version number as its headers write it: 3.0.0.
const OPENSSL_3_0: u64 = 0x3000_0000;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=DEP_OPENSSL_VERSION_NUMBER");
    if let Err(what) = check_openssl() {
        eprintln!("libstarttls_verify: {what}");
        std::process::exit(1);
    }
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libstarttls_verify.so.0");
        // PHP unloads the library when its FFI object dies; OpenSSL still knows callbacks in it.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}

/// openssl-sys passes on the version that it found, in hexadecimal.
fn check_openssl() -> Result<(), String> {
    let found = env::var("DEP_OPENSSL_VERSION_NUMBER").map_err(
        |_| "openssl-sys did not say which OpenSSL it found (LibreSSL and BoringSSL will not do)",
    )?;
    let number = u64::from_str_radix(&found, 16)
        .map_err(|_| format!("openssl-sys says that OpenSSL's version is '{found}'"))?;
    if number < OPENSSL_3_0 {
        return Err(format!(
            "OpenSSL 3.0 or newer is needed, and version 0x{found} was found; on Debian 12: apt install libssl-dev"
        ));
    }
    Ok(())
}
