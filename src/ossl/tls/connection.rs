//! One connection, client side: bytes in, bytes out.

use std::collections::VecDeque;
use std::io::{self, Read, Write};

use foreign_types::ForeignTypeRef;
use openssl::error::ErrorStack;
use openssl::ssl::{ErrorCode, ShutdownResult, Ssl, SslRef, SslStream};
use openssl_sys as ffi;

use crate::error::{Error, Result};
use crate::ossl::error_queue::drain;
use crate::status::Status;

use super::cause::{Cause, cause};
use super::context::{Context, memory};
use super::handshaken::Handshaken;
use super::judging::{Judge, judge_slot};
use super::ticket::{Ticket, take_tickets};
use super::{ticket, watch};

/// Where the handshake stands.
#[derive(Debug)]
pub enum Handshake {
    /// Finished.
    Done,
    /// More bytes of the peer are needed.
    Wait,
    /// It failed.
    Failed(Cause),
}

/// What reading gave.
#[derive(Debug)]
pub enum Received {
    /// This many octets.
    Octets(usize),
    /// More bytes of the peer are needed.
    Wait,
    /// The peer said close_notify.
    Closed,
    /// The connection broke.
    Failed(Cause),
}

/// Octets of a buffer that are kept when it is empty, once the handshake is done. A message or a line fits; a flight of a handshake
/// or a record of file data does not, and a session may be idle for hours.
const KEPT: usize = 4096;

/// The buffers between OpenSSL and whoever moves the bytes.
#[derive(Debug, Default)]
struct Wire {
    incoming: VecDeque<u8>,
    outgoing: VecDeque<u8>,
    ended: bool,
    /// Octets that an empty buffer may keep.
    kept: usize,
}

/// One TLS connection, client side.
pub struct Tls {
    stream: SslStream<Wire>,
    /// How the connection had broken when the handshake was just done.
    broken: Option<Cause>,
}

impl Tls {
    /// A connection that has not begun; `name` is the server name to send, `alpn` the identifier to
    /// offer, if any.
    pub fn new(context: &Context, name: Option<&str>, alpn: &str, judge: Judge) -> Result<Tls> {
        let mut ssl = Ssl::new(&context.context).map_err(memory)?;
        if let Some(name) = name {
            ssl.set_hostname(name).map_err(memory)?;
        }
        if let (Ok(length), false) = (u8::try_from(alpn.len()), alpn.is_empty()) {
            // RFC 7301 §3.1: a list of identifiers, each with its length in front.
            let list = [&[length], alpn.as_bytes()].concat();
            ssl.set_alpn_protos(&list).map_err(memory)?;
        }
        let slot = judge_slot().ok_or_else(|| {
            Error::new(Status::Memory, "OpenSSL has no room for our data on its objects")
        })?;
        ssl.set_ex_data(slot, judge);
        watch::begin(&mut ssl);
        ticket::begin(&mut ssl);
        let stream = SslStream::new(ssl, Wire::default()).map_err(memory)?;
        Ok(Tls { stream, broken: None })
    }

    /// What another connection to the same peer, under the same context, may be resumed from.
    pub fn ticket(&self) -> Option<Ticket> {
        let ssl = self.stream.ssl();
        ssl.session().and_then(|session| Ticket::of(ssl, session.to_owned()))
    }

    /// The tickets that came since they were last taken, the newest first.
    pub fn take_tickets(&self) -> Vec<Ticket> {
        take_tickets(self.stream.ssl())
    }

    /// The certificate that the peer of this connection showed, here or in the handshake that this
    /// one resumes; DER.
    pub fn peer_certificate(&self) -> Option<Vec<u8>> {
        self.stream.ssl().peer_certificate()?.to_der().ok()
    }

    /// Offers to resume; before the handshake begins. The context must be the ticket's own.
    pub fn resume(&mut self, ticket: &Ticket) -> Result<()> {
        let ssl = self.stream.ssl().as_ptr();
        // SAFETY: both objects are alive; OpenSSL counts a reference to the session.
        let done = unsafe { ffi::SSL_set_session(ssl, ticket.session.as_ptr()) };
        if done == 1 { Ok(()) } else { Err(memory(ErrorStack::get())) }
    }

    /// Whether the handshake resumed another connection: the judge was not asked then.
    pub fn is_resumed(&self) -> bool {
        self.stream.ssl().session_reused()
    }

