//! Stapled OCSP responses: through the judge, and through sessions in TLS 1.2 and 1.3.

use std::net::{Ipv4Addr, TcpListener};
use std::thread;

use openssl::hash::MessageDigest;
use openssl::ssl::{Ssl, SslContext, SslMethod, SslSessionCacheMode};
use starttls_verify::options::{Mode, Value};
use starttls_verify::ossl::Chain;
use starttls_verify::proto::Protocol;
use starttls_verify::report::{Finding, Outcome, Report, Shown, Verdict};
use starttls_verify::session::Session;
use starttls_verify::status::Status;
use starttls_verify::verify::{Config, Ending, Evidence, Peer, Verifier, judge};
use stv_lab::ca::{Blueprint, Extension, Identity, Purpose, Usage, Validity};
use stv_lab::chains::{self, BOB, Pki};
use stv_lab::revocation::{By, CertStatus, OcspBlueprint, Single, Updates, must_staple};

use super::ledger::Proof;

/// The rows that this proves.
pub const PROOFS: &[Proof] = &[
    ("A204", a204_a_staple_that_says_revoked),
    ("A205", a205_a_staple_out_of_date_by_the_wrong_responder_or_for_another_serial),
];

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

fn config(pki: &Pki, settings: &[(&str, Value)]) -> Config {
    let mut config = Config::new();
    let root = pki.root.cert.to_der().unwrap();
    config.put(Mode::Append, "ca_der", Value::Bytes(root)).unwrap();
    for (name, value) in settings {
        config.put(Mode::Replace, name, value.clone()).unwrap();
    }
    config
}

fn verdict(config: &Config, made: &chains::Chain, staple: Option<&[u8]>) -> Report {
    let mut peer = Peer::new();
    peer.set_host(BOB).unwrap();
    let mut chain = Chain::new();
    for certificate in &made.certs {
        chain.add_der(&certificate.to_der().unwrap()).unwrap();
    }
    let evidence = Evidence { chain: &chain, shown: Shown::OnDisk };
    let ending = Ending { staple, ..Ending::default() };
    judge(&Verifier::new(config).unwrap(), &peer, &evidence, &ending)
}

/// The finding about revocation: there is always exactly one.
fn revocation(report: &Report) -> &Finding {
    let mut found =
        report.findings.iter().filter(|finding| finding.code.name().starts_with("revocation."));
    let finding = found.next().expect("a finding about revocation");
    assert!(found.next().is_none(), "{}", report.text());
    finding
}

const DEFAULT: &[(&str, &str)] = &[];
const REQUIRE: &[(&str, &str)] = &[("ocsp", "require")];
const SOFT: &[(&str, &str)] = &[("insecure_ocsp", "soft")];
const OFF: &[(&str, &str)] = &[("insecure_ocsp", "off")];

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

    fn must_staple() -> Scene {
        let pki = Pki::new().unwrap();
        let leaf = Blueprint { extra: vec![must_staple()], ..Blueprint::leaf(&[BOB]) };
        let bob = pki.chain(&leaf).unwrap();
        Scene { pki, bob }
    }

    fn about_bob(&self) -> OcspBlueprint {
        OcspBlueprint::about(&self.bob.certs[0], &self.pki.intermediate.cert).unwrap()
    }

    fn signed(&self, response: &OcspBlueprint) -> Vec<u8> {
        response.signed_by(&self.pki.intermediate).unwrap()
    }

    /// Code and outcome of the check, and that the verdict is what they say.
    fn says(&self, mode: &[(&str, &str)], staple: Option<&[u8]>) -> (&'static str, Outcome) {
        let settings: Vec<(&str, Value)> =
            mode.iter().map(|(name, value)| (*name, text(value))).collect();
        let report = verdict(&config(&self.pki, &settings), &self.bob, staple);
        let finding = revocation(&report);
        let refused = finding.outcome == Outcome::Fail
            || (mode == REQUIRE && finding.outcome != Outcome::Pass);
        assert_eq!(report.verdict == Verdict::Rejected, refused, "{}", report.text());
        assert_eq!(report.verdict == Verdict::Trusted, !refused, "{}", report.text());
        (finding.code.name(), finding.outcome)
    }

    /// What this staple is in the modes that check it.
    fn refuses(&self, what: &str, staple: &[u8], code: &str) {
        for mode in [DEFAULT, REQUIRE] {
            assert_eq!(self.says(mode, Some(staple)), (code, Outcome::Fail), "{what} {mode:?}");
        }
        assert_eq!(self.says(SOFT, Some(staple)), (code, Outcome::Note), "{what}, softly");
        assert_eq!(
            self.says(OFF, Some(staple)),
            ("revocation.not_checked", Outcome::Skip),
            "{what}"
        );
    }

    fn accepts(&self, what: &str, staple: &[u8]) {
        for mode in [DEFAULT, REQUIRE, SOFT] {
            let good = ("revocation.good", Outcome::Pass);
            assert_eq!(self.says(mode, Some(staple)), good, "{what} {mode:?}");
        }
    }
}

