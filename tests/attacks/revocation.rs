//! Revocation through the judge: CRLs that are given, and what they weigh.

use std::fs;
use std::path::{Path, PathBuf};

use openssl::x509::X509;
use starttls_verify::options::{Mode, Value};
use starttls_verify::ossl::Chain;
use starttls_verify::report::{Outcome, Report, Shown, Verdict};
use starttls_verify::status::Status;
use starttls_verify::verify::{Config, Ending, Evidence, Peer, Verifier, judge};
use stv_lab::ca::{Blueprint, Extension, Usage};
use stv_lab::chains::{self, BOB, Pki};
use stv_lab::revocation::{CrlBlueprint, Updates};

use super::ledger::Proof;

/// The rows that this proves.
pub const PROOFS: &[Proof] =
    &[("A207", a207_revoked_in_a_crl), ("A208", a208_a_crl_that_has_expired)];

fn config(pki: &Pki, settings: &[(&str, Value)]) -> Config {
    let mut config = Config::new();
    let root = pki.root.cert.to_der().unwrap();
    config.put(Mode::Append, "ca_der", Value::Bytes(root)).unwrap();
    for (name, value) in settings {
        let mode = if name.starts_with("crl_") && *name != "crl_check" {
            Mode::Append
        } else {
            Mode::Replace
        };
        config.put(mode, name, value.clone()).unwrap();
    }
    config
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

fn crl(der: &[u8]) -> (&'static str, Value) {
    ("crl_der", Value::Bytes(der.to_vec()))
}

fn sent(made: &chains::Chain) -> Chain {
    let mut chain = Chain::new();
    for certificate in &made.certs {
        chain.add_der(&certificate.to_der().unwrap()).unwrap();
    }
    chain
}

fn verdict(config: &Config, made: &chains::Chain) -> Report {
    let mut peer = Peer::new();
    peer.set_host(BOB).unwrap();
    let evidence = Evidence { chain: &sent(made), shown: Shown::OnDisk };
    judge(&Verifier::new(config).unwrap(), &peer, &evidence, &Ending::default())
}

/// The first failure, or "" for a peer that is trusted.
fn code(report: &Report) -> &'static str {
    assert_eq!(report.verdict == Verdict::Trusted, report.first_failure().is_none());
    report.first_failure().map_or("", |finding| finding.code.name())
}

fn noted(report: &Report, code: &str) -> bool {
    let note = |outcome| outcome == Outcome::Note;
    report.findings.iter().any(|finding| finding.code.name() == code && note(finding.outcome))
}

struct Scene {
    pki: Pki,
    bob: chains::Chain,
}

impl Scene {
    fn new() -> Scene {
        let pki = Pki::new().unwrap();
        let bob = pki.leaf(&[BOB]).unwrap();
        Scene { pki, bob }
    }

    /// The intermediate's list.
    fn lower(&self, revoked: &[&X509]) -> Vec<u8> {
        CrlBlueprint::of(revoked).signed_by(&self.pki.intermediate).unwrap()
    }

    /// The root's list.
    fn upper(&self, revoked: &[&X509]) -> Vec<u8> {
        CrlBlueprint::of(revoked).signed_by(&self.pki.root).unwrap()
    }

    fn code(&self, settings: &[(&str, Value)]) -> &'static str {
        code(&verdict(&config(&self.pki, settings), &self.bob))
    }
}

fn a207_revoked_in_a_crl() {
    let scene = Scene::new();
    let (leaf, intermediate) = (&scene.bob.certs[0], &scene.pki.intermediate.cert);
    let other = scene.pki.leaf(&["other.bob.test"]).unwrap();
    let (lower, upper) = (scene.lower(&[]), scene.upper(&[]));
    assert_eq!(scene.code(&[crl(&lower), crl(&upper)]), "");
    assert_eq!(scene.code(&[crl(&scene.lower(&[&other.certs[0]])), crl(&upper)]), "");
    assert_eq!(scene.code(&[crl(&scene.lower(&[leaf])), crl(&upper)]), "chain.revoked");
    assert_eq!(scene.code(&[crl(&lower), crl(&scene.upper(&[intermediate]))]), "chain.revoked");
    // The leaf only: what the root says of the intermediate is not asked.
    let leaf_only = ("crl_check", text("leaf"));
    let revoked_above = scene.upper(&[intermediate]);
    assert_eq!(scene.code(&[crl(&lower), crl(&revoked_above), leaf_only.clone()]), "");
    assert_eq!(scene.code(&[crl(&scene.lower(&[leaf])), leaf_only]), "chain.revoked");
    // Revoked stays revoked, also softly and by a list that is out of date.
    let soft = ("insecure_crl_soft", Value::Bool(true));
    assert_eq!(scene.code(&[crl(&scene.lower(&[leaf])), soft.clone()]), "chain.revoked");
    let old = CrlBlueprint { updates: Updates::PAST, ..CrlBlueprint::of(&[leaf]) };
    let old = old.signed_by(&scene.pki.intermediate).unwrap();
    assert_eq!(scene.code(&[crl(&old), crl(&upper), soft]), "chain.revoked");
}

