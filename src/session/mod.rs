//! The session door: one conversation with one peer, from the first byte to a secured stream.
//!
//! The core does no IO. `feed` only stores; `step` works and says what it needs; `take` gives the
//! bytes for the peer; `read` and `write` move plaintext, and only once the verdict allows it. Any
//! failure is final: the session is dead, the same error comes again, and there is no state in which
//! plaintext could be read or written through it (RFC 3207 §6, RFC 8314 §5.2).
//!
//! ```text
//! Negotiating --go-ahead--> Handshaking --verdict--> [Agreeing] --> Open --close--> Closed
//!      |                        |                        |          |
//!      +------------------------+-------> Dead <---------+----------+
//! ```
//!
//! `drive` moves the bytes over a file descriptor, `connect` gets one.

mod connect;
mod data;
mod drive;
mod failure;
mod link;
mod reach;
mod resume;
mod stream;
mod upgraded;

use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::error::{Error, Result};
use crate::ossl::{Cause, Chain, Decision, Handshake, Handshaken, Received, Tls, random};
use crate::proto::{FirstSpeaker, Upgrade};
use crate::report::{Code, Finding, Report, Shown, Verdict, quote};
use crate::starttls::{Move, Negotiation, Occasion, Refusal};
use crate::status::Status;
use crate::verify::{Alpn, Judged, KeptEnding, Peer, Policy, Verifier, failed, unjudged};

use data::Control;
use failure::{Phase, closed_before_tls, finding_of, finding_of_cause};
use link::Connection;
use resume::{Lineage, Offered};
use upgraded::Negotiated;

/// One conversation with one peer.
pub struct Session {
    verifier: Verifier,
    policy: Arc<Policy>,
    peer: Arc<Peer>,
    state: State,
    /// Plaintext for the peer: commands before TLS, a farewell.
    outgoing: VecDeque<u8>,
    judged: Shared,
    report: Option<Report>,
    /// What the server showed besides its chain.
    stapled: KeptEnding,
    /// The chain that the report is about.
    chain: Chain,
    /// The control connection that a data connection belongs to.
    control: Option<Control>,
    /// Who negotiated STARTTLS.
    negotiated: Negotiated,
    /// What its tickets are kept with; nothing unless the peer is trusted.
    lineage: Option<Lineage>,
    /// What only the plaintext conversation said and the program needs; not authenticated.
    facts: Option<String>,
    /// The name that the server gave itself there.
    banner: Option<String>,
    connection: Connection,
    /// When all waiting ends, if the caller has one deadline for everything.
    end: Option<Instant>,
}

/// Where the judge leaves what it found from inside the handshake.
type Shared = Arc<Mutex<Option<Box<Judged>>>>;

enum State {
    Negotiating {
        negotiation: Negotiation,
        ended: bool,
    },
    Handshaking {
        tls: Box<Tls>,
        first: FirstBytes,
        inside: Option<Negotiation>,
        /// The earlier session that was offered for resumption.
        offered: Option<Box<Offered>>,
    },
    /// Inside TLS, with a trusted peer, before the program takes over.
    Agreeing {
        tls: Box<Tls>,
        negotiation: Negotiation,
        status: Status,
    },
    Open {
        tls: Box<Tls>,
        status: Status,
    },
    Closed {
        tls: Box<Tls>,
    },
    Dead {
        error: Error,
        tls: Option<Box<Tls>>,
    },
}

/// The beginning of what the peer sends after ClientHello: a TLS record, or an attack.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FirstBytes {
    /// ClientHello is not made yet: nothing may come.
    Silence,
    /// Nothing has come yet.
    Awaited,
    /// A record's type.
    Type,
    /// Those of a record, or the peer is not one that was upgraded.
    Good,
    /// Those of no record.
    Bad,
    /// They came before ClientHello was made.
    Early,
}

/// Unprocessed bytes of the peer before `feed` refuses more: the caller must step.
const READ_AHEAD: usize = 1 << 20;

