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

mod amqp;
mod dot_list;
mod ftp;
mod imap;
mod imap_response;
mod irc;
mod ldap;
mod mysql;
mod nats;
mod nbd;
mod nntp;
mod nut;
mod pop3;
mod postgres;
mod rdp;
mod reply;
mod sieve;
mod sieve_line;
mod smtp;
mod vnc;
mod xml;
mod xmpp;

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

    /// The server speaks TLS where plaintext was expected.
    pub fn tls_at_once() -> Refusal {
        Refusal::new(Code::StarttlsTlsOnPlainPort, "the server speaks TLS at once on this port")
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
    fn farewell(&self) -> Vec<u8> {
        Vec::new()
    }

    /// What the program needs to know of the plaintext conversation because the protocol never says
    /// it again inside TLS (MySQL's greeting): JSON, and not authenticated.
    fn facts(&self) -> Option<String> {
        None
    }

    /// The host name that the server gives itself, where the protocol has it do so (RFC 5321 §4.2):
    /// whatever it said there, not authenticated.
    fn banner(&self) -> Option<String> {
        None
    }

    /// What is still to be agreed inside TLS before the program takes over (FTP's PBSZ and PROT).
    fn inside(&self) -> Option<Box<dyn Negotiator>> {
        None
    }
}

/// What negotiators need to know from the caller, the same for every session of a policy.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Name for EHLO, checked: no space, no control character.
    pub ehlo_name: String,
    /// Limits on what the peer sends.
    pub limits: Limits,
    /// Longest line, where the caller set one; else it is the protocol's.
    pub line: Option<usize>,
}

impl Terms {
    fn limits_for(&self, protocol: Protocol) -> Limits {
        Limits { line: self.line.unwrap_or(protocol.row().line), ..self.limits }
    }
}

/// What negotiators need to know of one session.
#[derive(Clone, Debug)]
pub struct Occasion {
    /// The host or domain that is meant, as an A-label or an address; checked.
    pub domain: String,
    /// Fresh random octets, for what must not be guessed (IMAP tags, LDAP message numbers).
    pub nonce: [u8; 32],
}

/// The negotiator of a protocol; `None` where TLS begins with the first byte.
fn negotiator(
    protocol: Protocol,
    terms: &Terms,
    occasion: &Occasion,
) -> Option<Box<dyn Negotiator>> {
    let negotiator: Box<dyn Negotiator> = match protocol {
        Protocol::Smtp | Protocol::Submission => {
            Box::new(smtp::Smtp::new("EHLO", &terms.ehlo_name))
        }
        Protocol::Lmtp => Box::new(smtp::Smtp::new("LHLO", &terms.ehlo_name)),
        Protocol::Imap => Box::new(imap::Imap::new(terms, occasion)),
        Protocol::Pop3 => Box::new(pop3::Pop3::new(terms, occasion)),
        Protocol::Sieve => Box::new(sieve::Sieve::new(terms, occasion)),
        Protocol::Ftp => Box::new(ftp::Ftp::new(terms, occasion)),
        Protocol::Xmpp => Box::new(xmpp::Xmpp::new("jabber:client", terms, occasion)),
        Protocol::XmppServer => Box::new(xmpp::Xmpp::new("jabber:server", terms, occasion)),
        Protocol::Ldap => Box::new(ldap::Ldap::new(terms, occasion)),
        Protocol::Nntp => Box::new(nntp::Nntp::new(terms, occasion)),
        Protocol::Irc => Box::new(irc::Irc::new(terms, occasion)),
        Protocol::Postgres => Box::new(postgres::Postgres::new(terms, occasion)),
        Protocol::Mysql => Box::new(mysql::Mysql::new(terms, occasion)),
        Protocol::Nut => Box::new(nut::Nut::new(terms, occasion)),
        Protocol::Nbd => Box::new(nbd::Nbd::new(terms, occasion)),
        Protocol::Rdp => Box::new(rdp::Rdp::new(terms, occasion)),
        Protocol::Vnc => Box::new(vnc::Vnc::new(terms, occasion)),
        Protocol::Amqp => Box::new(amqp::Amqp::new(terms, occasion)),
        Protocol::Nats => Box::new(nats::Nats::new(terms, occasion)),
        Protocol::Tls
        | Protocol::Submissions
        | Protocol::Imaps
        | Protocol::Pop3s
        | Protocol::Ftps
        | Protocol::Xmpps
        | Protocol::XmppsServer
        | Protocol::Ldaps
        | Protocol::Nntps
        | Protocol::Ircs
        | Protocol::PostgresDirect => return None,
    };
    Some(negotiator)
}

/// A negotiation under way. A refusal is final and comes again.
pub struct Negotiation {
    negotiator: Box<dyn Negotiator>,
    input: Input,
    refusal: Option<Refusal>,
}

