//! Domain names: from the wire, as text.
//!
//! RFC 1035 §3.1: a name is a row of labels of 1 to 63 octets, with the empty one at its end, 255
//! octets in all. §4.1.4: a label may be a pointer to the rest of the name elsewhere in the message.
//!
//! Q: How does a pointer not run in a circle? A: It must lead to a place before the one at which this
//! row of labels began. Each jump makes the room smaller; how many there are is bounded too, as a
//! message has room for 32,000 pointers to pointers.
//!
//! Q: May a label hold a dot? A: On the wire it may hold anything. As text it is escaped (§5.1): `\.`,
//! `\\`, `\DDD`. So `a\.b.test` is another name than `a.b.test`, and neither a NUL nor a line end ever
//! reaches a caller. Names compare without regard to case (RFC 4343), so the text is lower case.

use std::fmt;
use std::net::IpAddr;

use super::DnsError;
use super::wire::Reader;

/// Octets of a name on the wire, the root's included.
const NAME_OCTETS: usize = 255;
/// Jumps within a name: every one to a label of its own in the longest name of all.
const JUMPS: usize = 127;
/// Octets of a label.
const LABEL_OCTETS: usize = 63;

/// A name as lower-case text without the dot at its end; the root is `.`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(String);

impl Name {
    /// A host's or service's name as text: labels of letters, digits, `-` and `_`. `None` for anything
    /// else, and for what is longer than a name can be.
    pub fn parse(text: &str) -> Option<Name> {
        let text = text.strip_suffix('.').unwrap_or(text);
        let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
        let is_label =
            |label: &str| (1..=LABEL_OCTETS).contains(&label.len()) && label.bytes().all(is_plain);
        let fits = text.len() + 2 <= NAME_OCTETS;
        (fits && text.split('.').all(is_label)).then(|| Name(text.to_ascii_lowercase()))
    }

    /// This name below a prefix such as `_25._tcp`.
    pub fn below(&self, prefix: &str) -> Option<Name> {
        // Escapes make the text longer than the wire; a resolver measures again.
        let fits = self.0 != "." && prefix.len() + 1 + self.0.len() + 2 <= NAME_OCTETS;
        let prefix = Name::parse(prefix)?;
        fits.then(|| Name(format!("{prefix}.{}", self.0)))
    }

