//! DNS names: one grammar for both sides, and the wildcard on the presented side.
//!
//! A host name is labels of 1 to 63 octets, at most 253 in all (RFC 1035 §2.3.4), of letters,
//! digits, `-` and `_`, no `-` at either end of a label (RFC 952, RFC 1123 §2.1; the underscore is
//! not a host name's but is in real certificates and in DNS). The last label is not a number: no
//! top-level domain is (RFC 1123 §2.1, RFC 3696 §2), and what ends in one is an IPv4 address to
//! `getaddrinfo`, in decimal or in hexadecimal.
//!
//! A *reference* may end with one dot, which is dropped (it says "absolute", and every reference
//! is). A *presented* name with a dot at its end is malformed (RFC 5280 §4.2.1.6 takes RFC 1034's
//! preferred syntax, which has none).
//!
//! | reference text | as reference | the same as presented |
//! |---|---|---|
//! | `mail.bob.test` | valid | valid |
//! | `mail.bob.test.` | valid, dot dropped | malformed |
//! | `.bob.test` | error: not "any subdomain" as in OpenSSL | malformed |
//! | `*.bob.test` | error: one host is meant | valid |
//! | `m*.bob.test`, `a.*.bob.test`, `*` | error | valid, never matches |
//! | `192.0.2.1`, `mail.1`, `mail.0x1f` | error | malformed |
//! | `mail..bob.test`, `-a.test`, `a b`, NUL | error | malformed |
//!
//! Q: Why does a misplaced `*` not make the SAN malformed? A: RFC 9525 §6.3 says that such an
//! identifier is ignored. It is kept for the report and matches nothing.

use std::fmt;

use crate::error::{Error, Result};
use crate::limits::QUOTED_OCTETS;
use crate::name::idna::{Idna, to_ascii};
use crate::name::presented::escaped;
use crate::status::Status;

/// Longest label (RFC 1035 §2.3.4).
const LABEL_OCTETS: usize = 63;

/// Longest name in text: 255 octets on the wire, less the first length and the root.
const NAME_OCTETS: usize = 253;

/// What is wrong with a DNS name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DnsFault {
    /// There is nothing.
    Empty,
    /// More than 253 octets.
    TooLong,
    /// It begins with a dot.
    LeadingDot,
    /// It ends with a dot.
    TrailingDot,
    /// Two dots in a row.
    EmptyLabel,
    /// A label of more than 63 octets.
    LabelTooLong,
    /// A label that begins or ends with `-`.
    Hyphen,
    /// An octet that no name has; a NUL is one.
    Octet(u8),
    /// The last label is a number: an IP address in text, or taken for one.
    Number,
}

impl fmt::Display for DnsFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DnsFault::Empty => out.write_str("it is empty"),
            DnsFault::TooLong => write!(out, "it is longer than {NAME_OCTETS} octets"),
            DnsFault::LeadingDot => out.write_str("it begins with a dot"),
            DnsFault::TrailingDot => out.write_str("it ends with a dot"),
            DnsFault::EmptyLabel => out.write_str("it has an empty label"),
            DnsFault::LabelTooLong => {
                write!(out, "it has a label of more than {LABEL_OCTETS} octets")
            }
            DnsFault::Hyphen => out.write_str("a label begins or ends with a hyphen"),
            DnsFault::Octet(0) => out.write_str("it holds a NUL"),
            DnsFault::Octet(b'*') => out.write_str("a '*' has no place in it"),
            DnsFault::Octet(octet) => write!(out, "it holds the octet {octet:#04x}"),
            DnsFault::Number => {
                out.write_str("its last label is a number, so it is an IP address or no name")
            }
        }
    }
}

/// A host name that is meant: lower case, A-labels, no dot at the end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DnsName(String);

impl DnsName {
    /// Reads a reference name as a person or a program wrote it.
    pub fn parse(text: &str, idna: Idna) -> Result<DnsName> {
        let ascii = to_ascii(text, idna).map_err(|why| refusal(text, why))?;
        let name = ascii.strip_suffix('.').unwrap_or(&ascii);
        if is_plain(name.as_bytes()) {
            return Ok(DnsName(name.to_owned()));
        }
        check(name.as_bytes()).map_err(|fault| refusal(text, reference_words(fault)))?;
        Ok(DnsName(name.to_ascii_lowercase()))
    }

