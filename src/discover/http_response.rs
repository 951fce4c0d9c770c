//! One HTTP/1.1 answer (RFC 9112), whole, within a limit: just enough to fetch a policy.
//!
//! The head is parsed by httparse; here stand the rules for the body: `Transfer-Encoding: chunked`,
//! `Content-Length`, or up to the end of the connection, which must then be a proper one, or the
//! body may be cut off.

use httparse::{EMPTY_HEADER, Header, Status, parse_chunk_size};

/// Header fields of an answer; more is no policy host.
const MOST_FIELDS: usize = 64;
/// Octets of the head.
const HEAD_OCTETS: usize = 16 * 1024;

/// Why an answer is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpFault {
    /// It is not HTTP/1.x.
    Malformed,
    /// Head or body exceeds the limit.
    TooLarge,
    /// It ended before it was whole.
    Truncated,
    /// Two lengths that contradict each other, or an encoding that is not known.
    Framing,
}

/// How the connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// More may come.
    Open,
    /// The peer ended it properly (close_notify).
    Ended,
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Such as 200.
    pub status: u16,
    /// The media type without parameters, in lower case; empty where there is none.
    pub media_type: String,
    /// The body.
    pub body: Vec<u8>,
}

/// How the body ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Framing {
    Length(usize),
    Chunked,
    UntilClose,
}

impl Response {
    /// The answer in what has come so far; `None` while it is not whole.
    pub fn parse(
        octets: &[u8],
        stream: Stream,
        most: usize,
    ) -> Result<Option<Response>, HttpFault> {
        let mut fields = [EMPTY_HEADER; MOST_FIELDS];
        let mut head = httparse::Response::new(&mut fields);
        let length = match head.parse(octets) {
            Ok(Status::Complete(length)) => length,
            Ok(Status::Partial) if octets.len() > HEAD_OCTETS => return Err(HttpFault::TooLarge),
            Ok(Status::Partial) => return unfinished(stream),
            Err(_) => return Err(HttpFault::Malformed),
        };
        let framing = framing(head.headers)?;
        let rest = &octets[length..];
        // Chunks bring sizes with them; twice the body is more than they can need for a policy.
        if rest.len() > most.saturating_mul(2) {
            return Err(HttpFault::TooLarge);
        }
        let Some(body) = body(rest, framing, stream)? else { return unfinished(stream) };
        if body.len() > most {
            return Err(HttpFault::TooLarge);
        }
        Ok(Some(Response {
            status: head.code.unwrap_or(0),
            media_type: media_type(head.headers),
            body,
        }))
    }
}

fn unfinished(stream: Stream) -> Result<Option<Response>, HttpFault> {
    match stream {
        Stream::Open => Ok(None),
        Stream::Ended => Err(HttpFault::Truncated),
    }
}

fn value<'a>(fields: &[Header<'a>], name: &str) -> impl Iterator<Item = &'a [u8]> {
    let named = |field: &&Header<'a>| field.name.eq_ignore_ascii_case(name);
    fields
        .iter()
        .filter(named)
        .map(|field| field.value.trim_ascii())
        .collect::<Vec<_>>()
        .into_iter()
}

/// RFC 9112 §6.3: a chunked body that also has a length is how requests are smuggled.
fn framing(fields: &[Header]) -> Result<Framing, HttpFault> {
    let codings: Vec<&[u8]> = value(fields, "transfer-encoding").collect();
    let lengths: Vec<&[u8]> = value(fields, "content-length").collect();
    match (codings.as_slice(), lengths.as_slice()) {
        ([], []) => Ok(Framing::UntilClose),
        ([], [first, others @ ..]) if others.iter().all(|other| other == first) => {
            let digits = std::str::from_utf8(first).map_err(|_| HttpFault::Framing)?;
            let good = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
            let length = good.then(|| digits.parse::<usize>().ok()).flatten();
            length.map(Framing::Length).ok_or(HttpFault::Framing)
        }
        ([only], []) if only.eq_ignore_ascii_case(b"chunked") => Ok(Framing::Chunked),
        _ => Err(HttpFault::Framing),
    }
}

fn body(rest: &[u8], framing: Framing, stream: Stream) -> Result<Option<Vec<u8>>, HttpFault> {
    match framing {
        Framing::Length(length) => Ok(rest.get(..length).map(<[u8]>::to_vec)),
        Framing::Chunked => chunks(rest),
        Framing::UntilClose if stream == Stream::Ended => Ok(Some(rest.to_vec())),
        Framing::UntilClose => Ok(None),
    }
}

