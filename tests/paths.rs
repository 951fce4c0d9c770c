//! Which path a chain's verdict is about: twins of a CA, cross-certificates, and chains that are made
//! to have more paths than anyone can try.

use std::time::{Duration, Instant};

use openssl::x509::X509;
use starttls_verify::limits::{CANDIDATE_PATHS, SIGNATURE_CHECKS};
use starttls_verify::options::{Mode, Value};
use starttls_verify::ossl::Chain;
use starttls_verify::report::{Outcome, Report, Shown, Verdict};
use starttls_verify::verify::{Config, Ending, Evidence, Peer, Verifier, judge};
use stv_lab::ca::{Blueprint, Identity, Validity};
use stv_lab::chains::BOB;
use stv_lab::san::San;

/// What a verdict on the worst chain may take in a debug build on a busy machine. Without the budget
/// the meshes below take longer than anyone would wait.
const PATIENCE: Duration = Duration::from_secs(20);

fn config(anchors: &[&Identity]) -> Config {
    let mut config = Config::new();
    for anchor in anchors {
        let der = anchor.cert.to_der().unwrap();
        config.put(Mode::Append, "ca_der", Value::Bytes(der)).unwrap();
    }
    config
}

fn judged(config: &Config, sent: &[&X509]) -> Report {
    let mut chain = Chain::new();
    for certificate in sent {
        chain.add_der(&certificate.to_der().unwrap()).unwrap();
    }
    let mut peer = Peer::new();
    peer.set_host(BOB).unwrap();
    let evidence = Evidence { chain: &chain, shown: Shown::OnDisk };
    judge(&Verifier::new(config).unwrap(), &peer, &evidence, &Ending::default())
}

/// The verdict on a leaf and what is sent with it, in this order.
fn verdict(anchors: &[&Identity], leaf: &Identity, others: &[&Identity]) -> Report {
    let sent: Vec<&X509> = [leaf].iter().chain(others).map(|identity| &identity.cert).collect();
    judged(&config(anchors), &sent)
}

fn code(report: &Report) -> &'static str {
    report.first_failure().map_or("", |finding| finding.code.name())
}

fn has(report: &Report, code: &str) -> bool {
    let mut failures = report.findings.iter().filter(|finding| finding.outcome == Outcome::Fail);
    failures.any(|finding| finding.code.name() == code)
}

fn root(name: &str) -> Identity {
    Blueprint::authority(name).self_signed().unwrap()
}

fn excluding_bob(name: &str) -> Blueprint {
    Blueprint { excluded: vec![San::dns("bob.test")], ..Blueprint::authority(name) }
}

fn expired(name: &str) -> Blueprint {
    Blueprint { validity: Validity::PAST, ..Blueprint::authority(name) }
}

/// An intermediate that is as it should be, and its leaf for Bob.
fn intermediate_and_leaf(root: &Identity) -> (Identity, Identity) {
    let good = Blueprint::authority("Twin").issued_by(root).unwrap();
    let leaf = Blueprint::leaf(&[BOB]).issued_by(&good).unwrap();
    (good, leaf)
}

#[test]
fn a_bad_twin_of_an_intermediate_does_not_spoil_the_good_one() {
    let root = root("Root");
    let (good, leaf) = intermediate_and_leaf(&root);
    for (what, blueprint, alone) in [
        ("expired", expired("Twin"), "chain.expired"),
        ("may not issue for Bob", excluding_bob("Twin"), "chain.name_constraint"),
        (
            "no CA",
            Blueprint {
                san: Vec::new(),
                common_names: vec!["Twin".into()],
                ..Blueprint::leaf(&[])
            },
            "chain.invalid_ca",
        ),
    ] {
        let bad = blueprint.renewed(&good.key, &root).unwrap();
        for others in [[&bad, &good], [&good, &bad]] {
            let report = verdict(&[&root], &leaf, &others);
            assert_eq!(report.verdict, Verdict::Trusted, "{what}: {}", report.text());
        }
        assert!(has(&verdict(&[&root], &leaf, &[&bad]), alone), "{what}");
    }
}

#[test]
fn an_old_root_that_expired_does_not_hide_the_new_way() {
    // The old root is still in the store; its key was cross-certified by the new one.
    let (old, new) = (expired("Old Root").self_signed().unwrap(), root("New Root"));
    let crossed = Blueprint::authority("Old Root").renewed(&old.key, &new).unwrap();
    let (intermediate, leaf) = intermediate_and_leaf(&old);
    let report = verdict(&[&old, &new], &leaf, &[&intermediate, &crossed]);
    assert_eq!(report.verdict, Verdict::Trusted, "{}", report.text());
    assert_eq!(code(&verdict(&[&old, &new], &leaf, &[&intermediate])), "chain.expired");
    assert_eq!(code(&verdict(&[&old], &leaf, &[&intermediate, &crossed])), "chain.expired");
}