fn a208_a_crl_that_has_expired() {
    let scene = Scene::new();
    let upper = scene.upper(&[]);
    for (what, updates) in [("expired", Updates::PAST), ("not valid yet", Updates::FUTURE)] {
        let list = CrlBlueprint { updates, ..CrlBlueprint::of(&[]) };
        let list = list.signed_by(&scene.pki.intermediate).unwrap();
        assert_eq!(scene.code(&[crl(&list), crl(&upper)]), "chain.crl_stale", "{what}");
        let soft = ("insecure_crl_soft", Value::Bool(true));
        let report = verdict(&config(&scene.pki, &[crl(&list), crl(&upper), soft]), &scene.bob);
        assert_eq!(code(&report), "", "{what}");
        assert!(noted(&report, "chain.crl_stale"), "{what}: {}", report.text());
        assert!(report.summary().contains("INSECURE: insecure_crl_soft"), "{}", report.summary());
        // A current list beside it takes its place.
        assert_eq!(scene.code(&[crl(&list), crl(&scene.lower(&[])), crl(&upper)]), "", "{what}");
    }
}

#[test]
fn a_list_that_is_missing_for_an_issuer() {
    let scene = Scene::new();
    let (lower, upper) = (scene.lower(&[]), scene.upper(&[]));
    assert_eq!(scene.code(&[]), "", "no list at all: not asked");
    assert_eq!(scene.code(&[crl(&lower)]), "chain.crl_missing", "the root's");
    assert_eq!(scene.code(&[crl(&upper)]), "chain.crl_missing", "the intermediate's");
    assert_eq!(scene.code(&[crl(&lower), ("crl_check", text("leaf"))]), "");
    assert_eq!(scene.code(&[crl(&upper), ("crl_check", text("leaf"))]), "chain.crl_missing");
    let soft = ("insecure_crl_soft", Value::Bool(true));
    let report = verdict(&config(&scene.pki, &[crl(&upper), soft]), &scene.bob);
    assert!(code(&report).is_empty() && noted(&report, "chain.crl_missing"), "{}", report.text());
}

#[test]
fn a_list_that_cannot_be_believed() {
    let scene = Scene::new();
    let upper = scene.upper(&[]);
    let forged =
        CrlBlueprint::of(&[]).signed(&scene.pki.intermediate, &scene.pki.root.key).unwrap();
    let unknown = Extension { oid: "2.999.1", critical: true, value: vec![5, 0] };
    let critical = CrlBlueprint { extra: vec![unknown], ..CrlBlueprint::of(&[]) };
    let critical = critical.signed_by(&scene.pki.intermediate).unwrap();
    for soft in [false, true] {
        let soft = ("insecure_crl_soft", Value::Bool(soft));
        let wanted = "chain.crl_invalid";
        assert_eq!(scene.code(&[crl(&forged), crl(&upper), soft.clone()]), wanted, "forged");
        assert_eq!(scene.code(&[crl(&critical), crl(&upper), soft]), wanted, "critical");
    }
    // A CA that may not sign lists.
    let pki = Pki::new().unwrap();
    let issuer = Blueprint { usage: vec![Usage::CertSign], ..Blueprint::authority("No lists") };
    let issuer = issuer.issued_by(&pki.root).unwrap();
    let leaf = Blueprint::leaf(&[BOB]).issued_by(&issuer).unwrap();
    let list = CrlBlueprint::of(&[]).signed_by(&issuer).unwrap();
    let bob = chains::send(leaf, &[&issuer]).unwrap();
    let above = CrlBlueprint::of(&[]).signed_by(&pki.root).unwrap();
    let report = verdict(&config(&pki, &[crl(&list), crl(&above)]), &bob);
    assert_eq!(code(&report), "chain.crl_invalid", "{}", report.text());
}

