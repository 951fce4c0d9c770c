//! Resumption: what a session offers from an earlier one, and what it leaves for a later one.
//!
//! In a resumed handshake the peer shows no certificate and OpenSSL asks no judge. So the judge is
//! asked on the chain of the session that the ticket is from and on what that showed: before it is
//! offered (what is not TRUSTED now is not offered, and a full handshake says why), and again when the
//! handshake is done, unless that is in the same second. Policy, peer and connection are the same then,
//! and of time the judge knows only seconds: it would say the same. A server that does not take the
//! ticket shows its certificate, and is judged as always.
//!
//! Only a session that was TRUSTED and ended in good order, with close_notify of one side, leaves its
//! tickets: RFC 5246 §7.2.2 forbids to resume one that failed, and of one that was cut off nobody
//! knows. A control connection's tickets are for its data connections. 0-RTT data is never sent.

use crate::clock;
use crate::error::Result;
use crate::ossl::{Chain, Ticket, Tls};
use crate::proto::DataConnections;
use crate::report::{Code, Report, Shown, Verdict};
use crate::verify::{Ending, Evidence, Judged, Kept, KeptEnding, KeptSessions, PeerKey, judge};

use super::{Session, State};

/// An earlier session that is offered for resumption, and the judge's report on it.
pub(super) struct Offered {
    kept: Kept,
    report: Report,
    /// When the judge was asked, seconds since 1970.
    judged: i64,
}

/// What the tickets of an open session are kept with.
pub(super) struct Lineage {
    ending: KeptEnding,
    proved: i64,
    resumed: bool,
}

impl Session {
    /// Offers to resume what is kept of this peer, if it is still trusted; what was offered.
    pub(super) fn offer(&self, tls: &mut Tls) -> Result<Option<Box<Offered>>> {
        let kept =
            self.kept_sessions().and_then(|place| place.take(&self.peer_key(), clock::now()));
        let Some(kept) = kept else { return Ok(None) };
        // Before it is asked: what it says is never taken for newer than it is.
        let judged = clock::now();
        let report = self.judge_kept(&kept);
        if report.verdict != Verdict::Trusted || has_news(&report) {
            return Ok(None);
        }
        tls.resume(&kept.ticket)?;
        Ok(Some(Box::new(Offered { kept, report, judged })))
    }

    fn judge_kept(&self, kept: &Kept) -> Report {
        let evidence = Evidence { chain: &kept.chain, shown: Shown::Resumed };
        let ending = kept.ending.as_ending(self.bare_ending());
        judge(&self.verifier, &self.peer, &evidence, &ending)
    }

    /// Where sessions with this peer are kept, if they are.
    fn kept_sessions(&self) -> Option<&KeptSessions> {
        let alone =
            self.control.is_none() && self.peer.protocol().row().data == DataConnections::None;
        self.policy.kept.as_ref().filter(|_| alone)
    }

    fn peer_key(&self) -> PeerKey {
        let references = self.policy.names.references(&self.peer);
        let server_name = self.policy.server_name(&self.peer);
        PeerKey {
            protocol: self.peer.protocol(),
            host: self.peer.host_text(),
            port: self.peer.effective_port(),
            references: references.iter().map(|reference| reference.tagged()).collect(),
            server_name: server_name.map(str::to_owned),
            alpn: self.offered_alpn(),
            endpoint: self.peer.endpoint(),
        }
    }

    /// The judge's report on the session that this handshake resumed, and its chain; nothing if it
    /// resumed none that we offered.
    pub(super) fn judged_resumed(&self) -> Option<(Report, Chain)> {
        let State::Handshaking { tls, offered, .. } = &self.state else {
            return None;
        };
        let is_resumed = |chain: &Chain| tls.is_resumed() && is_of(tls, chain);
        match (&self.control, offered) {
            (Some(control), _) if is_resumed(&control.chain) => {
                let chain = Ok(control.chain.clone());
                let judged = Judged::of(&self.verifier, &self.peer, chain, Shown::Resumed);
                Some(judged.conclude(&self.peer, &self.ending()))
            }
            (None, Some(offered)) if is_resumed(&offered.kept.chain) => {
                let report = match offered.judged == clock::now() {
                    true => offered.report.clone(),
                    false => self.judge_kept(&offered.kept),
                };
                Some((report, offered.kept.chain.clone()))
            }
            (Some(_), _) | (None, _) => None,
        }
    }

    /// What the end of the handshake showed, or that of the handshake that it resumes.
    pub(super) fn ending(&self) -> Ending<'_> {
        match &self.state {
            State::Handshaking { tls, offered: Some(offered), .. } if tls.is_resumed() => {
                offered.kept.ending.as_ending(self.bare_ending())
            }
            State::Handshaking { tls, .. } if tls.is_resumed() => {
                let control = self.control.as_ref().map(|control| &control.ending);
                control.map_or_else(Ending::default, |shown| shown.as_ending(self.bare_ending()))
            }
            _ => {
                let Ending { staple, scts, .. } = self.tls().map(Ending::of).unwrap_or_default();
                Ending { staple, scts, ..self.bare_ending() }
            }
        }
    }

    /// What is of this connection, whatever its handshake shows.
    pub(super) fn bare_ending(&self) -> Ending<'_> {
        let banner = self.banner.as_deref();
        Ending { address: self.address(), banner, ..Ending::default() }
    }

    /// What the tickets of a session that has just been trusted will be kept with.
    pub(super) fn lineage(&self, ending: &KeptEnding) -> Option<Lineage> {
        let State::Handshaking { tls, offered, .. } = &self.state else {
            return None;
        };
        self.kept_sessions()?;
        let ending = ending.clone();
        match offered {
            Some(offered) if tls.is_resumed() => {
                Some(Lineage { ending, proved: offered.kept.proved, resumed: true })
            }
            _ => Some(Lineage { ending, proved: clock::now(), resumed: false }),
        }
    }

    /// The session ends in good order: its tickets are kept. Once only.
    pub(super) fn keep(&mut self) {
        let (Some(lineage), State::Open { tls, .. }) = (self.lineage.take(), &mut self.state)
        else {
            return;
        };
        let mut tickets = tls.take_tickets();
        if tickets.is_empty() && lineage.resumed {
            // TLS 1.2 goes on with the session that was resumed, or a renewed one.
            tickets.extend(tls.ticket().filter(|ticket| !ticket.is_single_use()));
        }
        let Some(place) = self.kept_sessions() else { return };
        for ticket in tickets.into_iter().rev() {
            place.put(self.peer_key(), self.kept(ticket, &lineage), clock::now());
        }
    }

    fn kept(&self, ticket: Ticket, lineage: &Lineage) -> Kept {
        let (chain, ending) = (self.chain.clone(), lineage.ending.clone());
        Kept { ticket, chain, ending, proved: lineage.proved }
    }
}

/// Whether the store of known peers has something to learn, which only a full handshake may teach it.
fn has_news(report: &Report) -> bool {
    let is_news = |code| matches!(code, Code::KnownNew | Code::KnownRotated);
    report.findings.iter().any(|finding| is_news(finding.code))
}

/// Whether the peer that TLS remembers is the one that was judged.
fn is_of(tls: &Tls, chain: &Chain) -> bool {
    let judged = chain.leaf().map(|leaf| leaf.der().to_vec());
    judged.is_some() && tls.peer_certificate() == judged
}
