//! TLS settings of a session: the client certificate, the key log, and what the first line tells of
//! settings that are unusual for a live peer.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use openssl::pkey::{PKey, Private};
use openssl::ssl::{Ssl, SslContext, SslMethod, SslVerifyMode, SslVersion};
use openssl::symm::Cipher;
use openssl::x509::X509;
use starttls_verify::options::{Mode, Value};
use starttls_verify::proto::Protocol;
use starttls_verify::report::Report;
use starttls_verify::session::Session;
use starttls_verify::status::Status;
use starttls_verify::verify::{Config, Peer, Verifier};
use stv_lab::ca::{Blueprint, Purpose};
use stv_lab::chains::{BOB, Chain, Pki};

type Options = Vec<(&'static str, Value)>;

fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

fn verifier(pki: &Pki, options: &Options) -> Result<Verifier, (Status, String)> {
    let mut config = Config::new();
    config.put(Mode::Append, "ca_der", Value::Bytes(pki.root.cert.to_der().unwrap())).unwrap();
    config.put(Mode::Replace, "handshake_timeout_ms", Value::Int(5000)).unwrap();
    for (name, value) in options {
        config.put(Mode::Replace, name, value.clone()).unwrap();
    }
    Verifier::new(&config).map_err(|error| (error.status, error.what))
}

/// The certificates that clients showed, DER.
type Shown = Arc<Mutex<Vec<Option<Vec<u8>>>>>;

/// A server that asks for a client certificate and takes any.
fn server(chain: &Chain, version: SslVersion) -> (SocketAddr, Shown) {
    let mut context = SslContext::builder(SslMethod::tls_server()).unwrap();
    context.set_min_proto_version(Some(version)).unwrap();
    context.set_max_proto_version(Some(version)).unwrap();
    context.set_certificate(&chain.certs[0]).unwrap();
    context.set_private_key(&chain.key).unwrap();
    for other in &chain.certs[1..] {
        context.add_extra_chain_cert(other.clone()).unwrap();
    }
    context.set_verify_callback(SslVerifyMode::PEER, |_, _| true);
    context.set_session_id_context(b"lab").unwrap();
    let context = context.build();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, shown) = (listener.local_addr().unwrap(), Shown::default());
    let seen = Arc::clone(&shown);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let Ok(mut tls) = Ssl::new(&context).unwrap().accept(stream) else { continue };
            let certificate = tls.ssl().peer_certificate();
            seen.lock().unwrap().push(certificate.map(|shown| shown.to_der().unwrap()));
            let _ = tls.write_all(b"* OK hello\r\n");
            let _ = tls.read(&mut [0; 16]);
        }
    });
    (address, shown)
}

fn visit(
    verifier: &Verifier,
    address: SocketAddr,
    more: &[&str],
) -> (Result<Status, Status>, Report) {
    let mut peer = Peer::new();
    peer.set_protocol(Protocol::Imaps);
    peer.set_host(BOB).unwrap();
    peer.set_connect(&address.to_string()).unwrap();
    for name in more {
        peer.add_reference(name).unwrap();
    }
    let mut session = Session::new(verifier, &peer).unwrap();
    let status = session.connect().map_err(|error| error.status);
    if status.is_ok() {
        session.read(&mut [0; 16]).unwrap();
    }
    (status, session.report())
}