impl Session {
    /// A conversation that has not begun.
    pub fn new(verifier: &Verifier, peer: &Peer) -> Result<Session> {
        let policy = verifier.policy(peer);
        policy.check_peer(peer)?;
        let mut session = Session {
            verifier: verifier.clone(),
            policy,
            peer: Arc::new(peer.clone()),
            state: State::Dead {
                error: Error::new(Status::State, "the session has not begun"),
                tls: None,
            },
            outgoing: VecDeque::new(),
            judged: Arc::default(),
            report: None,
            stapled: KeptEnding::default(),
            chain: Chain::new(),
            control: None,
            negotiated: Negotiated::Here,
            lineage: None,
            facts: None,
            banner: None,
            connection: Connection::None,
            end: None,
        };
        let occasion = Occasion { domain: peer.host_text(), nonce: random()? };
        session.state = match Negotiation::begin(peer.protocol(), &session.policy.terms, &occasion)
        {
            Some(negotiation) => State::Negotiating { negotiation, ended: false },
            None => session.begin_tls(FirstBytes::Good, None)?,
        };
        Ok(session)
    }

    fn begin_tls(&self, first: FirstBytes, inside: Option<Negotiation>) -> Result<State> {
        let name = self.policy.server_name(&self.peer);
        let context = self.policy.tls.context.context()?;
        let mut tls = Box::new(Tls::new(&context, name, self.offered_alpn(), self.judge())?);
        let offered = self.offer(&mut tls)?;
        Ok(State::Handshaking { tls, first, inside, offered })
    }