impl Negotiation {
    /// Begins one, unless TLS begins with the first byte.
    pub fn begin(protocol: Protocol, terms: &Terms, occasion: &Occasion) -> Option<Negotiation> {
        let terms = Terms { limits: terms.limits_for(protocol), ..terms.clone() };
        let negotiator = negotiator(protocol, &terms, occasion)?;
        Some(Negotiation::new(negotiator, terms.limits))
    }

    fn new(negotiator: Box<dyn Negotiator>, limits: Limits) -> Negotiation {
        Negotiation { negotiator, input: Input::new(limits), refusal: None }
    }

    /// Stores what arrived.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.input.feed(bytes);
    }

    /// The next move.
    pub fn step(&mut self) -> Result<Move, Refusal> {
        if let Some(refusal) = &self.refusal {
            return Err(refusal.clone());
        }
        self.checked_step().inspect_err(|refusal| self.refusal = Some(refusal.clone()))
    }

    /// The negotiator's move, with the two rules of the empty buffer.
    fn checked_step(&mut self) -> Result<Move, Refusal> {
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
    pub fn farewell(&self) -> Vec<u8> {
        self.negotiator.farewell()
    }

    /// What the program needs to know and the protocol says only in clear.
    pub fn facts(&self) -> Option<String> {
        self.negotiator.facts()
    }

    /// The host name that the server gave itself.
    pub fn banner(&self) -> Option<String> {
        self.negotiator.banner()
    }

    /// The negotiation that goes on inside TLS, if there is one.
    pub fn inside(&self) -> Option<Negotiation> {
        Some(Negotiation::new(self.negotiator.inside()?, self.input.limits()))
    }
}

/// Transcripts as tests of the negotiators.
#[cfg(test)]
pub mod transcript {
    use super::{Move, Negotiation, Occasion, Terms};
    use crate::limits::Limits;
    use crate::proto::Protocol;
    use crate::report::Code;

    /// How a transcript ended: what was said, and the code, or `None` for the go-ahead.
    pub type End = (Vec<Vec<u8>>, Option<Code>);

    /// Plays the server's turns as they are, and once more byte by byte: both end alike. In a turn,
    /// `<T>` stands for the first word of the client's last command. The transcript ends with a
    /// refusal, the go-ahead, or panics when the server has no more turns.
    pub fn play(protocol: Protocol, turns: &[&[u8]]) -> End {
        let whole = run(protocol, turns, usize::MAX);
        let single = run(protocol, turns, 1);
        assert_eq!(whole.1, single.1, "{protocol:?}: whole and byte by byte end alike");
        whole
    }

    fn run(protocol: Protocol, turns: &[&[u8]], piece: usize) -> End {
        let terms = Terms { ehlo_name: "localhost".into(), limits: Limits::DEFAULT, line: None };
        let occasion = Occasion {
            domain: "example.test".into(),
            nonce: std::array::from_fn(|index| index as u8),
        };
        let mut negotiation =
            Negotiation::begin(protocol, &terms, &occasion).expect("an in-band protocol");
        let mut said: Vec<Vec<u8>> = Vec::new();
        // A client may speak first.
        if let Some(end) = moves(&mut negotiation, &mut said) {
            return (said, end);
        }
        for turn in turns {
            let turn = with_tag(turn, said.last());
            // Fed in pieces, stepped at the end of the turn: when a reply is early must not hang on
            // how the network cuts it.
            turn.chunks(piece.min(turn.len().max(1))).for_each(|piece| negotiation.feed(piece));
            if let Some(end) = moves(&mut negotiation, &mut said) {
                return (said, end);
            }
        }
        panic!("the transcript ended before the negotiation did; said: {said:?}");
    }

    /// Steps until more bytes are needed; the end, if it came.
    fn moves(negotiation: &mut Negotiation, said: &mut Vec<Vec<u8>>) -> Option<Option<Code>> {
        loop {
            match negotiation.step() {
                Ok(Move::Wait) => return None,
                Ok(Move::Say(bytes)) => said.push(bytes),
                Ok(Move::GoAhead) => return Some(None),
                Err(refusal) => return Some(Some(refusal.code)),
            }
        }
    }

    fn with_tag(turn: &[u8], last: Option<&Vec<u8>>) -> Vec<u8> {
        let tag = last.and_then(|said| said.split(|byte| *byte == b' ').next()).unwrap_or_default();
        let mut out = Vec::new();
        let mut rest = turn;
        while let Some(at) = rest.windows(3).position(|window| window == b"<T>") {
            out.extend_from_slice(&rest[..at]);
            out.extend_from_slice(tag);
            rest = &rest[at + 3..];
        }
        out.extend_from_slice(rest);
        out
    }
}
