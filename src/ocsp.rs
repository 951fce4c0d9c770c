//! An OCSP response, straight from DER (RFC 6960 §4.2.1). Every field is a slice of the input.
//!
//! Q: Why not OpenSSL's reader? A: Its dates are held against the machine's clock, and the judge takes
//! the time as an input; its signature is checked over an encoding of its own making, and ours over
//! the octets that were read. And this one can be fuzzed without OpenSSL.
//!
//! Nothing here says that a response is true: who signed it is `verify`'s business.

use crate::der::{DerError, Extensions, Reader, Tlv, epoch, extensions, oid, single, tag};

/// What a responder sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response<'a> {
    /// An error, which nobody signed (§2.3).
    Error(&'static str),
    /// An answer.
    Basic(Basic<'a>),
}

/// A BasicOCSPResponse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Basic<'a> {
    /// What is signed: the whole tbsResponseData.
    pub signed: &'a [u8],
    /// Who says that it signed.
    pub responder: Responder<'a>,
    /// One answer per certificate that was asked about.
    pub answers: Vec<Answer<'a>>,
    /// Extensions of the whole response.
    pub extensions: Extensions<'a>,
    /// Contents of the OID of the signature algorithm.
    pub algorithm: &'a [u8],
    /// Contents of the BIT STRING signature.
    pub signature: &'a [u8],
    /// Certificates that were sent along, each whole.
    pub certificates: Vec<&'a [u8]>,
}

/// Who says that it signed (§4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Responder<'a> {
    /// The whole subject Name.
    Name(&'a [u8]),
    /// SHA-1 of the contents of the subjectPublicKey.
    Key(&'a [u8]),
}

/// A SingleResponse: what is said of one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// Contents of the OID of the digest that the hashes are of.
    pub digest: &'a [u8],
    /// Hash of the whole issuer Name.
    pub issuer_name: &'a [u8],
    /// Hash of the contents of the issuer's subjectPublicKey.
    pub issuer_key: &'a [u8],
    /// Contents of the INTEGER serialNumber.
    pub serial: &'a [u8],
    /// What is said.
    pub status: CertStatus,
    /// When it was known to be so, seconds since 1970.
    pub this_update: i64,
    /// When there will be newer word, seconds since 1970.
    pub next_update: Option<i64>,
    /// Extensions of this answer.
    pub extensions: Extensions<'a>,
}

/// What is said of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertStatus {
    /// It was not revoked.
    Good,
    /// It was revoked, seconds since 1970.
    Revoked(i64),
    /// The responder knows no such certificate.
    Unknown,
}

impl<'a> Response<'a> {
    /// Reads a response; bytes behind it are an error.
    pub fn parse(der: &'a [u8]) -> Result<Response<'a>, DerError> {
        let mut outer = single(der, tag::SEQUENCE)?.reader();
        let status = outer.expect(tag::ENUMERATED)?.value;
        let bytes = outer.optional(tag::context_constructed(0))?;
        outer.finish()?;
        match (error_of(status)?, bytes) {
            (Some(error), None) => Ok(Response::Error(error)),
            (Some(_), Some(_)) => Err(DerError::Choice),
            (None, Some(explicit)) => basic(explicit).map(Response::Basic),
            (None, None) => Err(DerError::Truncated),
        }
    }
}

/// OCSPResponseStatus; `None` for successful.
fn error_of(status: &[u8]) -> Result<Option<&'static str>, DerError> {
    match status {
        [0] => Ok(None),
        [1] => Ok(Some("malformedRequest")),
        [2] => Ok(Some("internalError")),
        [3] => Ok(Some("tryLater")),
        [5] => Ok(Some("sigRequired")),
        [6] => Ok(Some("unauthorized")),
        _ => Err(DerError::Choice),
    }
}

fn basic(explicit: Tlv<'_>) -> Result<Basic<'_>, DerError> {
    let mut bytes = single(explicit.value, tag::SEQUENCE)?.reader();
    let kind = bytes.expect(tag::OID)?.value;
    let response = bytes.expect(tag::OCTET_STRING)?.value;
    bytes.finish()?;
    if kind != oid::OCSP_BASIC {
        return Err(DerError::Choice);
    }
    let mut fields = single(response, tag::SEQUENCE)?.reader();
    let data = fields.expect(tag::SEQUENCE)?;
    let algorithm = fields.expect(tag::SEQUENCE)?.reader().expect(tag::OID)?.value;
    let signature = fields.expect(tag::BIT_STRING)?.value;
    let certificates = match fields.optional(tag::context_constructed(0))? {
        Some(explicit) => sequence_of(single(explicit.value, tag::SEQUENCE)?)?,
        None => Vec::new(),
    };
    fields.finish()?;
    let (responder, answers, extensions) = response_data(data)?;
    Ok(Basic {
        signed: data.whole,
        responder,
        answers,
        extensions,
        algorithm,
        signature,
        certificates,
    })
}

type Data<'a> = (Responder<'a>, Vec<Answer<'a>>, Extensions<'a>);

