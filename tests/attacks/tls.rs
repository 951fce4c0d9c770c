//! The rows of `attacks.json` of class `tls`: hostile TLS servers against sessions of the C ABI.
//!
//! Most servers are OpenSSL's, led astray; where OpenSSL is too honest, the records are made by hand.
//! The four rows of class `post-tls` that have no steps are among the `dialogues`.

use std::ffi::c_int;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use foreign_types::ForeignTypeRef;
use openssl::ssl::{
    AlpnError, Ssl, SslContext, SslContextBuilder, SslMethod, SslMode, SslOptions, SslStream,
    SslVerifyMode, SslVersion,
};
use openssl_sys as ffi;

use crate::corpus::abi::{Peer, Session, Verifier, status};
use crate::corpus::suite::Attack;
use stv_lab::ca::{Blueprint, Validity};
use stv_lab::chains::{Chain, Pki};

use super::ledger::Rows;

const HOST: &str = "mail.example.test";
const OTHER: &str = "other.example.test";
/// Of each part of a session.
const DEADLINE: Duration = Duration::from_secs(4);

unsafe extern "C" {
    fn SSL_renegotiate(ssl: *mut ffi::SSL) -> c_int;
    fn SSL_new_session_ticket(ssl: *mut ffi::SSL) -> c_int;
    fn SSL_key_update(ssl: *mut ffi::SSL, kind: c_int) -> c_int;
}

/// What a row wants, and what is wrong, if anything is.
type Row = (&'static str, &'static str, fn(&World) -> Vec<String>);

const ROWS: [Row; 12] = [
    ("A170", "TLS_VERSION", only_old_versions),
    ("A173", "TLS_RENEGOTIATION", renegotiation),
    ("A174", "TLS_HANDSHAKE", no_secure_renegotiation),
    ("A175", "NO_RESUME", no_extended_master_secret),
    ("A176", "NAME_MISMATCH", resumed_for_another_name),
    ("A177", "CERT_EXPIRED", resumed_after_expiry),
    ("A178", "ALPN_MISMATCH", foreign_alpn),
    ("A180", "TRUNCATED", cut_before_the_first_reply),
    ("A182", "TLS_ALERT", unrecognized_name),
    ("A184", "OK", asks_for_a_client_certificate),
    // Tickets and key updates without data are counted, and end it as tls.protocol before a deadline
    // does; dripped ones meet the deadline.
    ("A185", "TIMEOUT or TLS_HANDSHAKE", floods),
    ("A186", "TLS_HANDSHAKE", raw_public_key),
];

/// Plays them all, at once.
pub fn rows() -> Rows {
    let world = World::new();
    let run = |(id, _, trial): &Row| ((*id).to_owned(), trial(&world));
    thread::scope(|scope| {
        let trials: Vec<_> = ROWS.iter().map(|row| scope.spawn(move || run(row))).collect();
        trials.into_iter().map(|trial| trial.join().expect("no panic in a trial")).collect()
    })
}

/// The corpus wants what the trials want.
pub fn is_meant(corpus: &[Attack]) {
    let rows = corpus.iter().filter(|row| row.class == "tls");
    let named: Vec<(&str, &str)> = rows.map(|row| (row.id.as_str(), row.expect.as_str())).collect();
    assert_eq!(named, ROWS.map(|(id, expect, _)| (id, expect)), "every row has its trial");
}

/// What all trials share.
struct World {
    pki: Pki,
    verifier: Verifier,
}

/// How a visit went.
#[derive(Debug)]
struct Visit {
    /// Of connecting, or of the read that ended it.
    status: c_int,
    heard: Vec<u8>,
    code: String,
    verdict: c_int,
    text: String,
    took: Duration,
}

impl World {
    fn new() -> World {
        let pki = Pki::new().unwrap();
        let verifier = Verifier::new(&pki.root.cert.to_pem().unwrap(), DEADLINE);
        World { pki, verifier }
    }

