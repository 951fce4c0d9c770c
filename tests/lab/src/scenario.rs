//! A scenario: what a server does, whom the client wants, and what the client must say.
//!
//! [`Case`] is a row of the table (see `table`); [`Scenario`] is the same row once its server
//! listens, as it stands in `scenarios.json`.

use serde::{Serialize, Serializer};

use crate::Fault;
use crate::chains::{Chain, Pki};
use crate::dialect::Dialect;
use crate::script::Script;
use crate::tls::{Endpoint, Strength};

/// What a right client answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Trusted,
    /// The peer failed, or somebody stands in between. The code of the first failing finding.
    Rejected(&'static str),
    /// Nothing can be said about the peer.
    Unchecked(&'static str),
}

impl Outcome {
    pub fn word(self) -> &'static str {
        match self {
            Self::Trusted => "trusted",
            Self::Rejected(_) => "rejected",
            Self::Unchecked(_) => "unchecked",
        }
    }

    /// The exit code of a client, as DESIGN §8 has it.
    pub fn exit(self) -> i32 {
        match self {
            Self::Trusted => 0,
            Self::Rejected(_) => 1,
            Self::Unchecked(_) => 3,
        }
    }

    pub fn code(self) -> Option<&'static str> {
        match self {
            Self::Trusted => None,
            Self::Rejected(code) | Self::Unchecked(code) => Some(code),
        }
    }
}

/// Makes the chain of a case.
pub type Recipe = fn(&Pki) -> Result<Chain, Fault>;
/// Writes the script of a case around its endpoint, in the words of a protocol.
pub type Play = fn(&Dialect, &Endpoint) -> Script;

/// A row of the table.
#[derive(Clone, Copy)]
pub struct Case {
    pub id: &'static str,
    /// A sentence for people.
    pub title: &'static str,
    /// The reference host that the client wants.
    pub host: &'static str,
    pub outcome: Outcome,
    /// The deadline that the client is given.
    pub deadline_ms: u64,
    pub chain: Recipe,
    pub strength: Strength,
    pub play: Play,
    /// Protocols in which there is no such thing.
    pub unknown_to: &'static [&'static str],
    /// Protocols in which a right client says something else.
    pub elsewhere: &'static [(&'static str, Outcome)],
}

/// A case whose server listens.
#[derive(Clone, Debug, Serialize)]
pub struct Scenario {
    pub id: &'static str,
    pub title: &'static str,
    pub host: &'static str,
    /// As the command line has it: `smtp`, `imap`.
    pub protocol: &'static str,
    /// Of 127.0.0.1.
    pub port: u16,
    #[serde(rename = "expect", serialize_with = "as_word")]
    pub outcome: Outcome,
    pub exit: i32,
    pub code: Option<&'static str>,
    pub deadline_ms: u64,
}

fn as_word<S: Serializer>(outcome: &Outcome, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(outcome.word())
}

impl Case {
    /// Can it be played in this protocol?
    pub fn exists_in(&self, dialect: &Dialect) -> bool {
        !self.unknown_to.contains(&dialect.name)
    }

    fn outcome_in(&self, dialect: &Dialect) -> Outcome {
        let other = self.elsewhere.iter().find(|(name, _)| *name == dialect.name);
        other.map_or(self.outcome, |(_, outcome)| *outcome)
    }

    pub fn at(&self, dialect: &Dialect, port: u16) -> Scenario {
        let outcome = self.outcome_in(dialect);
        Scenario {
            id: self.id,
            title: self.title,
            host: self.host,
            protocol: dialect.name,
            port,
            outcome,
            exit: outcome.exit(),
            code: outcome.code(),
            deadline_ms: self.deadline_ms,
        }
    }
}

impl Scenario {
    /// Where the client shall connect, whatever the host is called.
    pub fn connect(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// `trusted`, or the code that is wanted.
    pub fn wanted(&self) -> &'static str {
        self.code.unwrap_or("trusted")
    }
}