#[test]
fn a_good_staple_passes() {
    let scene = Scene::new();
    let good = scene.about_bob();
    scene.accepts("by key", &scene.signed(&good));
    scene.accepts("by name", &scene.signed(&OcspBlueprint { by: By::Name, ..good.clone() }));
    let sha256 = good.clone().with(|single| single.digest = MessageDigest::sha256());
    scene.accepts("SHA-256 ids", &scene.signed(&sha256));
    let undated = good.clone().with(|single| single.updates.next = None);
    scene.accepts("no nextUpdate", &scene.signed(&undated));
    // Among answers about others.
    let other = scene.pki.leaf(&["other.bob.test"]).unwrap();
    let mut many = good.clone();
    let mut about_other = Single::about(&other.certs[0], &scene.pki.intermediate.cert).unwrap();
    about_other.status = CertStatus::Revoked;
    many.singles.insert(0, about_other);
    scene.accepts("another one is revoked", &scene.signed(&many));
}

fn a204_a_staple_that_says_revoked() {
    let scene = Scene::new();
    let revoked = scene.about_bob().with(|single| single.status = CertStatus::Revoked);
    let fail = ("revocation.revoked", Outcome::Fail);
    for updates in [Updates::CURRENT, Updates::PAST] {
        let staple = scene.signed(&revoked.clone().with(|single| single.updates = updates));
        for mode in [DEFAULT, REQUIRE, SOFT] {
            assert_eq!(scene.says(mode, Some(&staple)), fail, "{mode:?} {updates:?}");
        }
    }
    // A good answer beside it does not help, whichever comes first.
    for position in [0, 1] {
        let mut both = revoked.clone();
        both.singles.insert(position, scene.about_bob().singles[0].clone());
        assert_eq!(scene.says(DEFAULT, Some(&scene.signed(&both))), fail);
    }
    assert_eq!(
        scene.says(OFF, Some(&scene.signed(&revoked))),
        ("revocation.not_checked", Outcome::Skip)
    );
}

