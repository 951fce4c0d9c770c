//! TLSA records: what a domain says in the DNS about the certificates of its servers.
//!
//! ```text
//! _25._tcp.mail.bob.test. IN TLSA 3 1 1 0B9FA5A5...
//!                                 | | | certificate association data
//!                                 | | matching: 0 the thing itself, 1 SHA-256, 2 SHA-512
//!                                 | selector: 0 the certificate, 1 its SubjectPublicKeyInfo
//!                                 usage: 0 PKIX-TA, 1 PKIX-EE, 2 DANE-TA, 3 DANE-EE
//! ```
//!
//! RFC 6698 §2.1 has the fields, RFC 7218 their names, RFC 7671 what to do with them.
//!
//! Three things are told apart. Text or bytes that are *no record* are an error of whoever hands them
//! in. A record that is *unusable* is one that this client cannot make anything of, for a reason that
//! it names; it is passed over, and when all are, that is an outcome of its own (RFC 7671 §4.1). A
//! *usable* record is a type that only [`Record::usable`] makes.
//!
//! Q: Is a digest of the wrong length a reason to refuse the peer? A: No, RFC 6698 §2.1.3 lets no
//! certificate match it; it is unusable, and its siblings decide.
//!
//! Q: Whom does the state protect? A: A record is worth what its signatures are worth. [`State`] has
//! no "unknown": a caller who types a record in says that it is so.

use std::fmt;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

use crate::der::{self, DerError, tag};
use crate::error::{Error, Result};
use crate::limits::{TLSA_OCTETS, TLSA_RECORDS};
use crate::report::quote;
use crate::status::Status;

/// Octets of a digest that a text for people shows of something longer.
const BRIEF_OCTETS: usize = 12;

/// What must match, and what else is asked of it (RFC 7218 §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    /// 0, PKIX-TA: a CA of the path that ordinary verification found.
    PkixTa,
    /// 1, PKIX-EE: the server's own certificate, ordinarily verified.
    PkixEe,
    /// 2, DANE-TA: a CA that is the anchor, whoever else trusts it.
    DaneTa,
    /// 3, DANE-EE: the server's own certificate, and nothing more is asked.
    DaneEe,
}

/// Which part of the certificate (RFC 7218 §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selector {
    /// 0: all of it.
    Certificate,
    /// 1: its SubjectPublicKeyInfo.
    Spki,
}

/// How it is compared (RFC 7218 §2.3), weakest digest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Matching {
    /// 0: as it is.
    Full,
    /// 1.
    Sha256,
    /// 2.
    Sha512,
}

/// A record as it was read; whether anything can be made of it is another question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    usage: u8,
    selector: u8,
    matching: u8,
    data: Vec<u8>,
}

/// A record that certificates can be compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usable {
    /// What must match.
    pub usage: Usage,
    /// Which part of it.
    pub selector: Selector,
    /// How.
    pub matching: Matching,
    /// With what.
    pub data: Vec<u8>,
}

/// Why nothing can be made of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// A usage that is not known.
    Usage(u8),
    /// A selector that is not known.
    Selector(u8),
    /// A matching type that is not known.
    Matching(u8),
    /// No data at all.
    Empty,
    /// More data than a record can hold.
    TooLong(usize),
    /// A digest of another length than its algorithm has.
    DigestLength {
        /// Octets that it should have.
        wanted: usize,
        /// Octets that it has.
        found: usize,
    },
    /// `x 0 0` with data that is no certificate.
    Certificate(DerError),
    /// `x 1 0` with data that is no SubjectPublicKeyInfo.
    Key(DerError),
}

/// What is known of how records came from the DNS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub enum State {
    /// The caller states them, as an administrator does who types them in: they count as secure, and
    /// one that cannot be used is a mistake, not a reason to do without.
    #[default]
    Given = 0,
    /// Validated by DNSSEC.
    Secure = 1,
    /// Provably from a zone that is not signed: worth nothing.
    Insecure = 2,
    /// Validation failed: forged, or a broken zone.
    Bogus = 3,
    /// The look-up failed: nobody knows whether there are any.
    LookupFailed = 4,
}

