//! The door for a caller's own SSL: judged after its handshake, or attached before it.
//!
//! [`judge`] is the plain form: the handshake is finished, nothing was said inside it yet, and the
//! chain that libssl holds is judged. [`attach`] comes before the handshake, so that it fails from
//! inside, with the right alert and before a client certificate has left; [`result`] after it is what
//! counts.
//!
//! Q: Why does the hook inside not settle it?
//! A: libssl does not call it for a resumed session, an anonymous cipher or a pre-shared key, nor
//! where the program replaced the callback, and its refusal is ignored under SSL_VERIFY_NONE. So
//! [`result`] takes what was found inside only if it was found in the handshake that the SSL has had
//! last (the client's random says so) and on the certificates that it holds; else it judges those.
//!
//! What the program decides itself stays its own: ciphers, client certificate, application protocol,
//! and how it came to TLS.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::ossl::{Ask, Chain, Decision, Foreign, HandshakeId, Handshaken, Hook, Stage};
use crate::proto::Upgrade;
use crate::report::{Code, Finding, Report, Shown, quote};
use crate::status::Status;
use crate::verify::{Ending, Judged, Peer, Policy, Verifier, failed, unjudged};

/// What a call about a connection answers: the status, and why.
pub type Answer = (Status, Report);

/// Judges a finished handshake. From here on the SSL does not renegotiate.
pub fn judge(verifier: &Verifier, peer: &Peer, ssl: &mut Foreign) -> Result<Answer> {
    verifier.policy(peer).check_peer(peer)?;
    check_side(ssl)?;
    if ssl.stage() != Stage::Finished {
        return Err(unfinished());
    }
    ssl.forbid_renegotiation();
    let judged = judge_now(verifier, peer, ssl);
    Ok(answer(verifier, peer, judged, ssl))
}

/// Has the peer judged inside the handshake that is to come.
pub fn attach(verifier: &Verifier, peer: &Peer, ssl: &mut Foreign) -> Result<()> {
    let policy = verifier.policy(peer);
    policy.check_peer(peer)?;
    if ssl.can_only_serve() {
        return Err(server_side());
    }
    if ssl.stage() != Stage::Before {
        let what = "the handshake has begun already: attach before it, or judge after it";
        return Err(Error::new(Status::State, what));
    }
    ssl.restrict(policy.tls.oldest)?;
    if let Some(name) = policy.server_name(peer) {
        ssl.name_server(name)?;
    }
    if policy.ocsp.ask() == Ask::Asked {
        ssl.ask_for_staple()?;
    }
    ssl.attach(Arc::new(Attachment::new(verifier, peer)))
}

/// What became of the handshake of an SSL that was attached.
pub fn result(ssl: &mut Foreign) -> Result<Answer> {
    let Some(attachment) = attachment_of(ssl) else {
        let what =
            "nothing is attached to this SSL: attach before the handshake, or judge after it";
        return Err(Error::new(Status::State, what));
    };
    match ssl.stage() {
        Stage::Before | Stage::Underway => Err(unfinished()),
        Stage::Broken => {
            check_side(ssl)?;
            Ok(attachment.broken(ssl))
        }
        Stage::Finished => {
            check_side(ssl)?;
            ssl.forbid_renegotiation();
            Ok(attachment.finished(ssl))
        }
    }
}

fn check_side(ssl: &Foreign) -> Result<()> {
    if ssl.is_server() { Err(server_side()) } else { Ok(()) }
}

fn server_side() -> Error {
    Error::new(Status::Argument, "the SSL is the server's side; whom it talks to is a client")
}

fn unfinished() -> Error {
    Error::new(Status::State, "the handshake is not finished: ask after SSL_connect returned 1")
}

/// What is attached to an SSL: whom to judge, and what was found.
struct Attachment {
    verifier: Verifier,
    peer: Peer,
    heard: Mutex<Heard>,
}

/// What was found inside a handshake.
enum Heard {
    Nothing,
    /// The handshake was to go on.
    Accepted(HandshakeId, Box<Judged>),
    /// It was to end.
    Refused(HandshakeId, Box<Report>),
}

impl Hook for Attachment {
    fn ask(&self, handshake: HandshakeId, chain: Result<Chain>) -> Decision {
        let judged = Judged::of(&self.verifier, &self.peer, chain, Shown::InHandshake);
        let decision = judged.decision(self.verifier.policy(&self.peer).mode);
        let heard = match decision {
            Decision::Accept => Heard::Accepted(handshake, Box::new(judged)),
            Decision::Refuse(_) => {
                let (report, _) = judged.conclude(&self.peer, &Ending::default());
                Heard::Refused(handshake, Box::new(report))
            }
        };
        self.hear(heard);
        decision
    }

    fn anew(&self) -> Arc<dyn Hook> {
        Arc::new(Attachment::new(&self.verifier, &self.peer))
    }
}

impl Attachment {
    fn new(verifier: &Verifier, peer: &Peer) -> Attachment {
        let heard = Mutex::new(Heard::Nothing);
        Attachment { verifier: verifier.clone(), peer: peer.clone(), heard }
    }

