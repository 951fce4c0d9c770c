//! PostgreSQL: SSLRequest of protocol 3 (PostgreSQL documentation, "SSL Session Encryption").
//!
//! ```text
//! C: 00 00 00 08 04 d2 16 2f        length 8, then the request code 80877103
//! S: 'S'                            go ahead: exactly this one octet
//! ```
//!
//! `N` means that there is no TLS, `E` begins an ErrorResponse, and nothing else is an answer: `G`
//! answers another request (GSSENCRequest). The server closes or goes on in clear after `N`; we do
//! not.
//!
//! Who reads more than one octet takes an attacker's plaintext for the server's first words inside
//! TLS (CVE-2021-23222). The text behind `E` comes from an unauthenticated peer and never reaches a
//! report, not even quoted (CVE-2024-10977).

use crate::line::Input;
use crate::report::Code;

use super::{Move, Negotiator, Occasion, Refusal, Terms};

/// Length 8 and the code of SSLRequest, both in network order.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// What is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Silent,
    Answer,
}

/// The words of PostgreSQL.
#[derive(Debug)]
pub struct Postgres {
    state: State,
}

impl Postgres {
    /// SSLRequest has no parameters.
    pub fn new(_terms: &Terms, _occasion: &Occasion) -> Postgres {
        Postgres { state: State::Silent }
    }
}

impl Negotiator for Postgres {
    fn step(&mut self, input: &mut Input) -> Result<Move, Refusal> {
        if self.state == State::Silent {
            self.state = State::Answer;
            return Ok(Move::Say(SSL_REQUEST.to_vec()));
        }
        let Some(&answer) = input.first(1)?.and_then(<[u8]>::first) else {
            return Ok(Move::Wait);
        };
        input.take(1);
        judge(answer)
    }
}

/// The one octet that the server answers with.
fn judge(answer: u8) -> Result<Move, Refusal> {
    let (code, words) = match answer {
        b'S' => return Ok(Move::GoAhead),
        b'N' => (Code::StarttlsNotOffered, "the server does not speak TLS"),
        b'E' => (Code::StarttlsRefused, "the server answered SSLRequest with an error"),
        // A TLS alert: the server took SSLRequest for a broken ClientHello.
        21 => (Code::StarttlsTlsOnPlainPort, "the server speaks TLS at once on this port"),
        _ => {
            (Code::StarttlsProtocol, "the server's answer to SSLRequest is not that of PostgreSQL")
        }
    };
    Err(Refusal::new(code, words))
}

#[cfg(test)]
mod tests {
    use super::super::Negotiation;
    use super::super::ldap::mutation::{batter, spoken_first};
    use super::super::transcript::play;
    use super::*;
    use crate::limits::Limits;
    use crate::proto::Protocol;

    #[test]
    fn an_honest_server_gets_ssl_request_and_nothing_else() {
        let (said, end) = play(Protocol::Postgres, &[b"S"]);
        assert_eq!(said, [b"\0\0\0\x08\x04\xd2\x16\x2f"]);
        assert_eq!(end, None);
    }

    #[test]
    fn every_attack_has_its_code() {
        use Code::*;
        let cases: &[(&str, &[u8], Code)] = &[
            ("A018 stripped", b"N", StarttlsNotOffered),
            ("A063 error", b"E\0\0\0\x10SFATAL\0Mevil\0\0", StarttlsRefused),
            ("A064 unknown answer", b"X", StarttlsProtocol),
            ("A065 answer to GSSENCRequest", b"G", StarttlsProtocol),
            ("injection (CVE-2021-23222)", b"SR\0\0\0\x08\0\0\0\0", StarttlsInjection),
            ("injection of one byte", b"SS", StarttlsInjection),
            ("a NUL", b"\0", StarttlsProtocol),
            ("lower case", b"s", StarttlsProtocol),
            ("TLS alert", b"\x15\x03\x01\0\x02\x02\x46", StarttlsTlsOnPlainPort),
        ];
        for (attack, turn, code) in cases {
            assert_eq!(play(Protocol::Postgres, &[turn]).1, Some(*code), "{attack}");
        }
    }

    #[test]
    fn a089_an_answer_before_the_request_is_found() {
        assert_eq!(spoken_first(Protocol::Postgres, b"S"), Code::StarttlsPipelined);
    }

    #[test]
    fn the_text_of_an_error_stays_out_cve_2024_10977() {
        let terms = Terms { ehlo_name: "localhost".into(), limits: Limits::DEFAULT, line: None };
        let occasion = Occasion { domain: "example.test".into(), nonce: [7; 32] };
        let mut negotiation = Negotiation::begin(Protocol::Postgres, &terms, &occasion).unwrap();
        negotiation.step().unwrap();
        negotiation.feed(b"E\0\0\0\x10SFATAL\0Mevil\0\0");
        let refusal = negotiation.step().unwrap_err();
        assert!(refusal.peer.is_empty() && !refusal.words.contains("evil"));
    }

    #[test]
    fn damaged_transcripts_end_well() {
        batter(Protocol::Postgres, &[b"S"]);
    }
}