/// Every state, in the order of its number.
pub const STATES: &[State] =
    &[State::Given, State::Secure, State::Insecure, State::Bogus, State::LookupFailed];

/// The records of one server, and how they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tlsa {
    records: Vec<Record>,
    state: Option<State>,
    story: String,
}

impl Usage {
    /// Whether the certificate meant is the server's own.
    pub const fn is_end_entity(self) -> bool {
        match self {
            Usage::PkixEe | Usage::DaneEe => true,
            Usage::PkixTa | Usage::DaneTa => false,
        }
    }

    /// Whether ordinary verification is asked for as well.
    pub const fn is_pkix(self) -> bool {
        match self {
            Usage::PkixTa | Usage::PkixEe => true,
            Usage::DaneTa | Usage::DaneEe => false,
        }
    }

    const fn from_number(number: u8) -> Option<Usage> {
        match number {
            0 => Some(Usage::PkixTa),
            1 => Some(Usage::PkixEe),
            2 => Some(Usage::DaneTa),
            3 => Some(Usage::DaneEe),
            _ => None,
        }
    }
}

impl Selector {
    const fn from_number(number: u8) -> Option<Selector> {
        match number {
            0 => Some(Selector::Certificate),
            1 => Some(Selector::Spki),
            _ => None,
        }
    }
}

impl Matching {
    const fn from_number(number: u8) -> Option<Matching> {
        match number {
            0 => Some(Matching::Full),
            1 => Some(Matching::Sha256),
            2 => Some(Matching::Sha512),
            _ => None,
        }
    }

    /// Octets of the digest; `None` where there is none.
    pub const fn octets(self) -> Option<usize> {
        match self {
            Matching::Full => None,
            Matching::Sha256 => Some(32),
            Matching::Sha512 => Some(64),
        }
    }
}

impl Record {
    /// A record in presentation format (RFC 6698 §2.2): three numbers, then hexadecimal, in which
    /// spaces and the brackets of a zone file may stand.
    pub fn parse(text: &str) -> Result<Record> {
        let mut words = text.split_ascii_whitespace();
        let mut number = |what: &str| -> Result<u8> {
            let word = words.next().ok_or_else(|| malformed(text, &format!("it has no {what}")))?;
            word.parse().map_err(|_| malformed(text, &format!("the {what} is no number to 255")))
        };
        let (usage, selector, matching) =
            (number("usage")?, number("selector")?, number("matching type")?);
        let digits: String = words.filter(|word| !matches!(*word, "(" | ")")).collect();
        let data = HEXLOWER_PERMISSIVE
            .decode(digits.as_bytes())
            .map_err(|_| malformed(text, "what follows the numbers is no hexadecimal"))?;
        Ok(Record { usage, selector, matching, data })
    }

    /// A record in wire format: the RDATA (RFC 6698 §2.1).
    pub fn from_wire(rdata: &[u8]) -> Result<Record> {
        let [usage, selector, matching, data @ ..] = rdata else {
            let what = format!("a TLSA record of {} octets has no three numbers", rdata.len());
            return Err(Error::new(Status::Tlsa, what));
        };
        Ok(Record { usage: *usage, selector: *selector, matching: *matching, data: data.to_vec() })
    }

    /// The record, if something can be made of it.
    pub fn usable(&self) -> std::result::Result<Usable, Unusable> {
        let usage = Usage::from_number(self.usage).ok_or(Unusable::Usage(self.usage))?;
        let selector =
            Selector::from_number(self.selector).ok_or(Unusable::Selector(self.selector))?;
        let matching =
            Matching::from_number(self.matching).ok_or(Unusable::Matching(self.matching))?;
        check_data(selector, matching, &self.data)?;
        Ok(Usable { usage, selector, matching, data: self.data.clone() })
    }