    /// The name: lower-case A-labels.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DnsName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

fn refusal(text: &str, why: impl fmt::Display) -> Error {
    let shown = &text.as_bytes()[..text.len().min(QUOTED_OCTETS)];
    let (quoted, rest) = (escaped(shown), if shown.len() < text.len() { " ..." } else { "" });
    Error::new(Status::Name, format!("reference name \"{quoted}\"{rest} is not valid: {why}"))
}

/// The fault, and the way out where people are known to mean something else.
fn reference_words(fault: DnsFault) -> String {
    match fault {
        DnsFault::LeadingDot => {
            format!("{fault}; name the host itself, a leading dot does not mean \"any subdomain\"")
        }
        DnsFault::Octet(b'*') => format!("{fault}; a reference names one host"),
        DnsFault::Number => format!("{fault}; an address is written ip:ADDRESS"),
        DnsFault::Empty
        | DnsFault::TooLong
        | DnsFault::TrailingDot
        | DnsFault::EmptyLabel
        | DnsFault::LabelTooLong
        | DnsFault::Hyphen
        | DnsFault::Octet(_) => fault.to_string(),
    }
}

/// The `*` in a presented name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stars {
    /// None: the name stands for itself.
    None,
    /// One, the whole left-most label.
    WholeLabel,
    /// One, a part of the left-most label: matches only by an insecure knob.
    PartOfLabel,
    /// Anywhere else, or more than one: never matches.
    Misplaced,
}

/// A dNSName of a certificate, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PresentedDns<'a> {
    octets: &'a [u8],
    stars: Stars,
}

impl<'a> PresentedDns<'a> {
    /// Reads the contents of a dNSName.
    pub fn parse(octets: &'a [u8]) -> std::result::Result<PresentedDns<'a>, DnsFault> {
        match PresentedDns::plain(octets) {
            Some(name) => Ok(name),
            None => PresentedDns::rules(octets).map(|stars| PresentedDns { octets, stars }),
        }
    }

    /// Reads the contents of a dNSName that is like nearly all of them, and cheaply. A `None` says
    /// nothing: the rules are asked one by one.
    #[inline(always)]
    pub fn plain(octets: &'a [u8]) -> Option<PresentedDns<'a>> {
        let (stars, name) = match octets {
            [b'*', b'.', behind @ ..] => (Stars::WholeLabel, behind),
            name => (Stars::None, name),
        };
        is_plain(name).then_some(PresentedDns { octets, stars })
    }

    /// Every rule in its turn, and the fault that is found first.
    fn rules(octets: &[u8]) -> std::result::Result<Stars, DnsFault> {
        let stars = stars(octets);
        match stars {
            // An address in text is in many certificates beside the real name, for programs that
            // look there. It is no host name and equals no reference: it never matches, and is no
            // reason to refuse its siblings.
            Stars::None => check(octets).or_else(ignore_number)?,
            // With two labels or more, whatever stands behind `*.` is a name of its own.
            Stars::WholeLabel => check(&octets[2..]).and_then(|()| check_length(octets))?,
            Stars::PartOfLabel | Stars::Misplaced => check_with_stars(octets)?,
        }
        Ok(stars)
    }

    /// The name as the certificate has it, in any case.
    pub fn as_str(&self) -> &'a str {
        // No rule takes an octet beyond ASCII.
        std::str::from_utf8(self.octets).unwrap_or_default()
    }

    /// The same in octets, for those who compare.
    pub const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// Where its `*` stands.
    pub const fn stars(&self) -> Stars {
        self.stars
    }
}

/// One in each octet of a word.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The highest bit of each octet of a word. Here a test of eight octets at once gives its answers.
const HIGH: u64 = 0x80 * ONES;

/// Whether a name is good, in lower case and without a `*`, eight octets at a time: nearly all of the
/// thousands that a certificate may hold are. A no says nothing.
///
/// In a name of [`LABEL_OCTETS`] no label is too long. Where no two of `-` and `.` stand side by side or
/// at an end, no label is empty or has a hyphen at its edge. A last label that begins with a letter is no
/// number.
#[inline(always)]
fn is_plain(name: &[u8]) -> bool {
    if name.len() > LABEL_OCTETS {
        return false;
    }
    let Some(tail) = name.last_chunk() else { return false };
    // What stands before a name is like a dot: no dot and no hyphen may follow.
    let (mut legal, mut edges) = (u64::MAX, HIGH);
    let mut rest = name;
    while let Some((word, behind)) = rest.split_first_chunk()
        && !behind.is_empty()
    {
        let word = Kinds::of(word);
        legal &= word.legal & !word.doubled(edges);
        edges = word.edges;
        rest = behind;
    }
    // The last octets, some of them for the second time.
    let word = Kinds::of(tail);
    legal &= word.legal & !word.doubled(edges);
    legal & HIGH == HIGH && word.ends_in_a_name()
}

/// What eight octets are, each answer in their highest bits. The bits below are waste.
#[derive(Clone, Copy)]
struct Kinds {
    /// A lower-case letter, a digit, `-` or `.`.
    legal: u64,
    /// `-` or `.`.
    edges: u64,
    dots: u64,
    letters: u64,
}

impl Kinds {
    #[inline(always)]
    fn of(octets: &[u8; 8]) -> Kinds {
        let word = u64::from_le_bytes(*octets);
        // The octets from this one on. In ASCII nothing carries over into the next octet.
        let from = |octet: u8| word.wrapping_add(ONES * u64::from(0x80 - octet));
        let edges = from(b'-') ^ from(b'.' + 1);
        let digits = from(b'0') ^ from(b'9' + 1);
        let letters = from(b'a') ^ from(b'z' + 1);
        let legal = (edges ^ digits ^ letters) & !word;
        Kinds { legal, edges, dots: from(b'.') ^ from(b'.' + 1), letters }
    }

