//! IMAP: RFC 9051, RFC 3501.
//!
//! ```text
//! S: * OK ready                            PREAUTH and BYE are refusals (RFC 9051 §7.1.4, §7.1.5)
//! C: T4RQ... CAPABILITY
//! S: * CAPABILITY IMAP4rev2 STARTTLS LOGINDISABLED
//! S: T4RQ... OK done
//! C: Z2MU... STARTTLS                      nothing is sent until its answer (§6.2.1)
//! S: Z2MU... OK begin TLS                  NO, BAD: no; anything else: not IMAP
//! ```
//!
//! A server may speak unasked (§7), so lines that begin with `*` may stand anywhere. Before TLS they
//! are worth nothing: `OK`, `NO`, `BAD` with whatever code in brackets (an ALERT, a REFERRAL,
//! capabilities) and CAPABILITY are dropped, but for the one that answers the CAPABILITY command;
//! the latest counts. Everything else (`EXISTS`, `LIST`, `STATUS`, ...) belongs to a mailbox, which
//! nobody has before logging in: it is planted for a client that keeps it (Python's imaplib 3.11
//! does), and is an error. `* OK` is not the go-ahead; only the tagged `OK` is.
//!
//! Tags are random, 80 bits for each command: with a guessable tag the answer can be there before
//! its question and seem to come after it.
//!
//! A literal (`{5}` at the end of a line, §4.3) has no place in any line that is taken here, and its
//! octets are never waited for.
//!
//! Q: May capabilities in the greeting save the question? A: They are a hint that anybody could have
//! written. The server is always asked, and its answer wins.
//!
//! Q: Is PREAUTH harmless when the server also offers STARTTLS? A: No. STARTTLS is allowed only
//! before authentication, so a client that goes on goes on in clear; who needs TLS must close
//! (§7.1.4; RFC 3501 has no such rule).
//!
//! After TLS no greeting comes, and nothing that was said before counts (§6.2.1).

use data_encoding::BASE32_NOPAD;

use crate::line::Input;
use crate::report::Code;

use super::imap_response::{Response, Status, parse};
use super::{Move, Negotiator, Occasion, Refusal, Terms};

/// Octets of a random tag: 16 characters of A-Z and 2-7.
const TAG_OCTETS: usize = 10;

/// Where the conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The greeting is awaited.
    Greeting,
    /// The server greeted; CAPABILITY comes next.
    Greeted,
    /// CAPABILITY was sent, and this was heard so far.
    Capabilities(Offer),
    /// The server offers; STARTTLS comes next.
    Offered,
    /// STARTTLS was sent.
    GoAhead,
    /// The server declined, and no command waits for an answer.
    Declined,
}

/// What is sent before TLS, each at most once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    Capability,
    Starttls,
    Logout,
}

/// What the latest list of capabilities says of STARTTLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Offer {
    Absent,
    Present,
}

/// Whether a line was the go-ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    GoAhead,
    SomethingElse,
}

/// The words of IMAP.
#[derive(Debug)]
pub struct Imap {
    state: State,
    nonce: [u8; 32],
}

impl Imap {
    /// A conversation that has not begun; the occasion's nonce gives the tags.
    pub fn new(_terms: &Terms, occasion: &Occasion) -> Imap {
        Imap { state: State::Greeting, nonce: occasion.nonce }
    }

    fn hear(&mut self, line: &[u8]) -> Result<Heard, Refusal> {
        let response = parse(line)?;
        if self.state == State::Greeting {
            return self.greeted(&response, line);
        }
        let (code, words) = match response {
            Response::Untagged(_) => return Ok(Heard::SomethingElse),
            Response::Capability(list) => return Ok(self.listed(list)),
            Response::Tagged(tag, status, text) => return self.answered(tag, status, text),
            Response::Preauth => {
                let words = "the server claims in mid-conversation that we are logged in";
                (Code::StarttlsPreauth, words)
            }
            Response::Bye(_) => (Code::StarttlsServerBye, "the server said goodbye before TLS"),
            Response::Data => {
                let words = "the server sent mailbox data before anybody logged in";
                (Code::StarttlsUnexpectedData, words)
            }
        };
        Err(Refusal::quoting(code, words, line))
    }

