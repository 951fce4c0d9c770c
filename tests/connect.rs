//! A session that gets its connection itself: families, failures, deadlines, the state of a session
//! after its end.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::os::fd::AsFd;
use std::thread;
use std::time::{Duration, Instant};

use starttls_verify::options::{Mode, Value};
use starttls_verify::session::Session;
use starttls_verify::status::Status;
use starttls_verify::verify::{Config, Peer, Verifier};

const DEADLINE: Duration = Duration::from_millis(1500);

fn session(host: &str, port: u16) -> Session {
    let mut config = Config::new();
    config.put(Mode::Replace, "system_ca", Value::Bool(false)).unwrap();
    for name in ["connect_timeout_ms", "negotiation_timeout_ms", "handshake_timeout_ms"] {
        config.put(Mode::Replace, name, Value::Int(DEADLINE.as_millis() as i64)).unwrap();
    }
    let mut peer = Peer::new();
    peer.set_host(host).unwrap();
    peer.set_port(port);
    Session::new(&Verifier::new(&config).unwrap(), &peer).unwrap()
}

/// A server that says this and waits for the other side to end; its port.
fn server(address: SocketAddr, words: &'static [u8]) -> Option<u16> {
    let listener = TcpListener::bind(address).ok()?;
    let port = listener.local_addr().ok()?.port();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(words);
            let _ = stream.read(&mut [0; 64]);
        }
    });
    Some(port)
}

fn code(session: &Session) -> &'static str {
    session.report().first_failure().map_or("", |finding| finding.code.name())
}

#[test]
fn both_families_and_the_one_that_works() {
    let v4 = server((Ipv4Addr::LOCALHOST, 0).into(), b"554 no\r\n").expect("IPv4 loopback");
    for host in ["127.0.0.1", "localhost"] {
        let mut session = session(host, v4);
        assert_eq!(session.connect().unwrap_err().status, Status::GreetingRejected, "{host}");
    }
    // A machine without IPv6 has nothing to test here, and says so.
    match server((Ipv6Addr::LOCALHOST, 0).into(), b"554 no\r\n") {
        Some(port) => {
            let mut session = session("::1", port);
            assert_eq!(session.connect().unwrap_err().status, Status::GreetingRejected);
        }
        None => println!("no IPv6 loopback on this machine"),
    }
}

#[test]
fn nobody_listens() {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let mut session = session("127.0.0.1", port);
    let error = session.connect().unwrap_err();
    assert_eq!((error.status, code(&session)), (Status::Connect, "io.connect"));
    assert!(error.what.contains(&format!("127.0.0.1:{port}")), "{}", error.what);
}

#[test]
fn a_name_without_address_ends_in_time() {
    let mut session = session("nowhere.invalid", 25);
    let begun = Instant::now();
    let error = session.connect().unwrap_err();
    assert!(matches!(error.status, Status::Resolve | Status::Timeout), "{error:?}");
    assert!(begun.elapsed() < DEADLINE * 2, "{:?}", begun.elapsed());
}

#[test]
fn a_server_that_only_takes_ends_in_time() {
    // Nothing is ever accepted or read: the kernel's backlog takes the connection.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut session = session("127.0.0.1", listener.local_addr().unwrap().port());
    let begun = Instant::now();
    assert_eq!(session.connect().unwrap_err().status, Status::Timeout);
    assert!(begun.elapsed() >= DEADLINE && begun.elapsed() < DEADLINE * 2, "{:?}", begun.elapsed());
}

#[test]
fn a_dead_session_stays_dead() {
    let port = server((Ipv4Addr::LOCALHOST, 0).into(), b"220 hi\r\n250 pipelined\r\n")
        .expect("IPv4 loopback");
    let mut session = session("127.0.0.1", port);
    let error = session.connect().unwrap_err();
    assert_eq!(error.status, Status::Pipelined);
    assert_eq!(session.step(), Err(error.clone()));
    assert_eq!(session.feed(b"220 go\r\n"), Err(error.clone()));
    assert_eq!(session.feed_eof(), Err(error.clone()));
    assert_eq!(session.read(&mut [0; 16]), Err(error.clone()));
    assert_eq!(session.write(b"AUTH PLAIN"), Err(error.clone()));
    assert_eq!(session.close(), Err(error.clone()));
    assert_eq!(session.connect(), Err(error.clone()));
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    assert_eq!(session.run_fd(other.as_fd()), Err(error));
    assert_eq!(session.fd(), None);
}

#[test]
fn plaintext_cannot_pass_before_the_verdict() {
    let mut session = session("127.0.0.1", 25);
    assert_eq!(session.write(b"AUTH PLAIN AAAA\r\n").unwrap_err().status, Status::State);
    assert_eq!(session.read(&mut [0; 16]).unwrap_err().status, Status::State);
    assert_eq!(session.close().unwrap_err().status, Status::State);
    assert_eq!(session.take(&mut [0; 16]), 0);
    assert_eq!(session.report().status, Status::State);
}

#[test]
fn a_descriptor_that_is_no_socket() {
    let mut session = session("127.0.0.1", 25);
    let file = std::fs::File::open("/dev/null").unwrap();
    let error = session.run_fd(file.as_fd()).unwrap_err();
    assert_eq!(error.status, Status::Io, "{}", error.what);
}
