//! SMTP and message submission: RFC 3207, RFC 5321, RFC 6409.
//!
//! ```text
//! S: 220 mail.bob.test ESMTP        RFC 5321 §3.1; 4xx and 5xx are refusals
//! C: EHLO localhost
//! S: 250-mail.bob.test              the first line is the domain, never a keyword (§4.1.1.1)
//! S: 250 STARTTLS
//! C: STARTTLS                       last in a group, never pipelined (RFC 3207 §4)
//! S: 220 go ahead                   454 and 4xx: not now; 5xx: no; anything else: not SMTP
//! ```
//!
//! After TLS the protocol is as after the banner, and no new banner comes (RFC 3207 §4.2).

use crate::line::Input;
use crate::report::Code;

use super::reply::{Reply, ReplyReader};
use super::{Move, Negotiator, Refusal};

/// What is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Greeting,
    Capabilities,
    GoAhead,
}

/// The words of SMTP.
#[derive(Debug)]
pub struct Smtp {
    state: State,
    reader: ReplyReader,
    hello: Vec<u8>,
}

impl Smtp {
    /// `verb` is EHLO, or LMTP's LHLO (RFC 2033 §4.1); `name` is what it says, checked when the
    /// option was set.
    pub fn new(verb: &str, name: &str) -> Smtp {
        let hello = format!("{verb} {name}\r\n").into_bytes();
        Smtp { state: State::Greeting, reader: ReplyReader::default(), hello }
    }

    fn greeted(&mut self, reply: &Reply) -> Result<Move, Refusal> {
        let (code, words) = match reply.code {
            220 => {
                self.state = State::Capabilities;
                return Ok(Move::Say(self.hello.clone()));
            }
            400..=499 => (
                Code::StarttlsGreetingRejectedTemporarily,
                "the server greets with a temporary refusal",
            ),
            500..=599 => (Code::StarttlsGreetingRejected, "the server greets with a refusal"),
            _ => (Code::StarttlsProtocol, "the server's greeting is not that of SMTP"),
        };
        Err(Refusal::quoting(code, words, &reply.quotable()))
    }

    fn offered(&mut self, reply: &Reply) -> Result<Move, Refusal> {
        let (code, words) = match reply.code {
            250 if offers_starttls(reply) => {
                self.state = State::GoAhead;
                return Ok(Move::Say(b"STARTTLS\r\n".to_vec()));
            }
            // A server that knows no EHLO knows no extension; HELO would only lead on in clear.
            250 | 500..=599 => (Code::StarttlsNotOffered, "the server does not offer STARTTLS"),
            421 => (Code::StarttlsServerBye, "the server closes the service after EHLO"),
            400..=499 => (Code::StarttlsRefusedTemporarily, "the server does not answer EHLO for now"),
            _ => (Code::StarttlsProtocol, "the server's answer to EHLO is not that of SMTP"),
        };
        Err(Refusal::quoting(code, words, &reply.quotable()))
    }

    fn answered(&mut self, reply: &Reply) -> Result<Move, Refusal> {
        let (code, words) = match reply.code {
            220 => return Ok(Move::GoAhead),
            400..=499 => (Code::StarttlsRefusedTemporarily, "the server refused STARTTLS for now"),
            500..=599 => (Code::StarttlsRefused, "the server refused STARTTLS"),
            _ => (Code::StarttlsProtocol, "the server's answer to STARTTLS is not that of SMTP"),
        };
        Err(Refusal::quoting(code, words, &reply.quotable()))
    }
}

impl Negotiator for Smtp {
    fn step(&mut self, input: &mut Input) -> Result<Move, Refusal> {
        let Some(reply) = self.reader.read(input)? else {
            return Ok(Move::Wait);
        };
        match self.state {
            State::Greeting => self.greeted(&reply),
            State::Capabilities => self.offered(&reply),
            State::GoAhead => self.answered(&reply),
        }
    }

    fn farewell(&self) -> Vec<u8> {
        b"QUIT\r\n".to_vec()
    }
}

/// RFC 5321 §4.1.1.1: keywords stand from the second line on, each the first word of its line.
fn offers_starttls(reply: &Reply) -> bool {
    reply.lines.iter().skip(1).any(|line| {
        let keyword = line.split(|&byte| byte == b' ').next().unwrap_or_default();
        keyword.eq_ignore_ascii_case(b"STARTTLS")
    })
}

#[cfg(test)]
mod tests {
    use super::super::transcript::play;
    use super::*;
    use crate::proto::Protocol;

    fn run(turns: &[&[u8]]) -> (Vec<Vec<u8>>, Option<Code>) {
        play(Protocol::Smtp, turns)
    }

    const GREETING: &[u8] = b"220 mx.example.test ESMTP\r\n";
    const OFFER: &[u8] = b"250-mx.example.test\r\n250 STARTTLS\r\n";

    #[test]
    fn an_honest_server_gets_ehlo_and_starttls_and_nothing_else() {
        let (said, end) = run(&[GREETING, OFFER, b"220 go\r\n"]);
        assert_eq!(said, [b"EHLO localhost\r\n".as_slice(), b"STARTTLS\r\n"]);
        assert_eq!(end, None);
    }

    #[test]
    fn every_attack_has_its_code() {
        use Code::*;
        let cases: &[(&str, &[&[u8]], Code)] = &[
            ("stripped", &[GREETING, b"250-mx\r\n250 SIZE\r\n"], StarttlsNotOffered),
            ("rewritten by a middlebox", &[GREETING, b"250-mx\r\n250 XXXXXXXA\r\n"], StarttlsNotOffered),
            ("first line is the domain", &[GREETING, b"250-STARTTLS\r\n250 SIZE\r\n"], StarttlsNotOffered),
            ("part of a word", &[GREETING, b"250-mx\r\n250 X-STARTTLS\r\n"], StarttlsNotOffered),
            ("no EHLO", &[GREETING, b"502 no\r\n"], StarttlsNotOffered),
            ("454", &[GREETING, OFFER, b"454 later\r\n"], StarttlsRefusedTemporarily),
            ("502", &[GREETING, OFFER, b"502 no\r\n"], StarttlsRefused),
            ("250 is no go-ahead", &[GREETING, OFFER, b"250 ok\r\n"], StarttlsProtocol),
            ("334 is no go-ahead", &[GREETING, OFFER, b"334 go\r\n"], StarttlsProtocol),
            ("injection", &[GREETING, OFFER, b"220 go\r\n250 evil\r\n"], StarttlsInjection),
            ("injection of one byte", &[GREETING, OFFER, b"220 go\r\nx"], StarttlsInjection),
            ("pipelined EHLO reply", &[b"220 hi\r\n250-mx\r\n250 STARTTLS\r\n"], StarttlsPipelined),
            ("pipelined go-ahead", &[GREETING, b"250-mx\r\n250 STARTTLS\r\n220 go\r\n"], StarttlsPipelined),
            ("554 greeting", &[b"554 no\r\n"], StarttlsGreetingRejected),
            ("421 greeting", &[b"421 busy\r\n"], StarttlsGreetingRejectedTemporarily),
            ("mixed codes", &[b"220-a\r\n221 b\r\n"], StarttlsProtocol),
            ("not SMTP", &[b"HTTP/1.1 400 Bad Request\r\n"], StarttlsProtocol),
        ];
        for (attack, turns, code) in cases {
            assert_eq!(run(turns).1, Some(*code), "{attack}");
        }
    }
}
