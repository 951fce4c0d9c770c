//! A session on a file descriptor: moves bytes with one deadline for the negotiation and one for
//! the handshake, never per read, so that a peer who drips bytes gains nothing.
//!
//! `advance` goes as far as it can without waiting, so one thread drives as many sessions as it
//! likes; what waits (`run_fd`, `connect`, `read`, `write`) is `advance` and its likes with `poll`
//! between them. The descriptor may be blocking or not: every call is made not to block.

use std::mem::MaybeUninit;
use std::net::IpAddr;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::error::{Error, Result};
use crate::report::{Code, Finding, Source};
use crate::status::Status;

use super::link::{Arrival, Connection, Deadline, Link, PIECE};
use super::{Session, State};

/// How long a refused session tries to send its farewell or alert.
const FAREWELL: Duration = Duration::from_millis(250);

impl Session {
    /// Negotiates, handshakes and judges on a connected socket, which is duplicated: the caller
    /// keeps its own. Afterwards `read`, `write` and `close` move bytes over it too.
    pub fn run_fd(&mut self, descriptor: BorrowedFd<'_>) -> Result<Status> {
        self.check_unconnected()?;
        let descriptor = descriptor.try_clone_to_owned().map_err(|error| {
            Error::new(Status::Argument, format!("the descriptor cannot be used: {error}"))
        })?;
        self.hold(descriptor);
        self.run()
    }

    /// The error, if the session is dead or has a connection.
    pub(super) fn check_unconnected(&self) -> Result<()> {
        match (&self.state, &self.connection) {
            (State::Dead { error, .. }, _) => Err(error.clone()),
            (_, Connection::None) => Ok(()),
            (_, Connection::Sought(_) | Connection::Held(_)) => {
                Err(Error::new(Status::State, "the session has a connection already"))
            }
        }
    }

    /// Takes a connected socket.
    fn hold(&mut self, socket: OwnedFd) {
        let deadline = self.deadline(self.patience(self.part()));
        self.connection = Connection::Held(Link { socket, deadline });
    }

    /// Ends all waiting at this time, whatever the deadlines of its parts.
    pub fn end_by(&mut self, end: Instant) {
        self.end = Some(end);
    }

    /// This long, and not beyond the end of the whole.
    pub(super) fn deadline(&self, whole: Duration) -> Deadline {
        let deadline = Deadline::after(whole);
        let at = self.end.map_or(deadline.at, |end| deadline.at.min(end));
        Deadline { at, whole }
    }

    /// How long this part of a session may take as a whole.
    fn patience(&self, part: Part) -> Duration {
        match part {
            Part::Negotiation => self.policy.deadlines.negotiation,
            Part::Handshake => self.policy.deadlines.handshake,
            Part::Open => self.policy.deadlines.io,
        }
    }

    fn part(&self) -> Part {
        match self.state {
            State::Negotiating { .. } => Part::Negotiation,
            State::Handshaking { .. } | State::Agreeing { .. } => Part::Handshake,
            State::Open { .. } | State::Closed { .. } | State::Dead { .. } => Part::Open,
        }
    }

    /// Drives the session until it is open or dead.
    pub(super) fn run(&mut self) -> Result<Status> {
        loop {
            match self.advance()? {
                wanted @ (Status::WantRead | Status::WantWrite) => {
                    self.sleep(wanted, self.due())?
                }
                end => return Ok(end),
            }
        }
    }

    /// Goes on with a session that has a connection, or has begun to make one, without waiting:
    /// `WantRead` or `WantWrite` says what its socket must be ready for; `Ok` and `OpenUnverified`, that
    /// it is open. To be called again when the socket is ready or `due` has come, which is when it
    /// finds that its time is over. An error is final, as everywhere.
    pub fn advance(&mut self) -> Result<Status> {
        let end = match &self.state {
            State::Dead { error, .. } => Err(error.clone()),
            State::Open { status, .. } => Ok(*status),
            State::Negotiating { .. }
            | State::Handshaking { .. }
            | State::Agreeing { .. }
            | State::Closed { .. } => self.go_on(),
        };
        if end.is_err() {
            self.say_farewell();
        }
        end
    }

    fn go_on(&mut self) -> Result<Status> {
        if let Connection::Sought(reach) = &mut self.connection {
            match reach.go_on() {
                Ok(Some(socket)) => self.hold(socket),
                Ok(None) => return Ok(Status::WantWrite),
                Err(failure) => return Err(self.fail(failure)),
            }
        }
        self.converse()
    }

    /// Steps, and moves bytes, until nothing more can be moved. What has arrived is fed before every
    /// step: a command is about to be sent, perhaps, and an answer that is there before it is found by
    /// the negotiation's first rule only once it was fed.
    fn converse(&mut self) -> Result<Status> {
        let mut is_new = true;
        loop {
            self.check_time()?;
            if !self.send_waiting()? {
                return Ok(Status::WantWrite);
            }
            if !self.receive()? && !is_new {
                return Ok(Status::WantRead);
            }
            is_new = false;
            match self.step_in_time()? {
                Status::WantRead | Status::WantWrite => {}
                end => {
                    // What finds no room goes out with what is written or read next.
                    self.send_waiting()?;
                    return Ok(end);
                }
            }
        }
    }

    /// A flood of bytes must not outrun the deadline.
    fn check_time(&mut self) -> Result<()> {
        let deadline = self.connection.link().map(|link| link.deadline);
        let passed = deadline.filter(|deadline| deadline.has_passed());
        passed.map_or(Ok(()), |deadline| Err(self.time_out(deadline)))
    }

