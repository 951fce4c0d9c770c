//! LDAP: the StartTLS operation of RFC 4511 §4.14, RFC 4513 §3.
//!
//! ```text
//! C: 30 1d 02 01 01 77 18 80 16 "1.3.6.1.4.1.1466.20037"
//! S: 30 0c 02 01 01 78 07 0a 01 00 04 00 04 00
//! ```
//!
//! The answer is an LDAPMessage with an ExtendedResponse (RFC 4511 §4.12): messageID, resultCode,
//! matchedDN, diagnosticMessage, and perhaps a referral, responseName and responseValue. Lengths are
//! definite and may take any form (§5.1): OpenLDAP writes the shortest, Active Directory four
//! octets. Trailing components that are not known are passed over (§4). A length is held against
//! the limits before anything is waited for.
//!
//! responseName, where it is, must be that of StartTLS (§4.14.2). The messageID must be ours. It is
//! the constant 1, and a random one would gain nothing: nothing else is outstanding on the
//! connection (RFC 4513 §3.1.1), an answer before the question is found by the empty-buffer rule,
//! and who can forge an answer has read the question. messageID 0 is an unsolicited notification,
//! of which only the notice of disconnection is known (RFC 4511 §4.4.1).
//!
//! resultCode 0 is the go-ahead; busy (51) and unavailable (52: Active Directory without a
//! certificate) may pass; everything else, a referral too, is a refusal.

use crate::line::Input;
use crate::report::Code;

use super::{Move, Negotiator, Occasion, Refusal, Terms};

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const ENUMERATED: u8 = 0x0a;
const SEQUENCE: u8 = 0x30;
/// `[APPLICATION 24]`, constructed.
const EXTENDED_RESPONSE: u8 = 0x78;
/// `[10]` in an ExtendedResponse.
const RESPONSE_NAME: u8 = 0x8a;

const OUR_MESSAGE: u32 = 1;
const UNSOLICITED: u32 = 0;
const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";
const NOTICE_OF_DISCONNECTION: &[u8] = b"1.3.6.1.4.1.1466.20036";

/// The ExtendedRequest up to its requestName.
const REQUEST_HEAD: [u8; 9] = [SEQUENCE, 29, INTEGER, 1, 1, 0x77, 24, 0x80, 22];
/// UnbindRequest with messageID 2 (RFC 4511 §4.3).
const UNBIND: [u8; 7] = [SEQUENCE, 5, INTEGER, 1, 2, 0x42, 0];

/// What is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Silent,
    Answer,
}

/// The words of LDAP.
#[derive(Debug)]
pub struct Ldap {
    state: State,
}

impl Ldap {
    /// The request has no parameters; why the nonce is not used stands above.
    pub fn new(_terms: &Terms, _occasion: &Occasion) -> Ldap {
        Ldap { state: State::Silent }
    }
}

impl Negotiator for Ldap {
    fn step(&mut self, input: &mut Input) -> Result<Move, Refusal> {
        if self.state == State::Silent {
            self.state = State::Answer;
            return Ok(Move::Say([&REQUEST_HEAD, START_TLS].concat()));
        }
        let Some(contents) = take_message(input)? else {
            return Ok(Move::Wait);
        };
        let Some(response) = Response::parse(&contents) else {
            return Err(malformed(&contents));
        };
        judge(&response)
    }

    fn farewell(&self) -> Vec<u8> {
        UNBIND.to_vec()
    }
}

/// The contents of the next LDAPMessage; `None` while it is incomplete.
fn take_message(input: &mut Input) -> Result<Option<Vec<u8>>, Refusal> {
    let Some((&tag, behind)) = input.rest().split_first() else {
        return Ok(None);
    };
    match tag {
        SEQUENCE => {}
        // A record of TLS: alert or handshake.
        21 | 22 => {
            return Err(Refusal::tls_at_once());
        }
        _ => return Err(malformed(input.rest())),
    }
    let Some((field, length)) = length(behind).map_err(|_| malformed(input.rest()))? else {
        return Ok(None);
    };
    let whole = length.saturating_add(1 + field);
    let contents =
        input.first(whole)?.and_then(|message| message.get(1 + field..)).map(<[u8]>::to_vec);
    if contents.is_some() {
        input.take(whole);
    }
    Ok(contents)
}

