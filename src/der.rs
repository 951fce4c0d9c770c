//! A bounded reader of DER: just enough for extensions, GeneralNames, keys and the skeleton of a
//! certificate.
//!
//! X.690 §10.1: lengths are definite and minimal. Everything else is an error, never a panic, and
//! nothing is copied: each value is a slice of the input. Nesting is walked by the caller, one
//! level at a time, so there is no recursion that a certificate could deepen.
//!
//! Q: Why not take these fields from OpenSSL? A: The stand-alone questions ("does this certificate
//! name that host?") and the fuzzer need them without an `X509`, and a second reader of the SAN is
//! the point of having a second judge.
//!
//! Q: Is a certificate that this reader accepts valid? A: No. It is well-formed where we look;
//! OpenSSL judges the rest.

use std::fmt;

/// Tag octets (X.690 §8.1.2) that certificates use.
pub mod tag {
    /// BOOLEAN.
    pub const BOOLEAN: u8 = 0x01;
    /// INTEGER.
    pub const INTEGER: u8 = 0x02;
    /// BIT STRING.
    pub const BIT_STRING: u8 = 0x03;
    /// OCTET STRING.
    pub const OCTET_STRING: u8 = 0x04;
    /// ENUMERATED.
    pub const ENUMERATED: u8 = 0x0a;
    /// OBJECT IDENTIFIER.
    pub const OID: u8 = 0x06;
    /// UTF8String.
    pub const UTF8_STRING: u8 = 0x0c;
    /// PrintableString.
    pub const PRINTABLE_STRING: u8 = 0x13;
    /// TeletexString, also called T61String.
    pub const TELETEX_STRING: u8 = 0x14;
    /// IA5String.
    pub const IA5_STRING: u8 = 0x16;
    /// UTCTime.
    pub const UTC_TIME: u8 = 0x17;
    /// GeneralizedTime.
    pub const GENERALIZED_TIME: u8 = 0x18;
    /// UniversalString.
    pub const UNIVERSAL_STRING: u8 = 0x1c;
    /// BMPString.
    pub const BMP_STRING: u8 = 0x1e;
    /// SEQUENCE and SEQUENCE OF.
    pub const SEQUENCE: u8 = 0x30;
    /// SET and SET OF.
    pub const SET: u8 = 0x31;

    /// `[number]`, primitive: an IMPLICIT simple type.
    pub const fn context(number: u8) -> u8 {
        0x80 | number
    }

    /// `[number]`, constructed: EXPLICIT, or an IMPLICIT sequence.
    pub const fn context_constructed(number: u8) -> u8 {
        0xa0 | number
    }
}

