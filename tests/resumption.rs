//! Resumption: the same verifier and the same peer, and nobody else. What counts is what the server saw.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use openssl::ssl::{
    Ssl, SslContext, SslMethod, SslMode, SslOptions, SslSessionCacheMode, SslVersion,
};
use starttls_verify::options::{Mode, Value};
use starttls_verify::proto::Protocol;
use starttls_verify::session::Session;
use starttls_verify::status::Status;
use starttls_verify::verify::{Config, Peer, Verifier};
use stv_lab::ca::{Blueprint, Validity};
use stv_lab::chains::{Chain, Pki};

const MAIL: &str = "mail.example.test";
const OTHER: &str = "other.example.test";

/// How the server remembers sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Memory {
    /// The ticket is all there is.
    Stateless,
    /// The ticket or session identifier is a name for what the server keeps.
    Stateful,
}

/// How the server behaves once TLS stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// Greets and waits for the client's goodbye.
    Polite,
    /// Greets and says goodbye.
    Hasty,
    /// Greets and cuts the connection.
    Cut,
}

const ALL: [(SslVersion, Memory); 4] = [
    (SslVersion::TLS1_2, Memory::Stateless),
    (SslVersion::TLS1_2, Memory::Stateful),
    (SslVersion::TLS1_3, Memory::Stateless),
    (SslVersion::TLS1_3, Memory::Stateful),
];

/// Of SSL_OP_NO_EXTENDED_MASTER_SECRET, which the crate does not name.
const WITHOUT_EMS: SslOptions = SslOptions::from_bits_retain(1);

struct Server {
    address: SocketAddr,
    log: Arc<Mutex<Log>>,
}

/// What a server saw.
#[derive(Default)]
struct Log {
    /// Handshakes that go on.
    pending: usize,
    /// Of every finished handshake: whether it resumed a session.
    visits: Vec<bool>,
}

impl Server {
    fn new(chain: &Chain, version: SslVersion, memory: Memory, manner: Manner) -> Server {
        Server::with(chain, version, memory, manner, SslOptions::empty())
    }

    fn with(
        chain: &Chain,
        version: SslVersion,
        memory: Memory,
        manner: Manner,
        options: SslOptions,
    ) -> Server {
        let context = context(chain, version, memory, options);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let log = Arc::new(Mutex::new(Log::default()));
        let seen = Arc::clone(&log);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (context, seen) = (context.clone(), Arc::clone(&seen));
                seen.lock().unwrap().pending += 1;
                thread::spawn(move || serve(&context, stream, manner, &seen));
            }
        });
        Server { address, log }
    }

    /// A client that refuses is done before its server is.
    fn visits(&self) -> Vec<bool> {
        thread::sleep(Duration::from_millis(20));
        while self.log.lock().unwrap().pending > 0 {
            thread::sleep(Duration::from_millis(5));
        }
        self.log.lock().unwrap().visits.clone()
    }
}

fn context(
    chain: &Chain,
    version: SslVersion,
    memory: Memory,
    options: SslOptions,
) -> Arc<SslContext> {
    let mut context = SslContext::builder(SslMethod::tls_server()).unwrap();
    context.set_min_proto_version(Some(version)).unwrap();
    context.set_max_proto_version(Some(version)).unwrap();
    context.set_session_id_context(b"lab").unwrap();
    context.set_session_cache_mode(SslSessionCacheMode::SERVER);
    context.set_options(options);
    if memory == Memory::Stateful {
        context.set_options(SslOptions::NO_TICKET);
    }
    context.set_mode(SslMode::NO_AUTO_CHAIN);
    context.set_certificate(&chain.certs[0]).unwrap();
    context.set_private_key(&chain.key).unwrap();
    for other in &chain.certs[1..] {
        context.add_extra_chain_cert(other.clone()).unwrap();
    }
    Arc::new(context.build())
}

fn serve(context: &SslContext, stream: TcpStream, manner: Manner, seen: &Mutex<Log>) {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let accepted = Ssl::new(context).unwrap().accept(stream);
    let resumed = accepted.as_ref().ok().map(|tls| tls.ssl().session_reused());
    {
        let mut log = seen.lock().unwrap();
        log.pending -= 1;
        log.visits.extend(resumed);
    }
    let Ok(mut tls) = accepted else { return };
    let _ = tls.write_all(b"* OK hello\r\n");
    match manner {
        Manner::Polite => {
            let _ = tls.read(&mut [0; 64]);
            let _ = tls.shutdown();
        }
        Manner::Hasty => {
            let _ = tls.shutdown();
        }
        Manner::Cut => {}
    }
}

