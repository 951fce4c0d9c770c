//! NNTP: RFC 3977, RFC 4642.
//!
//! ```text
//! S: 200 news.bob.test ready        201: no posting; 400: not now; 502: no (RFC 3977 §5.1.1)
//! C: CAPABILITIES                   RFC 3977 §5.2; older servers say 500
//! S: 101 Capability list:
//! S: VERSION 2
//! S: STARTTLS
//! S: .
//! C: STARTTLS                       never pipelined (RFC 4642 §2.2.1)
//! S: 382 Continue with TLS          580, 502: no; anything that is no refusal: not NNTP
//! ```
//!
//! A reply is one line: three digits, the first 1 to 5, then a blank and text or nothing (RFC 3977
//! §3.1, §3.2). Only 101 is followed by a list.
//!
//! Q: Which refusals are temporary? A: The first digit does not say it, unlike SMTP's. 400 is a
//! service that closes for now, 403 an internal fault (RFC 3977 §3.2.1).
//!
//! Q: What if CAPABILITIES is refused? A: The server may be older than RFC 3977, or want a login or
//! TLS first (480, 483); it is asked for STARTTLS once. One that answers 400 closes the connection.
//!
//! After TLS the protocol is as after the greeting, and no new greeting comes (RFC 4642 §2.2.2).

use crate::line::Input;
use crate::report::Code;

use super::dot_list::{DotList, Offer};
use super::{Move, Negotiator, Occasion, Refusal, Terms};

/// What is awaited.
#[derive(Debug)]
enum State {
    Reply(Question),
    List(DotList),
}

/// What a reply is the answer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Greeting,
    Capabilities,
    GoAhead,
}

/// The words of NNTP.
#[derive(Debug)]
pub struct Nntp {
    state: State,
}

impl Nntp {
    /// A conversation that has not begun.
    pub fn new(_terms: &Terms, _occasion: &Occasion) -> Nntp {
        Nntp { state: State::Reply(Question::Greeting) }
    }

    fn greeted(&mut self, reply: u16, line: &[u8]) -> Result<Move, Refusal> {
        let (code, words) = match reply {
            200 | 201 => {
                self.state = State::Reply(Question::Capabilities);
                return Ok(Move::Say(b"CAPABILITIES\r\n".to_vec()));
            }
            400 => (
                Code::StarttlsGreetingRejectedTemporarily,
                "the server greets with a temporary refusal",
            ),
            401..=599 => (Code::StarttlsGreetingRejected, "the server greets with a refusal"),
            _ => (Code::StarttlsProtocol, "the server's greeting is not that of NNTP"),
        };
        Err(Refusal::quoting(code, words, line))
    }

    fn capabilities(
        &mut self,
        reply: u16,
        line: &[u8],
        input: &mut Input,
    ) -> Result<Move, Refusal> {
        let (code, words) = match reply {
            101 => {
                self.state = State::List(DotList::seeking("STARTTLS"));
                return self.step(input);
            }
            400 => (Code::StarttlsServerBye, "the server closes the service after CAPABILITIES"),
            401..=599 => return Ok(self.ask()),
            _ => {
                let words = "the server's answer to CAPABILITIES is not that of NNTP";
                (Code::StarttlsProtocol, words)
            }
        };
        Err(Refusal::quoting(code, words, line))
    }

    fn offered(&mut self, offer: Offer) -> Result<Move, Refusal> {
        match offer {
            Offer::Present => Ok(self.ask()),
            Offer::Absent => {
                Err(Refusal::new(Code::StarttlsNotOffered, "the server does not offer STARTTLS"))
            }
        }
    }

    fn ask(&mut self) -> Move {
        self.state = State::Reply(Question::GoAhead);
        Move::Say(b"STARTTLS\r\n".to_vec())
    }
}

