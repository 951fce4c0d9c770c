//! Negotiation: from the first byte to the go-ahead for TLS, one file per protocol.
//!
//! A negotiator is pure: it takes the peer's bytes from an [`Input`] and says what to do next. It
//! sees no socket, no clock and no OpenSSL. Two rules hold for all protocols and are kept in one
//! place, [`Negotiation::step`]:
//!
//! 1. When a command is about to be sent, every byte of the peer has been taken: an answer that was
//!    there before its question is an attack (pipelined reply).
//! 2. When the go-ahead has been taken, nothing is behind it: plaintext that would be read as if it
//!    had come through TLS is an attack (injection; CVE-2011-0411, CVE-2021-38371).
//!
//! Nothing that is learned here survives the handshake.

mod reply;
mod smtp;

use crate::limits::Limits;
use crate::line::Input;
use crate::proto::Protocol;
use crate::report::Code;

/// What a negotiator wants next.
#[derive(Debug, PartialEq, Eq)]
pub enum Move {
    /// More bytes of the peer.
    Wait,
    /// These bytes are to be sent.
    Say(Vec<u8>),
    /// The server granted TLS.
    GoAhead,
}

/// Why there will be no TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The stable code.
    pub code: Code,
    /// One sentence in our words.
    pub words: String,
    /// The peer's own words: unauthenticated, shown only quoted.
    pub peer: Vec<u8>,
}

impl Refusal {
    /// A refusal in our words alone.
    pub fn new(code: Code, words: impl Into<String>) -> Refusal {
        Refusal { code, words: words.into(), peer: Vec::new() }
    }

    /// A refusal that also keeps what the peer said.
    pub fn quoting(code: Code, words: impl Into<String>, peer: &[u8]) -> Refusal {
        let kept = &peer[..peer.len().min(crate::limits::QUOTED_OCTETS + 1)];
        Refusal { code, words: words.into(), peer: kept.to_vec() }
    }
}

/// One protocol's words.
pub trait Negotiator: Send {
    /// Takes what it can from the input and says what to do.
    fn step(&mut self, input: &mut Input) -> Result<Move, Refusal>;

    /// What to say before hanging up on a server that will not upgrade.
    fn farewell(&self) -> &'static [u8];
}

/// What negotiators need to know from the caller.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Name for EHLO, checked: no space, no control character.
    pub ehlo_name: String,
    /// Limits on what the peer sends.
    pub limits: Limits,
}

/// The negotiator of a protocol; `None` where TLS begins with the first byte.
fn negotiator(protocol: Protocol, terms: &Terms) -> Option<Box<dyn Negotiator>> {
    match protocol {
        Protocol::Tls => None,
        Protocol::Smtp | Protocol::Submission => Some(Box::new(smtp::Smtp::new(&terms.ehlo_name))),
    }
}

/// A negotiation under way.
pub struct Negotiation {
    negotiator: Box<dyn Negotiator>,
    input: Input,
}

impl Negotiation {
    /// Begins one, unless TLS begins with the first byte.
    pub fn begin(protocol: Protocol, terms: &Terms) -> Option<Negotiation> {
        let negotiator = negotiator(protocol, terms)?;
        Some(Negotiation { negotiator, input: Input::new(terms.limits) })
    }

    /// Stores what arrived.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.input.feed(bytes);
    }

    /// The next move, with the two rules of the empty buffer.
    pub fn step(&mut self) -> Result<Move, Refusal> {
        let next = self.negotiator.step(&mut self.input)?;
        let rest = self.input.rest();
        match next {
            Move::Say(_) if !rest.is_empty() => Err(Refusal::quoting(
                Code::StarttlsPipelined,
                "the server answered before it was asked",
                rest,
            )),
            Move::GoAhead if !rest.is_empty() => Err(Refusal::quoting(
                Code::StarttlsInjection,
                "plaintext was sent behind the go-ahead for TLS",
                rest,
            )),
            Move::Wait | Move::Say(_) | Move::GoAhead => Ok(next),
        }
    }

    /// What to say before hanging up.
    pub fn farewell(&self) -> &'static [u8] {
        self.negotiator.farewell()
    }
}
