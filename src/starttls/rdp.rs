//! Remote desktop: the negotiation in the X.224 connection PDUs ([MS-RDPBCGR] §2.2.1.1, §2.2.1.2,
//! §5.4.2.1).
//!
//! ```text
//! C: 03 00 00 13                    TPKT: version 3, 19 octets
//!    0e e0 00 00 00 00 00           X.224 connection request, class 0
//!    01 00 08 00 03 00 00 00        RDP_NEG_REQ: TLS (1), and TLS with CredSSP inside (2)
//! S: 03 00 00 13 0e d0 00 00 12 34 00
//!    02 xx 08 00 01 00 00 00        RDP_NEG_RSP: flags, and the protocol that was chosen
//! ```
//!
//! Both choices begin with TLS; what comes inside differs, so the program is told which it is. A
//! server that chooses 0 goes on with the protocol's own encryption, and one that sends no
//! negotiation data knows no other: neither is TLS. RDP_NEG_FAILURE (03) refuses. Only two lengths
//! are possible, 11 octets and 19, so nothing else is waited for.

use serde_json::json;

use crate::line::Input;
use crate::report::Code;

use super::{Move, Negotiator, Occasion, Refusal, Terms};

const REQUEST: [u8; 19] = [3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 3, 0, 0, 0];
/// TPKT header and a TPDU without negotiation data.
const BARE_OCTETS: usize = 11;
/// The same with eight octets of negotiation data.
const WHOLE_OCTETS: usize = 19;

/// What is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Silent,
    Answer,
    /// TLS was granted.
    Granted {
        flags: u8,
        selected: u32,
    },
}

/// The words of RDP.
#[derive(Debug)]
pub struct Rdp {
    state: State,
}

impl Rdp {
    /// The request has no parameters: no cookie, which would give a user name away in clear.
    pub fn new(_terms: &Terms, _occasion: &Occasion) -> Rdp {
        Rdp { state: State::Silent }
    }

    fn answered(&mut self, input: &mut Input) -> Result<Move, Refusal> {
        let Some(octets) = expected_octets(input.rest())? else {
            return Ok(Move::Wait);
        };
        let Some(answer) = input.first(octets)? else {
            return Ok(Move::Wait);
        };
        let (flags, selected) = judge(answer)?;
        input.take(octets);
        self.state = State::Granted { flags, selected };
        Ok(Move::GoAhead)
    }
}

impl Negotiator for Rdp {
    fn step(&mut self, input: &mut Input) -> Result<Move, Refusal> {
        match self.state {
            State::Silent => {
                self.state = State::Answer;
                Ok(Move::Say(REQUEST.to_vec()))
            }
            State::Answer => self.answered(input),
            State::Granted { .. } => Ok(Move::GoAhead),
        }
    }

    /// What the program needs for its next PDU, where it repeats the choice (serverSelectedProtocol,
    /// [MS-RDPBCGR] §2.2.1.3.2).
    fn facts(&self) -> Option<String> {
        match self.state {
            State::Silent | State::Answer => None,
            State::Granted { flags, selected } => {
                Some(json!({ "selected_protocol": selected, "flags": flags }).to_string())
            }
        }
    }
}

/// The length that the TPKT header tells; `None` while it is incomplete.
fn expected_octets(rest: &[u8]) -> Result<Option<usize>, Refusal> {
    match rest {
        [] | [3] | [3, 0] | [3, 0, 0] => Ok(None),
        [3, 0, 0, 11, ..] => Ok(Some(BARE_OCTETS)),
        [3, 0, 0, 19, ..] => Ok(Some(WHOLE_OCTETS)),
        [21 | 22, ..] => Err(Refusal::tls_at_once()),
        _ => Err(malformed(rest)),
    }
}

/// Flags and protocol of a server that chose TLS. 0xd0 is a connection confirm, 0x80 a disconnect
/// request (X.224 §13.4, §13.5); the length indicator counts what is behind it.
fn judge(answer: &[u8]) -> Result<(u8, u32), Refusal> {
    let (code, words) = match *answer {
        [_, _, _, 19, 14, 0xd0, _, _, _, _, 0, 2, flags, 8, 0, selected @ 1..=2, 0, 0, 0] => {
            return Ok((flags, u32::from(selected)));
        }
        [_, _, _, 19, 14, 0xd0, _, _, _, _, 0, 2, _, 8, 0, 0, 0, 0, 0] => {
            (Code::StarttlsRefused, "the server chose the encryption of RDP itself in place of TLS")
        }
        [_, _, _, 19, 14, 0xd0, _, _, _, _, 0, 3, _, 8, 0, a, b, c, d] => {
            return Err(refused(u32::from_le_bytes([a, b, c, d])));
        }
        [_, _, _, 11, 6, 0xd0, _, _, _, _, 0] => {
            (Code::StarttlsNotOffered, "the server does not negotiate the protection of RDP")
        }
        [_, _, _, 11, 6, 0x80, ..] => (Code::StarttlsServerBye, "the server ended the connection"),
        _ => return Err(malformed(answer)),
    };
    Err(Refusal::new(code, words))
}

