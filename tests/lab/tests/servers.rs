//! The servers of the lab, seen by clients: one that does it right, one that does not care.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use openssl::ssl::{SslConnector, SslMethod, SslStream, SslVerifyMode, SslVersion};
use stv_lab::chains::{self, Pki};
use stv_lab::record::Record;
use stv_lab::script::{Framing, Script};
use stv_lab::server::Server;
use stv_lab::tls::{Endpoint, Strength};
use stv_lab::{Lab, notation};

/// A directory of this test run, gone at its end.
struct Dir(PathBuf);

impl Dir {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("stv-lab-{name}-{}", std::process::id()));
        Self(dir)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn connect(port: u16) -> BufReader<TcpStream> {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    BufReader::new(stream)
}

/// Sends a line and gives the last line of the reply.
fn say<S: Read + Write>(to: &mut BufReader<S>, line: &str) -> String {
    to.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
    reply(to)
}

fn reply<S: Read>(from: &mut BufReader<S>) -> String {
    let mut line = String::new();
    loop {
        line.clear();
        let n = from.read_line(&mut line).unwrap();
        if n == 0 || line.as_bytes().get(3) != Some(&b'-') {
            return line.trim_end().to_owned();
        }
    }
}

/// STARTTLS as SMTP has it, checked against `ca.pem` and the host.
fn upgrade(lab: &Lab, id: &str) -> Result<BufReader<SslStream<TcpStream>>, String> {
    upgrade_with(lab, id, SslVerifyMode::PEER)
}

fn upgrade_with(
    lab: &Lab,
    id: &str,
    verify: SslVerifyMode,
) -> Result<BufReader<SslStream<TcpStream>>, String> {
    let scenario = lab.scenario(id).unwrap();
    let mut plain = connect(scenario.port);
    assert!(reply(&mut plain).starts_with("220 "));
    say(&mut plain, "EHLO client.test");
    assert!(say(&mut plain, "STARTTLS").starts_with("220 "));
    let mut connector = SslConnector::builder(SslMethod::tls_client()).unwrap();
    connector.set_security_level(2);
    connector.set_min_proto_version(Some(SslVersion::TLS1_2)).unwrap();
    connector.set_ca_file(lab.ca_pem_path()).unwrap();
    connector.set_verify(verify);
    let stream = connector.build().connect(scenario.host, plain.into_inner());
    stream.map(BufReader::new).map_err(|e| e.to_string())
}

fn lab(dir: &Dir, ids: &[&str]) -> Lab {
    Lab::start_some(&dir.0, |case| ids.contains(&case.id)).unwrap()
}

#[test]
fn the_honest_server_serves_again_and_again() {
    let dir = Dir::new("honest");
    let lab = lab(&dir, &["honest"]);
    for _ in 0..3 {
        let mut session = upgrade(&lab, "honest").unwrap();
        assert_eq!(say(&mut session, "EHLO client.test"), "250 AUTH PLAIN");
        assert_eq!(say(&mut session, "NOOP"), "250 2.0.0 OK");
        assert!(say(&mut session, "AUTH PLAIN AGJvYgBzZWNyZXQ=").starts_with("235 "));
        assert!(say(&mut session, "QUIT").starts_with("221 "));
    }
    assert_eq!(lab.cleartext("honest"), ["EHLO client.test", "STARTTLS"].repeat(3));
    assert_eq!(lab.notes("honest").len(), 3);
    assert!(lab.leaks().is_empty());
    let log = std::fs::read_to_string(dir.0.join("honest/cleartext.log")).unwrap();
    assert_eq!(log.lines().count(), 6);
}

#[test]
fn bad_certificates_arrive_at_the_client() {
    let dir = Dir::new("bad");
    let ids = ["eve", "expired", "sha1-leaf", "rsa-1024", "tls-1.0", "wildcard", "disordered"];
    let lab = lab(&dir, &ids);
    assert!(upgrade(&lab, "eve").unwrap_err().contains("hostname mismatch"));
    assert!(upgrade(&lab, "expired").unwrap_err().contains("expired"));
    assert!(upgrade(&lab, "sha1-leaf").unwrap_err().contains("digest algorithm too weak"));
    assert!(upgrade(&lab, "rsa-1024").unwrap_err().contains("key too weak"));
    let refused = upgrade(&lab, "tls-1.0").unwrap_err();
    assert!(refused.contains("alert protocol version"), "{refused}");
    upgrade(&lab, "wildcard").unwrap();
    upgrade(&lab, "disordered").unwrap();
}