fn a205_a_staple_out_of_date_by_the_wrong_responder_or_for_another_serial() {
    let scene = Scene::new();
    let good = scene.about_bob();
    let at = |updates| scene.signed(&good.clone().with(|single| single.updates = updates));
    scene.refuses("expired", &at(Updates::PAST), "revocation.staple_stale");
    scene.refuses("of tomorrow", &at(Updates::FUTURE), "revocation.staple_stale");
    let old = Updates { this: -2 * 86_400, next: None };
    scene.refuses("undated and old", &at(old), "revocation.staple_stale");

    const INVALID: &str = "revocation.staple_invalid";
    let other = scene.pki.leaf(&["other.bob.test"]).unwrap();
    let about_other = OcspBlueprint::about(&other.certs[0], &scene.pki.intermediate.cert).unwrap();
    scene.refuses("for another serial", &scene.signed(&about_other), INVALID);
    let about_bob_of_root = good.clone().with(|single| single.issuer = scene.pki.root.cert.clone());
    scene.refuses("of another issuer", &scene.signed(&about_bob_of_root), INVALID);
    scene.refuses(
        "of nobody",
        &scene.signed(&OcspBlueprint { singles: vec![], ..good.clone() }),
        INVALID,
    );

    let eve = Blueprint::authority("Eve").self_signed().unwrap();
    scene.refuses("by Eve", &good.signed_by(&eve).unwrap(), INVALID);
    scene.refuses("by the root", &good.signed_by(&scene.pki.root).unwrap(), INVALID);
    let forged = good.signed(&scene.pki.intermediate.cert, &eve.key).unwrap();
    scene.refuses("by Eve in the CA's name", &forged, INVALID);
    let itself = Identity { cert: scene.bob.certs[0].clone(), key: scene.bob.key.clone() };
    let sent = OcspBlueprint { certs: vec![itself.cert.clone()], ..good.clone() };
    scene.refuses("by the server itself", &sent.signed_by(&itself).unwrap(), INVALID);

    let unknown = scene.signed(&good.clone().with(|single| single.status = CertStatus::Unknown));
    scene.refuses("the CA does not know it", &unknown, "revocation.unknown");
    let critical = Extension { oid: "2.999.1", critical: true, value: vec![5, 0] };
    let everywhere = OcspBlueprint { extra: vec![critical.clone()], ..good.clone() };
    scene.refuses("critical extension", &scene.signed(&everywhere), INVALID);
    let single = good.clone().with(|single| single.extra = vec![critical.clone()]);
    scene.refuses("critical extension of the answer", &scene.signed(&single), INVALID);
}

#[test]
fn a_delegated_responder() {
    let scene = Scene::new();
    let responder = Blueprint {
        san: Vec::new(),
        purposes: vec![Purpose::OcspSigning],
        usage: vec![Usage::DigitalSignature],
        ..Blueprint::leaf(&["OCSP responder"])
    };
    let by = |issuer: &Identity, blueprint: &Blueprint| {
        let responder = blueprint.issued_by(issuer).unwrap();
        let response = OcspBlueprint { certs: vec![responder.cert.clone()], ..scene.about_bob() };
        response.signed_by(&responder).unwrap()
    };
    scene.accepts("delegated", &by(&scene.pki.intermediate, &responder));
    const INVALID: &str = "revocation.staple_invalid";
    scene.refuses("by another CA", &by(&scene.pki.root, &responder), INVALID);
    let eve = Blueprint::authority("stv-lab Intermediate").self_signed().unwrap();
    scene.refuses("by a CA of the same name", &by(&eve, &responder), INVALID);
    let not_meant = Blueprint { purposes: vec![Purpose::ServerAuth], ..responder.clone() };
    scene.refuses("not for OCSP", &by(&scene.pki.intermediate, &not_meant), INVALID);
    let nothing = Blueprint { purposes: vec![], ..responder.clone() };
    scene.refuses("no purpose", &by(&scene.pki.intermediate, &nothing), INVALID);
    let expired = Blueprint { validity: Validity::PAST, ..responder.clone() };
    scene.refuses("expired", &by(&scene.pki.intermediate, &expired), INVALID);
    let broken = responder.issued_by(&scene.pki.intermediate).unwrap();
    let broken = broken.with_broken_signature().unwrap();
    let response = OcspBlueprint { certs: vec![broken.cert.clone()], ..scene.about_bob() };
    scene.refuses("broken signature", &response.signed_by(&broken).unwrap(), INVALID);
    let unsent = responder.issued_by(&scene.pki.intermediate).unwrap();
    scene.refuses("not sent along", &scene.about_bob().signed_by(&unsent).unwrap(), INVALID);
}

#[test]
fn a_staple_that_is_missing_or_an_error() {
    let scene = Scene::new();
    let try_later = scene.signed(&OcspBlueprint { status: 3, ..scene.about_bob() });
    for staple in [None, Some(try_later.as_slice())] {
        let skip = ("revocation.not_checked", Outcome::Skip);
        assert_eq!(scene.says(DEFAULT, staple), skip);
        assert_eq!(scene.says(SOFT, staple), skip);
        assert_eq!(scene.says(OFF, staple), skip);
        assert_eq!(scene.says(REQUIRE, staple), ("revocation.staple_missing", Outcome::Fail));
    }
}

