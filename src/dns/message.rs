//! A message as a resolver sends it.
//!
//! RFC 1035 §4.1: header, question, answer, authority, additional. Of the header, the AD bit (RFC
//! 4035 §3.2.3) says that the *sender* holds the answer for validated; it is worth what the sender and
//! the way from it are worth, which is not known here. Of the additional records only the extended
//! errors (RFC 8914) are read, which say in words what SERVFAIL does not.

use std::fmt;

use super::record::{Kind, Next, Record};
use super::wire::Reader;
use super::{DnsError, MESSAGE_OCTETS, Name};
use crate::report::quote;

/// Option code of an extended error (RFC 8914 §2).
const EXTENDED_ERROR: u16 = 15;
/// Extended errors that are kept; more say nothing more.
const MOST_ERRORS: usize = 4;

/// Response codes with a meaning of their own here (RFC 1035 §4.1.1).
pub mod rcode {
    /// There is such a name.
    pub const NO_ERROR: u16 = 0;
    /// The resolver could not find out, or found a forgery.
    pub const SERVER_FAILURE: u16 = 2;
    /// There is no such name.
    pub const NO_SUCH_NAME: u16 = 3;
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// About which name.
    pub name: Name,
    /// Which records.
    pub kind: Kind,
}

/// The AD bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthenticData {
    /// The sender says that it has validated the answer.
    Claimed,
    /// It does not say so.
    NotClaimed,
}

/// The TC bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wholeness {
    /// All that there is.
    Whole,
    /// Records are missing.
    Truncated,
}

/// An answer, read whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The response code, its extension by EDNS included.
    pub rcode: u16,
    /// The AD bit.
    pub authentic: AuthenticData,
    /// The TC bit.
    pub wholeness: Wholeness,
    /// What was asked.
    pub question: (Name, u16),
    /// The records of the answer section that are known here.
    pub answers: Vec<Record>,
    /// Extended errors: number and words.
    pub errors: Vec<(u16, String)>,
}

impl Question {
    /// A question.
    pub fn new(name: Name, kind: Kind) -> Question {
        Question { name, kind }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.name, self.kind.word())
    }
}

impl Message {
    /// Reads an answer. What stands behind the last record is not looked at: the buffer of the C
    /// library does not always say how long the message is.
    pub fn parse(wire: &[u8]) -> Result<Message, DnsError> {
        if wire.len() > MESSAGE_OCTETS {
            return Err(DnsError::TooLong);
        }
        let mut reader = Reader::new(wire);
        let _id = reader.u16()?;
        let flags = reader.u16()?;
        // QR is set, the operation is a standard query.
        if flags & 0xf800 != 0x8000 {
            return Err(DnsError::NoAnswer);
        }
        let (questions, answers) = (reader.u16()?, reader.u16()?);
        let others = [reader.u16()?, reader.u16()?];
        if questions != 1 {
            return Err(DnsError::OtherQuestion);
        }
        let question = (Name::read(&mut reader)?, reader.u16()?);
        // The class.
        reader.u16()?;
        let mut message = Message {
            rcode: flags & 0x000f,
            authentic: if flags & 0x0020 == 0 {
                AuthenticData::NotClaimed
            } else {
                AuthenticData::Claimed
            },
            wholeness: if flags & 0x0200 == 0 { Wholeness::Whole } else { Wholeness::Truncated },
            question,
            answers: Vec::new(),
            errors: Vec::new(),
        };
        for _ in 0..answers {
            if let Next::Known(record) = Next::read(&mut reader)? {
                message.answers.push(record);
            }
        }
        for _ in 0..others.into_iter().map(u32::from).sum::<u32>() {
            if let Next::Options(high, options) = Next::read(&mut reader)? {
                message.rcode |= u16::from(high) << 4;
                message.errors = extended_errors(&options);
            }
        }
        Ok(message)
    }

    /// The word for the response code.
    pub fn rcode_word(&self) -> String {
        match self.rcode {
            rcode::NO_ERROR => "NOERROR".to_owned(),
            1 => "FORMERR".to_owned(),
            rcode::SERVER_FAILURE => "SERVFAIL".to_owned(),
            rcode::NO_SUCH_NAME => "NXDOMAIN".to_owned(),
            4 => "NOTIMP".to_owned(),
            5 => "REFUSED".to_owned(),
            other => format!("RCODE {other}"),
        }
    }
}

/// RFC 8914 §2: a number and UTF-8 text. What is malformed is left out: it is only words.
fn extended_errors(options: &[u8]) -> Vec<(u16, String)> {
    let mut reader = Reader::new(options);
    let mut found = Vec::new();
    while let Ok((code, data)) = option(&mut reader) {
        if let (EXTENDED_ERROR, [high, low, text @ ..]) = (code, data)
            && found.len() < MOST_ERRORS
        {
            let text = text.strip_suffix(&[0]).unwrap_or(text);
            found.push((u16::from_be_bytes([*high, *low]), quote(text)));
        }
    }
    found
}

fn option<'a>(reader: &mut Reader<'a>) -> Result<(u16, &'a [u8]), DnsError> {
    let (code, length) = (reader.u16()?, reader.u16()?);
    Ok((code, reader.take(usize::from(length))?))
}
