//! `known` and `check --known-peers`: the whole life of a store, and what is refused.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::program::{Said, cafile, lab_dir, run, run_with, scenario};

const PIN: &str = "spki-sha256:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// The path of a store in a directory of its own, which is empty.
fn store(name: &str) -> String {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-known-{name}"));
    fs::remove_dir_all(&directory).ok();
    fs::create_dir(&directory).expect("a directory");
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).expect("its mode");
    directory.join("peers").to_str().expect("UTF-8").to_owned()
}

fn known(action: &str, store: &str, rest: &[&str]) -> Said {
    run(&[&["known", action, "--store", store], rest].concat())
}

/// Checks mail.bob.test as it is played by this scenario.
fn check(store: &str, id: &str, rest: &[&str]) -> Said {
    let (scenario, cafile) = (scenario(id), cafile());
    let at = format!("127.0.0.1:{}", scenario.port);
    let own = ["check", "--cafile", &cafile, "--connect", &at, "--known-peers", store];
    run(&[&own[..], rest, &[scenario.host]].concat())
}

#[test]
fn from_the_first_use_to_a_changed_key() {
    let store = store("life");
    assert_eq!(known("create", &store, &[]).exit, Some(0));
    let first = check(&store, "honest", &[]);
    assert_eq!(first.exit, Some(1));
    assert!(first.first_line().contains("[known.new]"), "{}", first.out);
    assert_eq!(known("list", &store, &[]).out, "", "nobody is remembered unasked");

    let accepted = check(&store, "honest", &["--accept-new"]);
    assert_eq!(accepted.exit, Some(0), "{}", accepted.out);
    let list = known("list", &store, &[]);
    assert!(list.out.starts_with("smtp://mail.bob.test:25 spki-sha256:"), "{}", list.out);
    assert_eq!(check(&store, "honest", &[]).exit, Some(0));
    let shown = known("show", &store, &["mail.bob.test"]).out;
    assert!(shown.contains("origin     pkix") && shown.contains("address    127.0.0.1"), "{shown}");
    let json = &known("list", &store, &["--json"]).records()[0];
    assert_eq!(json["peer"], "smtp://mail.bob.test:25");

    // Another server with a perfect certificate for the same name, and another key.
    let other = check(&store, "honest-rsa", &["--accept-new"]);
    assert_eq!(other.exit, Some(1));
    assert!(other.first_line().contains("[known.changed]"), "{}", other.out);
    assert_eq!(known("show", &store, &["mail.bob.test"]).out.matches("key ").count(), 1);

    assert_eq!(known("forget", &store, &["mail.bob.test"]).exit, Some(0));
    assert_eq!(known("forget", &store, &["mail.bob.test"]).exit, Some(2));
    assert_eq!(check(&store, "honest-rsa", &["--accept-new"]).exit, Some(0));
}

#[test]
fn a_peer_who_is_not_trusted_is_not_remembered() {
    let store = store("untrusted");
    known("create", &store, &[]);
    for (id, rest) in [
        ("expired", &["--accept-new"][..]),
        ("expired", &["--accept-new", "--audit"]),
        ("expired", &["--accept-new", "--set", "insecure_opportunistic=true"]),
        ("self-signed", &["--accept-new"]),
    ] {
        assert_ne!(check(&store, id, rest).exit, Some(0), "{id} {rest:?}");
        assert_eq!(known("list", &store, &[]).out, "", "{id} {rest:?}");
    }
}

#[test]
fn a_self_signed_server_needs_two_clear_words() {
    let store = store("self-signed");
    known("create", &store, &[]);
    let instead = ["--set", "known_peers=known-instead-of-pkix"];
    let refused = check(&store, "self-signed", &[&instead[..], &["--accept-new"]].concat());
    assert_eq!(refused.exit, Some(2));
    assert!(refused.err.contains("insecure_accept_new"), "{}", refused.err);
    let anybody = [&instead[..], &["--set", "insecure_accept_new=true"]].concat();
    let first = check(&store, "self-signed", &anybody);
    assert_eq!(first.exit, Some(0), "{}", first.out);
    assert!(first.first_line().contains("INSECURE: insecure_accept_new"), "{}", first.out);
    let again = check(&store, "self-signed", &instead);
    assert_eq!(again.exit, Some(0), "{}", again.out);
    assert!(again.first_line().contains("as safe as that first use"), "{}", again.out);
}