    fn greeted(&mut self, response: &Response, line: &[u8]) -> Result<Heard, Refusal> {
        let (code, words) = match response {
            Response::Untagged(Status::Ok) => {
                self.state = State::Greeted;
                return Ok(Heard::SomethingElse);
            }
            Response::Preauth => {
                (Code::StarttlsPreauth, "the server claims that we are logged in, before TLS")
            }
            Response::Bye(text) if is_temporary(text) => (
                Code::StarttlsGreetingRejectedTemporarily,
                "the server greets with a temporary refusal",
            ),
            Response::Bye(_) => {
                (Code::StarttlsGreetingRejected, "the server greets with a refusal")
            }
            Response::Untagged(Status::No | Status::Bad)
            | Response::Capability(_)
            | Response::Data
            | Response::Tagged(..) => {
                (Code::StarttlsProtocol, "the server's greeting is not that of IMAP")
            }
        };
        Err(Refusal::quoting(code, words, line))
    }

    /// Keeps what the list says if it was asked for, and drops it otherwise.
    fn listed(&mut self, list: &[u8]) -> Heard {
        if let State::Capabilities(offer) = &mut self.state {
            *offer = offer_in(list);
        }
        Heard::SomethingElse
    }

    fn answered(&mut self, tag: &[u8], status: Status, text: &[u8]) -> Result<Heard, Refusal> {
        match self.state {
            State::Capabilities(offer) => {
                self.check_tag(tag, Command::Capability)?;
                self.offered(status, offer, text)
            }
            State::GoAhead => {
                self.check_tag(tag, Command::Starttls)?;
                self.granted(status, text)
            }
            State::Greeting | State::Greeted | State::Offered | State::Declined => {
                let words = "the server answered before it was asked";
                Err(Refusal::quoting(Code::StarttlsPipelined, words, tag))
            }
        }
    }

    fn check_tag(&self, tag: &[u8], command: Command) -> Result<(), Refusal> {
        if tag == self.tag(command).as_bytes() {
            return Ok(());
        }
        let words = "the server answered a command that was not sent";
        Err(Refusal::quoting(Code::StarttlsProtocol, words, tag))
    }

    fn offered(&mut self, status: Status, offer: Offer, text: &[u8]) -> Result<Heard, Refusal> {
        match (status, offer) {
            (Status::Ok, Offer::Present) => {
                self.state = State::Offered;
                Ok(Heard::SomethingElse)
            }
            (Status::Ok, Offer::Absent) | (Status::No | Status::Bad, _) => {
                self.state = State::Declined;
                let words = "the server does not offer STARTTLS";
                Err(Refusal::quoting(Code::StarttlsNotOffered, words, text))
            }
        }
    }

    fn granted(&mut self, status: Status, text: &[u8]) -> Result<Heard, Refusal> {
        let (code, words) = match status {
            Status::Ok => return Ok(Heard::GoAhead),
            Status::No | Status::Bad if is_temporary(text) => {
                (Code::StarttlsRefusedTemporarily, "the server refused STARTTLS for now")
            }
            Status::No | Status::Bad => (Code::StarttlsRefused, "the server refused STARTTLS"),
        };
        self.state = State::Declined;
        Err(Refusal::quoting(code, words, text))
    }

    fn line(&self, command: Command) -> Vec<u8> {
        let word = match command {
            Command::Capability => "CAPABILITY",
            Command::Starttls => "STARTTLS",
            Command::Logout => "LOGOUT",
        };
        format!("{} {word}\r\n", self.tag(command)).into_bytes()
    }

