//! IRC: RFC 1459, RFC 2812, and the IRCv3 extension "tls", which is deprecated in favour of a port
//! of its own (RFC 7194).
//!
//! ```text
//! C: STARTTLS                          before registration; CAP LS is optional and not asked
//! S: NOTICE AUTH :*** Looking up ...   chatter of any server, bounded by the limits
//! S: :irc.example.test 670 * :go       691: no; 421, 451: does not know it; ERROR: hangs up
//! ```
//!
//! 670 counts as the command of a message, from a server or without a source: numerics never
//! come from users (RFC 2812 §2.4), and a user's text may hold any digits. Chatter is passed over
//! and never answered: a PONG would carry the peer's words. What is neither an answer nor chatter
//! is no IRC before registration.
//!
//! A server may speak as soon as it is connected to, so chatter may be there before we have said a
//! word. An answer may not.
//!
//! Some servers do not answer at all before registration (ngIRCd): the deadline ends that.

use crate::line::Input;
use crate::report::Code;

use super::{Move, Negotiator, Occasion, Refusal, Terms};

/// Whether the server has anything to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unasked,
    Asked,
}

/// The words of IRC.
#[derive(Debug)]
pub struct Irc {
    state: State,
}

impl Irc {
    /// Neither terms nor occasion have a word in this protocol.
    pub fn new(_terms: &Terms, _occasion: &Occasion) -> Irc {
        Irc { state: State::Unasked }
    }
}

impl Negotiator for Irc {
    fn step(&mut self, input: &mut Input) -> Result<Move, Refusal> {
        while let Some(line) = input.take_line()? {
            match meaning(&line, self.state)? {
                Meaning::GoAhead => return Ok(Move::GoAhead),
                Meaning::Chatter => {}
            }
        }
        if self.state == State::Unasked && input.is_empty() {
            self.state = State::Asked;
            return Ok(Move::Say(b"STARTTLS\r\n".to_vec()));
        }
        Ok(Move::Wait)
    }

    fn farewell(&self) -> Vec<u8> {
        b"QUIT\r\n".to_vec()
    }
}

/// What a message means, unless it ends the negotiation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    GoAhead,
    Chatter,
}

fn meaning(line: &[u8], state: State) -> Result<Meaning, Refusal> {
    // RFC 2812 §2.3.1: empty messages are ignored.
    if line.is_empty() {
        return Ok(Meaning::Chatter);
    }
    let refuse = |code, words: &str| Err(Refusal::quoting(code, words, line));
    match (parse(line), state) {
        (Some(Message::Numeric(_)), State::Unasked) => {
            refuse(Code::StarttlsPipelined, "the server answered before it was asked")
        }
        (Some(Message::Numeric(b"670")), State::Asked) => Ok(Meaning::GoAhead),
        (Some(Message::Numeric(b"691")), State::Asked) => {
            refuse(Code::StarttlsRefused, "the server refused STARTTLS")
        }
        // RFC 2812 §5.2: unknown command, not registered.
        (Some(Message::Numeric(b"421" | b"451")), State::Asked) => {
            refuse(Code::StarttlsNotOffered, "the server does not know STARTTLS")
        }
        (Some(Message::Error), _) => {
            refuse(Code::StarttlsServerBye, "the server closes the connection")
        }
        (Some(Message::Chatter), _) => Ok(Meaning::Chatter),
        (Some(Message::Numeric(_)) | None, _) => {
            refuse(Code::StarttlsProtocol, "what the server sent is not IRC before registration")
        }
    }
}

/// The messages that have a place here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Message<'a> {
    Numeric(&'a [u8; 3]),
    Error,
    Chatter,
}

/// RFC 2812 §2.3.1: `[ ":" prefix SPACE ] command [ params ]`, and in front of it the tags of IRCv3,
/// `"@" tags SPACE`, which nobody asked for but which mean nothing either.
fn parse(line: &[u8]) -> Option<Message<'_>> {
    let (_, line) = marked_word(line, b'@')?;
    let (prefix, line) = marked_word(line, b':')?;
    let (command, _) = word(line)?;
    let command = match command {
        // A prefix with "!" or "@" is a user's.
        [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9'] if prefix.iter().any(|b| b"!@".contains(b)) => {
            return None;
        }
        [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9'] => {
            return command.try_into().ok().map(Message::Numeric);
        }
        _ => command.to_ascii_uppercase(),
    };
    match command.as_slice() {
        b"ERROR" => Some(Message::Error),
        b"NOTICE" | b"PING" | b"CAP" | b"PRIVMSG" => Some(Message::Chatter),
        // Nothing else is sent to those who are not registered.
        _ => None,
    }
}

/// A first word that begins with a mark, without it; empty when the line has no such word.
fn marked_word(line: &[u8], mark: u8) -> Option<(&[u8], &[u8])> {
    match line.split_first() {
        Some((first, rest)) if *first == mark => word(rest),
        Some(_) | None => Some((&[], line)),
    }
}

/// The first word and what follows the spaces behind it.
fn word(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = line.iter().position(|&octet| octet == b' ').unwrap_or(line.len());
    let (word, rest) = line.split_at_checked(end)?;
    let spaces = rest.iter().take_while(|&&octet| octet == b' ').count();
    if word.is_empty() { None } else { rest.get(spaces..).map(|rest| (word, rest)) }
}

#[cfg(test)]
mod tests {
    use super::super::Negotiation;
    use super::super::transcript::play;
    use super::*;
    use crate::limits::Limits;
    use crate::proto::Protocol;

    fn run(turns: &[&[u8]]) -> (Vec<Vec<u8>>, Option<Code>) {
        play(Protocol::Irc, turns)
    }