/// A directory of this test's own, gone at the end.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Directory {
        let path = std::env::temp_dir().join(format!("stv-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Directory(path)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn file(&self, name: &str, contents: &[u8]) -> String {
        let path = self.path(name);
        fs::write(&path, contents).unwrap();
        path
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Alice's certificate and key, in every form.
struct Alice {
    certificate: Vec<u8>,
    der: Vec<u8>,
    key: Vec<u8>,
    encrypted: Vec<u8>,
    other_key: Vec<u8>,
}

const PASSPHRASE: &str = "correct horse";

impl Alice {
    fn new(pki: &Pki) -> Alice {
        let leaf =
            Blueprint { purposes: vec![Purpose::ClientAuth], ..Blueprint::leaf(&["alice.test"]) };
        let (chain, other) = (pki.chain(&leaf).unwrap(), pki.chain(&leaf).unwrap());
        let pem = |certificate: &X509| certificate.to_pem().unwrap();
        let plain = |key: &PKey<Private>| key.private_key_to_pem_pkcs8().unwrap();
        let cipher = Cipher::aes_256_cbc();
        Alice {
            certificate: chain.certs.iter().flat_map(pem).collect(),
            der: chain.certs[0].to_der().unwrap(),
            key: plain(&chain.key),
            encrypted: chain
                .key
                .private_key_to_pem_pkcs8_passphrase(cipher, PASSPHRASE.as_bytes())
                .unwrap(),
            other_key: plain(&other.key),
        }
    }

    /// The older encryption, with headers.
    fn encrypted_with_headers(&self) -> Vec<u8> {
        let key = PKey::private_key_from_pem(&self.key).unwrap().ec_key().unwrap();
        key.private_key_to_pem_passphrase(Cipher::aes_128_cbc(), PASSPHRASE.as_bytes()).unwrap()
    }
}

#[test]
fn the_client_certificate_is_shown_from_file_and_from_memory() {
    let pki = Pki::new().unwrap();
    let (alice, files) = (Alice::new(&pki), Directory::new("identity"));
    let certificate = files.file("alice.pem", &alice.certificate);
    let key = files.file("alice.key", &alice.encrypted);
    let both = files.file("both.pem", &[&alice.certificate[..], &alice.key].concat());
    let headed = alice.encrypted_with_headers();
    let bytes = |bytes: &[u8]| Value::Bytes(bytes.to_vec());
    let ways: [Options; 5] = [
        vec![("local_cert", text(&both))],
        vec![
            ("local_cert", text(&certificate)),
            ("local_pk", text(&key)),
            ("passphrase", text(PASSPHRASE)),
        ],
        vec![("local_cert_pem", bytes(&alice.certificate)), ("local_pk_pem", bytes(&alice.key))],
        vec![("local_cert_pem", bytes(&[&alice.certificate[..], &alice.key].concat()))],
        vec![
            ("local_cert", text(&certificate)),
            ("local_pk_pem", bytes(&headed)),
            ("passphrase", text(PASSPHRASE)),
        ],
    ];
    for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        let (address, shown) = server(&pki.leaf(&[BOB]).unwrap(), version);
        for (number, way) in ways.iter().enumerate() {
            let verifier = verifier(&pki, way).unwrap();
            let (status, report) = visit(&verifier, address, &[]);
            assert_eq!(status, Ok(Status::Ok), "{number}: {}", report.text());
            assert_eq!(shown.lock().unwrap().pop(), Some(Some(alice.der.clone())), "{number}");
        }
        let (status, _) = visit(&verifier(&pki, &vec![]).unwrap(), address, &[]);
        assert_eq!((status, shown.lock().unwrap().pop()), (Ok(Status::Ok), Some(None)));
    }
}

#[test]
fn what_does_not_fit_is_told_apart_and_nobody_is_asked() {
    let pki = Pki::new().unwrap();
    let (alice, files) = (Alice::new(&pki), Directory::new("mismatch"));
    let certificate = files.file("alice.pem", &alice.certificate);
    let encrypted = files.file("alice.key", &alice.encrypted);
    let bytes = |bytes: &[u8]| Value::Bytes(bytes.to_vec());
    let with_key =
        |key: &[u8]| vec![("local_cert", text(&certificate)), ("local_pk_pem", bytes(key))];
    let sealed = format!(
        "-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,{}\n\nAAAA\n-----END CERTIFICATE-----\n",
        "00".repeat(16)
    );
    let cases: Vec<(Options, Status, &str)> = vec![
        (
            with_key(&alice.other_key),
            Status::Certificate,
            "local_pk_pem: the key does not belong to",
        ),
        (with_key(&alice.encrypted), Status::Certificate, "local_pk_pem: the key is encrypted"),
        (with_key(&alice.encrypted_with_headers()), Status::Certificate, "the key is encrypted"),
        (
            [with_key(&alice.encrypted), vec![("passphrase", text("wrong"))]].concat(),
            Status::Certificate,
            "the option passphrase does not open the key",
        ),
        (
            vec![("local_cert", text(&certificate)), ("local_pk", text(&encrypted))],
            Status::Certificate,
            "alice.key: the key is encrypted",
        ),
        (
            [with_key(&alice.encrypted), vec![("passphrase", text("x".repeat(2000)))]].concat(),
            Status::OptionValue,
            "option passphrase",
        ),
        (
            [with_key(&alice.encrypted), vec![("passphrase", text("a\0b"))]].concat(),
            Status::OptionValue,
            "option passphrase",
        ),
        (vec![("local_cert", text(&certificate))], Status::FileEmpty, "no private key"),
        (
            with_key(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
            Status::Certificate,
            "local_pk_pem",
        ),
        (vec![("local_cert_pem", bytes(&alice.key))], Status::FileEmpty, "no certificate"),
        (vec![("local_cert_pem", bytes(sealed.as_bytes()))], Status::Certificate, "encrypted"),
        (vec![("local_pk_pem", bytes(&alice.key))], Status::OptionValue, "local_cert"),
        (vec![("local_pk", text(&encrypted))], Status::OptionValue, "local_cert"),
        (
            vec![("local_cert", text(&certificate)), ("local_cert_pem", bytes(&alice.certificate))],
            Status::OptionValue,
            "set one of them",
        ),
        (vec![("local_cert", text(files.path("none")))], Status::FileMissing, "local_cert"),
    ];
    for (options, status, words) in &cases {
        let (given, what) = verifier(&pki, options).err().expect(words);
        assert_eq!(given, *status, "{words}: {what}");
        assert!(what.contains(words), "{words}: {what}");
        assert!(!what.contains(PASSPHRASE), "{what}");
    }
}

/// On a terminal OpenSSL would ask, and the test would wait for an answer.
#[test]
fn nobody_is_asked_on_a_terminal() {
    let own = std::env::current_exe().unwrap();
    let command =
        format!("{} --exact what_does_not_fit_is_told_apart_and_nobody_is_asked", own.display());
    let mut child = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script, of Debian's bsdutils");
    let until = Instant::now() + Duration::from_secs(30);
    let ended = loop {
        match child.try_wait().unwrap() {
            Some(ended) => break Some(ended),
            None if Instant::now() > until => break None,
            None => thread::sleep(Duration::from_millis(50)),
        }
    };
    let _ = child.kill();
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(ended.is_some_and(|ended| ended.success()), "{said}");
    assert!(said.contains("1 passed") && !said.contains("pass phrase"), "{said}");
}

#[test]
fn the_key_log_is_written_only_when_asked_for() {
    let pki = Pki::new().unwrap();
    let files = Directory::new("keylog");
    let path = files.path("keys");
    let options = vec![("insecure_keylog_file", text(&path))];
    for (version, word) in
        [(SslVersion::TLS1_2, "CLIENT_RANDOM "), (SslVersion::TLS1_3, "CLIENT_TRAFFIC_SECRET_0 ")]
    {
        let (address, _) = server(&pki.leaf(&[BOB]).unwrap(), version);
        for lines in 1..=2 {
            let (status, report) = visit(&verifier(&pki, &options).unwrap(), address, &[]);
            assert_eq!(status, Ok(Status::Ok), "{}", report.text());
            assert!(report.summary().contains("(INSECURE: insecure_keylog_file)"));
            let log = fs::read_to_string(&path).unwrap();
            let found = log.lines().filter(|line| line.starts_with(word)).count();
            assert_eq!(found, lines, "appended, not begun anew: {log}");
        }
    }
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_key_log_that_others_could_read_is_refused() {
    let pki = Pki::new().unwrap();
    let files = Directory::new("keylog-refused");
    let open = files.file("open", b"");
    fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).unwrap();
    let target = files.file("target", b"");
    symlink(&target, files.path("link")).unwrap();
    let fifo = files.path("fifo");
    assert!(Command::new("mkfifo").args(["-m", "600", &fifo]).status().unwrap().success());
    let paths = [open, files.path("link"), fifo, files.path("no/such"), files.path("."), "".into()];
    for path in paths {
        let options = vec![("insecure_keylog_file", text(&path))];
        let (_, what) = verifier(&pki, &options).err().expect(&path);
        assert!(what.contains("insecure_keylog_file"), "{what}");
    }
    assert_eq!(fs::read(&target).unwrap(), b"");
}

#[test]
fn the_environment_opens_no_session() {
    let files = Directory::new("environment");
    let path = files.path("keys");
    let test = "the_client_certificate_is_shown_from_file_and_from_memory";
    let ended = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test])
        .env("SSLKEYLOGFILE", &path)
        .output()
        .unwrap();
    assert!(ended.status.success());
    assert!(!fs::exists(&path).unwrap());
}

