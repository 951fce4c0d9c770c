//! The judge through the chain door: pins and who may satisfy them, trust and its errors, the knobs.

use std::path::PathBuf;

use openssl::hash::MessageDigest;
use starttls_verify::error::Error;
use starttls_verify::options::{Mode, Value};
use starttls_verify::ossl::Chain;
use starttls_verify::proto::Protocol;
use starttls_verify::report::{Outcome, Report, Shown, Verdict};
use starttls_verify::status::Status;
use starttls_verify::verify::{Config, Ending, Evidence, Peer, Verifier, judge};
use stv_lab::ca::{Basic, Blueprint, Identity, Usage, Validity};
use stv_lab::chains::{self, BOB, EVE, Pki};
use stv_lab::san::San;

const B64: data_encoding::Encoding = data_encoding::BASE64;
const HEX: data_encoding::Encoding = data_encoding::HEXLOWER;

fn text(value: impl Into<String>) -> Value {
    Value::Text(value.into())
}

/// A configuration that trusts these roots.
fn trusting(roots: &[&Identity]) -> Config {
    let mut config = Config::new();
    for root in roots {
        config.put(Mode::Append, "ca_der", Value::Bytes(root.cert.to_der().unwrap())).unwrap();
    }
    config
}

fn with(mut config: Config, settings: &[(&str, Value)]) -> Config {
    for (name, value) in settings {
        config.put(Mode::Replace, name, value.clone()).unwrap();
    }
    config
}

fn chain(certificates: &[&openssl::x509::X509]) -> Chain {
    let mut chain = Chain::new();
    for certificate in certificates {
        chain.add_der(&certificate.to_der().unwrap()).unwrap();
    }
    chain
}

fn lab_chain(made: &chains::Chain) -> Chain {
    chain(&made.certs.iter().collect::<Vec<_>>())
}

fn verdict(config: &Config, host: &str, chain: &Chain) -> Report {
    let mut peer = Peer::new();
    peer.set_host(host).unwrap();
    judge(
        &Verifier::new(config).unwrap(),
        &peer,
        &Evidence { chain, shown: Shown::OnDisk },
        &Ending::default(),
    )
}

fn code(report: &Report) -> &'static str {
    report.first_failure().map_or("", |finding| finding.code.name())
}

fn spki_pin(certificate: &openssl::x509::X509) -> Value {
    let key = certificate.public_key().unwrap().public_key_to_der().unwrap();
    text(format!("spki-sha256:{}", B64.encode(&openssl::sha::sha256(&key))))
}

fn certificate_pin(certificate: &openssl::x509::X509, digest: MessageDigest, word: &str) -> Value {
    text(format!("{word}:{}", HEX.encode(&certificate.digest(digest).unwrap())))
}

#[test]
fn a_pin_matches_the_verified_path_and_never_the_chain_as_sent() {
    let (bob, eve) = (Pki::new().unwrap(), Pki::new().unwrap());
    let honest = bob.leaf(&[BOB]).unwrap();
    // Eve has a wrongly issued certificate for Bob's name from a CA that is trusted too, and appends
    // Bob's public certificates.
    let forged = eve.leaf(&[BOB]).unwrap();
    let mut appended: Vec<&openssl::x509::X509> = forged.certs.iter().collect();
    appended.extend(honest.certs.iter());
    let roots = || trusting(&[&bob.root, &eve.root]);
    for (whose, pin) in [
        ("Bob's leaf", spki_pin(&honest.certs[0])),
        ("Bob's leaf", certificate_pin(&honest.certs[0], MessageDigest::sha256(), "sha256")),
        ("Bob's intermediate", spki_pin(&bob.intermediate.cert)),
        ("Bob's root", spki_pin(&bob.root.cert)),
    ] {
        let config = with(roots(), &[("pin", pin)]);
        assert_eq!(verdict(&config, BOB, &lab_chain(&honest)).verdict, Verdict::Trusted, "{whose}");
        let refused = verdict(&config, BOB, &chain(&appended));
        assert_eq!(
            (refused.verdict, code(&refused)),
            (Verdict::Rejected, "pin.mismatch"),
            "{whose} appended by Eve"
        );
    }
}

