//! A session on a file descriptor: moves bytes with one deadline for the negotiation and one for
//! the handshake, never per read, so that a peer who drips bytes gains nothing.
//!
//! The descriptor is a duplicate of the caller's and may be blocking or not: every call is made not
//! to block, and `poll` waits. No SIGPIPE is ever raised (MSG_NOSIGNAL).

use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, SocketAddrAny, getpeername, getsockname, recv, send};

use crate::error::{Error, Result};
use crate::report::{Code, Finding, Source};
use crate::status::Status;

use super::{Session, State};

/// The connection that a session drives.
pub(super) struct Link {
    descriptor: OwnedFd,
}

/// What is waited for.
#[derive(Clone, Copy)]
enum Wait {
    Readable,
    Writable,
}

/// A point in time and how long it was away, for the words.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    pub(super) at: Instant,
    whole: Duration,
}

impl Deadline {
    fn after(whole: Duration) -> Deadline {
        Deadline { at: Instant::now() + whole, whole }
    }

    fn left(self) -> Option<Duration> {
        let left = self.at.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }
}

/// Octets moved in one call: a TLS record and its header.
const PIECE: usize = 16 * 1024 + 256;
/// How long a refused session tries to send its farewell or alert.
const FAREWELL: Duration = Duration::from_millis(250);