#[test]
fn must_staple_demands_one() {
    let scene = Scene::must_staple();
    let good = scene.signed(&scene.about_bob());
    scene.accepts("stapled", &good);
    let try_later = scene.signed(&OcspBlueprint { status: 3, ..scene.about_bob() });
    for staple in [None, Some(try_later.as_slice())] {
        for mode in [DEFAULT, REQUIRE] {
            let fail = ("revocation.staple_missing", Outcome::Fail);
            assert_eq!(scene.says(mode, staple), fail, "{mode:?}");
        }
        assert_eq!(scene.says(SOFT, staple), ("revocation.staple_missing", Outcome::Note));
    }
    // RFC 7633 §4.2.2: the CA demands it of what it issues.
    let pki = Pki::new().unwrap();
    let issuer = Blueprint { extra: vec![must_staple()], ..Blueprint::authority("Strict CA") };
    let bob = pki.below(&issuer, &Blueprint::leaf(&[BOB])).unwrap();
    let report = verdict(&config(&pki, &[]), &bob, None);
    assert_eq!(revocation(&report).code.name(), "revocation.staple_missing");
    // Another feature is no demand, and nonsense may be one.
    for (value, wanted) in [
        (vec![0x30, 3, 2, 1, 17], "revocation.not_checked"),
        (vec![0x30, 6, 2, 1, 17, 2, 1, 5], "revocation.staple_missing"),
        (vec![0x30, 2, 4, 0], "revocation.staple_missing"),
        (vec![5, 0], "revocation.staple_missing"),
    ] {
        let feature = Extension { oid: "1.3.6.1.5.5.7.1.24", critical: false, value };
        let leaf = Blueprint { extra: vec![feature], ..Blueprint::leaf(&[BOB]) };
        let report = verdict(&config(&pki, &[]), &pki.chain(&leaf).unwrap(), None);
        assert_eq!(revocation(&report).code.name(), wanted, "{}", report.text());
    }
}

#[test]
fn every_truncation_and_every_wrong_octet_is_refused() {
    let scene = Scene::new();
    let good = scene.signed(&scene.about_bob());
    let verifier = config(&scene.pki, &[]);
    let refused = |staple: &[u8], what: String| {
        let report = verdict(&verifier, &scene.bob, Some(staple));
        let outcome = revocation(&report).outcome;
        assert_eq!(outcome, Outcome::Fail, "{what}: {}", report.text());
    };
    for end in (0..good.len()).filter(|end| end % 3 == 0 || *end < 64) {
        refused(&good[..end], format!("cut at {end}"));
    }
    for at in (0..good.len()).filter(|at| at % 3 == 1 || *at < 64) {
        let mut bent = good.clone();
        bent[at] ^= 1;
        refused(&bent, format!("bent at {at}"));
    }
    refused(&[&good[..], &[0]].concat(), "trailing".to_owned());
    refused(&vec![0x30; 1 << 20], "oversized".to_owned());
}

#[test]
fn a_staple_never_makes_a_chain_trusted() {
    let scene = Scene::new();
    let good = scene.signed(&scene.about_bob());
    let stranger = Pki::new().unwrap();
    let report = verdict(&config(&stranger, &[]), &scene.bob, Some(&good));
    assert_eq!(report.verdict, Verdict::Rejected);
    assert_eq!(revocation(&report).code.name(), "revocation.not_checked");
    // Eve's chain, and a good staple about Bob's.
    let eve = chains::unknown_ca(&scene.pki).unwrap();
    let report = verdict(&config(&scene.pki, &[]), &eve, Some(&good));
    assert_eq!(report.verdict, Verdict::Rejected, "{}", report.text());
    // Where the chain weighs nothing, its CA's word weighs nothing either.
    let revoked =
        scene.signed(&scene.about_bob().with(|single| single.status = CertStatus::Revoked));
    let key = scene.bob.certs[0].public_key().unwrap().public_key_to_der().unwrap();
    let pin = data_encoding::BASE64.encode(&openssl::sha::sha256(&key));
    let pinned =
        [("pin", text(&format!("spki-sha256:{pin}"))), ("pin_mode", text("pin-instead-of-pkix"))];
    let report = verdict(&config(&scene.pki, &pinned), &scene.bob, Some(&revoked));
    assert_eq!(report.verdict, Verdict::Trusted, "{}", report.text());
    assert_eq!(revocation(&report).outcome, Outcome::Note);
}