/// Object identifiers as the contents octets of their DER.
pub mod oid {
    /// id-at-commonName, 2.5.4.3.
    pub const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
    /// id-ce-extKeyUsage, 2.5.29.37 (RFC 5280 §4.2.1.12).
    pub const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
    /// id-kp-OCSPSigning, 1.3.6.1.5.5.7.3.9 (RFC 6960 §4.2.2.2).
    pub const OCSP_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 9];
    /// id-pe-tlsfeature, 1.3.6.1.5.5.7.1.24 (RFC 7633 §6).
    pub const TLS_FEATURE: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 24];
    /// id-pkix-ocsp-basic, 1.3.6.1.5.5.7.48.1.1 (RFC 6960 §4.2.1).
    pub const OCSP_BASIC: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 48, 1, 1];
    /// The list of SCTs in a certificate, 1.3.6.1.4.1.11129.2.4.2 (RFC 6962 §3.3).
    pub const SCTS_OF_CERTIFICATE: &[u8] = &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 2];
    /// The list of SCTs in an OCSP response, 1.3.6.1.4.1.11129.2.4.5 (RFC 6962 §3.3).
    pub const SCTS_OF_OCSP: &[u8] = &[0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 4, 5];
    /// id-ce-deltaCRLIndicator, 2.5.29.27 (RFC 5280 §5.2.4).
    pub const DELTA_CRL_INDICATOR: &[u8] = &[0x55, 0x1d, 0x1b];
    /// id-ce-issuingDistributionPoint, 2.5.29.28 (RFC 5280 §5.2.5).
    pub const ISSUING_DISTRIBUTION_POINT: &[u8] = &[0x55, 0x1d, 0x1c];
    /// id-ce-subjectAltName, 2.5.29.17 (RFC 5280 §4.2.1.6).
    pub const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 0x11];
    /// id-ce-cRLNumber, 2.5.29.20 (RFC 5280 §5.2.3).
    pub const CRL_NUMBER: &[u8] = &[0x55, 0x1d, 20];
    /// id-on-xmppAddr, 1.3.6.1.5.5.7.8.5 (RFC 6120 §13.7.1.4).
    pub const XMPP_ADDR: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 8, 5];
    /// id-on-dnsSRV, 1.3.6.1.5.5.7.8.7 (RFC 4985 §2).
    pub const SRV_NAME: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 8, 7];
    /// id-on-SmtpUTF8Mailbox, 1.3.6.1.5.5.7.8.9 (RFC 9598 §3).
    pub const SMTP_UTF8_MAILBOX: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 8, 9];

    /// Dotted text of an OID's contents, or `None` when they are not an OID (X.690 §8.19).
    pub fn text(contents: &[u8]) -> Option<String> {
        let mut text = String::new();
        let mut number: u64 = 0;
        let mut open = false;
        for &octet in contents {
            if (!open && octet == 0x80) || number > u64::MAX >> 7 {
                return None;
            }
            number = number << 7 | u64::from(octet & 0x7f);
            open = octet & 0x80 != 0;
            if !open {
                push_arc(&mut text, number);
                number = 0;
            }
        }
        if open || text.is_empty() { None } else { Some(text) }
    }

    /// The first number holds two arcs: 40 times the first, plus the second.
    fn push_arc(text: &mut String, number: u64) {
        if text.is_empty() {
            let first = (number / 40).min(2);
            text.push_str(&format!("{first}.{}", number - first * 40));
        } else {
            text.push_str(&format!(".{number}"));
        }
    }
}

/// Why bytes are not the DER that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DerError {
    /// The bytes end inside a tag, a length or a value.
    Truncated,
    /// A length that is indefinite, not minimal, or beyond 32 bits.
    Length,
    /// A tag of more than one octet; certificates have none.
    HighTag,
    /// Another tag than the one that stands here.
    Tag {
        /// The tag that was expected.
        wanted: u8,
        /// The tag that was found.
        found: u8,
    },
    /// Bytes behind the last element.
    Trailing,
    /// A BOOLEAN that is neither FALSE (00) nor TRUE (ff).
    Boolean,
    /// A time that is neither UTCTime nor GeneralizedTime.
    Time,
    /// Two extensions with one OID (RFC 5280 §4.2 forbids it): which of them counts would differ
    /// from reader to reader.
    DuplicateExtension,
    /// A string whose contents do not fit its type.
    Text,
    /// A value, version or type that is none of those that may stand here.
    Choice,
}

impl fmt::Display for DerError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DerError::Truncated => out.write_str("the DER ends too early"),
            DerError::Length => out.write_str("a DER length is indefinite or not minimal"),
            DerError::HighTag => out.write_str("a DER tag has more than one octet"),
            DerError::Tag { wanted, found } => {
                write!(out, "DER tag {found:#04x} where {wanted:#04x} is expected")
            }
            DerError::Trailing => out.write_str("bytes stand behind the end of the DER"),
            DerError::Boolean => out.write_str("a DER BOOLEAN is neither 00 nor ff"),
            DerError::Time => out.write_str("a time is neither UTCTime nor GeneralizedTime"),
            DerError::DuplicateExtension => out.write_str("an extension appears twice"),
            DerError::Choice => out.write_str("a value is none of those that may stand here"),
            DerError::Text => out.write_str("a string does not fit its type"),
        }
    }
}

impl std::error::Error for DerError {}

