//! ManageSieve: RFC 5804.
//!
//! ```text
//! S: "IMPLEMENTATION" "Dovecot Pigeonhole"   unasked (§1.7): a name, perhaps a value, per line
//! S: "SASL" ""
//! S: "STARTTLS"                              a name without a value
//! S: OK "Dovecot ready."                     NO, BYE: no service
//! C: STARTTLS                                last in a group, never pipelined (§2)
//! S: OK "Begin TLS negotiation now."         NO: no; BYE: closes; (TRYLATER): not now (§1.3)
//! ```
//!
//! A string is quoted, with at most 1024 octets between the quotes, or a literal: `{n}`, CRLF, n
//! octets (§4). What stands in a string is never a line: a literal may hold the text of a capability,
//! a value the word STARTTLS. The length of a literal is checked before its octets are waited for.
//!
//! Names and the words OK, NO, BYE know no case (§1.7, §4). Unknown response codes are tolerated
//! (§4); REFERRAL leads to a server that nobody has vouched for and is not followed.
//!
//! Inside TLS the server speaks first: it sends its capabilities again, unasked (§2.2).

use crate::line::Input;
use crate::report::Code;

use super::sieve_line::{Answer, Line, Reader, Response};
use super::{Move, Negotiator, Occasion, Refusal, Terms};

/// What is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Capabilities,
    GoAhead,
}

/// The words of ManageSieve.
#[derive(Debug)]
pub struct Sieve {
    state: State,
    reader: Reader,
    offered: bool,
}

impl Sieve {
    /// Neither terms nor occasion have a word in this protocol.
    pub fn new(_terms: &Terms, _occasion: &Occasion) -> Sieve {
        Sieve { state: State::Capabilities, reader: Reader::default(), offered: false }
    }

    fn greeted(&mut self, response: &Response) -> Result<Move, Refusal> {
        let (code, words) = match response.answer {
            Answer::Ok if self.offered => {
                self.state = State::GoAhead;
                return Ok(Move::Say(b"STARTTLS\r\n".to_vec()));
            }
            Answer::Ok => (Code::StarttlsNotOffered, "the server does not offer STARTTLS"),
            Answer::No | Answer::Bye if response.has_code(b"TRYLATER") => (
                Code::StarttlsGreetingRejectedTemporarily,
                "the server greets with a temporary refusal",
            ),
            Answer::No | Answer::Bye if response.has_code(b"REFERRAL") => (
                Code::StarttlsGreetingRejected,
                "the server refers to another one, which is not followed",
            ),
            Answer::No | Answer::Bye => {
                (Code::StarttlsGreetingRejected, "the server greets with a refusal")
            }
        };
        Err(Refusal::quoting(code, words, &response.quotable()))
    }
}

impl Negotiator for Sieve {
    fn step(&mut self, input: &mut Input) -> Result<Move, Refusal> {
        while let Some(line) = self.reader.read(input)? {
            match (self.state, line) {
                (State::Capabilities, Line::Name(name)) => {
                    self.offered |= name.eq_ignore_ascii_case(b"STARTTLS");
                }
                (State::Capabilities, Line::Pair) => {}
                (State::Capabilities, Line::Response(response)) => return self.greeted(&response),
                (State::GoAhead, Line::Response(response)) => return answered(&response),
                (State::GoAhead, Line::Name(_) | Line::Pair) => {
                    let words = "the server sent a capability in place of its answer to STARTTLS";
                    return Err(Refusal::new(Code::StarttlsProtocol, words));
                }
            }
        }
        Ok(Move::Wait)
    }

    fn farewell(&self) -> Vec<u8> {
        b"LOGOUT\r\n".to_vec()
    }
}

fn answered(response: &Response) -> Result<Move, Refusal> {
    let (code, words) = match response.answer {
        Answer::Ok => return Ok(Move::GoAhead),
        Answer::No | Answer::Bye if response.has_code(b"TRYLATER") => {
            (Code::StarttlsRefusedTemporarily, "the server refused STARTTLS for now")
        }
        Answer::No => (Code::StarttlsRefused, "the server refused STARTTLS"),
        Answer::Bye => (Code::StarttlsServerBye, "the server closes the connection after STARTTLS"),
    };
    Err(Refusal::quoting(code, words, &response.quotable()))
}

#[cfg(test)]
mod tests {
    use super::super::Negotiation;
    use super::super::transcript::play;
    use super::*;
    use crate::limits::Limits;
    use crate::proto::Protocol;