    fn begin() -> Negotiation {
        let terms = Terms { ehlo_name: "localhost".into(), limits: Limits::DEFAULT, line: None };
        let occasion = Occasion { domain: "example.test".into(), nonce: [7; 32] };
        Negotiation::begin(Protocol::Irc, &terms, &occasion).unwrap()
    }

    const INSPIRCD: &[u8] =
        b":irc.example.test 670 * :STARTTLS successful, go ahead with TLS handshake\r\n";

    #[test]
    fn honest_servers_get_starttls_and_nothing_else() {
        let cases: &[(&str, &[&[u8]])] = &[
            (
                "InspIRCd",
                &[b":irc.example.test NOTICE * :*** Looking up your hostname...\r\n", INSPIRCD],
            ),
            ("UnrealIRCd", &[b":irc.example.test 670 you :STARTTLS successful\r\n"]),
            ("A162 PING first", &[b"PING :x\r\n", b":s 670 * :go\r\n"]),
            ("no source", &[b"670 * :go\r\n"]),
            (
                "tags, runs of spaces, empty lines",
                &[b"\r\n@time=1 :s  notice AUTH :hi\r\n@a=b;c :s  670  *\r\n"],
            ),
            ("capabilities unasked", &[b":s CAP * LS :tls\r\n:s 670 * :go\r\n"]),
            ("A163 digits in a user's text", &[b":evil!u@h PRIVMSG * :670 * go\r\n", INSPIRCD]),
        ];
        for (case, turns) in cases {
            let (said, end) = run(turns);
            assert_eq!(said, [b"STARTTLS\r\n"], "{case}");
            assert_eq!(end, None, "{case}");
        }
    }

    #[test]
    fn every_attack_has_its_code() {
        use Code::*;
        let cases: &[(&str, &[&[u8]], Code)] = &[
            ("A054 691", &[b":s 691 * :no\r\n"], StarttlsRefused),
            ("A074 injection", &[b":s 670 * :go\r\n:s NOTICE * :evil\r\n"], StarttlsInjection),
            ("A121 ERROR", &[b"ERROR :Closing Link\r\n"], StarttlsServerBye),
            ("injection of one byte", &[b":s 670 * :go\r\nx"], StarttlsInjection),
            ("unknown command", &[b":s 421 * STARTTLS :Unknown command\r\n"], StarttlsNotOffered),
            ("not registered", &[b":s 451 * :You have not registered\r\n"], StarttlsNotOffered),
            ("670 from a user", &[b":evil!u@h 670 * :go\r\n"], StarttlsProtocol),
            ("670 from a user's host", &[b":evil@h 670 * :go\r\n"], StarttlsProtocol),
            ("670 with a fourth digit", &[b":s 6700 * :go\r\n"], StarttlsProtocol),
            ("670 as a source", &[b":670 go\r\n"], StarttlsProtocol),
            ("welcome", &[b":s 001 you :Welcome\r\n"], StarttlsProtocol),
            ("space first", &[b" 670 * :go\r\n"], StarttlsProtocol),
            ("empty source", &[b": 670 * :go\r\n"], StarttlsProtocol),
            ("source alone", &[b":s\r\n"], StarttlsProtocol),
            ("tags alone", &[b"@a\r\n"], StarttlsProtocol),
            ("not IRC", &[b"220 hi\r\n"], StarttlsProtocol),
            ("HTTP", &[b"HTTP/1.1 400 Bad Request\r\n"], StarttlsProtocol),
            ("bare LF", &[b":s 670 * :go\n"], StarttlsProtocol),
            ("TLS at once", &[b"\x16\x03\x03\x00\x10"], StarttlsTlsOnPlainPort),
            ("endless chatter", &[&b"PING :x\r\n".repeat(200)], StarttlsTooManyLines),
            ("endless empty lines", &[&b"\r\n".repeat(200)], StarttlsTooManyLines),
        ];
        for (attack, turns, code) in cases {
            assert_eq!(run(turns).1, Some(*code), "{attack}");
        }
    }

    #[test]
    fn a163_a_users_text_is_waited_out() {
        let mut negotiation = begin();
        assert!(matches!(negotiation.step(), Ok(Move::Say(_))));
        negotiation.feed(b":evil!u@h PRIVMSG * :670 * go\r\n");
        assert_eq!(negotiation.step(), Ok(Move::Wait));
    }

    #[test]
    fn before_the_question_there_may_be_chatter_but_no_answer() {
        let mut chatter = begin();
        chatter.feed(b":s NOTICE * :hi\r\nPING");
        assert_eq!(chatter.step(), Ok(Move::Wait), "half a message");
        chatter.feed(b" :x\r\n");
        assert_eq!(chatter.step(), Ok(Move::Say(b"STARTTLS\r\n".to_vec())));
        let mut early = begin();
        early.feed(b":s 670 * :go\r\n");
        assert_eq!(early.step().unwrap_err().code, Code::StarttlsPipelined);
    }

    #[test]
    fn truncations_and_garbage_never_lead_to_tls_or_panic() {
        let good: &[u8] = b"@t=1 :s NOTICE * :x\r\nPING :y\r\n\r\n:s 421 * :z\r\n";
        for end in 0..=good.len() {
            survive(&good[..end]);
            for byte in *b"\0\r\n@:! 6\xff" {
                let mut mutant = good.to_vec();
                mutant.insert(end, byte);
                survive(&mutant);
            }
        }
    }

    fn survive(bytes: &[u8]) {
        let mut negotiation = begin();
        for byte in bytes {
            negotiation.feed(&[*byte]);
            while let Ok(next @ (Move::Say(_) | Move::GoAhead)) = negotiation.step() {
                assert_ne!(next, Move::GoAhead, "{}", bytes.escape_ascii());
            }
        }
    }
}