    fn good(&self) -> Chain {
        self.pki.leaf(&[HOST]).unwrap()
    }

    /// Connects, and reads to the end.
    fn visit(&self, host: &str, address: SocketAddr) -> Visit {
        let mut peer = Peer::new("imaps", host.as_bytes()).unwrap();
        peer.set_connect(&address.to_string()).unwrap();
        let mut session = Session::new(&self.verifier, &mut peer).unwrap();
        let begun = Instant::now();
        let (mut status, mut heard) = (session.connect(), Vec::new());
        while status == status::OK {
            let (next, bytes) = session.read();
            heard.extend(bytes);
            status = next;
        }
        let (took, report) = (begun.elapsed(), session.report());
        if status >= status::FAILURE {
            let again = [session.step(), session.read().0, session.write(b"a LOGIN a b\r\n")];
            assert_eq!(again, [status; 3], "a session that failed is dead");
        }
        Visit { status, heard, code: report.code, verdict: report.verdict, text: report.text, took }
    }
}

impl Visit {
    /// What is wrong, if the session did not fail with this code.
    fn failed_with(&self, code: &str) -> Vec<String> {
        let right = self.status >= status::FAILURE
            && self.code == code
            && self.verdict != status::VERDICT_TRUSTED;
        self.unless(right, &format!("wanted {code}"))
    }

    fn trusted(&self) -> Vec<String> {
        let right = self.status == status::CLOSED && self.verdict == status::VERDICT_TRUSTED;
        self.unless(right, "wanted trust and a goodbye")
    }

    fn unless(&self, right: bool, wanted: &str) -> Vec<String> {
        if right { Vec::new() } else { vec![format!("{wanted}: {self:#?}")] }
    }
}

/// A server that does this to everybody who connects.
fn listen(play: impl Fn(TcpStream) + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, play) = (listener.local_addr().unwrap(), Arc::new(play));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            stream.set_nodelay(true).unwrap();
            stream.set_read_timeout(Some(DEADLINE * 3)).unwrap();
            let play = Arc::clone(&play);
            thread::spawn(move || play(stream));
        }
    });
    address
}

/// A server whose handshake is honest, up to `change`; then it does this.
fn tls(
    chain: &Chain,
    change: impl Fn(&mut SslContextBuilder),
    play: impl Fn(&mut SslStream<TcpStream>) + Send + Sync + 'static,
) -> SocketAddr {
    let mut context = SslContext::builder(SslMethod::tls_server()).unwrap();
    context.set_session_id_context(b"lab").unwrap();
    context.set_mode(SslMode::NO_AUTO_CHAIN);
    change(&mut context);
    context.set_certificate(&chain.certs[0]).unwrap();
    context.set_private_key(&chain.key).unwrap();
    for other in &chain.certs[1..] {
        context.add_extra_chain_cert(other.clone()).unwrap();
    }
    let context = context.build();
    listen(move |stream| {
        if let Ok(mut tls) = Ssl::new(&context).unwrap().accept(stream) {
            play(&mut tls);
        }
    })
}

fn only(version: SslVersion) -> impl Fn(&mut SslContextBuilder) {
    move |context| {
        context.set_security_level(0);
        context.set_min_proto_version(Some(version)).unwrap();
        context.set_max_proto_version(Some(version)).unwrap();
    }
}

fn greet_and_leave(tls: &mut SslStream<TcpStream>) {
    let _ = tls.write_all(b"* OK hello\r\n");
    let _ = tls.shutdown();
    let _ = tls.get_mut().read(&mut [0; 64]);
}

fn only_old_versions(world: &World) -> Vec<String> {
    let versions = [SslVersion::TLS1, SslVersion::TLS1_1];
    let visit = |version| {
        world
            .visit(HOST, tls(&world.good(), only(version), greet_and_leave))
            .failed_with("tls.version")
    };
    versions.into_iter().flat_map(visit).collect()
}