/// A server with this chain that staples this; its port.
fn server(made: &chains::Chain, staple: Option<Vec<u8>>) -> u16 {
    let mut context = SslContext::builder(SslMethod::tls_server()).unwrap();
    context.set_certificate(&made.certs[0]).unwrap();
    context.set_private_key(&made.key).unwrap();
    context.set_session_cache_mode(SslSessionCacheMode::OFF);
    for other in &made.certs[1..] {
        context.add_extra_chain_cert(other.clone()).unwrap();
    }
    if let Some(staple) = staple {
        context
            .set_status_callback(move |ssl| ssl.set_ocsp_status(&staple).map(|()| true))
            .unwrap();
    }
    let context = context.build();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let ssl = Ssl::new(&context).unwrap();
            if let Ok(mut stream) = ssl.accept(stream) {
                let _ = std::io::Read::read(&mut stream, &mut [0; 64]);
            }
        }
    });
    port
}

fn visit(scene: &Scene, port: u16, settings: &[(&str, Value)]) -> (Option<Status>, Report) {
    let mut peer = Peer::new();
    peer.set_protocol(Protocol::Tls);
    peer.set_host(BOB).unwrap();
    peer.set_connect(&format!("127.0.0.1:{port}")).unwrap();
    let verifier = Verifier::new(&config(&scene.pki, settings)).unwrap();
    let mut session = Session::new(&verifier, &peer).unwrap();
    let status = session.connect().ok();
    (status, session.report())
}

#[test]
fn staples_in_both_versions_of_tls() {
    let scene = Scene::must_staple();
    let good = scene.signed(&scene.about_bob());
    let revoked =
        scene.signed(&scene.about_bob().with(|single| single.status = CertStatus::Revoked));
    let past = scene.signed(&scene.about_bob().with(|single| single.updates = Updates::PAST));
    for (what, staple, code) in [
        ("good", Some(good), "revocation.good"),
        ("A204 revoked", Some(revoked), "revocation.revoked"),
        ("A205 out of date", Some(past), "revocation.staple_stale"),
        ("A205 must-staple and none", None, "revocation.staple_missing"),
    ] {
        let port = server(&scene.bob, staple);
        for version in ["1.2", "1.3"] {
            let (min, max) = (("min_tls", text(version)), ("max_tls", text(version)));
            let (status, report) = visit(&scene, port, &[min, max]);
            assert_eq!(revocation(&report).code.name(), code, "{what} {version}");
            let trusted = code == "revocation.good";
            assert_eq!(status == Some(Status::Ok), trusted, "{what} {version}");
            let wanted = if trusted { Verdict::Trusted } else { Verdict::Rejected };
            assert_eq!(report.verdict, wanted, "{what} {version}: {}", report.text());
        }
    }
}

#[test]
fn a_handshake_cut_short_says_nothing_about_the_staple() {
    let scene = Scene::must_staple();
    let port = server(&scene.bob, None);
    let mut config = config(&scene.pki, &[]);
    config.put(Mode::Replace, "peer_name", text("mail.carol.test")).unwrap();
    let mut peer = Peer::new();
    peer.set_protocol(Protocol::Tls);
    peer.set_host("mail.carol.test").unwrap();
    peer.set_connect(&format!("127.0.0.1:{port}")).unwrap();
    let mut session = Session::new(&Verifier::new(&config).unwrap(), &peer).unwrap();
    assert!(session.connect().is_err());
    let report = session.report();
    assert_eq!(report.first_failure().map(|finding| finding.code.name()), Some("name.mismatch"));
    assert_eq!(revocation(&report).code.name(), "revocation.not_checked");
}
