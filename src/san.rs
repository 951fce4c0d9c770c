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
        let fatal = |fault: &SanFault| match rule {
            SanRule::Strict => true,
            SanRule::LenientInsecure => fault.place == FaultPlace::Extension,
        };
        match faults.iter().position(fatal) {
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

impl Entries<'_> {
    fn stop(&mut self, why: impl fmt::Display) -> SanFault {
        self.reader = Reader::new(&[]);
        SanFault::extension(why)
    }
}

/// One GeneralName. A tag that the ASN.1 does not have is a fault, never "some other name".
fn general_name(element: Tlv<'_>) -> Result<PresentedId<'_>, String> {
    const OTHER_NAME: u8 = tag::context_constructed(0);
    const RFC822_NAME: u8 = tag::context(1);
    const DNS_NAME: u8 = tag::context(2);
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
