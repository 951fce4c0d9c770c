//! Network UPS Tools, the protocol of upsd: RFC 9271.
//!
//! ```text
//! C: STARTTLS
//! S: OK STARTTLS               exactly this
//! S: ERR <word> [<more>...]    FEATURE-NOT-..., UNKNOWN-COMMAND: not offered; any other: refused
//! ```
//!
//! The client speaks first. A line ends with LF; a CR before it is tolerated, any other control
//! character is an error. Inside TLS the client goes on with its next command.

use crate::line::Input;
use crate::report::Code;

use super::{Move, Negotiator, Occasion, Refusal, Terms};

/// Whether the server has anything to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unasked,
    Asked,
}

/// The words of NUT.
#[derive(Debug)]
pub struct Nut {
    state: State,
    line_octets: usize,
}

impl Nut {
    /// The terms give the longest line.
    pub fn new(terms: &Terms, _occasion: &Occasion) -> Nut {
        Nut { state: State::Unasked, line_octets: terms.limits.line }
    }

    /// The next line without its end; `None` while it is incomplete.
    fn take_line(&self, input: &mut Input) -> Result<Option<Vec<u8>>, Refusal> {
        input.refuse_tls()?;
        let Some(end) = input.rest().iter().take(self.line_octets).position(|&b| b == b'\n') else {
            if input.rest().len() > self.line_octets {
                let words =
                    format!("the server sent a line of more than {} octets", self.line_octets);
                return Err(Refusal::new(Code::StarttlsLineTooLong, words));
            }
            return input.check_room().map(|()| None);
        };
        let line = input.rest().get(..end).unwrap_or_default().to_vec();
        input.take(end + 1);
        Ok(Some(line.strip_suffix(b"\r").map(<[u8]>::to_vec).unwrap_or(line)))
    }
}

impl Negotiator for Nut {
    fn step(&mut self, input: &mut Input) -> Result<Move, Refusal> {
        if self.state == State::Unasked {
            self.state = State::Asked;
            return Ok(Move::Say(b"STARTTLS\n".to_vec()));
        }
        match self.take_line(input)? {
            Some(line) => answered(&line),
            None => Ok(Move::Wait),
        }
    }

    fn farewell(&self) -> Vec<u8> {
        b"LOGOUT\n".to_vec()
    }
}

fn answered(line: &[u8]) -> Result<Move, Refusal> {
    let words: Vec<&[u8]> = line.split(|&octet| octet == b' ').collect();
    let (code, words) = match words.as_slice() {
        _ if line.iter().any(u8::is_ascii_control) => {
            (Code::StarttlsProtocol, "the server sent a line with a control character")
        }
        [b"OK", b"STARTTLS"] => return Ok(Move::GoAhead),
        [b"ERR", b"FEATURE-NOT-SUPPORTED" | b"FEATURE-NOT-CONFIGURED" | b"UNKNOWN-COMMAND", ..] => {
            (Code::StarttlsNotOffered, "the server does not offer STARTTLS")
        }
        [b"ERR", _, ..] => (Code::StarttlsRefused, "the server refused STARTTLS"),
        _ => (Code::StarttlsProtocol, "the server's answer to STARTTLS is not that of NUT"),
    };
    Err(Refusal::quoting(code, words, line))
}

#[cfg(test)]
mod tests {
    use super::super::transcript::play;
    use super::*;
    use crate::limits::Limits;
    use crate::proto::Protocol;

    #[test]
    fn an_honest_server_gets_starttls_and_nothing_else() {
        for go in [b"OK STARTTLS\n".as_slice(), b"OK STARTTLS\r\n"] {
            let (said, end) = play(Protocol::Nut, &[go]);
            assert_eq!((said, end), (vec![b"STARTTLS\n".to_vec()], None));
        }
    }

    #[test]
    fn every_attack_has_its_code() {
        use Code::*;
        let cases: &[(&[u8], Code)] = &[
            (b"ERR FEATURE-NOT-CONFIGURED\n", StarttlsNotOffered),
            (b"ERR FEATURE-NOT-SUPPORTED\n", StarttlsNotOffered),
            (b"ERR UNKNOWN-COMMAND\n", StarttlsNotOffered),
            (b"ERR ALREADY-SSL-MODE\n", StarttlsRefused),
            (b"ERR ACCESS-DENIED more words\n", StarttlsRefused),
            (b"OK STARTTLS\nOK\n", StarttlsInjection),
            (b"OK STARTTLS\n\r", StarttlsInjection),
            (b"OK STARTTLS now\n", StarttlsProtocol),
            (b"OK  STARTTLS\n", StarttlsProtocol),
            (b"OK\n", StarttlsProtocol),
            (b"OK STARTTLS\0\n", StarttlsProtocol),
            (b"OK\rSTARTTLS\n", StarttlsProtocol),
            (b"ERR\n", StarttlsProtocol),
            (b"220 OK STARTTLS\n", StarttlsProtocol),
            (b"\n", StarttlsProtocol),
            (b"\x15\x03\x01\x00\x02", StarttlsTlsOnPlainPort),
            (&[b'x'; 4000], StarttlsLineTooLong),
        ];
        for (answer, code) in cases {
            assert_eq!(play(Protocol::Nut, &[answer]).1, Some(*code), "{}", answer.escape_ascii());
        }
    }

    #[test]
    fn every_truncation_waits_and_early_words_are_pipelined() {
        let terms = Terms { ehlo_name: String::new(), limits: Limits::DEFAULT, line: None };
        let occasion = Occasion { domain: String::new(), nonce: [7; 32] };
        let begin = || super::super::Negotiation::begin(Protocol::Nut, &terms, &occasion).unwrap();
        let (mut late, mut early) = (begin(), begin());
        assert!(matches!(late.step(), Ok(Move::Say(_))));
        for byte in b"OK STARTTLS\r" {
            late.feed(&[*byte]);
            assert_eq!(late.step(), Ok(Move::Wait));
        }
        early.feed(b"OK STARTTLS\n");
        assert_eq!(early.step().unwrap_err().code, Code::StarttlsPipelined);
    }
}