    /// The record for people: `3 1 1 hex`; long data is cut.
    pub fn brief(&self) -> String {
        let numbers = format!("{} {} {}", self.usage, self.selector, self.matching);
        brief(&numbers, &self.data)
    }
}

impl Usable {
    /// The three numbers: `3 1 1`.
    pub fn numbers(&self) -> String {
        format!("{} {} {}", self.usage as u8, self.selector as u8, self.matching as u8)
    }

    /// The record for people: `3 1 1 hex`; a whole certificate or key is cut.
    pub fn brief(&self) -> String {
        brief(&self.numbers(), &self.data)
    }
}

fn brief(numbers: &str, data: &[u8]) -> String {
    match data.len() {
        0..=64 => format!("{numbers} {}", HEXLOWER.encode(data)),
        octets => {
            format!("{numbers} {}... ({octets} octets)", HEXLOWER.encode(&data[..BRIEF_OCTETS]))
        }
    }
}

fn check_data(
    selector: Selector,
    matching: Matching,
    data: &[u8],
) -> std::result::Result<(), Unusable> {
    match (matching.octets(), data.len()) {
        (_, 0) => Err(Unusable::Empty),
        (_, found) if found > TLSA_OCTETS => Err(Unusable::TooLong(found)),
        (Some(wanted), found) if wanted != found => Err(Unusable::DigestLength { wanted, found }),
        (Some(_), _) => Ok(()),
        (None, _) => match selector {
            Selector::Certificate => {
                der::Certificate::parse(data).map(drop).map_err(Unusable::Certificate)
            }
            Selector::Spki => check_key(data).map_err(Unusable::Key),
        },
    }
}

/// RFC 5280 §4.1.2.7: an algorithm and a bit string. Whether the key is one is OpenSSL's to say.
fn check_key(data: &[u8]) -> std::result::Result<(), DerError> {
    let mut fields = der::single(data, tag::SEQUENCE)?.reader();
    fields.expect(tag::SEQUENCE)?.reader().expect(tag::OID)?;
    fields.expect(tag::BIT_STRING)?;
    fields.finish()
}

/// RFC 7671 §9, digest agility: of the records with one usage and one selector, those with the
/// strongest digest count, and those with none (matching type 0). So a domain may add SHA-512 beside
/// SHA-256, and a client that knows both is not held to the weaker.
pub fn strongest(records: &[Usable]) -> Vec<&Usable> {
    let rival = |one: &Usable, other: &Usable| {
        one.usage == other.usage && one.selector == other.selector && one.matching < other.matching
    };
    let counts = |one: &&Usable| {
        one.matching == Matching::Full || !records.iter().any(|other| rival(one, other))
    };
    records.iter().filter(counts).collect()
}

impl Tlsa {
    /// One more record. Records that nobody said the state of are stated by the caller.
    pub fn add(&mut self, record: Record) -> Result<()> {
        if self.records.len() >= TLSA_RECORDS {
            let what = format!("a server has at most {TLSA_RECORDS} TLSA records here");
            return Err(Error::new(Status::Tlsa, what));
        }
        self.records.push(record);
        Ok(())
    }

    /// How they came.
    pub fn set_state(&mut self, state: State) {
        self.state = Some(state);
    }

    /// What was asked and answered, in words for the report.
    pub fn set_story(&mut self, story: impl Into<String>) {
        self.story = story.into();
    }

    /// What was asked and answered; empty where nobody said.
    pub fn story(&self) -> &str {
        &self.story
    }

    /// All, as they were given.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// How they came; `None` where nobody spoke of TLSA records at all.
    pub fn state(&self) -> Option<State> {
        let stated = (!self.records.is_empty()).then_some(State::Given);
        self.state.or(stated)
    }
}

