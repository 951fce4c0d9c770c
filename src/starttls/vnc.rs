//! VNC: security type VeNCrypt 0.2 (RFC 6143 §7.1 and the community's rfbproto, "VeNCrypt").
//!
//! ```text
//! S: "RFB 003.008\n"                C: the same
//! S: 02 02 13                       how many security types, and which; 13 is VeNCrypt (19)
//! C: 13
//! S: 00 02                          highest version of VeNCrypt
//! C: 00 02
//! S: 00                             0 accepts the version
//! S: 02 00000104 00000106           how many subtypes, and which
//! C: 00000104
//! S: 01                             1 accepts the subtype: TLS begins
//! ```
//!
//! Versions other than 3.7 and 3.8 have no list of types and count as 3.3 (RFC 6143 §7.1.1): there
//! is no VeNCrypt in them. Only the X509 subtypes are taken: 260 X509None, 261 X509Vnc, 262
//! X509Plain. 257 to 259 are TLS without a certificate, and 256 is a password in clear: neither says
//! who the server is. The server's order decides between those that are left, and the program is
//! told which it was, for the subtype rules what comes inside TLS. The two acknowledgements have
//! opposite senses: 0 is good for the version, 1 for the subtype.

use serde_json::json;

use crate::line::Input;
use crate::report::Code;

use super::{Move, Negotiator, Occasion, Refusal, Terms};

const VERSION_OCTETS: usize = 12;
const VENCRYPT: u8 = 19;
const VENCRYPT_VERSION: [u8; 2] = [0, 2];
/// The subtypes in which the server shows a certificate.
const X509: std::ops::RangeInclusive<u32> = 260..=262;
/// Longest reason that is waited for; servers send a sentence.
const REASON_OCTETS: usize = 4096;

/// What is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Version,
    Types,
    VencryptVersion,
    Subtypes,
    GoAhead,
}

/// The words of VNC.
#[derive(Debug)]
pub struct Vnc {
    state: State,
    version: String,
    subtype: u32,
}

impl Vnc {
    /// The handshake has no parameters.
    pub fn new(_terms: &Terms, _occasion: &Occasion) -> Vnc {
        Vnc { state: State::Version, version: String::new(), subtype: 0 }
    }

    fn version(&mut self, input: &mut Input) -> Result<Move, Refusal> {
        check_version(input.rest())?;
        let Some(version) = input.first(VERSION_OCTETS)?.map(<[u8]>::to_vec) else {
            return Ok(Move::Wait);
        };
        input.take(VERSION_OCTETS);
        self.version = match version.as_slice() {
            b"RFB 003.007\n" => "3.7".into(),
            b"RFB 003.008\n" => "3.8".into(),
            _ => {
                let words = "the server's version of RFB has no VeNCrypt";
                return Err(Refusal::quoting(Code::StarttlsNotOffered, words, &version));
            }
        };
        self.say(State::Types, version)
    }

    fn types(&mut self, input: &mut Input) -> Result<Move, Refusal> {
        let Some(&count) = input.rest().first() else {
            return Ok(Move::Wait);
        };
        if count == 0 {
            return failed(input);
        }
        let octets = 1 + usize::from(count);
        let Some(types) = input.first(octets)?.and_then(|list| list.get(1..)) else {
            return Ok(Move::Wait);
        };
        if !types.contains(&VENCRYPT) {
            return Err(Refusal::new(
                Code::StarttlsNotOffered,
                "the server does not offer VeNCrypt",
            ));
        }
        input.take(octets);
        self.say(State::VencryptVersion, vec![VENCRYPT])
    }

    fn vencrypt_version(&mut self, input: &mut Input) -> Result<Move, Refusal> {
        let Some(highest) = input.first(2)?.and_then(<[u8]>::first_chunk::<2>).copied() else {
            return Ok(Move::Wait);
        };
        input.take(2);
        if highest < VENCRYPT_VERSION {
            let words = "the server's VeNCrypt is older than version 0.2";
            return Err(Refusal::new(Code::StarttlsNotOffered, words));
        }
        self.say(State::Subtypes, VENCRYPT_VERSION.to_vec())
    }