    /// The ALPN identifier that is offered; empty where there is none.
    fn offered_alpn(&self) -> &'static str {
        match (self.policy.tls.alpn, &self.control) {
            (Alpn::Offered, None) => self.peer.protocol().row().alpn,
            (Alpn::Offered, Some(_)) | (Alpn::Withheld, _) => "",
        }
    }

    /// What the handshake calls with the peer's chain.
    fn judge(&self) -> Box<dyn Fn(Result<Chain>) -> Decision + Send + Sync> {
        let (verifier, peer) = (self.verifier.clone(), Arc::clone(&self.peer));
        let (judged, mode) = (Arc::clone(&self.judged), self.policy.mode);
        Box::new(move |chain| {
            let found = Judged::of(&verifier, &peer, chain, Shown::InHandshake);
            let decision = found.decision(mode);
            *judged.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(found));
            decision
        })
    }

    /// What the judge found in this handshake.
    fn take_judged(&self) -> Option<Box<Judged>> {
        self.judged.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Stores bytes of the peer.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.state {
            State::Negotiating { negotiation, .. } => negotiation.feed(bytes),
            State::Handshaking { tls, first, .. } => {
                feed_tls(tls, bytes)?;
                *first = first.after(bytes);
            }
            State::Agreeing { tls, .. } | State::Open { tls, .. } => feed_tls(tls, bytes)?,
            State::Closed { .. } => {}
            State::Dead { error, .. } => return Err(error.clone()),
        }
        Ok(())
    }

    /// The peer closed its side.
    pub fn feed_eof(&mut self) -> Result<()> {
        match &mut self.state {
            State::Negotiating { ended, .. } => *ended = true,
            State::Handshaking { tls, .. }
            | State::Agreeing { tls, .. }
            | State::Open { tls, .. } => tls.feed_end(),
            State::Closed { .. } => {}
            State::Dead { error, .. } => return Err(error.clone()),
        }
        Ok(())
    }

    /// Works as far as the stored bytes allow: `Ok` when the session is open and its peer trusted,
    /// `OpenUnverified`, `WantWrite`, `WantRead`, `Closed`. An error is final and comes again.
    pub fn step(&mut self) -> Result<Status> {
        loop {
            let progress = match &mut self.state {
                State::Negotiating { .. } => self.negotiate()?,
                State::Handshaking { .. } => self.handshake()?,
                State::Agreeing { .. } => self.agree()?,
                State::Open { status, .. } => Some(*status),
                State::Closed { .. } => Some(Status::Closed),
                State::Dead { error, .. } => return Err(error.clone()),
            };
            if let Some(status) = progress {
                return Ok(status);
            }
        }
    }

    /// One move of the negotiation; `None` means go on.
    fn negotiate(&mut self) -> Result<Option<Status>> {
        let State::Negotiating { negotiation, ended } = &mut self.state else {
            return Ok(None);
        };
        let ended = *ended;
        match negotiation.step() {
            Ok(Move::Say(bytes)) => {
                self.outgoing.extend(bytes);
                Ok(None)
            }
            Ok(Move::GoAhead) => {
                let inside = negotiation.inside();
                self.facts = negotiation.facts();
                self.banner = negotiation.banner();
                self.state = self.begin_tls(FirstBytes::Awaited, inside)?;
                Ok(None)
            }
            Ok(Move::Wait) if ended => Err(self.fail(closed_before_tls())),
            Ok(Move::Wait) => Ok(Some(self.want())),
            Err(refusal) => Err(self.refuse(refusal)),
        }
    }

    /// Ends the session with what the negotiation says; a polite word goes out where the server only
    /// declined.
    fn refuse(&mut self, refusal: Refusal) -> Error {
        let declined = matches!(
            refusal.code,
            Code::StarttlsNotOffered | Code::StarttlsRefused | Code::StarttlsRefusedTemporarily
        );
        if let (true, State::Negotiating { negotiation, .. }) = (declined, &self.state) {
            self.outgoing.extend(negotiation.farewell());
        }
        self.fail(finding_of(refusal))
    }

    /// One move of the handshake; `None` means go on.
    fn handshake(&mut self) -> Result<Option<Status>> {
        let State::Handshaking { tls, first, .. } = &mut self.state else {
            return Ok(None);
        };
        if let Some(words) = first.fault() {
            return Err(self.fail(Finding::fail(Code::StarttlsInjection, words)));
        }
        if *first == FirstBytes::Silence {
            *first = FirstBytes::Awaited;
        }
        match tls.handshake() {
            Handshake::Done => self.open().map(|()| None),
            Handshake::Wait => Ok(Some(self.want())),
            Handshake::Failed(cause) => Err(self.fail_handshake(cause)),
        }
    }

    /// The handshake is done: obey the report of the judge, who must have seen this peer.
    fn open(&mut self) -> Result<()> {
        let ending = self.ending();
        let judged = self.take_judged().map(|judged| judged.conclude(&self.peer, &ending));
        let Some((mut report, chain)) = judged.or_else(|| self.judged_resumed()) else {
            // An anonymous cipher or a key without a certificate: nobody was judged.
            return Err(
                self.fail(Finding::fail(Code::ChainEmpty, "the server showed no certificate"))
            );
        };
        if let Some(stranger) = self.control.as_ref().and_then(|control| control.stranger(&chain)) {
            report.findings.insert(0, stranger);
            report.verdict = Verdict::Rejected;
            report.status = Status::Rejected;
        }
        let Some(status) = self.policy.mode.admits(report.verdict) else {
            return Err(self.fail_judged(report));
        };
        let stapled = ending.to_kept();
        self.lineage = (status == Status::Ok).then(|| self.lineage(&stapled)).flatten();
        (self.chain, self.stapled) = (chain, stapled);
        let dead = State::Dead {
            error: Error::new(Status::State, "the session has not begun"),
            tls: None,
        };
        let State::Handshaking { tls, inside, .. } = std::mem::replace(&mut self.state, dead)
        else {
            return Err(
                self.fail(Finding::fail(Code::TlsHandshake, "the handshake is out of order"))
            );
        };
        if let Some(stranger) = self.foreign_alpn(&tls) {
            return Err(self.fail(stranger));
        }
        self.report = Some(self.opened(report, &tls));
        self.state = match inside {
            Some(negotiation) => State::Agreeing { tls, negotiation, status },
            None => State::Open { tls, status },
        };
        Ok(())
    }

    /// The failure, if the server chose an application protocol that was not offered.
    fn foreign_alpn(&self, tls: &Tls) -> Option<Finding> {
        let offered = self.offered_alpn();
        let chosen = tls.alpn().filter(|chosen| chosen != offered.as_bytes())?;
        let chosen = quote(&chosen);
        let words =
            format!("the server chose the application protocol '{chosen}', which was not offered");
        Some(Finding::fail(Code::TlsAlpn, words).compared(offered, chosen))
    }

    /// One move of what is agreed inside TLS; `None` means go on.
    fn agree(&mut self) -> Result<Option<Status>> {
        let State::Agreeing { tls, negotiation, status } = &mut self.state else {
            return Ok(None);
        };
        let status = *status;
        match negotiation.step() {
            Ok(Move::Say(bytes)) => tls
                .write(&bytes)
                .map(|_| None)
                .map_err(|cause| self.fail(finding_of_cause(cause, Phase::Open))),
            Ok(Move::GoAhead) => {
                self.agreed(status);
                Ok(Some(status))
            }
            Ok(Move::Wait) => self.read_agreement(),
            Err(refusal) => Err(self.refuse(refusal)),
        }
    }

    fn agreed(&mut self, status: Status) {
        let dead = State::Dead {
            error: Error::new(Status::State, "the session has not begun"),
            tls: None,
        };
        self.state = match std::mem::replace(&mut self.state, dead) {
            State::Agreeing { tls, .. } => State::Open { tls, status },
            other => other,
        };
    }

    /// Decrypted bytes for what is agreed inside TLS.
    fn read_agreement(&mut self) -> Result<Option<Status>> {
        let State::Agreeing { tls, negotiation, .. } = &mut self.state else {
            return Ok(None);
        };
        let mut piece = [0; 4096];
        match tls.read(&mut piece) {
            Received::Octets(octets) => {
                negotiation.feed(&piece[..octets]);
                Ok(None)
            }
            Received::Wait => Ok(Some(self.want())),
            Received::Closed => Err(self.fail(closed_before_tls())),
            Received::Failed(cause) => Err(self.fail(finding_of_cause(cause, Phase::Open))),
        }
    }

    /// The judge's report with what the connection adds.
    fn opened(&self, mut report: Report, tls: &Tls) -> Report {
        let facts = tls.facts();
        report.findings.push(facts.finding(report.shown));
        if self.control.is_none() && self.peer.protocol().row().upgrade == Upgrade::InBand {
            report.findings.push(self.granted());
        }
        // The session keeps it as long as it is open.
        report.findings.shrink_to_fit();
        report.tls = Some(facts);
        report.untrusted_facts = self.facts.clone().unwrap_or_default();
        self.located(report)
    }

    /// The report with both ends of a driven connection.
    fn located(&self, report: Report) -> Report {
        let address = report.address.or_else(|| self.address());
        let local_address = report.local_address.or_else(|| self.local_address());
        Report { address, local_address, ..report }
    }

    fn fail_handshake(&mut self, cause: Cause) -> Error {
        let judged = self.take_judged();
        match (cause, judged) {
            (Cause::Refused, Some(judged)) => {
                let (report, _) = judged.conclude(&self.peer, &self.bare_ending().cut_short());
                self.fail_judged(report)
            }
            (cause, _) => self.fail(finding_of_cause(cause, Phase::Handshake)),
        }
    }

    /// Ends the session with the judge's own report.
    fn fail_judged(&mut self, report: Report) -> Error {
        let error = Error::new(Status::Rejected, report.summary());
        self.report = Some(self.located(Report { status: Status::Rejected, ..report }));
        self.die(error)
    }

    /// Ends the session with a finding of its own.
    fn fail(&mut self, failure: Finding) -> Error {
        let report = match self.report.take() {
            Some(judged) => failed(judged, failure),
            None => unjudged(&self.policy, &self.peer, failure),
        };
        let error = Error::new(report.status, report.summary());
        self.report = Some(self.located(report));
        self.die(error)
    }

    /// Every later call gives the same error. What TLS still has to say (an alert) can be taken.
    fn die(&mut self, error: Error) -> Error {
        let dead = State::Dead { error: error.clone(), tls: None };
        let tls = match std::mem::replace(&mut self.state, dead) {
            State::Handshaking { tls, .. }
            | State::Agreeing { tls, .. }
            | State::Open { tls, .. }
            | State::Closed { tls } => Some(tls),
            State::Dead { tls, .. } => tls,
            State::Negotiating { .. } => None,
        };
        self.state = State::Dead { error: error.clone(), tls };
        error
    }

    fn want(&self) -> Status {
        if self.has_output() { Status::WantWrite } else { Status::WantRead }
    }

    fn tls(&self) -> Option<&Tls> {
        match &self.state {
            State::Handshaking { tls, .. }
            | State::Agreeing { tls, .. }
            | State::Open { tls, .. }
            | State::Closed { tls } => Some(tls),
            State::Dead { tls, .. } => tls.as_deref(),
            State::Negotiating { .. } => None,
        }
    }

    fn tls_mut(&mut self) -> Option<&mut Tls> {
        match &mut self.state {
            State::Handshaking { tls, .. }
            | State::Agreeing { tls, .. }
            | State::Open { tls, .. }
            | State::Closed { tls } => Some(tls),
            State::Dead { tls, .. } => tls.as_deref_mut(),
            State::Negotiating { .. } => None,
        }
    }

    fn has_output(&self) -> bool {
        !self.outgoing.is_empty() || self.tls().is_some_and(Tls::has_output)
    }

    /// Moves bytes for the peer out; 0 when nothing waits. Works in every state: also a refused
    /// session has a farewell or an alert to send.
    pub fn take(&mut self, into: &mut [u8]) -> usize {
        // Reading from a deque in memory cannot fail.
        let plain = self.outgoing.read(into).unwrap_or(0);
        if plain > 0 {
            return plain;
        }
        self.tls_mut().map_or(0, |tls| tls.take(into))
    }

    /// Bytes for the peer, without moving them: of those that wait, the next ones.
    fn front(&self) -> &[u8] {
        match self.outgoing.as_slices() {
            (front, _) if !front.is_empty() => front,
            _ => self.tls().map_or(&[], Tls::front),
        }
    }

    /// So many bytes of `front` are gone.
    fn sent(&mut self, octets: usize) {
        if !self.outgoing.is_empty() {
            self.outgoing.drain(..octets);
        } else if let Some(tls) = self.tls_mut() {
            tls.sent(octets);
        }
    }

    /// The report as it stands, in every state.
    pub fn report(&self) -> Report {
        self.report.clone().unwrap_or_else(|| {
            let words = "the session has not come to a verdict yet";
            let note = Finding::skip(Code::ChainNotChecked, words);
            Report {
                verdict: Verdict::Unknown,
                status: Status::State,
                ..unjudged(&self.policy, &self.peer, note)
            }
        })
    }

    /// Whether the server speaks first inside TLS.
    pub fn server_speaks_first(&self) -> bool {
        self.peer.protocol().row().first_speaker == FirstSpeaker::Server
    }
}

