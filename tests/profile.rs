//! `chain_profile`: which broken rule refuses, under whose anchor.

use starttls_verify::options::{Mode, Value};
use starttls_verify::ossl::Chain;
use starttls_verify::report::{Report, Shown, Verdict};
use starttls_verify::verify::{Config, Ending, Evidence, Peer, Verifier, judge};
use stv_lab::ca::{Basic, Blueprint, Extension, Identity, KeyKind, Purpose};
use stv_lab::chains::BOB;
use stv_lab::san::San;

const PROFILES: [&str; 3] = ["auto", "rfc5280", "webpki"];

/// A certificate that breaks one rule, and what each profile says of a chain with it.
struct Case {
    what: &'static str,
    ca: Blueprint,
    leaf: Blueprint,
    /// Codes of the first failure, in the order of [`PROFILES`]; empty is TRUSTED.
    wanted: [&'static str; 3],
}

fn ca() -> Blueprint {
    Blueprint::authority("CA")
}

fn leaf() -> Blueprint {
    Blueprint::leaf(&[BOB])
}

fn with(blueprint: Blueprint, oid: &'static str, critical: bool, value: &[u8]) -> Blueprint {
    let mut extra = blueprint.extra.clone();
    extra.push(Extension { oid, critical, value: value.to_vec() });
    Blueprint { extra, ..blueprint }
}

fn in_ca(what: &'static str, ca: Blueprint, wanted: [&'static str; 3]) -> Case {
    Case { what, ca, leaf: leaf(), wanted }
}

fn in_leaf(what: &'static str, leaf: Blueprint, wanted: [&'static str; 3]) -> Case {
    Case { what, ca: ca(), leaf, wanted }
}

const NAME_CONSTRAINTS: &str = "2.5.29.30";
const POLICIES: &str = "2.5.29.32";
const POLICY_CONSTRAINTS: &str = "2.5.29.36";
const ACCESS: &str = "1.3.6.1.5.5.7.1.1";
/// One access description: id-ad-ocsp, `uri:a`.
const GOOD_ACCESS: &[u8] =
    &[0x30, 0x0f, 0x30, 0x0d, 6, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, 1, 0x86, 1, b'a'];
/// requireExplicitPolicy 0.
const EXPLICIT: &[u8] = &[0x30, 3, 0x80, 1, 0];
/// Policy 1.2.3.
const POLICY: &[u8] = &[0x30, 6, 0x30, 4, 6, 2, 0x2a, 3];

