//! Lists that end with a dot, as POP3 and NNTP send their capabilities.
//!
//! RFC 1939 §3 and RFC 3977 §3.1.1: lines up to one that is a single dot. A line of the list that
//! begins with a dot itself is sent with one more in front, so `..STLS` is the entry `.STLS`. What
//! begins with one dot and goes on otherwise is sent by no server that keeps the rule: an error.
//!
//! An entry is a label, then arguments behind blanks (RFC 2449 §5, RFC 3977 §3.3.1). Only the label
//! counts: `SASL STLS` offers no STLS. Labels are compared without regard to case.
//!
//! Nothing of the list is kept but the answer to the one question it is read for. It has the limits
//! of the negotiation; a list that meets any of them is one that does not end.

use crate::line::Input;
use crate::report::Code;

use super::Refusal;

/// Whether the list has the entry that is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// No entry has the label.
    Absent,
    /// An entry has the label.
    Present,
}

/// A list that is being read.
#[derive(Debug)]
pub struct DotList {
    label: &'static str,
    offer: Offer,
}

impl DotList {
    /// A list in which an entry with this label is looked for.
    pub fn seeking(label: &'static str) -> DotList {
        DotList { label, offer: Offer::Absent }
    }

    /// Takes entries until the list has ended; `None` while it has not.
    pub fn read(&mut self, input: &mut Input) -> Result<Option<Offer>, Refusal> {
        while let Some(line) = input.take_line().map_err(endless)? {
            match line.as_slice() {
                b"." => return Ok(Some(self.offer)),
                [b'.', b'.', ..] => self.note(&line[1..]),
                [b'.', ..] => {
                    let words = "the server sent a list with a line that was not dot-stuffed";
                    return Err(Refusal::quoting(Code::StarttlsProtocol, words, &line));
                }
                entry => self.note(entry),
            }
        }
        Ok(None)
    }

    fn note(&mut self, entry: &[u8]) {
        let mut words = entry.split(|byte| matches!(byte, b' ' | b'\t'));
        if words.next().is_some_and(|label| label.eq_ignore_ascii_case(self.label.as_bytes())) {
            self.offer = Offer::Present;
        }
    }
}

/// A list has no size of its own: what is wrong with too many entries is that they do not end.
fn endless(refusal: Refusal) -> Refusal {
    if refusal.code != Code::StarttlsTooManyLines {
        return refusal;
    }
    let words = format!("the server's list does not end: {}", refusal.words);
    Refusal { code: Code::StarttlsTooMuchData, words, ..refusal }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    fn read(bytes: &[u8]) -> Result<Option<Offer>, Code> {
        let mut input = Input::new(Limits::DEFAULT);
        input.feed(bytes);
        DotList::seeking("STLS").read(&mut input).map_err(|refusal| refusal.code)
    }

    #[test]
    fn only_a_label_is_an_offer() {
        for offer in ["STLS", "stls", "STLS arg", "USER\r\nSTLS\r\nSASL PLAIN", "STLS\tx"] {
            assert_eq!(
                read(format!("{offer}\r\n.\r\n").as_bytes()),
                Ok(Some(Offer::Present)),
                "{offer}"
            );
        }
        for none in
            ["", "XSTLS", "STLSX", "X-STLS", "SASL STLS", " STLS", "..STLS", "...", "STLS=1"]
        {
            assert_eq!(
                read(format!("{none}\r\n.\r\n").as_bytes()),
                Ok(Some(Offer::Absent)),
                "{none}"
            );
        }
        assert_eq!(read(b".\r\n"), Ok(Some(Offer::Absent)));
    }

    #[test]
    fn a_list_ends_with_one_dot_and_nothing_else() {
        assert_eq!(read(b"STLS\r\n"), Ok(None));
        assert_eq!(read(b"STLS\r\n."), Ok(None));
        assert_eq!(read(b"..\r\n"), Ok(None));
        assert_eq!(read(b".STLS\r\n.\r\n"), Err(Code::StarttlsProtocol));
        assert_eq!(read(b". \r\n"), Err(Code::StarttlsProtocol));
        assert_eq!(read(b"STLS\n.\r\n"), Err(Code::StarttlsProtocol));
    }

    #[test]
    fn a_list_is_bounded() {
        assert_eq!(read(&b"X\r\n".repeat(100_000)), Err(Code::StarttlsTooMuchData));
        assert_eq!(read(&[b'X'; 100_000]), Err(Code::StarttlsLineTooLong));
    }

    #[test]
    fn what_is_behind_the_list_is_left_alone() {
        let mut input = Input::new(Limits::DEFAULT);
        input.feed(b"STLS\r\n.\r\n+OK go\r\n");
        assert_eq!(DotList::seeking("STLS").read(&mut input), Ok(Some(Offer::Present)));
        assert_eq!(input.rest(), b"+OK go\r\n");
    }
}