fn chunks(mut rest: &[u8]) -> Result<Option<Vec<u8>>, HttpFault> {
    let mut body = Vec::new();
    loop {
        let (line, size) = match parse_chunk_size(rest) {
            Ok(Status::Complete(found)) => found,
            Ok(Status::Partial) => return Ok(None),
            Err(_) => return Err(HttpFault::Malformed),
        };
        if size == 0 {
            return Ok(Some(body));
        }
        let size = usize::try_from(size).map_err(|_| HttpFault::TooLarge)?;
        let end = line.checked_add(size).ok_or(HttpFault::TooLarge)?;
        let Some(chunk) = rest.get(line..end) else { return Ok(None) };
        body.extend_from_slice(chunk);
        rest = match rest.get(end..end.saturating_add(2)) {
            None => return Ok(None),
            Some(b"\r\n") => &rest[end + 2..],
            Some(_) => return Err(HttpFault::Malformed),
        };
    }
}

fn media_type(fields: &[Header]) -> String {
    let first = value(fields, "content-type").next().unwrap_or_default();
    let whole = String::from_utf8_lossy(first).to_ascii_lowercase();
    whole.split(';').next().unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, stream: Stream) -> Result<Option<Response>, HttpFault> {
        Response::parse(text.as_bytes(), stream, 64)
    }

    fn body_of(text: &str, stream: Stream) -> String {
        let response = parse(text, stream).unwrap().expect("a whole answer");
        assert_eq!(response.status, 200);
        String::from_utf8(response.body).unwrap()
    }

    const LENGTH: &str = "HTTP/1.1 200 OK\r\nContent-Type: Text/Plain; charset=utf-8\r\nContent-Length: 5\r\n\r\nhello";
    const CHUNKED: &str =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n";
    const CLOSED: &str = "HTTP/1.0 200 OK\r\n\r\nhello";

    #[test]
    fn three_ways_to_end() {
        assert_eq!(body_of(LENGTH, Stream::Open), "hello");
        assert_eq!(body_of(CHUNKED, Stream::Open), "hello");
        assert_eq!(body_of(CLOSED, Stream::Ended), "hello");
        assert_eq!(parse(CLOSED, Stream::Open), Ok(None));
        assert_eq!(parse(LENGTH, Stream::Open).unwrap().unwrap().media_type, "text/plain");
    }

    #[test]
    fn what_is_cut_off_is_never_whole() {
        for whole in [LENGTH, &CHUNKED[..CHUNKED.len() - 2]] {
            for cut in 0..whole.len() - 2 {
                let part = &whole[..cut];
                assert_eq!(parse(part, Stream::Open), Ok(None), "{part:?}");
                assert_eq!(parse(part, Stream::Ended), Err(HttpFault::Truncated), "{part:?}");
            }
        }
    }

    #[test]
    fn hostile_framing() {
        let answer =
            |fields: &str, body: &str| format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n{body}");
        for (text, fault) in [
            (answer("Content-Length: 5\r\nContent-Length: 6", "hello"), HttpFault::Framing),
            (
                answer("Content-Length: 5\r\nTransfer-Encoding: chunked", "hello"),
                HttpFault::Framing,
            ),
            (answer("Transfer-Encoding: gzip, chunked", "hello"), HttpFault::Framing),
            (answer("Content-Length: +5", "hello"), HttpFault::Framing),
            (answer("Content-Length: -1", "hello"), HttpFault::Framing),
            (answer("Content-Length: 200", &"x".repeat(200)), HttpFault::TooLarge),
            (answer("X: y", &"x".repeat(200)), HttpFault::TooLarge),
            (answer("Transfer-Encoding: chunked", "zz\r\n"), HttpFault::Malformed),
            (answer("Transfer-Encoding: chunked", "1\r\nabc\r\n"), HttpFault::Malformed),
            (answer("Transfer-Encoding: chunked", "ffffffffffffffffff\r\n"), HttpFault::Malformed),
            (
                answer(&format!("X: {}", "y".repeat(20_000)), "")[..20_000].to_owned(),
                HttpFault::TooLarge,
            ),
            ("220 smtp\r\n".to_owned(), HttpFault::Malformed),
        ] {
            assert_eq!(parse(&text, Stream::Open), Err(fault), "{text:.60}");
        }
    }
}