/// One element: tag, length, value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// The tag octet.
    pub tag: u8,
    /// The contents octets.
    pub value: &'a [u8],
    /// Tag, length and contents.
    pub whole: &'a [u8],
}

impl<'a> Tlv<'a> {
    /// A reader over the contents.
    pub fn reader(&self) -> Reader<'a> {
        Reader::new(self.value)
    }
}

/// These bits all set: the tag goes on in further octets (X.690 §8.1.2.4).
const HIGH_TAG: u8 = 0x1f;

/// Reads one element after the other.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader from the first of these bytes.
    pub const fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { rest: bytes }
    }

    /// Whether everything has been read.
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next tag, without reading it.
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next element, whatever it is.
    pub fn element(&mut self) -> Result<Tlv<'a>, DerError> {
        match self.short_element() {
            Some(element) => Ok(element),
            None => self.long_element(),
        }
    }

    /// The next element if its length stands in one octet, as nearly every one's does. A `None` says
    /// nothing, and nothing has been read then.
    #[inline(always)]
    pub fn short_element(&mut self) -> Option<Tlv<'a>> {
        let [tag, length @ 0..0x80, behind @ ..] = self.rest else { return None };
        let length = usize::from(*length);
        if tag & HIGH_TAG == HIGH_TAG || length > behind.len() {
            return None;
        }
        let (whole, rest) = self.rest.split_at(2 + length);
        self.rest = rest;
        Some(Tlv { tag: *tag, value: &whole[2..], whole })
    }

    fn long_element(&mut self) -> Result<Tlv<'a>, DerError> {
        let tag = self.peek().ok_or(DerError::Truncated)?;
        if tag & HIGH_TAG == HIGH_TAG {
            return Err(DerError::HighTag);
        }
        let (header, length) = length(&self.rest[1..])?;
        let end = (1 + header).checked_add(length).ok_or(DerError::Length)?;
        let whole = self.rest.get(..end).ok_or(DerError::Truncated)?;
        self.rest = &self.rest[end..];
        Ok(Tlv { tag, value: &whole[1 + header..], whole })
    }

    /// The next element, which must have this tag.
    pub fn expect(&mut self, wanted: u8) -> Result<Tlv<'a>, DerError> {
        self.expect_inline(wanted)
    }

    /// The same for where a call would cost as much as the reading.
    #[inline(always)]
    fn expect_inline(&mut self, wanted: u8) -> Result<Tlv<'a>, DerError> {
        match self.peek() {
            None => Err(DerError::Truncated),
            Some(found) if found == wanted => match self.short_element() {
                Some(element) => Ok(element),
                None => self.long_element(),
            },
            Some(found) => Err(DerError::Tag { wanted, found }),
        }
    }

    /// The next element if it has this tag.
    pub fn optional(&mut self, wanted: u8) -> Result<Option<Tlv<'a>>, DerError> {
        if self.peek() == Some(wanted) { self.element().map(Some) } else { Ok(None) }
    }

    /// Nothing may be left.
    pub fn finish(self) -> Result<(), DerError> {
        if self.is_empty() { Ok(()) } else { Err(DerError::Trailing) }
    }
}

/// The one element that these bytes are, with this tag.
pub fn single(bytes: &[u8], wanted: u8) -> Result<Tlv<'_>, DerError> {
    let mut reader = Reader::new(bytes);
    let element = reader.expect(wanted)?;
    reader.finish()?;
    Ok(element)
}

/// One element: this tag, the shortest length, these contents.
pub fn wrap(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    let octets = length.to_be_bytes();
    let octets = &octets[octets.iter().take_while(|octet| **octet == 0).count()..];
    let head = match u8::try_from(length) {
        Ok(short @ 0..0x80) => vec![tag, short],
        // A length in memory has at most 8 octets.
        Ok(_) | Err(_) => [&[tag, 0x80 | octets.len() as u8], octets].concat(),
    };
    [&head, contents].concat()
}