#[test]
fn a_list_for_other_certificates() {
    let scene = Scene::new();
    let upper = scene.upper(&[]);
    let for_only = |field: &[u8]| {
        let value = [&[0x30, field.len() as u8], field].concat();
        let scope = Extension { oid: "2.5.29.28", critical: true, value };
        let list = CrlBlueprint { extra: vec![scope], ..CrlBlueprint::of(&[]) };
        list.signed_by(&scene.pki.intermediate).unwrap()
    };
    // onlyContainsUserCerts fits the leaf, onlyContainsCACerts does not.
    assert_eq!(scene.code(&[crl(&for_only(&[0x81, 1, 0xff])), crl(&upper)]), "");
    let refused = scene.code(&[crl(&for_only(&[0x82, 1, 0xff])), crl(&upper)]);
    assert!(["chain.crl", "chain.crl_missing"].contains(&refused), "{refused}");
    // What is not supported is refused with words when the verifier is made.
    let delta = Extension { oid: "2.5.29.27", critical: true, value: vec![2, 1, 1] };
    let delta = CrlBlueprint { extra: vec![delta], ..CrlBlueprint::of(&[]) };
    let endless = CrlBlueprint {
        updates: Updates { next: None, ..Updates::CURRENT },
        ..CrlBlueprint::of(&[])
    };
    let intermediate = &scene.pki.intermediate;
    for (words, der) in [
        ("delta CRL", delta.signed_by(intermediate).unwrap()),
        ("indirect", for_only(&[0x84, 1, 0xff])),
        ("some reasons", for_only(&[0x83, 2, 6, 0x40])),
        ("nextUpdate", endless.signed_by(intermediate).unwrap()),
    ] {
        let error = Verifier::new(&config(&scene.pki, &[crl(&der)])).err().expect(words);
        assert_eq!(error.status, Status::Unsupported, "{words}");
        assert!(error.what.contains(words), "{}", error.what);
    }
}

struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("stv-crls-{name}-{}", std::process::id()));
        fs::remove_dir_all(&path).ok();
        fs::create_dir_all(&path).unwrap();
        Directory(path)
    }

    fn setting(&self) -> (&'static str, Value) {
        ("crl_path", text(self.0.to_str().unwrap()))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

fn pem(der: &[u8]) -> Vec<u8> {
    openssl::x509::X509Crl::from_der(der).unwrap().to_pem().unwrap()
}

fn put(directory: &Path, name: &str, contents: &[u8]) {
    fs::write(directory.join(name), contents).unwrap();
}

#[test]
fn a_directory_of_lists() {
    let scene = Scene::new();
    let directory = Directory::new("directory");
    let setting = || [directory.setting()];
    let fails = |wanted: Status| {
        let error = Verifier::new(&config(&scene.pki, &setting())).err().expect("an error");
        assert_eq!(error.status, wanted, "{}", error.what);
        assert!(error.what.contains("crl_path"), "{}", error.what);
    };
    put(&directory.0, "README", b"no list");
    put(&directory.0, "ca.pem", &scene.pki.root.cert.to_pem().unwrap());
    fails(Status::FileEmpty);
    put(&directory.0, "5ed36f99.r0", &pem(&scene.lower(&[])));
    assert_eq!(scene.code(&setting()), "chain.crl_missing");
    put(&directory.0, "root.crl", &scene.upper(&[]));
    put(&directory.0, "root-again.pem", &pem(&scene.upper(&[])));
    assert_eq!(scene.code(&setting()), "");

    let verifier = Verifier::new(&config(&scene.pki, &setting())).unwrap();
    assert!(!verifier.is_stale());
    put(&directory.0, "root.crl", &scene.upper(&[&scene.pki.intermediate.cert]));
    assert!(verifier.is_stale(), "a list was replaced");
    let verifier = Verifier::new(&config(&scene.pki, &setting())).unwrap();
    assert!(!verifier.is_stale());
    std::thread::sleep(std::time::Duration::from_millis(20));
    put(&directory.0, "new.crl", &scene.upper(&[]));
    assert!(verifier.is_stale(), "a list was added");

    put(&directory.0, "half.crl", &scene.lower(&[])[..100]);
    fails(Status::Certificate);
    put(&directory.0, "half.crl", b"");
    fails(Status::FileEmpty);
    fs::remove_dir_all(&directory.0).unwrap();
    fails(Status::FileMissing);
}

#[test]
fn lists_in_memory() {
    let scene = Scene::new();
    let both = [pem(&scene.lower(&[&scene.bob.certs[0]])), pem(&scene.upper(&[]))].concat();
    assert_eq!(scene.code(&[("crl_pem", Value::Bytes(both))]), "chain.revoked");
    let broken = pem(&scene.lower(&[]));
    for (contents, status) in [
        (&b""[..], Status::FileEmpty),
        (b"no list", Status::FileEmpty),
        (&broken[..broken.len() / 2], Status::Certificate),
    ] {
        let setting = ("crl_pem", Value::Bytes(contents.to_vec()));
        let error = Verifier::new(&config(&scene.pki, &[setting])).err().expect("an error");
        assert_eq!(error.status, status, "{}", error.what);
    }
}