    /// Keeps what was found; gives what was known before.
    fn hear(&self, heard: Heard) -> Heard {
        let mut place = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *place, heard)
    }

    /// The answer about a handshake that is finished.
    fn finished(&self, ssl: &Foreign) -> Answer {
        let judged = match self.hear(Heard::Nothing) {
            Heard::Accepted(handshake, judged) if is_about(&judged, handshake, ssl) => *judged,
            // A refusal that the program did not obey is no answer about what the SSL holds now.
            Heard::Accepted(..) | Heard::Refused(..) | Heard::Nothing => {
                judge_now(&self.verifier, &self.peer, ssl)
            }
        };
        answer(&self.verifier, &self.peer, judged, ssl)
    }

    /// The answer about a handshake that failed: the judge's, if it was the judge who ended it.
    fn broken(&self, ssl: &Foreign) -> Answer {
        match self.hear(Heard::Nothing) {
            Heard::Refused(handshake, report) if handshake == ssl.handshake() => {
                self.hear(Heard::Refused(handshake, report.clone()));
                refused(told(Report { status: Status::Rejected, ..*report }, &self.peer))
            }
            Heard::Accepted(..) | Heard::Refused(..) | Heard::Nothing => {
                let words =
                    "the handshake or the connection failed; OpenSSL's error queue says why";
                let failure = Finding::fail(Code::TlsHandshake, words);
                let report = unjudged(&self.verifier.policy(&self.peer), &self.peer, failure);
                refused(told(report, &self.peer))
            }
        }
    }
}

/// What our own door attached; nobody else has a hook there.
fn attachment_of(ssl: &Foreign) -> Option<Arc<Attachment>> {
    let hook: Arc<dyn Any + Send + Sync> = ssl.attached()?;
    hook.downcast().ok()
}

/// Whether this was found in the handshake that the SSL has had, on the certificates that it holds.
fn is_about(judged: &Judged, handshake: HandshakeId, ssl: &Foreign) -> bool {
    let der = |chain: &Chain| -> Vec<Vec<u8>> {
        chain.iter().map(|certificate| certificate.der().to_vec()).collect()
    };
    let held = ssl.chain().map(|chain| der(&chain));
    !ssl.is_resumed()
        && handshake == ssl.handshake()
        && held.is_ok_and(|held| held == der(judged.chain()))
}

/// A resumed handshake shows no certificate: the one of the first handshake is judged, as far as the
/// session kept it.
fn judge_now(verifier: &Verifier, peer: &Peer, ssl: &Foreign) -> Judged {
    let shown = if ssl.is_resumed() { Shown::Resumed } else { Shown::InHandshake };
    Judged::of(verifier, peer, ssl.chain(), shown)
}

/// The judge's report with what the connection adds.
fn answer(verifier: &Verifier, peer: &Peer, judged: Judged, ssl: &Foreign) -> Answer {
    let policy = verifier.policy(peer);
    let tls = ssl.facts();
    if !ssl.shows_certificate() {
        let report = unjudged(&policy, peer, nobody(ssl));
        return refused(told(Report { tls: Some(tls), ..report }, peer));
    }
    let (report, _) = judged.conclude(peer, &Ending::of(ssl));
    let mut report = told(Report { tls: Some(tls), ..report }, peer);
    if let Some(failure) = connection_fault(&policy, peer, ssl) {
        return refused(failed(report, failure));
    }
    report.findings.extend(report.tls.as_ref().map(|tls| tls.finding(report.shown)));
    match policy.mode.admits(report.verdict) {
        Some(status) => (status, report),
        None => refused(Report { status: Status::Rejected, ..report }),
    }
}

fn refused(report: Report) -> Answer {
    (report.status, report)
}

/// There is nobody to judge, and no option makes up for that.
fn nobody(ssl: &Foreign) -> Finding {
    let (cipher, authentication) = (ssl.facts().cipher, ssl.authentication());
    let words = match authentication.as_str() {
        "None" => format!("the cipher {cipher} is anonymous: the server showed no certificate"),
        "PSK" | "SRP" => {
            format!(
                "the cipher {cipher} takes a shared secret for a certificate ({authentication})"
            )
        }
        // TLS 1.3: a pre-shared key from outside, or a session that kept no certificate.
        _ if ssl.is_resumed() => {
            "the handshake rests on a pre-shared key or a session without a certificate".to_owned()
        }
        _ => "the server showed no certificate".to_owned(),
    };
    Finding::fail(Code::ChainEmpty, words)
}

/// What is wrong with the connection itself, whoever the peer is.
fn connection_fault(policy: &Policy, peer: &Peer, ssl: &Foreign) -> Option<Finding> {
    let facts = ssl.facts();
    if !ssl.speaks(policy.tls.oldest) {
        let words = format!("the connection speaks {}, which is not allowed", facts.version);
        let oldest = policy.tls.oldest.name();
        return Some(Finding::fail(Code::TlsVersion, words).compared(oldest, facts.version));
    }
    if !ssl.is_encrypted() {
        let words = format!("the cipher {} does not encrypt", facts.cipher);
        return Some(Finding::fail(Code::TlsCipher, words).compared("encryption", facts.cipher));
    }
    foreign_protocol(peer, ssl)
}

/// The failure, if the server chose to speak another application protocol than the peer's. Where the
/// peer's has no identifier, what was offered is known to the program only.
fn foreign_protocol(peer: &Peer, ssl: &Foreign) -> Option<Finding> {
    let wanted = peer.protocol().row().alpn;
    let chosen = ssl.alpn().filter(|chosen| !wanted.is_empty() && chosen != wanted.as_bytes())?;
    let chosen = quote(&chosen);
    let words = format!("the server speaks the application protocol '{chosen}', not {wanted}");
    Some(Finding::fail(Code::TlsAlpn, words).compared(wanted, chosen))
}

/// How the program came to TLS is not known here.
fn told(mut report: Report, peer: &Peer) -> Report {
    if peer.protocol().row().upgrade == Upgrade::InBand {
        let words =
            "the program negotiated STARTTLS itself: whether anything was injected is unknown";
        report.findings.push(Finding::skip(Code::StarttlsNotChecked, words));
    }
    report
}
