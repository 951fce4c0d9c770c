//! The application protocol: offered by the registry, and the server's choice is checked. A server
//! that chooses another one may be another service on the same name (ALPACA, CVE-2021-3618).

use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::thread;

use openssl::ssl::{AlpnError, SslAcceptor, SslMethod};
use starttls_verify::options::{Mode, Value};
use starttls_verify::proto::Protocol;
use starttls_verify::session::Session;
use starttls_verify::status::Status;
use starttls_verify::verify::{Config, Peer, Verifier};
use stv_lab::chains::{BOB, Pki};

/// A TLS server that answers ALPN so, whatever was offered.
fn server(pki: &Pki, choice: Option<&'static [u8]>) -> SocketAddr {
    let chain = pki.leaf(&[BOB]).unwrap();
    let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
    acceptor.set_certificate(&chain.certs[0]).unwrap();
    acceptor.set_private_key(&chain.key).unwrap();
    for certificate in &chain.certs[1..] {
        acceptor.add_extra_chain_cert(certificate.clone()).unwrap();
    }
    acceptor.set_alpn_select_callback(move |_, _| choice.ok_or(AlpnError::NOACK));
    let acceptor = acceptor.build();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if let Ok(mut tls) = acceptor.accept(stream) {
                let _ = tls.read(&mut [0; 16]);
            }
        }
    });
    address
}

fn visit(
    pki: &Pki,
    choice: Option<&'static [u8]>,
    offered: bool,
) -> (Result<Status, Status>, String) {
    let mut config = Config::new();
    config.put(Mode::Append, "ca_der", Value::Bytes(pki.root.cert.to_der().unwrap())).unwrap();
    config.put(Mode::Replace, "alpn", Value::Bool(offered)).unwrap();
    config.put(Mode::Replace, "handshake_timeout_ms", Value::Int(3000)).unwrap();
    let mut peer = Peer::new();
    peer.set_protocol(Protocol::Imaps);
    peer.set_host(BOB).unwrap();
    peer.set_connect(&server(pki, choice).to_string()).unwrap();
    let mut session = Session::new(&Verifier::new(&config).unwrap(), &peer).unwrap();
    let status = session.connect().map_err(|error| error.status);
    let code = session.report().first_failure().map(|finding| finding.code.name().to_owned());
    (status, code.unwrap_or_default())
}

#[test]
fn the_servers_choice_is_the_one_that_was_offered_or_none() {
    let pki = Pki::new().unwrap();
    let ok = (Ok(Status::Ok), String::new());
    assert_eq!(visit(&pki, Some(b"imap"), true), ok);
    assert_eq!(visit(&pki, None, true), ok, "a server without ALPN");
    assert_eq!(visit(&pki, None, false), ok);
    for choice in [b"http/1.1".as_slice(), b"pop3", b"IMAP"] {
        // Newer OpenSSL looks too, and before we can: the answer is the same.
        let wanted = (Err(Status::TlsAlpn), "tls.alpn".to_owned());
        assert_eq!(visit(&pki, Some(choice), true), wanted, "{}", choice.escape_ascii());
    }
}
