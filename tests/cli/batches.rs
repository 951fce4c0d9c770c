//! Batches: a line in, a line out, whatever is in it.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use stv_lab::scenario::Scenario;

use crate::cases::{lab_anchor, mixed, record};
use crate::program::{Dialogue, LAB, cafile, lab_dir, pins_of, run_with, scenario, verdict_of};

#[test]
fn a_thousand_lines_are_answered_one_by_one() {
    let cases = mixed(1000);
    let input: String = cases.iter().map(|case| format!("{}\n", case.line)).collect();
    let begun = Instant::now();
    let said = run_with(&["chain", "--batch"], input.clone().into_bytes());
    let took = begun.elapsed();
    assert_eq!((said.exit, &said.err[..]), (Some(0), ""));
    let records = said.records();
    assert_eq!(records.len(), cases.len());
    for (case, record) in cases.iter().zip(&records) {
        assert_eq!(record["id"], case.id, "{}: {record}", case.line);
        assert_eq!(record["verdict"], case.verdict, "{}: {record}", case.line);
        assert_eq!(record["code"], json!(case.code), "{record}");
        assert_eq!(
            record["findings"].as_array().expect("a list").is_empty(),
            case.verdict == "error"
        );
        assert_eq!(record["status"] == "STV_OK", case.verdict == "trusted", "{record}");
        let error = record["error"].as_str().unwrap_or_default();
        assert!(error.contains(case.words), "{}: {record}", case.line);
    }
    assert!(took < Duration::from_secs(20), "{took:?}");
    let strict = run_with(&["chain", "--batch", "--strict"], input.into_bytes());
    assert_eq!(strict.exit, Some(1), "the worst of them was not trusted");
}

#[test]
fn strict_gives_the_worst_line() {
    let line = |id: &str| record(&json!(id), scenario(id), &lab_anchor()).to_string();
    for (input, exit) in [
        (line("honest"), 0),
        (format!("{}\n{{\n", line("honest")), 2),
        (format!("{}\n{{\n{}\n", line("eve"), line("honest")), 1),
        (String::new(), 0),
    ] {
        let said = run_with(&["chain", "--batch", "--strict"], input.clone().into_bytes());
        assert_eq!(said.exit, Some(exit), "{input}");
    }
}

/// Anchors of a line are the only ones; without them those of the command line count.
#[test]
fn anchors_of_a_line_stand_alone() {
    let ask = |record: &Json, more: &[&str]| {
        let said =
            run_with(&[&["chain", "--batch"], more].concat(), format!("{record}\n").into_bytes());
        said.records()[0].clone()
    };
    let cafile = cafile();
    let given = ["--cafile", &cafile, "--set", "system_ca=true"];
    let without = record(&json!(1), scenario("honest"), &json!([]));
    assert_eq!(ask(&without, &given)["verdict"], "trusted");
    assert_eq!(ask(&without, &[])["code"], "chain.unknown_issuer");
    let stranger = fs::read(lab_dir().join("self-signed").join("chain.pem")).expect("a chain");
    let stranger = openssl::x509::X509::from_pem(&stranger).expect("PEM").to_der().expect("DER");
    let stranger = json!([data_encoding::BASE64.encode(&stranger)]);
    let other = record(&json!(1), scenario("honest"), &stranger);
    assert_eq!(ask(&other, &given)["code"], "chain.unknown_issuer");
    let mut contradiction = other;
    contradiction["options"] = json!({"cafile": cafile});
    assert_eq!(ask(&contradiction, &given)["verdict"], "error");
}

