//! NATS: the client protocol as its documentation gives it ("Protocols, Client").
//!
//! ```text
//! S: INFO {"server_id":"...","tls_required":true,...}    one line, unasked
//!    ... TLS ...                                          nothing is asked, nothing granted
//! ```
//!
//! The line itself is the go-ahead, if its object says `tls_required`, or `tls_available` (TLS as
//! the client likes). The names of operations know no case; space or tab stands behind them. A server
//! that has no room left sends `-ERR '...'` in place of INFO.
//!
//! Everything in the object came in clear: addresses of other servers (`connect_urls`), the nonce for
//! a signature, the limits. Nothing of it is kept. The object is parsed as JSON: a key inside a string
//! or in an object within is no key of it, a key that comes twice is an error, and so is a value that
//! is neither true nor false.

use serde::Deserialize;

use crate::line::Input;
use crate::report::Code;

use super::{Move, Negotiator, Occasion, Refusal, Terms};

/// The words of NATS: there is but one, and it is the server's.
#[derive(Debug)]
pub struct Nats;

impl Nats {
    /// Neither terms nor occasion have a word in this protocol.
    pub fn new(_terms: &Terms, _occasion: &Occasion) -> Nats {
        Nats
    }
}

impl Negotiator for Nats {
    fn step(&mut self, input: &mut Input) -> Result<Move, Refusal> {
        let Some(line) = input.take_line()? else {
            return Ok(Move::Wait);
        };
        let (code, words) = match parse(&line) {
            Some(Greeting::Info(info)) if info.offers_tls() => return Ok(Move::GoAhead),
            Some(Greeting::Info(_)) => (Code::StarttlsNotOffered, "the server does not offer TLS"),
            Some(Greeting::Full) => (
                Code::StarttlsGreetingRejectedTemporarily,
                "the server has no room for another connection",
            ),
            Some(Greeting::Error) => {
                (Code::StarttlsGreetingRejected, "the server greets with an error")
            }
            None => (Code::StarttlsProtocol, "the server's greeting is not that of NATS"),
        };
        Err(Refusal::quoting(code, words, &line))
    }
}

/// What a server says first.
#[derive(Debug)]
enum Greeting {
    Info(Info),
    Full,
    Error,
}

/// The two members of INFO that count. Absent is false.
#[derive(Debug, Deserialize)]
struct Info {
    #[serde(default)]
    tls_required: bool,
    #[serde(default)]
    tls_available: bool,
}

impl Info {
    fn offers_tls(&self) -> bool {
        self.tls_required || self.tls_available
    }
}

fn parse(line: &[u8]) -> Option<Greeting> {
    let end = line.iter().position(|octet| b" \t".contains(octet))?;
    let (operation, argument) = line.split_at_checked(end)?;
    let argument = std::str::from_utf8(argument).ok()?.trim_matches([' ', '\t']);
    match operation.to_ascii_uppercase().as_slice() {
        b"INFO" => info(argument).map(Greeting::Info),
        b"-ERR" if argument.eq_ignore_ascii_case("'maximum connections exceeded'") => {
            Some(Greeting::Full)
        }
        b"-ERR" => Some(Greeting::Error),
        // No other operation comes first.
        _ => None,
    }
}

