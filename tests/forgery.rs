//! Forged chains that try to drown the fault that matters, and CAs that leave their constraints by
//! another form of name.

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509Name, X509NameRef};
use starttls_verify::options::{Mode, Value};
use starttls_verify::ossl::Chain;
use starttls_verify::proto::Protocol;
use starttls_verify::report::{Report, Shown, Verdict};
use starttls_verify::status::Status;
use starttls_verify::verify::{Config, Ending, Evidence, Peer, Verifier, judge};
use stv_lab::ca::{Blueprint, Identity};
use stv_lab::chains::{BOB, Pki};
use stv_lab::san::San;

/// A certificate as poor as X.509 allows: every rule that only strict mode has is broken, so that each
/// costs the verifier a note.
fn poor(
    subject: &str,
    issuer: &X509NameRef,
    key: &PKey<Private>,
    signer: &PKey<Private>,
    leaf: bool,
) -> X509 {
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder.set_serial_number(&BigNum::from_u32(7).unwrap().to_asn1_integer().unwrap()).unwrap();
    builder.set_subject_name(&named(subject)).unwrap();
    builder.set_issuer_name(issuer).unwrap();
    builder.set_pubkey(key).unwrap();
    builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::days_from_now(1).unwrap()).unwrap();
    let extension = if leaf {
        SubjectAlternativeName::new().dns(BOB).build(&builder.x509v3_context(None, None)).unwrap()
    } else {
        BasicConstraints::new().ca().build().unwrap()
    };
    builder.append_extension(extension).unwrap();
    builder.sign(signer, MessageDigest::sha256()).unwrap();
    builder.build()
}

fn named(common_name: &str) -> X509Name {
    let mut name = X509Name::builder().unwrap();
    name.append_entry_by_text("CN", common_name).unwrap();
    name.build()
}

/// Eve's chain for Bob's name: it ends at the trusted root by name alone, signed with her own key.
fn forged(root: &X509, length: usize) -> Chain {
    let key = Blueprint::leaf(&[BOB]).self_signed().unwrap().key;
    let mut issuer = root.subject_name().to_owned().unwrap();
    let mut certificates = Vec::new();
    for index in 0..length {
        let subject = format!("CA {index}");
        certificates.push(poor(&subject, &issuer, &key, &key, false));
        issuer = named(&subject);
    }
    certificates.push(poor("leaf", &issuer, &key, &key, true));
    chain(certificates.iter().rev())
}

fn chain<'a>(certificates: impl Iterator<Item = &'a X509>) -> Chain {
    let mut chain = Chain::new();
    certificates.for_each(|one| chain.add_der(&one.to_der().unwrap()).unwrap());
    chain
}

fn ask(root: &X509, settings: &[(&str, Value)], peer: &Peer, chain: &Chain) -> Report {
    let mut config = Config::new();
    config.put(Mode::Append, "ca_der", Value::Bytes(root.to_der().unwrap())).unwrap();
    for (name, value) in settings {
        config.put(Mode::Replace, name, value.clone()).unwrap();
    }
    judge(
        &Verifier::new(&config).unwrap(),
        peer,
        &Evidence { chain, shown: Shown::OnDisk },
        &Ending::default(),
    )
}

fn peer(protocol: Protocol, host: &str) -> Peer {
    let mut peer = Peer::new();
    peer.set_protocol(protocol);
    peer.set_host(host).unwrap();
    peer
}

#[test]
fn a_long_chain_of_notes_does_not_drown_a_wrong_signature() {
    let pki = Pki::new().unwrap();
    for length in [1, 5, 30, 63, 64, 70, 98] {
        let settings = [("verify_depth", Value::Int(100))];
        let sent = forged(&pki.root.cert, length);
        let report = ask(&pki.root.cert, &settings, &peer(Protocol::Smtp, BOB), &sent);
        assert_eq!(report.verdict, Verdict::Rejected, "{length}: {}", report.summary());
        assert!(report.first_failure().is_some_and(|f| f.code.name().starts_with("chain.")));
    }
}

/// A CA below the root that may issue for these names only, or for all but these.
fn constrained(root: &Identity, permitted: &[&str], excluded: &[&str]) -> Identity {
    let names = |list: &[&str]| list.iter().map(|name| San::dns(name)).collect();
    let (permitted, excluded) = (names(permitted), names(excluded));
    Blueprint { permitted, excluded, ..Blueprint::authority("constrained") }
        .issued_by(root)
        .unwrap()
}

#[test]
fn opportunism_does_not_turn_a_constraint_into_trust() {
    let pki = Pki::new().unwrap();
    let ca = constrained(&pki.root, &[], &[BOB]);
    let leaf = Blueprint::leaf(&["*.bob.test"]).issued_by(&ca).unwrap();
    let sent = chain([&leaf.cert, &ca.cert].into_iter());
    let strict = ask(&pki.root.cert, &[], &peer(Protocol::Smtp, BOB), &sent);
    assert_eq!(strict.first_failure().map(|f| f.code.name()), Some("chain.name_constraint"));
    let relay = [("insecure_opportunistic", Value::Bool(true))];
    let report = ask(&pki.root.cert, &relay, &peer(Protocol::Smtp, BOB), &sent);
    assert_eq!((report.verdict, report.status), (Verdict::Unauthenticated, Status::OpenUnverified));
}

#[test]
fn a_constrained_ca_is_no_other_domain_by_another_form_of_name() {
    let pki = Pki::new().unwrap();
    let ca = constrained(&pki.root, &["eve.test"], &[]);
    for san in [San::XmppAddr("bob.test".into()), San::SrvName("_xmpp-client.bob.test".into())] {
        let blueprint = Blueprint { san: vec![san], ..Blueprint::leaf(&["unused"]) };
        let leaf = blueprint.issued_by(&ca).unwrap();
        let sent = chain([&leaf.cert, &ca.cert].into_iter());
        let report = ask(&pki.root.cert, &[], &peer(Protocol::Xmpp, "bob.test"), &sent);
        assert_eq!(report.verdict, Verdict::Rejected, "{}", report.text());
        assert_eq!(report.first_failure().map(|f| f.code.name()), Some("chain.name_constraint"));
    }
}
