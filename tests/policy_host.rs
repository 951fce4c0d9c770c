//! MTA-STS policies over HTTPS on loopback: an honest policy host, and every kind that must not be
//! believed.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use openssl::ssl::{Ssl, SslContext, SslMethod, SslStream};
use starttls_verify::discover::{FetchFault, PolicyHosts};
use starttls_verify::mta_sts::{Mode, StsPolicy};
use starttls_verify::name::{DnsName, Idna};
use starttls_verify::options::{self, Value};
use starttls_verify::status::Status;
use starttls_verify::verify::{Config, Verifier};
use stv_lab::ca::{Blueprint, Validity};
use stv_lab::chains::{Chain, Pki};

const POLICY: &str = "version: STSv1\r\nmode: enforce\r\nmx: mail.bob.test\r\nmax_age: 86400\r\n";
const PATIENCE: Duration = Duration::from_millis(1500);

type Answer = Box<dyn Fn(&mut SslStream<std::net::TcpStream>) + Send>;

/// Answers every request that comes over TLS with this chain; its address.
fn serve(chain: &Chain, answer: Answer) -> String {
    let mut context = SslContext::builder(SslMethod::tls_server()).unwrap();
    context.set_certificate(&chain.certs[0]).unwrap();
    context.set_private_key(&chain.key).unwrap();
    for other in &chain.certs[1..] {
        context.add_extra_chain_cert(other.clone()).unwrap();
    }
    let context = context.build();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if let Ok(mut stream) = Ssl::new(&context).unwrap().accept(stream) {
                let mut request = Vec::new();
                let mut piece = [0; 1024];
                while !request.ends_with(b"\r\n\r\n") {
                    match stream.read(&mut piece) {
                        Ok(length) if length > 0 => request.extend(&piece[..length]),
                        _ => return,
                    }
                }
                assert!(request.starts_with(
                    b"GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: mta-sts.bob.test\r\n"
                ));
                answer(&mut stream);
                let _ = stream.shutdown();
            }
        }
    });
    address
}

fn said(text: String) -> Answer {
    Box::new(move |stream| {
        let _ = stream.write_all(text.as_bytes());
    })
}

fn page(status: &str, media_type: &str, body: &str) -> Answer {
    let length = body.len();
    said(format!(
        "HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\n\r\n{body}"
    ))
}

struct World {
    pki: Pki,
    verifier: Verifier,
}

impl World {
    fn new(more: &[(&str, Value)]) -> World {
        let pki = Pki::new().unwrap();
        let mut config = Config::new();
        let put = |config: &mut Config, name: &str, value| {
            config.put(options::Mode::Replace, name, value).unwrap();
        };
        put(&mut config, "ca_pem", Value::Bytes(pki.root.cert.to_pem().unwrap()));
        put(&mut config, "io_timeout_ms", Value::Int(700));
        for (name, value) in more {
            put(&mut config, name, value.clone());
        }
        World { pki, verifier: Verifier::new(&config).unwrap() }
    }

    fn fetch(&self, address: &str) -> Result<StsPolicy, FetchFault> {
        let hosts =
            PolicyHosts { verifier: &self.verifier, connect: Some(address), patience: PATIENCE };
        let domain = DnsName::parse("bob.test", Idna::Refuse).unwrap();
        hosts.fetch(&domain).map(|(policy, _)| policy)
    }

    /// What a host with a perfect certificate gives.
    fn honest(&self, answer: Answer) -> Result<StsPolicy, FetchFault> {
        self.fetch(&serve(&self.pki.leaf(&["mta-sts.bob.test"]).unwrap(), answer))
    }
}

#[test]
fn a_policy_is_fetched() {
    let world = World::new(&[]);
    let policy = world.honest(page("200 OK", "text/plain", POLICY)).unwrap();
    assert_eq!((policy.mode, policy.max_age), (Mode::Enforce, 86_400));
    assert!(world.honest(page("200 OK", "text/plain; charset=utf-8", POLICY)).is_ok());
    let chunked = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{POLICY}\r\n0\r\n\r\n",
        POLICY.len()
    );
    assert!(world.honest(said(chunked)).is_ok());
}

#[test]
fn a_host_that_is_not_the_policy_host_states_no_policy() {
    let world = World::new(&[]);
    let expired = Blueprint { validity: Validity::PAST, ..Blueprint::leaf(&["mta-sts.bob.test"]) };
    let stranger = Pki::new().unwrap();
    for (what, chain) in [
        ("expired", world.pki.chain(&expired).unwrap()),
        ("another name", world.pki.leaf(&["bob.test"]).unwrap()),
        ("unknown CA", stranger.leaf(&["mta-sts.bob.test"]).unwrap()),
    ] {
        let found = world.fetch(&serve(&chain, page("200 OK", "text/plain", POLICY)));
        match found {
            Err(FetchFault::Connection(error)) => {
                assert_eq!(error.status, Status::Rejected, "{what}")
            }
            other => panic!("{what}: {other:?}"),
        }
    }
}

#[test]
fn audit_mode_and_opportunism_believe_no_policy_either() {
    for name in ["audit", "insecure_opportunistic"] {
        let world = World::new(&[(name, Value::Bool(true))]);
        let stranger = Pki::new().unwrap().leaf(&["mta-sts.bob.test"]).unwrap();
        let found = world.fetch(&serve(&stranger, page("200 OK", "text/plain", POLICY)));
        match found {
            Err(FetchFault::Connection(error)) => {
                assert_eq!(error.status, Status::OpenUnverified, "{name}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn answers_that_are_no_policy() {
    let world = World::new(&[]);
    let elsewhere =
        "HTTP/1.1 301 Moved\r\nLocation: https://mta-sts.bob.test/x\r\nContent-Length: 0\r\n\r\n";
    for (what, answer, words) in [
        ("redirect", said(elsewhere.to_owned()), "it redirects (301), which is not followed"),
        ("missing", page("404 Not Found", "text/plain", POLICY), "its status is 404"),
        (
            "HTML",
            page("200 OK", "text/html", POLICY),
            "its media type is 'text/html', and text/plain is needed",
        ),
        (
            "no type",
            said(format!("HTTP/1.1 200 OK\r\n\r\n{POLICY}")),
            "its media type is '', and text/plain is needed",
        ),
        (
            "10 MB",
            page("200 OK", "text/plain", &"x".repeat(10 << 20)),
            "it is larger than 65536 octets",
        ),
        (
            "cut off",
            said(format!("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{POLICY}")),
            "it ended before it was whole",
        ),
        ("not HTTP", said("220 mail.bob.test ESMTP\r\n".to_owned()), "it does not speak HTTP/1.1"),
    ] {
        assert_eq!(world.honest(answer), Err(FetchFault::Answer(words.to_owned())), "{what}");
    }
    let broken = world.honest(page("200 OK", "text/plain", "version: STSv1\nmode: enforce\n"));
    assert_eq!(broken, Err(FetchFault::Policy("the field 'max_age' is missing".to_owned())));
}

#[test]
fn slow_hosts_end_within_the_deadline() {
    let world = World::new(&[]);
    let begun = Instant::now();
    let silent: Answer = Box::new(|_| thread::sleep(Duration::from_secs(3)));
    match world.honest(silent) {
        Err(FetchFault::Connection(error)) => assert_eq!(error.status, Status::Timeout),
        other => panic!("{other:?}"),
    }
    let dripping: Answer = Box::new(|stream| {
        for octet in b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" {
            if stream.write_all(&[*octet]).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
    });
    assert_eq!(world.honest(dripping), Err(FetchFault::TooSlow));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}
