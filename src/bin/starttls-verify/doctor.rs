//! `doctor`: what works on this machine and what does not, and why.

use std::fs;
use std::net::{Ipv6Addr, UdpSocket};
use std::path::{Path, PathBuf};

use starttls_verify::clock::now;
use starttls_verify::discover::{libunbound_version, trust_anchor_file};
use starttls_verify::ossl;
use starttls_verify::report::iso8601;
use starttls_verify::verify::{Config, Verifier};

use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::print;

const RESOLVER: &str = "/etc/resolv.conf";
/// The start of 2025: this program was not built before it.
const LONG_AGO: i64 = 1_735_689_600;

/// One thing that was looked at.
struct Sign {
    word: &'static str,
    what: String,
}

/// Looks at everything; ends with 2 when something is missing that a check needs.
pub fn run() -> Result<Exit, Fault> {
    let mut signs = vec![
        good(format!("library: libstarttls_verify {}", env!("CARGO_PKG_VERSION"))),
        good(format!("OpenSSL: {}", ossl::version())),
        shortcut("reading of certificates", ossl::reading_shortcut()),
        shortcut("sessions of a long process", ossl::connection_shortcut()),
    ];
    signs.extend(anchors());
    signs.extend([frozen(), resolver(), libunbound(), trust_anchor(), ipv6(), clock()]);
    let text: String =
        signs.iter().map(|sign| format!("{:4} {}\n", sign.word, sign.what)).collect();
    print(&text)?;
    let ill = signs.iter().any(|sign| sign.word == "fail");
    Ok(if ill { Exit::Usage } else { Exit::Trusted })
}

fn good(what: impl Into<String>) -> Sign {
    Sign { word: "ok", what: what.into() }
}

fn note(what: impl Into<String>) -> Sign {
    Sign { word: "note", what: what.into() }
}

fn bad(what: impl Into<String>) -> Sign {
    Sign { word: "fail", what: what.into() }
}

/// Which way OpenSSL finds a key; both are right, and one is faster.
fn shortcut(what: &str, taken: Result<(), ossl::WayAround>) -> Sign {
    match taken {
        Ok(()) => good(format!("{what}: by the shortcut")),
        Err(why) => note(format!("{what}: by OpenSSL alone: {}", why.words())),
    }
}

/// File and directory of CA certificates; one of the two is enough.
fn anchors() -> Vec<Sign> {
    let file = place("SSL_CERT_FILE", "cert.pem");
    let directories = place("SSL_CERT_DIR", "certs");
    let (in_file, in_directory) = (anchors_in_file(&file), anchors_in_list(&directories));
    let mut signs = vec![
        place_sign("CA file", &file, &in_file),
        place_sign("CA directory", &directories, &in_directory),
    ];
    if in_file.unwrap_or(0) + in_directory.unwrap_or(0) == 0 {
        signs.push(bad(
            "CA certificates: none, so that no server is trusted without --cafile; install the \
             package ca-certificates (Debian: apt-get install ca-certificates)",
        ));
    }
    signs
}

/// Where OpenSSL looks: the variable, or below the directory it was built with.
fn place(variable: &str, name: &str) -> PathBuf {
    match std::env::var_os(variable) {
        Some(path) => PathBuf::from(path),
        None => Path::new(&built_in_directory()).join(name),
    }
}

/// `OPENSSLDIR: "/usr/lib/ssl"` without its decoration.
fn built_in_directory() -> String {
    openssl::version::dir().split('"').nth(1).unwrap_or_default().to_owned()
}

fn place_sign(what: &str, path: &Path, found: &Result<usize, String>) -> Sign {
    let shown = path.display();
    match found {
        Ok(0) => note(format!("{what}: {shown} holds no certificate")),
        Ok(count) => good(format!("{what}: {shown} holds {count} certificates")),
        Err(error) => note(format!("{what}: {shown}: {error}")),
    }
}

fn anchors_in_file(path: &Path) -> Result<usize, String> {
    let contents = fs::read(path).map_err(|error| error.to_string())?;
    let found = ossl::certificates_of_pem(&contents).map_err(|error| error.what)?;
    Ok(found.len())
}

/// Directories, separated by colons (SSL_CTX_set_default_verify_paths(3)).
fn anchors_in_list(list: &Path) -> Result<usize, String> {
    std::env::split_paths(list).map(|path| anchors_in_directory(&path)).sum()
}

/// Certificates count under their hash names only (openssl-rehash(1)).
fn anchors_in_directory(path: &Path) -> Result<usize, String> {
    let entries = fs::read_dir(path).map_err(|error| error.to_string())?;
    let hashed = entries.flatten().filter(|entry| {
        is_hash_name(&entry.file_name().to_string_lossy()) && entry.path().is_file()
    });
    Ok(hashed.count())
}

fn is_hash_name(name: &str) -> bool {
    name.split_once('.').is_some_and(|(hash, number)| {
        hash.len() == 8
            && hash.bytes().all(|octet| octet.is_ascii_hexdigit())
            && number.parse::<u32>().is_ok()
    })
}

/// The library itself, with nothing set.
fn frozen() -> Sign {
    match Verifier::new(&Config::new()) {
        Ok(_) => good("verifier: can be made with the system's CA certificates"),
        Err(error) => bad(format!("verifier: {}", error.what)),
    }
}

fn resolver() -> Sign {
    let Ok(text) = fs::read_to_string(RESOLVER) else {
        return note(format!(
            "resolver: {RESOLVER} cannot be read; names resolve only by other means"
        ));
    };
    let values = |word: &str| -> Vec<&str> {
        let lines = text.lines().filter_map(|line| line.trim().strip_prefix(word));
        lines.filter(|rest| rest.starts_with([' ', '\t'])).flat_map(str::split_whitespace).collect()
    };
    let servers = values("nameserver");
    if servers.is_empty() {
        return note(format!("resolver: {RESOLVER} names no server"));
    }
    let trusted = if values("options").contains(&"trust-ad") { "yes" } else { "no" };
    good(format!("resolver: {} ({RESOLVER}; trust-ad: {trusted})", servers.join(" ")))
}

/// Nothing but dns=unbound needs it.
fn libunbound() -> Sign {
    match libunbound_version() {
        Ok(version) => good(format!("libunbound: {version}")),
        Err(error) => note(format!("libunbound: {}", error.what)),
    }
}

fn trust_anchor() -> Sign {
    match trust_anchor_file() {
        Ok(file) => good(format!("DNSSEC trust anchor: {file}")),
        Err(error) => note(format!("DNSSEC trust anchor: {}", error.what)),
    }
}

/// Connecting a UDP socket asks for a route and sends nothing.
fn ipv6() -> Sign {
    const SOMEWHERE: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
    let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0));
    match socket.and_then(|socket| socket.connect((SOMEWHERE, 25))) {
        Ok(()) => good("IPv6: there is a route to the Internet"),
        Err(error) => note(format!("IPv6: no route to the Internet ({error}); IPv4 is used")),
    }
}

/// Certificates look expired or not yet valid to a machine whose clock is wrong.
fn clock() -> Sign {
    let now = now();
    match now < LONG_AGO {
        true => bad(format!("clock: {} is long ago; set it", iso8601(now))),
        false => good(format!("clock: {}", iso8601(now))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_directory_is_a_path() {
        assert!(Path::new(&built_in_directory()).is_absolute());
        assert!(is_hash_name("5ed36f99.0") && !is_hash_name("cert.pem"));
    }
}
