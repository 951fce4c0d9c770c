//! Known peers through sessions: who is new, the same, rotated or changed; who is written, and who never.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use foreign_types::ForeignTypeRef;
use openssl::ssl::{Ssl, SslContext, SslMethod};
use starttls_verify::attach;
use starttls_verify::known::{KeyPin, Memory, Origin, PeerKey, State};
use starttls_verify::options::{Mode, Value};
use starttls_verify::ossl::{self, Foreign};
use starttls_verify::proto::Protocol;
use starttls_verify::report::{Certificates, Code, Finding, Outcome, Report, Shown, Verdict};
use starttls_verify::session::Session;
use starttls_verify::status::Status;
use starttls_verify::store::known_peers::{KnownPeers, Missing};
use starttls_verify::verify::{Config, Ending, Evidence, Peer, Verifier, judge};
use stv_lab::ca::Blueprint;
use stv_lab::chains::{self, BOB, Chain, EVE, Pki};
use stv_lab::record::Record;
use stv_lab::script::{Script, Step};
use stv_lab::server::Server;
use stv_lab::tls::{Endpoint, Strength};
use stv_lab::{dialect, plays};

/// A directory of its own, which ends with the test.
struct Room(PathBuf);

impl Room {
    fn new() -> Room {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("stv-known-{}-{number}", std::process::id()));
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        Room(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("peers")
    }

