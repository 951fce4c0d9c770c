//! Signed certificate timestamps: a public log's promise that it holds a certificate (RFC 6962 §3).
//!
//! Bytes in, parts and the octets that the log signed out; whose log it is and whether the signature
//! is right is `verify`'s business. Only version 1 is read; §3.3 has a client pass over the others.

use std::fmt;

use crate::der::{DerError, oid, single, tag, wrap};

/// One promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sct<'a> {
    /// SHA-256 of the log's key.
    pub log: &'a [u8; 32],
    /// Milliseconds since 1970.
    pub timestamp: u64,
    /// For later versions; signed.
    pub extensions: &'a [u8],
    /// Hash and signature algorithm (RFC 5246 §7.4.1.4.1).
    pub algorithm: [u8; 2],
    /// The signature.
    pub signature: &'a [u8],
}

/// What a log was given, and so what it signed (§3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry<'a> {
    /// The certificate itself, DER: for SCTs that come beside it.
    Certificate(&'a [u8]),
    /// The certificate before the SCTs were put into it: SHA-256 of the issuer's key, and what
    /// [`before_logging`] makes of the certificate.
    Precertificate(&'a [u8; 32], &'a [u8]),
}

/// The list ends inside an element, or something is behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list of SCTs is malformed")
    }
}

/// The promises of a SignedCertificateTimestampList (§3.3). Those of another version are left out.
pub fn parse_list(list: &[u8]) -> Result<Vec<Sct<'_>>, Malformed> {
    let mut outer = Bytes(list);
    let mut inner = Bytes(outer.vector()?);
    outer.finish()?;
    let mut scts = Vec::new();
    while !inner.0.is_empty() {
        let serialized = inner.vector()?;
        if let [0, ..] = serialized {
            scts.push(parse(&serialized[1..])?);
        }
    }
    Ok(scts)
}

fn parse(version_1: &[u8]) -> Result<Sct<'_>, Malformed> {
    let mut bytes = Bytes(version_1);
    let log = bytes.array::<32>()?;
    let timestamp = u64::from_be_bytes(*bytes.array::<8>()?);
    let extensions = bytes.vector()?;
    let algorithm = *bytes.array::<2>()?;
    let signature = bytes.vector()?;
    bytes.finish()?;
    Ok(Sct { log, timestamp, extensions, algorithm, signature })
}

impl Sct<'_> {
    /// What the log signed (§3.2): version 1, a certificate timestamp.
    pub fn signed(&self, entry: Entry) -> Vec<u8> {
        let (kind, contents) = match entry {
            Entry::Certificate(der) => (0, with_length(3, der)),
            Entry::Precertificate(issuer, tbs) => (1, [&issuer[..], &with_length(3, tbs)].concat()),
        };
        let head = [&[0, 0][..], &self.timestamp.to_be_bytes(), &[0, kind]].concat();
        [head, contents, with_length(2, self.extensions)].concat()
    }
}

/// A vector of TLS (RFC 8446 §3.4) whose length takes `width` octets, at most 8.
fn with_length(width: usize, contents: &[u8]) -> Vec<u8> {
    let length = (contents.len() as u64).to_be_bytes();
    [&length[8 - width..], contents].concat()
}

/// The tbsCertificate as the log got it: without the list of SCTs (§3.2).
pub fn before_logging(tbs: &[u8]) -> Result<Vec<u8>, DerError> {
    let mut fields = single(tbs, tag::SEQUENCE)?.reader();
    let mut out = Vec::new();
    while !fields.is_empty() {
        let field = fields.element()?;
        if field.tag == tag::context_constructed(3) {
            let list = wrap(tag::SEQUENCE, &others(single(field.value, tag::SEQUENCE)?.value)?);
            out.extend(wrap(field.tag, &list));
        } else {
            out.extend_from_slice(field.whole);
        }
    }
    Ok(wrap(tag::SEQUENCE, &out))
}

/// All extensions but the list of SCTs, as they stand.
fn others(extensions: &[u8]) -> Result<Vec<u8>, DerError> {
    let mut list = crate::der::Reader::new(extensions);
    let mut out = Vec::new();
    while !list.is_empty() {
        let extension = list.expect(tag::SEQUENCE)?;
        if extension.reader().expect(tag::OID)?.value != oid::SCTS_OF_CERTIFICATE {
            out.extend_from_slice(extension.whole);
        }
    }
    Ok(out)
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], Malformed> {
        self.take(N)?.try_into().map_err(|_| Malformed)
    }

    fn vector(&mut self) -> Result<&'a [u8], Malformed> {
        let length = u16::from_be_bytes(*self.array::<2>()?);
        self.take(usize::from(length))
    }

    fn finish(self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sct(version: u8) -> Vec<u8> {
        let head = [&[version][..], &[7; 32], &[0, 0, 0, 0, 0, 0, 1, 2]].concat();
        [head, with_length(2, b"x"), vec![4, 3], with_length(2, b"signature")].concat()
    }

    #[test]
    fn a_list_is_read_to_its_end_and_not_beyond() {
        let list = with_length(2, &[with_length(2, &sct(0)), with_length(2, &sct(1))].concat());
        let scts = parse_list(&list).unwrap();
        assert_eq!(scts.len(), 1, "another version is passed over");
        assert_eq!((scts[0].log, scts[0].timestamp), (&[7; 32], 0x102));
        assert_eq!((scts[0].algorithm, scts[0].signature), ([4, 3], &b"signature"[..]));
        for end in 0..list.len() {
            assert_eq!(parse_list(&list[..end]), Err(Malformed), "cut at {end}");
        }
        assert_eq!(parse_list(&[&list[..], &[0]].concat()), Err(Malformed));
        let long = [&sct(0)[..], &[0]].concat();
        assert_eq!(parse_list(&with_length(2, &with_length(2, &long))), Err(Malformed));
    }

    #[test]
    fn what_is_signed() {
        let serialized = sct(0);
        let sct = parse(&serialized[1..]).unwrap();
        let time = [0, 0, 0, 0, 0, 0, 1, 2];
        let whole = [&[0, 0][..], &time, &[0, 0, 0, 0, 3], b"der", &[0, 1], b"x"].concat();
        assert_eq!(sct.signed(Entry::Certificate(b"der")), whole);
        let before =
            [&[0, 0][..], &time, &[0, 1], &[9; 32], &[0, 0, 3], b"tbs", &[0, 1], b"x"].concat();
        assert_eq!(sct.signed(Entry::Precertificate(&[9; 32], b"tbs")), before);
    }
}
