//! Replies of SMTP and its kin.
//!
//! RFC 5321 §4.2.1: `*( code "-" [text] CRLF ) code [SP text] CRLF`, the same code on every line;
//! §4.2: the first digit is 2 to 5, the second 0 to 5. Grammar, not search: `+220`, `2 20` and `220_` are
//! no replies.

use crate::line::Input;
use crate::report::Code;

use super::Refusal;

/// A complete reply.
#[derive(Debug, PartialEq, Eq)]
pub struct Reply {
    /// Three digits.
    pub code: u16,
    /// The texts behind the code, one per line.
    pub lines: Vec<Vec<u8>>,
}

/// A reply in the making.
#[derive(Debug, Default)]
pub struct ReplyReader {
    code: Option<u16>,
    lines: Vec<Vec<u8>>,
}

impl Reply {
    /// The whole text for a quotation.
    pub fn quotable(&self) -> Vec<u8> {
        let mut text = self.code.to_string().into_bytes();
        for line in &self.lines {
            text.push(b' ');
            text.extend_from_slice(line);
        }
        text
    }
}

impl ReplyReader {
    /// Takes lines until the reply is complete; `None` while it is not.
    pub fn read(&mut self, input: &mut Input) -> Result<Option<Reply>, Refusal> {
        while let Some(line) = input.take_line()? {
            let (code, last, text) = parse_line(&line).ok_or_else(|| {
                Refusal::quoting(
                    Code::StarttlsProtocol,
                    "the server sent a line that is no reply",
                    &line,
                )
            })?;
            if self.code.is_some_and(|first| first != code) {
                let words = "the server mixed codes in one reply";
                return Err(Refusal::quoting(Code::StarttlsProtocol, words, &line));
            }
            self.code = Some(code);
            self.lines.push(text.to_vec());
            if last {
                self.code = None;
                return Ok(Some(Reply { code, lines: std::mem::take(&mut self.lines) }));
            }
        }
        Ok(None)
    }
}

/// Code, whether the line is the last of its reply, and the text.
fn parse_line(line: &[u8]) -> Option<(u16, bool, &[u8])> {
    let (code, rest) = line.split_at_checked(3)?;
    let [first @ b'2'..=b'5', second @ b'0'..=b'5', third @ b'0'..=b'9'] = *code else {
        return None;
    };
    let digit = |byte: u8| u16::from(byte - b'0');
    let number = digit(first) * 100 + digit(second) * 10 + digit(third);
    match rest {
        [] => Some((number, true, rest)),
        [b' ', text @ ..] => Some((number, true, text)),
        [b'-', text @ ..] => Some((number, false, text)),
        [_, ..] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_grammar_is_a_reply() {
        assert_eq!(parse_line(b"220 hi"), Some((220, true, b"hi".as_slice())));
        assert_eq!(parse_line(b"250-SIZE"), Some((250, false, b"SIZE".as_slice())));
        assert_eq!(parse_line(b"220"), Some((220, true, b"".as_slice())));
        for bad in [
            "", "22", "2 20 hi", "220_hi", "+220 hi", "120 hi", "620 hi", "260 hi", "22a hi",
            "\u{b2}20",
        ] {
            assert_eq!(parse_line(bad.as_bytes()), None, "{bad}");
        }
    }
}
