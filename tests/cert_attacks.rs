//! Class `cert` of `attacks.json`: a chain with exactly one fault, shown on disk and by a live server
//! behind STARTTLS, and its twin without the fault. See `fixtures`.

mod corpus;
mod fixtures;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};

use corpus::abi::{Peer, Verifier};
use corpus::suite::{self, Attack};
use corpus::tally::tell;
use fixtures::fixture::{Fixture, HOST, Wanted, leaf};
use fixtures::{algorithms, meaning, names, run, trust};
use stv_lab::ca::{Blueprint, Extension};
use stv_lab::chains::Pki;
use stv_lab::der;

const ROWS: usize = 31;
/// Rows about revocation, and the files whose tests bear their names.
const ELSEWHERE: [(&str, &str); 4] = [
    ("A204", "staples.rs"),
    ("A205", "staples.rs"),
    ("A207", "revocation.rs"),
    ("A208", "revocation.rs"),
];

/// Whether the row's test is in its file; nothing where there is no such file.
fn is_built(row: &str, file: &str) -> Option<bool> {
    let path = format!("{}/tests/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.contains(&format!("fn {}_", row.to_ascii_lowercase())))
}

fn all() -> Vec<Fixture> {
    [trust::FIXTURES, algorithms::FIXTURES, names::FIXTURES].concat()
}

#[test]
fn every_fault_is_refused_and_its_twin_is_trusted() {
    let fixtures = all();
    let pki = Pki::new().expect("a CA");
    let wrong = run::all(&fixtures, &pki);
    let told: Vec<&String> = wrong.values().flatten().collect();
    print(&fixtures, &wrong);
    assert!(told.is_empty(), "{} wrong:\n{told:#?}", told.len());
}

#[test]
fn every_row_of_the_corpus_has_a_fixture_that_means_the_same() {
    let Some(mut rows) = suite::rows::<Attack>("attacks.json") else {
        return tell("skipped: no conformance data\n");
    };
    rows.retain(|row| row.class == "cert");
    assert_eq!(rows.len(), ROWS);
    let fixtures = all();
    let wrong: Vec<String> = rows.iter().filter_map(|row| unmeant(row, &fixtures)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What is wrong with the fixtures of a row, if anything is.
fn unmeant(row: &Attack, fixtures: &[Fixture]) -> Option<String> {
    let own: Vec<&Fixture> = fixtures.iter().filter(|fixture| fixture.row == row.id).collect();
    let elsewhere = ELSEWHERE.iter().any(|(id, _)| *id == row.id);
    if own.is_empty() || elsewhere {
        return (own.is_empty() != elsewhere)
            .then(|| format!("{}: no fixture, or two homes", row.id));
    }
    let Some(codes) = meaning::codes(&row.expect) else {
        return Some(format!("{}: {} has no meaning", row.id, row.expect));
    };
    let differs = |fixture: &Fixture| match fixture.shown {
        Wanted::Trusted => !codes.is_empty(),
        Wanted::Refused(code) => !codes.contains(&code),
    };
    let unsaid = own.iter().find(|fixture| differs(fixture) != fixture.differs.is_some());
    unsaid.map(|fixture| format!("{} {}: not {}", row.id, fixture.what, row.expect))
}

#[test]
fn rows_that_are_elsewhere_are_there() {
    let lost = |(row, file): &&(&str, &str)| is_built(row, file) == Some(false);
    assert_eq!(ELSEWHERE.iter().find(lost), None);
}

fn print(fixtures: &[Fixture], wrong: &run::Wrong) {
    let rows: BTreeSet<&str> = fixtures.iter().map(|fixture| fixture.row).collect();
    let right = rows.iter().filter(|row| wrong.get(*row).is_some_and(Vec::is_empty)).count();
    let built = ELSEWHERE.iter().filter(|(row, file)| is_built(row, file) == Some(true)).count();
    let mut table = format!(
        "\ncert: {} of {ROWS} rows; {} here, {right} right ({} fixtures and their twins, 3 doors)\n",
        rows.len() + built,
        rows.len(),
        fixtures.len()
    );
    for (row, file) in ELSEWHERE {
        let state = if is_built(row, file) == Some(true) { "in" } else { "not built; will be in" };
        table += &format!("{row}: {state} tests/{file}\n");
    }
    for fixture in fixtures {
        let why = fixture.differs.map(|why| format!("exception {}: {why}\n", fixture.row));
        table += &why.unwrap_or_default();
    }
    tell(&table);
}

/// A194: where the missing intermediate could be had is written in the certificate, and nobody goes
/// there: the judge opens no connection (RFC 5280 §4.2.2.1 leaves it to the user).
#[test]
fn a_missing_intermediate_is_not_fetched() {
    let pki = Pki::new().expect("a CA");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.set_nonblocking(true).expect("a socket");
    let url = format!("http://{}/ca.der", listener.local_addr().expect("an address"));
    let leaf = Blueprint { extra: vec![issuers_at(&url)], ..leaf() };
    let sent =
        leaf.issued_by(&pki.intermediate).expect("a certificate").cert.to_der().expect("DER");
    let root = pki.root.cert.to_der().expect("DER");
    let verifier = Verifier::configured([root.as_slice()], &[]).expect("a verifier");
    let peer = Peer::new("smtp", HOST.as_bytes()).expect("a peer");
    let (_, report) = verifier.judge(&peer, [sent.as_slice()]).expect("a report");
    assert_eq!(report.code, "chain.unknown_issuer");
    let asked = listener.accept().expect_err("nobody connects");
    assert_eq!(asked.kind(), std::io::ErrorKind::WouldBlock);
}

/// authorityInfoAccess with caIssuers (RFC 5280 §4.2.2.1).
fn issuers_at(url: &str) -> Extension {
    let method = der::oid(&[1, 3, 6, 1, 5, 5, 7, 48, 2]);
    let place = der::tlv(der::context(6), url.as_bytes());
    let value = der::sequence(&[der::sequence(&[method, place])]);
    Extension { oid: "1.3.6.1.5.5.7.1.1", critical: false, value }
}
