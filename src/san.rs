//! The subjectAltName: bytes of the extension in, presented identifiers out (RFC 5280 §4.2.1.6).
//!
//! ```text
//! GeneralNames ::= SEQUENCE SIZE (1..MAX) OF GeneralName
//! GeneralName  ::= [0] otherName  [1] rfc822Name  [2] dNSName  [3] x400Address  [4] directoryName
//!                  [5] ediPartyName  [6] uniformResourceIdentifier  [7] iPAddress  [8] registeredID
//! ```
//!
//! A fault of the *extension* (not DER, empty, bytes behind it, too many entries) leaves nothing to
//! go on. A fault of one *entry* (a NUL in a dNSName, an iPAddress of five octets) condemns its
//! siblings too, unless the caller chose the insecure lenient reading: then it is dropped and
//! reported.
//!
//! Q: OpenSSL skips a dNSName that it does not like. Why reject? A: `www.bob.test\0.eve.test` was
//! once signed by real CAs (CVE-2009-2408); an issuer that lets one such entry pass did not check.

use std::fmt;

use crate::der::{DerError, Reader, Tlv, oid, single, tag};
use crate::limits;
use crate::name::{
    OtherKind, PresentedDns, PresentedEmail, PresentedId, PresentedSrv, PresentedUri,
    PresentedXmpp, SanRule, escaped, ip,
};

/// Where a fault lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultPlace {
    /// In the extension as a whole.
    Extension,
    /// In the entry with this index, from 0.
    Entry(usize),
}

/// What is wrong with a subjectAltName, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SanFault {
    /// Where.
    pub place: FaultPlace,
    /// What, with the offending bytes escaped; no sentence, it follows "subjectAltName: ".
    pub why: String,
}

impl SanFault {
    fn extension(why: impl fmt::Display) -> SanFault {
        SanFault { place: FaultPlace::Extension, why: why.to_string() }
    }

    /// Whether it condemns the entries beside it.
    pub fn is_fatal(&self, rule: SanRule) -> bool {
        match rule {
            SanRule::Strict => true,
            SanRule::LenientInsecure => self.place == FaultPlace::Extension,
        }
    }
}

impl fmt::Display for SanFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            FaultPlace::Extension => write!(out, "subjectAltName: {}", self.why),
            FaultPlace::Entry(index) => {
                write!(out, "subjectAltName, entry {}: {}", index + 1, self.why)
            }
        }
    }
}

/// The subjectAltName of one certificate, as a policy reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum San<'a> {
    /// The certificate has none.
    Absent,
    /// What it says, and what was dropped from it (never anything under [`SanRule::Strict`]).
    Names(Vec<PresentedId<'a>>, Vec<SanFault>),
    /// It cannot be used. The entries that could be read are there for the report only.
    Malformed(SanFault, Vec<PresentedId<'a>>),
}

impl<'a> San<'a> {
    /// Reads the contents of extnValue; `None` is a certificate without the extension.
    pub fn read(san_extn_value: Option<&'a [u8]>, rule: SanRule) -> San<'a> {
        let Some(value) = san_extn_value else { return San::Absent };
        let (names, mut faults) = presented_ids_lenient(value);
        match faults.iter().position(|fault| fault.is_fatal(rule)) {
            Some(first) => San::Malformed(faults.swap_remove(first), names),
            None => San::Names(names, faults),
        }
    }
}

/// Every identifier, or the first fault. The strict reading.
pub fn presented_ids(san_extn_value: &[u8]) -> Result<Vec<PresentedId<'_>>, SanFault> {
    entries(san_extn_value)?.collect()
}

/// The insecure knob: malformed entries are dropped and reported. After a fault of the extension
/// (the last in the list) there may be names, and none of them counts.
pub fn presented_ids_lenient(san_extn_value: &[u8]) -> (Vec<PresentedId<'_>>, Vec<SanFault>) {
    let (mut names, mut faults) = (Vec::new(), Vec::new());
    match entries(san_extn_value) {
        Ok(entries) => {
            for entry in entries {
                match entry {
                    Ok(name) => names.push(name),
                    Err(fault) => faults.push(fault),
                }
            }
        }
        Err(fault) => faults.push(fault),
    }
    (names, faults)
}

/// A walk over the entries without any allocation while they are well-formed.
pub fn entries(san_extn_value: &[u8]) -> Result<Entries<'_>, SanFault> {
    let list = single(san_extn_value, tag::SEQUENCE).map_err(SanFault::extension)?;
    match list.value.is_empty() {
        true => Err(SanFault::extension("it is empty (RFC 5280 §4.2.1.6)")),
        false => Ok(Entries { reader: list.reader(), index: 0 }),
    }
}