#[test]
fn keys_of_a_line_that_are_set_over_the_command_line() {
    let mut late = record(&json!(1), scenario("honest"), &lab_anchor());
    late["time"] = json!(4_000_000_000_i64);
    let mut pinned = record(&json!(2), scenario("honest"), &lab_anchor());
    pinned["pins"] = json!([pins_of("honest-rsa")]);
    let mut anybody = record(&json!(3), scenario("eve"), &lab_anchor());
    anybody["options"] = json!({"insecure_no_name": true});
    let mut twice = record(&json!(4), scenario("honest"), &lab_anchor()).to_string();
    twice.insert_str(twice.len() - 1, ",\"options\":{\"time\":1,\"time\":2}");
    let mut crl = record(&json!(5), scenario("honest"), &lab_anchor());
    crl["crls"] = json!(["AAAA"]);
    let mut ocsp = record(&json!(6), scenario("honest"), &lab_anchor());
    ocsp["ocsp"] = json!("AAAA");
    let [late, pinned, anybody, crl, ocsp] =
        [late, pinned, anybody, crl, ocsp].map(|line| line.to_string());
    let lines = [late, pinned, anybody, twice, crl, ocsp];
    let said = run_with(&["chain", "--batch"], lines.join("\n").into_bytes());
    let answers: Vec<(Json, Json)> = said
        .records()
        .iter()
        .map(|record| (record["verdict"].clone(), record["code"].clone()))
        .collect();
    let wanted = [
        (json!("rejected"), json!("chain.expired")),
        (json!("rejected"), json!("pin.mismatch")),
        (json!("trusted"), Json::Null),
        (json!("error"), Json::Null),
        (json!("error"), Json::Null),
        (json!("rejected"), json!("revocation.staple_invalid")),
    ];
    assert_eq!(answers, wanted, "{said:?}");
}

/// A line without end must not exhaust the memory, nor take the next line with it.
#[test]
fn a_line_beyond_the_limit_is_passed_over() {
    let mut input = vec![b' '; (64 << 20) + 1];
    input.extend(
        format!("\n{}\n", record(&json!("next"), scenario("honest"), &lab_anchor())).bytes(),
    );
    let records = run_with(&["chain", "--batch"], input).records();
    assert_eq!(records.len(), 2);
    assert_eq!((&records[0]["verdict"], &records[0]["id"]), (&json!("error"), &Json::Null));
    assert_eq!((&records[1]["verdict"], &records[1]["id"]), (&json!("trusted"), &json!("next")));
}

/// The answer must come while the pipe is still open, or nobody can hold a dialogue.
#[test]
fn an_answer_comes_before_the_next_question() {
    let mut dialogue = Dialogue::begin(&["chain", "--batch"]);
    for number in 0..3 {
        let line = record(&json!(number), scenario("honest"), &lab_anchor()).to_string();
        let answer = dialogue.ask(&line).expect("an answer in time");
        assert!(answer.contains("\"trusted\""), "{answer}");
    }
    dialogue.end();
}

fn target_line(scenario: &Scenario) -> String {
    let deadline = scenario.deadline_ms;
    let names = ["connect_timeout_ms", "negotiation_timeout_ms", "handshake_timeout_ms"];
    let options: BTreeMap<&str, u64> = names.into_iter().map(|name| (name, deadline)).collect();
    json!({
        "id": scenario.id,
        "target": format!("smtp://{}", scenario.host),
        "connect": scenario.connect(),
        "options": options,
    })
    .to_string()
}

#[test]
fn many_targets_at_once() {
    let mut lines = vec!["# a comment".to_owned(), String::new()];
    lines.extend(LAB.scenarios().iter().map(target_line));
    lines.push("smpt://mail.bob.test".to_owned());
    lines.push("{\"id\":\"x\",\"target\":\"mail.bob.test\",\"conect\":\"\"}".to_owned());
    let cafile = cafile();
    let given = ["check", "--batch", "--parallel", "32", "--cafile", &cafile];
    let said = run_with(&given, lines.join("\n").into_bytes());
    assert_eq!((said.exit, &said.err[..]), (Some(0), ""));
    let records: BTreeMap<u64, Json> = said
        .records()
        .into_iter()
        .map(|record| (record["line"].as_u64().expect("a number"), record))
        .collect();
    for (index, scenario) in LAB.scenarios().iter().enumerate() {
        let record = &records[&(index as u64 + 3)];
        assert_eq!(record["id"], scenario.id);
        assert_eq!(record["verdict"], verdict_of(scenario), "{record}");
        assert_eq!(record["code"], json!(scenario.code), "{record}");
        assert_eq!(record["target"], format!("smtp://{}", scenario.host));
    }
    let last = LAB.scenarios().len() as u64 + 3;
    assert_eq!((records.len() as u64, &records[&last]["verdict"]), (last - 1, &json!("error")));
    assert_eq!(records[&(last + 1)]["id"], "x");
    assert!(records[&(last + 1)]["error"].as_str().expect("words").contains("conect"));
}
