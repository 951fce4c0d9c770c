//! Lines for `chain --batch`, made from the chains of the lab.

use data_encoding::BASE64;
use openssl::x509::X509;
use serde_json::{Value as Json, json};
use stv_lab::scenario::Scenario;

use crate::program::{LAB, cafile, lab_dir};

/// A line, and what must be answered: id, verdict, code or the words of the error.
pub struct Case {
    pub line: String,
    pub id: Json,
    pub verdict: &'static str,
    pub code: Option<&'static str>,
    pub words: &'static str,
}

/// What a chain alone tells of a scenario: nothing of what happens on the wire.
pub fn judged(number: usize, scenario: &Scenario) -> Case {
    let on_chain = |code: &&str| {
        ["chain.", "name.", "revocation."].iter().any(|check| code.starts_with(check))
    };
    let code = scenario.code.filter(on_chain);
    let id = json!(format!("{number}-{}", scenario.id));
    Case {
        line: record(&id, scenario, &lab_anchor()).to_string(),
        id,
        verdict: if code.is_some() { "rejected" } else { "trusted" },
        code,
        words: "",
    }
}

pub fn record(id: &Json, scenario: &Scenario, anchors: &Json) -> Json {
    let tag = if scenario.host == "127.0.0.1" { "ip" } else { "dns" };
    let mut record = json!({
        "id": id,
        "chain": chain(scenario),
        "names": [format!("{tag}:{}", scenario.host)],
        "anchors": anchors,
    });
    if let Ok(staple) = std::fs::read(lab_dir().join(scenario.id).join("ocsp.der")) {
        record["ocsp"] = json!(BASE64.encode(&staple));
    }
    record
}

pub fn lab_anchor() -> Json {
    json!(base64_of(&std::fs::read(cafile()).expect("the CA file")))
}

fn chain(scenario: &Scenario) -> Json {
    let path = lab_dir().join(scenario.id).join("chain.pem");
    json!(base64_of(&std::fs::read(path).expect("the chain")))
}

fn base64_of(pem: &[u8]) -> Vec<String> {
    let certificates = X509::stack_from_pem(pem).expect("PEM");
    let encode = |certificate: &X509| BASE64.encode(&certificate.to_der().expect("DER"));
    certificates.iter().map(encode).collect()
}

/// A line that cannot be answered with a verdict.
pub fn malformed(number: usize) -> Case {
    let id = format!("bad-{number}");
    let known = |rest: &str| format!("{{\"id\":\"{id}\",{rest}}}");
    let (line, has_id, words): (String, bool, &'static str) = match number % 10 {
        0 => ("{".to_owned(), false, "cannot be read"),
        1 => (String::new(), false, "no JSON object"),
        2 => ("[\"x\",[]]".to_owned(), false, "no JSON object"),
        3 => (known("\"chain\":[],\"nmaes\":[]"), true, "unknown field `nmaes`"),
        4 => (known("\"chain\":[\"!\"]"), true, "chain[0] is no base64"),
        5 => (known("\"chain\":[\"AAAA\"]"), true, "chain[0]"),
        6 => (known("\"chain\":[],\"options\":{\"cafil\":\"x\"}"), true, "did you mean 'cafile'"),
        7 => (known("\"chain\":[],\"tlsa\":[\"3 1 1 0\"]"), true, "write \"3 1 1 HEX\""),
        8 => (known("\"chain\":[],\"names\":[\"mail.bob.test\"]"), true, "no known tag"),
        _ => (known("\"names\":[]"), true, "missing field `chain`"),
    };
    let id = if has_id { json!(id) } else { Json::Null };
    Case { line, id, verdict: "error", code: None, words }
}

/// Scenarios in turn, with a malformed line after every third.
pub fn mixed(count: usize) -> Vec<Case> {
    let scenarios = LAB.scenarios();
    let case = |number: usize| match number % 4 {
        3 => malformed(number / 4),
        _ => judged(number, &scenarios[number % scenarios.len()]),
    };
    (0..count).map(case).collect()
}