/// Octets that the length takes, and the length (X.690 §8.1.3, §10.1).
fn length(bytes: &[u8]) -> Result<(usize, usize), DerError> {
    let first = *bytes.first().ok_or(DerError::Truncated)?;
    if first < 0x80 {
        return Ok((1, usize::from(first)));
    }
    let count = usize::from(first & 0x7f);
    if count == 0 || count > 4 {
        return Err(DerError::Length);
    }
    let octets = bytes.get(1..=count).ok_or(DerError::Truncated)?;
    let length = octets.iter().fold(0_u64, |sum, octet| sum << 8 | u64::from(*octet));
    if octets[0] == 0 || length < 0x80 {
        return Err(DerError::Length);
    }
    Ok((1 + count, usize::try_from(length).map_err(|_| DerError::Length)?))
}

/// One extension of a certificate (RFC 5280 §4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// Contents of extnID.
    pub oid: &'a [u8],
    /// Whether one who does not know it must reject the certificate.
    pub critical: bool,
    /// Contents of the OCTET STRING extnValue: the DER of the extension.
    pub value: &'a [u8],
}

/// The skeleton of a certificate, straight from DER (RFC 5280 §4.1). Every field is a slice of the
/// input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate<'a> {
    /// The whole certificate.
    pub whole: &'a [u8],
    /// The whole tbsCertificate: what is signed.
    pub tbs: &'a [u8],
    /// Contents of the INTEGER version: 0 is v1, 2 is v3. Empty where it is left out, which is v1.
    pub version: &'a [u8],
    /// Contents of the INTEGER serialNumber.
    pub serial: &'a [u8],
    /// The whole signature algorithm as it stands inside what is signed.
    pub tbs_signature_algorithm: &'a [u8],
    /// The whole issuer Name.
    pub issuer: &'a [u8],
    /// The whole subject Name.
    pub subject: &'a [u8],
    /// notBefore: UTCTime or GeneralizedTime.
    pub not_before: Tlv<'a>,
    /// notAfter: UTCTime or GeneralizedTime.
    pub not_after: Tlv<'a>,
    /// The whole SubjectPublicKeyInfo: what an SPKI pin and a TLSA selector 1 digest.
    pub spki: &'a [u8],
    /// Every extension, in order, no OID twice.
    pub extensions: Extensions<'a>,
    /// The whole signatureAlgorithm beside the signature.
    pub signature_algorithm: &'a [u8],
    /// Contents of the BIT STRING signatureValue.
    pub signature: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Reads a certificate; bytes behind it are an error.
    pub fn parse(der: &'a [u8]) -> Result<Certificate<'a>, DerError> {
        let mut outer = single(der, tag::SEQUENCE)?.reader();
        let tbs = outer.expect_inline(tag::SEQUENCE)?;
        let signature_algorithm = outer.expect_inline(tag::SEQUENCE)?.whole;
        let signature = outer.expect_inline(tag::BIT_STRING)?.value;
        outer.finish()?;

        let mut fields = tbs.reader();
        let version = version(&mut fields)?;
        let serial = fields.expect_inline(tag::INTEGER)?.value;
        let tbs_signature_algorithm = fields.expect_inline(tag::SEQUENCE)?.whole;
        let issuer = fields.expect_inline(tag::SEQUENCE)?.whole;
        let (not_before, not_after) = validity(fields.expect_inline(tag::SEQUENCE)?)?;
        let subject = fields.expect_inline(tag::SEQUENCE)?.whole;
        let spki = fields.expect_inline(tag::SEQUENCE)?.whole;
        fields.optional(tag::context(1))?;
        fields.optional(tag::context(2))?;
        let extensions = match fields.optional(tag::context_constructed(3))? {
            Some(explicit) => extensions(single(explicit.value, tag::SEQUENCE)?)?,
            None => Extensions::default(),
        };
        fields.finish()?;
        Ok(Certificate {
            whole: der,
            tbs: tbs.whole,
            version,
            serial,
            tbs_signature_algorithm,
            issuer,
            subject,
            not_before,
            not_after,
            spki,
            extensions,
            signature_algorithm,
            signature,
        })
    }

    /// The contents of extnValue of the extension with this OID.
    pub fn extension(&self, oid: &[u8]) -> Option<&'a [u8]> {
        self.extensions.find(oid).map(|found| found.value)
    }

    /// The contents of extnValue of the subjectAltName.
    pub fn subject_alt_name(&self) -> Option<&'a [u8]> {
        self.extension(oid::SUBJECT_ALT_NAME)
    }

    /// The common names of the subject, in order, as text.
    pub fn common_names(&self) -> Result<Vec<String>, DerError> {
        common_names(self.subject)
    }
}