/// The greeting is from the server that was judged; what asks for another handshake may not be.
fn renegotiation(world: &World) -> Vec<String> {
    let other = world.pki.leaf(&[OTHER]).unwrap();
    let address = tls(&world.good(), only(SslVersion::TLS1_2), move |tls| {
        let _ = tls.write_all(b"* OK hello\r\n");
        let ssl = tls.ssl().as_ptr();
        // SAFETY: the connection is alive, and so is the certificate.
        unsafe { ffi::SSL_use_certificate(ssl, other.certs[0].as_ptr()) };
        // SAFETY: as above.
        unsafe { ffi::SSL_use_PrivateKey(ssl, other.key.as_ptr()) };
        // SAFETY: as above.
        unsafe { SSL_renegotiate(ssl) };
        let _ = tls.do_handshake();
        let _ = tls.write_all(b"* PREAUTH evil\r\n");
    });
    let visit = world.visit(HOST, address);
    let mut wrong = visit.failed_with("tls.renegotiation");
    wrong.extend(visit.unless(visit.heard == b"* OK hello\r\n", "only the first greeting"));
    wrong
}

/// Records that are made by hand, one answer for each thing that the client says.
fn by_hand(answers: impl Fn(&[u8]) -> Vec<Vec<u8>> + Send + Sync + 'static) -> SocketAddr {
    listen(move |mut stream| {
        let mut hello = vec![0; 4096];
        let Ok(octets) = stream.read(&mut hello) else { return };
        for answer in answers(&hello[..octets]) {
            let _ = stream.write_all(&answer);
            if !matches!(stream.read(&mut [0; 4096]), Ok(1..)) {
                return;
            }
        }
    })
}

fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind, 3, 3], length.as_slice(), body].concat()
}

/// RFC 8446 §4: type, length of three octets, body.
fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [[kind].as_slice(), &length24(body), body].concat()
}

fn length24(body: &[u8]) -> [u8; 3] {
    let [_, high, middle, low] = u32::try_from(body.len()).unwrap().to_be_bytes();
    [high, middle, low]
}

const RANDOM: [u8; 32] = [0x42; 32];
const SECURE_RENEGOTIATION: [u8; 5] = [0xff, 0x01, 0, 1, 0];
const ECDHE_ECDSA_AES128_GCM: [u8; 2] = [0xc0, 0x2b];

/// RFC 5246 §7.4.1.3; RFC 8446 §4.1.3.
fn server_hello(random: &[u8], session: &[u8], suite: [u8; 2], extensions: &[u8]) -> Vec<u8> {
    let mut body = [&[3, 3], random, &[session.len() as u8], session, &suite, &[0]].concat();
    if !extensions.is_empty() {
        body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
        body.extend(extensions);
    }
    message(2, &body)
}

fn no_secure_renegotiation(world: &World) -> Vec<String> {
    let with = |extensions: &'static [u8]| {
        let hello = record(22, &server_hello(&RANDOM, &[], ECDHE_ECDSA_AES128_GCM, extensions));
        world.visit(HOST, by_hand(move |_| vec![hello.clone()]))
    };
    let visit = with(&[]);
    let mut wrong = visit.failed_with("tls.handshake");
    wrong.extend(visit.unless(visit.text.contains("unsafe legacy renegotiation"), "that reason"));
    // With the extension the client goes on, and waits: so it was the extension.
    wrong.extend(with(&SECURE_RENEGOTIATION).failed_with("io.timeout"));
    wrong
}

/// Of three visits, how many the server resumed.
fn resumed(world: &World, options: SslOptions) -> (usize, Vec<String>) {
    let count = Arc::new(Mutex::new(0));
    let seen = Arc::clone(&count);
    let change = move |context: &mut SslContextBuilder| {
        only(SslVersion::TLS1_2)(context);
        context.set_options(options);
    };
    let address = tls(&world.good(), change, move |tls| {
        *seen.lock().unwrap() += usize::from(tls.ssl().session_reused());
        greet_and_leave(tls);
    });
    let wrong = (0..3).flat_map(|_| world.visit(HOST, address).trusted()).collect();
    let count = *count.lock().unwrap();
    (count, wrong)
}

