//! The blocks of a plain PEM text (RFC 7468), where they stand and what they hold.
//!
//! Readers of PEM differ about everything that is not plain: text before a BEGIN on the same line,
//! headers, white space, lines that are too long, labels that mean the same. So this reader takes what
//! all of them read alike, and says of the rest that it is odd: whoever asks has another one to read it.
//!
//! ```text
//! anything without "-----BEGIN " and without NUL
//! -----BEGIN CERTIFICATE-----        alone on its line
//! base64                             1 to 76 letters a line, padded, nothing else
//! -----END CERTIFICATE-----          alone on its line
//! ```

use data_encoding::BASE64;
use memchr::{memchr, memmem};

const BEGIN: &[u8] = b"-----BEGIN ";
const FIRST_LINE: &[u8] = b"-----BEGIN CERTIFICATE-----";
const LAST_LINE: &[u8] = b"-----END CERTIFICATE-----";
/// RFC 2045 §6.8; RFC 7468 §2 writes 64 and lets others be read.
const LONGEST_LINE: usize = 76;

/// Not every reader would read this alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Odd;

/// Where a certificate stands: from its BEGIN to the end of its END.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Offset of the BEGIN.
    pub start: usize,
    /// Offset behind the END.
    pub end: usize,
}

/// The place of every certificate; `Odd` where the text holds anything that is not plain.
pub fn certificates(text: &[u8]) -> Result<Vec<Place>, Odd> {
    if memchr(0, text).is_some() {
        return Err(Odd);
    }
    let begin = memmem::Finder::new(BEGIN);
    let last_line = memmem::Finder::new(LAST_LINE);
    let mut places = Vec::new();
    let mut from = 0;
    while let Some(offset) = begin.find(&text[from..]) {
        let start = from + offset;
        let end = start + last_line.find(&text[start..]).ok_or(Odd)? + LAST_LINE.len();
        let place = Place { start, end };
        body(text, place)?;
        places.push(place);
        from = end;
    }
    Ok(places)
}

/// What a block holds, if at this place there is one, whole and plain.
pub fn contents(text: &[u8], place: Place) -> Result<Vec<u8>, Odd> {
    let body = body(text, place)?;
    let mut letters = Vec::with_capacity(body.len());
    for line in body.split(|octet| *octet == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() || line.len() > LONGEST_LINE {
            return Err(Odd);
        }
        letters.extend_from_slice(line);
    }
    // Padding ends it; some decoders go on behind it, and some do not.
    if memchr(b'=', &letters).is_some_and(|padding| padding + 2 < letters.len()) {
        return Err(Odd);
    }
    BASE64.decode(&letters).map_err(|_| Odd)
}

/// The lines between the first and the last, without the end of the last one.
fn body(text: &[u8], place: Place) -> Result<&[u8], Odd> {
    let block = text.get(place.start..place.end).ok_or(Odd)?;
    let alone = |before: Option<&u8>| matches!(before, None | Some(b'\n'));
    let before = place.start.checked_sub(1).and_then(|at| text.get(at));
    let behind = text[place.end..].strip_prefix(b"\r").unwrap_or(&text[place.end..]);
    let body = block.strip_prefix(FIRST_LINE).and_then(|rest| rest.strip_suffix(LAST_LINE));
    let body = body.ok_or(Odd)?;
    let body = body.strip_prefix(b"\r").unwrap_or(body).strip_prefix(b"\n").ok_or(Odd)?;
    let body = body.strip_suffix(b"\n").ok_or(Odd)?;
    (alone(before) && alone(behind.first())).then_some(body).ok_or(Odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "-----BEGIN CERTIFICATE-----\nQUJD\nREU=\n-----END CERTIFICATE-----\n";

    fn read(text: &str) -> Result<Vec<Vec<u8>>, Odd> {
        let text = text.as_bytes();
        certificates(text)?.into_iter().map(|place| contents(text, place)).collect()
    }

    #[test]
    fn plain_texts() {
        let one = || vec![b"ABCDE".to_vec()];
        assert_eq!(read(""), Ok(vec![]));
        assert_eq!(read("no certificate\n"), Ok(vec![]));
        assert_eq!(read(PLAIN), Ok(one()));
        assert_eq!(read(PLAIN.trim_end()), Ok(one()));
        assert_eq!(read(&PLAIN.replace('\n', "\r\n")), Ok(one()));
        let commented = format!("# A CA -----\nSubject: ----\n{PLAIN}\n\nnext\n{PLAIN}end");
        assert_eq!(read(&commented), Ok([one(), one()].concat()));
    }

    #[test]
    fn odd_texts() {
        let long = format!("\n{}\n", "QUJD".repeat(20));
        for (from, to) in [
            ("BEGIN CERTIFICATE", "BEGIN TRUSTED CERTIFICATE"),
            ("BEGIN CERTIFICATE", "BEGIN X509 CERTIFICATE"),
            ("BEGIN CERTIFICATE", "BEGIN X509 CRL"),
            ("-----BEGIN", " -----BEGIN"),
            ("-----BEGIN", "------BEGIN"),
            ("E-----\nQ", "E----- \nQ"),
            ("E-----\nQ", "E-----Q"),
            ("-----END", " -----END"),
            ("END CERTIFICATE-----", "END CERTIFICATE----- "),
            ("END CERTIFICATE", "END CERTIFICATES"),
            ("\nQUJD\n", "\nQUJD \n"),
            ("\nQUJD\n", "\n\nQUJD\n"),
            ("\nQUJD\n", "\nProc-Type: 4,ENCRYPTED\n\nQUJD\n"),
            ("\nQUJD\n", "\nQUJ\n"),
            ("\nQUJD\n", "\nQUI=\n"),
            ("REU=", "REV="),
            ("REU=", "REU"),
            ("\nQUJD\n", &long),
            ("\nQUJD\n", "\n-----BEGIN CERTIFICATE-----\nQUJD\n"),
            ("QUJD\nREU=\n", ""),
        ] {
            let text = PLAIN.replacen(from, to, 1);
            assert_ne!(text, PLAIN);
            assert_eq!(read(&text), Err(Odd), "{text}");
            assert_eq!(read(&format!("{PLAIN}{text}")), Err(Odd), "second: {text}");
        }
        assert_eq!(read(&format!("a\0b\n{PLAIN}")), Err(Odd));
    }

    #[test]
    fn a_place_that_is_none_holds_nothing() {
        let text = format!("{PLAIN}{PLAIN}");
        let good = certificates(text.as_bytes()).unwrap();
        for start in 0..text.len() + 2 {
            for end in 0..text.len() + 2 {
                let place = Place { start, end };
                let read = contents(text.as_bytes(), place);
                assert_eq!(read.is_ok(), good.contains(&place), "{place:?}");
            }
        }
    }
}
