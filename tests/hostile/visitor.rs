//! One session with one hostile server, in a process of its own: what it said, how long it took, how
//! far memory grew, and whether it is as dead afterwards as it says.
//!
//! The process is this test program once more, with the errand in an environment variable. It gives
//! its account in one line.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant};

use starttls_verify::error::{Error, Result};
use starttls_verify::options::{Mode, Value};
use starttls_verify::ossl::Chain;
use starttls_verify::proto::Protocol;
use starttls_verify::report::Shown;
use starttls_verify::session::Session;
use starttls_verify::status::Status;
use starttls_verify::verify::{Config, Ending, Evidence, Peer, Verifier, judge};

use crate::DEADLINE;
use crate::conversation::HOST;
use crate::peak::Peak;
use crate::server::LIFE;

/// The environment variable with the errand, and the name of the test that runs it.
const ERRAND: &str = "STV_HOSTILE_ERRAND";
const TEST: &str = "one_visit_in_a_process_of_its_own";
/// What the account begins with.
const MARK: &str = "visit: ";
/// How long the server is left alone before a session begins late.
const LATE: Duration = Duration::from_millis(150);

/// How the session comes to its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// By itself.
    Connect,
    /// It is handed one on which whatever the server did first has arrived.
    Later,
}

/// Whom to visit.
pub struct Errand<'a> {
    pub protocol: Protocol,
    pub port: u16,
    pub door: Door,
    pub cafile: &'a str,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The code, or what came in place of one.
    pub code: String,
    pub elapsed: Duration,
    pub growth_kib: i64,
    /// Calls that gave another error afterwards.
    pub unsteady: String,
}

impl Errand<'_> {
    /// In a process of its own.
    pub fn run(&self) -> std::result::Result<Account, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let arguments = ["--exact", TEST, "--ignored", "--nocapture", "--test-threads=1"];
        let output = Command::new(program)
            .args(arguments)
            .env(ERRAND, self.to_string())
            .stdin(Stdio::null())
            .output()
            .map_err(|error| error.to_string())?;
        let said = String::from_utf8_lossy(&output.stdout);
        let line = said.lines().find_map(|line| line.strip_prefix(MARK));
        line.and_then(|line| line.parse().ok())
            .ok_or_else(|| format!("{said}{}", String::from_utf8_lossy(&output.stderr)))
    }

    fn peer(&self) -> Result<Peer> {
        let mut peer = Peer::new();
        peer.set_protocol(self.protocol);
        peer.set_host(HOST)?;
        peer.set_connect(&format!("127.0.0.1:{}", self.port))?;
        Ok(peer)
    }

    fn verifier(&self) -> Result<Verifier> {
        let mut config = Config::new();
        config.put(Mode::Replace, "cafile", Value::Text(self.cafile.to_owned()))?;
        let deadline = i64::try_from(DEADLINE.as_millis()).unwrap_or(i64::MAX);
        for name in [
            "connect_timeout_ms",
            "negotiation_timeout_ms",
            "handshake_timeout_ms",
            "io_timeout_ms",
        ] {
            config.put(Mode::Replace, name, Value::Int(deadline))?;
        }
        Verifier::new(&config)
    }

    /// The visit itself.
    fn visit(&self) -> Result<Account> {
        let verifier = self.verifier()?;
        self.warm_up(&verifier)?;
        let peak = Peak::begin();
        let mut session = Session::new(&verifier, &self.peer()?)?;
        let (end, elapsed) = self.converse(&mut session);
        let growth_kib = peak.growth();
        let (code, unsteady) = match end {
            Ok(status) => (format!("{status:?}"), String::new()),
            Err(error) => (code(&session), unsteady(&mut session, &error)),
        };
        Ok(Account { code, elapsed, growth_kib, unsteady })
    }

    /// How the session ends, and how long the call took that ended it. One that opens is read from.
    fn converse(&self, session: &mut Session) -> (Result<Status>, Duration) {
        let stream = match self.door {
            Door::Connect => None,
            Door::Later => Some(connection(self.port)),
        };
        let begun = Instant::now();
        let opened = match &stream {
            None => session.connect(),
            Some(stream) => session.run_fd(stream.as_fd()),
        };
        if opened.is_err() {
            return (opened, begun.elapsed());
        }
        let begun = Instant::now();
        let read = session.read(&mut [0; 1024]).map(|(status, _)| status);
        (read, begun.elapsed())
    }

    /// The first handshake and the first judgement of a process bring OpenSSL's code and tables into
    /// memory, which are nobody's flood. One of each is made here; an alert ends the handshake.
    fn warm_up(&self, verifier: &Verifier) -> Result<()> {
        let mut peer = Peer::new();
        peer.set_protocol(Protocol::Tls);
        peer.set_host(HOST)?;
        let mut chain = Chain::new();
        chain.add_pem(&std::fs::read(self.cafile).expect("the certificate of the lab's CA"))?;
        judge(
            verifier,
            &peer,
            &Evidence { chain: &chain, shown: Shown::OnDisk },
            &Ending::default(),
        );
        let mut session = Session::new(verifier, &peer)?;
        session.step()?;
        session.feed(b"\x15\x03\x03\x00\x02\x02\x28")?;
        session.step().expect_err("an alert ends a handshake");
        Ok(())
    }
}