    const OFFER: &[u8] = b"\"IMPLEMENTATION\" \"x\"\r\n\"SASL\" \"\"\r\n\"STARTTLS\"\r\nOK\r\n";

    fn run(turns: &[&[u8]]) -> (Vec<Vec<u8>>, Option<Code>) {
        play(Protocol::Sieve, turns)
    }

    #[test]
    fn honest_servers_get_starttls_and_nothing_else() {
        let dovecot: &[u8] = b"\"IMPLEMENTATION\" \"Dovecot (Debian) Pigeonhole\"\r\n\
            \"SIEVE\" \"fileinto reject envelope\"\r\n\"NOTIFY\" \"mailto\"\r\n\"SASL\" \"\"\r\n\
            \"STARTTLS\"\r\n\"VERSION\" \"1.0\"\r\nOK \"Dovecot (Debian) ready.\"\r\n";
        let rfc: &[u8] =
            b"\"IMPlemENTATION\" \"Example1 ManageSieved v001\"\r\n\"StaRTTLS\"\r\nOK\r\n";
        let literals: &[u8] =
            b"{14}\r\nIMPLEMENTATION {5}\r\nx\n\"\0y\r\n{8}\r\nstarttls\r\nok {0}\r\n\r\n";
        for greeting in [dovecot, rfc, literals, OFFER] {
            for go in [
                b"OK \"Begin TLS negotiation now.\"\r\n".as_slice(),
                b"OK\r\n",
                b"OK (X/Y a (\"b)\" 1)) {2}\r\nhi\r\n",
            ] {
                let (said, end) = run(&[greeting, go]);
                assert_eq!(said, [b"STARTTLS\r\n"]);
                assert_eq!(end, None);
            }
        }
    }