impl Negotiator for Nntp {
    fn step(&mut self, input: &mut Input) -> Result<Move, Refusal> {
        let question = match &mut self.state {
            State::Reply(question) => *question,
            State::List(list) => {
                let offer = list.read(input)?;
                return offer.map_or(Ok(Move::Wait), |offer| self.offered(offer));
            }
        };
        let Some(line) = input.take_line()? else {
            return Ok(Move::Wait);
        };
        let reply = parse(&line)?;
        match question {
            Question::Greeting => self.greeted(reply, &line),
            Question::Capabilities => self.capabilities(reply, &line, input),
            Question::GoAhead => answered(reply, &line),
        }
    }

    fn farewell(&self) -> Vec<u8> {
        b"QUIT\r\n".to_vec()
    }
}

/// RFC 4642 §2.2.1 forbids 480 and 483 here; a server that sends them refuses all the same.
fn answered(reply: u16, line: &[u8]) -> Result<Move, Refusal> {
    let (code, words) = match reply {
        382 => return Ok(Move::GoAhead),
        400 | 403 => (Code::StarttlsRefusedTemporarily, "the server refused STARTTLS for now"),
        401 | 402 | 404..=599 => (Code::StarttlsRefused, "the server refused STARTTLS"),
        _ => (Code::StarttlsProtocol, "the server's answer to STARTTLS is not that of NNTP"),
    };
    Err(Refusal::quoting(code, words, line))
}

