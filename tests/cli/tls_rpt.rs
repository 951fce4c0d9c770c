//! `check --tls-rpt`: a report that is whole or not there, and what is refused before anybody is visited.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value as Json, json};

use crate::program::{Said, cafile, run, scenario};

/// A directory of its own, which is empty.
fn place(name: &str) -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-tls-rpt-{name}"));
    fs::remove_dir_all(&directory).ok();
    fs::create_dir(&directory).expect("a directory");
    directory
}

fn names_in(directory: &PathBuf) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory").flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

const WHO: [&str; 4] = ["--tls-rpt-organization", "Alice", "--tls-rpt-contact", "tls@alice.test"];

/// Checks the host of a scenario.
fn check(id: &str, file: &str, rest: &[&str]) -> Said {
    let (scenario, cafile) = (scenario(id), cafile());
    let at = scenario.connect();
    let own = ["check", "--cafile", &cafile, "--connect", &at, "--tls-rpt", file];
    run(&[&own[..], rest, &[scenario.host]].concat())
}

#[test]
fn a_report_of_one_host() {
    let directory = place("one");
    let file = directory.join("report.json");
    let path = file.to_str().expect("UTF-8");
    for (id, exit, successes, failures) in [("honest", 0, 1, 0), ("eve", 1, 0, 1)] {
        let said = check(id, path, &WHO);
        assert_eq!((said.exit, &said.err[..]), (Some(exit), ""), "{said:?}");
        let report: Json =
            serde_json::from_slice(&fs::read(&file).expect("written")).expect("JSON");
        assert_eq!(report["organization-name"], "Alice");
        assert_eq!(report["contact-info"], "tls@alice.test");
        let entry = &report["policies"][0];
        assert_eq!(entry["policy"]["policy-domain"], "mail.bob.test");
        let counts = json!({
            "total-successful-session-count": successes, "total-failure-session-count": failures
        });
        assert_eq!(entry["summary"], counts);
        assert_eq!(names_in(&directory), ["report.json"], "nothing is left beside it");
    }
    let packed = directory.join("report.json.gz");
    check("eve", packed.to_str().expect("UTF-8"), &WHO);
    assert!(fs::read(&packed).expect("written").starts_with(b"\x1f\x8b\x08"));
}

/// 2, no report printed, and what stood there before stands there still.
#[test]
fn what_is_wrong_is_said_before_anybody_is_visited() {
    let directory = place("wrong");
    let file = directory.join("report.json");
    fs::write(&file, "old").expect("a file");
    let path = file.to_str().expect("UTF-8");
    let nowhere = directory.join("nowhere").join("report.json");
    let cases: &[(&str, &[&str], &str)] = &[
        (path, &[], "--tls-rpt-organization"),
        (path, &WHO[..2], "--tls-rpt-contact"),
        (path, &[WHO[0], "a\nb", WHO[2], WHO[3]], "control character"),
        (path, &[WHO[0], "A", WHO[2], "alice.test"], "alice.test"),
        (nowhere.to_str().expect("UTF-8"), &WHO, "cannot be written"),
        (directory.to_str().expect("UTF-8"), &WHO, "names no file"),
        ("", &WHO, "names no file"),
    ];
    for (file, rest, words) in cases {
        let said = check("honest", file, rest);
        assert_eq!((said.exit, &said.out[..]), (Some(2), ""), "{rest:?}: {said:?}");
        assert!(said.err.contains(words), "{rest:?}: {}", said.err);
    }
    let own = [&["check", "--tls-rpt", path][..], &WHO].concat();
    for (target, words) in [
        ("imap://mail.bob.test", "imap://"),
        ("192.0.2.1", "192.0.2.1"),
        ("--batch", "cannot be used with"),
    ] {
        let said = run(&[&own[..], &[target]].concat());
        assert_eq!((said.exit, &said.out[..]), (Some(2), ""), "{target}: {said:?}");
        assert!(said.err.contains(words), "{target}: {}", said.err);
    }
    assert_eq!(fs::read_to_string(&file).expect("there"), "old");
    assert_eq!(names_in(&directory), ["report.json"]);
}