/// A connection to a server that has had time to do its worst.
fn connection(port: u16) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a server");
    thread::sleep(LATE);
    stream
}

fn code(session: &Session) -> String {
    let report = session.report();
    report.first_failure().map_or("no finding", |finding| finding.code.name()).to_owned()
}

/// The calls that do not give the same error again, in one word; `fd` where the dead session still
/// holds its connection.
fn unsteady(session: &mut Session, error: &Error) -> String {
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let again = [
        ("step", session.step().err()),
        ("feed", session.feed(b"220 go\r\n").err()),
        ("feed_eof", session.feed_eof().err()),
        ("read", session.read(&mut [0; 16]).err()),
        ("write", session.write(b"AUTH PLAIN").err()),
        ("close", session.close().err()),
        ("connect", session.connect().err()),
        ("run_fd", session.run_fd(other.as_fd()).err()),
        ("step again", session.step().err()),
    ];
    let others = again.iter().filter(|(_, given)| given.as_ref() != Some(error));
    let mut names: Vec<&str> = others.map(|(name, _)| *name).collect();
    if session.fd().is_some() {
        names.push("fd");
    }
    names.join("+")
}

/// Runs the errand that this process was started for; none means that a person ran the test.
pub fn run_errand() {
    let Ok(text) = std::env::var(ERRAND) else {
        return;
    };
    // A session that does not end at all must not hold up the others.
    thread::spawn(|| {
        thread::sleep(LIFE * 2);
        std::process::abort();
    });
    let errand = Errand::parse(&text).expect("an errand");
    println!("\n{MARK}{}", errand.visit().expect("a verifier and a session"));
}

impl std::fmt::Display for Errand<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Errand { protocol, port, door, cafile } = self;
        write!(formatter, "{} {port} {door:?} {cafile}", protocol.row().scheme)
    }
}

impl Errand<'_> {
    fn parse(text: &str) -> Option<Errand<'_>> {
        let mut parts = text.splitn(4, ' ');
        let protocol = Protocol::from_scheme(parts.next()?)?;
        let port = parts.next()?.parse().ok()?;
        let door = if parts.next()? == "Later" { Door::Later } else { Door::Connect };
        Some(Errand { protocol, port, door, cafile: parts.next()? })
    }
}

impl std::fmt::Display for Account {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Account { code, elapsed, growth_kib, unsteady } = self;
        write!(formatter, "{code}|{}|{growth_kib}|{unsteady}", elapsed.as_millis())
    }
}

impl FromStr for Account {
    type Err = ();

    fn from_str(text: &str) -> std::result::Result<Account, ()> {
        let [code, elapsed, growth, unsteady] = text.split('|').collect::<Vec<_>>()[..] else {
            return Err(());
        };
        Ok(Account {
            code: code.to_owned(),
            elapsed: Duration::from_millis(elapsed.parse().map_err(drop)?),
            growth_kib: growth.parse().map_err(drop)?,
            unsteady: unsteady.to_owned(),
        })
    }
}