/// A verifier that trusts the CA, with these options besides.
fn verifier(pki: &Pki, options: &[(&str, Value)]) -> Verifier {
    let mut config = Config::new();
    config.put(Mode::Append, "ca_der", Value::Bytes(pki.root.cert.to_der().unwrap())).unwrap();
    for name in ["connect_timeout_ms", "handshake_timeout_ms", "io_timeout_ms"] {
        config.put(Mode::Replace, name, Value::Int(5000)).unwrap();
    }
    for (name, value) in options {
        config.put(Mode::Replace, name, value.clone()).unwrap();
    }
    Verifier::new(&config).unwrap()
}

fn peer(host: &str, server: &Server) -> Peer {
    let mut peer = Peer::new();
    peer.set_protocol(Protocol::Imaps);
    peer.set_host(host).unwrap();
    peer.set_connect(&server.address.to_string()).unwrap();
    peer
}

/// Connects, hears the greeting, and says goodbye; the status and the first failure's code.
fn visit(verifier: &Verifier, peer: &Peer) -> (Status, String) {
    let mut session = open(verifier, peer);
    let status = match session.0 {
        Ok(status) => status,
        Err(status) => return (status, session.2),
    };
    let mut greeting = [0; 64];
    assert_eq!(session.1.read(&mut greeting), Ok((Status::Ok, 12)));
    assert_eq!(session.1.close(), Ok(Status::Closed));
    (status, session.2)
}

fn open(verifier: &Verifier, peer: &Peer) -> (Result<Status, Status>, Session, String) {
    let mut session = Session::new(verifier, peer).unwrap();
    let status = session.connect().map_err(|error| error.status);
    let code = session.report().first_failure().map(|finding| finding.code.name().to_owned());
    (status, session, code.unwrap_or_default())
}

fn trusted() -> (Status, String) {
    (Status::Ok, String::new())
}

#[test]
fn the_same_verifier_and_peer_resume() {
    let pki = Pki::new().unwrap();
    let chain = pki.leaf(&[MAIL]).unwrap();
    for (version, memory) in ALL {
        for manner in [Manner::Polite, Manner::Hasty] {
            let server = Server::new(&chain, version, memory, manner);
            let (verifier, peer) = (verifier(&pki, &[]), peer(MAIL, &server));
            for _ in 0..4 {
                assert_eq!(visit_to_the_end(&verifier, &peer, manner), trusted());
            }
            let wanted = [false, true, true, true];
            assert_eq!(server.visits(), wanted, "{version:?} {memory:?} {manner:?}");
        }
    }
}

/// As `visit`; a hasty server's goodbye is heard first.
/// After some sessions of the process the verifier has an SSL_CTX in another library context: what was
/// begun with the first is resumed with the second.
#[test]
fn the_same_verifier_resumes_for_ever() {
    const VISITS: usize = 24;
    let pki = Pki::new().unwrap();
    let chain = pki.leaf(&[MAIL]).unwrap();
    for (version, memory) in ALL {
        let server = Server::new(&chain, version, memory, Manner::Polite);
        let (verifier, peer) = (verifier(&pki, &[]), peer(MAIL, &server));
        for _ in 0..VISITS {
            assert_eq!(visit(&verifier, &peer), trusted(), "{version:?} {memory:?}");
        }
        let resumed = server.visits().iter().filter(|resumed| **resumed).count();
        assert_eq!(resumed, VISITS - 1, "{version:?} {memory:?}");
    }
}

fn visit_to_the_end(verifier: &Verifier, peer: &Peer, manner: Manner) -> (Status, String) {
    if manner == Manner::Polite {
        return visit(verifier, peer);
    }
    let (status, mut session, code) = open(verifier, peer);
    let mut room = [0; 64];
    assert_eq!(session.read(&mut room), Ok((Status::Ok, 12)));
    assert_eq!(session.read(&mut room), Ok((Status::Closed, 0)));
    (status.unwrap(), code)
}

