//! What a certificate revocation list is for, straight from DER (RFC 5280 §5).
//!
//! OpenSSL checks a list's signature, dates and entries. What it silently passes over is found here
//! before it is given to it, because a list that is passed over looks like one that names nobody:
//!
//! Q: What about a delta CRL (§5.2.4)? A: It names only what changed since its base. OpenSSL takes it
//! up only where base or certificate point to one, so an entry in it could go unseen. Refused: a
//! full list says the same.
//!
//! Q: An indirect CRL, or one for some reasons only (§5.2.5)? A: Refused: its entries are for other
//! issuers, or a certificate is good only after several lists were seen together.
//!
//! Q: A list without nextUpdate? A: Refused (§5.1.2.5 demands it): it would never be out of date, and
//! the copy from before the theft would be good for ever.

use crate::der::{DerError, Extensions, Reader, Tlv, extensions, oid, single, tag};

/// Why a list is not supported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It names only what changed.
    Delta,
    /// It speaks for other issuers than its own.
    Indirect,
    /// It names only certificates that were revoked for some reasons.
    SomeReasons,
    /// It is about attribute certificates, which TLS does not know.
    Attributes,
    /// It never goes out of date.
    NoNextUpdate,
}

impl Flaw {
    /// One sentence for people.
    pub const fn words(self) -> &'static str {
        match self {
            Flaw::Delta => "it is a delta CRL; give the full CRL",
            Flaw::Indirect => "it is an indirect CRL, which is not supported",
            Flaw::SomeReasons => "it lists only some reasons of revocation; give the full CRL",
            Flaw::Attributes => "it is about attribute certificates",
            Flaw::NoNextUpdate => "it has no nextUpdate, so it would never be out of date",
        }
    }
}

/// What is wrong with this list, if anything. Bytes behind it are an error.
pub fn flaw(der: &[u8]) -> Result<Option<Flaw>, DerError> {
    let list = List::parse(der)?;
    match (list.next_update, list.extensions) {
        (None, _) => Ok(Some(Flaw::NoNextUpdate)),
        (Some(_), None) => Ok(None),
        (Some(_), Some(extensions)) => scope(extensions),
    }
}

/// The whole Name of who issued the list, and whether it is numbered: issuers "are REQUIRED to include"
/// the number (§5.2.3), and lists that are not cannot be put in order.
pub fn issuer_and_number(der: &[u8]) -> Result<(&[u8], bool), DerError> {
    let list = List::parse(der)?;
    let extensions = list.extensions.map_or_else(|| Ok(Extensions::default()), extensions)?;
    let numbered = extensions.find(oid::CRL_NUMBER).is_some();
    Ok((list.issuer, numbered))
}

/// The skeleton of a list.
struct List<'a> {
    issuer: &'a [u8],
    next_update: Option<Tlv<'a>>,
    extensions: Option<Tlv<'a>>,
}

impl<'a> List<'a> {
    fn parse(der: &'a [u8]) -> Result<List<'a>, DerError> {
        let mut outer = single(der, tag::SEQUENCE)?.reader();
        let mut fields = outer.expect(tag::SEQUENCE)?.reader();
        outer.expect(tag::SEQUENCE)?;
        outer.expect(tag::BIT_STRING)?;
        outer.finish()?;

        fields.optional(tag::INTEGER)?;
        fields.expect(tag::SEQUENCE)?;
        let issuer = fields.expect(tag::SEQUENCE)?.whole;
        time(&mut fields)?.ok_or(DerError::Time)?;
        let next_update = time(&mut fields)?;
        fields.optional(tag::SEQUENCE)?;
        let explicit = fields.optional(tag::context_constructed(0))?;
        fields.finish()?;
        let extensions = explicit.map(|explicit| single(explicit.value, tag::SEQUENCE));
        Ok(List { issuer, next_update, extensions: extensions.transpose()? })
    }
}

fn time<'a>(fields: &mut Reader<'a>) -> Result<Option<Tlv<'a>>, DerError> {
    match fields.optional(tag::UTC_TIME)? {
        Some(time) => Ok(Some(time)),
        None => fields.optional(tag::GENERALIZED_TIME),
    }
}

/// The flaw in the extensions (§5.2).
fn scope(list: Tlv<'_>) -> Result<Option<Flaw>, DerError> {
    for extension in extensions(list)?.iter() {
        let flaw = match extension.oid {
            oid::DELTA_CRL_INDICATOR => Some(Flaw::Delta),
            oid::ISSUING_DISTRIBUTION_POINT => distribution_point(extension.value)?,
            _ => None,
        };
        if flaw.is_some() {
            return Ok(flaw);
        }
    }
    Ok(None)
}

