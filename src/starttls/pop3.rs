//! POP3: RFC 1939, RFC 2449, RFC 2595 §4.
//!
//! ```text
//! S: +OK POP3 server ready <17.4@mail.bob.test>
//! C: CAPA                           RFC 2449 §5: optional for the server
//! S: +OK
//! S: USER
//! S: STLS
//! S: .
//! C: STLS                           RFC 2595 §4: in AUTHORIZATION state only, never pipelined
//! S: +OK begin TLS                  -ERR: no; anything else: not POP3
//! ```
//!
//! A status is `+OK` or `-ERR` in capitals, then a blank or the end of the line (RFC 1939 §3, RFC
//! 2449 §3); `+OKAY` and `+ok` are none. Behind `-ERR` may stand a code in brackets (RFC 2449 §8):
//! `[SYS/TEMP]` (RFC 3206 §4) and `[IN-USE]` say that another attempt may succeed. It decides which
//! of two refusals is reported, and nothing else.
//!
//! Q: Is a server without CAPA one without STLS? A: No, it may be older than RFC 2449. It is asked
//! for STLS once, and its answer counts. A server that has CAPA and does not list STLS is not asked.
//!
//! After TLS no greeting comes. The timestamp for APOP came in clear and is not sent again: it must
//! not be used (CVE-2007-1558), and is not handed out.

use crate::line::Input;
use crate::report::Code;

use super::dot_list::{DotList, Offer};
use super::{Move, Negotiator, Occasion, Refusal, Terms};

/// What is awaited.
#[derive(Debug)]
enum State {
    Status(Question),
    List(DotList),
}

/// What a status is the answer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Greeting,
    Capabilities,
    GoAhead,
}

/// A status with the text behind it.
#[derive(Debug, PartialEq, Eq)]
enum Reply<'a> {
    Ok,
    Err(&'a [u8]),
}

/// The words of POP3.
#[derive(Debug)]
pub struct Pop3 {
    state: State,
}

impl Pop3 {
    /// A conversation that has not begun.
    pub fn new(_terms: &Terms, _occasion: &Occasion) -> Pop3 {
        Pop3 { state: State::Status(Question::Greeting) }
    }

    fn greeted(&mut self, reply: &Reply) -> Result<Move, Refusal> {
        let (code, words, text) = match reply {
            Reply::Ok => {
                self.state = State::Status(Question::Capabilities);
                return Ok(Move::Say(b"CAPA\r\n".to_vec()));
            }
            Reply::Err(text) if is_temporary(text) => (
                Code::StarttlsGreetingRejectedTemporarily,
                "the server greets with a temporary refusal",
                text,
            ),
            Reply::Err(text) => {
                (Code::StarttlsGreetingRejected, "the server greets with a refusal", text)
            }
        };
        Err(Refusal::quoting(code, words, text))
    }

    fn capabilities(&mut self, reply: &Reply, input: &mut Input) -> Result<Move, Refusal> {
        match reply {
            Reply::Ok => {
                self.state = State::List(DotList::seeking("STLS"));
                self.step(input)
            }
            Reply::Err(_) => Ok(self.ask()),
        }
    }

    fn offered(&mut self, offer: Offer) -> Result<Move, Refusal> {
        match offer {
            Offer::Present => Ok(self.ask()),
            Offer::Absent => {
                Err(Refusal::new(Code::StarttlsNotOffered, "the server does not offer STLS"))
            }
        }
    }

    fn ask(&mut self) -> Move {
        self.state = State::Status(Question::GoAhead);
        Move::Say(b"STLS\r\n".to_vec())
    }
}

impl Negotiator for Pop3 {
    fn step(&mut self, input: &mut Input) -> Result<Move, Refusal> {
        let question = match &mut self.state {
            State::Status(question) => *question,
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
            Question::Greeting => self.greeted(&reply),
            Question::Capabilities => self.capabilities(&reply, input),
            Question::GoAhead => answered(&reply),
        }
    }

    fn farewell(&self) -> Vec<u8> {
        b"QUIT\r\n".to_vec()
    }
}

fn answered(reply: &Reply) -> Result<Move, Refusal> {
    let (code, words, text) = match reply {
        Reply::Ok => return Ok(Move::GoAhead),
        Reply::Err(text) if is_temporary(text) => {
            (Code::StarttlsRefusedTemporarily, "the server refused STLS for now", text)
        }
        Reply::Err(text) => (Code::StarttlsRefused, "the server refused STLS", text),
    };
    Err(Refusal::quoting(code, words, text))
}