/// The walk. It ends behind the first fault of the extension.
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    reader: Reader<'a>,
    index: usize,
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<PresentedId<'a>, SanFault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.reader.is_empty() {
            return None;
        }
        if self.index == limits::PRESENTED_IDS {
            let most = limits::PRESENTED_IDS;
            return Some(Err(self.stop(format!("it has more than {most} entries"))));
        }
        let element = match self.reader.element() {
            Ok(element) => element,
            Err(error) => return Some(Err(self.stop(error))),
        };
        let place = FaultPlace::Entry(self.index);
        self.index += 1;
        Some(general_name(element).map_err(|why| SanFault { place, why }))
    }
}

impl<'a> Entries<'a> {
    /// The next entry if it is a dNSName like nearly all of them: the same as [`Entries::next`] finds,
    /// for those who only compare. A `None` says nothing, and nothing has been read then.
    #[inline(always)]
    pub fn next_plain_dns(&mut self) -> Option<PresentedDns<'a>> {
        let mut ahead = self.reader.clone();
        let element = ahead.short_element().filter(|element| element.tag == DNS_NAME)?;
        let name = PresentedDns::plain(element.value)?;
        if self.index == limits::PRESENTED_IDS {
            return None;
        }
        self.reader = ahead;
        self.index += 1;
        Some(name)
    }
}

impl Entries<'_> {
    fn stop(&mut self, why: impl fmt::Display) -> SanFault {
        self.reader = Reader::new(&[]);
        SanFault::extension(why)
    }
}

const DNS_NAME: u8 = tag::context(2);

/// One GeneralName. A tag that the ASN.1 does not have is a fault, never "some other name".
fn general_name(element: Tlv<'_>) -> Result<PresentedId<'_>, String> {
    const OTHER_NAME: u8 = tag::context_constructed(0);
    const RFC822_NAME: u8 = tag::context(1);
    const X400_ADDRESS: u8 = tag::context_constructed(3);
    const DIRECTORY_NAME: u8 = tag::context_constructed(4);
    const EDI_PARTY_NAME: u8 = tag::context_constructed(5);
    const URI: u8 = tag::context(6);
    const IP_ADDRESS: u8 = tag::context(7);
    const REGISTERED_ID: u8 = tag::context(8);

    let value = element.value;
    match element.tag {
        DNS_NAME => PresentedDns::parse(value).map(PresentedId::Dns).map_err(bad("dNSName", value)),
        IP_ADDRESS => ip::presented(value)
            .map(PresentedId::Ip)
            .ok_or_else(|| format!("an iPAddress has 4 or 16 octets, not {}", value.len())),
        RFC822_NAME => {
            PresentedEmail::parse(value).map(PresentedId::Email).map_err(bad("rfc822Name", value))
        }
        URI => PresentedUri::parse(value)
            .map(PresentedId::Uri)
            .map_err(bad("uniformResourceIdentifier", value)),
        OTHER_NAME => other_name(value),
        X400_ADDRESS => Ok(PresentedId::Other(OtherKind::X400)),
        EDI_PARTY_NAME => Ok(PresentedId::Other(OtherKind::EdiParty)),
        DIRECTORY_NAME => single(value, tag::SEQUENCE)
            .map(|_| PresentedId::Other(OtherKind::Directory))
            .map_err(bad("directoryName", value)),
        REGISTERED_ID if oid::text(value).is_some() => {
            Ok(PresentedId::Other(OtherKind::RegisteredId(value)))
        }
        REGISTERED_ID => Err("a registeredID is not an object identifier".to_owned()),
        unknown => Err(format!("tag {unknown:#04x} is no kind of name")),
    }
}

/// ```text
/// OtherName ::= SEQUENCE { type-id OBJECT IDENTIFIER, value [0] EXPLICIT ANY }
/// ```
fn other_name(contents: &[u8]) -> Result<PresentedId<'_>, String> {
    let (kind, value) = type_and_value(contents).map_err(bad("otherName", contents))?;
    let text = |wanted: u8| single(value, wanted).map(|text| text.value);
    match kind {
        oid::SRV_NAME => {
            let text = text(tag::IA5_STRING).map_err(bad("SRVName", value))?;
            PresentedSrv::parse(text).map(PresentedId::Srv).map_err(bad("SRVName", text))
        }
        oid::XMPP_ADDR => {
            let text = text(tag::UTF8_STRING).map_err(bad("XmppAddr", value))?;
            PresentedXmpp::parse(text).map(PresentedId::Xmpp).map_err(bad("XmppAddr", text))
        }
        oid::SMTP_UTF8_MAILBOX => {
            let text = text(tag::UTF8_STRING).map_err(bad("SmtpUTF8Mailbox", value))?;
            PresentedEmail::parse_utf8(text)
                .map(PresentedId::Email)
                .map_err(bad("SmtpUTF8Mailbox", text))
        }
        _ => single_element(value)
            .map(|()| PresentedId::Other(OtherKind::OtherName(kind)))
            .map_err(bad("otherName", contents)),
    }
}