/// The length is indefinite or reserved.
#[derive(Debug)]
struct NotDefinite;

/// The octets of a length field and the length it tells; `None` while the field is incomplete. A
/// length beyond what a machine can count comes out as the greatest, which no limit admits.
fn length(field: &[u8]) -> Result<Option<(usize, usize)>, NotDefinite> {
    match field.first() {
        None => Ok(None),
        Some(&short @ 0..=0x7f) => Ok(Some((1, usize::from(short)))),
        Some(0x80 | 0xff) => Err(NotDefinite),
        Some(&long @ 0x81..=0xfe) => {
            let octets = 1 + usize::from(long & 0x7f);
            Ok(field.get(1..octets).map(|digits| (octets, digits.iter().fold(0, add_digit))))
        }
    }
}

fn add_digit(length: usize, digit: &u8) -> usize {
    length.saturating_mul(256).saturating_add(usize::from(*digit))
}

/// Elements one behind the other.
struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    /// Tag and contents of the next element. Tags of more than one octet do not occur in LDAP.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, behind) = self.0.split_first()?;
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (field, length) = length(behind).ok()??;
        let (contents, rest) = behind.get(field..)?.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, contents))
    }

    /// The contents of the next element, which must have this tag.
    fn expect(&mut self, wanted: u8) -> Option<&'a [u8]> {
        self.next().and_then(|(tag, contents)| (tag == wanted).then_some(contents))
    }

    /// The one element with this tag among those left, if there is one: `None` if one is malformed
    /// or the tag comes twice.
    fn find(&mut self, wanted: u8) -> Option<Option<&'a [u8]>> {
        let mut found = None;
        while !self.0.is_empty() {
            let (tag, contents) = self.next()?;
            if tag == wanted && found.replace(contents).is_some() {
                return None;
            }
        }
        Some(found)
    }
}

/// An ExtendedResponse.
struct Response<'a> {
    message: u32,
    result: u32,
    words: &'a [u8],
    name: Option<&'a [u8]>,
}

impl<'a> Response<'a> {
    fn parse(contents: &'a [u8]) -> Option<Response<'a>> {
        let mut envelope = Elements(contents);
        let message = number(envelope.expect(INTEGER)?)?;
        let mut operation = Elements(envelope.expect(EXTENDED_RESPONSE)?);
        // Controls; the criticality of one is nothing in a response (§4.1.11).
        while !envelope.0.is_empty() {
            envelope.next()?;
        }
        let result = number(operation.expect(ENUMERATED)?)?;
        let _matched = operation.expect(OCTET_STRING)?;
        let words = operation.expect(OCTET_STRING)?;
        let name = operation.find(RESPONSE_NAME)?;
        Some(Response { message, result, words, name })
    }
}

/// A number that is not negative and has at most four octets, which holds maxInt (§4.1.1); in the
/// shortest form, as BER wants it.
fn number(contents: &[u8]) -> Option<u32> {
    match *contents {
        [] | [0x80..=0xff, ..] | [0, 0..=0x7f, ..] | [_, _, _, _, _, ..] => None,
        [_, ..] => Some(contents.iter().fold(0, |number, octet| number << 8 | u32::from(*octet))),
    }
}

fn judge(response: &Response) -> Result<Move, Refusal> {
    let (code, words) = match (response.message, response.result) {
        (UNSOLICITED, _) if response.name == Some(NOTICE_OF_DISCONNECTION) => {
            (Code::StarttlsServerBye, "the server gives notice of disconnection")
        }
        (OUR_MESSAGE, _) if response.name.is_some_and(|name| name != START_TLS) => {
            (Code::StarttlsProtocol, "the server answers another operation than StartTLS")
        }
        (OUR_MESSAGE, 0) => return Ok(Move::GoAhead),
        (OUR_MESSAGE, 51 | 52) => {
            (Code::StarttlsRefusedTemporarily, "the server refused StartTLS for now")
        }
        (OUR_MESSAGE, result) => {
            let words = format!("the server refused StartTLS with result code {result}");
            return Err(Refusal::quoting(Code::StarttlsRefused, words, response.words));
        }
        _ => (Code::StarttlsProtocol, "the server answers a message that was not sent"),
    };
    Err(Refusal::quoting(code, words, response.words))
}

fn malformed(bytes: &[u8]) -> Refusal {
    let words = "the server's answer to StartTLS is not that of LDAP";
    Refusal::quoting(Code::StarttlsProtocol, words, bytes)
}

/// Damage to transcripts of protocols whose units are not lines.
#[cfg(test)]
pub(super) mod mutation {
    use super::super::{Move, Negotiation, Occasion, Terms};
    use crate::limits::Limits;
    use crate::proto::Protocol;
    use crate::report::Code;