fn response_data(data: Tlv<'_>) -> Result<Data<'_>, DerError> {
    let mut fields = data.reader();
    if let Some(explicit) = fields.optional(tag::context_constructed(0))?
        && single(explicit.value, tag::INTEGER)?.value != [0]
    {
        return Err(DerError::Choice);
    }
    let responder = responder(fields.element()?)?;
    epoch(fields.expect(tag::GENERALIZED_TIME)?)?;
    let mut list = fields.expect(tag::SEQUENCE)?.reader();
    let mut answers = Vec::new();
    while !list.is_empty() {
        answers.push(answer(list.expect(tag::SEQUENCE)?)?);
    }
    let extensions = explicit_extensions(&mut fields)?;
    fields.finish()?;
    Ok((responder, answers, extensions))
}

fn responder(choice: Tlv<'_>) -> Result<Responder<'_>, DerError> {
    match choice.tag {
        NAME => Ok(Responder::Name(single(choice.value, tag::SEQUENCE)?.whole)),
        KEY => Ok(Responder::Key(single(choice.value, tag::OCTET_STRING)?.value)),
        _ => Err(DerError::Choice),
    }
}

const NAME: u8 = tag::context_constructed(1);
const KEY: u8 = tag::context_constructed(2);

fn answer(sequence: Tlv<'_>) -> Result<Answer<'_>, DerError> {
    let mut fields = sequence.reader();
    let mut id = fields.expect(tag::SEQUENCE)?.reader();
    let digest = id.expect(tag::SEQUENCE)?.reader().expect(tag::OID)?.value;
    let issuer_name = id.expect(tag::OCTET_STRING)?.value;
    let issuer_key = id.expect(tag::OCTET_STRING)?.value;
    let serial = id.expect(tag::INTEGER)?.value;
    id.finish()?;
    let status = cert_status(fields.element()?)?;
    let this_update = epoch(fields.expect(tag::GENERALIZED_TIME)?)?;
    let next_update = match fields.optional(tag::context_constructed(0))? {
        Some(explicit) => Some(epoch(single(explicit.value, tag::GENERALIZED_TIME)?)?),
        None => None,
    };
    let extensions = explicit_extensions(&mut fields)?;
    fields.finish()?;
    Ok(Answer {
        digest,
        issuer_name,
        issuer_key,
        serial,
        status,
        this_update,
        next_update,
        extensions,
    })
}

fn cert_status(choice: Tlv<'_>) -> Result<CertStatus, DerError> {
    match (choice.tag, choice.value) {
        (GOOD, []) => Ok(CertStatus::Good),
        (REVOKED, _) => {
            let time = choice.reader().expect(tag::GENERALIZED_TIME)?;
            epoch(time).map(CertStatus::Revoked)
        }
        (UNKNOWN, []) => Ok(CertStatus::Unknown),
        _ => Err(DerError::Choice),
    }
}

const GOOD: u8 = tag::context(0);
const REVOKED: u8 = tag::context_constructed(1);
const UNKNOWN: u8 = tag::context(2);

fn explicit_extensions<'a>(fields: &mut Reader<'a>) -> Result<Extensions<'a>, DerError> {
    match fields.optional(tag::context_constructed(1))? {
        Some(explicit) => extensions(single(explicit.value, tag::SEQUENCE)?),
        None => Ok(Extensions::default()),
    }
}

fn sequence_of(sequence: Tlv<'_>) -> Result<Vec<&[u8]>, DerError> {
    let mut list = sequence.reader();
    let mut elements = Vec::new();
    while !list.is_empty() {
        elements.push(list.expect(tag::SEQUENCE)?.whole);
    }
    Ok(elements)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_no_answer() {
        for (status, wanted) in [
            (1, Ok(Response::Error("malformedRequest"))),
            (3, Ok(Response::Error("tryLater"))),
            (6, Ok(Response::Error("unauthorized"))),
            (4, Err(DerError::Choice)),
            (7, Err(DerError::Choice)),
            // Successful, and nothing behind it.
            (0, Err(DerError::Truncated)),
        ] {
            assert_eq!(Response::parse(&[0x30, 3, 0x0a, 1, status]), wanted, "{status}");
        }
        assert_eq!(Response::parse(&[0x30, 3, 0x0a, 1, 3, 0]), Err(DerError::Trailing));
        assert_eq!(Response::parse(&[]), Err(DerError::Truncated));
    }
}
