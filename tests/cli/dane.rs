//! TLSA records on the command line and in batches.

use serde_json::{Value as Json, json};

use crate::cases::{lab_anchor, record};
use crate::program::{check, lab_dir, run, run_with, scenario};

const OTHER: &str = "3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// The record of a scenario's certificate, as the program prints it: what is printed can be given.
fn record_of(id: &str) -> String {
    let path = lab_dir().join(id).join("chain.pem");
    let said = run(&["pin", "--pem", path.to_str().expect("UTF-8")]);
    let last = said.out.lines().last().expect("a record");
    last.split("TLSA ").last().expect("a record").to_owned()
}

#[test]
fn a_record_decides_in_place_of_the_public_cas() {
    for (id, given, exit, beginning) in [
        ("self-signed", record_of("self-signed"), 0, "TRUSTED smtp://mail.bob.test:25"),
        ("eve", record_of("eve"), 0, "TRUSTED smtp://mail.bob.test:25"),
        ("honest", OTHER.to_owned(), 1, "REJECTED smtp://mail.bob.test:25 [dane.mismatch]"),
        ("eve", record_of("honest"), 1, "REJECTED smtp://mail.bob.test:25 [dane.mismatch]"),
        ("honest", "3 1 1 00".to_owned(), 1, "REJECTED smtp://mail.bob.test:25 [dane.unusable]"),
        ("stripped", record_of("honest"), 1, "REJECTED smtp://mail.bob.test:25 [starttls.not_off"),
    ] {
        let said = check(scenario(id), &["--tlsa", &given]);
        assert_eq!(said.exit, Some(exit), "{id}: {said:?}");
        assert!(said.first_line().starts_with(beginning), "{id}: {said:?}");
    }
    let both = ["--tlsa", OTHER, "--tlsa", &record_of("honest")];
    assert_eq!(check(scenario("honest"), &both).exit, Some(0), "one of several");
    let required = check(scenario("honest"), &["--set", "dane=require"]);
    assert!(required.first_line().contains("[dane.not_checked]"), "{required:?}");
}

#[test]
fn how_the_records_came() {
    for (state, exit, word) in [
        ("given", 1, "[dane.mismatch]"),
        ("secure", 1, "[dane.mismatch]"),
        ("insecure", 0, "TRUSTED"),
        ("bogus", 1, "[dane.bogus]"),
        ("lookup_failed", 1, "[dane.lookup_failed]"),
    ] {
        let said = check(scenario("honest"), &["--tlsa", OTHER, "--tlsa-state", state]);
        assert_eq!(said.exit, Some(exit), "{state}: {said:?}");
        assert!(said.first_line().contains(word), "{state}: {said:?}");
    }
    let relay = ["--tlsa", "3 1 1 00", "--tlsa-state", "secure"];
    let said =
        check(scenario("eve"), &[&relay[..], &["--set", "insecure_opportunistic=1"]].concat());
    assert_eq!(said.exit, Some(4), "only unusable records: {said:?}");
}

#[test]
fn records_of_a_line_stand_for_this_line_only() {
    let line = |id: &str, tlsa: &[&str]| {
        let mut line = record(&json!(id), scenario(id), &lab_anchor());
        line["tlsa"] = json!(tlsa);
        line
    };
    let with = |mut line: Json, key: &str, value: Json| {
        line[key] = value;
        line
    };
    let (honest, own) = (record_of("honest"), record_of("self-signed"));
    let rows = [
        (line("self-signed", &[&own]), "trusted", Json::Null),
        (line("self-signed", &[]), "rejected", json!("chain.self_signed")),
        (line("honest", &[OTHER]), "rejected", json!("dane.mismatch")),
        (line("honest", &[OTHER, &honest]), "trusted", Json::Null),
        // Looked up, so that what nobody can use is passed over.
        (line("honest", &["3 1 1 00"]), "trusted", Json::Null),
        (
            with(line("honest", &["3 1 1 00"]), "tlsa_state", json!("given")),
            "rejected",
            json!("dane.unusable"),
        ),
        (with(line("honest", &[]), "tlsa_state", json!("bogus")), "rejected", json!("dane.bogus")),
        (with(line("honest", &[OTHER]), "tlsa_state", json!("insecure")), "trusted", Json::Null),
        (with(line("honest", &[]), "tlsa_state", json!("safe")), "error", Json::Null),
        (line("honest", &["3 1 1"; 101]), "error", Json::Null),
        (line("honest", &[]), "trusted", Json::Null),
    ];
    let input: String = rows.iter().map(|(line, ..)| format!("{line}\n")).collect();
    let said = run_with(&["chain", "--batch"], input.clone().into_bytes());
    for (answer, (_, verdict, code)) in said.records().iter().zip(&rows) {
        assert_eq!((&answer["verdict"], &answer["code"]), (&json!(verdict), code), "{answer}");
    }
    // What a line does not say comes from the command line.
    let said = run_with(&["chain", "--batch", "--tlsa", OTHER], input.into_bytes());
    let codes: Vec<Json> = said.records().iter().map(|answer| answer["code"].clone()).collect();
    assert_eq!((&codes[1], &codes[10]), (&json!("dane.mismatch"), &json!("dane.mismatch")));
    assert_eq!(codes[0], Json::Null);
}

#[test]
fn targets_of_a_batch_have_records_of_their_own() {
    let line = |id: &str, tlsa: &str| {
        let target = format!("smtp://{}", scenario(id).host);
        json!({ "id": id, "target": target, "connect": scenario(id).connect(), "tlsa": [tlsa] })
    };
    let lines = [line("self-signed", &record_of("self-signed")), line("honest", OTHER)];
    let input = format!("{}\n{}\n", lines[0], lines[1]);
    for answer in
        run_with(&["check", "--batch", "--set", "system_ca=0"], input.into_bytes()).records()
    {
        let code = if answer["id"] == "honest" { json!("dane.mismatch") } else { Json::Null };
        assert_eq!(answer["code"], code, "{answer}");
    }
}
