//! OpenSSL's own table of DANE tests (danetest.in, dane-cross.in) through the C ABI: the same error at
//! the same row, and the record matched at the same depth.
//!
//! Data: `../shared/conformance` beside the package, or `$STV_CONFORMANCE`; nothing of it is copied
//! here.

#[path = "dane/abi.rs"]
#[allow(dead_code)]
mod abi;

use std::fs;
use std::path::{Path, PathBuf};

use abi::{OK, Question, REJECTED};
use data_encoding::BASE64;
use openssl::x509::X509;

/// OpenSSL's numbers (openssl/x509_vfy.h) for the codes of ours that the table knows, one to one.
const ERRORS: &[(i32, &str)] =
    &[(0, ""), (20, "chain.unknown_issuer"), (62, "name.mismatch"), (65, "dane.mismatch")];

struct Row {
    id: String,
    base: String,
    anchors: PathBuf,
    ee_name: bool,
    error: i32,
    depth: i32,
    records: Vec<String>,
    chain: Vec<Vec<u8>>,
}

fn folder() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance");
    std::env::var_os("STV_CONFORMANCE").map_or(beside, PathBuf::from)
}

fn row(line: &str) -> Row {
    let fields: Vec<&str> = line.split('\t').collect();
    let [id, base, anchors, no_name, error, depth, records, chain, ..] = fields[..] else {
        panic!("a row of {} columns: {line}", fields.len());
    };
    Row {
        id: id.to_owned(),
        base: base.to_owned(),
        anchors: folder().join(anchors),
        ee_name: no_name == "0",
        error: error.parse().expect(id),
        depth: depth.parse().expect(id),
        records: records.split(';').map(str::to_owned).collect(),
        chain: chain.split(',').map(|one| BASE64.decode(one.as_bytes()).expect(id)).collect(),
    }
}

fn ask(row: &Row) -> abi::Answer {
    let anchors = X509::stack_from_pem(&fs::read(&row.anchors).expect("anchors")).expect("PEM");
    let mut question = Question::new("tls").host(&row.base);
    for anchor in anchors {
        question = question.anchor(&anchor.to_der().unwrap());
    }
    // The column says whether DANE-EE is to leave the name alone, as RFC 7671 has it.
    question = question.option("dane_ee_name", if row.ee_name { "true" } else { "false" });
    question = row.records.iter().fold(question, |question, record| question.tlsa(record));
    question.sent(row.chain.iter().map(Vec::as_slice)).ask()
}

#[test]
fn error_and_depth_of_openssls_table() {
    let Ok(table) = fs::read_to_string(folder().join("dane.tsv")) else {
        println!("skipped: no conformance data");
        return;
    };
    let rows: Vec<Row> = table.lines().map(row).collect();
    let mut wrong = Vec::new();
    for row in &rows {
        let answer = ask(row);
        let wanted =
            ERRORS.iter().find(|(number, _)| *number == row.error).expect("a known error").1;
        let status = if row.error == 0 { OK } else { REJECTED };
        let got = (answer.status, answer.code.as_str(), answer.match_depth);
        if got != (status, wanted, row.depth) {
            wrong.push(format!(
                "{}: {got:?} in place of {wanted:?} at {}\n{}",
                row.id, row.depth, answer.text
            ));
        }
    }
    println!("{} of {} rows", rows.len() - wrong.len(), rows.len());
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    assert_eq!(rows.len(), 55);
}
