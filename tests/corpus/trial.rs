//! One row: a server, a client in one of the modes, and everything that must hold.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use stv_lab::record::Record;
use stv_lab::script::Script;
use stv_lab::server::Server;

use super::abi::{Peer, Session, status};
use super::clear::may_be_clear;
use super::client::{Client, First, Mode};
use super::ending::{Ending, PIPELINED, TIMEOUT, TRUSTED};
use super::play::Play;
use super::stage::{DOMAIN, HOST, PATIENT, QUICK, Stage};

pub struct Trial {
    pub id: String,
    pub class: String,
    pub scheme: &'static str,
    pub play: Play,
    pub wanted: Ending,
    /// What the server must have heard in clear last.
    pub heard: Option<&'static str>,
}

/// What happened.
struct Outcome {
    ending: String,
    read: Vec<u8>,
    /// What must never be, whatever the row.
    faults: Vec<String>,
    text: String,
}

/// Conversations at once. They mostly wait.
const WORKERS: usize = 16;
/// How long a server may take to notice that its client has gone.
const SETTLE: Duration = Duration::from_secs(3);

impl Trial {
    /// Nothing when all is right, else what is wrong.
    pub fn run(&self, mode: Mode, stage: &Stage) -> Option<String> {
        let script = self.play.script();
        let server = start(script);
        let outcome = self.converse(mode, stage, &server);
        settle(&server);
        let clear = server.record().cleartext();
        let mut wrong = outcome.faults.clone();
        wrong.extend(self.wrong_ending(mode, &outcome));
        wrong.extend(self.wrong_bytes(&outcome));
        wrong.extend(self.wrong_words(&clear));
        if wrong.is_empty() {
            return None;
        }
        let head = format!("{} {mode:?}: wanted {}, got {}", self.id, self.wanted, outcome.ending);
        Some(format!("{head}\n  {}\n  in clear: {clear:?}\n  {}", wrong.join("\n  "), outcome.text))
    }

    fn converse(&self, mode: Mode, stage: &Stage, server: &Server) -> Outcome {
        let host = if self.scheme.starts_with("xmpp") { DOMAIN } else { HOST };
        let patience = if self.wanted.word() == TIMEOUT { QUICK } else { PATIENT };
        let mut peer = Peer::new(self.scheme, host.as_bytes()).expect("a peer");
        peer.set_connect(&server.address().to_string()).expect("an address");
        let session = Session::new(stage.verifier(patience), &mut peer).expect("a session");
        let first = if self.play.server_first() { First::Server } else { First::Client };
        let mut client = Client::new(session, server.address(), mode, first);
        let begun = Instant::now();
        let mut outcome = match client.open(patience) {
            status::OK => self.talk(client),
            status => refused(client, status),
        };
        // One deadline for the negotiation and one for the handshake, however the bytes drip.
        if begun.elapsed() > patience * 2 {
            outcome.faults.push(format!("it took {:?}", begun.elapsed()));
        }
        outcome
    }

    /// The session is open: hear the server out.
    fn talk(&self, mut client: Client) -> Outcome {
        let mut faults = Vec::new();
        if client.report().verdict != status::VERDICT_TRUSTED {
            faults.push("STV_OK without the verdict TRUSTED".to_owned());
        }
        let (status, read) = client.converse(self.play.framing, &self.play.inside);
        if status != status::CLOSED {
            let outcome = refused(client, status);
            faults.extend(outcome.faults);
            return Outcome { read, faults, ..outcome };
        }
        if client.close() != status::CLOSED {
            faults.push("close does not answer STV_CLOSED".to_owned());
        }
        Outcome { ending: TRUSTED.to_owned(), read, faults, text: client.report().text }
    }

    /// Stepped after every byte, a session asks as soon as it may, and what the server said too early
    /// then is an answer: the end may differ, and the bytes are the program's all the less.
    fn wrong_ending(&self, mode: Mode, outcome: &Outcome) -> Option<String> {
        let may_differ = mode == Mode::EveryByte && self.wanted.word() == PIPELINED;
        let wrong = outcome.ending != self.wanted.word() && !may_differ;
        wrong.then(|| "the end is wrong".to_owned())
    }

    /// The program reads what the server sends inside TLS, and never anything else.
    fn wrong_bytes(&self, outcome: &Outcome) -> Option<String> {
        let sent = self.play.for_the_program();
        let all = outcome.ending == TRUSTED && outcome.read == sent;
        let part = outcome.ending != TRUSTED && sent.starts_with(&outcome.read);
        let wrong = !(all || part);
        wrong.then(|| format!("the program read '{}'", outcome.read.escape_ascii()))
    }

    fn wrong_words(&self, clear: &[String]) -> Vec<String> {
        let leaks = clear.iter().filter(|unit| !may_be_clear(self.scheme, unit));
        let mut wrong: Vec<String> = leaks.map(|unit| format!("sent in clear: {unit}")).collect();
        let last = clear.last().map_or("", String::as_str);
        if let Some(heard) = self.heard.filter(|heard| !last.ends_with(heard)) {
            wrong.push(format!("the client did not go on with {heard}"));
        }
        wrong
    }
}

fn start(script: Script) -> Server {
    Server::start(script, Record::default()).expect("a port on loopback")
}

fn settle(server: &Server) {
    let until = Instant::now() + SETTLE;
    while !server.is_idle() && Instant::now() < until {
        thread::sleep(Duration::from_millis(2));
    }
}

/// The session is not open, or not any more.
fn refused(mut client: Client, status: i32) -> Outcome {
    let report = client.report();
    let mut faults = Vec::new();
    let ending = match status {
        status::FAILURE.. => {
            faults.extend(client.signs_of_life(status));
            report.code.clone()
        }
        status::WANT_READ => {
            if client.leaks_before_open() {
                faults.push("bytes move before the session is open".to_owned());
            }
            TIMEOUT.to_owned()
        }
        other => format!("status {other}"),
    };
    if client.report().code != report.code {
        faults.push("the code changed after the end".to_owned());
    }
    Outcome { ending, read: Vec::new(), faults, text: report.text }
}

/// Every trial in every mode, many at once: what is wrong, by trial and mode.
pub fn run_all(trials: &[Trial], stage: &Stage) -> Vec<(usize, Mode, Option<String>)> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let (row, mode) = (at / Mode::ALL.len(), Mode::ALL[at % Mode::ALL.len()]);
            let Some(trial) = trials.get(row) else { return };
            let wrong = trial.run(mode, stage);
            done.lock().expect("no panic while held").push((row, mode, wrong));
        }
    };
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(work);
        }
    });
    done.into_inner().expect("no panic while held")
}