#[test]
fn an_announced_key_is_taken_and_can_be_taken_back() {
    let store = store("announced");
    known("create", &store, &[]);
    let pem = lab_dir().join("honest").join("chain.pem");
    let pins = run(&["pin", "--pem", pem.to_str().expect("UTF-8")]).out;
    let pin = pins.lines().find(|line| line.starts_with("spki-")).expect("a pin");
    assert_eq!(known("announce", &store, &["mail.bob.test", PIN, pin]).exit, Some(0));
    assert!(known("list", &store, &[]).out.contains("announced, never seen"));
    assert_eq!(known("withdraw", &store, &["mail.bob.test", PIN]).exit, Some(0));
    assert_eq!(known("withdraw", &store, &["mail.bob.test", PIN]).exit, Some(2));
    let said = check(&store, "honest", &[]);
    assert_eq!(said.exit, Some(0), "{}", said.out);
    assert!(said.out.contains("known.rotated"), "{}", said.out);
    assert_eq!(known("announce", &store, &["mail.bob.test", "sha256:00", PIN]).exit, Some(2));
    assert!(!known("show", &store, &["mail.bob.test"]).out.contains("announced"), "all or nothing");
}

#[test]
fn a_store_that_is_missing_or_damaged_is_wrong_configuration() {
    let store = store("damaged");
    let missing = check(&store, "honest", &["--accept-new"]);
    assert_eq!((missing.exit, &missing.out[..]), (Some(2), ""));
    assert!(missing.err.contains("known create --store"), "{}", missing.err);
    assert!(!PathBuf::from(&store).exists());
    fs::write(&store, "half a st").expect("a file");
    for said in [
        check(&store, "honest", &["--accept-new"]),
        known("create", &store, &[]),
        known("list", &store, &[]),
        known("announce", &store, &["mail.bob.test", PIN]),
    ] {
        assert_eq!((said.exit, &said.out[..]), (Some(2), ""), "{said:?}");
        assert!(said.err.contains("line 1"), "{}", said.err);
    }
    assert_eq!(fs::read(&store).expect("the file"), b"half a st", "nothing was mended silently");
    let usage = run(&["check", "--accept-new", "mail.bob.test"]);
    assert!(usage.exit == Some(2) && usage.err.contains("--known-peers"), "{}", usage.err);
}

#[test]
fn an_export_moves_to_another_store() {
    let (ours, theirs) = (store("ours"), store("theirs"));
    known("create", &ours, &[]);
    known("create", &theirs, &[]);
    known("announce", &theirs, &["imap://mail.bob.test", PIN]);
    let export = known("export", &theirs, &[]).out;
    let import = |text: &str| {
        run_with(&["known", "import", "--store", &ours, "-"], text.as_bytes().to_vec())
    };
    assert_eq!(import(&export[..export.len() - 2]).exit, Some(2));
    assert_eq!(known("list", &ours, &[]).out, "");
    assert_eq!(import(&export).exit, Some(0));
    assert_eq!(known("export", &ours, &[]).out, export);
    assert_eq!(known("import", &ours, &[&theirs]).exit, Some(0), "a store is its own export");
}

#[test]
fn a_batch_remembers_whom_it_trusted() {
    let store = store("batch");
    known("create", &store, &[]);
    let targets: String = ["honest", "expired", "self-signed"]
        .iter()
        .enumerate()
        .map(|(index, id)| {
            let (scenario, port) = (scenario(id), 1000 + index);
            let connect = format!("127.0.0.1:{}", scenario.port);
            format!("{{\"target\":\"{}:{port}\",\"connect\":\"{connect}\"}}\n", scenario.host)
        })
        .collect();
    let cafile = cafile();
    let arguments =
        ["check", "--batch", "--cafile", &cafile, "--known-peers", &store, "--accept-new"];
    let said = run_with(&arguments, targets.into_bytes());
    assert_eq!(said.records().len(), 3, "{said:?}");
    let list = known("list", &store, &[]).out;
    assert!(list.starts_with("smtp://mail.bob.test:1000 ") && list.lines().count() == 1, "{list}");
}