    #[test]
    fn every_attack_has_its_code() {
        use Code::*;
        let long = [b"\"".as_slice(), &[b'x'; 2000], b"\"\r\n"].concat();
        let over = [b"\"".as_slice(), &[b'x'; 1025], b"\"\r\n"].concat();
        let just = [b"\"".as_slice(), &[b'x'; 1024], b"\"\r\nOK\r\n"].concat();
        let cases: &[(&str, &[&[u8]], Code)] = &[
            (
                "A011 stripped",
                &[b"\"IMPLEMENTATION\" \"x\"\r\n\"SASL\" \"PLAIN\"\r\nOK\r\n"],
                StarttlsNotOffered,
            ),
            ("A044 TRYLATER", &[OFFER, b"NO (TRYLATER) \"x\"\r\n"], StarttlsRefusedTemporarily),
            ("A046 OKAY", &[OFFER, b"OKAY\r\n"], StarttlsProtocol),
            ("A071 injection", &[OFFER, b"OK\r\n\"SASL\" \"PLAIN\"\r\nOK\r\n"], StarttlsInjection),
            (
                "A143 literal beyond the limit",
                &[b"\"IMPLEMENTATION\" {999999999}\r\n"],
                StarttlsTooMuchData,
            ),
            (
                "A144 capability inside a literal",
                &[b"\"IMPLEMENTATION\" {10}\r\n\"STARTTLS\"\r\n\"SASL\" \"PLAIN\"\r\nOK\r\n"],
                StarttlsNotOffered,
            ),
            (
                "A145 STARTTLS as a value",
                &[b"\"a\\\"b\" \"STARTTLS\"\r\nOK\r\n"],
                StarttlsNotOffered,
            ),
            ("A146 quoted string of 2000", &[&long], StarttlsLineTooLong),
            ("quoted string of 1025", &[&over], StarttlsLineTooLong),
            ("quoted string of 1024", &[&just], StarttlsNotOffered),
            ("STARTTLS with a value", &[b"\"STARTTLS\" \"x\"\r\nOK\r\n"], StarttlsNotOffered),
            ("part of a word", &[b"\"X-STARTTLS\"\r\nOK\r\n"], StarttlsNotOffered),
            ("STARTTLS as an atom", &[b"STARTTLS\r\nOK\r\n"], StarttlsProtocol),
            ("no", &[OFFER, b"NO \"TLS is off\"\r\n"], StarttlsRefused),
            ("TRYLATER in the text only", &[OFFER, b"NO \"(TRYLATER)\"\r\n"], StarttlsRefused),
            ("bye", &[OFFER, b"BYE\r\n"], StarttlsServerBye),
            ("bye for now", &[OFFER, b"BYE (TRYLATER)\r\n"], StarttlsRefusedTemporarily),
            (
                "referral after STARTTLS",
                &[OFFER, b"BYE (REFERRAL \"sieve://evil.test\")\r\n"],
                StarttlsServerBye,
            ),
            (
                "capability as the answer",
                &[OFFER, b"\"SASL\" \"PLAIN\"\r\nOK\r\n"],
                StarttlsProtocol,
            ),
            ("injection of one byte", &[OFFER, b"OK\r\nx"], StarttlsInjection),
            ("pipelined go-ahead", &[&[OFFER, b"OK\r\n"].concat()], StarttlsPipelined),
            (
                "referral at the greeting",
                &[b"BYE (REFERRAL sieve://evil.test/) \"x\"\r\n"],
                StarttlsGreetingRejected,
            ),
            ("no at the greeting", &[b"NO\r\n"], StarttlsGreetingRejected),
            (
                "busy at the greeting",
                &[b"BYE (trylater) \"x\"\r\n"],
                StarttlsGreetingRejectedTemporarily,
            ),
            ("literal of the client's form", &[b"\"A\" {3+}\r\nabc\r\nOK\r\n"], StarttlsProtocol),
            ("literal with a leading zero", &[b"\"A\" {03}\r\nabc\r\nOK\r\n"], StarttlsProtocol),
            ("literal of 33 bits", &[b"\"A\" {4294967296}\r\n"], StarttlsProtocol),
            ("literal with a sign", &[b"\"A\" {+3}\r\nabc\r\nOK\r\n"], StarttlsProtocol),
            ("literal without a length", &[b"\"A\" {}\r\n"], StarttlsProtocol),
            ("text behind a literal's head", &[b"\"A\" {3} \r\n"], StarttlsProtocol),
            ("unknown escape", &[b"\"a\\nb\"\r\n"], StarttlsProtocol),
            ("escape of nothing", &[b"\"a\\\r\n"], StarttlsProtocol),
            ("unterminated string", &[b"\"STARTTLS\r\nOK\r\n"], StarttlsProtocol),
            ("strings without a space", &[b"\"a\"\"b\"\r\n"], StarttlsProtocol),
            ("three strings", &[b"\"a\" \"b\" \"c\"\r\n"], StarttlsProtocol),
            ("code without an end", &[OFFER, b"OK (X\r\n"], StarttlsProtocol),
            ("code without a name", &[OFFER, b"OK ()\r\n"], StarttlsProtocol),
            ("text that is no string", &[OFFER, b"OK go ahead\r\n"], StarttlsProtocol),
            ("empty line", &[b"\r\n"], StarttlsProtocol),
            ("bare LF", &[b"OK\n"], StarttlsProtocol),
            ("IMAP", &[b"* OK ready\r\n"], StarttlsProtocol),
            ("TLS at once", &[b"\x16\x03\x03\x00\x10"], StarttlsTlsOnPlainPort),
            ("endless capabilities", &[&b"\"X\"\r\n".repeat(200)], StarttlsTooManyLines),
            (
                "many literals",
                &[&[b"\"A\" {30000}\r\n".as_slice(), &[b'x'; 30000], b"\r\n"].concat().repeat(3)],
                StarttlsTooMuchData,
            ),
        ];
        for (attack, turns, code) in cases {
            assert_eq!(run(turns).1, Some(*code), "{attack}");
        }
    }

    #[test]
    fn truncations_and_garbage_never_lead_to_tls_or_panic() {
        let good: &[u8] =
            b"\"A\\\\\" {3}\r\nxyz\r\n\"STARTTLS\"\r\nOK (W (\"a\" b)) \"hi\"\r\nNO\r\n";
        for end in 0..=good.len() {
            survive(&good[..end]);
            for byte in *b"\0\r\n\"\\{}() 9\xff" {
                let mut mutant = good.to_vec();
                mutant.splice(end.min(good.len() - 1)..=end.min(good.len() - 1), [byte, byte]);
                survive(&mutant);
            }
        }
    }

    fn survive(bytes: &[u8]) {
        let terms = Terms { ehlo_name: "localhost".into(), limits: Limits::DEFAULT, line: None };
        let occasion = Occasion { domain: "example.test".into(), nonce: [7; 32] };
        let mut negotiation = Negotiation::begin(Protocol::Sieve, &terms, &occasion).unwrap();
        for byte in bytes {
            negotiation.feed(&[*byte]);
            while let Ok(next @ (Move::Say(_) | Move::GoAhead)) = negotiation.step() {
                assert_ne!(next, Move::GoAhead, "{}", bytes.escape_ascii());
            }
        }
    }
}
