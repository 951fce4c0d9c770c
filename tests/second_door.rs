//! The door of a caller's own SSL against the session's: every scenario of the lab that comes to a
//! certificate, through a plain OpenSSL client that talks SMTP by hand, judged after its handshake and
//! attached before it.

use std::ffi::{CStr, c_int, c_void};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::ptr;
use std::thread;
use std::time::{Duration, Instant};

use foreign_types::ForeignTypeRef;
use openssl::ssl::{
    HandshakeError, Ssl, SslContext, SslContextBuilder, SslMethod, SslRef, SslVerifyMode,
    SslVersion, StatusType,
};
use starttls_verify::ffi::config::{
    stv_config, stv_config_free, stv_config_new, stv_config_set_str,
};
use starttls_verify::ffi::peer::{stv_peer, stv_peer_free, stv_peer_new, stv_peer_set_host};
use starttls_verify::ffi::report::{
    stv_report, stv_report_code, stv_report_free, stv_report_json, stv_report_verdict,
};
use starttls_verify::ffi::ssl::{stv_ssl_attach, stv_ssl_judge, stv_ssl_result};
use starttls_verify::ffi::verifier::{stv_verifier, stv_verifier_free, stv_verifier_new};
use starttls_verify::options::{Mode, Value};
use starttls_verify::session::Session;
use starttls_verify::verify::{Config, Peer, Verifier};
use stv_lab::Lab;
use stv_lab::scenario::Scenario;

/// At least so many scenarios come to a certificate: it is these that are compared.
const COMPARED: usize = 55;
/// A plain client does not see that the go-ahead came too early.
const UNSEEN: &[&str] = &["pipelined"];

/// What a door says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Says {
    verdict: c_int,
    code: String,
}

/// What the plain client came to.
#[derive(Debug)]
enum Came {
    /// No handshake was finished or refused by the judge; the status of `stv_ssl_result`, if there
    /// was an SSL at all.
    Nowhere(Option<c_int>),
    To(c_int, Says),
}