fn feed_tls(tls: &mut Tls, bytes: &[u8]) -> Result<()> {
    if tls.unread() + bytes.len() > READ_AHEAD {
        let what = format!("more than {READ_AHEAD} octets wait; step or read before feeding more");
        return Err(Error::new(Status::State, what));
    }
    tls.feed(bytes);
    Ok(())
}

impl FirstBytes {
    /// What is wrong with them.
    fn fault(self) -> Option<&'static str> {
        match self {
            FirstBytes::Early => Some("plaintext was sent behind the go-ahead for TLS"),
            FirstBytes::Bad => {
                Some("plaintext was sent behind the go-ahead, in place of the handshake")
            }
            FirstBytes::Silence | FirstBytes::Awaited | FirstBytes::Type | FirstBytes::Good => None,
        }
    }

    /// After these bytes: handshake (22) or alert (21), then the major version 3 (RFC 8446 §5.1).
    fn after(self, bytes: &[u8]) -> FirstBytes {
        match (self, bytes) {
            (FirstBytes::Awaited, [21 | 22]) => FirstBytes::Type,
            (FirstBytes::Awaited, [21 | 22, 3, ..]) | (FirstBytes::Type, [3, ..]) => {
                FirstBytes::Good
            }
            (FirstBytes::Silence, [_, ..]) => FirstBytes::Early,
            (FirstBytes::Awaited | FirstBytes::Type, [_, ..]) => FirstBytes::Bad,
            (settled, _) => settled,
        }
    }
}