/// The number of a reply.
fn parse(line: &[u8]) -> Result<u16, Refusal> {
    let digit = |byte: u8| u16::from(byte - b'0');
    match line {
        [first @ b'1'..=b'5', second @ b'0'..=b'9', third @ b'0'..=b'9']
        | [first @ b'1'..=b'5', second @ b'0'..=b'9', third @ b'0'..=b'9', b' ', ..] => {
            Ok(digit(*first) * 100 + digit(*second) * 10 + digit(*third))
        }
        _ => {
            let words = "the server sent a line that is no NNTP reply";
            Err(Refusal::quoting(Code::StarttlsProtocol, words, line))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::transcript::play;
    use super::*;
    use crate::proto::Protocol;

    /// INN's words.
    const GREETING: &[u8] =
        b"200 news.example.test InterNetNews NNRP server INN 2.7.1 ready (posting ok)\r\n";
    const OFFER: &[u8] =
        b"101 Capability list:\r\nVERSION 2\r\nREADER\r\nSTARTTLS\r\nLIST ACTIVE NEWSGROUPS\r\n.\r\n";
    /// Ends any transcript that has not ended yet.
    const FLOOD: &[u8] = &[b'x'; 70_000];

    fn run(turns: &[&[u8]]) -> (Vec<Vec<u8>>, Option<Code>) {
        play(Protocol::Nntp, turns)
    }

    #[test]
    fn an_honest_server_gets_capabilities_and_starttls_and_nothing_else() {
        for (greeting, grant) in [
            (GREETING, b"382 Begin TLS negotiation now\r\n".as_slice()),
            (b"201 no posting\r\n", b"382\r\n"),
        ] {
            let (said, end) = run(&[greeting, OFFER, grant]);
            assert_eq!(said, [b"CAPABILITIES\r\n".as_slice(), b"STARTTLS\r\n"]);
            assert_eq!(end, None);
        }
    }

    #[test]
    fn a_server_without_capabilities_is_asked_once() {
        for refusal in ["500 What?", "480 Authentication required", "483 TLS first", "502 no"] {
            let refusal = format!("{refusal}\r\n");
            let (said, end) = run(&[GREETING, refusal.as_bytes(), b"382 go\r\n"]);
            assert_eq!(said, [b"CAPABILITIES\r\n".as_slice(), b"STARTTLS\r\n"]);
            assert_eq!(end, None);
        }
    }

    #[test]
    fn every_attack_has_its_code() {
        use Code::*;
        let cases: &[(&str, &[&[u8]], Code)] = &[
            (
                "A016 stripped",
                &[b"200 hi\r\n", b"101 l\r\nVERSION 2\r\nREADER\r\n.\r\n"],
                StarttlsNotOffered,
            ),
            ("A053 381", &[GREETING, OFFER, b"381 more\r\n"], StarttlsProtocol),
            (
                "A073 injection",
                &[GREETING, OFFER, b"382 go\r\n101 caps\r\n.\r\n"],
                StarttlsInjection,
            ),
            (
                "A118 rejected for now",
                &[b"400 unavailable\r\n"],
                StarttlsGreetingRejectedTemporarily,
            ),
            (
                "A164 second word",
                &[GREETING, b"101 l\r\nVERSION 2\r\nX STARTTLS\r\n.\r\n"],
                StarttlsNotOffered,
            ),
            ("rejected", &[b"502 no\r\n"], StarttlsGreetingRejected),
            ("another rejection", &[b"480 log in\r\n"], StarttlsGreetingRejected),
            ("injection of one byte", &[GREETING, OFFER, b"382 go\r\nx"], StarttlsInjection),
            ("pipelined list", &[b"200 hi\r\n101 l\r\nSTARTTLS\r\n.\r\n"], StarttlsPipelined),
            (
                "pipelined go-ahead",
                &[GREETING, b"101 l\r\nSTARTTLS\r\n.\r\n382 go\r\n"],
                StarttlsPipelined,
            ),
            ("pipelined behind 500", &[GREETING, b"500 what\r\n382 go\r\n"], StarttlsPipelined),
            ("580", &[GREETING, OFFER, b"580 cannot\r\n"], StarttlsRefused),
            ("502", &[GREETING, OFFER, b"502 no\r\n"], StarttlsRefused),
            ("501", &[GREETING, OFFER, b"501 Syntax is: STARTTLS\r\n"], StarttlsRefused),
            ("483", &[GREETING, OFFER, b"483 no\r\n"], StarttlsRefused),
            ("400", &[GREETING, OFFER, b"400 later\r\n"], StarttlsRefusedTemporarily),
            ("403", &[GREETING, OFFER, b"403 fault\r\n"], StarttlsRefusedTemporarily),
            ("400 after CAPABILITIES", &[GREETING, b"400 bye\r\n"], StarttlsServerBye),
            ("200 after CAPABILITIES", &[GREETING, b"200 hi\r\n"], StarttlsProtocol),
            ("220 is no go-ahead", &[GREETING, OFFER, b"220 go\r\n"], StarttlsProtocol),
            ("281 is no go-ahead", &[GREETING, OFFER, b"281 go\r\n"], StarttlsProtocol),
            ("382 with a dash", &[GREETING, OFFER, b"382-go\r\n"], StarttlsProtocol),
            ("3820", &[GREETING, OFFER, b"3820 go\r\n"], StarttlsProtocol),
            ("a blank first", &[GREETING, OFFER, b" 382 go\r\n"], StarttlsProtocol),
            ("a sign", &[GREETING, OFFER, b"+382 go\r\n"], StarttlsProtocol),
            ("SMTP greeting", &[b"220 mx.example.test ESMTP\r\n"], StarttlsProtocol),
            (
                "endless list",
                &[GREETING, &[b"101 l\r\n", b"X\r\n".repeat(20_000).as_slice()].concat()],
                StarttlsTooMuchData,
            ),
            ("TLS at once", &[b"\x15\x03\x03\x00\x02"], StarttlsTlsOnPlainPort),
            ("no line end", &[FLOOD], StarttlsLineTooLong),
        ];
        for (attack, turns, code) in cases {
            assert_eq!(run(turns).1, Some(*code), "{attack}");
        }
    }

    #[test]
    fn truncations_and_mutations_never_lead_to_tls_or_panic() {
        let good: [&[u8]; 3] = [GREETING, OFFER, b"382 go\r\n"];
        for (turn, bytes) in good.iter().enumerate() {
            for at in 0..bytes.len() {
                let cut = [&good[..turn], &[&bytes[..at], FLOOD]].concat();
                assert_ne!(run(&cut).1, None, "turn {turn} cut at {at}");
                for byte in [0, b'\n', b'\r', b' ', b'.', b'5', 0xff] {
                    let mut mutant = bytes.to_vec();
                    mutant[at] = byte;
                    run(&[&good[..turn], &[&mutant], &good[turn + 1..], &[FLOOD]].concat());
                }
            }
        }
    }
}