/// A client that judges after the handshake must get that far, and see what `chain.pem` says.
#[test]
fn every_chain_is_served_as_written() {
    let dir = Dir::new("served");
    let certificate = |code: &str| code.starts_with("chain.") || code.starts_with("name.");
    let lab = Lab::start_some(&dir.0, |case| case.outcome.code().is_none_or(certificate)).unwrap();
    assert!(lab.scenarios().len() > 30);
    for scenario in lab.scenarios() {
        let session = upgrade_with(&lab, scenario.id, SslVerifyMode::NONE)
            .unwrap_or_else(|e| panic!("{}: {e}", scenario.id));
        let sent = session.get_ref().ssl().peer_cert_chain().unwrap();
        let sent: Vec<u8> = sent.iter().flat_map(|cert| cert.to_pem().unwrap()).collect();
        let file = dir.0.join(scenario.id).join("chain.pem");
        assert_eq!(sent, std::fs::read(file).unwrap(), "{}", scenario.id);
    }
}

#[test]
fn a_password_in_clear_is_a_leak() {
    let dir = Dir::new("leak");
    let lab = lab(&dir, &["stripped"]);
    let mut plain = connect(lab.scenario("stripped").unwrap().port);
    reply(&mut plain);
    assert_eq!(say(&mut plain, "EHLO client.test"), "250 AUTH PLAIN");
    assert!(say(&mut plain, "AUTH PLAIN AGJvYgBzZWNyZXQ=").starts_with("235 "));
    drop(plain);
    assert!(lab.settle(Duration::from_secs(5)));
    let lines: Vec<String> = lab.leaks().into_iter().map(|leak| leak.line).collect();
    assert_eq!(lines, ["AUTH PLAIN AGJvYgBzZWNyZXQ="; 2]);
}

#[test]
fn an_injected_line_is_in_the_segment_of_the_go_ahead() {
    let dir = Dir::new("injected");
    let lab = lab(&dir, &["injected"]);
    let mut plain = connect(lab.scenario("injected").unwrap().port);
    reply(&mut plain);
    say(&mut plain, "EHLO client.test");
    plain.get_mut().write_all(b"STARTTLS\r\n").unwrap();
    let segment = plain.fill_buf().unwrap();
    assert_eq!(segment.iter().filter(|b| **b == b'\n').count(), 2);
}

#[test]
fn floods_and_drips_end_with_the_peer() {
    let dir = Dir::new("flood");
    let lab = lab(&dir, &["endless-greeting", "slow-greeting"]);
    let mut bytes = vec![0; 1 << 20];
    connect(lab.scenario("endless-greeting").unwrap().port).read_exact(&mut bytes).unwrap();
    let begin = Instant::now();
    let mut slow = connect(lab.scenario("slow-greeting").unwrap().port);
    slow.read_exact(&mut bytes[..3]).unwrap();
    assert!(begin.elapsed() >= Duration::from_millis(600));
}

/// The engine knows no protocol: IMAP out of the attack corpus (A090).
#[test]
fn the_engine_plays_imap() {
    let pki = Pki::new().unwrap();
    let tls = Endpoint::new(&chains::bob(&pki).unwrap(), Strength::Modern).unwrap();
    let steps = [
        r">* OK ready\r\n",
        "<CAPABILITY",
        r">* CAPABILITY IMAP4rev1 STARTTLS\r\n<T> OK done\r\n",
        "<STARTTLS",
        r">* 99 EXISTS\r\n<T> OK go\r\n<N> OK next\r\n",
        "EOF",
    ];
    let script = notation::parse(&steps, Framing::TaggedLines, &tls).unwrap();
    let (mut stream, server) = serve(script);
    stream.get_mut().write_all(b"a1 CAPABILITY\r\na2 STARTTLS\r\n").unwrap();
    let mut all = String::new();
    stream.read_to_string(&mut all).unwrap();
    assert!(all.ends_with("a1 OK done\r\n* 99 EXISTS\r\na2 OK go\r\na3 OK next\r\n"), "{all}");
    assert_eq!(server.record().cleartext(), ["a1 CAPABILITY", "a2 STARTTLS"]);
}

/// PostgreSQL: the client speaks first, eight bytes and no line.
#[test]
fn the_engine_plays_chunks() {
    let pki = Pki::new().unwrap();
    let tls = Endpoint::new(&chains::bob(&pki).unwrap(), Strength::Modern).unwrap();
    let steps = [r"<\x00\x00\x00\x08", ">S", "TLS"];
    let script = notation::parse(&steps, notation::framing_of("PGSQL"), &tls).unwrap();
    let (mut stream, _server) = serve(script);
    stream.get_mut().write_all(&[0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]).unwrap();
    let mut yes = [0];
    stream.read_exact(&mut yes).unwrap();
    assert_eq!(yes, *b"S");
    let mut connector = SslConnector::builder(SslMethod::tls_client()).unwrap();
    connector.cert_store_mut().add_cert(pki.root.cert.clone()).unwrap();
    connector.build().connect(chains::BOB, stream.into_inner()).unwrap();
}

fn serve(script: Script) -> (BufReader<TcpStream>, Server) {
    let server = Server::start(script, Record::default()).unwrap();
    (connect(server.address().port()), server)
}