#[test]
fn a_pin_in_place_of_pkix_matches_the_leaf_only() {
    let (bob, eve) = (Pki::new().unwrap(), Pki::new().unwrap());
    let honest = bob.leaf(&[BOB]).unwrap();
    let forged = eve.leaf(&[BOB]).unwrap();
    let nobody = || {
        with(
            Config::new(),
            &[("system_ca", Value::Bool(false)), ("pin_mode", text("pin-instead-of-pkix"))],
        )
    };
    let config = with(nobody(), &[("pin", spki_pin(&honest.certs[0]))]);
    let trusted = verdict(&config, BOB, &lab_chain(&honest));
    assert_eq!(trusted.verdict, Verdict::Trusted);
    assert!(
        trusted.findings.iter().any(|finding| finding.outcome == Outcome::Note),
        "the chain is still reported"
    );
    for (attack, sent) in [
        ("leaf appended", vec![&forged.certs[0], &honest.certs[0]]),
        (
            "leaf and intermediate appended",
            vec![&forged.certs[0], &honest.certs[0], &honest.certs[1]],
        ),
    ] {
        assert_eq!(code(&verdict(&config, BOB, &chain(&sent))), "pin.mismatch", "{attack}");
    }
    let intermediate = with(nobody(), &[("pin", spki_pin(&bob.intermediate.cert))]);
    assert_eq!(
        code(&verdict(&intermediate, BOB, &lab_chain(&honest))),
        "pin.mismatch",
        "a CA is no leaf"
    );
}