#[test]
fn a_pin_speaks_of_the_path_that_passed() {
    let root = root("Root");
    let (good, leaf) = intermediate_and_leaf(&root);
    let bad = expired("Twin").renewed(&good.key, &root).unwrap();
    let sent = [&leaf.cert, &bad.cert, &good.cert];
    let pinned = |identity: &Identity| {
        let digest = openssl::sha::sha256(&identity.cert.to_der().unwrap());
        let pin = format!("sha256:{}", data_encoding::HEXLOWER.encode(&digest));
        let mut config = config(&[&root]);
        config.put(Mode::Replace, "pin", Value::Text(pin)).unwrap();
        judged(&config, &sent)
    };
    assert_eq!(pinned(&good).verdict, Verdict::Trusted);
    assert_eq!(code(&pinned(&bad)), "pin.mismatch", "sent, and not in the path");
}

#[test]
fn a_wildcard_under_a_ca_that_may_not_issue_for_bob() {
    // The certificate's own name is not excluded, the name that it is used as is.
    let root = root("Root");
    let excluded = Blueprint { excluded: vec![San::dns(BOB)], ..Blueprint::authority("Twin") };
    let constrained = excluded.issued_by(&root).unwrap();
    let free = Blueprint::authority("Twin").renewed(&constrained.key, &root).unwrap();
    let leaf = Blueprint::leaf(&["*.bob.test"]).issued_by(&constrained).unwrap();
    assert_eq!(code(&verdict(&[&root], &leaf, &[&constrained])), "chain.name_constraint");
    let report = verdict(&[&root], &leaf, &[&constrained, &free]);
    assert_eq!(report.verdict, Verdict::Trusted, "{}", report.text());
}

#[test]
fn where_no_path_passes_the_report_is_about_the_closest_in_any_order() {
    let (root, stranger) = (root("Root"), root("Stranger"));
    let (good, leaf) = intermediate_and_leaf(&root);
    let old = expired("Twin").renewed(&good.key, &root).unwrap();
    let orphan = Blueprint::authority("Twin").renewed(&good.key, &stranger).unwrap();
    let broken = good.with_broken_signature().unwrap();
    let others = [&old, &orphan, &broken];
    for order in [[0, 1, 2], [1, 0, 2], [2, 1, 0], [1, 2, 0]] {
        let report = verdict(&[&root], &leaf, &order.map(|at| others[at]));
        assert_eq!(code(&report), "chain.expired", "{order:?}: {}", report.text());
    }
}

#[test]
fn what_is_wrong_with_the_leaf_itself_is_not_searched_around() {
    let root = root("Root");
    let twin = Blueprint::authority("Twin").issued_by(&root).unwrap();
    let leaf = Blueprint { validity: Validity::PAST, ..Blueprint::leaf(&[BOB]) };
    let leaf = leaf.issued_by(&twin).unwrap();
    let mesh = Mesh::new(&root, "Twin", &twin);
    let report = verdict(&[&root], &leaf, &mesh.sent());
    assert!(has(&report, "chain.expired") && !has(&report, "chain.budget"), "{}", report.text());
}

/// Nine CAs that have certified one another, and a way out that leads to the anchor and may not issue
/// for Bob: more than a hundred thousand paths, of which none is good.
struct Mesh {
    crossed: Vec<Identity>,
}

impl Mesh {
    const CAS: usize = 9;

    fn new(root: &Identity, first: &str, key: &Identity) -> Mesh {
        let names: Vec<String> = (0..Mesh::CAS).map(|at| format!("Mesh {at}")).collect();
        let names = || std::iter::once(first).chain(names.iter().skip(1).map(String::as_str));
        let keys: Vec<Identity> = names()
            .enumerate()
            .map(|(at, name)| if at == 0 { key.clone() } else { self::root(name) })
            .collect();
        let mut crossed = Vec::new();
        for (subject, name) in names().enumerate() {
            for (issuer, signer) in names().enumerate().filter(|(issuer, _)| *issuer != subject) {
                let signer = Identity { cert: named(signer), key: keys[issuer].key.clone() };
                let blueprint = Blueprint::authority(name);
                crossed.push(blueprint.renewed(&keys[subject].key, &signer).unwrap());
            }
            if subject + 2 > Mesh::CAS {
                crossed.push(excluding_bob(name).renewed(&keys[subject].key, root).unwrap());
            }
        }
        Mesh { crossed }
    }

    fn sent(&self) -> Vec<&Identity> {
        self.crossed.iter().collect()
    }
}