    /// The edges that stand behind another one; `before` are the eight octets before these.
    #[inline(always)]
    const fn doubled(self, before: u64) -> u64 {
        self.edges & (self.edges << 8 | before >> 56)
    }

    /// Whether the last octet is no edge, and the one behind the last dot a letter. There must be a dot.
    #[inline(always)]
    const fn ends_in_a_name(self) -> bool {
        let dots = self.dots & HIGH;
        let behind_the_last = self.letters.rotate_left(dots.leading_zeros());
        dots != 0 && self.edges & 1 << 63 == 0 && behind_the_last & 0x80 != 0
    }
}

fn ignore_number(fault: DnsFault) -> std::result::Result<(), DnsFault> {
    if fault == DnsFault::Number { Ok(()) } else { Err(fault) }
}

fn stars(octets: &[u8]) -> Stars {
    let Some(first) = octets.iter().position(|octet| *octet == b'*') else { return Stars::None };
    let only = !octets[first + 1..].contains(&b'*');
    match octets.iter().position(|octet| *octet == b'.') {
        Some(1) if only && first == 0 => Stars::WholeLabel,
        Some(dot) if only && first < dot => Stars::PartOfLabel,
        _ => Stars::Misplaced,
    }
}

/// The grammar of a host name.
pub(super) fn check(name: &[u8]) -> std::result::Result<(), DnsFault> {
    check_length(name)?;
    let mut last: &[u8] = name;
    for label in name.split(|octet| *octet == b'.') {
        check_label(label).map_err(|fault| at_edge(fault, name))?;
        last = label;
    }
    if is_number(last) { Err(DnsFault::Number) } else { Ok(()) }
}

/// The grammar with `*` as one more letter.
fn check_with_stars(name: &[u8]) -> std::result::Result<(), DnsFault> {
    check_length(name)?;
    for label in name.split(|octet| *octet == b'.') {
        let mut parts = label.split(|octet| *octet == b'*').filter(|part| !part.is_empty());
        match label.contains(&b'*') {
            true => parts.try_for_each(check_octets)?,
            false => check_label(label).map_err(|fault| at_edge(fault, name))?,
        }
    }
    Ok(())
}

fn check_length(name: &[u8]) -> std::result::Result<(), DnsFault> {
    match name.len() {
        0 => Err(DnsFault::Empty),
        1..=NAME_OCTETS => Ok(()),
        _ => Err(DnsFault::TooLong),
    }
}

fn check_label(label: &[u8]) -> std::result::Result<(), DnsFault> {
    check_octets(label)?;
    match label {
        [] => Err(DnsFault::EmptyLabel),
        [b'-', ..] | [.., b'-'] => Err(DnsFault::Hyphen),
        _ if label.len() > LABEL_OCTETS => Err(DnsFault::LabelTooLong),
        _ => Ok(()),
    }
}

fn check_octets(label: &[u8]) -> std::result::Result<(), DnsFault> {
    let legal = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
    label.iter().find(|octet| !legal(octet)).map_or(Ok(()), |octet| Err(DnsFault::Octet(*octet)))
}

/// Says of an empty label where it is.
fn at_edge(fault: DnsFault, name: &[u8]) -> DnsFault {
    match (fault, name) {
        (DnsFault::EmptyLabel, [b'.', ..]) => DnsFault::LeadingDot,
        (DnsFault::EmptyLabel, [front @ .., b'.']) if !front.ends_with(b".") => {
            DnsFault::TrailingDot
        }
        (fault, _) => fault,
    }
}

/// Decimal digits, or `0x` and hexadecimal ones: the WHATWG "ends in a number" test.
fn is_number(label: &[u8]) -> bool {
    match label {
        [b'0', b'x' | b'X', hex @ ..] => hex.iter().all(u8::is_ascii_hexdigit),
        _ => label.iter().all(u8::is_ascii_digit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn presented(text: &[u8]) -> std::result::Result<Stars, DnsFault> {
        PresentedDns::parse(text).map(|name| name.stars())
    }

    /// The pass takes nothing that the rules refuse, and does take what it is there for.
    #[test]
    fn the_quick_pass_agrees_with_the_rules() {
        let alphabet = b"ag09xZ-_.*/:`{\0\x80\xff";
        // Each pair of octets at each place of a name, across the border of two words as well.
        for around in ["mail.bob.test", "a.b.c.d.bob.test.example.uk", "bob.t"] {
            for at in 0..around.len() {
                for pair in alphabet.iter().flat_map(|one| alphabet.map(|other| [*one, other])) {
                    let (front, back) = around.as_bytes().split_at(at);
                    agree(&[front, &pair[..], back].concat());
                    agree(&[front, &pair[..], &back[1..]].concat());
                    agree(&[front, &pair[..1], &back[1..]].concat());
                    agree(&[front, &pair[..]].concat());
                }
            }
        }
        let (label, dots) = ("a".repeat(63), "a.".repeat(126));
        for name in [
            label.clone(),
            format!("{label}a"),
            format!("b.{label}a.b"),
            format!("{label}.{label}a.b"),
            format!("{dots}a"),
            format!("{dots}aa"),
            "mail.bob.0x1f".to_owned(),
            "mail.bob.0xab".to_owned(),
            "mail.bob.1".to_owned(),
        ] {
            agree(name.as_bytes());
        }
        for good in ["mail.bob.test", "1.2-3.4.bob.uk", "a.b.c.de", &format!("{}.de", &label[3..])]
        {
            assert!(is_plain(good.as_bytes()), "{good}");
        }
    }

    fn agree(name: &[u8]) {
        if is_plain(name) {
            assert_eq!(check(name), Ok(()), "{}", name.escape_ascii());
            assert_eq!(PresentedDns::rules(name), Ok(Stars::None), "{}", name.escape_ascii());
        }
        let under_star = [b"*.", name].concat();
        let slow = PresentedDns::rules(&under_star);
        assert_eq!(presented(&under_star), slow, "{}", under_star.escape_ascii());
    }

    #[test]
    fn one_grammar_two_sides() {
        let label = "a".repeat(63);
        let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
        // (text, the reference it makes, the fault as presented)
        let cases: &[(&str, Option<&str>, Option<DnsFault>)] = &[
            ("mail.bob.test", Some("mail.bob.test"), None),
            ("MAIL.Bob.Test", Some("mail.bob.test"), None),
            ("mail.bob.test.", Some("mail.bob.test"), Some(DnsFault::TrailingDot)),
            ("mail.bob.test..", None, Some(DnsFault::EmptyLabel)),
            ("localhost", Some("localhost"), None),
            ("_dmarc.bob.test", Some("_dmarc.bob.test"), None),
            ("a_b.test", Some("a_b.test"), None),
            (&longest, Some(&longest), None),
            (&format!("{longest}a"), None, Some(DnsFault::TooLong)),
            (&format!("a{label}.test"), None, Some(DnsFault::LabelTooLong)),
            ("", None, Some(DnsFault::Empty)),
            (".", None, Some(DnsFault::LeadingDot)),
            (".bob.test", None, Some(DnsFault::LeadingDot)),
            ("mail..bob.test", None, Some(DnsFault::EmptyLabel)),
            ("-mail.bob.test", None, Some(DnsFault::Hyphen)),
            ("mail-.bob.test", None, Some(DnsFault::Hyphen)),
            ("mail.bob.test\0.eve.test", None, Some(DnsFault::Octet(0))),
            ("mail.bob.test\0", None, Some(DnsFault::Octet(0))),
            (" mail.bob.test", None, Some(DnsFault::Octet(b' '))),
            ("mail.bob.test\n", None, Some(DnsFault::Octet(b'\n'))),
            ("bob@bob.test", None, Some(DnsFault::Octet(b'@'))),
            ("mail.bob.test:25", None, Some(DnsFault::Octet(b':'))),
            ("bob.test/x", None, Some(DnsFault::Octet(b'/'))),
            ("%6dail.bob.test", None, Some(DnsFault::Octet(b'%'))),
            ("192.0.2.1", None, None),
            ("192.0.2.1.", None, Some(DnsFault::TrailingDot)),
            ("3232235521", None, None),
            ("127.1", None, None),
            ("mail.0x7f", None, None),
            ("0x7f.test", Some("0x7f.test"), None),
            ("1.2.3.4f", Some("1.2.3.4f"), None),
        ];
        for (text, reference, fault) in cases {
            let name = DnsName::parse(text, Idna::Convert).ok();
            assert_eq!(name.as_ref().map(DnsName::as_str), *reference, "{text:?}");
            assert_eq!(presented(text.as_bytes()).err(), *fault, "{text:?}");
        }
    }

    #[test]
    fn stars_are_told_apart_and_never_a_reference() {
        let cases: &[(&str, std::result::Result<Stars, DnsFault>)] = &[
            ("*.bob.test", Ok(Stars::WholeLabel)),
            ("*.test", Ok(Stars::WholeLabel)),
            ("m*.bob.test", Ok(Stars::PartOfLabel)),
            ("*l.bob.test", Ok(Stars::PartOfLabel)),
            ("m*l.bob.test", Ok(Stars::PartOfLabel)),
            ("*", Ok(Stars::Misplaced)),
            ("**.bob.test", Ok(Stars::Misplaced)),
            ("*.*.test", Ok(Stars::Misplaced)),
            ("mail.*.test", Ok(Stars::Misplaced)),
            ("mail.bob.*", Ok(Stars::Misplaced)),
            ("*.", Err(DnsFault::Empty)),
            ("*.bob.test.", Err(DnsFault::TrailingDot)),
            ("*..bob.test", Err(DnsFault::LeadingDot)),
            ("*.2.3.4", Err(DnsFault::Number)),
            ("*.bob\0.test", Err(DnsFault::Octet(0))),
            ("m*\0.bob.test", Err(DnsFault::Octet(0))),
            ("mail.*.test.", Err(DnsFault::TrailingDot)),
        ];
        for (text, wanted) in cases {
            assert_eq!(presented(text.as_bytes()), *wanted, "{text:?}");
            assert!(DnsName::parse(text, Idna::Convert).is_err(), "{text:?}");
        }
        // A U-label is not IA5.
        assert!(presented("bücher.test".as_bytes()).is_err());
    }

    #[test]
    fn full_width_tricks_end_in_the_same_grammar() {
        for text in ["１９２.0.2.1", "＊.bob.test", "。bob.test", "mail。。bob.test", "mail\u{ad}"]
        {
            let name = DnsName::parse(text, Idna::Convert);
            assert!(name.is_err() || text == "mail\u{ad}", "{text:?} {name:?}");
        }
        let dotted = DnsName::parse("mail。bob。test。", Idna::Convert).unwrap();
        assert_eq!(dotted.as_str(), "mail.bob.test");
    }

    #[test]
    fn an_error_says_what_to_write_instead() {
        let words = |text| DnsName::parse(text, Idna::Convert).unwrap_err().what;
        assert!(words(".bob.test").contains("any subdomain"));
        assert!(words("192.0.2.1").contains("ip:ADDRESS"));
        assert!(words("*.bob.test").contains("one host"));
        assert!(words("bob\0").contains("\\x00"));
    }
}
