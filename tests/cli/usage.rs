//! What a newcomer does wrong, and where help is found.

use std::fs;
use std::path::Path;

use crate::program::{LAB, Said, lab_dir, run, shell};

/// Wrong usage: 2, nothing on standard output, and words that say what to do.
#[test]
fn wrong_usage_says_what_to_write_instead() {
    let chain = lab_dir().join("honest").join("chain.pem");
    let chain = chain.to_str().expect("UTF-8");
    let _ = &*LAB;
    let cases: &[(&[&str], &str)] = &[
        (&["check"], "TARGET"),
        (&["chekc", "a.test"], "check"),
        (&["check", "--cafil", "x", "a.test"], "--cafile"),
        (&["check", "--set", "cafil=x", "a.test"], "did you mean 'cafile'?"),
        (&["check", "--set", "I-want-a-banana=1", "a.test"], "no option 'I-want-a-banana'"),
        (&["check", "--set", "min_tls", "a.test"], "OPTION=VALUE"),
        (&["check", "--set", "verify_depth=x", "a.test"], "whole number"),
        (&["check", "--set", "verify_peer=false", "a.test"], "insecure_no_chain=true"),
        (&["check", "--set", "min_tls=1.0", "a.test"], "insecure_min_tls=1.0"),
        (&["check", "--tlsa", "3 1 1 0", "a.test"], "no hexadecimal; write \"3 1 1 HEX\""),
        (&["check", "--tlsa-state", "secured", "a.test"], "none of given, secure, insecure"),
        (&["check", "--pin", "banana", "a.test"], "pin"),
        (&["check", "--timeout", "0", "a.test"], "seconds"),
        (&["check", "--timeout", "soon", "a.test"], "seconds"),
        (&["check", "--connect", "a b", "a.test"], "[IPv6]:PORT"),
        (&["check", "--sni", "192.0.2.1", "a.test"], "SNI"),
        (&["check", "--json", "--quiet", "a.test"], "cannot be used"),
        (&["check", "--batch", "a.test"], "cannot be used"),
        (&["check", "smpt://a.test"], "did you mean smtp://?"),
        (&["check", "tls://a.test"], "tls://a.test:PORT"),
        (&["check", "a.test:99999"], "HOST:PORT"),
        (&["check", "--config", "/does/not/exist", "a.test"], "/does/not/exist does not exist"),
        (&["chain", "--name", "a.test", "/does/not/exist"], "/does/not/exist does not exist"),
        (&["chain", chain], "--name HOST"),
        (&["chain", "--name", "a b", chain], "a b"),
        (&["chain", "--name", "a.test", "--time", "soon", chain], "--time"),
        (&["pin"], "HOST"),
        (&["pin", "--connect", "127.0.0.1", "a.test", "b.test"], "one HOST"),
    ];
    for (arguments, words) in cases {
        let said = run(arguments);
        assert_eq!((said.exit, &said.out[..]), (Some(2), ""), "{arguments:?}: {said:?}");
        assert!(said.err.contains(words), "{arguments:?}: {}", said.err);
    }
}

/// "certificate verify failed" for all three is how people come to switch verification off.
#[test]
fn three_wrong_ca_files_are_three_messages() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let empty = directory.join("empty.pem");
    fs::write(&empty, "").expect("a file");
    let missing = directory.join("missing.pem");
    for (path, words) in [
        (&missing, "does not exist"),
        (&directory.to_owned(), "cannot be read"),
        (&empty, "holds no certificate"),
    ] {
        let path = path.to_str().expect("UTF-8");
        let said = run(&["check", "--cafile", path, "mail.bob.test"]);
        assert_eq!((said.exit, &said.out[..]), (Some(2), ""), "{said:?}");
        assert!(said.err.contains(&format!("cafile: {path} {words}")), "{said:?}");
    }
}

#[test]
fn a_reader_who_goes_away_is_no_panic() {
    let _ = &*LAB;
    for line in [
        "\"$PROGRAM\" options | true",
        "\"$PROGRAM\" doctor >&-",
        "yes '{}' | head -n 20000 | \"$PROGRAM\" chain --batch | head -n 1 >/dev/null",
        "yes 'a b' | head -n 20000 | \"$PROGRAM\" check --batch | head -n 1 >/dev/null",
    ] {
        let said = shell(line);
        assert!(!said.err.contains("panic"), "{line}: {said:?}");
    }
}

#[test]
fn doctor_options_and_help() {
    let doctor = run(&["doctor"]);
    for words in ["OpenSSL: OpenSSL 3.", "CA file: /", "CA directory: /", "resolver: ", "IPv6: "] {
        assert!(doctor.out.contains(words), "{doctor:?}");
    }
    let options = run(&["options"]);
    for row in starttls_verify::options::TABLE {
        assert!(options.out.contains(&format!("\n{} (", row.name)), "{}", row.name);
    }
    let help = run(&["--help"]);
    assert!(help.out.contains("Examples:") && help.out.contains("Exit code:"));
    assert_eq!([doctor, options, help].map(|Said { exit, .. }| exit), [Some(0); 3]);
    let nothing = run(&["doctor", "--what"]);
    assert_eq!(nothing.exit, Some(2));
}

#[test]
fn without_ca_certificates_the_doctor_says_so() {
    let said = shell(
        "SSL_CERT_FILE=/does/not/exist SSL_CERT_DIR=/does/neither:/nor/this \"$PROGRAM\" doctor",
    );
    assert_eq!(said.exit, Some(2));
    assert!(said.out.contains("fail CA certificates: none"), "{said:?}");
    assert!(said.out.contains("/does/not/exist"), "{said:?}");
}
