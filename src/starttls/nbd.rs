//! Network block device: NBD_OPT_STARTTLS of the fixed newstyle handshake (doc/proto.md of the
//! reference implementation, "Fixed newstyle negotiation" and "TLS support").
//!
//! ```text
//! S: "NBDMAGIC" "IHAVEOPT" 0003     handshake flags; bit 0 is fixed newstyle
//! C: 00000001                       client flags: fixed newstyle, and only it
//! C: "IHAVEOPT" 00000005 00000000   NBD_OPT_STARTTLS without data
//! S: 0003e889045565a9 00000005 00000001 00000000        NBD_REP_ACK without data
//! ```
//!
//! All numbers are in network order. A server of the old style, or of the newstyle that is not
//! fixed, hangs up on an option that it does not know, so it is not asked. An error reply has bit 31
//! in its type and may bring a text of at most 4096 octets ("Conventions"). The server forgets all
//! options that came before TLS (CVE-2021-3716); we send none.

use serde_json::json;

use crate::line::Input;
use crate::report::Code;

use super::{Move, Negotiator, Occasion, Refusal, Terms};

const GREETING: &[u8] = b"NBDMAGICIHAVEOPT";
const GREETING_OCTETS: usize = 18;
const OLD_STYLE: &[u8] = b"NBDMAGIC\x00\x00\x42\x02\x81\x86\x12\x53";
const FIXED_NEWSTYLE: u16 = 1;
/// The one client flag that is sent. NO_ZEROES is not: what the program may expect inside TLS then
/// does not hang on what the server said outside.
const CLIENT_FLAGS: u32 = 1;
const OPT_ABORT: u32 = 2;
const OPT_STARTTLS: u32 = 5;

/// The magic of a reply and the option it is for.
const REPLY: &[u8] = b"\x00\x03\xe8\x89\x04\x55\x65\xa9\x00\x00\x00\x05";
const REPLY_OCTETS: usize = 20;
const REP_ACK: u32 = 1;
const REP_ERROR: u32 = 1 << 31;
const REP_ERR_UNSUP: u32 = REP_ERROR + 1;
const REP_ERR_SHUTDOWN: u32 = REP_ERROR + 7;
/// Longest string of the protocol ("Conventions").
const STRING_OCTETS: u32 = 4096;

/// What is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Greeting,
    Answer { flags: u16 },
}

/// The words of NBD.
#[derive(Debug)]
pub struct Nbd {
    state: State,
}

impl Nbd {
    /// The handshake has no parameters.
    pub fn new(_terms: &Terms, _occasion: &Occasion) -> Nbd {
        Nbd { state: State::Greeting }
    }

    fn greeted(&mut self, input: &mut Input) -> Result<Move, Refusal> {
        check_greeting(input.rest())?;
        let flags = input.first(GREETING_OCTETS)?.and_then(<[u8]>::last_chunk::<2>);
        let Some(flags) = flags.map(|flags| u16::from_be_bytes(*flags)) else {
            return Ok(Move::Wait);
        };
        input.take(GREETING_OCTETS);
        if flags & FIXED_NEWSTYLE == 0 {
            let words = "the server does not speak the fixed newstyle, which has TLS";
            return Err(Refusal::new(Code::StarttlsNotOffered, words));
        }
        self.state = State::Answer { flags };
        let request = [CLIENT_FLAGS.to_be_bytes().to_vec(), option(OPT_STARTTLS)].concat();
        Ok(Move::Say(request))
    }
}

impl Negotiator for Nbd {
    fn step(&mut self, input: &mut Input) -> Result<Move, Refusal> {
        match self.state {
            State::Greeting => self.greeted(input),
            State::Answer { .. } => answered(input),
        }
    }

    /// A client that wants no more says so ("Termination of the session during option haggling").
    fn farewell(&self) -> Vec<u8> {
        match self.state {
            State::Greeting => Vec::new(),
            State::Answer { .. } => option(OPT_ABORT),
        }
    }

    /// The handshake flags, which are not said again inside TLS.
    fn facts(&self) -> Option<String> {
        match self.state {
            State::Greeting => None,
            State::Answer { flags } => {
                Some(json!({ "handshake_flags": flags, "client_flags": CLIENT_FLAGS }).to_string())
            }
        }
    }
}

/// An option without data.
fn option(number: u32) -> Vec<u8> {
    [b"IHAVEOPT".as_slice(), &number.to_be_bytes(), &[0; 4]].concat()
}

/// What is there so far is a greeting's beginning.
fn check_greeting(rest: &[u8]) -> Result<(), Refusal> {
    if begins(rest, GREETING) {
        return Ok(());
    }
    if rest.starts_with(OLD_STYLE) {
        let words = "the server speaks the old style, which has no TLS";
        return Err(Refusal::new(Code::StarttlsNotOffered, words));
    }
    if begins(rest, OLD_STYLE) {
        return Ok(());
    }
    Err(Refusal::quoting(Code::StarttlsProtocol, "the server's greeting is not that of NBD", rest))
}

/// Whether the bytes are the beginning of the wanted ones, or begin with them.
fn begins(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.iter().zip(wanted).all(|(octet, wanted)| octet == wanted)
}