fn no_extended_master_secret(world: &World) -> Vec<String> {
    // SSL_OP_NO_EXTENDED_MASTER_SECRET, which the crate does not name.
    let (without, mut wrong) = resumed(world, SslOptions::from_bits_retain(1));
    let (with, also_wrong) = resumed(world, SslOptions::empty());
    wrong.extend(also_wrong);
    if (without, with) != (0, 2) {
        wrong.push(format!("{without} resumed without the extension, {with} with it"));
    }
    wrong
}

fn resumed_for_another_name(world: &World) -> Vec<String> {
    let others = world.pki.leaf(&[OTHER]).unwrap();
    let one = |version| {
        let address = tls(&others, only(version), greet_and_leave);
        let mut wrong = world.visit(OTHER, address).trusted();
        wrong.extend(world.visit(OTHER, address).trusted());
        wrong.extend(world.visit(HOST, address).failed_with("name.mismatch"));
        wrong
    };
    [SslVersion::TLS1_2, SslVersion::TLS1_3].into_iter().flat_map(one).collect()
}

fn resumed_after_expiry(world: &World) -> Vec<String> {
    let short = Validity { from: -3600, until: 6 };
    let leaf = Blueprint { validity: short, ..Blueprint::leaf(&[HOST]) };
    let chain = world.pki.chain(&leaf).unwrap();
    let addresses = [SslVersion::TLS1_2, SslVersion::TLS1_3]
        .map(|version| tls(&chain, only(version), greet_and_leave));
    let visit = |address: &SocketAddr| world.visit(HOST, *address);
    let mut wrong: Vec<String> =
        addresses.iter().chain(&addresses).flat_map(|address| visit(address).trusted()).collect();
    thread::sleep(Duration::from_secs(8));
    wrong.extend(addresses.iter().flat_map(|address| visit(address).failed_with("chain.expired")));
    wrong
}

fn foreign_alpn(world: &World) -> Vec<String> {
    let one = |version| {
        let change = move |context: &mut SslContextBuilder| {
            only(version)(context);
            context.set_alpn_select_callback(|_, _| Ok::<_, AlpnError>(b"http/1.1"));
        };
        world.visit(HOST, tls(&world.good(), change, greet_and_leave)).failed_with("tls.alpn")
    };
    [SslVersion::TLS1_2, SslVersion::TLS1_3].into_iter().flat_map(one).collect()
}

fn cut_before_the_first_reply(world: &World) -> Vec<String> {
    let visit = world.visit(HOST, tls(&world.good(), |_| {}, |_| {}));
    let mut wrong = visit.failed_with("tls.truncated");
    wrong.extend(visit.unless(visit.heard.is_empty(), "nothing to hear"));
    wrong
}

fn unrecognized_name(world: &World) -> Vec<String> {
    let visit = world.visit(HOST, by_hand(|_| vec![record(21, &[2, 112])]));
    let mut wrong = visit.failed_with("tls.alert");
    wrong.extend(visit.unless(visit.text.contains("unrecognized name"), "its name"));
    wrong
}

fn asks_for_a_client_certificate(world: &World) -> Vec<String> {
    let one = |version| {
        let given = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&given);
        let change = move |context: &mut SslContextBuilder| {
            only(version)(context);
            context.set_verify_callback(SslVerifyMode::PEER, |_, _| true);
        };
        let address = tls(&world.good(), change, move |tls| {
            seen.lock().unwrap().push(tls.ssl().peer_certificate().is_some());
            greet_and_leave(tls);
        });
        let mut wrong = world.visit(HOST, address).trusted();
        if *given.lock().unwrap() != [false] {
            wrong.push(format!("{version:?}: a certificate left, or nobody came"));
        }
        wrong
    };
    [SslVersion::TLS1_2, SslVersion::TLS1_3].into_iter().flat_map(one).collect()
}

