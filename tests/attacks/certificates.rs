//! Class `cert` of `attacks.json`: a chain with exactly one fault, shown on disk and by a live server
//! behind STARTTLS, and its twin without the fault. See `fixtures`.

use std::net::{Ipv4Addr, TcpListener};

use super::fixtures::fixture::{Fixture, HOST, Wanted, leaf};
use super::fixtures::{algorithms, meaning, names, run, trust};
use crate::corpus::abi::{Peer, Verifier};
use crate::corpus::suite::Attack;
use crate::corpus::tally::tell;
use stv_lab::ca::{Blueprint, Extension};
use stv_lab::chains::Pki;
use stv_lab::der;

use super::ledger::Rows;

/// Rows about revocation: see `staples` and `revocation`.
const ELSEWHERE: [&str; 4] = ["A204", "A205", "A207", "A208"];

fn all() -> Vec<Fixture> {
    [trust::FIXTURES, algorithms::FIXTURES, names::FIXTURES].concat()
}

/// Every fault is refused, and its twin is trusted.
pub fn rows() -> Rows {
    let fixtures = all();
    let pki = Pki::new().expect("a CA");
    print(&fixtures);
    run::all(&fixtures, &pki)
}

/// Rows of the corpus without a fixture that means the same.
pub fn unmeant(corpus: &[Attack]) -> Vec<String> {
    let fixtures = all();
    let rows = corpus.iter().filter(|row| row.class == "cert");
    rows.filter(|row| !ELSEWHERE.contains(&row.id.as_str()))
        .filter_map(|row| is_unmeant(row, &fixtures))
        .collect()
}

/// What is wrong with the fixtures of a row, if anything is.
fn is_unmeant(row: &Attack, fixtures: &[Fixture]) -> Option<String> {
    let own: Vec<&Fixture> = fixtures.iter().filter(|fixture| fixture.row == row.id).collect();
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

fn print(fixtures: &[Fixture]) {
    let mut table =
        format!("\ncertificates: {} fixtures and their twins, 3 doors\n", fixtures.len());
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
