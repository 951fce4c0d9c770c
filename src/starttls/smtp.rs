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
    banner: Option<String>,
}

impl Smtp {
    /// `verb` is EHLO, or LMTP's LHLO (RFC 2033 §4.1); `name` is what it says, checked when the
    /// option was set.
    pub fn new(verb: &str, name: &str) -> Smtp {
        let hello = format!("{verb} {name}\r\n").into_bytes();
        Smtp { state: State::Greeting, reader: ReplyReader::default(), hello, banner: None }
    }

    fn greeted(&mut self, reply: &Reply) -> Result<Move, Refusal> {
        let (code, words) = match reply.code {
            220 => {
                self.state = State::Capabilities;
                self.banner = domain(reply);
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
                self.banner = self.banner.take().or_else(|| domain(reply));
                return Ok(Move::Say(b"STARTTLS\r\n".to_vec()));
            }
            // A server that knows no EHLO knows no extension; HELO would only lead on in clear.
            250 | 500..=599 => (Code::StarttlsNotOffered, "the server does not offer STARTTLS"),
            421 => (Code::StarttlsServerBye, "the server closes the service after EHLO"),
            400..=499 => {
                (Code::StarttlsRefusedTemporarily, "the server does not answer EHLO for now")
            }
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

    fn banner(&self) -> Option<String> {
        self.banner.clone()
    }
}

/// RFC 5321 §4.2, §4.1.1.1: greeting and answer to EHLO begin with the server's domain. What has no dot
/// is none (`220 ready`), as are octets beyond text.
fn domain(reply: &Reply) -> Option<String> {
    let first = reply.lines.first()?.split(|&byte| byte == b' ').next()?;
    let word = std::str::from_utf8(first).ok()?;
    word.contains('.').then(|| word.to_owned())
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

    /// Ends any transcript that has not ended yet.
    const FLOOD: &[u8] = &[b'x'; 70_000];
    const GREETING: &[u8] = b"220 mx.example.test ESMTP\r\n";
    const OFFER: &[u8] = b"250-mx.example.test\r\n250 STARTTLS\r\n";

    #[test]
    fn an_honest_server_gets_ehlo_and_starttls_and_nothing_else() {
        let (said, end) = run(&[GREETING, OFFER, b"220 go\r\n"]);
        assert_eq!(said, [b"EHLO localhost\r\n".as_slice(), b"STARTTLS\r\n"]);
        assert_eq!(end, None);
    }

    #[test]
    fn the_server_names_itself() {
        let named = |greeting: &[u8], offer: &[u8]| {
            let mut smtp = Smtp::new("EHLO", "localhost");
            let mut input = Input::new(crate::limits::Limits::DEFAULT);
            for turn in [greeting, offer, b"220 go\r\n"] {
                input.feed(turn);
                smtp.step(&mut input).expect("a move");
            }
            smtp.banner()
        };
        let offer: &[u8] = b"250-mx.example.test hi\r\n250 STARTTLS\r\n";
        for (greeting, wanted) in [
            (b"220 mail.example.test ESMTP\r\n".as_slice(), Some("mail.example.test")),
            (b"220 ready\r\n", Some("mx.example.test")),
            (b"220\r\n", Some("mx.example.test")),
            (b"220 \xff.example.test\r\n", Some("mx.example.test")),
        ] {
            assert_eq!(named(greeting, offer).as_deref(), wanted);
        }
        assert_eq!(named(b"220 ready\r\n", b"250-relay\r\n250 STARTTLS\r\n"), None);
    }

    #[test]
    fn real_servers_are_understood() {
        let postfix: &[u8] = b"250-mail.example.test\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n\
            250-STARTTLS\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250 CHUNKING\r\n";
        for (greeting, offer, grant) in [
            (
                b"220 mail.example.test ESMTP Postfix\r\n".as_slice(),
                postfix,
                b"220 2.0.0 Ready to start TLS\r\n".as_slice(),
            ),
            (b"220 mail.example.test ESMTP Exim 4.96\r\n", OFFER, b"220 TLS go ahead\r\n"),
            (
                b"220-one\r\n220 two\r\n",
                b"250-mx\r\n250-starttls\r\n250 HELP\r\n",
                b"220-a\r\n220 b\r\n",
            ),
            (b"220\r\n", OFFER, b"220\r\n"),
        ] {
            assert_eq!(run(&[greeting, offer, grant]).1, None);
        }
    }

    #[test]
    fn lmtp_says_lhlo_and_is_otherwise_smtp() {
        let dovecot: &[u8] = b"250-mail.example.test\r\n250-8BITMIME\r\n250-CHUNKING\r\n250-STARTTLS\r\n250 PIPELINING\r\n";
        let lmtp = |turns: &[&[u8]]| play(Protocol::Lmtp, turns);
        let greeting: &[u8] = b"220 mail.example.test Dovecot (Debian) ready.\r\n";
        let (said, end) = lmtp(&[greeting, dovecot, b"220 2.0.0 Begin TLS negotiation now.\r\n"]);
        assert_eq!(said, [b"LHLO localhost\r\n".as_slice(), b"STARTTLS\r\n"]);
        assert_eq!(end, None);
        for (attack, turns, code) in [
            (
                "A068 injection",
                [greeting, dovecot, b"220 go\r\n250 evil\r\n".as_slice()].as_slice(),
                Code::StarttlsInjection,
            ),
            ("stripped", &[greeting, b"250-mx\r\n250 PIPELINING\r\n"], Code::StarttlsNotOffered),
            ("LHLO unknown: SMTP", &[greeting, b"500 5.5.1 unknown\r\n"], Code::StarttlsNotOffered),
            ("454", &[greeting, dovecot, b"454 later\r\n"], Code::StarttlsRefusedTemporarily),
        ] {
            assert_eq!(lmtp(turns).1, Some(code), "{attack}");
        }
    }

    #[test]
    fn only_220_is_the_go_ahead() {
        use Code::*;
        let cases: &[(&str, &[u8], Option<Code>)] = &[
            (
                "A022",
                b"454 TLS not available due to temporary reason\r\n",
                Some(StarttlsRefusedTemporarily),
            ),
            ("A023", b"421 bye\r\n", Some(StarttlsRefusedTemporarily)),
            ("A026", b"503 TLS already active\r\n", Some(StarttlsRefused)),
            ("A028", b"554 no\r\n", Some(StarttlsRefused)),
            ("A029", b"250 ok\r\n", Some(StarttlsProtocol)),
            ("A030", b"221 bye\r\n", Some(StarttlsProtocol)),
            ("A031", b"334 go\r\n", Some(StarttlsProtocol)),
            ("A032", b"354 data\r\n", Some(StarttlsProtocol)),
            ("fms starttls/500", b"500 unrecognized\r\n", Some(StarttlsRefused)),
            ("fms starttls/501", b"501 no arguments\r\n", Some(StarttlsRefused)),
            ("fms starttls/530", b"530 Must issue STARTTLS first\r\n", Some(StarttlsRefused)),
            ("curl 980", b"454 no\r\n235 in\r\n250 ok\r\n", Some(StarttlsRefusedTemporarily)),
            ("A067", b"220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n", Some(StarttlsInjection)),
            ("A079", b"220 go\r\n25", Some(StarttlsInjection)),
            ("half a go-ahead", b"220-go\r\n250 ok\r\n", Some(StarttlsProtocol)),
            ("A081: what comes later is for the record layer", b"220 go\r\n", None),
            ("A265: what comes inside TLS is the program's", b"220 go\r\n", None),
        ];
        for (attack, turn, end) in cases {
            assert_eq!(run(&[GREETING, OFFER, turn]).1, *end, "{attack}");
        }
    }

    #[test]
    fn a_reply_in_two_halves_is_waited_for() {
        assert_eq!(run(&[b"22", b"0 hi\r\n", OFFER, b"220 go\r\n"]).1, None, "A127, A128");
        assert_eq!(run(&[GREETING, OFFER, b"220-go", b"\r\n220 on\r\n"]).1, None);
    }

    #[test]
    fn truncations_and_mutations_never_lead_to_tls_or_panic() {
        let good: [&[u8]; 3] = [GREETING, OFFER, b"220 go\r\n"];
        for (turn, bytes) in good.iter().enumerate() {
            for at in 0..bytes.len() {
                let cut = [&good[..turn], &[&bytes[..at], FLOOD]].concat();
                assert_ne!(run(&cut).1, None, "turn {turn} cut at {at}");
                for byte in [0, b'\n', b'\r', b' ', b'-', b'5', 0xff] {
                    let mut mutant = bytes.to_vec();
                    mutant[at] = byte;
                    run(&[&good[..turn], &[&mutant], &good[turn + 1..], &[FLOOD]].concat());
                }
            }
        }
    }

    #[test]
    fn every_attack_has_its_code() {
        use Code::*;
        let cases: &[(&str, &[&[u8]], Code)] = &[
            ("A001 stripped", &[GREETING, b"250-mx\r\n250 SIZE\r\n"], StarttlsNotOffered),
            (
                "A003 rewritten by a middlebox",
                &[GREETING, b"250-mx\r\n250-XXXXXXXA\r\n250 SIZE\r\n"],
                StarttlsNotOffered,
            ),
            (
                "A004 first line is the domain",
                &[GREETING, b"250-STARTTLS mx.example.test\r\n250 SIZE\r\n"],
                StarttlsNotOffered,
            ),
            (
                "A005 part of a word",
                &[GREETING, b"250-mx\r\n250-NOSTARTTLS\r\n250 X-STARTTLS\r\n"],
                StarttlsNotOffered,
            ),
            ("an argument", &[GREETING, b"250-mx\r\n250 X STARTTLS\r\n"], StarttlsNotOffered),
            ("fms ehlo/250-empty", &[GREETING, b"250 mx\r\n"], StarttlsNotOffered),
            ("fms ehlo/220", &[GREETING, b"220 EHLO client!\r\n"], StarttlsProtocol),
            ("fms ehlo/354", &[GREETING, b"354 Start mail input\r\n"], StarttlsProtocol),
            ("fms ehlo/421", &[GREETING, b"421 Service shutting down\r\n"], StarttlsServerBye),
            ("fms ehlo/500, helo, rset", &[GREETING, b"500 unrecognized\r\n"], StarttlsNotOffered),
            ("fms ehlo/502", &[GREETING, b"502 not implemented\r\n"], StarttlsNotOffered),
            ("fms ehlo/504", &[GREETING, b"504 not implemented\r\n"], StarttlsNotOffered),
            ("fms ehlo/550", &[GREETING, b"550 rejected\r\n"], StarttlsNotOffered),
            ("EHLO not now", &[GREETING, b"451 later\r\n"], StarttlsRefusedTemporarily),
            ("pipelined EHLO reply", &[b"220 hi\r\n250-mx\r\n250 STARTTLS\r\n"], StarttlsPipelined),
            (
                "A084 pipelined go-ahead",
                &[GREETING, b"250-mx\r\n250 STARTTLS\r\n220 go\r\n"],
                StarttlsPipelined,
            ),
            ("pipelined fragment", &[GREETING, b"250-mx\r\n250 STARTTLS\r\n2"], StarttlsPipelined),
            ("A107", &[b"554 no SMTP service here\r\n"], StarttlsGreetingRejected),
            ("A108", &[b"421 busy\r\n"], StarttlsGreetingRejectedTemporarily),
            ("A109", &[b"250 hi\r\n"], StarttlsProtocol),
            ("A111", &[b"SSH-2.0-OpenSSH_9\r\n"], StarttlsProtocol),
            ("HTTP", &[b"HTTP/1.1 400 Bad Request\r\n"], StarttlsProtocol),
            ("fms greeting/354", &[b"354 Start mail input\r\n"], StarttlsProtocol),
            ("fms greeting/501", &[b"501 Syntax error\r\n"], StarttlsGreetingRejected),
            ("fms greeting/530", &[b"530 Must issue STARTTLS first\r\n"], StarttlsGreetingRejected),
            ("fms quit/greeting500", &[b"500 Syntax error\r\n"], StarttlsGreetingRejected),
            ("A122", &[b"\x16\x03\x03\x00\x10"], StarttlsTlsOnPlainPort),
            ("A122 alert", &[b"\x15\x03\x03\x00\x02"], StarttlsTlsOnPlainPort),
            (
                "A125",
                &[&[b"220-", b"x\r\n220-".repeat(10_000).as_slice()].concat()],
                StarttlsTooManyLines,
            ),
            ("A126", &[&[b"220 ", FLOOD].concat()], StarttlsLineTooLong),
            ("A129", &[b"220 hi\0there\r\n"], StarttlsProtocol),
            ("A131", &[b"220 hi\n"], StarttlsProtocol),
            ("A132", &[b"2 20 hi\r\n"], StarttlsProtocol),
            ("A133", &[b"220_hi\r\n"], StarttlsProtocol),
            ("A134", &[b"220-a\r\n221 b\r\n"], StarttlsProtocol),
            ("A136", &[b"+0220 hi\r\n"], StarttlsProtocol),
        ];
        for (attack, turns, code) in cases {
            assert_eq!(run(turns).1, Some(*code), "{attack}");
        }
    }
}
