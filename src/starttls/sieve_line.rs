//! Lines of ManageSieve: RFC 5804 §4.
//!
//! A line is a capability (a string, perhaps with a value) or a response (OK, NO, BYE with an optional
//! code in parentheses and an optional text). A string may be a literal, whose octets are no line: so
//! a line is read as pieces, and only parsed when it is whole.

use crate::line::Input;
use crate::report::Code;

use super::Refusal;

/// RFC 5804 §4, `quoted`: octets between the quotes, escapes counted as they are sent.
const QUOTED_STRING_OCTETS: usize = 1024;

/// Pieces of one line with its literals: a piece costs more memory than it has octets, and no server
/// says anything with more.
const LINE_TOKENS: usize = 1024;

/// A line with its literals.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// A capability without a value.
    Name(Vec<u8>),
    /// A capability with a value: none of ours.
    Pair,
    /// The end of a reply.
    Response(Response),
}

/// OK, NO or BYE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done.
    Ok,
    /// Refused.
    No,
    /// Refused, and the connection ends.
    Bye,
}

/// RFC 5804 §4, `response-oknobye`.
#[derive(Debug, PartialEq, Eq)]
pub struct Response {
    /// Which of the three.
    pub answer: Answer,
    code: Vec<u8>,
    text: Vec<u8>,
}

impl Response {
    /// Whether its response code is this one.
    pub fn has_code(&self, name: &[u8]) -> bool {
        self.code.eq_ignore_ascii_case(name)
    }

    /// Its code and text for a quotation.
    pub fn quotable(&self) -> Vec<u8> {
        [self.code.as_slice(), self.text.as_slice()].join(&b' ').trim_ascii().to_vec()
    }
}

/// The pieces of a line.
#[derive(Debug, PartialEq, Eq)]
enum Token {
    Space,
    Open,
    Close,
    Atom(Vec<u8>),
    Text(Vec<u8>),
}

/// A line in the making: the pieces so far, and the literal that is awaited.
#[derive(Debug, Default)]
pub struct Reader {
    tokens: Vec<Token>,
    literal: Option<usize>,
}

impl Reader {
    /// Takes a line with its literals; `None` while it is incomplete.
    pub fn read(&mut self, input: &mut Input) -> Result<Option<Line>, Refusal> {
        loop {
            if let Some(octets) = self.literal {
                let Some(text) = input.first(octets)? else {
                    return Ok(None);
                };
                self.tokens.push(Token::Text(text.to_vec()));
                input.take(octets);
                self.literal = None;
            }
            let Some(line) = input.take_line()? else {
                return Ok(None);
            };
            self.literal = tokenize(&line, &mut self.tokens).map_err(|code| refuse(code, &line))?;
            if self.literal.is_none() {
                let parsed = parse(&std::mem::take(&mut self.tokens));
                return parsed.map(Some).ok_or_else(|| refuse(Code::StarttlsProtocol, &line));
            }
        }
    }
}

fn refuse(code: Code, line: &[u8]) -> Refusal {
    Refusal::quoting(code, "the server sent a line that is not ManageSieve", line)
}

/// Adds the pieces of a line; the length of the literal, if the line ends with one.
fn tokenize(line: &[u8], tokens: &mut Vec<Token>) -> Result<Option<usize>, Code> {
    let mut rest = line;
    while let [first, tail @ ..] = rest {
        if tokens.len() > LINE_TOKENS {
            return Err(Code::StarttlsTooMuchData);
        }
        let (token, after) = match first {
            b' ' => (Token::Space, tail),
            b'(' => (Token::Open, tail),
            b')' => (Token::Close, tail),
            b'"' => quoted(tail)?,
            b'{' => return literal(tail).map(Some).ok_or(Code::StarttlsProtocol),
            _ => atom(rest).ok_or(Code::StarttlsProtocol)?,
        };
        tokens.push(token);
        rest = after;
    }
    Ok(None)
}

/// The rest of a quoted string; only the quote and the backslash are escaped (§4).
fn quoted(line: &[u8]) -> Result<(Token, &[u8]), Code> {
    let mut text = Vec::new();
    let mut octets = line.iter().enumerate();
    while let Some((at, &octet)) = octets.next() {
        match octet {
            _ if at > QUOTED_STRING_OCTETS => return Err(Code::StarttlsLineTooLong),
            b'"' => return Ok((Token::Text(text), line.get(at + 1..).unwrap_or_default())),
            b'\\' => match octets.next() {
                Some((_, &escaped @ (b'"' | b'\\'))) => text.push(escaped),
                Some(_) | None => return Err(Code::StarttlsProtocol),
            },
            _ => text.push(octet),
        }
    }
    Err(Code::StarttlsProtocol)
}

/// `n}` at the end of a line, 32 bits without leading zeros. `{n+}` is for clients only (§4).
fn literal(line: &[u8]) -> Option<usize> {
    let digits = line.strip_suffix(b"}")?;
    let (b"0" | [b'1'..=b'9', ..]) = digits else {
        return None;
    };
    let number: u32 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    usize::try_from(number).ok()
}

fn atom(line: &[u8]) -> Option<(Token, &[u8])> {
    let foreign = |octet: &u8| !octet.is_ascii_graphic() || br#"(){"\"#.contains(octet);
    let end = line.iter().position(foreign).unwrap_or(line.len());
    let (word, rest) = line.split_at_checked(end)?;
    (!word.is_empty()).then(|| (Token::Atom(word.to_vec()), rest))
}

fn parse(tokens: &[Token]) -> Option<Line> {
    match tokens {
        [Token::Text(name)] => Some(Line::Name(name.clone())),
        [Token::Text(_), Token::Space, Token::Text(_)] => Some(Line::Pair),
        [Token::Atom(word), rest @ ..] => response(word, rest).map(Line::Response),
        // Malformed, whatever it is.
        _ => None,
    }
}

fn response(word: &[u8], rest: &[Token]) -> Option<Response> {
    let answers = [(b"OK".as_slice(), Answer::Ok), (b"NO", Answer::No), (b"BYE", Answer::Bye)];
    let (_, answer) = answers.into_iter().find(|(name, _)| word.eq_ignore_ascii_case(name))?;
    let (code, rest) = match rest {
        [Token::Space, Token::Open, Token::Atom(code), rest @ ..] => {
            (code.clone(), behind_code(rest)?)
        }
        _ => (Vec::new(), rest),
    };
    match rest {
        [] => Some(Response { answer, code, text: Vec::new() }),
        [Token::Space, Token::Text(text)] => Some(Response { answer, code, text: text.clone() }),
        _ => None,
    }
}

/// What follows the parenthesis that ends a response code.
fn behind_code(tokens: &[Token]) -> Option<&[Token]> {
    let mut depth = 1_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Open => depth += 1,
            Token::Close => depth -= 1,
            Token::Space | Token::Atom(_) | Token::Text(_) => {}
        }
        if depth == 0 {
            return tokens.get(at + 1..);
        }
    }
    None
}
