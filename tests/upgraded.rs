//! A program that has spoken STARTTLS itself hands its connection over: what it can still get wrong, and
//! what an administrator's rules leave of its settings.

use std::io::Read;
use std::net::TcpStream;
use std::os::fd::AsFd;

use starttls_verify::options::{Mode, Value};
use starttls_verify::proto::Protocol;
use starttls_verify::report::{Outcome, Verdict};
use starttls_verify::session::Session;
use starttls_verify::status::Status;
use starttls_verify::store::config_file;
use starttls_verify::verify::{Config, Peer, Precedence, Verifier};
use stv_lab::chains::{BOB, EVE, Pki};
use stv_lab::record::Record;
use stv_lab::script::{Script, Step};
use stv_lab::server::Server;
use stv_lab::tls::{Endpoint, Strength};

fn config(pki: &Pki) -> Config {
    let mut config = Config::new();
    let root = pki.root.cert.to_der().unwrap();
    config.put(Mode::Append, "ca_der", Value::Bytes(root)).unwrap();
    config.put(Mode::Replace, "handshake_timeout_ms", Value::Int(3000)).unwrap();
    config
}

fn upgraded(pki: &Pki) -> Session {
    let mut peer = Peer::new();
    peer.set_protocol(Protocol::Submission);
    peer.set_host(BOB).unwrap();
    Session::new_upgraded(&Verifier::new(&config(pki)).unwrap(), &peer).unwrap()
}

fn code(session: &Session) -> Option<&'static str> {
    session.report().first_failure().map(|finding| finding.code.name())
}

/// A server that says the go-ahead, reads ClientHello or not, and goes on.
fn server(rest: Vec<Step>) -> Server {
    let steps = [vec![Step::send("220 go ahead\r\n")], rest].concat();
    Server::start(Script::lines(steps), Record::default()).unwrap()
}

/// The connection, with the go-ahead read.
fn brought(server: &Server) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.read_exact(&mut [0; 14]).unwrap();
    stream
}

#[test]
fn what_is_fed_before_the_handshake_is_an_injection() {
    let pki = Pki::new().unwrap();
    // A TLS record, too, is one that nobody asked for.
    for early in [b"250 evil\r\n".as_slice(), b"\x16\x03\x03\0\x01\0", b"\x16", b"\n"] {
        let mut session = upgraded(&pki);
        session.feed(early).unwrap();
        assert_eq!(session.step().map_err(|error| error.status), Err(Status::Injected));
        assert_eq!(code(&session), Some("starttls.plaintext_injection"));
        assert_eq!(session.report().verdict, Verdict::Rejected);
    }
}

#[test]
fn what_comes_in_place_of_the_handshake_is_one_too() {
    let pki = Pki::new().unwrap();
    let mut session = upgraded(&pki);
    assert_eq!(session.step(), Ok(Status::WantWrite));
    session.feed(b"250 evil\r\n").unwrap();
    assert_eq!(session.step().map_err(|error| error.status), Err(Status::Injected));
}

#[test]
fn a_peer_who_is_meant_opens_and_what_was_not_checked_is_said() {
    let pki = Pki::new().unwrap();
    for (name, wanted) in [(BOB, Ok(Status::Ok)), (EVE, Err(Status::Rejected))] {
        let chain = pki.leaf(&[name]).unwrap();
        let endpoint = Endpoint::new(&chain, Strength::Modern).unwrap();
        let server = server(vec![Step::serve(&endpoint), Step::hold()]);
        let mut session = upgraded(&pki);
        let stream = brought(&server);
        assert_eq!(session.run_fd(stream.as_fd()).map_err(|error| error.status), wanted, "{name}");
        let report = session.report();
        let note =
            report.findings.iter().find(|finding| finding.code.name() == "starttls.not_checked");
        assert_eq!(note.map(|note| note.outcome), wanted.ok().map(|_| Outcome::Skip), "{name}");
        let sent = chain.certs.first().map(|leaf| leaf.to_der().unwrap());
        let shown = session.certificate(0).map(<[u8]>::to_vec);
        assert_eq!(shown, wanted.ok().and(sent), "{name}");
        assert_eq!(session.certificate(99), None);
    }
}

#[test]
fn a_program_gives_up_with_a_reason_and_only_for_the_worse() {
    let pki = Pki::new().unwrap();
    for (reason, words, status) in [
        ("starttls.required", "AUTH was to be sent in clear", Status::NotOffered),
        ("starttls.pipelined_reply", "too early", Status::Pipelined),
        ("io.timeout", "too slow", Status::Timeout),
        ("starttls.granted", "well done", Status::Argument),
        ("starttls.not_checked", "who knows", Status::Argument),
        ("chain.trusted", "trust me", Status::Argument),
        ("name.mismatch", "not mine to say", Status::Argument),
        ("", "what", Status::Argument),
        ("io.timeout", "", Status::Argument),
        ("io.timeout", "a line\nof another log", Status::Argument),
    ] {
        let mut session = upgraded(&pki);
        let answer = session.give_up(reason, words).map_err(|error| error.status);
        assert_eq!(answer, Err(status), "{reason} {words}");
        if status == Status::Argument {
            assert_eq!(session.report().verdict, Verdict::Unknown);
            continue;
        }
        assert_eq!(code(&session), Some(reason));
        assert_ne!(session.report().verdict, Verdict::Trusted);
        assert_eq!(session.step().map_err(|error| error.status), Err(status), "it is final");
        assert!(session.report().text().contains(words));
    }
}

#[test]
fn rules_of_a_file_go_before_the_handle_and_usual_settings_behind_it() {
    let file = std::env::temp_dir().join(format!("stv-rules-{}.toml", std::process::id()));
    let text = format!("min_tls = '1.3'\n[host.\"{BOB}\"]\nwildcards = 'none'\n");
    std::fs::write(&file, text).unwrap();
    let layers = config_file::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    for (precedence, min_tls, wildcards) in
        [(Precedence::File, "1.3", "none"), (Precedence::Handle, "1.2", "left-most-label")]
    {
        let mut config = Config::new();
        for (name, value) in [("min_tls", "1.2"), ("wildcards", "left-most-label")] {
            config.put(Mode::Replace, name, Value::Text(value.to_owned())).unwrap();
        }
        config.set_file(layers.clone(), precedence);
        let (_, section) = config.sections().next().unwrap();
        assert_eq!(section.text("min_tls"), Some(min_tls));
        assert_eq!(section.text("wildcards"), Some(wildcards));
        assert_eq!(config.settings().text("min_tls"), Some(min_tls));
    }
}