/// Says this again and again on an open connection, with a pause.
fn flood(world: &World, pause: Duration, say: fn(*mut ffi::SSL) -> c_int) -> Visit {
    let address = tls(&world.good(), only(SslVersion::TLS1_3), move |tls| {
        tls.get_ref().set_write_timeout(Some(DEADLINE)).unwrap();
        let until = Instant::now() + DEADLINE * 3;
        while Instant::now() < until {
            if say(tls.ssl().as_ptr()) != 1 || tls.do_handshake().is_err() {
                return;
            }
            thread::sleep(pause);
        }
    });
    world.visit(HOST, address)
}

fn new_ticket(ssl: *mut ffi::SSL) -> c_int {
    // SAFETY: the connection is alive, on the server's side.
    unsafe { SSL_new_session_ticket(ssl) }
}

fn key_update(ssl: *mut ffi::SSL) -> c_int {
    const UPDATE_REQUESTED: c_int = 1;
    // SAFETY: the connection is alive.
    unsafe { SSL_key_update(ssl, UPDATE_REQUESTED) }
}

fn floods(world: &World) -> Vec<String> {
    let mut wrong = Vec::new();
    for say in [new_ticket, key_update] {
        let fast = flood(world, Duration::ZERO, say);
        wrong.extend(fast.failed_with("tls.protocol"));
        wrong.extend(fast.unless(fast.took < DEADLINE, "before the deadline"));
        let slow = flood(world, Duration::from_millis(300), say);
        wrong.extend(slow.failed_with("io.timeout"));
        wrong.extend(slow.unless(slow.took < DEADLINE * 2, "at the deadline"));
    }
    let hellos = world.visit(HOST, by_hand(|hello| vec![hello_retry(hello); 8]));
    wrong.extend(hellos.failed_with("tls.handshake"));
    wrong
}

/// RFC 8446 §4.1.3 and §4.1.4: this random says that it is no ServerHello. The group is one that
/// the client knows and sent no share for.
fn hello_retry(client_hello: &[u8]) -> Vec<u8> {
    const RETRY: [u8; 32] = [
        0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8,
        0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8,
        0x33, 0x9c,
    ];
    const TLS13_AND_P384: [u8; 12] = [0, 0x2b, 0, 2, 3, 4, 0, 0x33, 0, 2, 0, 0x18];
    // Record and message headers, version and random stand before the session identifier.
    const SESSION: usize = 5 + 4 + 2 + 32;
    let length = usize::from(client_hello[SESSION]);
    let session = &client_hello[SESSION + 1..][..length];
    record(22, &server_hello(&RETRY, session, [0x13, 0x01], &TLS13_AND_P384))
}

/// RFC 7250 §3: server_certificate_type RawPublicKey, and a bare key where a certificate belongs.
fn raw_public_key(world: &World) -> Vec<String> {
    const RAW_PUBLIC_KEY: [u8; 5] = [0, 20, 0, 1, 2];
    let key = world.good().key.public_key_to_der().unwrap();
    let extensions = [SECURE_RENEGOTIATION, RAW_PUBLIC_KEY].concat();
    let bodies = [
        // TLS 1.2's list of certificates, and what RFC 7250 puts in its place.
        [length24(&[length24(&key).as_slice(), &key].concat()).as_slice(), &length24(&key), &key]
            .concat(),
        [length24(&key).as_slice(), &key].concat(),
    ];
    let one = |body: &Vec<u8>| {
        let hello = server_hello(&RANDOM, &[], ECDHE_ECDSA_AES128_GCM, &extensions);
        let flight = record(22, &[hello, message(11, body)].concat());
        world.visit(HOST, by_hand(move |_| vec![flight.clone()])).failed_with("tls.handshake")
    };
    bodies.iter().flat_map(one).collect()
}