impl Session {
    /// Negotiates, handshakes and judges on a connected socket, which is duplicated: the caller
    /// keeps its own. Afterwards `read`, `write` and `close` move bytes over it too.
    pub fn run_fd(&mut self, descriptor: BorrowedFd<'_>) -> Result<Status> {
        if let State::Dead { error, .. } = &self.state {
            return Err(error.clone());
        }
        if self.link.is_some() {
            return Err(Error::new(Status::State, "the session has a connection already"));
        }
        let descriptor = descriptor.try_clone_to_owned().map_err(|error| {
            Error::new(Status::Argument, format!("the descriptor cannot be used: {error}"))
        })?;
        self.link = Some(Link { descriptor });
        let end = self.run();
        if end.is_err() {
            self.say_farewell();
        }
        end
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

    /// Drives the session until it is open or dead.
    fn run(&mut self) -> Result<Status> {
        let mut deadline = self.deadline(self.policy.deadlines.negotiation);
        let mut negotiating = self.is_negotiating();
        if !negotiating {
            deadline = self.deadline(self.policy.deadlines.handshake);
        }
        loop {
            if negotiating {
                self.receive_waiting()?;
            }
            let step = self.step();
            if negotiating && !self.is_negotiating() {
                negotiating = false;
                deadline = self.deadline(self.policy.deadlines.handshake);
            }
            match step {
                Ok(Status::WantWrite) => self.send_all(deadline)?,
                Ok(Status::WantRead) => self.receive(deadline)?,
                Ok(open) => {
                    self.send_all(deadline)?;
                    return Ok(open);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn is_negotiating(&self) -> bool {
        matches!(self.state, State::Negotiating { .. })
    }

    pub(super) fn io_deadline(&self) -> Deadline {
        self.deadline(self.policy.deadlines.io)
    }

    /// Moves bytes for `read`.
    pub(super) fn move_bytes(&mut self, wanted: Status, deadline: Deadline) -> Result<()> {
        match wanted {
            Status::WantWrite => self.send_all(deadline),
            _ => self.receive(deadline),
        }
    }

    /// Sends what waits, if the session is driven.
    pub(super) fn send_if_driven(&mut self) -> Result<()> {
        if self.link.is_none() {
            return Ok(());
        }
        self.send_all(self.io_deadline())
    }

    fn send_all(&mut self, deadline: Deadline) -> Result<()> {
        let mut piece = [0; PIECE];
        loop {
            let length = self.take(&mut piece);
            if length == 0 {
                return Ok(());
            }
            let mut rest = &piece[..length];
            while !rest.is_empty() {
                let sent = self.send_some(rest, deadline)?;
                rest = &rest[sent..];
            }
        }
    }

    fn send_some(&mut self, bytes: &[u8], deadline: Deadline) -> Result<usize> {
        loop {
            let Some(link) = &self.link else {
                return Err(Error::new(Status::State, "the session has no connection"));
            };
            match send(&link.descriptor, bytes, SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
                Ok(sent) => return Ok(sent),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => self.wait(Wait::Writable, deadline)?,
                // The read that follows finds what the peer still said, and its end.
                Err(Errno::PIPE | Errno::CONNRESET)
                    if !matches!(self.state, State::Open { .. }) =>
                {
                    return Ok(bytes.len());
                }
                Err(error) => return Err(self.fail(io_finding("writing to", error))),
            }
        }
    }

    fn receive(&mut self, deadline: Deadline) -> Result<()> {
        let mut piece = [0; PIECE];
        loop {
            // A flood of bytes must not outrun the deadline.
            if deadline.left().is_none() {
                return Err(self.time_out(deadline));
            }
            let Some(link) = &self.link else {
                return Err(Error::new(Status::State, "the session has no connection"));
            };
            match recv(&link.descriptor, &mut piece, RecvFlags::DONTWAIT) {
                Ok((0, _)) => return self.feed_eof(),
                Ok((length, _)) => return self.feed(&piece[..length]),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => self.wait(Wait::Readable, deadline)?,
                // A peer that is gone is a closed connection, whichever way it went.
                Err(Errno::CONNRESET) => return self.feed_eof(),
                Err(error) => return Err(self.fail(io_finding("reading from", error))),
            }
        }
    }

    /// Feeds what has arrived already. A command is about to be sent, perhaps, and an answer that is
    /// there before it is found by the negotiation's first rule only once it was fed.
    fn receive_waiting(&mut self) -> Result<()> {
        let mut piece = [0; PIECE];
        let Some(link) = &self.link else { return Ok(()) };
        match recv(&link.descriptor, &mut piece, RecvFlags::DONTWAIT) {
            Ok((length, _)) if length > 0 => self.feed(&piece[..length]),
            // The end of the stream and failures come again, where they are waited for.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn wait(&mut self, wait: Wait, deadline: Deadline) -> Result<()> {
        let (Some(left), Some(link)) = (deadline.left(), &self.link) else {
            return Err(self.time_out(deadline));
        };
        let events = match wait {
            Wait::Readable => PollFlags::IN,
            Wait::Writable => PollFlags::OUT,
        };
        // The largest deadline is ten minutes, which fits.
        let timeout = Timespec::try_from(left).ok();
        match poll(&mut [PollFd::new(&link.descriptor, events)], timeout.as_ref()) {
            Ok(0) => Err(self.time_out(deadline)),
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
        let mut piece = [0; PIECE];
        let deadline = Deadline::after(FAREWELL);
        while deadline.left().is_some() {
            let length = self.take(&mut piece);
            let Some(link) = self.link.as_ref().filter(|_| length > 0) else { break };
            if send(&link.descriptor, &piece[..length], SendFlags::NOSIGNAL | SendFlags::DONTWAIT)
                .is_err()
            {
                break;
            }
        }
        self.link = None;
    }

    /// Sends close_notify, if it goes out at once, and gives the descriptor up.
    pub(super) fn hang_up(&mut self) {
        if self.link.is_some() {
            self.say_farewell();
        }
    }

    /// Where a driven session is connected to; `None` for a socket without an address, such as one of a
    /// pair.
    pub(super) fn address(&self) -> Option<IpAddr> {
        address_of(getpeername(&self.link.as_ref()?.descriptor).ok()??)
    }

    /// Where it is connected from.
    pub(super) fn local_address(&self) -> Option<IpAddr> {
        address_of(getsockname(&self.link.as_ref()?.descriptor).ok()?)
    }

    /// The descriptor of a driven session, for poll and select.
    pub fn fd(&self) -> Option<RawFd> {
        self.link.as_ref().map(|link| link.descriptor.as_fd().as_raw_fd())
    }
}

/// An IPv4 peer of an IPv6 socket is the IPv4 peer that it is.
fn address_of(name: SocketAddrAny) -> Option<IpAddr> {
    SocketAddr::try_from(name).ok().map(|address| address.ip().to_canonical())
}

fn io_finding(doing: &str, error: Errno) -> Finding {
    let words = format!("{doing} the connection failed: {}", std::io::Error::from(error));
    Finding::fail(Code::IoError, words).from_source(Source::System)
}