/// TCP with one deadline for the whole conversation.
struct Wire {
    stream: TcpStream,
    until: Instant,
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if Instant::now() >= self.until {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.read(into)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Wire {
    /// Greeting, EHLO, STARTTLS, as a program that knows no attack does it.
    fn upgraded(scenario: &Scenario) -> io::Result<Wire> {
        let stream = TcpStream::connect(scenario.connect())?;
        let limit = Duration::from_millis(scenario.deadline_ms);
        stream.set_read_timeout(Some(limit))?;
        let mut wire = Wire { stream, until: Instant::now() + limit };
        wire.reply("220")?;
        wire.write_all(b"EHLO localhost\r\n")?;
        wire.reply("250")?;
        wire.write_all(b"STARTTLS\r\n")?;
        wire.reply("220")?;
        Ok(wire)
    }

    fn reply(&mut self, wanted: &str) -> io::Result<()> {
        for _ in 0..64 {
            let line = self.line()?;
            if !line.starts_with(wanted) {
                return Err(io::Error::other(line));
            }
            if line.as_bytes().get(3) != Some(&b'-') {
                return Ok(());
            }
        }
        Err(io::Error::other("a reply without end"))
    }

    fn line(&mut self) -> io::Result<String> {
        let (mut line, mut octet) = (Vec::new(), [0]);
        while line.len() < 2048 && !line.ends_with(b"\n") {
            self.read_exact(&mut octet)?;
            line.push(octet[0]);
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }
}

/// A program's own context: it verifies nothing, and speaks what nobody should.
fn lax() -> SslContext {
    let mut builder = SslContextBuilder::new(SslMethod::tls_client()).unwrap();
    builder.set_security_level(0);
    builder.set_min_proto_version(Some(SslVersion::TLS1)).unwrap();
    builder.set_verify(SslVerifyMode::NONE);
    builder.build()
}

/// The handles of one client, as C holds them.
struct Caller {
    verifier: *mut stv_verifier,
    peer: *mut stv_peer,
}

impl Caller {
    fn new(lab: &Lab, scenario: &Scenario) -> Caller {
        let cafile = lab.ca_pem_path().to_str().expect("a UTF-8 path");
        let (mut config, mut verifier, mut peer) =
            (ptr::null_mut::<stv_config>(), ptr::null_mut(), ptr::null_mut());
        let host = scenario.host;
        // SAFETY: handles are alive, pointers and lengths are those of strings.
        unsafe {
            assert_eq!(stv_config_new(&raw mut config), 0);
            let (path, length) = (cafile.as_ptr().cast(), cafile.len());
            assert_eq!(stv_config_set_str(config, c"cafile".as_ptr(), 6, path, length), 0);
            assert_eq!(stv_verifier_new(config, &raw mut verifier), 0);
            stv_config_free(config);
            assert_eq!(stv_peer_new(&raw mut peer), 0);
            assert_eq!(stv_peer_set_host(peer, host.as_ptr().cast(), host.len()), 0);
        }
        Caller { verifier, peer }
    }

    fn attach(&self, ssl: &SslRef) {
        // SAFETY: all three are alive.
        let status = unsafe { stv_ssl_attach(self.verifier, self.peer, raw(ssl)) };
        assert_eq!(status, 0);
    }

    fn judge(&self, ssl: &SslRef) -> Came {
        let mut report = ptr::null_mut();
        // SAFETY: all are alive.
        let status = unsafe { stv_ssl_judge(self.verifier, self.peer, raw(ssl), &raw mut report) };
        came(status, report)
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        // SAFETY: made by `new`, not used again.
        unsafe { stv_verifier_free(self.verifier) };
        // SAFETY: as above.
        unsafe { stv_peer_free(self.peer) };
    }
}

fn raw(ssl: &SslRef) -> *mut c_void {
    ssl.as_ptr().cast()
}

fn result(ssl: &SslRef) -> Came {
    let mut report = ptr::null_mut();
    // SAFETY: the SSL is alive, the out-parameter ours.
    let status = unsafe { stv_ssl_result(raw(ssl), &raw mut report) };
    came(status, report)
}

fn came(status: c_int, report: *mut stv_report) -> Came {
    const TLS_HANDSHAKE: c_int = 300;
    // SAFETY: every status from 200 on, and 0, comes with a report.
    let (verdict, code, json) = unsafe {
        (
            stv_report_verdict(report),
            CStr::from_ptr(stv_report_code(report)).to_string_lossy().into_owned(),
            CStr::from_ptr(stv_report_json(report)).to_string_lossy().into_owned(),
        )
    };
    // SAFETY: ours, and not used again.
    unsafe { stv_report_free(report) };
    assert!(json.contains("starttls.not_checked"), "{json}");
    assert!(!json.contains("starttls.granted"), "{json}");
    if status == TLS_HANDSHAKE {
        return Came::Nowhere(Some(status));
    }
    Came::To(status, Says { verdict, code })
}

/// The plain client that judges after its handshake.
fn judged_after(lab: &Lab, scenario: &Scenario) -> Came {
    let Ok(wire) = Wire::upgraded(scenario) else { return Came::Nowhere(None) };
    let mut ssl = Ssl::new(&lax()).expect("an SSL");
    // Who is not attached asks for an OCSP response by itself, or gets none.
    ssl.set_status_type(StatusType::OCSP).expect("an SSL");
    match ssl.connect(wire) {
        Ok(stream) => Caller::new(lab, scenario).judge(stream.ssl()),
        Err(_) => Came::Nowhere(None),
    }
}

/// The plain client that is attached before it.
fn attached_before(lab: &Lab, scenario: &Scenario) -> Came {
    let Ok(wire) = Wire::upgraded(scenario) else { return Came::Nowhere(None) };
    let ssl = Ssl::new(&lax()).expect("an SSL");
    Caller::new(lab, scenario).attach(&ssl);
    match ssl.connect(wire) {
        Ok(stream) => result(stream.ssl()),
        Err(HandshakeError::Failure(broken)) if broken.ssl().state_string() == "SSLERR" => {
            result(broken.ssl())
        }
        Err(_) => Came::Nowhere(None),
    }
}

/// The session's word, and whether it saw a certificate.
fn session(lab: &Lab, scenario: &Scenario) -> (Says, bool) {
    let mut config = Config::new();
    let cafile = lab.ca_pem_path().to_str().expect("a UTF-8 path").to_owned();
    config.put(Mode::Replace, "cafile", Value::Text(cafile)).unwrap();
    for name in ["negotiation_timeout_ms", "handshake_timeout_ms"] {
        config.put(Mode::Replace, name, Value::Int(scenario.deadline_ms as i64)).unwrap();
    }
    let mut peer = Peer::new();
    peer.set_host(scenario.host).unwrap();
    peer.set_connect(&scenario.connect()).unwrap();
    let mut session = Session::new(&Verifier::new(&config).unwrap(), &peer).unwrap();
    let _ = session.connect();
    let report = session.report();
    let code = report.first_failure().map_or("", |finding| finding.code.name()).to_owned();
    (Says { verdict: report.verdict as c_int, code }, !report.certificates.is_empty())
}

/// A row of the table, and what is wrong with it.
fn row(lab: &Lab, scenario: &Scenario) -> (String, bool, Option<String>) {
    let (wanted, compared) = session(lab, scenario);
    let (after, before) = (judged_after(lab, scenario), attached_before(lab, scenario));
    let line = format!("{:27} {:30} after {after:?}, before {before:?}", scenario.id, wanted.code);
    let says = |came: &Came| match came {
        Came::To(status, says) => *says == wanted && (*status == 0) == (wanted.verdict == 1),
        Came::Nowhere(_) => false,
    };
    let right = match scenario.wanted() {
        _ if compared => says(&after) && says(&before),
        // Judged after it, such a connection is refused; attached before, it does not come about.
        "tls.version" => says(&after) && matches!(before, Came::Nowhere(Some(_))),
        _ if UNSEEN.contains(&scenario.id) => true,
        _ => matches!((&after, &before), (Came::Nowhere(_), Came::Nowhere(_))),
    };
    (line.clone(), compared, (!right).then_some(line))
}

#[test]
fn both_ways_say_what_the_session_says() {
    let directory = std::env::temp_dir().join(format!("stv-second-door-{}", std::process::id()));
    let lab = Lab::start(&directory).expect("the lab starts");
    let rows: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> =
            lab.scenarios().iter().map(|scenario| scope.spawn(|| row(&lab, scenario))).collect();
        running.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    std::fs::remove_dir_all(&directory).ok();
    for (line, ..) in &rows {
        println!("{line}");
    }
    let wrong: Vec<_> = rows.iter().filter_map(|(_, _, wrong)| wrong.clone()).collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(rows.iter().filter(|(_, compared, _)| *compared).count() >= COMPARED);
}