fn version<'a>(fields: &mut Reader<'a>) -> Result<&'a [u8], DerError> {
    match fields.optional(tag::context_constructed(0))? {
        Some(explicit) => Ok(single(explicit.value, tag::INTEGER)?.value),
        None => Ok(&[]),
    }
}

fn validity(sequence: Tlv<'_>) -> Result<(Tlv<'_>, Tlv<'_>), DerError> {
    let mut reader = sequence.reader();
    let (not_before, not_after) = (reader.element()?, reader.element()?);
    reader.finish()?;
    match [not_before, not_after].iter().all(|time| is_time(time.tag)) {
        true => Ok((not_before, not_after)),
        false => Err(DerError::Time),
    }
}

/// Seconds since 1970 of a UTCTime or GeneralizedTime as RFC 5280 §4.1.2.5 and RFC 6960 §4.2.2.1 have
/// it: to the second, in UTC.
pub fn epoch(time: Tlv<'_>) -> Result<i64, DerError> {
    let (year, rest) = match (time.tag, time.value) {
        (tag::UTC_TIME, [a, b, rest @ ..]) => {
            let short = number(&[*a, *b])?;
            (if short < 50 { 2000 + short } else { 1900 + short }, rest)
        }
        (tag::GENERALIZED_TIME, [a, b, c, d, rest @ ..]) => (number(&[*a, *b, *c, *d])?, rest),
        _ => return Err(DerError::Time),
    };
    let [month @ .., b'Z'] = rest else { return Err(DerError::Time) };
    if month.len() != 10 {
        return Err(DerError::Time);
    }
    let parts: Vec<i64> = month.chunks(2).map(number).collect::<Result<_, _>>()?;
    match parts[..] {
        [month @ 1..=12, day, hour @ 0..=23, minute @ 0..=59, second @ 0..=59]
            if (1..=days_of(year, month)).contains(&day) =>
        {
            let days = days_before(year, month) + day - 1;
            Ok(days * 86_400 + hour * 3600 + minute * 60 + second)
        }
        _ => Err(DerError::Time),
    }
}

fn number(digits: &[u8]) -> Result<i64, DerError> {
    digits.iter().try_fold(0, |sum, digit| match digit {
        b'0'..=b'9' => Ok(sum * 10 + i64::from(digit - b'0')),
        _ => Err(DerError::Time),
    })
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1 January 1970 to the first of this month.
fn days_before(year: i64, month: i64) -> i64 {
    let before = year - 1;
    let leaps = |year: i64| year / 4 - year / 100 + year / 400;
    let of_years = (year - 1970) * 365 + leaps(before) - leaps(1969);
    of_years + (1..month).map(|month| days_of(year, month)).sum::<i64>()
}

fn is_time(tag: u8) -> bool {
    tag == tag::UTC_TIME || tag == tag::GENERALIZED_TIME
}

/// The extensions of a certificate, a CRL or an OCSP response: all of them have been read once, and no
/// OID stands there twice. They stay where they are, and are read again when they are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extensions<'a> {
    list: &'a [u8],
}

impl<'a> Extensions<'a> {
    /// Each, in order.
    pub fn iter(&self) -> impl Iterator<Item = Extension<'a>> + use<'a> {
        self.sequences().filter_map(|sequence| extension(sequence).ok())
    }

