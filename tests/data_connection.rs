//! A data connection of FTP opens for the peer of its control connection and for nobody else.

use std::net::TcpStream;
use std::os::fd::AsFd;

use starttls_verify::options::{Mode, Value};
use starttls_verify::proto::Protocol;
use starttls_verify::session::Session;
use starttls_verify::status::Status;
use starttls_verify::verify::{Config, Peer, Verifier};
use stv_lab::chains::{BOB, Chain, Pki};
use stv_lab::record::Record;
use stv_lab::script::{Dialogue, Rule, Script, Step, Then};
use stv_lab::server::Server;
use stv_lab::tls::{Endpoint, Strength};

fn endpoint(chain: &Chain) -> Endpoint {
    Endpoint::new(chain, Strength::Modern).unwrap()
}

fn server(steps: Vec<Step>) -> Server {
    Server::start(Script::lines(steps), Record::default()).unwrap()
}

/// Control: the RFC 4217 §12 opening; what it answers to PROT is the case.
fn control(endpoint: &Endpoint, prot: &str) -> Server {
    let inside = Dialogue {
        rules: vec![
            Rule::new("PBSZ 0", "200 ok\r\n", Then::Stay),
            Rule::new("PROT P", prot, Then::Stay),
        ],
        otherwise: b"500 what\r\n".to_vec(),
    };
    server(vec![
        Step::send("220 ready\r\n"),
        Step::expect("AUTH TLS"),
        Step::send("234 go\r\n"),
        Step::serve(endpoint),
        Step::Dialogue(inside),
    ])
}

/// Data: TLS at once, then the file.
fn data(endpoint: &Endpoint) -> Server {
    server(vec![Step::serve(endpoint), Step::send("the file\r\n"), Step::hold()])
}

fn open_control(pki: &Pki, server: &Server) -> Session {
    let mut config = Config::new();
    let root = pki.root.cert.to_der().unwrap();
    config.put(Mode::Append, "ca_der", Value::Bytes(root)).unwrap();
    for name in ["negotiation_timeout_ms", "handshake_timeout_ms", "io_timeout_ms"] {
        config.put(Mode::Replace, name, Value::Int(3000)).unwrap();
    }
    let mut peer = Peer::new();
    peer.set_protocol(Protocol::Ftp);
    peer.set_host(BOB).unwrap();
    peer.set_connect(&server.address().to_string()).unwrap();
    Session::new(&Verifier::new(&config).unwrap(), &peer).unwrap()
}

fn connect_data(control: &Session, server: &Server) -> (Result<Status, Status>, Session) {
    let mut session = control.data().unwrap();
    let stream = TcpStream::connect(server.address()).unwrap();
    let status = session.run_fd(stream.as_fd()).map_err(|error| error.status);
    (status, session)
}

#[test]
fn the_same_peer_gets_the_file_and_another_does_not() {
    let pki = Pki::new().unwrap();
    let bob = endpoint(&pki.leaf(&[BOB]).unwrap());
    // Another certificate for the very same name, from the same CA.
    let twin = endpoint(&pki.leaf(&[BOB]).unwrap());
    let main = control(&bob, "200 private\r\n");
    let mut session = open_control(&pki, &main);
    assert_eq!(session.connect(), Ok(Status::Ok), "{}", session.report().text());

    let (his, hers) = (data(&bob), data(&twin));
    let (status, mut same) = connect_data(&session, &his);
    assert_eq!(status, Ok(Status::Ok), "{}", same.report().text());
    let mut file = [0; 64];
    assert_eq!(same.read(&mut file), Ok((Status::Ok, 10)));
    assert_eq!(&file[..10], b"the file\r\n");

    let (status, other) = connect_data(&session, &hers);
    assert_eq!(status, Err(Status::Rejected));
    let report = other.report();
    assert_eq!(report.first_failure().map(|finding| finding.code.name()), Some("tls.other_peer"));
}

#[test]
fn a_server_that_will_not_protect_data_gets_none() {
    let pki = Pki::new().unwrap();
    let bob = endpoint(&pki.leaf(&[BOB]).unwrap());
    for refusal in ["536 no\r\n", "534 policy\r\n", "504 no\r\n"] {
        let main = control(&bob, refusal);
        let mut session = open_control(&pki, &main);
        assert!(session.connect().is_err(), "{refusal}");
        let report = session.report();
        let code = report.first_failure().map(|finding| finding.code.name());
        assert_eq!(code, Some("starttls.data_unprotected"), "{refusal}");
        assert_eq!(session.data().err().map(|error| error.status), Some(Status::State));
    }
}
