//! The floors of `src/lib.rs`, held against the code: dependency runs only downwards, `unsafe` and
//! OpenSSL stay in their rooms, exports stay in `ffi`.

use std::fs;
use std::path::{Path, PathBuf};

/// Floor of every top-level module. A module that is not listed fails the test.
const FLOORS: &[(&str, u8)] = &[
    ("clock", 0),
    ("error", 0),
    ("limits", 0),
    ("options", 0),
    ("proto", 0),
    ("report", 0),
    ("status", 0),
    ("crl", 1),
    ("der", 1),
    ("dn", 1),
    ("dns", 1),
    ("known", 1),
    ("line", 1),
    ("mta_sts", 1),
    ("name", 1),
    ("ocsp", 1),
    ("pem", 1),
    ("pin", 1),
    ("san", 1),
    ("sct", 1),
    ("starttls", 1),
    ("tlsa", 1),
    ("tag_list", 1),
    ("tls_rpt", 1),
    ("ossl", 2),
    ("private_file", 2),
    ("trust", 2),
    ("verify", 3),
    ("attach", 4),
    ("session", 4),
    ("discover", 5),
    ("store", 5),
    ("ffi", 6),
];

/// Rooms in which `unsafe` is allowed.
const UNSAFE: &[&str] = &["ffi", "ossl"];
/// The files of `discover` that call C libraries.
const UNSAFE_FILES: &[&str] = &["discover/libresolv.rs", "discover/libunbound.rs"];

struct Source {
    path: PathBuf,
    module: String,
    text: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &root, &mut found);
    assert!(found.len() > 30, "only {} sources found", found.len());
    found
}

fn collect(root: &Path, directory: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(directory).expect("a readable source tree").flatten() {
        let path = entry.path();
        if path.is_dir() {
            // The command line is a client of the library, not a floor of it.
            if path.file_name().is_some_and(|name| name != "bin") {
                collect(root, &path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let inside = path.strip_prefix(root).expect("below the root");
            let first =
                inside.components().next().expect("a component").as_os_str().to_string_lossy();
            let module = first.trim_end_matches(".rs").to_owned();
            let text = fs::read_to_string(&path).expect("UTF-8");
            found.push(Source { path, module, text });
        }
    }
}

fn floor(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

/// The code of a line, without comments.
fn code(line: &str) -> &str {
    line.split("//").next().unwrap_or("")
}

/// Every module named behind `crate::` in a line, also in a braced list.
fn modules_used(line: &str) -> Vec<String> {
    code(line)
        .split("crate::")
        .skip(1)
        .map(|rest| {
            rest.chars()
                .take_while(|letter| letter.is_ascii_lowercase() || *letter == '_')
                .collect()
        })
        .filter(|name: &String| !name.is_empty())
        .collect()
}

#[test]
fn dependency_runs_only_downwards() {
    let mut faults = Vec::new();
    for source in sources().iter().filter(|source| source.module != "lib") {
        let Some(own) = floor(&source.module) else {
            faults.push(format!(
                "{}: the module {} has no floor",
                source.path.display(),
                source.module
            ));
            continue;
        };
        for (number, line) in source.text.lines().enumerate() {
            for used in modules_used(line) {
                if floor(&used).is_none_or(|floor| floor > own) {
                    faults.push(format!(
                        "{}:{}: {} uses {used}",
                        source.path.display(),
                        number + 1,
                        source.module
                    ));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn unsafe_stays_in_its_rooms() {
    for source in sources() {
        let allowed = UNSAFE.contains(&source.module.as_str())
            || UNSAFE_FILES.iter().any(|file| source.path.ends_with(file));
        let lines = source.text.lines().map(code);
        let unsafes = lines
            .filter(|line| line.contains("unsafe ") || line.contains("allow(unsafe_code)"))
            .count();
        assert!(allowed || unsafes == 0, "{}", source.path.display());
    }
}

#[test]
fn openssl_stays_behind_its_wrapper() {
    for source in sources().iter().filter(|source| source.module != "ossl") {
        for (number, line) in source.text.lines().enumerate() {
            let direct = ["openssl::", "openssl_sys", "foreign_types"]
                .iter()
                .any(|name| code(line).contains(name));
            assert!(!direct, "{}:{}: {line}", source.path.display(), number + 1);
        }
    }
}

/// A variant of `Protocol` is named in the registry, where its negotiator is chosen, and as the default
/// of a peer of whom nothing is known yet; tests may name any.
#[test]
fn protocols_are_known_to_the_registry_and_their_negotiators_only() {
    let knows = |source: &Source| {
        matches!(source.module.as_str(), "proto" | "starttls")
            || source.path.ends_with("verify/peer.rs")
    };
    for source in sources().iter().filter(|source| !knows(source)) {
        let body = source.text.split("#[cfg(test)]\nmod tests").next().unwrap_or("");
        for (number, line) in body.lines().enumerate() {
            let mut named = code(line).split("Protocol::").skip(1);
            let variant =
                named.any(|rest| rest.starts_with(|letter: char| letter.is_ascii_uppercase()));
            assert!(!variant, "{}:{}: {line}", source.path.display(), number + 1);
        }
    }
}

#[test]
fn a_file_is_read_in_one_sitting() {
    let mut sizes: Vec<(usize, String)> = sources()
        .iter()
        .map(|source| {
            let body = source.text.split("#[cfg(test)]\nmod tests").next().unwrap_or("");
            (
                body.lines().filter(|line| !code(line).trim().is_empty()).count(),
                source.path.display().to_string(),
            )
        })
        .collect();
    sizes.sort();
    for (lines, path) in sizes.iter().rev().take(10) {
        println!("{lines:5} {path}");
    }
    let (longest, path) = sizes.last().expect("a source");
    assert!(*longest <= 600, "{path} has {longest} lines of code: is it one noun of the domain?");
}