/// §5.2.5. Which certificates of its own issuer the list is about is OpenSSL's business.
fn distribution_point(value: &[u8]) -> Result<Option<Flaw>, DerError> {
    let mut fields = single(value, tag::SEQUENCE)?.reader();
    while !fields.is_empty() {
        let field = fields.element()?;
        let is_true = field.value != [0];
        let flaw = match field.tag {
            REASONS => Some(Flaw::SomeReasons),
            INDIRECT if is_true => Some(Flaw::Indirect),
            ATTRIBUTES if is_true => Some(Flaw::Attributes),
            _ => None,
        };
        if flaw.is_some() {
            return Ok(flaw);
        }
    }
    Ok(None)
}

const REASONS: u8 = tag::context(3);
const INDIRECT: u8 = tag::context(4);
const ATTRIBUTES: u8 = tag::context(5);

#[cfg(test)]
mod tests {
    use super::*;

    fn wrap(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let value = parts.concat();
        assert!(value.len() < 0x80);
        [&[tag, value.len() as u8], value.as_slice()].concat()
    }

    /// A list with these behind thisUpdate.
    fn list(behind: &[&[u8]]) -> Vec<u8> {
        let algorithm = wrap(0x30, &[]);
        let this_update = wrap(tag::UTC_TIME, &[b"260101000000Z"]);
        let first = [&[2, 1, 1], &algorithm[..], &algorithm, &this_update].concat();
        let fields = wrap(0x30, &[&first, &behind.concat()]);
        wrap(0x30, &[&fields, &algorithm, &[3, 1, 0]])
    }

    fn with_extension(oid: &[u8], value: &[u8]) -> Vec<u8> {
        let extension = wrap(
            0x30,
            &[&wrap(tag::OID, &[oid]), &[1, 1, 0xff], &wrap(tag::OCTET_STRING, &[value])],
        );
        let extensions = wrap(0xa0, &[&wrap(0x30, &[&extension])]);
        list(&[&wrap(tag::UTC_TIME, &[b"260201000000Z"]), &extensions])
    }

    #[test]
    fn what_openssl_would_pass_over_is_found() {
        let point =
            |field: &[u8]| with_extension(oid::ISSUING_DISTRIBUTION_POINT, &wrap(0x30, &[field]));
        let next_update = wrap(tag::UTC_TIME, &[b"260201000000Z"]);
        for (what, der, wanted) in [
            ("a full list", list(&[&next_update]), None),
            ("with an entry", list(&[&next_update, &wrap(0x30, &[])]), None),
            ("no nextUpdate", list(&[]), Some(Flaw::NoNextUpdate)),
            ("delta", with_extension(oid::DELTA_CRL_INDICATOR, &[2, 1, 1]), Some(Flaw::Delta)),
            ("user certificates", point(&[0x81, 1, 0xff]), None),
            ("CA certificates", point(&[0x82, 1, 0xff]), None),
            ("some reasons", point(&[0x83, 2, 6, 0x40]), Some(Flaw::SomeReasons)),
            ("indirect", point(&[0x84, 1, 0xff]), Some(Flaw::Indirect)),
            ("not indirect", point(&[0x84, 1, 0]), None),
            ("attributes", point(&[0x85, 1, 0xff]), Some(Flaw::Attributes)),
        ] {
            assert_eq!(flaw(&der), Ok(wanted), "{what}");
            for end in 0..der.len() {
                assert!(flaw(&der[..end]).is_err(), "{what} cut at {end}");
            }
            assert_eq!(flaw(&[&der[..], &[0]].concat()), Err(DerError::Trailing), "{what}");
        }
    }

    #[test]
    fn numbers() {
        let numbered = with_extension(oid::CRL_NUMBER, &[2, 1, 1]);
        assert_eq!(issuer_and_number(&numbered), Ok((&[0x30, 0][..], true)));
        let next_update = wrap(tag::UTC_TIME, &[b"260201000000Z"]);
        assert_eq!(issuer_and_number(&list(&[&next_update])), Ok((&[0x30, 0][..], false)));
        let other = with_extension(oid::SUBJECT_ALT_NAME, &[0x30, 0]);
        assert_eq!(issuer_and_number(&other), Ok((&[0x30, 0][..], false)));
        assert!(issuer_and_number(&numbered[..numbered.len() - 1]).is_err());
    }
}
