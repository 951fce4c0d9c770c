//! Cheap questions about one certificate, straight from its DER, without an X509 object.
//!
//! They answer whether something matches, and nothing about trust.

use crate::der;
use crate::error::{Error, Result};
use crate::name::{Idna, NamePolicy, ReferenceId, is_named};
use crate::options::Spelling;
use crate::ossl::digest;
use crate::pin::{Pin, Subject};
use crate::status::Status;
use crate::tlsa::{Record, Selector};

use super::dane;

/// Whether the certificate names this reference (tagged, such as `dns:mail.bob.test`), by the
/// default rules.
pub fn cert_names_host(certificate: &[u8], reference: &str) -> Result<bool> {
    let reference = ReferenceId::parse_tagged(reference, Idna::Convert)?;
    let skeleton = parse(certificate)?;
    Ok(is_named(&[reference], skeleton.subject_alt_name(), &NamePolicy::default()))
}

/// Whether the certificate, or its key, hashes to this pin.
pub fn cert_matches_pin(certificate: &[u8], pin: &str) -> Result<bool> {
    let pin = Pin::parse(pin, Spelling::Plain)?;
    let skeleton = parse(certificate)?;
    let hashed = match pin.subject {
        Subject::Certificate => skeleton.whole,
        Subject::Spki => skeleton.spki,
    };
    Ok(digest(pin.algorithm, hashed)? == pin.digest)
}

/// Whether the certificate, or its key, is what this TLSA record says (`3 1 1 HEX`). Its usage, which
/// says whose certificate it is about, is for the judge.
pub fn cert_matches_tlsa(certificate: &[u8], record: &str) -> Result<bool> {
    let usable = Record::parse(record)?.usable().map_err(|why| {
        Error::new(Status::Tlsa, format!("nothing can be made of the TLSA record: {why}"))
    })?;
    let skeleton = parse(certificate)?;
    let selected = match usable.selector {
        Selector::Certificate => skeleton.whole,
        Selector::Spki => skeleton.spki,
    };
    dane::is_associated(&usable, selected)
}

fn parse(certificate: &[u8]) -> Result<der::Certificate<'_>> {
    let unparsed =
        |error| Error::new(Status::Certificate, format!("this is no DER certificate: {error}"));
    der::Certificate::parse(certificate).map_err(unparsed)
}
