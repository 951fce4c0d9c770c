//! `check --batch`: a target per line, many at once, answers as they are ready.
//!
//! One thread reads, a fixed number of threads connect, each writes its own answers. The queue
//! between them is short, so that memory does not grow with the input.

use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use serde::Deserialize;
use serde_json::Value as Json;
use starttls_verify::error::Result;
use starttls_verify::verify::Peer;

use crate::acquaintance::Acquaintance;
use crate::answer::{Answer, Question};
use crate::base::Base;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::line_policy::{LinePolicy, Options};
use crate::lines::{Line, Lines};
use crate::record::{self, Unreadable};
use crate::target;
use crate::tlsa::Tlsa;
use crate::verifier_cache::VerifierCache;
use crate::visit::Visit;

/// Checks every target of standard input.
pub fn run(
    base: Base,
    acquaintance: Acquaintance,
    jobs: u16,
    strict: bool,
) -> std::result::Result<Exit, Fault> {
    let (cache, desk) = (Mutex::new(VerifierCache::new(base)?), Mutex::new(Desk::new()));
    let office = Office { acquaintance, cache, desk };
    let (sender, receiver) = sync_channel::<Job>(usize::from(jobs));
    let receiver = Mutex::new(receiver);
    let read = thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| office.work(&receiver));
        }
        // The workers end when the sender is gone and the queue is empty.
        office.read(sender)
    });
    let desk = office.desk.into_inner().unwrap_or_else(PoisonError::into_inner);
    desk.finish(read, strict)
}

/// One line and its number, from 1.
struct Job {
    number: u64,
    line: Line,
}

/// What the threads share.
struct Office {
    acquaintance: Acquaintance,
    cache: Mutex<VerifierCache>,
    desk: Mutex<Desk>,
}

impl Office {
    fn read(&self, jobs: SyncSender<Job>) -> io::Result<()> {
        let mut lines = Lines::of(io::stdin().lock());
        let mut number = 0;
        while let Some(line) = lines.read()? {
            number += 1;
            if is_passed_over(&line) {
                continue;
            }
            // Nobody takes jobs any more, or nobody reads the answers.
            if jobs.send(Job { number, line }).is_err() || lock(&self.desk).failure.is_some() {
                break;
            }
        }
        Ok(())
    }

    fn work(&self, jobs: &Mutex<Receiver<Job>>) {
        loop {
            let job = lock(jobs).recv();
            let Ok(job) = job else { return };
            // Nobody reads the answers any more. The rest is taken all the same: who hands the jobs
            // out must not wait for ever in front of a full queue before he sees it.
            if lock(&self.desk).failure.is_some() {
                continue;
            }
            if let Some(visit) = self.answer(&job) {
                visit.leave();
            }
        }
    }

    /// Writes the answer; gives back the visit, so that its goodbye keeps nobody waiting.
    fn answer(&self, job: &Job) -> Option<Visit> {
        let line = Some(job.number);
        let (id, order) = match read(&job.line) {
            Ok(order) => order,
            Err((id, error)) => {
                let question = Question { id, line, target: None };
                lock(&self.desk).write(&Answer::error(&question, &error));
                return None;
            }
        };
        let question = Question { id, line, target: Some(&order.target) };
        let visit = self.visit(&order);
        let answer = match &visit {
            Ok(visit) => Answer::judged(&question, &visit.report, visit.exit()),
            Err(error) => Answer::error(&question, error),
        };
        lock(&self.desk).write(&answer);
        visit.ok()
    }

    fn visit(&self, order: &Order) -> Result<Visit> {
        let (verifier, tlsa) = {
            let mut cache = lock(&self.cache);
            (cache.verifier(&order.policy)?, cache.base().tlsa().clone())
        };
        let visit = self.acquaintance.visit(&verifier, order.peer(&tlsa)?)?;
        self.acquaintance.keep(&visit)?;
        Ok(visit)
    }
}

/// A thread that panicked leaves nothing half done behind these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where answers are written and counted.
struct Desk {
    worst: Exit,
    answered: u64,
    untrusted: u64,
    failure: Option<io::Error>,
    shows_progress: bool,
}

impl Desk {
    fn new() -> Desk {
        // On one terminal the two would write over each other.
        let shows_progress = io::stderr().is_terminal() && !io::stdout().is_terminal();
        Desk { worst: Exit::Trusted, answered: 0, untrusted: 0, failure: None, shows_progress }
    }

    fn write(&mut self, answer: &Answer) {
        self.worst = self.worst.max(answer.exit);
        self.answered += 1;
        self.untrusted += u64::from(answer.exit != Exit::Trusted);
        let mut out = io::stdout().lock();
        let written = out.write_all(answer.text.as_bytes()).and_then(|()| out.flush());
        self.failure = self.failure.take().or(written.err());
        if self.shows_progress {
            eprint!("\r{} checked, {} not trusted", self.answered, self.untrusted);
        }
    }

    fn finish(self, read: io::Result<()>, strict: bool) -> std::result::Result<Exit, Fault> {
        if self.shows_progress && self.answered > 0 {
            eprintln!();
        }
        if let Some(failure) = self.failure {
            return Err(Fault::Output(failure));
        }
        read.map_err(Fault::Input)?;
        Ok(if strict { self.worst } else { Exit::Trusted })
    }
}

/// A target as it stands in a line of JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    #[serde(default)]
    id: Json,
    target: String,
    connect: Option<String>,
    sni: Option<String>,
    #[serde(default)]
    names: Vec<String>,
    time: Option<i64>,
    #[serde(default)]
    anchors: Vec<String>,
    #[serde(default)]
    crls: Vec<String>,
    #[serde(default)]
    tlsa: Vec<String>,
    tlsa_state: Option<String>,
    #[serde(default)]
    pins: Vec<String>,
    #[serde(default)]
    options: Options,
}

/// Who is to be checked, and how.
#[derive(Default)]
struct Order {
    target: String,
    connect: Option<String>,
    sni: Option<String>,
    names: Vec<String>,
    tlsa: Vec<String>,
    tlsa_state: Option<String>,
    policy: LinePolicy,
}

impl Record {
    fn split(self) -> (Json, Order) {
        let Record { id, target, connect, sni, names, tlsa, tlsa_state, .. } = self;
        let Record { time, anchors, crls, pins, options, .. } = self;
        let policy = LinePolicy { time, anchors, crls, pins, options };
        (id, Order { target, connect, sni, names, tlsa, tlsa_state, policy })
    }
}

impl Order {
    fn peer(&self, base: &Tlsa) -> Result<Peer> {
        let (connect, sni) = (self.connect.as_deref(), self.sni.as_deref());
        let mut peer = target::peer_at(&self.target, connect, sni)?;
        self.names.iter().try_for_each(|name| peer.add_reference(name))?;
        Tlsa::of_line(&self.tlsa, self.tlsa_state.as_deref())?.or(base).give(&mut peer)?;
        Ok(peer)
    }
}

fn is_passed_over(line: &Line) -> bool {
    match line {
        Line::Whole(text) => matches!(text.trim_ascii_start().first(), None | Some(b'#')),
        Line::TooLong => false,
    }
}

/// A JSON object, or a bare target.
fn read(line: &Line) -> std::result::Result<(Json, Order), Unreadable> {
    let text = record::text_of(line)?;
    if text.first() == Some(&b'{') {
        return record::read::<Record>(text).map(Record::split);
    }
    let target = std::str::from_utf8(text).map_err(|error| record::malformed(b"", error))?;
    Ok((Json::Null, Order { target: target.to_owned(), ..Order::default() }))
}
