//! Two cheap questions about one certificate, straight from its DER, without an X509 object.
//!
//! They answer whether something matches, and nothing about trust.

use crate::der;
use crate::error::{Error, Result};
use crate::name::{Idna, NamePolicy, ReferenceId, compare};
use crate::options::Spelling;
use crate::ossl::digest;
use crate::pin::{Pin, Subject};
use crate::status::Status;

/// Whether the certificate names this reference (tagged, such as `dns:mail.bob.test`), by the
/// default rules.
pub fn cert_names_host(certificate: &[u8], reference: &str) -> Result<bool> {
    let reference = ReferenceId::parse_tagged(reference, Idna::Convert)?;
    let skeleton = parse(certificate)?;
    let policy = NamePolicy::default();
    Ok(compare(&[reference], skeleton.subject_alt_name(), &[], &policy).is_match())
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

fn parse(certificate: &[u8]) -> Result<der::Certificate<'_>> {
    let unparsed =
        |error| Error::new(Status::Certificate, format!("this is no DER certificate: {error}"));
    der::Certificate::parse(certificate).map_err(unparsed)
}
