//! The way to a connection: one address after the other, each with its share of the time that is left.
//! Nothing here waits.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with, sockopt};

use crate::report::{Code, Finding, Source};

/// The least time that an address is given, however many there are.
const LEAST: Duration = Duration::from_millis(200);

/// Addresses that are tried in turn.
pub(super) struct Reach {
    host: String,
    waiting: std::vec::IntoIter<SocketAddr>,
    end: Instant,
    attempt: Option<Attempt>,
    failures: Vec<(SocketAddr, io::Error)>,
}

/// A connection that is being made.
struct Attempt {
    address: SocketAddr,
    socket: OwnedFd,
    until: Instant,
}

impl Reach {
    pub(super) fn new(host: String, addresses: Vec<SocketAddr>, end: Instant) -> Reach {
        let waiting = addresses.into_iter();
        Reach { host, waiting, end, attempt: None, failures: Vec::new() }
    }

    /// The connection; `None` while it is being made.
    pub(super) fn go_on(&mut self) -> Result<Option<OwnedFd>, Finding> {
        loop {
            match self.attempt.as_ref().map(|attempt| (attempt.address, attempt.is_made())) {
                Some((_, Ok(true))) => return Ok(self.attempt.take().map(|made| made.socket)),
                Some((_, Ok(false))) => return Ok(None),
                Some((address, Err(error))) => self.failures.push((address, error)),
                None => {}
            }
            // The failed socket goes only when its successor is there: two of them never have the same
            // number, so that whoever polls by number sees the change.
            self.attempt = Some(self.next()?);
        }
    }

    pub(super) fn socket(&self) -> Option<BorrowedFd<'_>> {
        self.attempt.as_ref().map(|attempt| attempt.socket.as_fd())
    }

    /// When to go on though nothing came.
    pub(super) fn due(&self) -> Instant {
        self.attempt.as_ref().map_or(self.end, |attempt| attempt.until)
    }

    fn next(&mut self) -> Result<Attempt, Finding> {
        while let Some(address) = self.waiting.next() {
            let left = self.end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            // At most sixteen addresses are tried.
            let waiting = u32::try_from(self.waiting.len()).unwrap_or(u32::MAX).saturating_add(1);
            match Attempt::begin(address, (left / waiting).max(LEAST).min(left)) {
                Ok(attempt) => return Ok(attempt),
                Err(error) => self.failures.push((address, error)),
            }
        }
        Err(self.failure())
    }

    /// No address is left, or no time.
    fn failure(&self) -> Finding {
        let count = |kind| self.failures.iter().filter(|(_, error)| error.kind() == kind).count();
        let code = match self.failures.len() {
            all if all == count(io::ErrorKind::TimedOut) => Code::IoTimeout,
            // The server took the connection and dropped it before we could look: not that nobody
            // listens.
            _ if count(io::ErrorKind::ConnectionReset) > 0 => Code::IoClosed,
            _ => Code::IoConnect,
        };
        let failures = self.failures.iter().map(|(address, error)| format!("{address}: {error}"));
        let failures = failures.collect::<Vec<_>>().join("; ");
        let words = format!("{} cannot be connected to ({failures})", self.host);
        Finding::fail(code, words).from_source(Source::System)
    }
}

impl Attempt {
    fn begin(address: SocketAddr, patience: Duration) -> io::Result<Attempt> {
        let family = match address {
            SocketAddr::V4(_) => AddressFamily::INET,
            SocketAddr::V6(_) => AddressFamily::INET6,
        };
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = socket_with(family, SocketType::STREAM, flags, None)?;
        // Small commands wait for their answers; Nagle would only add delay. Not having it is no
        // failure.
        let _ = sockopt::set_tcp_nodelay(&socket, true);
        match connect(&socket, &address) {
            Ok(()) | Err(Errno::INPROGRESS | Errno::INTR) => {
                Ok(Attempt { address, socket, until: Instant::now() + patience })
            }
            Err(error) => Err(error.into()),
        }
    }

    fn is_made(&self) -> io::Result<bool> {
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        match poll(&mut [PollFd::new(&self.socket, PollFlags::OUT)], Some(&at_once)) {
            Ok(0) if Instant::now() >= self.until => {
                Err(io::Error::new(io::ErrorKind::TimedOut, "connection timed out"))
            }
            Ok(0) | Err(Errno::INTR) => Ok(false),
            Ok(_) => Ok(sockopt::socket_error(&self.socket)?.map(|()| true)?),
            Err(error) => Err(error.into()),
        }
    }
}