    /// How the bytes come in.
    #[derive(Clone, Copy, PartialEq)]
    enum Feeding {
        Whole,
        /// Stepped after every byte.
        Single,
    }

    /// A negotiation that nothing has happened in.
    fn begun(protocol: Protocol) -> Negotiation {
        let terms = Terms { ehlo_name: "localhost".into(), limits: Limits::DEFAULT, line: None };
        let occasion = Occasion { domain: "example.test".into(), nonce: [7; 32] };
        Negotiation::begin(protocol, &terms, &occasion).expect("an in-band protocol")
    }

    /// The code when the server speaks before the client that should speak first.
    pub fn spoken_first(protocol: Protocol, bytes: &[u8]) -> Code {
        let mut negotiation = begun(protocol);
        negotiation.feed(bytes);
        negotiation.step().expect_err("the server spoke first").code
    }

    /// Steps until more bytes are needed; the end, if it came.
    fn moves(negotiation: &mut Negotiation) -> Option<Result<(), Code>> {
        loop {
            match negotiation.step() {
                Ok(Move::Wait) => return None,
                Ok(Move::Say(_)) => {}
                Ok(Move::GoAhead) => return Some(Ok(())),
                Err(refusal) => return Some(Err(refusal.code)),
            }
        }
    }

    fn end(protocol: Protocol, turns: &[Vec<u8>], feeding: Feeding) -> Option<Result<(), Code>> {
        let mut negotiation = begun(protocol);
        let mut end = moves(&mut negotiation);
        for turn in turns {
            let piece = if feeding == Feeding::Whole { turn.len().max(1) } else { 1 };
            for piece in turn.chunks(piece) {
                if end.is_some() {
                    return end;
                }
                negotiation.feed(piece);
                end = moves(&mut negotiation);
            }
        }
        end
    }

    /// The end, which the cutting of the bytes must not change. What is early or behind the go-ahead
    /// is the one thing that only the whole shows.
    fn agreed(protocol: Protocol, turns: &[Vec<u8>]) -> Option<Result<(), Code>> {
        let whole = end(protocol, turns, Feeding::Whole);
        let single = end(protocol, turns, Feeding::Single);
        match whole {
            Some(Err(Code::StarttlsInjection)) => assert_eq!(single, Some(Ok(()))),
            Some(Err(Code::StarttlsPipelined)) => {}
            Some(_) | None => assert_eq!(whole, single, "{protocol:?}: {turns:02x?}"),
        }
        whole
    }

