//! FTP: RFC 959, RFC 2228, RFC 4217.
//!
//! ```text
//! S: 220 ready                 RFC 959 §5.4; 120: a 220 comes later; 421, 4xx, 5xx: no service
//! C: AUTH TLS                  asked without FEAT: an advertisement in clear proves nothing
//! S: 234 go                    431, 421: not now; 5xx: no (RFC 2228 §3)
//!    ... TLS ...
//! C: PBSZ 0                    RFC 4217 §9: data connections are clear until PROT says otherwise
//! S: 200
//! C: PROT P
//! S: 200                       536, 534, 504 and every other 5xx: data would travel in clear
//! ```
//!
//! 334 asks for security data of another mechanism and is no go-ahead for TLS (RFC 2228 §3). AUTH SSL,
//! TLS-C and TLS-P are historic (RFC 4217 §17) and never asked for: nothing is tried after a refusal.
//!
//! Why not the replies of SMTP? RFC 959 §4.2: a reply of several lines begins with `ddd-` and ends
//! with the first line that begins with the same `ddd` and a space. What stands between is free text,
//! whatever digits it begins with: a `234 ` inside a greeting grants nothing.

use crate::line::Input;
use crate::report::Code;

use super::{Move, Negotiator, Occasion, Refusal, Terms};

/// What is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Greeting,
    GoAhead,
}

/// The words of FTP before TLS.
#[derive(Debug)]
pub struct Ftp {
    state: State,
    reader: ReplyReader,
}

impl Ftp {
    /// Neither terms nor occasion have a word in this protocol.
    pub fn new(_terms: &Terms, _occasion: &Occasion) -> Ftp {
        Ftp { state: State::Greeting, reader: ReplyReader::default() }
    }

    fn greeted(&mut self, reply: &Reply) -> Result<Move, Refusal> {
        let (code, words) = match reply.code {
            120 => return Ok(Move::Wait),
            220 => {
                self.state = State::GoAhead;
                return Ok(Move::Say(b"AUTH TLS\r\n".to_vec()));
            }
            400..=499 => (
                Code::StarttlsGreetingRejectedTemporarily,
                "the server greets with a temporary refusal",
            ),
            500..=599 => (Code::StarttlsGreetingRejected, "the server greets with a refusal"),
            _ => (Code::StarttlsProtocol, "the server's greeting is not that of FTP"),
        };
        Err(Refusal::quoting(code, words, &reply.line))
    }
}

impl Negotiator for Ftp {
    fn step(&mut self, input: &mut Input) -> Result<Move, Refusal> {
        while let Some(reply) = self.reader.read(input)? {
            let next = match self.state {
                State::Greeting => self.greeted(&reply)?,
                State::GoAhead => authenticated(&reply)?,
            };
            // Only 120 leaves nothing to do: the greeting itself may be there already.
            if next != Move::Wait {
                return Ok(next);
            }
        }
        Ok(Move::Wait)
    }

    fn farewell(&self) -> Vec<u8> {
        b"QUIT\r\n".to_vec()
    }

    fn inside(&self) -> Option<Box<dyn Negotiator>> {
        Some(Box::new(DataProtection { state: Agreed::Nothing, reader: ReplyReader::default() }))
    }
}

fn authenticated(reply: &Reply) -> Result<Move, Refusal> {
    let (code, words) = match reply.code {
        234 => return Ok(Move::GoAhead),
        400..=499 => (Code::StarttlsRefusedTemporarily, "the server refused AUTH TLS for now"),
        500..=599 => (Code::StarttlsRefused, "the server refused AUTH TLS"),
        _ => (Code::StarttlsProtocol, "the server's answer to AUTH TLS is not that of FTP"),
    };
    Err(Refusal::quoting(code, words, &reply.line))
}

/// What has been agreed inside TLS, or is being asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Agreed {
    Nothing,
    BufferSize,
    Protection,
}

/// The words of FTP inside TLS: from now on data connections are protected too. RFC 2228 §3 wants
/// PBSZ before PROT.
#[derive(Debug)]
struct DataProtection {
    state: Agreed,
    reader: ReplyReader,
}

impl DataProtection {
    fn ask(&mut self, command: &[u8], state: Agreed) -> Result<Move, Refusal> {
        self.state = state;
        Ok(Move::Say(command.to_vec()))
    }
}

impl Negotiator for DataProtection {
    fn step(&mut self, input: &mut Input) -> Result<Move, Refusal> {
        if self.state == Agreed::Nothing {
            return self.ask(b"PBSZ 0\r\n", Agreed::BufferSize);
        }
        let Some(reply) = self.reader.read(input)? else {
            return Ok(Move::Wait);
        };
        let (code, words) = match (reply.code, self.state) {
            (200, Agreed::BufferSize) => return self.ask(b"PROT P\r\n", Agreed::Protection),
            (200, Agreed::Protection) => return Ok(Move::GoAhead),
            (400..=499, _) => (
                Code::StarttlsRefusedTemporarily,
                "the server cannot protect data connections for now",
            ),
            (500..=599, _) => {
                (Code::StarttlsDataUnprotected, "the server refused to protect data connections")
            }
            _ => (Code::StarttlsProtocol, "the server's answer to PBSZ or PROT is not that of FTP"),
        };
        Err(Refusal::quoting(code, words, &reply.line))
    }
}