    /// A step; what it begins has its own deadline.
    fn step_in_time(&mut self) -> Result<Status> {
        let before = self.part();
        let end = self.step();
        let part = self.part();
        let deadline = self.deadline(self.patience(part));
        match &mut self.connection {
            Connection::Held(link) if part != before => link.deadline = deadline,
            Connection::Held(_) | Connection::Sought(_) | Connection::None => {}
        }
        end
    }

    pub(super) fn is_driven(&self) -> bool {
        self.connection.link().is_some()
    }

    pub(super) fn io_deadline(&self) -> Deadline {
        self.deadline(self.policy.deadlines.io)
    }

    /// Waits for the socket of an open session.
    pub(super) fn pause(&mut self, wanted: Status, deadline: Deadline) -> Result<()> {
        if deadline.has_passed() {
            return Err(self.time_out(deadline));
        }
        self.sleep(wanted, Some(deadline.at))
    }

    /// Sends what waits; whether all of it is gone.
    pub(super) fn send_waiting(&mut self) -> Result<bool> {
        loop {
            let bytes = self.front();
            if bytes.is_empty() {
                return Ok(true);
            }
            let length = bytes.len();
            match self.link()?.send(bytes) {
                Ok(Some(sent)) => self.sent(sent),
                Ok(None) => return Ok(false),
                // The read that follows finds what the peer still said, and its end.
                Err(Errno::PIPE | Errno::CONNRESET)
                    if !matches!(self.state, State::Open { .. }) =>
                {
                    self.sent(length);
                }
                Err(error) => return Err(self.fail(io_finding("writing to", error))),
            }
        }
    }

    /// Feeds what has arrived, or that there will be no more; whether there was anything.
    pub(super) fn receive(&mut self) -> Result<bool> {
        let mut piece = [MaybeUninit::uninit(); PIECE];
        match self.link()?.receive(&mut piece) {
            Ok(Arrival::Octets(octets)) => self.feed(octets).map(|()| true),
            Ok(Arrival::End) => self.feed_eof().map(|()| true),
            Ok(Arrival::Nothing) => Ok(false),
            Err(error) => Err(self.fail(io_finding("reading from", error))),
        }
    }

    fn link(&self) -> Result<&Link> {
        let without = || Error::new(Status::State, "the session has no connection");
        self.connection.link().ok_or_else(without)
    }

    /// Until the socket is ready or the time has come; either is found by whoever goes on.
    fn sleep(&mut self, wanted: Status, until: Option<Instant>) -> Result<()> {
        let (Some(until), Some(socket)) = (until, self.socket()) else {
            return Err(Error::new(Status::State, "the session has no connection"));
        };
        let events = if wanted == Status::WantWrite { PollFlags::OUT } else { PollFlags::IN };
        // The largest deadline is ten minutes, which fits.
        let left = Timespec::try_from(until.saturating_duration_since(Instant::now())).ok();
        match poll(&mut [PollFd::new(&socket, events)], left.as_ref()) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(self.fail(io_finding("waiting for", error))),
        }
    }

    fn time_out(&mut self, deadline: Deadline) -> Error {
        let whole = deadline.whole.as_millis();
        let words = match &self.state {
            State::Negotiating { .. } => {
                format!("the server did not get as far as TLS within {whole} ms")
            }
            State::Handshaking { .. } => {
                format!("the TLS handshake was not done within {whole} ms")
            }
            State::Agreeing { .. }
            | State::Open { .. }
            | State::Closed { .. }
            | State::Dead { .. } => {
                format!("the server did not answer within {whole} ms")
            }
        };
        self.fail(Finding::fail(Code::IoTimeout, words).from_source(Source::System))
    }

    /// A QUIT or an alert, if it goes out at once; nobody waits for it.
    fn say_farewell(&mut self) {
        let deadline = Deadline::after(FAREWELL);
        while !self.front().is_empty() && !deadline.has_passed() {
            let sent = self.connection.link().map(|link| link.send(self.front()));
            let Some(Ok(Some(sent))) = sent else { break };
            self.sent(sent);
        }
        self.connection = Connection::None;
    }

    /// Sends close_notify, if it goes out at once, and gives the descriptor up.
    pub(super) fn hang_up(&mut self) {
        if self.is_driven() {
            self.say_farewell();
        }
    }

    /// Where a driven session is connected to; `None` for a socket without an address, such as one of a
    /// pair.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.connection.link()?.address()
    }

    /// Where it is connected from.
    pub(super) fn local_address(&self) -> Option<IpAddr> {
        self.connection.link()?.local_address()
    }

    /// The descriptor of a driven session, for poll and select.
    pub fn fd(&self) -> Option<RawFd> {
        self.connection.link().and(self.socket()).map(|socket| socket.as_raw_fd())
    }

    /// What `advance` waits for: the socket of the connection, or of the one that is being made. Two
    /// sockets of one session, one after the other, never have the same number.
    pub fn socket(&self) -> Option<BorrowedFd<'_>> {
        self.connection.socket()
    }

    /// When `advance` is due though the socket is not ready. On an open session: io_timeout_ms after it
    /// opened.
    pub fn due(&self) -> Option<Instant> {
        self.connection.due()
    }
}

/// Parts of a session with a deadline each.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Negotiation,
    Handshake,
    Open,
}

fn io_finding(doing: &str, error: Errno) -> Finding {
    let words = format!("{doing} the connection failed: {}", std::io::Error::from(error));
    Finding::fail(Code::IoError, words).from_source(Source::System)
}