/// Contents of the OID, and what the EXPLICIT tag wraps.
fn type_and_value(contents: &[u8]) -> Result<(&[u8], &[u8]), DerError> {
    let mut reader = Reader::new(contents);
    let kind = reader.expect(tag::OID)?.value;
    let value = reader.expect(tag::context_constructed(0))?.value;
    reader.finish()?;
    Ok((kind, value))
}

fn single_element(bytes: &[u8]) -> Result<(), DerError> {
    let mut reader = Reader::new(bytes);
    reader.element()?;
    reader.finish()
}

/// The words of a fault, made only when there is one.
fn bad<'a, E: fmt::Display>(kind: &'static str, octets: &'a [u8]) -> impl Fn(E) -> String + 'a {
    move |why| {
        let shown = &octets[..octets.len().min(limits::QUOTED_OCTETS)];
        format!("{kind} \"{}\" is malformed: {why}", escaped(shown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
        match u8::try_from(value.len()) {
            Ok(length @ 0..0x80) => [&[tag, length][..], value].concat(),
            _ => {
                let length = u16::try_from(value.len()).unwrap().to_be_bytes();
                let start = if length[0] == 0 { vec![0x81] } else { vec![0x82, length[0]] };
                [&[tag][..], &start, &length[1..], value].concat()
            }
        }
    }

    fn san(entries: &[Vec<u8>]) -> Vec<u8> {
        tlv(0x30, &entries.concat())
    }

    fn other(kind: &[u8], value: &[u8]) -> Vec<u8> {
        tlv(0xa0, &[tlv(tag::OID, kind), tlv(0xa0, value)].concat())
    }

    /// One of each kind.
    fn zoo() -> Vec<Vec<u8>> {
        vec![
            tlv(0x82, b"*.bob.test"),
            tlv(0x87, &[192, 0, 2, 1]),
            tlv(0x87, &[0; 16]),
            tlv(0x81, b"bob@bob.test"),
            tlv(0x86, b"sip:bob.test"),
            tlv(0xa4, &tlv(0x30, b"")),
            tlv(0xa3, b""),
            tlv(0xa5, b""),
            tlv(0x88, &[0x2a, 0x03]),
            other(oid::SRV_NAME, &tlv(0x16, b"_imap.bob.test")),
            other(oid::XMPP_ADDR, &tlv(0x0c, b"bob.test")),
            other(oid::SMTP_UTF8_MAILBOX, &tlv(0x0c, "b\u{f8}b@bob.test".as_bytes())),
            other(&[0x2a, 0x03], &tlv(0x05, b"")),
        ]
    }

    #[test]
    fn one_of_each_kind() {
        let san = san(&zoo());
        let names: Vec<String> =
            presented_ids(&san).unwrap().iter().map(PresentedId::tagged).collect();
        let wanted = [
            "dns:*.bob.test",
            "ip:192.0.2.1",
            "ip:::",
            "email:bob@bob.test",
            "uri:sip:bob.test",
            "dirname",
            "x400",
            "ediparty",
            "rid:1.2.3",
            "srv:_imap.bob.test",
            "xmpp:bob.test",
            "email:b\\xc3\\xb8b@bob.test",
            "othername:1.2.3",
        ];
        assert_eq!(names, wanted);
    }

    #[test]
    fn a_malformed_entry_is_named_and_condemns_its_siblings() {
        let cases: &[(&str, Vec<u8>)] = &[
            ("NUL in a dNSName (CVE-2009-2408)", tlv(0x82, b"mail.bob.test\0.eve.test")),
            ("empty dNSName", tlv(0x82, b"")),
            ("dot at the end", tlv(0x82, b"mail.bob.test.")),
            ("dot at the start, a constraint's form", tlv(0x82, b".bob.test")),
            ("U-label in a dNSName", tlv(0x82, "b\u{fc}cher.test".as_bytes())),
            ("constructed dNSName", tlv(0xa2, &tlv(0x16, b"mail.bob.test"))),
            ("address and mask", tlv(0x87, &[192, 0, 2, 0, 255, 255, 255, 0])),
            ("address in text", tlv(0x87, b"192.0.2.1")),
            ("mailbox without '@'", tlv(0x81, b"bob.test")),
            ("relative URI", tlv(0x86, b"//bob.test/")),
            ("NUL in a URI", tlv(0x86, b"sip:bob.test\0.eve.test")),
            ("unknown kind", tlv(0x89, b"mail.bob.test")),
            ("universal tag", tlv(0x16, b"mail.bob.test")),
            ("SRVName in UTF-8", other(oid::SRV_NAME, &tlv(0x0c, b"_imap.bob.test"))),
            ("wildcard SRVName", other(oid::SRV_NAME, &tlv(0x16, b"_imap.*.bob.test"))),
            ("NUL in an XmppAddr", other(oid::XMPP_ADDR, &tlv(0x0c, b"bob.test\0"))),
            ("two values in an otherName", other(&[0x2a], &[0x05, 0, 0x05, 0])),
            ("otherName without value", tlv(0xa0, &tlv(tag::OID, &[0x2a]))),
            ("directoryName that is no Name", tlv(0xa4, &tlv(0x31, b""))),
            ("registeredID that is no OID", tlv(0x88, &[0x80])),
        ];
        for (attack, entry) in cases {
            let san = san(&[tlv(0x82, b"ok.bob.test"), entry.clone(), tlv(0x82, b"ok.bob.test")]);
            let fault = presented_ids(&san).unwrap_err();
            assert_eq!(fault.place, FaultPlace::Entry(1), "{attack}: {fault}");
            let (names, faults) = presented_ids_lenient(&san);
            assert_eq!((names.len(), faults.len()), (2, 1), "{attack}");
            assert!(fault.to_string().bytes().all(|octet| octet >= b' '), "{attack}: {fault}");
            let strict = San::read(Some(&san), SanRule::Strict);
            assert!(matches!(strict, San::Malformed(..)), "{attack}");
            let lenient = San::read(Some(&san), SanRule::LenientInsecure);
            assert!(matches!(lenient, San::Names(..)), "{attack}");
        }
        let fault = presented_ids(&san(&[tlv(0x82, b"a\0b")])).unwrap_err();
        assert!(fault.to_string().contains("entry 1: dNSName \"a\\x00b\""), "{fault}");
    }

    #[test]
    fn a_fault_of_the_extension_leaves_nothing_even_to_the_lenient() {
        let good = san(&[tlv(0x82, b"ok.bob.test")]);
        let cut = [&[0x30, 0x0f][..], &tlv(0x82, b"ok.bob.test"), &[0x82, 0x05]].concat();
        let cases: &[(&str, Vec<u8>)] = &[
            ("no bytes", Vec::new()),
            ("empty", vec![0x30, 0x00]),
            ("bytes behind", [&good[..], &[0x00]].concat()),
            ("a SET", tlv(0x31, &tlv(0x82, b"ok.bob.test"))),
            ("indefinite length", [&[0x30, 0x80][..], &good[2..], &[0, 0]].concat()),
            ("an entry that is cut short", cut),
        ];
        for (attack, san) in cases {
            for rule in [SanRule::Strict, SanRule::LenientInsecure] {
                let read = San::read(Some(san), rule);
                let San::Malformed(fault, _) = read else { panic!("{attack}: {read:?}") };
                assert_eq!(fault.place, FaultPlace::Extension, "{attack}");
            }
        }
        assert_eq!(San::read(None, SanRule::Strict), San::Absent);
    }

    #[test]
    fn too_many_entries_are_a_fault_of_the_extension() {
        let many = tlv(0x82, b"a").repeat(limits::PRESENTED_IDS + 1);
        let length = u32::try_from(many.len()).unwrap().to_be_bytes();
        let san = [&[0x30, 0x83][..], &length[1..], &many].concat();
        let (names, faults) = presented_ids_lenient(&san);
        assert_eq!((names.len(), faults.len()), (limits::PRESENTED_IDS, 1));
        assert!(matches!(San::read(Some(&san), SanRule::LenientInsecure), San::Malformed(..)));
    }

    /// Every cut and every change of one octet: no panic, and no cut is taken for the whole.
    #[test]
    fn no_truncation_and_no_mutation_panics() {
        let san = san(&zoo());
        for cut in 0..san.len() {
            assert!(presented_ids(&san[..cut]).is_err(), "cut at {cut}");
        }
        for at in 0..san.len() {
            let mut changed = san.clone();
            for octet in 0..=u8::MAX {
                changed[at] = octet;
                let (names, faults) = presented_ids_lenient(&changed);
                names.iter().for_each(|name| assert!(name.tagged().is_ascii()));
                faults.iter().for_each(|fault| assert!(!fault.to_string().is_empty()));
            }
        }
    }
}
