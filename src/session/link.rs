//! The connection of a driven session: a socket, or the way to one, and the deadline of what is done
//! over it. Nothing here waits. No SIGPIPE is ever raised (MSG_NOSIGNAL).

use std::mem::MaybeUninit;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, SocketAddrAny, getpeername, getsockname, recv, send};

use super::reach::Reach;

/// What a session has for a connection.
pub(super) enum Connection {
    /// None: the caller moves the bytes.
    None,
    /// One that is being made.
    Sought(Box<Reach>),
    /// One that stands.
    Held(Link),
}

/// A connection that stands.
pub(super) struct Link {
    pub(super) socket: OwnedFd,
    /// Of the negotiation or the handshake, as a whole.
    pub(super) deadline: Deadline,
}

/// A point in time and how long it was away, for the words.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    pub(super) at: Instant,
    pub(super) whole: Duration,
}

/// Octets that are received in one call: a TLS record and its header.
pub(super) const PIECE: usize = 16 * 1024 + 256;

/// What a socket gave.
pub(super) enum Arrival<'a> {
    Octets(&'a [u8]),
    End,
    Nothing,
}

impl Deadline {
    pub(super) fn after(whole: Duration) -> Deadline {
        Deadline { at: Instant::now() + whole, whole }
    }

    pub(super) fn has_passed(self) -> bool {
        Instant::now() >= self.at
    }
}

impl Connection {
    pub(super) fn link(&self) -> Option<&Link> {
        match self {
            Connection::Held(link) => Some(link),
            Connection::None | Connection::Sought(_) => None,
        }
    }

    /// The socket that something is expected of.
    pub(super) fn socket(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Connection::Held(link) => Some(link.socket.as_fd()),
            Connection::Sought(reach) => reach.socket(),
            Connection::None => None,
        }
    }

    /// When something happens though nothing came.
    pub(super) fn due(&self) -> Option<Instant> {
        match self {
            Connection::Held(link) => Some(link.deadline.at),
            Connection::Sought(reach) => Some(reach.due()),
            Connection::None => None,
        }
    }
}

impl Link {
    /// How many octets went out; `None` when there is no room.
    pub(super) fn send(&self, bytes: &[u8]) -> Result<Option<usize>, Errno> {
        loop {
            match send(&self.socket, bytes, SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
                Ok(sent) => return Ok(Some(sent)),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
    }

    /// What is there. A call with MSG_DONTWAIT is not interrupted: it never sleeps.
    pub(super) fn receive<'a>(
        &self,
        piece: &'a mut [MaybeUninit<u8>],
    ) -> Result<Arrival<'a>, Errno> {
        match recv(&self.socket, piece, RecvFlags::DONTWAIT) {
            Ok((([], _), _)) => Ok(Arrival::End),
            Ok(((octets, _), _)) => Ok(Arrival::Octets(octets)),
            Err(Errno::AGAIN) => Ok(Arrival::Nothing),
            // A peer that is gone is a closed connection, whichever way it went.
            Err(Errno::CONNRESET) => Ok(Arrival::End),
            Err(error) => Err(error),
        }
    }

    /// Where it goes to; `None` for a socket without an address, such as one of a pair.
    pub(super) fn address(&self) -> Option<IpAddr> {
        address_of(getpeername(&self.socket).ok()??)
    }

    /// Where it comes from.
    pub(super) fn local_address(&self) -> Option<IpAddr> {
        address_of(getsockname(&self.socket).ok()?)
    }
}

/// An IPv4 peer of an IPv6 socket is the IPv4 peer that it is.
fn address_of(name: SocketAddrAny) -> Option<IpAddr> {
    SocketAddr::try_from(name).ok().map(|address| address.ip().to_canonical())
}