    /// The one with this OID.
    pub fn find(&self, oid: &[u8]) -> Option<Extension<'a>> {
        let is_it = |sequence: &Tlv<'a>| is_identified(*sequence, oid);
        self.sequences().find(is_it).and_then(|sequence| extension(sequence).ok())
    }

    fn sequences(&self) -> impl Iterator<Item = Tlv<'a>> + use<'a> {
        let mut reader = Reader::new(self.list);
        std::iter::from_fn(move || reader.element().ok())
    }

    /// Sorted, not compared pair by pair: a certificate may hold as many as fit into a megabyte.
    fn has_twins(&self) -> bool {
        let mut oids: Vec<&[u8]> = self.iter().map(|extension| extension.oid).collect();
        oids.sort_unstable();
        oids.windows(2).any(|pair| pair[0] == pair[1])
    }
}

/// `oid` is one that we know, and short.
fn is_identified(extension: Tlv<'_>, oid: &[u8]) -> bool {
    extension.reader().short_element().is_some_and(|identifier| identifier.value == oid)
}

/// Reads the extensions of a certificate, a CRL or an OCSP response.
pub fn extensions(sequence: Tlv<'_>) -> Result<Extensions<'_>, DerError> {
    let mut reader = sequence.reader();
    let mut seen = Seen::default();
    while !reader.is_empty() {
        seen.add(extension(reader.expect_inline(tag::SEQUENCE)?)?.oid);
    }
    let extensions = Extensions { list: sequence.value };
    match seen.perhaps_twice && extensions.has_twins() {
        true => Err(DerError::DuplicateExtension),
        false => Ok(extensions),
    }
}

/// Which OIDs there were, by the length and the last octet: those of RFC 5280 have three octets and
/// differ in the last. Two that share the place are looked at again.
#[derive(Default)]
struct Seen {
    of_three: u128,
    of_other_lengths: u128,
    perhaps_twice: bool,
}

impl Seen {
    fn add(&mut self, oid: &[u8]) {
        let place = 1 << (oid.last().copied().unwrap_or_default() & 0x7f);
        let places = match oid.len() {
            3 => &mut self.of_three,
            _ => &mut self.of_other_lengths,
        };
        self.perhaps_twice |= *places & place != 0;
        *places |= place;
    }
}

/// `critical` is DEFAULT FALSE, so DER leaves FALSE out; many CAs write it, and nothing hangs on it.
#[inline]
fn extension(sequence: Tlv<'_>) -> Result<Extension<'_>, DerError> {
    let mut reader = sequence.reader();
    let oid = reader.expect_inline(tag::OID)?.value;
    let critical = reader.peek() == Some(tag::BOOLEAN) && is_true(reader.element()?.value)?;
    let value = reader.expect_inline(tag::OCTET_STRING)?.value;
    reader.finish()?;
    Ok(Extension { oid, critical, value })
}

fn is_true(flag: &[u8]) -> Result<bool, DerError> {
    match flag {
        [0x00] => Ok(false),
        [0xff] => Ok(true),
        _ => Err(DerError::Boolean),
    }
}

/// The common names in a whole Name, in order, as text (RFC 5280 §4.1.2.4).
pub fn common_names(name: &[u8]) -> Result<Vec<String>, DerError> {
    let mut names = Vec::new();
    let mut rdns = single(name, tag::SEQUENCE)?.reader();
    while !rdns.is_empty() {
        let mut attributes = rdns.expect(tag::SET)?.reader();
        while !attributes.is_empty() {
            let mut attribute = attributes.expect(tag::SEQUENCE)?.reader();
            let kind = attribute.expect(tag::OID)?.value;
            let value = attribute.element()?;
            attribute.finish()?;
            if kind == oid::COMMON_NAME {
                names.push(directory_text(value)?);
            }
        }
    }
    Ok(names)
}

/// The text of a DirectoryString. TeletexString is read as Latin-1, as everyone does.
fn directory_text(value: Tlv<'_>) -> Result<String, DerError> {
    match value.tag {
        tag::UTF8_STRING => String::from_utf8(value.value.to_vec()).map_err(|_| DerError::Text),
        tag::PRINTABLE_STRING | tag::IA5_STRING if !value.value.is_ascii() => Err(DerError::Text),
        tag::PRINTABLE_STRING | tag::IA5_STRING | tag::TELETEX_STRING => {
            Ok(value.value.iter().map(|octet| char::from(*octet)).collect())
        }
        tag::BMP_STRING => wide_text(value.value, 2),
        tag::UNIVERSAL_STRING => wide_text(value.value, 4),
        _ => Err(DerError::Text),
    }
}

/// Text in characters of `width` octets each, big end first.
fn wide_text(octets: &[u8], width: usize) -> Result<String, DerError> {
    if !octets.len().is_multiple_of(width) {
        return Err(DerError::Text);
    }
    let number = |chunk: &[u8]| chunk.iter().fold(0_u32, |sum, octet| sum << 8 | u32::from(*octet));
    octets.chunks(width).map(|chunk| char::from_u32(number(chunk)).ok_or(DerError::Text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_definite_and_minimal() {
        let cases: &[(&[u8], Result<usize, DerError>)] = &[
            (&[0x04, 0x00], Ok(0)),
            (&[0x04, 0x01, 0xaa], Ok(1)),
            (&[0x04, 0x80, 0x00, 0x00], Err(DerError::Length)),
            (&[0x04, 0x81, 0x01, 0xaa], Err(DerError::Length)),
            (&[0x04, 0x82, 0x00, 0x01, 0xaa], Err(DerError::Length)),
            (&[0x04, 0x85, 1, 0, 0, 0, 0], Err(DerError::Length)),
            (&[0x04, 0xff], Err(DerError::Length)),
            (&[0x04, 0x84, 0xff, 0xff, 0xff, 0xff], Err(DerError::Truncated)),
            (&[0x04, 0x82, 0x01], Err(DerError::Truncated)),
            (&[0x04, 0x02, 0xaa], Err(DerError::Truncated)),
            (&[0x04], Err(DerError::Truncated)),
            (&[], Err(DerError::Truncated)),
            (&[0x1f, 0x81, 0x00, 0x00], Err(DerError::HighTag)),
        ];
        for (bytes, wanted) in cases {
            let found = Reader::new(bytes).element().map(|element| element.value.len());
            assert_eq!(found, *wanted, "{bytes:02x?}");
        }
        let long = [&[0x04, 0x81, 0x80][..], &[0; 0x80]].concat();
        assert_eq!(single(&long, tag::OCTET_STRING).unwrap().value.len(), 0x80);
        let wrong = DerError::Tag { wanted: tag::SEQUENCE, found: tag::OCTET_STRING };
        assert_eq!(single(&long, tag::SEQUENCE), Err(wrong));
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x1_0000] {
            let whole = wrap(tag::OCTET_STRING, &vec![7; length]);
            assert_eq!(single(&whole, tag::OCTET_STRING).map(|tlv| tlv.value.len()), Ok(length));
        }
        let behind = [&long[..], &[0]].concat();
        assert_eq!(single(&behind, tag::OCTET_STRING), Err(DerError::Trailing));
    }

    #[test]
    fn two_extensions_with_one_oid_are_refused() {
        let one = [0x30, 0x07, 0x06, 0x01, 0x2a, 0x04, 0x02, 0x05, 0x00];
        let other = [0x30, 0x07, 0x06, 0x01, 0x2b, 0x04, 0x02, 0x05, 0x00];
        let list = |parts: &[&[u8]]| {
            let contents = parts.concat();
            let whole = Tlv { tag: tag::SEQUENCE, value: &contents, whole: &contents };
            extensions(whole).map(|extensions| extensions.iter().count())
        };
        assert_eq!(list(&[&one, &other]), Ok(2));
        assert_eq!(list(&[&one, &other, &one]), Err(DerError::DuplicateExtension));
        // The same length and last octet, and not the same.
        let alike = |first| [0x30, 0x08, 0x06, 0x02, first, 0x01, 0x04, 0x02, 0x05, 0x00];
        assert_eq!(list(&[&alike(0x2a), &alike(0x2b)]), Ok(2));
        assert_eq!(
            list(&[&alike(0x2a), &alike(0x2b), &alike(0x2a)]),
            Err(DerError::DuplicateExtension)
        );
        let odd = [0x30, 0x0a, 0x06, 0x01, 0x2a, 0x01, 0x01, 0x01, 0x04, 0x02, 0x05, 0x00];
        assert_eq!(list(&[&odd]), Err(DerError::Boolean));
    }

    #[test]
    fn times_are_read_to_the_second_and_in_utc() {
        let read = |tag, text: &str| epoch(Tlv { tag, value: text.as_bytes(), whole: &[] }).ok();
        for (tag, text, wanted) in [
            (tag::UTC_TIME, "700101000000Z", Some(0)),
            (tag::UTC_TIME, "491231235959Z", Some(2_524_607_999)),
            (tag::UTC_TIME, "500101000000Z", Some(-631_152_000)),
            (tag::GENERALIZED_TIME, "20000228235959Z", Some(951_782_399)),
            (tag::GENERALIZED_TIME, "20000229000000Z", Some(951_782_400)),
            (tag::GENERALIZED_TIME, "20010229000000Z", None),
            (tag::GENERALIZED_TIME, "99991231235959Z", Some(253_402_300_799)),
            (tag::GENERALIZED_TIME, "20261127023904Z", Some(1_795_747_144)),
            (tag::GENERALIZED_TIME, "20261127023904.5Z", None),
            (tag::GENERALIZED_TIME, "20261127023904", None),
            (tag::GENERALIZED_TIME, "202611270239Z", None),
            (tag::GENERALIZED_TIME, "20261127023904+01", None),
            (tag::GENERALIZED_TIME, "20261327023904Z", None),
            (tag::GENERALIZED_TIME, "2026112702390xZ", None),
            (tag::UTC_TIME, "260229000000Z", None),
            (tag::INTEGER, "20261127023904Z", None),
        ] {
            assert_eq!(read(tag, text), wanted, "{text}");
        }
    }

    #[test]
    fn common_names_of_every_string_type() {
        let named = |kind: u8, text: &[u8]| {
            let wrap = |tag: u8, value: &[u8]| [&[tag, value.len() as u8], value].concat();
            let value = [wrap(tag::OID, oid::COMMON_NAME), wrap(kind, text)].concat();
            common_names(&wrap(0x30, &wrap(0x31, &wrap(0x30, &value))))
        };
        let bob = Ok(vec!["Bob".to_owned()]);
        assert_eq!(named(tag::UTF8_STRING, b"Bob"), bob);
        assert_eq!(named(tag::PRINTABLE_STRING, b"Bob"), bob);
        assert_eq!(named(tag::TELETEX_STRING, b"Bob"), bob);
        assert_eq!(named(tag::BMP_STRING, b"\0B\0o\0b"), bob);
        assert_eq!(named(tag::UNIVERSAL_STRING, b"\0\0\0B\0\0\0o\0\0\0b"), bob);
        assert_eq!(named(tag::BMP_STRING, b"\0B\0"), Err(DerError::Text));
        assert_eq!(named(tag::BMP_STRING, b"\xd8\0"), Err(DerError::Text));
        assert_eq!(named(tag::UTF8_STRING, b"B\xff"), Err(DerError::Text));
        assert_eq!(named(tag::IA5_STRING, b"B\xff"), Err(DerError::Text));
        assert_eq!(named(tag::INTEGER, b"Bob"), Err(DerError::Text));
        assert_eq!(common_names(&[0x30, 0]), Ok(Vec::new()));
    }

    #[test]
    fn object_identifiers_in_text() {
        assert_eq!(oid::text(oid::SUBJECT_ALT_NAME).as_deref(), Some("2.5.29.17"));
        assert_eq!(oid::text(oid::SRV_NAME).as_deref(), Some("1.3.6.1.5.5.7.8.7"));
        assert_eq!(oid::text(&[0x88, 0x37]).as_deref(), Some("2.999"));
        for bad in [&[][..], &[0x88], &[0x2a, 0x80, 0x01], &[0xff; 12]] {
            assert_eq!(oid::text(bad), None, "{bad:02x?}");
        }
    }
}