    fn subtypes(&mut self, input: &mut Input) -> Result<Move, Refusal> {
        let count = match *input.rest() {
            [] | [0] => return Ok(Move::Wait),
            [0, count, ..] => usize::from(count),
            _ => {
                return Err(Refusal::new(Code::StarttlsRefused, "the server refused VeNCrypt 0.2"));
            }
        };
        let octets = 2 + 4 * count;
        let Some(list) = input.first(octets)?.and_then(|answer| answer.get(2..)) else {
            return Ok(Move::Wait);
        };
        let mut subtypes =
            list.chunks(4).filter_map(|chunk| chunk.try_into().ok().map(u32::from_be_bytes));
        let Some(subtype) = subtypes.find(|subtype| X509.contains(subtype)) else {
            let words = "the server offers VeNCrypt only without a certificate";
            return Err(Refusal::new(Code::StarttlsNotOffered, words));
        };
        self.subtype = subtype;
        input.take(octets);
        self.say(State::GoAhead, subtype.to_be_bytes().to_vec())
    }

    fn say(&mut self, next: State, words: Vec<u8>) -> Result<Move, Refusal> {
        self.state = next;
        Ok(Move::Say(words))
    }
}

impl Negotiator for Vnc {
    fn step(&mut self, input: &mut Input) -> Result<Move, Refusal> {
        match self.state {
            State::Version => self.version(input),
            State::Types => self.types(input),
            State::VencryptVersion => self.vencrypt_version(input),
            State::Subtypes => self.subtypes(input),
            State::GoAhead => granted(input),
        }
    }

    /// Which subtype was chosen, which rules the authentication inside TLS.
    fn facts(&self) -> Option<String> {
        let name = match self.subtype {
            260 => "X509None",
            261 => "X509Vnc",
            262 => "X509Plain",
            _ => return None,
        };
        Some(
            json!({ "rfb_version": self.version, "subtype": self.subtype, "subtype_name": name })
                .to_string(),
        )
    }
}

/// What is there so far is the beginning of `RFB ddd.ddd` and a newline.
fn check_version(rest: &[u8]) -> Result<(), Refusal> {
    let fits = rest.iter().zip(b"RFB 000.000\n").all(|(octet, wanted)| match wanted {
        b'0' => octet.is_ascii_digit(),
        _ => octet == wanted,
    });
    if fits {
        return Ok(());
    }
    Err(Refusal::quoting(Code::StarttlsProtocol, "the server's greeting is not that of VNC", rest))
}

/// No types at all: the server refuses the connection and says why (RFC 6143 §7.1.2).
fn failed(input: &Input) -> Result<Move, Refusal> {
    let Some(length) = input.first(5)?.and_then(<[u8]>::last_chunk::<4>) else {
        return Ok(Move::Wait);
    };
    let length = u32::from_be_bytes(*length) as usize;
    if length > REASON_OCTETS {
        let words = format!("the server announces a reason of more than {REASON_OCTETS} octets");
        return Err(Refusal::new(Code::StarttlsTooMuchData, words));
    }
    let Some(reason) = input.first(5 + length)?.and_then(|answer| answer.get(5..)) else {
        return Ok(Move::Wait);
    };
    let words = "the server refuses the connection";
    Err(Refusal::quoting(Code::StarttlsGreetingRejected, words, reason))
}

/// The acknowledgement of the subtype.
fn granted(input: &mut Input) -> Result<Move, Refusal> {
    let (code, words) = match input.rest().first() {
        None => return Ok(Move::Wait),
        Some(1) => {
            input.take(1);
            return Ok(Move::GoAhead);
        }
        Some(0) => (Code::StarttlsRefused, "the server refused to begin TLS"),
        Some(_) => {
            (Code::StarttlsProtocol, "the server's answer to the subtype is not that of VeNCrypt")
        }
    };
    Err(Refusal::new(code, words))
}

#[cfg(test)]
mod tests {
    use super::super::ldap::mutation::batter;
    use super::super::transcript::play;
    use super::*;
    use crate::proto::Protocol;

    const HELLO: &[u8] = b"RFB 003.008\n";
    const TYPES: &[u8] = &[2, 2, 19];
    const VERSION: &[u8] = &[0, 2];
    const SUBTYPES: &[u8] = &[0, 3, 0, 0, 1, 1, 0, 0, 1, 6, 0, 0, 1, 4];
    const GO: &[u8] = &[1];