fn answered(input: &mut Input) -> Result<Move, Refusal> {
    if !begins(input.rest(), REPLY) {
        return Err(malformed(input.rest()));
    }
    let Some(header) = input.first(REPLY_OCTETS)? else {
        return Ok(Move::Wait);
    };
    let kind = number_at(header, 12);
    match (kind, number_at(header, 16)) {
        (REP_ACK, 0) => {
            input.take(REPLY_OCTETS);
            Ok(Move::GoAhead)
        }
        (REP_ERROR.., length @ 0..=STRING_OCTETS) => refused(kind, length, input),
        (REP_ERROR.., _) => Err(Refusal::new(
            Code::StarttlsTooMuchData,
            "the server's error text is beyond what NBD allows",
        )),
        _ => Err(malformed(header)),
    }
}

/// An error reply, once its text is there.
fn refused(kind: u32, length: u32, input: &Input) -> Result<Move, Refusal> {
    let Some(reply) = input.first(REPLY_OCTETS + length as usize)? else {
        return Ok(Move::Wait);
    };
    let (code, words) = match kind {
        REP_ERR_UNSUP => (Code::StarttlsNotOffered, "the server does not know NBD_OPT_STARTTLS"),
        REP_ERR_SHUTDOWN => (Code::StarttlsServerBye, "the server is shutting down"),
        _ => (Code::StarttlsRefused, "the server refused NBD_OPT_STARTTLS"),
    };
    Err(Refusal::quoting(code, words, reply.get(REPLY_OCTETS..).unwrap_or_default()))
}

/// The number at a place of a header, which is there in full.
fn number_at(header: &[u8], at: usize) -> u32 {
    let octets = header.get(at..).and_then(<[u8]>::first_chunk::<4>);
    octets.map_or(0, |octets| u32::from_be_bytes(*octets))
}

fn malformed(bytes: &[u8]) -> Refusal {
    let words = "the server's answer to NBD_OPT_STARTTLS is not that of NBD";
    Refusal::quoting(Code::StarttlsProtocol, words, bytes)
}

#[cfg(test)]
mod tests {
    use super::super::ldap::mutation::batter;
    use super::super::transcript::play;
    use super::*;
    use crate::proto::Protocol;

    const HELLO: &[u8] = b"NBDMAGICIHAVEOPT\x00\x03";
    const ACK: &[u8] =
        b"\x00\x03\xe8\x89\x04\x55\x65\xa9\x00\x00\x00\x05\x00\x00\x00\x01\x00\x00\x00\x00";

    fn reply(kind: u32, text: &[u8]) -> Vec<u8> {
        [REPLY, &kind.to_be_bytes(), &(text.len() as u32).to_be_bytes(), text].concat()
    }

    #[test]
    fn an_honest_server_gets_flags_and_one_option_and_nothing_else() {
        let (said, end) = play(Protocol::Nbd, &[HELLO, ACK]);
        assert_eq!(said, [b"\0\0\0\x01IHAVEOPT\0\0\0\x05\0\0\0\0"]);
        assert_eq!(end, None);
    }

    #[test]
    fn every_attack_has_its_code() {
        use Code::*;
        let old = [OLD_STYLE, &[0; 136]].concat();
        let injection = [ACK, &reply(2, b"evil")].concat();
        let pipelined = [HELLO, ACK].concat();
        let long = [REPLY, b"\x80\0\0\x02\0\0\x10\x01"].concat();
        let cases: &[(&str, &[&[u8]], Code)] = &[
            ("old style", &[&old], StarttlsNotOffered),
            ("newstyle that is not fixed", &[b"NBDMAGICIHAVEOPT\0\x02"], StarttlsNotOffered),
            ("unknown option", &[HELLO, &reply(REP_ERR_UNSUP, b"")], StarttlsNotOffered),
            ("policy", &[HELLO, &reply(REP_ERROR + 2, b"no certificate")], StarttlsRefused),
            ("unknown error", &[HELLO, &reply(u32::MAX, b"")], StarttlsRefused),
            ("shutting down", &[HELLO, &reply(REP_ERR_SHUTDOWN, b"")], StarttlsServerBye),
            ("endless error text", &[HELLO, &long], StarttlsTooMuchData),
            ("ACK with data", &[HELLO, &reply(REP_ACK, b"x")], StarttlsProtocol),
            ("another reply type", &[HELLO, &reply(2, b"")], StarttlsProtocol),
            (
                "reply to another option",
                &[HELLO, b"\0\x03\xe8\x89\x04\x55\x65\xa9\0\0\0\x07"],
                StarttlsProtocol,
            ),
            ("injection (CVE-2021-3716 turned round)", &[HELLO, &injection], StarttlsInjection),
            ("injection of one byte", &[HELLO, &[ACK, b"\0"].concat()], StarttlsInjection),
            ("pipelined go-ahead", &[&pipelined], StarttlsPipelined),
            ("not NBD", &[b"220 mx ESMTP\r\n"], StarttlsProtocol),
        ];
        for (attack, turns, code) in cases {
            assert_eq!(play(Protocol::Nbd, turns).1, Some(*code), "{attack}");
        }
    }

    #[test]
    fn abort_is_said_only_once_options_may_be_sent() {
        let mut nbd = Nbd { state: State::Greeting };
        assert!(nbd.farewell().is_empty() && nbd.facts().is_none());
        nbd.state = State::Answer { flags: 3 };
        assert_eq!(nbd.farewell(), b"IHAVEOPT\0\0\0\x02\0\0\0\0");
        assert_eq!(nbd.facts().as_deref(), Some(r#"{"client_flags":1,"handshake_flags":3}"#));
    }

    #[test]
    fn damaged_transcripts_end_well() {
        batter(Protocol::Nbd, &[HELLO, ACK]);
    }
}
