//! The system's resolver: whoever resolv.conf names, by the C library.
//!
//! The C library knows how often and how long it waits, and no deadline; so it works in a thread of
//! its own with a patience that is cut to the deadline, and is left behind when even that takes too
//! long. It ends by itself.
//!
//! Q: When does the AD bit count? A: glibc takes it out of every answer unless resolv.conf says
//! `options trust-ad`, because a server on the network, and whoever is on the way to it, can set it at
//! will. Servers on the loopback are no exception: a forwarder there passes on what it was told. So
//! that is the rule here too, and the option `dns_trust_ad` widens it by name.

use std::ffi::CString;
use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::dns::{AuthenticData, Message, Question};
use crate::verify::{DnsRules, TrustAd};

use super::libresolv::{Ending, Reply, State, block_signals};
use super::outcome::{Outcome, Proof};
use super::resolver::too_late;

/// Times that each server is asked.
const ATTEMPTS: u32 = 2;

/// The resolver of the C library, with these settings.
pub(super) struct System {
    servers: Vec<SocketAddr>,
    trust_ad: TrustAd,
}

/// What the thread brings back.
struct Brought {
    reply: Reply,
    servers: Vec<SocketAddr>,
    /// What the AD bit is worth.
    claim: Proof,
}

impl System {
    pub(super) fn new(rules: &DnsRules) -> System {
        System { servers: rules.servers.clone(), trust_ad: rules.trust_ad }
    }

    pub(super) fn ask(&self, question: &Question, end: Instant) -> Outcome {
        let Ok(name) = CString::new(question.name.as_str()) else {
            return Outcome::Failed(format!("{question} cannot be asked"));
        };
        let (servers, trust_ad, kind) =
            (self.servers.clone(), self.trust_ad, question.kind.number());
        let (sender, receiver) = mpsc::channel();
        let asking = move || {
            block_signals();
            // Nobody listens any more once the deadline has passed.
            let _ = sender.send(bring(&servers, trust_ad, &name, kind, end));
        };
        let thread = thread::Builder::new().name("stv-resolver".to_owned()).spawn(asking);
        if let Err(error) = thread {
            return Outcome::Failed(format!("no thread for the resolver: {error}"));
        }
        match receiver.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(Ok(brought)) => brought.outcome(question),
            Ok(Err(what)) => Outcome::Failed(what),
            Err(_) => too_late(question),
        }
    }
}

fn bring(
    servers: &[SocketAddr],
    trust_ad: TrustAd,
    name: &CString,
    kind: u16,
    end: Instant,
) -> Result<Brought, String> {
    let mut state = State::open()?;
    let by_file = servers.is_empty() && state.trusts_ad();
    if !servers.is_empty() {
        state.use_servers(servers)?;
    }
    let servers = state.servers();
    let local = !servers.is_empty()
        && servers.iter().all(|server| server.ip().to_canonical().is_loopback());
    let claim = match trust_ad {
        TrustAd::Always => Proof::Secure,
        TrustAd::Loopback if local || by_file => Proof::Secure,
        TrustAd::ResolvConf if by_file => Proof::Secure,
        TrustAd::Loopback | TrustAd::ResolvConf => Proof::Insecure,
    };
    state.ask_for_ad(claim == Proof::Secure);
    let asked = u32::try_from(servers.len()).unwrap_or(1).max(1);
    state.be_patient(patience(end, asked * ATTEMPTS), ATTEMPTS);
    Ok(Brought { reply: state.query(name, kind), servers, claim })
}

/// What each attempt may take.
fn patience(end: Instant, attempts: u32) -> Duration {
    end.saturating_duration_since(Instant::now()) / attempts
}

impl Brought {
    fn outcome(&self, question: &Question) -> Outcome {
        match self.reply.ending {
            Ending::Answered => Outcome::of(question, &self.reply.message, self.proof()),
            Ending::Failed => self.failure(question),
        }
    }

    fn proof(&self) -> Proof {
        let claimed = Message::parse(&self.reply.message)
            .is_ok_and(|message| message.authentic == AuthenticData::Claimed);
        match (claimed, self.claim) {
            (true, Proof::Secure) => Proof::Secure,
            (true, Proof::Insecure) | (false, _) => Proof::Insecure,
        }
    }

    /// The C library keeps to itself whether a server refused or was silent; the last thing that it
    /// received, if anything, still lies in the buffer. It gives the words, and never an answer.
    fn failure(&self, question: &Question) -> Outcome {
        match Outcome::of(question, &self.reply.message, Proof::Insecure) {
            bad @ (Outcome::Bogus(_) | Outcome::Failed(_)) if !self.reply.is_silence() => bad,
            _ => Outcome::Failed(format!("no answer about {question} from {}", self.listed())),
        }
    }

    fn listed(&self) -> String {
        let all: Vec<String> = self.servers.iter().map(SocketAddr::to_string).collect();
        if all.is_empty() { "any server".to_owned() } else { all.join(", ") }
    }
}