/// A complete reply: the code, and its last line for a quotation.
#[derive(Debug, PartialEq, Eq)]
struct Reply {
    code: u16,
    line: Vec<u8>,
}

/// A reply in the making: the code of its first line, once there was one.
#[derive(Debug, Default)]
struct ReplyReader {
    open: Option<[u8; 3]>,
}

impl ReplyReader {
    /// Takes lines until the reply is complete; `None` while it is not.
    fn read(&mut self, input: &mut Input) -> Result<Option<Reply>, Refusal> {
        while let Some(line) = input.take_line()? {
            let (digits, rest) = match self.open {
                None => first_line(&line).ok_or_else(|| {
                    let words = "the server sent a line that is no reply";
                    Refusal::quoting(Code::StarttlsProtocol, words, &line)
                })?,
                Some(open) => match line.strip_prefix(&open) {
                    Some(rest @ [b' ', ..]) => (open, rest),
                    // Text, whatever it looks like.
                    Some(_) | None => continue,
                },
            };
            if rest.starts_with(b"-") {
                self.open = Some(digits);
                continue;
            }
            self.open = None;
            let code = digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
            return Ok(Some(Reply { code, line }));
        }
        Ok(None)
    }
}

/// RFC 959 §4.2: three digits, the first 1 to 5, the second 0 to 5, then a space or a hyphen. A code
/// without any text is read as a reply of one line.
fn first_line(line: &[u8]) -> Option<([u8; 3], &[u8])> {
    let (code, rest) = line.split_first_chunk::<3>()?;
    let [b'1'..=b'5', b'0'..=b'5', b'0'..=b'9'] = code else {
        return None;
    };
    matches!(rest, [] | [b' ' | b'-', ..]).then_some((*code, rest))
}

#[cfg(test)]
mod tests {
    use super::super::Negotiation;
    use super::super::transcript::play;
    use super::*;
    use crate::limits::Limits;
    use crate::proto::Protocol;

    const READY: &[u8] = b"220 ready\r\n";

    fn run(turns: &[&[u8]]) -> (Vec<Vec<u8>>, Option<Code>) {
        play(Protocol::Ftp, turns)
    }

    fn begin() -> Negotiation {
        let terms = Terms { ehlo_name: "localhost".into(), limits: Limits::DEFAULT, line: None };
        let occasion = Occasion { domain: "example.test".into(), nonce: [7; 32] };
        Negotiation::begin(Protocol::Ftp, &terms, &occasion).unwrap()
    }

    /// Plays the server's turns inside TLS: what was said, and the end.
    fn run_inside(turns: &[&[u8]]) -> (Vec<Vec<u8>>, Option<Code>) {
        let mut inside = begin().inside().expect("FTP goes on inside TLS");
        let mut said = Vec::new();
        let mut turns = turns.iter();
        loop {
            match inside.step() {
                Ok(Move::Say(bytes)) => said.push(bytes),
                Ok(Move::Wait) => inside.feed(turns.next().expect("the server has a turn")),
                Ok(Move::GoAhead) => return (said, None),
                Err(refusal) => return (said, Some(refusal.code)),
            }
        }
    }

    #[test]
    fn honest_servers_get_auth_tls_and_nothing_else() {
        for (case, turns) in [
            (
                "vsftpd",
                [b"220 (vsFTPd 3.0.3)\r\n".as_slice(), b"234 Proceed with negotiation.\r\n"],
            ),
            ("ProFTPD", [b"220 ProFTPD Server\r\n", b"234 AUTH TLS successful\r\n"]),
            ("A124 120 then 220", [b"120 ready in 1 minute\r\n220 hi\r\n", b"234 go\r\n"]),
            (
                "A147 go-ahead as text of a greeting",
                [b"220-a\r\n234 go\r\n220 b\r\n", b"234 go\r\n"],
            ),
            ("A148 text in a go-ahead", [READY, b"234-x\r\n530 no\r\n234 go\r\n"]),
            (
                "own code and hyphen inside",
                [b"220-a\r\n220-b\r\n220x\r\n220\r\n\r\n220 c\r\n", b"234\r\n"],
            ),
        ] {
            let (said, end) = run(&turns);
            assert_eq!(said, [b"AUTH TLS\r\n"], "{case}");
            assert_eq!(end, None, "{case}");
        }
    }

