//! AMQP 1.0: the TLS security layer (OASIS AMQP 1.0, part 5 §5.2; headers: part 2 §2.2).
//!
//! ```text
//! C: "AMQP" 02 01 00 00             protocol id 2 is TLS, version 1.0.0
//! S: "AMQP" 02 01 00 00             the same header is the go-ahead
//! ```
//!
//! A server that does not support a header answers with one that it does support (plain AMQP,
//! SASL, another version such as 0-9-1) and closes: that is a server without TLS. Inside TLS both
//! sides begin again with a header.

use crate::line::Input;
use crate::report::Code;

use super::{Move, Negotiator, Occasion, Refusal, Terms};

const NAME: &[u8] = b"AMQP";
/// Protocol id 2 (TLS), version 1.0.0.
const TLS_HEADER: [u8; 8] = *b"AMQP\x02\x01\x00\x00";

/// What is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Silent,
    Answer,
}

/// The words of AMQP.
#[derive(Debug)]
pub struct Amqp {
    state: State,
}

impl Amqp {
    /// The header has no parameters.
    pub fn new(_terms: &Terms, _occasion: &Occasion) -> Amqp {
        Amqp { state: State::Silent }
    }
}

impl Negotiator for Amqp {
    fn step(&mut self, input: &mut Input) -> Result<Move, Refusal> {
        if self.state == State::Silent {
            self.state = State::Answer;
            return Ok(Move::Say(TLS_HEADER.to_vec()));
        }
        check_name(input.rest())?;
        let Some(header) = input.first(TLS_HEADER.len())? else {
            return Ok(Move::Wait);
        };
        if header != TLS_HEADER {
            let words = "the server answered with a header that is not that of TLS";
            return Err(Refusal::quoting(Code::StarttlsNotOffered, words, header));
        }
        input.take(TLS_HEADER.len());
        Ok(Move::GoAhead)
    }
}

/// What is there so far is a header's beginning; who speaks something else is not waited for.
fn check_name(rest: &[u8]) -> Result<(), Refusal> {
    if rest.iter().zip(NAME).all(|(octet, wanted)| octet == wanted) {
        return Ok(());
    }
    if let [21 | 22, ..] = rest {
        return Err(Refusal::tls_at_once());
    }
    Err(Refusal::quoting(Code::StarttlsProtocol, "the server's answer is not that of AMQP", rest))
}

#[cfg(test)]
mod tests {
    use super::super::ldap::mutation::{batter, spoken_first};
    use super::super::transcript::play;
    use super::*;
    use crate::proto::Protocol;

    #[test]
    fn an_honest_server_gets_one_header_and_nothing_else() {
        let (said, end) = play(Protocol::Amqp, &[b"AMQP\x02\x01\0\0"]);
        assert_eq!(said, [b"AMQP\x02\x01\0\0"]);
        assert_eq!(end, None);
    }

    #[test]
    fn every_attack_has_its_code() {
        use Code::*;
        let cases: &[(&str, &[u8], Code)] = &[
            ("plain AMQP", b"AMQP\x00\x01\0\0", StarttlsNotOffered),
            ("SASL", b"AMQP\x03\x01\0\0", StarttlsNotOffered),
            ("0-9-1", b"AMQP\0\0\x09\x01", StarttlsNotOffered),
            ("another version", b"AMQP\x02\x01\0\x01", StarttlsNotOffered),
            ("injection", b"AMQP\x02\x01\0\0AMQP\x03\x01\0\0", StarttlsInjection),
            ("injection of one byte", b"AMQP\x02\x01\0\0\0", StarttlsInjection),
            ("TLS alert", b"\x15\x03\x03\0\x02\x02\x46", StarttlsTlsOnPlainPort),
            ("not AMQP", b"HTTP/1.1 400 Bad Request\r\n", StarttlsProtocol),
            ("lower case", b"amqp\x02\x01\0\0", StarttlsProtocol),
        ];
        for (attack, turn, code) in cases {
            assert_eq!(play(Protocol::Amqp, &[turn]).1, Some(*code), "{attack}");
        }
        assert_eq!(spoken_first(Protocol::Amqp, &TLS_HEADER), StarttlsPipelined);
    }

    #[test]
    fn damaged_transcripts_end_well() {
        batter(Protocol::Amqp, &[&TLS_HEADER]);
    }
}
