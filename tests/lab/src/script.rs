//! What a hostile server does, as data.
//!
//! A [`Script`] is a list of [`Step`]s and the way the client's bytes are cut into units. Nothing
//! here knows a protocol: SMTP's words are in `smtp`, and another protocol or a recorded attack
//! is another list. The player acts it out.

use std::time::Duration;

use crate::tls::Endpoint;

/// How the bytes of a client are cut, so that [`Step::Expect`] knows what it is looking at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Lines that end with LF (SMTP, POP3, FTP, NNTP, IRC, ManageSieve).
    Lines,
    /// Lines whose first word is a tag that the replies repeat (IMAP).
    TaggedLines,
    /// Everything that has arrived (LDAP, PostgreSQL, and others without lines).
    Chunks,
    /// A length of three octets, low first, a number, and that many octets more (MySQL, whose
    /// clients send ClientHello right behind one).
    Packets,
    /// From the wanted element to its `>` (XMPP).
    Elements,
}

/// One thing that the server does.
#[derive(Clone)]
pub enum Step {
    /// In one segment. With [`Framing::TaggedLines`], `<T>` is the client's last tag and `<N>` a
    /// guess of its next.
    Send(Vec<u8>),
    /// One byte at a time.
    SendSlowly { bytes: Vec<u8>, every: Duration },
    /// `unit` again and again until the peer has gone or `total` bytes went out.
    Flood { unit: Vec<u8>, total: usize },
    /// Wait until the client has sent something that begins with this (case ignored). Anything
    /// else ends the connection.
    Expect(Vec<u8>),
    /// Answer unit after unit from a table.
    Dialogue(Dialogue),
    /// Say nothing for so long, and leave what arrives to the next step. [`Step::FOREVER`]
    /// listens instead, until the peer goes or the time of the connection is over.
    Hold(Duration),
    /// End the connection in good order.
    Close,
    /// End the connection inside TLS without a close_notify.
    Cut,
    /// Inside TLS: send this below it, in clear.
    SendBelow(Vec<u8>),
    /// Go over to TLS, well or badly.
    Tls(TlsBehaviour),
}

/// What the server does with the client's handshake.
#[derive(Clone)]
pub enum TlsBehaviour {
    /// An honest handshake; the steps that follow are inside TLS.
    Serve(Endpoint),
    /// An honest handshake at one byte per `every`.
    Drip { endpoint: Endpoint, every: Duration },
    /// Read the ClientHello and go on in plain text: hold, close, or send something else.
    ReadHello,
}

/// A table of answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialogue {
    pub rules: Vec<Rule>,
    /// For whatever no rule knows.
    pub otherwise: Vec<u8>,
}

/// The answer to a unit that begins with `prefix` (case ignored).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub prefix: &'static str,
    pub reply: Vec<u8>,
    pub then: Then,
    /// Written down when the rule is used, with what the client sent.
    pub note: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Wait for the next unit.
    Stay,
    /// On to the next step of the script.
    Proceed,
    /// End the connection.
    End,
}

/// A whole performance.
#[derive(Clone)]
pub struct Script {
    pub framing: Framing,
    pub steps: Vec<Step>,
}

impl Script {
    pub fn lines(steps: Vec<Step>) -> Self {
        Self { framing: Framing::Lines, steps }
    }
}

impl Step {
    /// Longer than any connection may last.
    pub const FOREVER: Duration = Duration::from_secs(3600);

    pub fn send(text: &str) -> Self {
        Self::Send(text.as_bytes().to_vec())
    }

    pub fn expect(prefix: &str) -> Self {
        Self::Expect(prefix.as_bytes().to_vec())
    }

    /// Until the peer or the time limit of the connection ends it.
    pub fn hold() -> Self {
        Self::Hold(Self::FOREVER)
    }

    pub fn serve(endpoint: &Endpoint) -> Self {
        Self::Tls(TlsBehaviour::Serve(endpoint.clone()))
    }
}

impl Rule {
    pub fn new(prefix: &'static str, reply: &str, then: Then) -> Self {
        Self { prefix, reply: reply.as_bytes().to_vec(), then, note: None }
    }

    pub fn noting(mut self, note: &'static str) -> Self {
        self.note = Some(note);
        self
    }
}

/// Does `unit` begin with `prefix`, whatever the case?
pub(crate) fn begins_with(unit: &[u8], prefix: &[u8]) -> bool {
    unit.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

/// Where a packet of MySQL ends, if all of it is there.
pub(crate) fn packet_end(buffer: &[u8]) -> Option<usize> {
    let &[low, middle, high, _, ..] = buffer else { return None };
    let end = 4 + usize::from(low) + (usize::from(middle) << 8) + (usize::from(high) << 16);
    (buffer.len() >= end).then_some(end)
}
