//! One resolver for the look-ups about one peer: an engine and a deadline for all of them.

use std::net::SocketAddr;
use std::time::Instant;

use crate::dns::Question;
use crate::error::{Error, Result};
use crate::status::Status;
use crate::verify::{DnsEngine, DnsRules};

use super::outcome::Outcome;
use super::system::System;
use super::unbound::Unbound;

/// Whoever can be asked.
pub trait Ask {
    /// Looks it up. Never fails: that nothing was found out is an outcome.
    fn ask(&self, question: &Question) -> Outcome;
}

/// What the option `dns` names.
pub struct Resolver {
    engine: Engine,
    end: Instant,
}

enum Engine {
    System(System),
    Unbound(Unbound),
}

impl Resolver {
    /// Opens the engine; the deadline begins to run. An error is the caller's: nothing is to be
    /// looked up, or the library or trust anchor is missing.
    pub fn open(rules: &DnsRules) -> Result<Resolver> {
        let engine = match rules.engine {
            Some(DnsEngine::System) => Engine::System(System::new(rules)),
            Some(DnsEngine::Unbound) => Engine::Unbound(Unbound::open(rules)?),
            None => {
                let what = "the option dns is off: set dns=system or dns=unbound to look facts up";
                return Err(Error::new(Status::State, what));
            }
        };
        Ok(Resolver { engine, end: Instant::now() + rules.timeout })
    }
}

impl Resolver {
    /// The same engine at another server, with the same deadline.
    pub(super) fn beside(&self, rules: &DnsRules, server: SocketAddr) -> Result<Resolver> {
        let other = Resolver::open(&DnsRules { servers: vec![server], ..rules.clone() })?;
        Ok(Resolver { end: self.end, ..other })
    }
}

impl Ask for Resolver {
    fn ask(&self, question: &Question) -> Outcome {
        if self.end <= Instant::now() {
            return too_late(question);
        }
        match &self.engine {
            Engine::System(system) => system.ask(question, self.end),
            Engine::Unbound(unbound) => unbound.ask(question, self.end),
        }
    }
}

/// The deadline passed.
pub(super) fn too_late(question: &Question) -> Outcome {
    Outcome::Failed(format!("no answer about {question} in time"))
}