    /// The name below which an address has its own names (RFC 1035 §3.5, RFC 3596 §2.5).
    pub fn of_address(address: IpAddr) -> Name {
        Name(match address {
            IpAddr::V4(address) => {
                let [a, b, c, d] = address.octets();
                format!("{d}.{c}.{b}.{a}.in-addr.arpa")
            }
            IpAddr::V6(address) => {
                let nibbles =
                    address.octets().into_iter().rev().flat_map(|octet| [octet & 15, octet >> 4]);
                let labels: Vec<String> = nibbles.map(|nibble| format!("{nibble:x}")).collect();
                format!("{}.ip6.arpa", labels.join("."))
            }
        })
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The root.
    pub fn root() -> Name {
        Name(".".to_owned())
    }

    /// Whether it is the root, which in MX and SRV records says "there is no such service" (RFC 7505,
    /// RFC 2782).
    pub fn is_root(&self) -> bool {
        self.0 == "."
    }

    pub(super) fn read(reader: &mut Reader) -> Result<Name, DnsError> {
        let mut text = String::new();
        let mut octets = 1;
        let mut began = reader.position();
        let mut elsewhere = None;
        let mut jumps = 0;
        loop {
            let from = elsewhere.as_mut().unwrap_or(&mut *reader);
            let length = from.u8()?;
            match length >> 6 {
                0 if length == 0 => break,
                0 => {
                    octets += 1 + usize::from(length);
                    if octets > NAME_OCTETS {
                        return Err(DnsError::NameTooLong);
                    }
                    push_label(&mut text, from.take(usize::from(length))?);
                }
                3 => {
                    let target = usize::from(length & 0x3f) << 8 | usize::from(from.u8()?);
                    jumps += 1;
                    if target >= began || jumps > JUMPS {
                        return Err(DnsError::Pointer);
                    }
                    let mut there = Reader::new(reader.message());
                    there.take(target)?;
                    (began, elsewhere) = (target, Some(there));
                }
                _ => return Err(DnsError::Label),
            }
        }
        Ok(Name(if text.is_empty() { ".".to_owned() } else { text }))
    }
}

fn push_label(text: &mut String, label: &[u8]) {
    if !text.is_empty() {
        text.push('.');
    }
    for octet in label {
        match octet {
            b'.' | b'\\' => text.extend(['\\', char::from(*octet)]),
            0x21..=0x7e => text.push(char::from(octet.to_ascii_lowercase())),
            _ => text.push_str(&format!("\\{octet:03}")),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_addresses() {
        let of = |text: &str| Name::of_address(text.parse().unwrap()).to_string();
        assert_eq!(of("192.0.2.1"), "1.2.0.192.in-addr.arpa");
        let v6 = of("2001:db8::567:89ab");
        assert!(
            v6.starts_with("b.a.9.8.7.6.5.0.0.0.0.0.") && v6.ends_with(".8.b.d.0.1.0.0.2.ip6.arpa")
        );
    }

    fn read_at(message: &[u8], at: usize) -> Result<(String, usize), DnsError> {
        let mut reader = Reader::new(message);
        reader.take(at)?;
        let name = Name::read(&mut reader)?;
        Ok((name.0, reader.position()))
    }

    #[test]
    fn labels_and_pointers() {
        let message = b"\x04Mail\x03bob\x04test\x00\x02mx\xc0\x05\xc0\x0f\x00";
        assert_eq!(read_at(message, 0), Ok(("mail.bob.test".into(), 15)));
        assert_eq!(read_at(message, 15), Ok(("mx.bob.test".into(), 20)));
        assert_eq!(read_at(message, 20), Ok(("mx.bob.test".into(), 22)));
        assert_eq!(read_at(message, 22), Ok((".".into(), 23)));
    }

    #[test]
    fn a_pointer_leads_backwards_only() {
        for (message, at) in [
            (&b"\xc0\x00"[..], 0),
            (b"\x01a\xc0\x00", 0),
            (b"\xc0\x02\x00", 0),
            (b"\xc0\x02\xc0\x00", 0),
            (b"\xc0\x02\xc0\x00", 2),
            (b"\x01a\xc0\x04\x01b\xc0\x00", 4),
            (b"\xff\xff", 0),
        ] {
            assert_eq!(read_at(message, at), Err(DnsError::Pointer), "{message:?}");
        }
        let pointers: Vec<u8> = [0, 0]
            .into_iter()
            .chain((0..200_u16).flat_map(|step| (0xc000 + step * 2).to_be_bytes()))
            .collect();
        assert_eq!(read_at(&pointers, pointers.len() - 2), Err(DnsError::Pointer));
        assert!(read_at(&pointers, 2 * 127).is_ok());
        for kind in [0x40, 0x80] {
            assert_eq!(read_at(&[kind, 0], 0), Err(DnsError::Label));
        }
    }

    #[test]
    fn a_name_ends_within_the_message() {
        for message in [&b""[..], b"\x01", b"\x01a", b"\x3f", b"\xc0", b"\x01a\xc0"] {
            assert_eq!(read_at(message, 0), Err(DnsError::Cut), "{message:?}");
        }
    }

    #[test]
    fn no_name_has_more_than_255_octets() {
        let label = [&[63][..], &[b'a'; 63]].concat();
        let longest = [label.repeat(3), vec![61], vec![b'a'; 61], vec![0]].concat();
        assert_eq!(longest.len(), 255);
        assert!(read_at(&longest, 0).is_ok());
        let longer = [label.repeat(3), vec![62], vec![b'a'; 62], vec![0]].concat();
        assert_eq!(read_at(&longer, 0), Err(DnsError::NameTooLong));
        // A ladder of pointers, each to one label more.
        let mut ladder = b"\x01a\x00".to_vec();
        for step in 0..200_u16 {
            let target = if step == 0 { 0 } else { 3 + (step - 1) * 4 };
            ladder.extend([1, b'b', 0xc0 | (target >> 8) as u8, target as u8]);
        }
        assert_eq!(read_at(&ladder, ladder.len() - 4), Err(DnsError::NameTooLong));
    }

    #[test]
    fn a_label_may_hold_anything_and_the_text_shows_it() {
        let message = b"\x0aa.b\\c\x00\x0aD e\x03eve\x00";
        let (text, _) = read_at(message, 0).unwrap();
        assert_eq!(text, "a\\.b\\\\c\\000\\010d\\032e.eve");
        assert_eq!(Name::parse(&text), None);
    }

    #[test]
    fn names_as_text() {
        let name = Name::parse("Mail.Bob.test.").unwrap();
        assert_eq!(name.as_str(), "mail.bob.test");
        assert_eq!(name.below("_25._tcp").unwrap().as_str(), "_25._tcp.mail.bob.test");
        let long = ["a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(61)].join(".");
        assert!(Name::parse(&long).unwrap().below("_25._tcp").is_none());
        for bad in
            ["", ".", "a..b", ".a", "a b", "a\\.b", "a\0", &"a".repeat(64), "b\u{fc}cher.test"]
        {
            assert_eq!(Name::parse(bad), None, "{bad:?}");
        }
        assert_eq!(Name(".".to_owned()).below("_25._tcp"), None);
    }
}