    /// No beginning of a good transcript is a go-ahead, and no damage to it is a panic.
    pub fn batter(protocol: Protocol, turns: &[&[u8]]) {
        let good: Vec<Vec<u8>> = turns.iter().map(|turn| turn.to_vec()).collect();
        assert_eq!(agreed(protocol, &good), Some(Ok(())));
        for (turn, bytes) in good.iter().enumerate() {
            for at in 0..bytes.len() {
                let mut cut = good[..=turn].to_vec();
                cut[turn].truncate(at);
                assert_ne!(
                    agreed(protocol, &cut),
                    Some(Ok(())),
                    "{protocol:?}: cut at {at} of {turn}"
                );
                damage(protocol, &good, turn, at);
            }
        }
        garbage(protocol);
    }

    fn damage(protocol: Protocol, good: &[Vec<u8>], turn: usize, at: usize) {
        for value in [0, 1, 0x7f, 0x80, 0xff, b'<', good[turn][at] ^ 1, good[turn][at] ^ 0x20] {
            let mut changed = good.to_vec();
            changed[turn][at] = value;
            agreed(protocol, &changed);
            changed[turn][at] = good[turn][at];
            changed[turn].insert(at, value);
            agreed(protocol, &changed);
        }
        let mut shorter = good.to_vec();
        shorter[turn].remove(at);
        agreed(protocol, &shorter);
    }