fn cases() -> Vec<Case> {
    let all = |code| [code; 3];
    let good = all("");
    let public_only = |code| ["", "", code];
    let strict = |code| ["", code, code];
    let permitting = |base: &str| Blueprint { permitted: vec![San::dns(base)], ..ca() };
    let emailing = |name: &str| {
        let mut leaf = leaf();
        leaf.san.push(San::Email(name.into()));
        leaf
    };
    let two = vec![Purpose::ServerAuth, Purpose::ClientAuth];
    vec![
        in_leaf("as it should be", leaf(), good),
        in_leaf("two purposes", Blueprint { purposes: two, ..leaf() }, good),
        in_leaf(
            "no purpose",
            Blueprint { purposes: vec![], ..leaf() },
            public_only("chain.purpose"),
        ),
        in_leaf("RSA of 2048 bits", Blueprint { key: KeyKind::Rsa(2048), ..leaf() }, good),
        in_leaf(
            "RSA of 2052 bits",
            Blueprint { key: KeyKind::Rsa(2052), ..leaf() },
            all("chain.weak_key"),
        ),
        in_leaf("access", with(leaf(), ACCESS, false, GOOD_ACCESS), good),
        in_leaf(
            "critical access",
            with(leaf(), ACCESS, true, GOOD_ACCESS),
            all("chain.critical_extension"),
        ),
        in_leaf(
            "malformed access",
            with(leaf(), ACCESS, false, b"malformed"),
            all("chain.malformed"),
        ),
        in_leaf("empty access", with(leaf(), ACCESS, false, &[0x30, 0]), all("chain.malformed")),
        in_leaf(
            "an underscore",
            Blueprint { san: vec![San::dns(BOB), San::dns("a_b.bob.test")], ..leaf() },
            public_only("chain.strict"),
        ),
        in_leaf(
            "constraints in a leaf",
            Blueprint { permitted: vec![San::dns("bob.test")], ..leaf() },
            strict("chain.strict"),
        ),
        in_ca("permits bob.test", permitting("bob.test"), good),
        in_ca("permits .bob.test", permitting(".bob.test"), strict("chain.name_constraint")),
        in_ca("permits *.bob.test", permitting("*.bob.test"), all("chain.name_constraint")),
        in_ca(
            "empty constraints",
            with(ca(), NAME_CONSTRAINTS, true, &[0x30, 0]),
            all("chain.name_constraint"),
        ),
        in_ca(
            "empty lists",
            with(ca(), NAME_CONSTRAINTS, true, &[0x30, 4, 0xa0, 0, 0xa1, 0]),
            all("chain.name_constraint"),
        ),
        Case {
            what: "a mailbox below constraints",
            ca: permitting("bob.test"),
            leaf: emailing("bob@bob.test"),
            wanted: good,
        },
        Case {
            what: "what is no mailbox below constraints",
            ca: permitting("bob.test"),
            leaf: emailing("bob@@bob.test"),
            wanted: all("chain.name_constraint"),
        },
        in_ca(
            "a bad name in a CA",
            Blueprint { san: vec![San::Dns(b"b\0b".to_vec())], ..ca() },
            public_only("chain.strict"),
        ),
        in_ca("no keyUsage", Blueprint { usage: vec![], ..ca() }, strict("chain.strict")),
        in_ca("no CA", Blueprint { basic: Basic::EndEntity, ..ca() }, all("chain.invalid_ca")),
        in_ca(
            "a policy is required, and none is there",
            with(ca(), POLICY_CONSTRAINTS, true, EXPLICIT),
            all("chain.invalid"),
        ),
        Case {
            what: "a policy is required, and one is there",
            ca: with(with(ca(), POLICY_CONSTRAINTS, true, EXPLICIT), POLICIES, false, POLICY),
            leaf: with(leaf(), POLICIES, false, POLICY),
            wanted: good,
        },
        Case {
            what: "a policy is required, and asked for without force",
            ca: with(with(ca(), POLICY_CONSTRAINTS, false, EXPLICIT), POLICIES, false, POLICY),
            leaf: with(leaf(), POLICIES, false, POLICY),
            wanted: strict("chain.strict"),
        },
    ]
}

fn judged(root: &Identity, case: &Case, profile: &str) -> Report {
    let ca = case.ca.issued_by(root).unwrap();
    let leaf = case.leaf.issued_by(&ca).unwrap();
    let mut config = Config::new();
    config.put(Mode::Append, "ca_der", Value::Bytes(root.cert.to_der().unwrap())).unwrap();
    config.put(Mode::Replace, "chain_profile", Value::Text(profile.to_owned())).unwrap();
    let mut chain = Chain::new();
    for identity in [&leaf, &ca] {
        chain.add_der(&identity.cert.to_der().unwrap()).unwrap();
    }
    let mut peer = Peer::new();
    peer.set_host(BOB).unwrap();
    let evidence = Evidence { chain: &chain, shown: Shown::OnDisk };
    judge(&Verifier::new(&config).unwrap(), &peer, &evidence, &Ending::default())
}

#[test]
fn every_rule_under_every_profile() {
    let root = Blueprint::authority("Root").self_signed().unwrap();
    for case in cases() {
        for (profile, wanted) in PROFILES.into_iter().zip(case.wanted) {
            let report = judged(&root, &case, profile);
            let code = report.first_failure().map_or("", |finding| finding.code.name());
            assert_eq!(code, wanted, "{}, {profile}: {}", case.what, report.text());
            let trusted = report.verdict == Verdict::Trusted;
            assert_eq!(trusted, wanted.is_empty(), "{}, {profile}", case.what);
        }
    }
}

#[test]
fn only_known_profiles() {
    for word in ["", "web", "private", "WEBPKI"] {
        let mut config = Config::new();
        let put = config.put(Mode::Replace, "chain_profile", Value::Text(word.to_owned()));
        assert!(put.is_err(), "{word:?}");
    }
}