#[test]
fn the_report_says_which_of_several_identities_matched() {
    let pki = Pki::new().unwrap();
    let cases: [(&[&str], &str); 3] = [
        (&["dns:mx.bob.test", "ip:192.0.2.1"], "dns:mx.bob.test"),
        (&["dns:bob.test"], "dns:bob.test"),
        (&[], BOB),
    ];
    for (more, wanted) in cases {
        let name = wanted.trim_start_matches("dns:");
        let (address, _) = server(&pki.leaf(&[name]).unwrap(), SslVersion::TLS1_3);
        let (status, report) = visit(&verifier(&pki, &vec![]).unwrap(), address, more);
        assert_eq!(status, Ok(Status::Ok), "{}", report.text());
        let matched = report.findings.iter().find(|finding| finding.code.name() == "name.match");
        let matched = matched.expect("a name matched");
        assert_eq!(matched.wanted, format!("dns:{name}"));
        assert_eq!(matched.found, format!("dns:{name}"));
        assert!(report.summary().contains(&format!("the certificate is for {name}")));
    }
    let (address, _) = server(&pki.leaf(&["eve.test"]).unwrap(), SslVersion::TLS1_3);
    let more = ["dns:mx.bob.test", "srv:_imaps.bob.test"];
    let (status, report) = visit(&verifier(&pki, &vec![]).unwrap(), address, &more);
    assert_eq!(status, Err(Status::Rejected));
    let failure = report.first_failure().expect("a mismatch");
    for name in [BOB, "mx.bob.test", "srv:_imaps.bob.test"] {
        assert!(failure.wanted.contains(name), "{}", failure.wanted);
    }
}

