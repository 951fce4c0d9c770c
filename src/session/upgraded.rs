//! A session for a program that speaks its protocol itself: it has asked for STARTTLS and has read
//! the go-ahead, and TLS is ours from there.
//!
//! Two things of the plaintext conversation are still the session's to refuse: whatever was fed before
//! ClientHello is plaintext behind the go-ahead (CVE-2011-0411), and what comes in place of the
//! handshake is the same, later. What else the program saw there, it tells with `give_up`.

use crate::error::{Error, Result};
use crate::proto::Upgrade;
use crate::report::{Check, Code, Finding, Source, TABLE};
use crate::status::Status;
use crate::verify::{Peer, Verifier};

use super::{FirstBytes, Session, State};

/// Longest words of a program, octets: they go into one line of a log.
const WORDS: usize = 512;

/// Who negotiated STARTTLS.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Negotiated {
    /// The session did.
    Here,
    /// The program did.
    ByProgram,
}

impl Session {
    /// A conversation whose STARTTLS the program has negotiated itself; it begins with the handshake.
    pub fn new_upgraded(verifier: &Verifier, peer: &Peer) -> Result<Session> {
        let mut session = Session::new(verifier, peer)?;
        if peer.protocol().row().upgrade == Upgrade::InBand {
            session.negotiated = Negotiated::ByProgram;
            session.state = session.begin_tls(FirstBytes::Silence, None)?;
        }
        Ok(session)
    }

    /// How the connection of an open session came to TLS.
    pub(super) fn granted(&self) -> Finding {
        match self.negotiated {
            Negotiated::Here => Finding::pass(
                Code::StarttlsGranted,
                "STARTTLS was granted, nothing behind the go-ahead",
            ),
            Negotiated::ByProgram => Finding::skip(
                Code::StarttlsNotChecked,
                "the program negotiated STARTTLS itself; nothing was fed behind its go-ahead",
            ),
        }
    }

    /// Ends a session that is not open for what the program saw in plaintext or of the connection: a
    /// code of the check `starttls` or `io` that stands for a failure, in the program's own words.
    pub fn give_up(&mut self, code: &str, words: &str) -> Result<()> {
        let finding = Finding::fail(seen(code)?, checked(words)?).from_source(Source::Caller);
        match &self.state {
            State::Negotiating { .. } | State::Handshaking { .. } => {}
            State::Dead { error, .. } => return Err(error.clone()),
            State::Agreeing { .. } | State::Open { .. } | State::Closed { .. } => {
                return Err(Error::new(Status::State, "the session is past its handshake"));
            }
        }
        Err(self.fail(finding))
    }

    /// A certificate as the peer of an open session sent it, DER; 0 is the leaf.
    pub fn certificate(&self, index: usize) -> Option<&[u8]> {
        self.chain.certificates().get(index).map(|certificate| certificate.der())
    }
}

/// The code, if it is one of what a program sees before TLS, and no success.
fn seen(code: &str) -> Result<Code> {
    let row = TABLE.iter().find(|row| row.name == code);
    let own = row.filter(|row| {
        let place = matches!(row.check, Check::Starttls | Check::Io);
        place && row.status != Status::Ok && row.code != Code::StarttlsNotChecked
    });
    own.map(|row| row.code).ok_or_else(|| {
        let what = "the code is none of a failure of the checks starttls and io (docs/errors.md)";
        Error::new(Status::Argument, what)
    })
}

fn checked(words: &str) -> Result<&str> {
    if words.is_empty() || words.len() > WORDS || words.chars().any(char::is_control) {
        let what = format!("words are 1 to {WORDS} octets without control characters");
        return Err(Error::new(Status::Argument, what));
    }
    Ok(words)
}