/// Any certificate with this subject: only the name is used.
fn named(name: &str) -> X509 {
    root(name).cert
}

#[test]
fn cas_that_certify_one_another_cost_no_more_than_the_budget() {
    let root = root("Root");
    let first = self::root("Mesh 0");
    let mesh = Mesh::new(&root, "Mesh 0", &first);
    let leaf = Blueprint::leaf(&[BOB]).issued_by(&first).unwrap();
    let start = Instant::now();
    let report = verdict(&[&root], &leaf, &mesh.sent());
    let time = start.elapsed();
    assert_eq!(
        (report.verdict, code(&report)),
        (Verdict::Rejected, "chain.budget"),
        "{}",
        report.text()
    );
    assert!(has(&report, "chain.name_constraint"), "and what is wrong with the closest path");
    assert!(time < PATIENCE, "{time:?}");
    println!("a mesh of {} certificates: {time:?}", mesh.crossed.len());

    // The same without a way out: nobody trusted is reached, and no path is tried twice.
    let start = Instant::now();
    let report = verdict(&[&self::root("Elsewhere")], &leaf, &mesh.sent());
    let time = start.elapsed();
    assert!(
        has(&report, "chain.unknown_issuer") || has(&report, "chain.too_long"),
        "{}",
        report.text()
    );
    assert!(!has(&report, "chain.budget") && time < PATIENCE, "{time:?}");
}

#[test]
fn signatures_are_counted() {
    // A ladder of twins, each with a forged signature: every path must be checked to see it.
    let root = root("Root");
    let mut sent = Vec::new();
    let mut issuer = root.clone();
    for rung in 0..6 {
        let blueprint = Blueprint::authority(&format!("Rung {rung}"));
        let next = blueprint.issued_by(&issuer).unwrap();
        for _ in 0..6 {
            let twin = blueprint.renewed(&next.key, &issuer).unwrap();
            sent.push(twin.with_broken_signature().unwrap());
        }
        issuer = next;
    }
    let leaf = Blueprint::leaf(&[BOB]).issued_by(&issuer).unwrap();
    let start = Instant::now();
    let report = verdict(&[&root], &leaf, &sent.iter().collect::<Vec<_>>());
    assert_eq!(code(&report), "chain.budget", "{}", report.text());
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    let most = CANDIDATE_PATHS * 8;
    assert!(SIGNATURE_CHECKS < most, "here it is the signatures that end it");
}

#[test]
fn names_times_constraints_are_counted_before_they_are_compared() {
    let root = root("Root");
    let many = |count: usize, end: &str| -> Vec<San> {
        (0..count).map(|at| San::dns(&format!("n{at}.{end}"))).collect()
    };
    let chain = |names: usize, constraints: usize| {
        let ca =
            Blueprint { excluded: many(constraints, "eve.test"), ..Blueprint::authority("CA") };
        let ca = ca.issued_by(&root).unwrap();
        let mut leaf = Blueprint::leaf(&[BOB]);
        leaf.san.extend(many(names, "bob.test"));
        (leaf.issued_by(&ca).unwrap(), ca)
    };
    let (leaf, ca) = chain(100, 200);
    assert_eq!(verdict(&[&root], &leaf, &[&ca]).verdict, Verdict::Trusted);
    let (leaf, ca) = chain(2000, 1000);
    let start = Instant::now();
    assert_eq!(code(&verdict(&[&root], &leaf, &[&ca])), "chain.budget");
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}

#[test]
fn self_issued_certificates_do_not_count_for_the_depth() {
    // RFC 5280 §6.1.4 (l): a CA that certifies its own new key is no step.
    let root = root("Root");
    let old = Blueprint::authority("CA").issued_by(&root).unwrap();
    let new = Blueprint::authority("CA").issued_by(&old).unwrap();
    let other = Blueprint::authority("Other CA").issued_by(&old).unwrap();
    let deep = |depth: i64, issuer: &Identity| {
        let mut config = config(&[&root]);
        config.put(Mode::Replace, "verify_depth", Value::Int(depth)).unwrap();
        let leaf = Blueprint::leaf(&[BOB]).issued_by(issuer).unwrap();
        let report = judged(&config, &[&leaf.cert, &issuer.cert, &old.cert]);
        (report.verdict, code(&report))
    };
    assert_eq!(deep(1, &new), (Verdict::Trusted, ""));
    assert_eq!(deep(0, &new), (Verdict::Rejected, "chain.too_long"));
    assert_eq!(deep(2, &other), (Verdict::Trusted, ""));
    assert_eq!(deep(1, &other), (Verdict::Rejected, "chain.too_long"));
}