/// Status first, then nothing or a blank and text.
fn parse(line: &[u8]) -> Result<Reply<'_>, Refusal> {
    let mut parts = line.splitn(2, |&byte| byte == b' ');
    match (parts.next(), parts.next()) {
        (Some(b"+OK"), _) => Ok(Reply::Ok),
        (Some(b"-ERR"), text) => Ok(Reply::Err(text.unwrap_or_default())),
        (Some(_) | None, _) => {
            let words = "the server sent a line that is no POP3 status";
            Err(Refusal::quoting(Code::StarttlsProtocol, words, line))
        }
    }
}

/// Whether the text begins with a code for which another attempt may succeed.
fn is_temporary(text: &[u8]) -> bool {
    let temporary: [&[u8]; 2] = [b"[SYS/TEMP]", b"[IN-USE]"];
    let begins =
        |code: &&[u8]| text.get(..code.len()).is_some_and(|head| head.eq_ignore_ascii_case(code));
    temporary.iter().any(begins)
}

#[cfg(test)]
mod tests {
    use super::super::transcript::play;
    use super::*;
    use crate::proto::Protocol;

    const GREETING: &[u8] = b"+OK Dovecot (Debian) ready.\r\n";
    const OFFER: &[u8] =
        b"+OK\r\nCAPA\r\nTOP\r\nUIDL\r\nRESP-CODES\r\nPIPELINING\r\nSTLS\r\nUSER\r\n.\r\n";
    /// Ends any transcript that has not ended yet.
    const FLOOD: &[u8] = &[b'x'; 70_000];

    fn run(turns: &[&[u8]]) -> (Vec<Vec<u8>>, Option<Code>) {
        play(Protocol::Pop3, turns)
    }

    #[test]
    fn an_honest_server_gets_capa_and_stls_and_nothing_else() {
        let cyrus: &[u8] =
            b"+OK List of capabilities follows\r\nSTLS\r\nIMPLEMENTATION Cyrus POP3\r\n.\r\n";
        for (offer, grant) in [
            (OFFER, b"+OK Begin TLS negotiation now.\r\n".as_slice()),
            (cyrus, b"+OK Begin TLS negotiation now\r\n"),
            (b"+OK\r\nstls\r\n.\r\n", b"+OK\r\n"),
        ] {
            let (said, end) = run(&[GREETING, offer, grant]);
            assert_eq!(said, [b"CAPA\r\n".as_slice(), b"STLS\r\n"]);
            assert_eq!(end, None);
        }
    }

    #[test]
    fn a_server_without_capa_is_asked_once() {
        let (said, end) = run(&[GREETING, b"-ERR what\r\n", b"+OK go\r\n"]);
        assert_eq!(said, [b"CAPA\r\n".as_slice(), b"STLS\r\n"]);
        assert_eq!(end, None);
    }