#[test]
fn the_report_of_a_resumed_session_says_so_and_has_every_check() {
    let pki = Pki::new().unwrap();
    let chain = pki.leaf(&[MAIL]).unwrap();
    for (version, memory) in ALL {
        let server = Server::new(&chain, version, memory, Manner::Polite);
        let (verifier, peer) = (verifier(&pki, &[]), peer(MAIL, &server));
        let (_, first, _) = open(&verifier, &peer);
        assert!(first.report().json().contains(r#""resumed":false"#));
        assert!(!first.report().summary().contains("resumed"));
        assert_eq!(visit(&verifier, &peer), trusted());
        let (_, second, _) = open(&verifier, &peer);
        let report = second.report();
        assert!(report.json().contains(r#""resumed":true"#), "{}", report.json());
        assert!(report.summary().contains(", resumed"), "{}", report.summary());
        for code in ["tls.ok", "chain.trusted", "name.match"] {
            assert!(report.findings.iter().any(|finding| finding.code.name() == code), "{code}");
        }
        assert_eq!(report.certificates.len(), chain.certs.len());
    }
}

/// A case: options of another verifier.
type Case = (&'static str, Vec<(&'static str, Value)>);

#[test]
fn a_ticket_serves_no_other_policy_and_no_other_verifier() {
    let pki = Pki::new().unwrap();
    let chain = pki.leaf(&[MAIL]).unwrap();
    let text = |text: &str| Value::Text(text.to_owned());
    let cases: Vec<Case> = vec![
        ("another verifier", vec![]),
        ("another purpose", vec![("purpose", text("sslclient"))]),
        ("another pin", vec![("pin", text(&format!("sha256:{}", "00".repeat(32))))]),
        ("another depth", vec![("verify_depth", Value::Int(0))]),
        ("another time", vec![("time", Value::Int(4_000_000_000))]),
        ("switched off", vec![("resumption", Value::Bool(false))]),
    ];
    for (version, memory) in ALL {
        let server = Server::new(&chain, version, memory, Manner::Polite);
        let (first, peer) = (verifier(&pki, &[]), peer(MAIL, &server));
        for (name, options) in &cases {
            // There is a ticket, or the case would prove nothing.
            assert_eq!(visit(&first, &peer), trusted());
            assert_eq!(visit(&first, &peer), trusted());
            assert_eq!(server.visits().last(), Some(&true), "{version:?} {memory:?}");
            let before = server.visits().len();
            visit(&verifier(&pki, options), &peer);
            let resumed = server.visits()[before..].contains(&true);
            assert!(!resumed, "{version:?} {memory:?}: {name}");
        }
        let stranger = Pki::new().unwrap();
        let (status, code) = visit(&verifier(&stranger, &[]), &peer);
        assert_eq!((status, code.as_str()), (Status::Rejected, "chain.unknown_issuer"));
    }
}

#[test]
fn a_session_verified_for_another_name_never_serves_this_one() {
    let pki = Pki::new().unwrap();
    let (others, both) = (pki.leaf(&[OTHER]).unwrap(), pki.leaf(&[OTHER, MAIL]).unwrap());
    for (version, memory) in ALL {
        let verifier = verifier(&pki, &[]);
        let server = Server::new(&others, version, memory, Manner::Polite);
        assert_eq!(visit(&verifier, &peer(OTHER, &server)), trusted());
        let (status, code) = visit(&verifier, &peer(MAIL, &server));
        assert_eq!((status, code.as_str()), (Status::Rejected, "name.mismatch"));
        assert!(!server.visits().contains(&true));

        // Even where the certificate is good for both.
        let server = Server::new(&both, version, memory, Manner::Polite);
        assert_eq!(visit(&verifier, &peer(OTHER, &server)), trusted());
        assert_eq!(visit(&verifier, &peer(MAIL, &server)), trusted());
        assert_eq!(server.visits(), [false, false], "{version:?} {memory:?}");
    }
}

#[test]
fn every_part_of_the_key_keeps_sessions_apart() {
    type Change = (&'static str, fn(&mut Peer));
    let changes: [Change; 4] = [
        ("port", |peer| peer.set_port(9993)),
        ("protocol", |peer| peer.set_protocol(Protocol::Pop3s)),
        ("reference", |peer| peer.add_reference("dns:more.example.test").unwrap()),
        ("server name", |peer| peer.set_sni(OTHER).unwrap()),
    ];
    let pki = Pki::new().unwrap();
    let chain = pki.leaf(&[MAIL, OTHER]).unwrap();
    for (version, memory) in ALL {
        let server = Server::new(&chain, version, memory, Manner::Polite);
        let verifier = verifier(&pki, &[]);
        let plain = peer(MAIL, &server);
        for (name, change) in changes {
            assert_eq!(visit(&verifier, &plain), trusted());
            let mut changed = plain.clone();
            change(&mut changed);
            assert_eq!(visit(&verifier, &changed), trusted(), "{name}");
            assert_eq!(server.visits().last(), Some(&false), "{version:?} {memory:?}: {name}");
            // And it resumes its own.
            assert_eq!(visit(&verifier, &changed), trusted(), "{name}");
            assert_eq!(server.visits().last(), Some(&true), "{version:?} {memory:?}: {name}");
        }
    }
}

#[test]
fn a_leaf_that_has_expired_since_is_refused() {
    let pki = Pki::new().unwrap();
    let short = Validity { from: -3600, until: 4 };
    let chain = pki.chain(&Blueprint { validity: short, ..Blueprint::leaf(&[MAIL]) }).unwrap();
    let servers = ALL.map(|(version, memory)| {
        let server = Server::new(&chain, version, memory, Manner::Polite);
        let (verifier, peer) = (verifier(&pki, &[]), peer(MAIL, &server));
        assert_eq!(visit(&verifier, &peer), trusted());
        assert_eq!(visit(&verifier, &peer), trusted());
        assert_eq!(server.visits(), [false, true], "{version:?} {memory:?}");
        (server, verifier, peer)
    });
    thread::sleep(Duration::from_secs(6));
    for (server, verifier, peer) in servers {
        let (status, code) = visit(&verifier, &peer);
        assert_eq!((status, code.as_str()), (Status::Rejected, "chain.expired"));
        assert!(!server.visits()[2..].contains(&true));
    }
}

/// The ticket is offered while the leaf is good, and the handshake goes on when it is good no more.
#[test]
fn a_leaf_that_expires_while_it_is_resumed_is_refused() {
    let pki = Pki::new().unwrap();
    let short = Validity { from: -3600, until: 4 };
    let chain = pki.chain(&Blueprint { validity: short, ..Blueprint::leaf(&[MAIL]) }).unwrap();
    let begun = ALL.map(|(version, memory)| {
        let server = Server::new(&chain, version, memory, Manner::Polite);
        let (verifier, peer) = (verifier(&pki, &[]), peer(MAIL, &server));
        assert_eq!(visit(&verifier, &peer), trusted());
        let session = Session::new(&verifier, &peer).unwrap();
        (server, session)
    });
    thread::sleep(Duration::from_secs(6));
    for (server, mut session) in begun {
        let stream = TcpStream::connect(server.address).unwrap();
        let error = session.run_fd(stream.as_fd()).unwrap_err();
        let code = session.report().first_failure().map(|finding| finding.code.name());
        assert_eq!((error.status, code), (Status::Rejected, Some("chain.expired")));
        drop((session, stream));
        assert_eq!(server.visits()[1..], [true], "the ticket was good for the server");
    }
}

#[test]
fn exceptional_sessions_leave_nothing() {
    let pki = Pki::new().unwrap();
    let chain = pki.leaf(&[MAIL]).unwrap();
    let on = || Value::Bool(true);
    let now = Value::Int(openssl_now());
    let cases: [Case; 7] = [
        ("audit", vec![("audit", on())]),
        ("opportunistic", vec![("insecure_opportunistic", on())]),
        ("no name", vec![("insecure_no_name", on())]),
        ("no chain", vec![("insecure_no_chain", on())]),
        ("no dates", vec![("insecure_no_time", on())]),
        ("any purpose", vec![("insecure_purpose", Value::Text("any".into()))]),
        ("a fixed time", vec![("time", now)]),
    ];
    for (version, memory) in ALL {
        for (name, options) in &cases {
            let server = Server::new(&chain, version, memory, Manner::Polite);
            let (verifier, peer) = (verifier(&pki, options), peer(MAIL, &server));
            for _ in 0..3 {
                let (status, code) = visit(&verifier, &peer);
                assert!(status.number() < 100, "{name}: {status:?} {code}");
            }
            assert_eq!(server.visits(), [false; 3], "{version:?} {memory:?}: {name}");
        }
    }
}

fn openssl_now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

#[test]
fn a_session_that_was_cut_off_or_forgotten_leaves_nothing() {
    let pki = Pki::new().unwrap();
    let chain = pki.leaf(&[MAIL]).unwrap();
    for (version, memory) in ALL {
        let server = Server::new(&chain, version, memory, Manner::Cut);
        let (verifier, peer) = (verifier(&pki, &[]), peer(MAIL, &server));
        for _ in 0..3 {
            let (_, mut session, _) = open(&verifier, &peer);
            let mut room = [0; 64];
            assert_eq!(session.read(&mut room), Ok((Status::Ok, 12)));
            let end = session.read(&mut room).map_err(|error| error.status);
            assert_eq!(end, Err(Status::TlsTruncated));
        }
        assert_eq!(server.visits(), [false; 3], "{version:?} {memory:?}");

        let server = Server::new(&chain, version, memory, Manner::Polite);
        let peer = self::peer(MAIL, &server);
        for _ in 0..3 {
            let (_, mut session, _) = open(&verifier, &peer);
            assert_eq!(session.read(&mut [0; 64]), Ok((Status::Ok, 12)));
        }
        assert_eq!(server.visits(), [false; 3], "{version:?} {memory:?}: freed, not closed");
    }
}

#[test]
fn without_extended_master_secret_nothing_is_resumed() {
    let pki = Pki::new().unwrap();
    let chain = pki.leaf(&[MAIL]).unwrap();
    for memory in [Memory::Stateless, Memory::Stateful] {
        let server = Server::with(&chain, SslVersion::TLS1_2, memory, Manner::Polite, WITHOUT_EMS);
        let (verifier, peer) = (verifier(&pki, &[]), peer(MAIL, &server));
        for _ in 0..3 {
            assert_eq!(visit(&verifier, &peer), trusted());
        }
        assert_eq!(server.visits(), [false; 3], "{memory:?}");
    }
}

#[test]
fn a_server_that_forgot_the_ticket_is_judged_as_always() {
    let pki = Pki::new().unwrap();
    let chain = pki.leaf(&[MAIL]).unwrap();
    let eve = pki.leaf(&["eve.example.test"]).unwrap();
    for (version, memory) in ALL {
        let verifier = verifier(&pki, &[]);
        let server = Server::new(&chain, version, memory, Manner::Polite);
        let mut peer = peer(MAIL, &server);
        assert_eq!(visit(&verifier, &peer), trusted());
        // A relay in front: the same address for the client, another server behind it.
        let behind = Arc::new(Mutex::new(server.address));
        peer.set_connect(&relay(&behind).to_string()).unwrap();
        assert_eq!(visit(&verifier, &peer), trusted());
        assert_eq!(visit(&verifier, &peer), trusted());
        assert_eq!(server.visits(), [false, false, true], "{version:?} {memory:?}");

        let restarted = Server::new(&chain, version, memory, Manner::Polite);
        *behind.lock().unwrap() = restarted.address;
        assert_eq!(visit(&verifier, &peer), trusted());
        assert_eq!(restarted.visits(), [false]);
        assert_eq!(visit(&verifier, &peer), trusted());
        assert_eq!(restarted.visits(), [false, true], "{version:?} {memory:?}");

        let eves = Server::new(&eve, version, memory, Manner::Polite);
        *behind.lock().unwrap() = eves.address;
        let (status, code) = visit(&verifier, &peer);
        assert_eq!((status, code.as_str()), (Status::Rejected, "name.mismatch"));
    }
}

/// Carries bytes to whoever is behind it at the moment.
fn relay(behind: &Arc<Mutex<SocketAddr>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, behind) = (listener.local_addr().unwrap(), Arc::clone(behind));
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = TcpStream::connect(*behind.lock().unwrap()).unwrap();
            carry(client.try_clone().unwrap(), server.try_clone().unwrap());
            carry(server, client);
        }
    });
    address
}

fn carry(mut from: TcpStream, mut to: TcpStream) {
    thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(std::net::Shutdown::Write);
    });
}

#[test]
fn many_threads_share_one_verifier() {
    let pki = Pki::new().unwrap();
    let chain = pki.leaf(&[MAIL]).unwrap();
    for (version, memory) in ALL {
        let server = Server::new(&chain, version, memory, Manner::Polite);
        let (verifier, peer) = (verifier(&pki, &[]), peer(MAIL, &server));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope
                    .spawn(|| (0..10).for_each(|_| assert_eq!(visit(&verifier, &peer), trusted())));
            }
        });
        let visits = server.visits();
        let resumed = visits.iter().filter(|resumed| **resumed).count();
        assert_eq!(visits.len(), 80);
        assert!(resumed > 20, "{version:?} {memory:?}: {resumed} of 80");
    }
}