    /// Stores bytes of the peer.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.stream.get_mut().incoming.extend(bytes);
    }

    /// The peer's bytes that OpenSSL has not taken yet.
    pub fn unread(&self) -> usize {
        self.stream.get_ref().incoming.len()
    }

    /// The peer will send no more.
    pub fn feed_end(&mut self) {
        self.stream.get_mut().ended = true;
    }

    /// Moves bytes for the peer out; how many.
    pub fn take(&mut self, into: &mut [u8]) -> usize {
        // Reading from a deque in memory cannot fail.
        let taken = self.stream.get_mut().outgoing.read(into).unwrap_or(0);
        self.stream.get_mut().release();
        taken
    }

    /// Bytes for the peer, without moving them: of those that wait, the next ones.
    pub fn front(&self) -> &[u8] {
        self.stream.get_ref().outgoing.as_slices().0
    }

    /// So many bytes of `front` are gone.
    pub fn sent(&mut self, octets: usize) {
        self.stream.get_mut().outgoing.drain(..octets);
        self.stream.get_mut().release();
    }

    /// Whether bytes for the peer wait.
    pub fn has_output(&self) -> bool {
        !self.stream.get_ref().outgoing.is_empty()
    }

    /// Octets for the peer that wait.
    pub fn output(&self) -> usize {
        self.stream.get_ref().outgoing.len()
    }

    /// Goes on with the handshake.
    pub fn handshake(&mut self) -> Handshake {
        match self.stream.connect() {
            Ok(()) => {
                watch::forgive(self.stream.ssl());
                self.settle();
                Handshake::Done
            }
            Err(error) => match error.code() {
                ErrorCode::WANT_READ | ErrorCode::WANT_WRITE => Handshake::Wait,
                _ => Handshake::Failed(cause(&error)),
            },
        }
    }

    /// Takes the tickets that came with the end of the handshake, and has OpenSSL give up its read
    /// buffer of 16 KB, which it does when it is asked for data and there is none. How that fails is
    /// for `read` to say: what OpenSSL says the second time is no reason.
    fn settle(&mut self) {
        if let Err(error) = self.stream.ssl_peek(&mut [0]) {
            self.broken = match error.code() {
                ErrorCode::WANT_READ | ErrorCode::WANT_WRITE | ErrorCode::ZERO_RETURN => None,
                _ => Some(cause(&error)),
            };
        }
        self.stream.get_mut().release();
        self.stream.get_mut().kept = KEPT;
        drain();
    }

    /// Decrypted bytes.
    pub fn read(&mut self, into: &mut [u8]) -> Received {
        if into.is_empty() {
            return Received::Octets(0);
        }
        if let Some(cause) = &self.broken {
            return Received::Failed(cause.clone());
        }
        let read = self.stream.ssl_read(into);
        if let Some(complaint) = watch::complaint(self.stream.ssl()) {
            drain();
            return Received::Failed(complaint);
        }
        match read {
            Ok(octets) => {
                watch::forgive(self.stream.ssl());
                Received::Octets(octets)
            }
            Err(error) => match error.code() {
                ErrorCode::WANT_READ | ErrorCode::WANT_WRITE => Received::Wait,
                ErrorCode::ZERO_RETURN => Received::Closed,
                _ => Received::Failed(cause(&error)),
            },
        }
    }

    /// Encrypts bytes; the wire takes any amount, so what is refused is refused for good.
    pub fn write(&mut self, bytes: &[u8]) -> std::result::Result<usize, Cause> {
        if bytes.is_empty() {
            return Ok(0);
        }
        match self.stream.ssl_write(bytes) {
            Ok(octets) => Ok(octets),
            Err(error) => match error.code() {
                ErrorCode::WANT_READ | ErrorCode::WANT_WRITE => Ok(0),
                _ => Err(cause(&error)),
            },
        }
    }

    /// Puts our close_notify on the wire.
    pub fn close(&mut self) {
        match self.stream.shutdown() {
            Ok(ShutdownResult::Sent | ShutdownResult::Received) | Err(_) => drain(),
        }
    }

    /// Decrypted bytes that wait inside OpenSSL.
    pub fn pending(&self) -> usize {
        self.stream.ssl().pending()
    }
}

impl Handshaken for Tls {
    fn ssl(&self) -> &SslRef {
        self.stream.ssl()
    }
}

impl Wire {
    /// Gives each buffer up that is empty and larger than what is kept.
    fn release(&mut self) {
        for buffer in [&mut self.incoming, &mut self.outgoing] {
            if buffer.is_empty() && buffer.capacity() > self.kept {
                *buffer = VecDeque::new();
            }
        }
    }
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.incoming.is_empty() && !self.ended {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let read = self.incoming.read(into);
        self.release();
        read
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.outgoing.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