    #[test]
    fn every_attack_has_its_code() {
        use Code::*;
        let cases: &[(&str, &[&[u8]], Code)] = &[
            (
                "A010 no CAPA, no STLS",
                &[b"+OK hi\r\n", b"-ERR what\r\n", b"-ERR what\r\n"],
                StarttlsRefused,
            ),
            ("A115 rejected", &[b"-ERR no\r\n"], StarttlsGreetingRejected),
            ("A116 IMAP", &[b"* OK imap\r\n"], StarttlsProtocol),
            (
                "A141 endless list",
                &[b"+OK hi\r\n", &[b"+OK\r\n", b"X\r\n".repeat(20_000).as_slice()].concat()],
                StarttlsTooMuchData,
            ),
            ("A142 stuffed dot", &[b"+OK hi\r\n", b"+OK\r\n..STLS\r\n.\r\n"], StarttlsNotOffered),
            ("stripped", &[GREETING, b"+OK\r\nUSER\r\n.\r\n"], StarttlsNotOffered),
            ("fms capa_ok_empty", &[GREETING, b"+OK\r\n.\r\n"], StarttlsNotOffered),
            ("part of a word", &[GREETING, b"+OK\r\nXSTLS\r\nSTLSX\r\n.\r\n"], StarttlsNotOffered),
            ("an argument", &[GREETING, b"+OK\r\nSASL STLS\r\n.\r\n"], StarttlsNotOffered),
            ("fms B_2 injection", &[GREETING, OFFER, b"+OK go\r\n\xb9\xb3\xb9"], StarttlsInjection),
            (
                "injection of a reply",
                &[GREETING, OFFER, b"+OK go\r\n+OK\r\nUSER\r\n.\r\n"],
                StarttlsInjection,
            ),
            ("fms O_2", &[GREETING, OFFER, b"-ERR STARTTLS not supported.\r\n"], StarttlsRefused),
            (
                "curl 982",
                &[GREETING, OFFER, b"-ERR later\r\n+OK user\r\n+OK in\r\n"],
                StarttlsRefused,
            ),
            (
                "SYS/TEMP",
                &[GREETING, OFFER, b"-ERR [SYS/TEMP] later\r\n"],
                StarttlsRefusedTemporarily,
            ),
            ("IN-USE", &[GREETING, OFFER, b"-ERR [in-use] later\r\n"], StarttlsRefusedTemporarily),
            ("SYS/PERM", &[GREETING, OFFER, b"-ERR [SYS/PERM] never\r\n"], StarttlsRefused),
            ("a code in the text", &[GREETING, OFFER, b"-ERR no [SYS/TEMP]\r\n"], StarttlsRefused),
            ("an open bracket", &[GREETING, OFFER, b"-ERR [SYS/TEMP\r\n"], StarttlsRefused),
            ("fms greeting err_sys_perm", &[b"-ERR [sys/perm] x\r\n"], StarttlsGreetingRejected),
            (
                "fms greeting err_escape",
                &[b"-ERR \x1b[31;1;4mPOP3\x1b[0m\r\n"],
                StarttlsGreetingRejected,
            ),
            (
                "greeting temporary",
                &[b"-ERR [SYS/TEMP] x\r\n"],
                StarttlsGreetingRejectedTemporarily,
            ),
            ("pipelined list", &[b"+OK hi\r\n+OK\r\nSTLS\r\n.\r\n"], StarttlsPipelined),
            (
                "pipelined go-ahead",
                &[GREETING, b"+OK\r\nSTLS\r\n.\r\n+OK go\r\n"],
                StarttlsPipelined,
            ),
            (
                "pipelined go-ahead behind -ERR",
                &[GREETING, b"-ERR\r\n+OK go\r\n"],
                StarttlsPipelined,
            ),
            ("+OKAY", &[GREETING, OFFER, b"+OKAY\r\n"], StarttlsProtocol),
            ("small letters", &[GREETING, OFFER, b"+ok go\r\n"], StarttlsProtocol),
            ("a challenge", &[GREETING, OFFER, b"+ \r\n"], StarttlsProtocol),
            ("a blank first", &[GREETING, OFFER, b" +OK go\r\n"], StarttlsProtocol),
            ("an empty line", &[GREETING, OFFER, b"\r\n"], StarttlsProtocol),
            ("bare LF", &[GREETING, OFFER, b"+OK go\n"], StarttlsProtocol),
            ("unstuffed dot", &[GREETING, b"+OK\r\n.STLS\r\n.\r\n"], StarttlsProtocol),
            ("TLS at once", &[b"\x16\x03\x03\x00\x10"], StarttlsTlsOnPlainPort),
            ("no line end", &[FLOOD], StarttlsLineTooLong),
        ];
        for (attack, turns, code) in cases {
            assert_eq!(run(turns).1, Some(*code), "{attack}");
        }
    }

    #[test]
    fn greetings_decide_nothing_but_whether_there_is_service() {
        // Rows others/code, greeting/ok_sys_perm, ok_sys_temp and Negotiation/O_4.
        for greeting in ["+OK [in-use] hi", "+OK [sys/perm] hi", "+OK", "+OK hi <1@a.test>"] {
            let greeting = format!("{greeting}\r\n");
            assert_eq!(run(&[greeting.as_bytes(), OFFER, b"+OK\r\n"]).1, None);
        }
    }

    #[test]
    fn truncations_and_mutations_never_lead_to_tls_or_panic() {
        let good: [&[u8]; 3] = [GREETING, OFFER, b"+OK go\r\n"];
        for (turn, bytes) in good.iter().enumerate() {
            for at in 0..bytes.len() {
                let cut = [&good[..turn], &[&bytes[..at], FLOOD]].concat();
                assert_ne!(run(&cut).1, None, "turn {turn} cut at {at}");
                for byte in [0, b'\n', b'\r', b' ', b'.', b'+', 0xff] {
                    let mut mutant = bytes.to_vec();
                    mutant[at] = byte;
                    run(&[&good[..turn], &[&mutant], &good[turn + 1..], &[FLOOD]].concat());
                }
            }
        }
    }
}