    fn store(&self) -> KnownPeers {
        KnownPeers::open(text(&self.file()), Missing::Created).unwrap()
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn serve(chain: &Chain) -> Server {
    let endpoint = Endpoint::new(chain, Strength::Modern).unwrap();
    Server::start(plays::honest(&dialect::SMTP, &endpoint), Record::default()).unwrap()
}

/// A verifier that trusts this root, with `NAME=VALUE` options.
fn verifier(pki: &Pki, options: &[&str]) -> Verifier {
    let mut config = Config::new();
    let root = pki.root.cert.to_der().unwrap();
    config.put(Mode::Append, "ca_der", Value::Bytes(root)).unwrap();
    for name in ["negotiation_timeout_ms", "handshake_timeout_ms", "io_timeout_ms"] {
        config.put(Mode::Replace, name, Value::Int(3000)).unwrap();
    }
    for option in options {
        let (name, value) = option.split_once('=').unwrap();
        config.put_text(Mode::Replace, name, value).unwrap();
    }
    Verifier::new(&config).unwrap()
}

/// Bob, who always means port 25, wherever the server of the test is.
fn bob(server: &Server) -> Peer {
    let mut peer = Peer::new();
    peer.set_host(BOB).unwrap();
    peer.set_connect(&server.address().to_string()).unwrap();
    peer
}

fn key() -> PeerKey {
    PeerKey::new(Protocol::Smtp, BOB, 25).unwrap()
}

fn pin(chain: &Chain) -> KeyPin {
    let spki = chain.key.public_key_to_der().unwrap();
    KeyPin::from_digest(openssl::sha::sha256(&spki))
}

/// One handshake with what the store knows.
fn meet(verifier: &Verifier, store: &KnownPeers, server: &Server) -> Report {
    let mut peer = bob(server);
    store.recall(&mut peer).unwrap();
    greet(verifier, &peer)
}

fn greet(verifier: &Verifier, peer: &Peer) -> Report {
    let mut session = Session::new(verifier, peer).unwrap();
    let status = session.connect();
    let report = session.report();
    assert_eq!(status.is_ok_and(|status| status == Status::Ok), report.verdict == Verdict::Trusted);
    report
}

fn finding(report: &Report, code: Code) -> Option<&Finding> {
    report.findings.iter().find(|finding| finding.code == code)
}

fn code(report: &Report) -> &'static str {
    report.first_failure().map_or("", |finding| finding.code.name())
}

#[test]
fn a_first_use_is_trusted_only_where_new_peers_are_accepted() {
    let (room, pki) = (Room::new(), Pki::new().unwrap());
    let server = serve(&pki.leaf(&[BOB]).unwrap());
    let store = room.store();
    let refused = meet(&verifier(&pki, &[]), &store, &server);
    assert_eq!((refused.verdict, code(&refused)), (Verdict::Rejected, "known.new"));
    assert!(refused.first_failure().unwrap().hint.contains("accept_new"));
    assert_eq!(store.remember_report(&refused).unwrap_err().status, Status::State);
    assert_eq!(store.ask(&key()).unwrap().memory, Memory::Nothing, "nothing was written");

    let accepted = meet(&verifier(&pki, &["accept_new=true"]), &store, &server);
    assert_eq!(accepted.verdict, Verdict::Trusted, "{}", accepted.text());
    store.remember_report(&accepted).unwrap();
    let same = meet(&verifier(&pki, &[]), &store, &server);
    assert_eq!(same.verdict, Verdict::Trusted, "{}", same.text());
    assert_eq!(finding(&same, Code::KnownSame).unwrap().outcome, Outcome::Pass);
    store.remember_report(&same).unwrap();
    let Memory::Known(entry) = store.ask(&key()).unwrap().memory else { panic!("known by now") };
    assert_eq!(entry.origin, Origin::Pkix);
    assert_eq!(entry.addresses, [server.address().ip()]);
}

#[test]
fn another_key_is_refused_however_good_its_certificate_is() {
    let (room, pki) = (Room::new(), Pki::new().unwrap());
    let (honest, stolen) = (pki.leaf(&[BOB]).unwrap(), pki.leaf(&[BOB]).unwrap());
    let (bob, eve) = (serve(&honest), serve(&stolen));
    let store = room.store();
    let accepting = verifier(&pki, &["accept_new=true"]);
    store.remember_report(&meet(&accepting, &store, &bob)).unwrap();
    let before = store.export().unwrap();
    for options in [
        &["accept_new=true"][..],
        &["known_peers=known-and-pkix", "accept_new=true"],
        &["known_peers=known-instead-of-pkix", "insecure_accept_new=true"],
        &["insecure_no_chain=true", "insecure_no_name=true"],
        &["insecure_opportunistic=true"],
        &["audit=true"],
    ] {
        let report = meet(&verifier(&pki, options), &store, &eve);
        assert_eq!((report.verdict, code(&report)), (Verdict::Rejected, "known.changed"));
        let changed = report.first_failure().unwrap();
        assert_eq!((&changed.wanted, &changed.found), (&pin(&honest).text(), &pin(&stolen).text()));
        assert_eq!(store.remember_report(&report).unwrap_err().status, Status::State);
    }
    assert_eq!(store.export().unwrap(), before, "Eve left no trace");
}

#[test]
fn a_renewal_that_keeps_the_key_is_the_same_peer() {
    let (room, pki) = (Room::new(), Pki::new().unwrap());
    let first = pki.leaf(&[BOB]).unwrap();
    let renewed = Blueprint::leaf(&[BOB]).renewed(&first.key, &pki.intermediate).unwrap();
    let renewed = chains::send(renewed, &[&pki.intermediate]).unwrap();
    assert_ne!(first.certs[0].to_der().unwrap(), renewed.certs[0].to_der().unwrap());
    let store = room.store();
    let accepting = verifier(&pki, &["accept_new=true"]);
    store.remember_report(&meet(&accepting, &store, &serve(&first))).unwrap();
    let report = meet(&verifier(&pki, &[]), &store, &serve(&renewed));
    assert_eq!(report.verdict, Verdict::Trusted, "{}", report.text());
    assert!(finding(&report, Code::KnownSame).is_some());
}

#[test]
fn an_announced_key_takes_the_place_of_the_old_one() {
    let (room, pki) = (Room::new(), Pki::new().unwrap());
    let (old, new) = (pki.leaf(&[BOB]).unwrap(), pki.leaf(&[BOB]).unwrap());
    let (old_server, new_server) = (serve(&old), serve(&new));
    let store = room.store();
    let strict = verifier(&pki, &[]);
    let first = meet(&verifier(&pki, &["accept_new=true"]), &store, &old_server);
    store.remember_report(&first).unwrap();
    assert_eq!(code(&meet(&strict, &store, &new_server)), "known.changed");
    store.announce(&key(), pin(&new)).unwrap();
    assert_eq!(meet(&strict, &store, &old_server).verdict, Verdict::Trusted, "not rotated yet");
    let rotated = meet(&strict, &store, &new_server);
    assert_eq!(rotated.verdict, Verdict::Trusted, "{}", rotated.text());
    assert!(finding(&rotated, Code::KnownRotated).is_some());
    let stale = meet(&strict, &store, &old_server);
    store.remember_report(&rotated).unwrap();
    assert_eq!(code(&meet(&strict, &store, &old_server)), "known.changed", "the old key is out");
    assert_eq!(store.remember_report(&stale).unwrap_err().status, Status::State);
    assert!(finding(&meet(&strict, &store, &new_server), Code::KnownSame).is_some());
}

#[test]
fn a_self_signed_server_is_known_by_its_key_alone() {
    let (room, pki) = (Room::new(), Pki::new().unwrap());
    let (honest, eve) = (chains::self_signed(&pki).unwrap(), chains::self_signed(&pki).unwrap());
    let (server, eves) = (serve(&honest), serve(&eve));
    let store = room.store();
    let instead = "known_peers=known-instead-of-pkix";
    let report = meet(&verifier(&pki, &[instead]), &store, &server);
    assert_eq!((report.verdict, code(&report)), (Verdict::Rejected, "known.new"));
    assert!(report.first_failure().unwrap().hint.contains("insecure_accept_new"));

    let first = meet(&verifier(&pki, &[instead, "insecure_accept_new=true"]), &store, &server);
    assert_eq!(first.verdict, Verdict::Trusted, "{}", first.text());
    assert!(first.summary().contains("nothing vouches"), "{}", first.summary());
    assert!(first.summary().contains("INSECURE: insecure_accept_new"), "{}", first.summary());
    store.remember_report(&first).unwrap();

    let same = meet(&verifier(&pki, &[instead]), &store, &server);
    assert_eq!(same.verdict, Verdict::Trusted, "{}", same.text());
    assert!(same.summary().contains("as safe as that first use"), "{}", same.summary());
    assert_eq!(finding(&same, Code::ChainSelfSigned).unwrap().outcome, Outcome::Note);
    assert_eq!(code(&meet(&verifier(&pki, &[instead]), &store, &eves)), "known.changed");
    // Besides PKIX a known key helps nobody.
    let both = meet(&verifier(&pki, &[]), &store, &server);
    assert_eq!((both.verdict, code(&both)), (Verdict::Rejected, "chain.self_signed"));
    let Memory::Known(entry) = store.ask(&key()).unwrap().memory else { panic!("known by now") };
    assert_eq!(entry.origin, Origin::FirstUse);
}

#[test]
fn what_vouched_for_a_key_is_remembered_with_it() {
    let pki = Pki::new().unwrap();
    let made = pki.leaf(&[BOB]).unwrap();
    let server = serve(&made);
    let pinned = format!("pin={}", pin(&made).text());
    let issuer = openssl::sha::sha256(&pki.intermediate.key.public_key_to_der().unwrap());
    let issuer = format!("pin={}", KeyPin::from_digest(issuer).text());
    for (option, origin) in [
        ("wildcards=none", Origin::Pkix),
        (issuer.as_str(), Origin::Pkix),
        (pinned.as_str(), Origin::Administrator),
        ("insecure_no_time=true", Origin::FirstUse),
        ("insecure_no_name=true", Origin::FirstUse),
    ] {
        let room = Room::new();
        let store = room.store();
        let report = meet(&verifier(&pki, &["accept_new=true", option]), &store, &server);
        store.remember_report(&report).unwrap();
        let Memory::Known(entry) = store.ask(&key()).unwrap().memory else { panic!("{option}") };
        assert_eq!(entry.origin, origin, "{option}");
    }
}

#[test]
fn the_administrator_announces_a_key_before_the_first_contact() {
    let (room, pki) = (Room::new(), Pki::new().unwrap());
    let (honest, eve) = (chains::self_signed(&pki).unwrap(), chains::self_signed(&pki).unwrap());
    let store = room.store();
    store.announce(&key(), pin(&honest)).unwrap();
    let instead = verifier(&pki, &["known_peers=known-instead-of-pkix"]);
    let eves = meet(&instead, &store, &serve(&eve));
    assert_eq!(code(&eves), "known.changed", "announced is more than new");
    let report = meet(&instead, &store, &serve(&honest));
    assert_eq!(report.verdict, Verdict::Trusted, "{}", report.text());
    store.remember_report(&report).unwrap();
    assert_eq!(store.ask(&key()).unwrap().state(&pin(&honest)), Some(State::Same));
}

#[test]
fn trusting_whoever_answers_first_has_to_be_said() {
    let (_, mut config) = (Pki::new().unwrap(), Config::new());
    for option in ["known_peers=known-instead-of-pkix", "accept_new=true", "system_ca=false"] {
        let (name, value) = option.split_once('=').unwrap();
        config.put_text(Mode::Replace, name, value).unwrap();
    }
    let error = Verifier::new(&config).err().unwrap();
    assert_eq!(error.status, Status::Insecure);
    assert!(error.what.contains("insecure_accept_new"), "{}", error.what);
    config.put_text(Mode::Replace, "insecure_accept_new", "true").unwrap();
    assert!(Verifier::new(&config).is_ok());
}

#[test]
fn a_store_that_cannot_be_read_is_never_a_first_use() {
    let (room, pki) = (Room::new(), Pki::new().unwrap());
    let server = serve(&pki.leaf(&[BOB]).unwrap());
    let accepting = verifier(&pki, &["accept_new=true"]);
    let store = room.store();
    store.remember_report(&meet(&accepting, &store, &server)).unwrap();
    let whole = fs::read(room.file()).unwrap();
    let (file, real) = (room.file(), room.0.join("real"));
    fs::write(&real, &whole).unwrap();
    let remove = || fs::remove_file(&file).unwrap();
    let write = |contents: &[u8]| fs::write(&file, contents).unwrap();
    for (case, status) in [
        ("deleted", Status::FileMissing),
        ("emptied", Status::FileDamaged),
        ("cut", Status::FileDamaged),
        ("zeroes", Status::FileDamaged),
        ("directory", Status::FileUnsafe),
        ("link", Status::FileUnsafe),
    ] {
        match case {
            "deleted" => remove(),
            "emptied" => write(b""),
            "cut" => write(&whole[..99]),
            "zeroes" => write(&[0; 999]),
            "directory" => {
                remove();
                fs::create_dir(&file).unwrap();
            }
            _ => {
                fs::remove_dir(&file).unwrap();
                std::os::unix::fs::symlink(&real, &file).unwrap();
            }
        }
        let mut peer = bob(&server);
        let error = store.recall(&mut peer).unwrap_err();
        assert_eq!(error.status, status, "{case}: {}", error.what);
        assert!(error.what.contains(text(&room.file())), "{case}: {}", error.what);
        // Whoever does not look at the error is refused all the same.
        let report = greet(&accepting, &peer);
        assert_eq!((report.verdict, code(&report)), (Verdict::Rejected, "known.not_checked"));
        assert!(store.remember_report(&report).is_err(), "{case}");
        assert!(store.announce(&key(), KeyPin::from_digest([1; 32])).is_err(), "{case}");
        assert!(KnownPeers::open(text(&room.file()), Missing::Refused).is_err(), "{case}");
    }
    // Asked again with success, the peer is a known one.
    fs::remove_file(room.file()).unwrap();
    fs::write(room.file(), &whole).unwrap();
    assert_eq!(meet(&accepting, &store, &server).verdict, Verdict::Trusted);
}

#[test]
fn where_a_store_is_expected_it_must_have_been_asked_about_this_very_peer() {
    let (room, pki) = (Room::new(), Pki::new().unwrap());
    let server = serve(&pki.leaf(&[BOB, EVE]).unwrap());
    let store = room.store();
    for mode in ["known_peers=known-and-pkix", "known_peers=known-instead-of-pkix"] {
        let report = greet(&verifier(&pki, &[mode]), &bob(&server));
        assert_eq!((report.verdict, code(&report)), (Verdict::Rejected, "known.not_checked"));
    }
    // Without a store and without the option nothing is asked for.
    let report = greet(&verifier(&pki, &[]), &bob(&server));
    assert_eq!(report.verdict, Verdict::Trusted);
    assert_eq!(finding(&report, Code::KnownNotChecked).unwrap().outcome, Outcome::Skip);
    assert_eq!(store.remember_report(&report).unwrap_err().status, Status::State);

    let accepting = verifier(&pki, &["accept_new=true"]);
    for change in [
        |peer: &mut Peer| peer.set_host(EVE).unwrap(),
        |peer: &mut Peer| peer.set_port(587),
        |peer: &mut Peer| peer.set_protocol(Protocol::Submission),
    ] {
        let mut peer = bob(&server);
        store.recall(&mut peer).unwrap();
        change(&mut peer);
        peer.set_connect(&server.address().to_string()).unwrap();
        let report = greet(&accepting, &peer);
        assert_eq!((report.verdict, code(&report)), (Verdict::Rejected, "known.not_checked"));
    }
}

#[test]
fn never_seen_is_good_for_one_session() {
    let (room, pki) = (Room::new(), Pki::new().unwrap());
    let server = serve(&pki.leaf(&[BOB]).unwrap());
    let (store, accepting) = (room.store(), verifier(&pki, &["accept_new=true"]));
    let mut peer = bob(&server);
    store.recall(&mut peer).unwrap();
    let first = greet(&accepting, &peer);
    peer.spend_known();
    let report = greet(&accepting, &peer);
    assert_eq!((report.verdict, code(&report)), (Verdict::Rejected, "known.not_checked"));
    store.remember_report(&first).unwrap();
    store.recall(&mut peer).unwrap();
    peer.spend_known();
    assert_eq!(greet(&accepting, &peer).verdict, Verdict::Trusted, "a known peer stays known");
}

#[test]
fn only_a_full_handshake_with_a_trusted_peer_is_written() {
    let (room, pki) = (Room::new(), Pki::new().unwrap());
    let made = pki.leaf(&[BOB]).unwrap();
    let server = serve(&made);
    let (store, accepting) = (room.store(), verifier(&pki, &["accept_new=true"]));
    let good = meet(&accepting, &store, &server);
    let mut peer = bob(&server);
    store.recall(&mut peer).unwrap();

    let mut chain = ossl::Chain::new();
    made.certs.iter().for_each(|one| chain.add_der(&one.to_der().unwrap()).unwrap());
    let evidence = Evidence { chain: &chain, shown: Shown::OnDisk };
    let on_disk = judge(&accepting, &peer, &evidence, &Ending::default());
    assert_eq!(on_disk.verdict, Verdict::Trusted, "{}", on_disk.text());

    let anonymous = Report { certificates: Certificates::default(), ..good.clone() };
    for (case, report) in [
        ("chain on disk", &on_disk),
        ("resumed", &Report { shown: Shown::Resumed, ..good.clone() }),
        ("rejected", &Report { verdict: Verdict::Rejected, ..good.clone() }),
        ("unauthenticated", &Report { verdict: Verdict::Unauthenticated, ..good.clone() }),
        ("unknown", &Report { verdict: Verdict::Unknown, ..good.clone() }),
        ("broken", &Report { status: Status::TlsTruncated, ..good.clone() }),
        ("no host", &Report { host: String::new(), ..good.clone() }),
        ("no port", &Report { port: 0, ..good.clone() }),
        ("no certificate", &anonymous),
    ] {
        let error = store.remember_report(report).expect_err(case);
        assert_eq!(error.status, Status::State, "{case}: {}", error.what);
    }
    assert_eq!(store.ask(&key()).unwrap().memory, Memory::Nothing);
    store.remember_report(&good).unwrap();
}

#[test]
fn two_first_uses_with_two_keys_leave_one() {
    let (room, pki) = (Room::new(), Pki::new().unwrap());
    let (one, other) = (serve(&pki.leaf(&[BOB]).unwrap()), serve(&pki.leaf(&[BOB]).unwrap()));
    let (store, accepting) = (room.store(), verifier(&pki, &["accept_new=true"]));
    let (first, second) = (meet(&accepting, &store, &one), meet(&accepting, &store, &other));
    store.remember_report(&first).unwrap();
    let before = store.export().unwrap();
    let error = store.remember_report(&second).unwrap_err();
    assert_eq!(error.status, Status::State, "{}", error.what);
    assert_eq!(store.export().unwrap(), before);
    // And who was known when the session began and was forgotten in its course is not written anew.
    let same = meet(&accepting, &store, &one);
    store.forget(&key()).unwrap();
    assert_eq!(store.remember_report(&same).unwrap_err().status, Status::State);
    assert_eq!(store.ask(&key()).unwrap().memory, Memory::Nothing);
}

#[test]
fn a_new_address_is_noted_and_weighs_nothing() {
    let (room, pki) = (Room::new(), Pki::new().unwrap());
    let server = serve(&pki.leaf(&[BOB]).unwrap());
    let (store, strict) = (room.store(), verifier(&pki, &[]));
    store.remember_report(&meet(&verifier(&pki, &["accept_new=true"]), &store, &server)).unwrap();
    assert!(finding(&meet(&strict, &store, &server), Code::KnownNewAddress).is_none());
    // The same store, as if the server had been elsewhere.
    let moved = store.export().unwrap().replace("127.0.0.1", "192.0.2.9");
    let lines: Vec<&str> = moved.lines().collect();
    let body = format!("{}\n{}\n", lines[0], lines[1]);
    let sha256 = data_encoding::HEXLOWER.encode(&openssl::sha::sha256(body.as_bytes()));
    fs::write(room.file(), format!("{body}{{\"peers\":1,\"sha256\":\"{sha256}\"}}\n")).unwrap();
    let report = meet(&strict, &store, &server);
    assert_eq!(report.verdict, Verdict::Trusted, "{}", report.text());
    let note = finding(&report, Code::KnownNewAddress).unwrap();
    assert_eq!((note.outcome, note.found.as_str()), (Outcome::Note, "127.0.0.1"));
    store.remember_report(&report).unwrap();
    assert!(finding(&meet(&strict, &store, &server), Code::KnownNewAddress).is_none());
}

#[test]
fn an_export_is_imported_whole_or_not_at_all() {
    let (here, there) = (Room::new(), Room::new());
    let (ours, theirs) = (here.store(), there.store());
    let peer = |port| PeerKey::new(Protocol::Smtp, BOB, port).unwrap();
    let pin = |number| KeyPin::from_digest([number; 32]);
    (1..5).for_each(|port| theirs.announce(&peer(port), pin(1)).unwrap());
    let export = theirs.export().unwrap();
    for bad in [&export[..export.len() - 1], &export[1..], "", "{}"] {
        assert_eq!(ours.import(bad.as_bytes()).unwrap_err().status, Status::FileDamaged);
    }
    assert_eq!(ours.entries().unwrap().len(), 0);
    ours.import(export.as_bytes()).unwrap();
    ours.import(export.as_bytes()).unwrap();
    assert_eq!(ours.export().unwrap(), export);
    // To a file, and from it.
    let copy = here.0.join("copy");
    ours.export_file(text(&copy)).unwrap();
    assert_eq!(ours.export_file(text(&copy)).unwrap_err().status, Status::FileUnwritable);
    ours.forget(&peer(1)).unwrap();
    ours.import_file(text(&copy)).unwrap();
    assert_eq!(ours.export().unwrap(), export);
    assert_eq!(ours.forget(&peer(9)).unwrap_err().status, Status::Argument);
    assert_eq!(ours.withdraw(&peer(1), &pin(2)).unwrap_err().status, Status::Argument);
    ours.withdraw(&peer(1), &pin(1)).unwrap();
    assert_eq!(ours.ask(&peer(1)).unwrap().memory, Memory::Nothing);
}

#[test]
fn what_others_could_change_is_refused() {
    let room = Room::new();
    let store = room.store();
    let mode = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    assert_eq!(fs::metadata(room.file()).unwrap().permissions().mode() & 0o7777, 0o600);
    for (file, directory, safe) in [
        (0o600, 0o700, true),
        (0o644, 0o755, true),
        (0o620, 0o700, false),
        (0o602, 0o700, false),
        (0o600, 0o770, false),
        (0o600, 0o707, false),
        (0o600, 0o1777, false),
    ] {
        mode(&room.file(), file);
        mode(&room.0, directory);
        let answer = store.ask(&key()).map_err(|error| error.status);
        assert_eq!(answer.is_ok(), safe, "{file:o} {directory:o}");
        if !safe {
            assert_eq!(answer, Err(Status::FileUnsafe));
            assert_eq!(store.forget(&key()).unwrap_err().status, Status::FileUnsafe);
        }
    }
    mode(&room.file(), 0o600);
    mode(&room.0, 0o700);
    assert!(store.ask(&key()).is_ok());
}

#[test]
fn leftovers_of_a_crash_disturb_nobody() {
    let room = Room::new();
    let store = room.store();
    fs::write(room.0.join("peers.new"), "half of a st").unwrap();
    store.announce(&key(), KeyPin::from_digest([1; 32])).unwrap();
    assert!(!room.0.join("peers.new").exists());
    assert_eq!(store.entries().unwrap().len(), 1);
    // A link in its place is removed, and what it leads to is not written.
    fs::write(room.0.join("other"), "precious").unwrap();
    std::os::unix::fs::symlink(room.0.join("other"), room.0.join("peers.new")).unwrap();
    store.forget(&key()).unwrap();
    assert_eq!(fs::read_to_string(room.0.join("other")).unwrap(), "precious");
    assert_eq!(store.entries().unwrap().len(), 0);
}

/// A session that ends in good order, so that it can be resumed.
fn converse(verifier: &Verifier, store: &KnownPeers, server: &Server) -> Report {
    let mut peer = bob(server);
    store.recall(&mut peer).unwrap();
    let mut session = Session::new(verifier, &peer).unwrap();
    if session.connect().is_ok() {
        let mut answer = [0; 512];
        session.write(b"EHLO localhost\r\n").unwrap();
        session.read(&mut answer).unwrap();
        session.close().unwrap();
    }
    session.report()
}

#[test]
fn a_resumed_session_is_held_against_the_store_and_teaches_it_nothing() {
    let (room, elsewhere, pki) = (Room::new(), Room::new(), Pki::new().unwrap());
    let made = pki.leaf(&[BOB]).unwrap();
    let server = serve(&made);
    let (store, accepting) = (room.store(), verifier(&pki, &["accept_new=true"]));
    let first = converse(&accepting, &store, &server);
    assert_eq!((first.verdict, first.shown), (Verdict::Trusted, Shown::InHandshake));
    store.remember_report(&first).unwrap();
    let resumed = converse(&accepting, &store, &server);
    assert_eq!((resumed.verdict, resumed.shown), (Verdict::Trusted, Shown::Resumed));
    assert!(finding(&resumed, Code::KnownSame).is_some());
    assert_eq!(store.remember_report(&resumed).unwrap_err().status, Status::State);
    // What is new, or rotated, to a store is shown in full, so that it can be remembered.
    let other = elsewhere.store();
    let new = converse(&accepting, &other, &server);
    assert_eq!((new.verdict, new.shown), (Verdict::Trusted, Shown::InHandshake));
    other.announce(&key(), pin(&made)).unwrap();
    let rotated = converse(&accepting, &other, &server);
    assert_eq!((rotated.verdict, rotated.shown), (Verdict::Trusted, Shown::InHandshake));
    other.remember_report(&rotated).unwrap();
    // A store in which the peer has another key refuses the session that could be resumed.
    store.forget(&key()).unwrap();
    store.announce(&key(), KeyPin::from_digest([7; 32])).unwrap();
    let changed = converse(&accepting, &store, &server);
    assert_eq!((changed.verdict, code(&changed)), (Verdict::Rejected, "known.changed"));
}

/// A caller's own SSL: its reports are remembered too, and "never seen" is good for one of them.
#[test]
fn a_peer_of_the_second_door_is_remembered() {
    let (room, pki) = (Room::new(), Pki::new().unwrap());
    let endpoint = Endpoint::new(&pki.leaf(&[BOB]).unwrap(), Strength::Modern).unwrap();
    let steps = vec![Step::serve(&endpoint), Step::hold()];
    let server = Server::start(Script::lines(steps), Record::default()).unwrap();
    let (store, accepting) = (room.store(), verifier(&pki, &["accept_new=true"]));
    let mut peer = Peer::new();
    peer.set_host(BOB).unwrap();
    store.recall(&mut peer).unwrap();
    let stream = std::net::TcpStream::connect(server.address()).unwrap();
    let context = SslContext::builder(SslMethod::tls_client()).unwrap().build();
    let stream = Ssl::new(&context).unwrap().connect(stream).unwrap();
    // SAFETY: the SSL lives longer than what stands for it, and nobody else uses it meanwhile.
    let mut foreign = unsafe { Foreign::borrow(stream.ssl().as_ptr().cast()) }.unwrap();
    let (status, report) = attach::judge(&accepting, &peer, &mut foreign).unwrap();
    assert_eq!((status, report.shown), (Status::Ok, Shown::InHandshake), "{}", report.text());
    store.remember_report(&report).unwrap();
    peer.spend_known();
    let (status, report) = attach::judge(&accepting, &peer, &mut foreign).unwrap();
    assert_eq!((status, code(&report)), (Status::Rejected, "known.not_checked"));
    store.recall(&mut peer).unwrap();
    let (status, _) = attach::judge(&verifier(&pki, &[]), &peer, &mut foreign).unwrap();
    assert_eq!(status, Status::Ok);
}