#[test]
fn the_first_line_tells_of_a_fixed_time_and_of_another_purpose() {
    let pki = Pki::new().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = Value::Int(i64::try_from(now.as_secs()).unwrap());
    let any = Blueprint {
        purposes: vec![Purpose::ServerAuth, Purpose::ClientAuth],
        ..Blueprint::leaf(&[BOB])
    };
    let cases: [(Options, &str); 5] = [
        (vec![("time", now)], "(INSECURE: time)"),
        (vec![("purpose", text("sslclient"))], "(INSECURE: purpose)"),
        (vec![("insecure_purpose", text("any"))], "(INSECURE: insecure_purpose)"),
        (vec![("audit", Value::Bool(true))], ""),
        (vec![], ""),
    ];
    for (options, words) in &cases {
        let (address, _) = server(&pki.chain(&any).unwrap(), SslVersion::TLS1_3);
        let (status, report) = visit(&verifier(&pki, options).unwrap(), address, &[]);
        assert_eq!(status, Ok(Status::Ok), "{}", report.text());
        let line = report.summary();
        assert_eq!(line.contains("INSECURE"), !words.is_empty(), "{line}");
        assert!(line.ends_with(words), "{line}");
    }
}

/// A server's certificate for clients, and a client's for servers: both are refused.
#[test]
fn the_purpose_is_the_one_that_was_asked_for() {
    let pki = Pki::new().unwrap();
    for (certificate, asked, trusted) in [
        (Purpose::ServerAuth, "sslserver", true),
        (Purpose::ClientAuth, "sslserver", false),
        (Purpose::ClientAuth, "sslclient", true),
        (Purpose::ServerAuth, "sslclient", false),
    ] {
        let leaf = Blueprint { purposes: vec![certificate], ..Blueprint::leaf(&[BOB]) };
        let (address, _) = server(&pki.chain(&leaf).unwrap(), SslVersion::TLS1_3);
        let options = vec![("purpose", text(asked))];
        let (status, report) = visit(&verifier(&pki, &options).unwrap(), address, &[]);
        assert_eq!(status.is_ok(), trusted, "{certificate:?} {asked}: {}", report.text());
        if !trusted {
            assert_eq!(report.first_failure().unwrap().code.name(), "chain.purpose");
        }
    }
}

#[test]
fn an_audit_opens_and_stays_rejected() {
    let pki = Pki::new().unwrap();
    let (address, _) = server(&pki.leaf(&["eve.test"]).unwrap(), SslVersion::TLS1_3);
    let audit = verifier(&pki, &vec![("audit", Value::Bool(true))]).unwrap();
    let (status, report) = visit(&audit, address, &[]);
    assert_eq!(status, Ok(Status::OpenUnverified));
    assert!(report.summary().starts_with("REJECTED "), "{}", report.summary());
    let code = report.first_failure().map(|finding| finding.code.name());
    assert_eq!(code, Some("name.mismatch"));
}