    /// A linear congruential generator: the same garbage in every run.
    fn garbage(protocol: Protocol) {
        let mut seed = 0x2545_f491_u32;
        for _ in 0..500 {
            let mut next = || {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (seed >> 24) as u8
            };
            let turn = (0..64).map(|_| next()).collect();
            assert_ne!(agreed(protocol, &[turn]), Some(Ok(())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::transcript::play;
    use super::mutation::{batter, spoken_first};
    use super::*;
    use crate::proto::Protocol;

    /// slapd 2.5.13.
    const GO: &[u8] = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00";
    /// Active Directory: lengths of four octets, and the responseName.
    const GO_AD: &[u8] =
        b"\x30\x84\0\0\0\x28\x02\x01\x01\x78\x84\0\0\0\x1f\x0a\x01\0\x04\0\x04\0\x8a\x16\
        1.3.6.1.4.1.1466.20037";

    fn end(turn: &[u8]) -> Option<Code> {
        play(Protocol::Ldap, &[turn]).1
    }

    fn response(message: u8, result: u8, name: &[u8]) -> Vec<u8> {
        let mut operation = vec![0x0a, 1, result, 4, 0, 4, 0];
        if !name.is_empty() {
            operation.extend([0x8a, name.len() as u8]);
            operation.extend(name);
        }
        let mut whole =
            vec![0x30, operation.len() as u8 + 5, 2, 1, message, 0x78, operation.len() as u8];
        whole.extend(operation);
        whole
    }

    #[test]
    fn honest_servers_get_start_tls_and_nothing_else() {
        for turn in [GO, GO_AD] {
            let (said, end) = play(Protocol::Ldap, &[turn]);
            assert_eq!(said, [b"\x30\x1d\x02\x01\x01\x77\x18\x80\x161.3.6.1.4.1.1466.20037"]);
            assert_eq!(end, None);
        }
    }

    #[test]
    fn a_length_may_have_any_definite_form() {
        assert_eq!(end(b"\x30\x81\x0c\x02\x01\x01\x78\x07\x0a\x01\0\x04\0\x04\0"), None);
        assert_eq!(
            end(b"\x30\x83\0\0\x0e\x02\x81\x01\x01\x78\x81\x07\x0a\x01\0\x04\0\x04\0"),
            None
        );
        assert_eq!(
            end(b"\x30\x80\x02\x01\x01\x78\x07\x0a\x01\0\x04\0\x04\0\0\0"),
            Some(Code::StarttlsProtocol)
        );
        assert_eq!(end(b"\x30\xff\x02\x01\x01"), Some(Code::StarttlsProtocol));
    }

    #[test]
    fn components_that_are_not_known_are_passed_over() {
        let with_controls = b"\x30\x0e\x02\x01\x01\x78\x07\x0a\x01\0\x04\0\x04\0\xa0\0";
        let with_value = b"\x30\x0f\x02\x01\x01\x78\x0a\x0a\x01\0\x04\0\x04\0\x8b\x01x";
        assert_eq!((end(with_controls), end(with_value)), (None, None));
    }

    #[test]
    fn every_attack_has_its_code() {
        use Code::*;
        let injection = [GO, b"\x30\x0c\x02\x01\x02\x61\x07\x0a\x01\x00\x04\x00\x04\x00"].concat();
        let other_name = response(1, 0, b"1.3.6.1.4.1.1466.99999");
        let notice = response(0, 52, b"1.3.6.1.4.1.1466.20036");
        let unsolicited = response(0, 0, b"1.3.6.1.4.1.1466.20037");
        let cases: &[(&str, &[u8], Code)] = &[
            ("A021 protocolError", &response(1, 2, b""), StarttlsRefused),
            ("A058 another messageID", &response(2, 0, b""), StarttlsProtocol),
            ("A060 another responseName", &other_name, StarttlsProtocol),
            ("A076 injection", &injection, StarttlsInjection),
            ("A154 length beyond the limit", b"\x30\x84\xff\xff\xff\xff", StarttlsTooMuchData),
            (
                "length beyond any machine",
                b"\x30\x89\xff\xff\xff\xff\xff\xff\xff\xff\xff",
                StarttlsTooMuchData,
            ),
            ("busy", &response(1, 51, b""), StarttlsRefusedTemporarily),
            ("unavailable", &response(1, 52, b""), StarttlsRefusedTemporarily),
            ("referral", &response(1, 10, b""), StarttlsRefused),
            ("operationsError", &response(1, 1, b""), StarttlsRefused),
            ("notice of disconnection", &notice, StarttlsServerBye),
            ("success for nobody", &unsolicited, StarttlsProtocol),
            (
                "BindResponse",
                b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\0\x04\0\x04\0",
                StarttlsProtocol,
            ),
            (
                "result code as INTEGER",
                b"\x30\x0c\x02\x01\x01\x78\x07\x02\x01\0\x04\0\x04\0",
                StarttlsProtocol,
            ),
            (
                "result code of no octet",
                b"\x30\x0b\x02\x01\x01\x78\x06\x0a\0\x04\0\x04\0",
                StarttlsProtocol,
            ),
            ("negative result code", &response(1, 0x80, b""), StarttlsProtocol),
            (
                "inner length beyond the outer",
                b"\x30\x0c\x02\x01\x01\x78\x08\x0a\x01\0\x04\0\x04\0",
                StarttlsProtocol,
            ),
            ("empty message", b"\x30\0", StarttlsProtocol),
            ("TLS alert", b"\x15\x03\x01\0\x02\x02\x46", StarttlsTlsOnPlainPort),
            ("not LDAP", b"220 mx ESMTP\r\n", StarttlsProtocol),
        ];
        for (attack, turn, code) in cases {
            assert_eq!(end(turn), Some(*code), "{attack}");
        }
    }

    #[test]
    fn a088_an_answer_before_the_question_is_found() {
        assert_eq!(spoken_first(Protocol::Ldap, GO), Code::StarttlsPipelined);
    }

    #[test]
    fn two_names_are_no_name() {
        let mut doubled = response(1, 0, START_TLS);
        doubled.extend([0x8a, 1, b'1']);
        doubled[1] += 3;
        doubled[6] += 3;
        assert_eq!(end(&doubled), Some(Code::StarttlsProtocol));
    }

    #[test]
    fn damaged_transcripts_end_well() {
        batter(Protocol::Ldap, &[GO]);
        batter(Protocol::Ldap, &[GO_AD]);
    }
}
