//! Distinguished names (X.501) in the one form in which OpenSSL compares them.
//!
//! RFC 5280 §7.1 takes two names for one where they differ in case, in spacing or in the type of their
//! strings, and OpenSSL does so with a canonical encoding: whoever looks an issuer up by the octets of
//! its name misses what OpenSSL finds. The rules of that encoding, for ASCII only, as OpenSSL has them:
//!
//! - a string of characters becomes a UTF8String; white space at its ends falls away, elsewhere it is
//!   one space; letters become small ones;
//! - a value of another type stays as it is;
//! - the attributes of a multi-valued RDN are in the order of DER; there is no SEQUENCE around the RDNs.
//!
//! Q: What of a name that cannot be read here, such as one with half a surrogate pair? A: It has no
//! canonical form here, and whoever asks does without: versions of OpenSSL differ about it.

use std::collections::BinaryHeap;

use crate::der::{DerError, Reader, Tlv, single, tag, wrap};

/// VisibleString.
const VISIBLE_STRING: u8 = 0x1a;
/// NumericString, which OpenSSL does not convert.
const NUMERIC_STRING: u8 = 0x12;

/// The canonical form of a Name in DER; empty for the empty name.
pub fn canonical(name: &[u8]) -> Result<Vec<u8>, DerError> {
    let mut rdns = single(name, tag::SEQUENCE)?.reader();
    let mut form = Vec::with_capacity(name.len());
    while !rdns.is_empty() {
        let rdn = rdns.expect(tag::SET)?;
        form.extend(wrap(tag::SET, &attributes(rdn)?));
    }
    Ok(form)
}

fn attributes(rdn: Tlv<'_>) -> Result<Vec<u8>, DerError> {
    let mut reader = rdn.reader();
    let first = attribute(&mut reader)?;
    if reader.is_empty() {
        return Ok(first);
    }
    let mut all = BinaryHeap::from([first]);
    while !reader.is_empty() {
        all.push(attribute(&mut reader)?);
    }
    // X.690 §11.6: the elements of a SET OF stand in ascending order.
    Ok(all.into_sorted_vec().concat())
}

fn attribute(reader: &mut Reader<'_>) -> Result<Vec<u8>, DerError> {
    let mut parts = reader.expect(tag::SEQUENCE)?.reader();
    let (kind, value) = (parts.expect(tag::OID)?, parts.element()?);
    parts.finish()?;
    let value = match value.tag {
        NUMERIC_STRING => value.whole.to_vec(),
        _ => wrap(tag::UTF8_STRING, folded(&text(value)?).as_bytes()),
    };
    Ok(wrap(tag::SEQUENCE, &[kind.whole, &value].concat()))
}

/// The characters of a string of any type. A TeletexString is taken for Latin-1, as everywhere.
fn text(value: Tlv<'_>) -> Result<String, DerError> {
    let octets = value.value;
    let narrow = || Ok(octets.iter().copied().map(char::from).collect());
    match value.tag {
        tag::UTF8_STRING => {
            std::str::from_utf8(octets).map(str::to_owned).map_err(|_| DerError::Text)
        }
        tag::PRINTABLE_STRING | tag::TELETEX_STRING | tag::IA5_STRING | VISIBLE_STRING => narrow(),
        tag::BMP_STRING => wide::<2>(octets),
        tag::UNIVERSAL_STRING => wide::<4>(octets),
        _ => Err(DerError::Choice),
    }
}

/// Characters of so many octets each, big end first. Surrogates are none.
fn wide<const WIDTH: usize>(octets: &[u8]) -> Result<String, DerError> {
    let (characters, []) = octets.as_chunks::<WIDTH>() else { return Err(DerError::Text) };
    let number = |octets: &[u8; WIDTH]| {
        octets.iter().fold(0_u32, |number, octet| number << 8 | u32::from(*octet))
    };
    let read = characters.iter().map(|octets| char::from_u32(number(octets)));
    read.collect::<Option<String>>().ok_or(DerError::Text)
}

/// White space and case, of ASCII alone.
fn folded(text: &str) -> String {
    let is_space = |letter: char| matches!(letter, ' ' | '\t' | '\n' | '\x0b' | '\x0c' | '\r');
    let mut folded = String::with_capacity(text.len());
    for letter in text.trim_matches(is_space).chars() {
        match is_space(letter) {
            true if folded.ends_with(' ') => {}
            true => folded.push(' '),
            false => folded.push(letter.to_ascii_lowercase()),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(values: &[&[(u8, &[u8])]]) -> Vec<u8> {
        let attribute = |(tag, value): &(u8, &[u8])| {
            let kind = wrap(tag::OID, crate::der::oid::COMMON_NAME);
            wrap(tag::SEQUENCE, &[kind, wrap(*tag, value)].concat())
        };
        let rdn = |values: &&[(u8, &[u8])]| {
            wrap(tag::SET, &values.iter().map(attribute).collect::<Vec<_>>().concat())
        };
        wrap(tag::SEQUENCE, &values.iter().map(rdn).collect::<Vec<_>>().concat())
    }

    #[test]
    fn spellings_of_one_name_have_one_form() {
        let plain = canonical(&name(&[&[(tag::UTF8_STRING, b"mail ca")]])).unwrap();
        for (kind, value) in [
            (tag::PRINTABLE_STRING, &b"Mail CA"[..]),
            (tag::IA5_STRING, b" \t MAIL \r\n CA "),
            (tag::TELETEX_STRING, b"mail  ca"),
            (tag::BMP_STRING, b"\0m\0a\0i\0l\0 \0C\0A"),
            (tag::UNIVERSAL_STRING, b"\0\0\0M\0\0\0a\0\0\0i\0\0\0l\0\0\0 \0\0\0c\0\0\0a"),
        ] {
            assert_eq!(canonical(&name(&[&[(kind, value)]])).unwrap(), plain, "{kind:#x}");
        }
        for (kind, value) in [
            (NUMERIC_STRING, &b"mail ca"[..]),
            (tag::UTF8_STRING, b"mailca"),
            (tag::UTF8_STRING, b"mail\xc2\xa0ca"),
        ] {
            assert_ne!(canonical(&name(&[&[(kind, value)]])).unwrap(), plain, "{kind:#x}");
        }
    }

    #[test]
    fn names_without_a_form() {
        for (kind, value) in [
            (tag::UTF8_STRING, &b"\xc0\x80"[..]),
            (tag::UTF8_STRING, b"\xed\xa0\x80"),
            (tag::BMP_STRING, b"\xd8\x00\xdc\x00"),
            (tag::BMP_STRING, b"\0"),
            (tag::UNIVERSAL_STRING, b"\0\x11\0\0"),
            (tag::BIT_STRING, b"\0a"),
            (tag::SEQUENCE, b""),
            (tag::SET, b""),
        ] {
            assert!(canonical(&name(&[&[(kind, value)]])).is_err(), "{kind:#x} {value:?}");
        }
        assert!(canonical(b"").is_err() && canonical(b"\x30\x80\0\0").is_err());
        assert_eq!(canonical(&name(&[])), Ok(Vec::new()));
    }
}