#[test]
fn backup_pins_and_fingerprints() {
    let bob = Pki::new().unwrap();
    let honest = bob.leaf(&[BOB]).unwrap();
    let roots = || trusting(&[&bob.root]);
    let other = text("spki-sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let mut config = with(roots(), &[("pin", other.clone())]);
    assert_eq!(code(&verdict(&config, BOB, &lab_chain(&honest))), "pin.mismatch");
    config.put(Mode::Append, "pin", spki_pin(&honest.certs[0])).unwrap();
    assert_eq!(
        verdict(&config, BOB, &lab_chain(&honest)).verdict,
        Verdict::Trusted,
        "one of the pins is enough"
    );

    // PHP's peer_fingerprint: all of them.
    let sha256 = certificate_pin(&honest.certs[0], MessageDigest::sha256(), "sha256");
    let sha512 = certificate_pin(&honest.certs[0], MessageDigest::sha512(), "sha512");
    let mut config = with(roots(), &[("peer_fingerprint", sha256)]);
    config.put(Mode::Append, "peer_fingerprint", sha512).unwrap();
    assert_eq!(verdict(&config, BOB, &lab_chain(&honest)).verdict, Verdict::Trusted);
    let zero = text("0".repeat(64));
    config.put(Mode::Append, "peer_fingerprint", zero).unwrap();
    assert_eq!(
        code(&verdict(&config, BOB, &lab_chain(&honest))),
        "pin.mismatch",
        "all fingerprints must match"
    );
}

#[test]
fn broken_digests_only_by_their_insecure_name_and_said_in_the_first_line() {
    let bob = Pki::new().unwrap();
    let honest = bob.leaf(&[BOB]).unwrap();
    let md5 = certificate_pin(&honest.certs[0], MessageDigest::md5(), "md5");
    let plain = with(trusting(&[&bob.root]), &[("pin", md5.clone())]);
    assert_eq!(Verifier::new(&plain).err().map(|error| error.status), Some(Status::Insecure));
    let insecure = with(trusting(&[&bob.root]), &[("insecure_pin", md5)]);
    let report = verdict(&insecure, BOB, &lab_chain(&honest));
    assert_eq!(report.verdict, Verdict::Trusted);
    assert!(report.summary().contains("INSECURE: insecure_pin"), "{}", report.summary());
}

#[test]
fn the_heart_of_it() {
    let pki = Pki::new().unwrap();
    let eve = pki.leaf(&[EVE]).unwrap();
    let report = verdict(&trusting(&[&pki.root]), BOB, &lab_chain(&eve));
    assert_eq!((report.verdict, code(&report)), (Verdict::Rejected, "name.mismatch"));
    let summary = report.summary();
    assert!(
        summary.contains("the certificate is for mail.eve.test, but mail.bob.test was wanted"),
        "{summary}"
    );
    assert_eq!(
        report.certificates[0].names,
        ["dns:mail.eve.test"],
        "certificate information also on failure"
    );
}

#[test]
fn a_private_anchor_may_be_less_than_a_public_one() {
    // What `openssl req -x509` makes: CA:TRUE and no keyUsage, here also as the server's own.
    let own = Blueprint {
        basic: Basic::Authority { path: None },
        usage: Vec::<Usage>::new(),
        ..Blueprint::leaf(&[BOB])
    }
    .self_signed()
    .unwrap();
    let sent = chain(&[&own.cert]);
    let report = verdict(&trusting(&[&own]), BOB, &sent);
    assert_eq!(report.verdict, Verdict::Trusted, "{}", report.text());
    let stranger = Pki::new().unwrap();
    assert_eq!(code(&verdict(&trusting(&[&stranger.root]), BOB, &sent)), "chain.self_signed");
}

#[test]
fn the_last_second_belongs_to_the_validity_and_the_next_does_not() {
    let pki = Pki::new().unwrap();
    let leaf =
        pki.chain(&Blueprint { validity: Validity::PAST, ..Blueprint::leaf(&[BOB]) }).unwrap();
    let sent = lab_chain(&leaf);
    let last = verdict(&trusting(&[&pki.root]), BOB, &sent).certificates[0].not_after_epoch;
    // The CAs are valid now only; trust the leaf's issuer without regard to its dates by time alone.
    let at = |time: i64| {
        let report =
            verdict(&with(trusting(&[&pki.root]), &[("time", Value::Int(time))]), BOB, &sent);
        report
            .findings
            .iter()
            .any(|finding| finding.code.name() == "chain.expired" && finding.depth == 0)
    };
    assert!(!at(last), "RFC 5280 §4.1.2.5 includes the last second");
    assert!(at(last + 1));
}

#[test]
fn nobody_named_is_nobody_trusted() {
    let pki = Pki::new().unwrap();
    let sent = lab_chain(&pki.leaf(&[BOB]).unwrap());
    let verifier = Verifier::new(&trusting(&[&pki.root])).unwrap();
    let report = judge(
        &verifier,
        &Peer::new(),
        &Evidence { chain: &sent, shown: Shown::OnDisk },
        &Ending::default(),
    );
    assert_eq!((report.verdict, code(&report)), (Verdict::Rejected, "name.not_checked"));
    let waived = with(trusting(&[&pki.root]), &[("insecure_no_name", Value::Bool(true))]);
    let report = judge(
        &Verifier::new(&waived).unwrap(),
        &Peer::new(),
        &Evidence { chain: &sent, shown: Shown::OnDisk },
        &Ending::default(),
    );
    assert_eq!(report.verdict, Verdict::Trusted);
    assert!(report.summary().contains("INSECURE: insecure_no_name"));
    let empty = verdict(&trusting(&[&pki.root]), BOB, &Chain::new());
    assert_eq!((empty.verdict, code(&empty)), (Verdict::Rejected, "chain.empty"));
}

#[test]
fn everything_waived_is_not_trust() {
    let pki = Pki::new().unwrap();
    let sent = lab_chain(&pki.leaf(&[EVE]).unwrap());
    let settings =
        [("insecure_no_name", Value::Bool(true)), ("insecure_no_chain", Value::Bool(true))];
    let report = verdict(&with(Config::new(), &settings), BOB, &sent);
    assert_eq!(report.verdict, Verdict::Unauthenticated);
}

#[test]
fn three_ways_in_which_a_ca_file_is_wrong() {
    let directory = std::env::temp_dir().join(format!("stv-judge-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let empty = directory.join("empty.pem");
    std::fs::write(&empty, "no certificate here\n").unwrap();
    let damaged = directory.join("damaged.pem");
    std::fs::write(&damaged, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
        .unwrap();
    let error = |path: &PathBuf| -> Error {
        let path = path.to_str().unwrap();
        let error =
            Verifier::new(&with(Config::new(), &[("cafile", text(path))])).err().expect("an error");
        assert!(error.what.contains(path), "{}", error.what);
        error
    };
    assert_eq!(error(&directory.join("nowhere.pem")).status, Status::FileMissing);
    assert_eq!(error(&directory).status, Status::FileUnreadable);
    assert_eq!(error(&empty).status, Status::FileEmpty);
    assert_eq!(error(&damaged).status, Status::Certificate);
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn dangerous_ciphers_are_refused_after_expansion() {
    for (list, status) in [
        ("HIGH", Some(Status::Insecure)),
        ("ALL:eNULL", Some(Status::Insecure)),
        ("DEFAULT@SECLEVEL=0", Some(Status::Insecure)),
        ("PSK", Some(Status::Insecure)),
        ("no-such-cipher", Some(Status::OptionValue)),
        ("HIGH:!aNULL:!PSK", None),
        ("ECDHE+AESGCM", None),
    ] {
        let config = with(Config::new(), &[("ciphers", text(list))]);
        assert_eq!(Verifier::new(&config).err().map(|error| error.status), status, "{list}");
    }
}

#[test]
fn a_certificate_with_bytes_behind_it_is_none() {
    let pki = Pki::new().unwrap();
    let mut der = pki.root.cert.to_der().unwrap();
    der.push(0);
    let error = Chain::new().add_der(&der).unwrap_err();
    assert_eq!(error.status, Status::Certificate);
    for cut in [0, 1, 10, der.len() / 2, der.len() - 2] {
        assert!(Chain::new().add_der(&der[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn opportunism_is_asked_for_by_name_and_never_called_trust() {
    let pki = Pki::new().unwrap();
    let (bob, eve) = (pki.leaf(&[BOB]).unwrap(), pki.leaf(&[EVE]).unwrap());
    let relay = || with(trusting(&[&pki.root]), &[("insecure_opportunistic", Value::Bool(true))]);
    assert_eq!(verdict(&relay(), BOB, &lab_chain(&bob)).verdict, Verdict::Trusted);
    let report = verdict(&relay(), BOB, &lab_chain(&eve));
    assert_eq!((report.verdict, report.status), (Verdict::Unauthenticated, Status::OpenUnverified));
    assert!(report.summary().contains("INSECURE: insecure_opportunistic"), "{}", report.summary());
    let pinned = with(relay(), &[("pin", spki_pin(&bob.certs[0]))]);
    assert_eq!(code(&verdict(&pinned, BOB, &lab_chain(&eve))), "pin.mismatch", "a pin still binds");
}

#[test]
fn xmpp_is_about_the_domain_also_over_direct_tls() {
    let pki = Pki::new().unwrap();
    let srv = |name: &str| pki.named(&[], vec![San::SrvName(name.into())]).unwrap();
    let judged = |protocol, made: &chains::Chain| {
        let mut peer = Peer::new();
        peer.set_protocol(protocol);
        peer.set_host("bob.test").unwrap();
        let verifier = Verifier::new(&trusting(&[&pki.root])).unwrap();
        judge(
            &verifier,
            &peer,
            &Evidence { chain: &lab_chain(made), shown: Shown::OnDisk },
            &Ending::default(),
        )
        .verdict
    };
    let (client, server) = (srv("_xmpp-client.bob.test"), srv("_xmpp-server.bob.test"));
    // XEP-0368 §3: validated the same way as for STARTTLS.
    for protocol in [Protocol::Xmpp, Protocol::Xmpps] {
        assert_eq!(judged(protocol, &client), Verdict::Trusted, "{protocol:?}");
        assert_eq!(judged(protocol, &server), Verdict::Rejected, "{protocol:?}");
    }
    for protocol in [Protocol::XmppServer, Protocol::XmppsServer] {
        assert_eq!(judged(protocol, &server), Verdict::Trusted, "{protocol:?}");
        assert_eq!(judged(protocol, &client), Verdict::Rejected, "{protocol:?}");
    }
    assert_eq!(judged(Protocol::Smtp, &client), Verdict::Rejected, "a host is no domain");
}
