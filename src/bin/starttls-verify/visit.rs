//! One connection to a peer: approached, judged and reported, and left politely.

use std::time::Instant;

use starttls_verify::discover::discover;
use starttls_verify::error::Result;
use starttls_verify::report::Report;
use starttls_verify::session::Session;
use starttls_verify::status::Status;
use starttls_verify::verify::{Peer, Verifier};

use crate::exit::Exit;

/// A connection on the way to an answer.
pub struct Approach {
    /// What connects, negotiates and judges.
    pub session: Box<Session>,
}

/// How far an approach has come.
pub enum Progress {
    Underway(Approach),
    Arrived(Box<Visit>),
}

/// A connection that came to an answer, whatever it is.
pub struct Visit {
    session: Box<Session>,
    status: Status,
    /// What was found.
    pub report: Report,
}

/// The goodbye inside TLS.
pub struct Leave {
    /// The session, which is open.
    pub session: Box<Session>,
    goodbye: &'static str,
    next: Word,
}

/// What is said or heard next.
#[derive(Clone, Copy)]
enum Word {
    Greeting,
    Goodbye,
    Answer,
    End,
}

/// Whether the goodbye waits for the server.
#[derive(Clone, Copy)]
enum Pace {
    Waiting,
    AtOnce,
}

impl Approach {
    /// Looks up what the options ask for, resolves, and begins to connect. An error is the caller's
    /// fault.
    pub fn begin(verifier: &Verifier, peer: Peer) -> Result<Approach> {
        let mut session = session(verifier, peer)?;
        match session.begin() {
            // The session has died of it, and says so in its report.
            Err(error) if !error.status.has_report() => Err(error),
            Ok(()) | Err(_) => Ok(Approach { session }),
        }
    }

    /// Whether beginning may have to wait.
    pub fn waits(verifier: &Verifier, peer: &Peer) -> bool {
        asks_dns(verifier, peer) || !peer.endpoint().is_some_and(|(host, _)| is_address(&host))
    }

    /// Goes on, without waiting.
    pub fn go_on(mut self) -> Result<Progress> {
        match self.session.advance() {
            Ok(Status::WantRead | Status::WantWrite) => Ok(Progress::Underway(self)),
            end => Visit::of(self.session, end).map(|visit| Progress::Arrived(Box::new(visit))),
        }
    }
}

/// The session, after what the options have looked up.
fn session(verifier: &Verifier, mut peer: Peer) -> Result<Box<Session>> {
    if asks_dns(verifier, &peer) {
        discover(verifier, &mut peer)?;
    }
    Session::new(verifier, &peer).map(Box::new)
}

fn asks_dns(verifier: &Verifier, peer: &Peer) -> bool {
    verifier.policy(peer).dns.engine.is_some()
}

fn is_address(host: &str) -> bool {
    host.parse::<std::net::IpAddr>().is_ok()
}

impl Visit {
    /// Looks up what the options ask for, connects and judges. An error is the caller's fault: nothing was found out then.
    pub fn pay(verifier: &Verifier, peer: &Peer) -> Result<Visit> {
        let mut session = session(verifier, peer.clone())?;
        let end = session.connect();
        Visit::of(session, end)
    }

    fn of(session: Box<Session>, end: Result<Status>) -> Result<Visit> {
        let status = match end {
            Ok(status) => status,
            Err(error) if error.status.has_report() => error.status,
            Err(error) => return Err(error),
        };
        let report = session.report();
        Ok(Visit { session, status, report })
    }

    /// The exit code of what was found.
    pub fn exit(&self) -> Exit {
        Exit::of(self.status, self.report.verdict)
    }

    /// Says goodbye inside TLS, if the session is open. What goes wrong then changes nothing.
    pub fn leave(self) {
        if let Some(mut leave) = self.begin_leave() {
            leave.go_on_at(Pace::Waiting);
        }
    }

    /// The goodbye, if there is one to be said.
    pub fn begin_leave(self) -> Option<Leave> {
        if !matches!(self.status, Status::Ok | Status::OpenUnverified) {
            return None;
        }
        let goodbye = self.report.protocol.row().goodbye;
        let next = match goodbye {
            "" => Word::End,
            _ if self.session.server_speaks_first() => Word::Greeting,
            _ => Word::Goodbye,
        };
        Some(Leave { session: self.session, goodbye, next })
    }
}

impl Leave {
    /// Goes on without waiting; whether something is still to be waited for.
    pub fn go_on(&mut self) -> bool {
        let is_late = self.session.due().is_some_and(|due| due <= Instant::now());
        !is_late && !self.go_on_at(Pace::AtOnce)
    }

    /// Whether it is over.
    fn go_on_at(&mut self, pace: Pace) -> bool {
        loop {
            let said = match self.next {
                Word::Greeting | Word::Answer => self.hear(pace),
                Word::Goodbye => self.say(pace),
                Word::End => {
                    let _ = self.session.close();
                    return true;
                }
            };
            self.next = match (said, self.next) {
                (Ok(Status::WantRead | Status::WantWrite), _) => return false,
                (Ok(Status::Ok), Word::Greeting) => Word::Goodbye,
                (Ok(Status::Ok), Word::Goodbye) => Word::Answer,
                (Ok(_) | Err(_), _) => Word::End,
            };
        }
    }

    fn hear(&mut self, pace: Pace) -> Result<Status> {
        let mut answer = [0; 1024];
        let heard = match pace {
            Pace::Waiting => self.session.read(&mut answer),
            Pace::AtOnce => self.session.read_now(&mut answer),
        };
        heard.map(|(status, _)| status)
    }

    fn say(&mut self, pace: Pace) -> Result<Status> {
        let goodbye = self.goodbye.as_bytes();
        let said = match pace {
            Pace::Waiting => self.session.write(goodbye),
            Pace::AtOnce => self.session.write_now(goodbye),
        };
        said.map(|(status, _)| status)
    }
}