impl State {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            State::Given => "given",
            State::Secure => "secure",
            State::Insecure => "insecure",
            State::Bogus => "bogus",
            State::LookupFailed => "lookup_failed",
        }
    }

    /// The state with this number.
    pub fn from_number(number: i32) -> Option<State> {
        STATES.iter().copied().find(|state| *state as i32 == number)
    }

    /// The state with this word.
    pub fn from_word(word: &str) -> Option<State> {
        STATES.iter().copied().find(|state| state.word() == word)
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unusable::Usage(number) => write!(out, "the usage {number} is not known"),
            Unusable::Selector(number) => write!(out, "the selector {number} is not known"),
            Unusable::Matching(number) => write!(out, "the matching type {number} is not known"),
            Unusable::Empty => out.write_str("it has no data"),
            Unusable::TooLong(octets) => {
                write!(out, "its {octets} octets are more than a record holds")
            }
            Unusable::DigestLength { wanted, found } => {
                write!(out, "its digest has {found} octets in place of {wanted}")
            }
            Unusable::Certificate(error) => write!(out, "its data is no certificate: {error}"),
            Unusable::Key(error) => write!(out, "its data is no public key: {error}"),
        }
    }
}

fn malformed(text: &str, why: &str) -> Error {
    let shown = quote(text.as_bytes());
    let what = format!("TLSA record '{shown}' is malformed: {why}; write \"3 1 1 HEX\"");
    Error::new(Status::Tlsa, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(octets: usize) -> String {
        "aB".repeat(octets)
    }

    fn parse(text: &str) -> Record {
        Record::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn one_record_in_every_spelling() {
        let wanted = parse(&format!("3 1 1 {}", digest(32)));
        let (head, tail) = (digest(10), digest(22));
        for text in [
            format!("3 1 1 {}", digest(32).to_uppercase()),
            format!("  3\t1 1 {head} {tail}\n"),
            format!("3 1 1 ( {head}\n {tail} )"),
            format!("03 01 01 {}", digest(32)),
        ] {
            assert_eq!(parse(&text), wanted, "{text}");
        }
        let wire = [&[3, 1, 1][..], &[0xab; 32]].concat();
        assert_eq!(Record::from_wire(&wire), Ok(wanted.clone()));
        assert_eq!(wanted.brief(), format!("3 1 1 {}", digest(32).to_lowercase()));
    }

    #[test]
    fn what_is_no_record_is_the_callers_mistake() {
        for text in [
            "",
            "3",
            "3 1",
            "311 00",
            "256 1 1 00",
            "-1 1 1 00",
            "+3 1 x 00",
            "3 1 1 0",
            "3 1 1 zz",
            "3 1 1 0x00",
            "3 1 1 00:11",
            "3 1 1 AAAA=",
            "DANE-EE SPKI SHA2-256 00",
        ] {
            let error = Record::parse(text).expect_err(text);
            assert_eq!(error.status, Status::Tlsa, "{text}");
            assert!(error.what.contains("3 1 1 HEX"), "{text}: {error}");
        }
        for wire in [&[][..], &[3], &[3, 1]] {
            assert_eq!(Record::from_wire(wire).map_err(|error| error.status), Err(Status::Tlsa));
        }
    }

    #[test]
    fn what_nothing_can_be_made_of_says_why() {
        let wrong = |wanted, found| Unusable::DigestLength { wanted, found };
        for (text, why) in [
            ("4 1 1 00".to_owned(), Unusable::Usage(4)),
            ("255 1 1 00".to_owned(), Unusable::Usage(255)),
            ("3 2 1 00".to_owned(), Unusable::Selector(2)),
            (format!("3 1 3 {}", digest(48)), Unusable::Matching(3)),
            ("3 1 1".to_owned(), Unusable::Empty),
            ("3 0 0".to_owned(), Unusable::Empty),
            (format!("3 1 1 {}", digest(31)), wrong(32, 31)),
            (format!("3 1 1 {}", digest(64)), wrong(32, 64)),
            (format!("3 1 2 {}", digest(32)), wrong(64, 32)),
            ("2 0 0 3000".to_owned(), Unusable::Certificate(DerError::Truncated)),
            ("2 1 0 00".to_owned(), Unusable::Key(DerError::Tag { wanted: 0x30, found: 0 })),
            (format!("3 1 0 {}", digest(100_000)), Unusable::TooLong(100_000)),
            (format!("3 1 1 {}", digest(65_536)), Unusable::TooLong(65_536)),
        ] {
            assert_eq!(parse(&text).usable(), Err(why), "{}", &text[..text.len().min(20)]);
            assert!(!why.to_string().is_empty());
        }
        for text in [format!("3 1 1 {}", digest(32)), format!("0 0 2 {}", digest(64))] {
            assert!(parse(&text).usable().is_ok(), "{text}");
        }
        let key = "2 1 0 301306072a8648ce3d0201";
        assert!(matches!(parse(key).usable(), Err(Unusable::Key(_))), "no bit string");
    }

    #[test]
    fn the_strongest_digest_decides_per_usage_and_selector() {
        let usable = |numbers: &str| {
            let octets = if numbers.ends_with('2') { 64 } else { 32 };
            parse(&format!("{numbers} {}", digest(octets))).usable().expect(numbers)
        };
        let full = Usable { matching: Matching::Full, ..usable("3 1 1") };
        let counting = |records: &[Usable]| {
            strongest(records).into_iter().map(Usable::numbers).collect::<Vec<_>>()
        };
        assert_eq!(counting(&[]), [""; 0]);
        for (records, counts) in [
            (vec!["3 1 1"], vec!["3 1 1"]),
            (vec!["3 1 1", "3 1 2"], vec!["3 1 2"]),
            (vec!["3 1 2", "3 1 1", "3 1 1"], vec!["3 1 2"]),
            (vec!["3 1 1", "3 1 1"], vec!["3 1 1", "3 1 1"]),
            (vec!["3 1 1", "3 0 2", "2 1 2"], vec!["3 1 1", "3 0 2", "2 1 2"]),
        ] {
            let records: Vec<Usable> = records.into_iter().map(usable).collect();
            assert_eq!(counting(&records), counts);
        }
        let with_full = [full, usable("3 1 1"), usable("3 1 2")];
        assert_eq!(counting(&with_full), ["3 1 0", "3 1 2"], "no digest is no rival");
    }

    #[test]
    fn a_weaker_digest_counts_where_the_stronger_record_is_unusable() {
        let texts = [format!("3 1 1 {}", digest(32)), format!("3 1 2 {}", digest(63))];
        let usable: Vec<Usable> =
            texts.iter().filter_map(|text| parse(text).usable().ok()).collect();
        assert_eq!(strongest(&usable).len(), 1);
        assert_eq!(usable[0].numbers(), "3 1 1");
    }

    #[test]
    fn records_are_bounded_and_have_a_state_from_the_first() {
        let mut tlsa = Tlsa::default();
        assert_eq!(tlsa.state(), None);
        let record = parse(&format!("3 1 1 {}", digest(32)));
        for _ in 0..TLSA_RECORDS {
            tlsa.add(record.clone()).expect("room");
        }
        assert_eq!(tlsa.state(), Some(State::Given));
        assert_eq!(tlsa.add(record).map_err(|error| error.status), Err(Status::Tlsa));
        tlsa.set_state(State::Bogus);
        assert_eq!(tlsa.state(), Some(State::Bogus));
    }

    #[test]
    fn states_stand_at_their_number_and_word() {
        for (number, state) in STATES.iter().enumerate() {
            assert_eq!(i32::try_from(number).ok().and_then(State::from_number), Some(*state));
            assert_eq!(State::from_word(state.word()), Some(*state));
        }
        assert_eq!((State::from_number(5), State::from_number(-1)), (None, None));
    }
}