fn info(json: &str) -> Option<Info> {
    // serde would also read an array into a structure, member by member.
    json.starts_with('{').then(|| serde_json::from_str(json).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::super::Negotiation;
    use super::super::transcript::play;
    use super::*;
    use crate::limits::Limits;
    use crate::proto::Protocol;

    const SERVER: &[u8] =
        b"INFO {\"server_id\":\"NB\",\"server_name\":\"n1\",\"version\":\"2.10.7\",\
        \"proto\":1,\"go\":\"go1.21.5\",\"host\":\"0.0.0.0\",\"port\":4222,\"headers\":true,\
        \"max_payload\":1048576,\"tls_required\":true,\"client_id\":5,\"client_ip\":\"127.0.0.1\",\
        \"connect_urls\":[\"10.0.0.1:4222\"],\"nonce\":\"x\"} \r\n";

    fn end(greeting: &[u8]) -> Option<Code> {
        let (said, end) = play(Protocol::Nats, &[greeting]);
        assert!(said.is_empty(), "nothing is said in clear");
        end
    }

    #[test]
    fn honest_servers_get_no_word_in_clear() {
        for greeting in [
            SERVER,
            b"INFO {\"tls_available\":true}\r\n",
            b"info\t{\"tls_required\":false,\"tls_available\":true}\r\n",
            b"INFO {\"tls\\u005frequired\":true}\r\n",
        ] {
            assert_eq!(end(greeting), None, "{}", greeting.escape_ascii());
        }
    }

    #[test]
    fn every_attack_has_its_code() {
        use Code::*;
        let deep = [b"INFO {\"a\":".as_slice(), &[b'['; 1900], b"\r\n"].concat();
        let long = [b"INFO {\"a\":\"".as_slice(), &[b'x'; 9000]].concat();
        let cases: &[(&str, &[u8], Code)] = &[
            ("stripped", b"INFO {\"server_id\":\"x\"}\r\n", StarttlsNotOffered),
            (
                "both false",
                b"INFO {\"tls_required\":false,\"tls_available\":false}\r\n",
                StarttlsNotOffered,
            ),
            (
                "key in a string",
                b"INFO {\"a\":\"\\\"tls_required\\\":true\"}\r\n",
                StarttlsNotOffered,
            ),
            (
                "key in an inner object",
                b"INFO {\"a\":{\"tls_required\":true}}\r\n",
                StarttlsNotOffered,
            ),
            ("part of a key", b"INFO {\"xtls_required\":true}\r\n", StarttlsNotOffered),
            ("keys have case", b"INFO {\"TLS_REQUIRED\":true}\r\n", StarttlsNotOffered),
            (
                "key twice",
                b"INFO {\"tls_required\":false,\"tls_required\":true}\r\n",
                StarttlsProtocol,
            ),
            ("a string for a boolean", b"INFO {\"tls_required\":\"true\"}\r\n", StarttlsProtocol),
            ("a number for a boolean", b"INFO {\"tls_required\":1}\r\n", StarttlsProtocol),
            ("array", b"INFO [true,true]\r\n", StarttlsProtocol),
            ("two objects", b"INFO {\"tls_required\":true}{}\r\n", StarttlsProtocol),
            ("broken object", b"INFO {\"tls_required\":true\r\n", StarttlsProtocol),
            ("not UTF-8", b"INFO {\"a\":\"\xff\",\"tls_required\":true}\r\n", StarttlsProtocol),
            ("no argument", b"INFO\r\n", StarttlsProtocol),
            ("no space", b"INFO{\"tls_required\":true}\r\n", StarttlsProtocol),
            ("longer word", b"INFOS {\"tls_required\":true}\r\n", StarttlsProtocol),
            ("PING first", b"PING\r\n", StarttlsProtocol),
            ("not NATS", b"220 hi\r\n", StarttlsProtocol),
            ("deep nesting", &deep, StarttlsProtocol),
            ("bare LF", b"INFO {\"tls_required\":true}\n", StarttlsProtocol),
            ("injection", b"INFO {\"tls_required\":true}\r\nPING\r\n", StarttlsInjection),
            ("injection of one byte", b"INFO {\"tls_required\":true}\r\n+", StarttlsInjection),
            (
                "full",
                b"-ERR 'maximum connections exceeded'\r\n",
                StarttlsGreetingRejectedTemporarily,
            ),
            ("error", b"-ERR 'Authorization Violation'\r\n", StarttlsGreetingRejected),
            ("long line", &long, StarttlsLineTooLong),
            ("TLS at once", b"\x16\x03\x03\x00\x10", StarttlsTlsOnPlainPort),
        ];
        for (attack, greeting, code) in cases {
            assert_eq!(end(greeting), Some(*code), "{attack}");
        }
    }

    #[test]
    fn truncations_and_garbage_never_panic() {
        for end in 0..=SERVER.len() {
            survive(&SERVER[..end]);
            for byte in *b"\0\r\n\"\\{[ \xff" {
                let mut mutant = SERVER.to_vec();
                mutant.insert(end, byte);
                survive(&mutant);
            }
        }
    }

    fn survive(bytes: &[u8]) {
        let terms = Terms { ehlo_name: "localhost".into(), limits: Limits::DEFAULT, line: None };
        let occasion = Occasion { domain: "example.test".into(), nonce: [7; 32] };
        let mut negotiation = Negotiation::begin(Protocol::Nats, &terms, &occasion).unwrap();
        negotiation.feed(bytes);
        let _ = negotiation.step();
    }
}
