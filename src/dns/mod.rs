//! DNS messages (RFC 1035): names, records, and the answer to one question.
//!
//! Pure: bytes in, facts out. Who sent the bytes and whether they can be believed is not known here;
//! `discover` asks, and says how far an answer is proven.
//!
//! A message comes from a resolver, and what is in it from whoever owns the name that was asked for,
//! who may be hostile. So nothing is read beyond the message, a compression pointer leads backwards
//! only, a chain of aliases has an end, and a record that is not exactly what its type says makes the
//! whole message useless: half an answer could be the half that an attacker left.

mod answer;
mod facts;
mod message;
mod name;
mod presented;
mod record;
#[cfg(test)]
pub(crate) mod sample;
mod wire;

pub use answer::Followed;
pub use facts::{Addresses, Answer, Facts, Said, Witness};
pub use message::{AuthenticData, Message, Question, Wholeness, rcode};
pub use name::Name;
pub use record::{Data, Exchange, Kind, Record, Service};

use std::fmt;

/// Octets of a message: its length field over TCP has 16 bits (RFC 1035 §4.2.2).
pub const MESSAGE_OCTETS: usize = 65_535;

/// What is wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DnsError {
    /// It ends in the middle of something.
    Cut,
    /// It is longer than a message can be.
    TooLong,
    /// A compression pointer leads forwards or to itself (RFC 1035 §4.1.4).
    Pointer,
    /// The first two bits of a label are neither 00 nor 11.
    Label,
    /// A name has more than 255 octets (RFC 1035 §3.1).
    NameTooLong,
    /// The data of a record is not what its type says.
    RecordData,
    /// It is a question, or no standard query.
    NoAnswer,
    /// It answers another question.
    OtherQuestion,
    /// A name is an alias twice, or of too many others.
    Aliases,
}

impl fmt::Display for DnsError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            DnsError::Cut => "the message ends too early",
            DnsError::TooLong => "the message is too long",
            DnsError::Pointer => "a compressed name leads forwards",
            DnsError::Label => "a name has a label of an unknown type",
            DnsError::NameTooLong => "a name has more than 255 octets",
            DnsError::RecordData => "the data of a record does not fit its type",
            DnsError::NoAnswer => "the message is no answer to a query",
            DnsError::OtherQuestion => "the message answers another question",
            DnsError::Aliases => "the aliases (CNAME) contradict each other or have no end",
        })
    }
}