    #[test]
    fn every_attack_has_its_code() {
        use Code::*;
        let pipelined = b"500 unknown command\r\n500 unknown command\r\n331 give password\r\n";
        let cases: &[(&str, &[&[u8]], Code)] = &[
            ("A020 AUTH unknown", &[READY, b"500 AUTH not understood\r\n"], StarttlsRefused),
            ("A047 334 is no go-ahead", &[READY, b"334 ADAT=\r\n"], StarttlsProtocol),
            ("A048 policy", &[READY, b"534 policy\r\n"], StarttlsRefused),
            ("A049 no resource", &[READY, b"431 no resource\r\n"], StarttlsRefusedTemporarily),
            ("A072 injection", &[READY, b"234 go\r\n331 password please\r\n"], StarttlsInjection),
            ("A087 pipelined go-ahead", &[b"220 hi\r\n234 go\r\n"], StarttlsPipelined),
            ("A117 421 greeting", &[b"421 no\r\n"], StarttlsGreetingRejectedTemporarily),
            ("curl/test983", &[READY, pipelined], StarttlsRefused),
            (
                "vsftpd without TLS",
                &[READY, b"530 Please login with USER and PASS.\r\n"],
                StarttlsRefused,
            ),
            ("421 after AUTH", &[READY, b"421 closing\r\n"], StarttlsRefusedTemporarily),
            ("211 is no go-ahead", &[READY, b"211 ok\r\n"], StarttlsProtocol),
            ("200 is no go-ahead", &[READY, b"200 ok\r\n"], StarttlsProtocol),
            ("120 is no answer", &[READY, b"120 wait\r\n234 go\r\n"], StarttlsProtocol),
            (
                "go-ahead inside a refusal",
                &[READY, b"500-x\r\n234 go\r\n500 no\r\n"],
                StarttlsRefused,
            ),
            ("injection of one byte", &[READY, b"234 go\r\nx"], StarttlsInjection),
            ("530 greeting", &[b"530 no\r\n"], StarttlsGreetingRejected),
            ("230 greeting", &[b"230 logged in\r\n"], StarttlsProtocol),
            ("234 greeting", &[b"234 go\r\n"], StarttlsProtocol),
            ("234 without its place", &[READY, b"2345 go\r\n"], StarttlsProtocol),
            ("234 with a tab", &[READY, b"234\tgo\r\n"], StarttlsProtocol),
            ("no code", &[b" 220 hi\r\n"], StarttlsProtocol),
            ("600 greeting", &[b"631 sealed\r\n"], StarttlsProtocol),
            ("bare LF", &[b"220 hi\n"], StarttlsProtocol),
            ("TLS at once", &[b"\x16\x03\x03\x00\x10"], StarttlsTlsOnPlainPort),
            ("endless reply", &[&b"220-x\r\n".repeat(200)], StarttlsTooManyLines),
            ("endless 120", &[&b"120 x\r\n".repeat(200)], StarttlsTooManyLines),
        ];
        for (attack, turns, code) in cases {
            assert_eq!(run(turns).1, Some(*code), "{attack}");
        }
    }

    #[test]
    fn data_connections_are_protected_or_the_session_ends() {
        let (said, end) = run_inside(&[b"200 PBSZ=0\r\n", b"200 Protection set to Private\r\n"]);
        assert_eq!(said, [b"PBSZ 0\r\n".as_slice(), b"PROT P\r\n"]);
        assert_eq!(end, None);
        use Code::*;
        let cases: &[(&str, &[&[u8]], Code)] = &[
            ("A271 536", &[b"200 ok\r\n", b"536 no\r\n"], StarttlsDataUnprotected),
            ("A271 534", &[b"200 ok\r\n", b"534 no\r\n"], StarttlsDataUnprotected),
            ("504", &[b"200 ok\r\n", b"504 no\r\n"], StarttlsDataUnprotected),
            ("PBSZ refused", &[b"503 no\r\n"], StarttlsDataUnprotected),
            ("no resource", &[b"200 ok\r\n", b"431 busy\r\n"], StarttlsRefusedTemporarily),
            ("another success", &[b"200 ok\r\n", b"250 ok\r\n"], StarttlsProtocol),
            ("PROT answered before it was asked", &[b"200 ok\r\n200 ok\r\n"], StarttlsPipelined),
            (
                "more than was asked for",
                &[b"200 ok\r\n", b"200 ok\r\n230 in\r\n"],
                StarttlsInjection,
            ),
        ];
        for (attack, turns, code) in cases {
            assert_eq!(run_inside(turns).1, Some(*code), "{attack}");
        }
    }

    #[test]
    fn truncations_and_garbage_never_lead_to_tls_or_panic() {
        let good: &[u8] = b"120-x\r\n220 y\r\n120 z\r\n220-a\r\n231\r\n220 b\r\n431 no\r\n";
        for end in 0..=good.len() {
            survive(&good[..end]);
            for byte in *b"\0\r\n- 29\xff" {
                let mut mutant = good.to_vec();
                mutant.insert(end, byte);
                survive(&mutant);
            }
        }
    }

    fn survive(bytes: &[u8]) {
        for mut negotiation in [begin(), begin().inside().unwrap()] {
            for byte in bytes {
                negotiation.feed(&[*byte]);
                while let Ok(next @ (Move::Say(_) | Move::GoAhead)) = negotiation.step() {
                    assert_ne!(next, Move::GoAhead, "{}", bytes.escape_ascii());
                }
            }
        }
    }
}