    /// Every command has octets of the nonce for itself.
    fn tag(&self, command: Command) -> String {
        let (capability, rest) = self.nonce.split_at(TAG_OCTETS);
        let (starttls, rest) = rest.split_at(TAG_OCTETS);
        let (logout, _) = rest.split_at(TAG_OCTETS);
        BASE32_NOPAD.encode(match command {
            Command::Capability => capability,
            Command::Starttls => starttls,
            Command::Logout => logout,
        })
    }
}

impl Negotiator for Imap {
    /// Every whole line that is there is heard before anything is said: what stands behind the
    /// greeting is named for what it is, not only for coming early.
    fn step(&mut self, input: &mut Input) -> Result<Move, Refusal> {
        while let Some(line) = input.take_line()? {
            if self.hear(&line)? == Heard::GoAhead {
                return Ok(Move::GoAhead);
            }
        }
        let (command, next) = match self.state {
            State::Greeted => (Command::Capability, State::Capabilities(Offer::Absent)),
            State::Offered => (Command::Starttls, State::GoAhead),
            State::Greeting | State::Capabilities(_) | State::GoAhead | State::Declined => {
                return Ok(Move::Wait);
            }
        };
        // A line that has begun is heard to its end first.
        if !input.is_empty() {
            return Ok(Move::Wait);
        }
        self.state = next;
        Ok(Move::Say(self.line(command)))
    }

    /// LOGOUT is said only to a server that has answered everything: behind STARTTLS no command may
    /// follow before its answer (RFC 9051 §6.2.1).
    fn farewell(&self) -> Vec<u8> {
        match self.state {
            State::Greeted | State::Offered | State::Declined => self.line(Command::Logout),
            State::Greeting | State::Capabilities(_) | State::GoAhead => Vec::new(),
        }
    }
}

/// Whether the words of a list name STARTTLS.
fn offer_in(list: &[u8]) -> Offer {
    let mut names = list.split(|&byte| byte == b' ');
    match names.any(|name| name.eq_ignore_ascii_case(b"STARTTLS")) {
        true => Offer::Present,
        false => Offer::Absent,
    }
}

/// The code UNAVAILABLE (RFC 9051 §7.1, RFC 5530 §3): a part of the server is down.
fn is_temporary(text: &[u8]) -> bool {
    const CODE: &[u8] = b"[UNAVAILABLE]";
    text.get(..CODE.len()).is_some_and(|head| head.eq_ignore_ascii_case(CODE))
}

#[cfg(test)]
mod tests {
    use super::super::transcript::play;
    use super::*;
    use crate::limits::Limits;
    use crate::proto::Protocol;

    const GREETING: &[u8] = b"* OK ready\r\n";
    const OFFER: &[u8] = b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n<T> OK done\r\n";
    /// Ends any transcript that has not ended yet.
    const FLOOD: &[u8] = &[b'x'; 70_000];

    fn run(turns: &[&[u8]]) -> (Vec<Vec<u8>>, Option<Code>) {
        play(Protocol::Imap, turns)
    }

    /// How STARTTLS ends when it is answered so.
    fn answer(turn: &[u8]) -> Option<Code> {
        run(&[GREETING, OFFER, turn]).1
    }

    fn imap(nonce: [u8; 32]) -> Imap {
        let terms = Terms { ehlo_name: String::new(), limits: Limits::DEFAULT, line: None };
        Imap::new(&terms, &Occasion { domain: String::new(), nonce })
    }