/// RDP_NEG_FAILURE ([MS-RDPBCGR] §2.2.1.2.2).
fn refused(failure: u32) -> Refusal {
    let why = match failure {
        2 => "it allows only the encryption of RDP itself",
        3 => "it has no certificate",
        5 => "it wants CredSSP",
        6 => "it wants a client certificate",
        _ => "for another reason",
    };
    Refusal::new(
        Code::StarttlsRefused,
        format!("the server refused TLS: {why} (failure code {failure})"),
    )
}

fn malformed(bytes: &[u8]) -> Refusal {
    Refusal::quoting(Code::StarttlsProtocol, "the server's answer is not that of RDP", bytes)
}

#[cfg(test)]
mod tests {
    use super::super::ldap::mutation::{batter, spoken_first};
    use super::super::transcript::play;
    use super::*;
    use crate::proto::Protocol;

    const GO: &[u8] = b"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\x1f\x08\0\x01\0\0\0";
    const GO_CREDSSP: &[u8] = b"\x03\0\0\x13\x0e\xd0\0\0\x12\x34\0\x02\x1f\x08\0\x02\0\0\0";

    /// The answer with other negotiation data.
    fn negotiation(data: &[u8; 8]) -> Vec<u8> {
        [&GO[..11], data].concat()
    }

    #[test]
    fn an_honest_server_gets_one_request_and_nothing_else() {
        for turn in [GO, GO_CREDSSP] {
            let (said, end) = play(Protocol::Rdp, &[turn]);
            assert_eq!(said, [b"\x03\0\0\x13\x0e\xe0\0\0\0\0\0\x01\0\x08\0\x03\0\0\0"]);
            assert_eq!(end, None);
        }
    }

    #[test]
    fn every_attack_has_its_code() {
        use Code::*;
        let cases: &[(&str, &[u8], Code)] = &[
            ("no negotiation data", b"\x03\0\0\x0b\x06\xd0\0\0\x12\x34\0", StarttlsNotOffered),
            ("RDP's own encryption", &negotiation(b"\x02\0\x08\0\0\0\0\0"), StarttlsRefused),
            ("TLS not allowed", &negotiation(b"\x03\0\x08\0\x02\0\0\0"), StarttlsRefused),
            ("no certificate", &negotiation(b"\x03\0\x08\0\x03\0\0\0"), StarttlsRefused),
            (
                "a protocol that was not asked for",
                &negotiation(b"\x02\0\x08\0\x08\0\0\0"),
                StarttlsProtocol,
            ),
            ("both protocols", &negotiation(b"\x02\0\x08\0\x03\0\0\0"), StarttlsProtocol),
            ("the high octets count", &negotiation(b"\x02\0\x08\0\x01\0\0\x01"), StarttlsProtocol),
            ("length of the data", &negotiation(b"\x02\0\x09\0\x01\0\0\0"), StarttlsProtocol),
            ("our request sent back", &REQUEST, StarttlsProtocol),
            ("disconnect request", b"\x03\0\0\x0b\x06\x80\0\0\0\0\x01", StarttlsServerBye),
            ("endless packet", b"\x03\0\xff\xff", StarttlsProtocol),
            ("injection", &[GO, b"\x03\0\0\x0b"].concat(), StarttlsInjection),
            ("injection of one byte", &[GO, b"\0"].concat(), StarttlsInjection),
            ("TLS alert", b"\x15\x03\x03\0\x02\x02\x46", StarttlsTlsOnPlainPort),
            ("not RDP", b"HTTP/1.1 400 Bad Request\r\n", StarttlsProtocol),
        ];
        for (attack, turn, code) in cases {
            assert_eq!(play(Protocol::Rdp, &[turn]).1, Some(*code), "{attack}");
        }
        assert_eq!(spoken_first(Protocol::Rdp, GO), StarttlsPipelined);
    }

    #[test]
    fn the_choice_is_told() {
        let rdp = Rdp { state: State::Granted { flags: 31, selected: 2 } };
        assert_eq!(rdp.facts().as_deref(), Some(r#"{"flags":31,"selected_protocol":2}"#));
        assert_eq!(Rdp { state: State::Answer }.facts(), None);
    }

    #[test]
    fn damaged_transcripts_end_well() {
        batter(Protocol::Rdp, &[GO]);
    }
}
