//! Responses of IMAP before TLS: RFC 9051 §9, as far as they can occur there.
//!
//! No literal can occur in any response that is needed, so a line that announces one is an error and
//! nothing is ever allocated on the server's word. Data of a mailbox is told apart, for the negotiator
//! to refuse: nothing can have been asked of a mailbox yet.

use crate::report::Code;

use super::Refusal;

/// The word of a status response (RFC 9051 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Done, or said by the way.
    Ok,
    /// Refused.
    No,
    /// Not understood.
    Bad,
}

/// A line of the server (RFC 9051 §9, `response` and `greeting`).
#[derive(Debug, PartialEq, Eq)]
pub enum Response<'a> {
    /// `* OK`, `* NO`, `* BAD`.
    Untagged(Status),
    /// `* PREAUTH`.
    Preauth,
    /// `* BYE`, with its text.
    Bye(&'a [u8]),
    /// `* CAPABILITY`, with the words of the list.
    Capability(&'a [u8]),
    /// `*` and anything else.
    Data,
    /// A tag, a status, and its text.
    Tagged(&'a [u8], Status, &'a [u8]),
}

/// One line, by its first word: `*`, `+`, or a tag.
pub fn parse(line: &[u8]) -> Result<Response<'_>, Refusal> {
    let broken = |words: &str| Refusal::quoting(Code::StarttlsProtocol, words, line);
    let (first, rest) = split_word(line);
    let response = match first {
        b"*" => untagged(rest),
        b"+" => return Err(broken("the server asks for more of a command that was complete")),
        tag => tagged(tag, rest),
    };
    match response {
        None => Err(broken("the server sent a line that is no IMAP response")),
        Some(Response::Data) => Ok(Response::Data),
        Some(_) if announces_literal(line) => {
            Err(broken("the server announced a literal where none can be"))
        }
        Some(response) => Ok(response),
    }
}

fn untagged(rest: &[u8]) -> Option<Response<'_>> {
    let (word, text) = split_word(rest);
    match word.to_ascii_uppercase().as_slice() {
        b"" => None,
        b"PREAUTH" => Some(Response::Preauth),
        b"BYE" => Some(Response::Bye(text)),
        b"CAPABILITY" => Some(Response::Capability(text)),
        _ => Some(status(word).map_or(Response::Data, Response::Untagged)),
    }
}

fn tagged<'a>(tag: &'a [u8], rest: &'a [u8]) -> Option<Response<'a>> {
    let (word, text) = split_word(rest);
    Some(Response::Tagged(tag, status(word)?, text))
}

fn status(word: &[u8]) -> Option<Status> {
    match word.to_ascii_uppercase().as_slice() {
        b"OK" => Some(Status::Ok),
        b"NO" => Some(Status::No),
        b"BAD" => Some(Status::Bad),
        _ => None,
    }
}

/// What stands before the first blank, and what behind it.
fn split_word(text: &[u8]) -> (&[u8], &[u8]) {
    let mut parts = text.splitn(2, |&byte| byte == b' ');
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

/// RFC 9051 §9, `literal`: `{`, digits, perhaps `+`, `}` at the end of the line. The number is of no
/// interest.
fn announces_literal(line: &[u8]) -> bool {
    let inner = line.strip_suffix(b"}").unwrap_or_default();
    let Some(brace) = inner.iter().rposition(|&byte| byte == b'{') else {
        return false;
    };
    let size = inner.get(brace + 1..).unwrap_or_default();
    let digits = size.strip_suffix(b"+").unwrap_or(size);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}