    #[test]
    fn an_honest_server_gets_capability_and_starttls_and_nothing_else() {
        let dovecot: &[u8] = b"* OK [CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE \
            LITERAL+ STARTTLS LOGINDISABLED] Dovecot (Debian) ready.\r\n";
        for (greeting, grant) in [
            (GREETING, b"<T> OK Begin TLS negotiation now\r\n".as_slice()),
            (dovecot, b"<T> OK Begin TLS negotiation now.\r\n"),
            (b"* ok\r\n", b"<T> ok\r\n"),
        ] {
            let (said, end) = run(&[greeting, OFFER, grant]);
            let words: Vec<&[u8]> = said
                .iter()
                .map(|line| line.splitn(2, |byte| *byte == b' ').nth(1).unwrap_or_default())
                .collect();
            assert_eq!(words, [b"CAPABILITY\r\n".as_slice(), b"STARTTLS\r\n"]);
            assert_eq!(end, None);
        }
    }

    #[test]
    fn every_command_has_a_tag_of_its_own() {
        let nonce: [u8; 32] = std::array::from_fn(|index| u8::try_from(index * 7).unwrap());
        let tags = [Command::Capability, Command::Starttls, Command::Logout]
            .map(|command| imap(nonce).tag(command));
        assert!(tags.iter().all(|tag| tag.len() == 16));
        assert!(
            tags.iter().all(|tag| tag
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()))
        );
        assert!(tags[0] != tags[1] && tags[1] != tags[2] && tags[0] != tags[2]);
        assert_ne!(tags[0], imap([7; 32]).tag(Command::Capability));
    }

    #[test]
    fn goodbye_is_said_only_when_no_command_waits() {
        let mut imap = imap([7; 32]);
        let mut input = Input::new(Limits::DEFAULT);
        assert!(imap.farewell().is_empty(), "before the greeting");
        input.feed(b"* OK hi\r\n");
        assert!(matches!(imap.step(&mut input), Ok(Move::Say(_))));
        assert!(imap.farewell().is_empty(), "before the answer");
        input.feed(format!("{} NO\r\n", imap.tag(Command::Capability)).as_bytes());
        assert!(imap.step(&mut input).is_err());
        assert!(imap.farewell().ends_with(b" LOGOUT\r\n"));
    }

    #[test]
    fn every_attack_before_starttls_has_its_code() {
        use Code::*;
        let hint: &[u8] = b"* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n";
        let cases: &[(&str, &[&[u8]], Code)] = &[
            ("A008 stripped", &[hint, b"* CAPABILITY IMAP4rev1\r\n<T> OK\r\n"], StarttlsNotOffered),
            (
                "A091 STATUS",
                &[b"* OK hi\r\n* STATUS INBOX (MESSAGES 5)\r\n"],
                StarttlsUnexpectedData,
            ),
            ("A092 SEARCH", &[b"* OK hi\r\n* SEARCH 1 2 3\r\n"], StarttlsUnexpectedData),
            ("A096 LSUB", &[b"* OK hi\r\n* LSUB () \"/\" evil\r\n"], StarttlsUnexpectedData),
            ("data after CAPABILITY", &[GREETING, b"* SEARCH 1\r\n"], StarttlsUnexpectedData),
            (
                "A101 referral",
                &[
                    b"* OK [REFERRAL imap://;AUTH=*@evil.test/] hi\r\n",
                    b"<T> NO [REFERRAL imap://evil.test/] x\r\n",
                ],
                StarttlsNotOffered,
            ),
            (
                "A103 PREAUTH",
                &[b"* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n"],
                StarttlsPreauth,
            ),
            ("A104 preauth", &[b"* preauth hi\r\n"], StarttlsPreauth),
            ("late PREAUTH", &[GREETING, b"* PREAUTH hi\r\n"], StarttlsPreauth),
            ("A112 BYE", &[b"* BYE go away\r\n"], StarttlsGreetingRejected),
            (
                "BYE for now",
                &[b"* BYE [UNAVAILABLE] later\r\n"],
                StarttlsGreetingRejectedTemporarily,
            ),
            ("A113 tagged greeting", &[b"a OK hi\r\n"], StarttlsProtocol),
            ("A114 NO", &[b"* NO hi\r\n"], StarttlsProtocol),
            ("greeting of capabilities", &[b"* CAPABILITY STARTTLS\r\n"], StarttlsProtocol),
            ("fms greeting_invalid_ok", &[b"Ac3c rJzg\r\n* OK DHYw\r\n"], StarttlsProtocol),
            ("POP3", &[b"+OK hi\r\n"], StarttlsProtocol),
            ("SMTP", &[b"220 mx.example.test ESMTP\r\n"], StarttlsProtocol),
            ("A137 literal", &[b"* OK {4294967296}\r\n"], StarttlsProtocol),
            (
                "literal without waiting",
                &[GREETING, b"* CAPABILITY IMAP4rev1 {5+}\r\n"],
                StarttlsProtocol,
            ),
            (
                "A139 empty list",
                &[b"* OK hi\r\n", b"* CAPABILITY\r\n<T> OK\r\n"],
                StarttlsNotOffered,
            ),
            ("no list", &[GREETING, b"<T> OK [CAPABILITY STARTTLS] x\r\n"], StarttlsNotOffered),
            (
                "part of a word",
                &[GREETING, b"* CAPABILITY XSTARTTLS STARTTLS=1 AUTH=STARTTLS\r\n<T> OK\r\n"],
                StarttlsNotOffered,
            ),
            (
                "latest wins",
                &[GREETING, b"* CAPABILITY STARTTLS\r\n* CAPABILITY IMAP4rev1\r\n<T> OK\r\n"],
                StarttlsNotOffered,
            ),
            (
                "list before the question",
                &[b"* OK hi\r\n* CAPABILITY STARTTLS\r\n", b"<T> OK\r\n"],
                StarttlsNotOffered,
            ),
            ("fms D_1 no CAPABILITY", &[GREETING, b"<T> BAD unknown\r\n"], StarttlsNotOffered),
            (
                "fms reorder",
                &[GREETING, b"2 OK begin TLS now\r\n* CAPABILITY STARTTLS\r\n<T> OK\r\n"],
                StarttlsProtocol,
            ),
            ("pipelined answer", &[b"* OK hi\r\n1 OK done\r\n"], StarttlsPipelined),
            (
                "pipelined go-ahead",
                &[GREETING, b"* CAPABILITY STARTTLS\r\n<T> OK\r\n2 OK go\r\n"],
                StarttlsPipelined,
            ),
            ("BYE", &[GREETING, b"* BYE\r\n"], StarttlsServerBye),
            ("nothing behind the star", &[GREETING, b"* \r\n"], StarttlsProtocol),
            ("star alone", &[GREETING, b"*\r\n"], StarttlsProtocol),
            ("empty line", &[GREETING, b"\r\n"], StarttlsProtocol),
            ("TLS at once", &[b"\x16\x03\x01\x00\x10"], StarttlsTlsOnPlainPort),
            ("no line end", &[FLOOD], StarttlsLineTooLong),
            ("endless chatter", &[GREETING, &b"* OK x\r\n".repeat(1000)], StarttlsTooManyLines),
        ];
        for (attack, turns, code) in cases {
            assert_eq!(run(turns).1, Some(*code), "{attack}");
        }
    }

    #[test]
    fn every_attack_after_starttls_has_its_code() {
        use Code::*;
        let cases: &[(&str, &[u8], Code)] = &[
            ("A034 NO", b"<T> NO not now\r\n", StarttlsRefused),
            ("A035 BAD", b"<T> BAD unknown\r\n", StarttlsRefused),
            ("NO for now", b"<T> NO [unavailable] x\r\n", StarttlsRefusedTemporarily),
            ("A036 continuation", b"+ continue\r\n", StarttlsProtocol),
            ("continuation OK", b"+ OK go\r\n", StarttlsProtocol),
            ("A037 MAYBE", b"<T> MAYBE huh\r\n", StarttlsProtocol),
            ("tagged PREAUTH", b"<T> PREAUTH go\r\n", StarttlsProtocol),
            ("A039 wrong tag", b"WRONGTAG OK begin\r\n", StarttlsProtocol),
            ("longer tag", b"<T>A OK begin\r\n", StarttlsProtocol),
            ("tag alone", b"<T>\r\n", StarttlsProtocol),
            ("two blanks", b"<T>  OK\r\n", StarttlsProtocol),
            ("OKAY", b"<T> OKAY\r\n", StarttlsProtocol),
            ("A040 BYE", b"* BYE shutting down\r\n", StarttlsServerBye),
            (
                "A069 injection",
                b"<T> OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n",
                StarttlsInjection,
            ),
            ("injection of one byte", b"<T> OK go\r\n*", StarttlsInjection),
            (
                "A090 EXISTS",
                b"* 99 EXISTS\r\n* LIST () \"/\" evil\r\n<T> OK go\r\n",
                StarttlsUnexpectedData,
            ),
            (
                "fms 03_status_2",
                b"* STATUS INBOX (MESSAGES 7)\r\n<T> OK\r\n",
                StarttlsUnexpectedData,
            ),
            ("fms 04_search", b"* SEARCH 1 2 3\r\n<T> OK\r\n", StarttlsUnexpectedData),
            ("fms 05_flags", b"* FLAGS (\\Flagged)\r\n<T> OK\r\n", StarttlsUnexpectedData),
            ("fms 08_expunge", b"* 1 EXPUNGE\r\n<T> OK\r\n", StarttlsUnexpectedData),
            (
                "fms 09_fetch",
                b"* 1 FETCH (BODY[] {6}\r\nhello!)\r\n<T> OK\r\n",
                StarttlsUnexpectedData,
            ),
            ("literal in the go-ahead", b"<T> OK go {3}\r\n", StarttlsProtocol),
            ("bare LF", b"<T> OK go\n", StarttlsProtocol),
        ];
        for (attack, turn, code) in cases {
            assert_eq!(answer(turn), Some(*code), "{attack}");
        }
    }

    #[test]
    fn what_a_server_may_say_unasked_is_dropped() {
        for (row, turn) in [
            ("A098", b"<T> OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] go\r\n".as_slice()),
            ("A099", b"* OK [ALERT] visit evil.test\r\n<T> OK go\r\n"),
            ("fms untagged_capability", b"* CAPABILITY IDLE\r\n<T> OK ready\r\n"),
            ("A266", b"<T> OK go\r\n"),
        ] {
            assert_eq!(answer(turn), None, "{row}");
        }
        let referral: &[u8] = b"* OK [REFERRAL imap://evil.test/] hi\r\n";
        assert_eq!(run(&[referral, OFFER, b"<T> OK\r\n"]).1, None, "A100");
        let untagged: &[u8] = b"* OK begin TLS\r\n";
        assert_eq!(
            run(&[GREETING, OFFER, untagged, b"<T> NO\r\n"]).1,
            Some(Code::StarttlsRefused),
            "A038"
        );
        let early: &[u8] = b"* OK hi\r\n* OK [ALERT] x\r\n";
        assert_eq!(run(&[early, OFFER, b"<T> OK\r\n"]).1, None, "a status behind the greeting");
    }

    #[test]
    fn truncations_and_mutations_never_lead_to_tls_or_panic() {
        let good: [&[u8]; 3] = [GREETING, OFFER, b"<T> OK go\r\n"];
        for (turn, bytes) in good.iter().enumerate() {
            for at in 0..bytes.len() {
                let cut = [&good[..turn], &[&bytes[..at], FLOOD]].concat();
                assert_ne!(run(&cut).1, None, "turn {turn} cut at {at}");
                for byte in [0, b'\n', b'\r', b' ', b'*', b'+', b'}', 0xff] {
                    let mut mutant = bytes.to_vec();
                    mutant[at] = byte;
                    run(&[&good[..turn], &[&mutant], &good[turn + 1..], &[FLOOD]].concat());
                }
            }
        }
    }
}