    fn run(turns: &[&[u8]]) -> (Vec<Vec<u8>>, Option<Code>) {
        play(Protocol::Vnc, turns)
    }

    #[test]
    fn an_honest_server_is_led_to_its_first_x509_subtype() {
        let (said, end) = run(&[HELLO, TYPES, VERSION, SUBTYPES, GO]);
        let wanted: [&[u8]; 4] = [HELLO, &[19], &[0, 2], &[0, 0, 1, 6]];
        assert_eq!(said, wanted);
        assert_eq!(end, None);
        assert_eq!(run(&[b"RFB 003.007\n", TYPES, &[1, 0], SUBTYPES, GO]).1, None);
    }

    #[test]
    fn every_attack_has_its_code() {
        use Code::*;
        let cases: &[(&str, &[&[u8]], Code)] = &[
            ("version 3.3", &[b"RFB 003.003\n"], StarttlsNotOffered),
            ("another version counts as 3.3", &[b"RFB 003.889\n"], StarttlsNotOffered),
            ("stripped to VNC authentication", &[HELLO, &[1, 2]], StarttlsNotOffered),
            ("anonymous TLS (type 18)", &[HELLO, &[2, 1, 18]], StarttlsNotOffered),
            (
                "too many failures",
                &[HELLO, b"\0\0\0\0\x11Too many failures"],
                StarttlsGreetingRejected,
            ),
            ("endless reason", &[HELLO, b"\0\xff\xff\xff\xff"], StarttlsTooMuchData),
            ("VeNCrypt 0.1", &[HELLO, TYPES, &[0, 1]], StarttlsNotOffered),
            ("version refused", &[HELLO, TYPES, VERSION, &[255]], StarttlsRefused),
            ("no subtypes", &[HELLO, TYPES, VERSION, &[0, 0]], StarttlsNotOffered),
            (
                "anonymous TLS only",
                &[HELLO, TYPES, VERSION, &[0, 1, 0, 0, 1, 1]],
                StarttlsNotOffered,
            ),
            (
                "password in clear only",
                &[HELLO, TYPES, VERSION, &[0, 1, 0, 0, 1, 0]],
                StarttlsNotOffered,
            ),
            (
                "X509SASL is not known",
                &[HELLO, TYPES, VERSION, &[0, 1, 0, 0, 1, 8]],
                StarttlsNotOffered,
            ),
            ("subtype refused", &[HELLO, TYPES, VERSION, SUBTYPES, &[0]], StarttlsRefused),
            ("unknown acknowledgement", &[HELLO, TYPES, VERSION, SUBTYPES, &[2]], StarttlsProtocol),
            ("injection", &[HELLO, TYPES, VERSION, SUBTYPES, b"\x01\0\0\0\0"], StarttlsInjection),
            ("pipelined types", &[b"RFB 003.008\n\x01\x13"], StarttlsPipelined),
            ("pipelined version", &[HELLO, &[1, 19, 0, 2]], StarttlsPipelined),
            ("pipelined subtypes", &[HELLO, TYPES, &[0, 2, 0]], StarttlsPipelined),
            (
                "pipelined go-ahead",
                &[HELLO, TYPES, VERSION, &[0, 1, 0, 0, 1, 4, 1]],
                StarttlsPipelined,
            ),
            ("not VNC", &[b"SSH-2.0-x\r\n"], StarttlsProtocol),
            ("CR LF", &[b"RFB 003.008\r\n"], StarttlsProtocol),
        ];
        for (attack, turns, code) in cases {
            assert_eq!(run(turns).1, Some(*code), "{attack}");
        }
    }

    #[test]
    fn the_subtype_is_told() {
        let mut vnc = Vnc { state: State::GoAhead, version: "3.8".into(), subtype: 262 };
        let wanted = r#"{"rfb_version":"3.8","subtype":262,"subtype_name":"X509Plain"}"#;
        assert_eq!(vnc.facts().as_deref(), Some(wanted));
        vnc.subtype = 0;
        assert_eq!(vnc.facts(), None);
    }

    #[test]
    fn damaged_transcripts_end_well() {
        batter(Protocol::Vnc, &[HELLO, TYPES, VERSION, SUBTYPES, GO]);
    }
}
