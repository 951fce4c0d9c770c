//! `mtasts_tlsrpt.tsv`: MTA-STS records and policies and TLSRPT records of other projects.
//!
//! Data: `../shared/conformance` beside the package, or `$STV_CONFORMANCE`; nothing of it is copied
//! here. Where it is absent the test says so and passes.

use std::path::PathBuf;

use starttls_verify::mta_sts::{self, StsPolicy};
use starttls_verify::tls_rpt;

const ROWS: usize = 53;

fn data() -> Option<String> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance");
    let folder = std::env::var_os("STV_CONFORMANCE").map_or(beside, PathBuf::from);
    std::fs::read_to_string(folder.join("mtasts_tlsrpt.tsv")).ok()
}

/// `\xHH` stands for an octet; what is no UTF-8 then is no text.
fn unescaped(text: &str) -> Option<String> {
    let mut octets = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        match (first, behind) {
            (b'\\', [b'x', high, low, tail @ ..]) => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).expect("hexadecimal digits");
                octets.push(u8::from_str_radix(digits, 16).expect("hexadecimal digits"));
                rest = tail;
            }
            _ => octets.push(first),
        }
    }
    String::from_utf8(octets).ok()
}

fn is_valid(kind: &str, input: &str) -> Option<bool> {
    let Some(text) = unescaped(input) else { return Some(false) };
    match kind {
        "sts-record" => Some(mta_sts::Record::parse(&text).is_ok()),
        "sts-policy" => Some(StsPolicy::parse(&text).is_ok()),
        "tlsrpt-record" => Some(tls_rpt::Record::parse(&text).is_ok()),
        _ => None,
    }
}

#[test]
fn every_record_and_policy_is_read_as_others_read_it() {
    let Some(text) = data() else { return println!("skipped: no conformance data") };
    let rows: Vec<Vec<&str>> =
        text.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    assert_eq!(rows.len(), ROWS);
    let wrong: Vec<&Vec<&str>> = rows
        .iter()
        .filter(|row| is_valid(row[0], row[2]).is_some_and(|valid| valid != (row[1] == "valid")))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let read = rows.iter().filter(|row| is_valid(row[0], row[2]).is_some()).count();
    println!("mtasts_tlsrpt: {read} of {ROWS} rows read");
    assert_eq!(read, ROWS - 2);
}
