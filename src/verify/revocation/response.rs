//! One OCSP response, held against one certificate and its issuer (RFC 6960 §3.2).
//!
//! It counts only if all of this is so:
//! 1. it is well-formed DER, and has no critical extension;
//! 2. its signature is that of the issuer's own key, or of a delegated responder: a certificate that
//!    was sent along, that this very issuer issued, that is good now, and that says id-kp-OCSPSigning
//!    (§4.2.2.2);
//! 3. one of its answers is about this certificate: serial number, issuer name and issuer key;
//! 4. thisUpdate has come and nextUpdate has not (§4.2.2.1).
//!
//! "Revoked" needs no date: nobody is un-revoked by the passing of time.
//!
//! Q: Is the delegated responder's own revocation checked? A: No. CAs mark such certificates
//! id-pkix-ocsp-nocheck and give them a short life (§4.2.2.2.1).

use crate::der;
use crate::limits::{STAPLE_CERTIFICATES, STAPLE_OCTETS};
use crate::ocsp::{Answer, Basic, CertStatus, Responder, Response};
use crate::ossl::{Certificate, Issuance, PublicKey, Scheme, digest};
use crate::pin::Algorithm;
use crate::report::{Code, iso8601};

use crate::verify::policy::Dates;

/// How far the responder's clock and ours may differ, seconds.
const SKEW: i64 = 300;
/// How long an answer without nextUpdate is good, seconds: "newer information is available all the
/// time" (§4.2.2.1), so a day is generous.
const UNDATED: i64 = 86_400;

/// The certificate in question, and who issued it.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// The leaf.
    pub leaf: &'a Certificate,
    /// The next certificate of the verified path.
    pub issuer: &'a Certificate,
}

/// By which time and how strictly.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    /// Verification time, seconds since 1970.
    pub now: i64,
    /// Whether dates count.
    pub dates: Dates,
    /// OpenSSL security level.
    pub level: i32,
}

/// What a response that counts comes to.
pub enum Word {
    /// Only an error, signed by nobody.
    Error(&'static str),
    /// The CA's word.
    Said(Said),
}

/// What the CA says.
pub struct Said {
    /// Since when it is revoked, if it is.
    pub revoked: Option<i64>,
    /// When that was known to be so.
    pub this_update: i64,
}

/// Why a response does not count.
pub struct Objection {
    /// Invalid, out of date, or unknown.
    pub code: Code,
    /// For people.
    pub words: String,
}

fn invalid(words: impl Into<String>) -> Objection {
    Objection { code: Code::RevocationStapleInvalid, words: words.into() }
}

impl Subject<'_> {
    /// The word of the CA about the leaf.
    pub fn read(self, staple: &[u8], clock: Clock) -> Result<Word, Objection> {
        if staple.len() > STAPLE_OCTETS {
            return Err(invalid(format!(
                "the stapled OCSP response has {} octets, more than {STAPLE_OCTETS}",
                staple.len()
            )));
        }
        let malformed = |error| invalid(format!("the stapled OCSP response is malformed: {error}"));
        match Response::parse(staple).map_err(malformed)? {
            Response::Error(error) => Ok(Word::Error(error)),
            Response::Basic(basic) => {
                self.check_signature(&basic, clock)?;
                check_extensions(&basic)?;
                self.answer(&basic, clock).map(Word::Said)
            }
        }
    }

    fn check_signature(self, basic: &Basic, clock: Clock) -> Result<(), Objection> {
        let Some(scheme) = Scheme::of(basic.algorithm) else {
            let algorithm = der::oid::text(basic.algorithm).unwrap_or_default();
            return Err(invalid(format!(
                "the stapled OCSP response is signed by an algorithm that is not supported ({algorithm})"
            )));
        };
        let signer = self.signer(basic, clock)?;
        let key = PublicKey::of(&signer).map_err(|error| invalid(error.what))?;
        // X.690 §8.6.2: the first octet counts unused bits, of which a signature has none.
        match basic.signature {
            [0, signature @ ..] if key.has_signed(scheme, basic.signed, signature) => Ok(()),
            _ => Err(invalid("the signature of the stapled OCSP response is wrong")),
        }
    }

    /// Who may have signed, by the name or key that the response gives.
    fn signer(self, basic: &Basic, clock: Clock) -> Result<Certificate, Objection> {
        if is_named(basic.responder, self.issuer) {
            return Ok(self.issuer.clone());
        }
        if basic.certificates.len() > STAPLE_CERTIFICATES {
            return Err(invalid(format!(
                "the stapled OCSP response has more than {STAPLE_CERTIFICATES} certificates"
            )));
        }
        let sent = basic.certificates.iter().filter_map(|der| Certificate::from_der(der).ok());
        let mut named = sent.filter(|certificate| is_named(basic.responder, certificate));
        let Some(delegate) = named.next() else {
            return Err(invalid(
                "the stapled OCSP response is signed by somebody else than the CA of the certificate",
            ));
        };
        self.check_delegate(&delegate, clock)?;
        Ok(delegate)
    }

    /// RFC 6960 §4.2.2.2.
    fn check_delegate(self, delegate: &Certificate, clock: Clock) -> Result<(), Objection> {
        let about = |words: &str| {
            let subject = delegate.subject();
            invalid(format!("the OCSP responder {subject} may not speak for the CA: {words}"))
        };
        if !may_sign_ocsp(delegate.der()) {
            return Err(about("its certificate is not for OCSP signing (id-kp-OCSPSigning)"));
        }
        let time = clock.checks().then_some(clock.now);
        let issuance = Issuance { time, level: clock.level };
        issuance.holds(self.issuer, delegate).map_err(|words| about(&words))
    }

    fn answer(self, basic: &Basic, clock: Clock) -> Result<Said, Objection> {
        let about: Vec<&Answer> =
            basic.answers.iter().filter(|answer| self.is_meant(answer)).collect();
        let revoked = about.iter().find_map(|answer| match answer.status {
            CertStatus::Revoked(since) => Some((since, answer.this_update)),
            CertStatus::Good | CertStatus::Unknown => None,
        });
        if let Some((since, this_update)) = revoked {
            return Ok(Said { revoked: Some(since), this_update });
        }
        let Some(newest) = about.iter().max_by_key(|answer| answer.this_update) else {
            return Err(invalid("the stapled OCSP response is about another certificate"));
        };
        check_dates(newest, clock)?;
        match newest.status {
            CertStatus::Good => Ok(Said { revoked: None, this_update: newest.this_update }),
            CertStatus::Revoked(_) | CertStatus::Unknown => Err(Objection {
                code: Code::RevocationUnknown,
                words: "the CA says that it knows no such certificate (OCSP)".to_owned(),
            }),
        }
    }

    /// RFC 6960 §4.1.1: serial number, issuer name and issuer key, the latter two hashed.
    fn is_meant(self, answer: &Answer) -> bool {
        let Some(algorithm) = DIGESTS.iter().find(|(oid, _)| *oid == answer.digest) else {
            return false;
        };
        let hash = |bytes: &[u8]| digest(algorithm.1, bytes).unwrap_or_default();
        let (Ok(leaf), Ok(issuer)) =
            (der::Certificate::parse(self.leaf.der()), der::Certificate::parse(self.issuer.der()))
        else {
            return false;
        };
        let Some(key) = key_bits(issuer.spki) else { return false };
        answer.serial == leaf.serial
            && !answer.issuer_key.is_empty()
            && answer.issuer_name == hash(leaf.issuer)
            && answer.issuer_key == hash(key)
    }
}

/// Contents of the OIDs of the digests that a CertID may use. SHA-1 is the usual one; it names and
/// proves nothing.
const DIGESTS: &[(&[u8], Algorithm)] = &[
    (&[0x2b, 0x0e, 3, 2, 0x1a], Algorithm::Sha1),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1], Algorithm::Sha256),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2], Algorithm::Sha384),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3], Algorithm::Sha512),
];

fn is_named(responder: Responder, certificate: &Certificate) -> bool {
    let Ok(parsed) = der::Certificate::parse(certificate.der()) else { return false };
    match responder {
        Responder::Name(name) => name == parsed.subject,
        Responder::Key(hash) => key_bits(parsed.spki)
            .is_some_and(|key| digest(Algorithm::Sha1, key).is_ok_and(|digest| digest == hash)),
    }
}

/// The contents of subjectPublicKey without the octet of unused bits (§4.1.1).
fn key_bits(spki: &[u8]) -> Option<&[u8]> {
    let mut fields = der::single(spki, der::tag::SEQUENCE).ok()?.reader();
    fields.expect(der::tag::SEQUENCE).ok()?;
    fields.expect(der::tag::BIT_STRING).ok()?.value.get(1..)
}

fn may_sign_ocsp(der: &[u8]) -> bool {
    let Ok(certificate) = der::Certificate::parse(der) else { return false };
    let Some(value) = certificate.extension(der::oid::EXTENDED_KEY_USAGE) else { return false };
    let Ok(list) = der::single(value, der::tag::SEQUENCE) else { return false };
    let mut purposes = list.reader();
    std::iter::from_fn(|| purposes.expect(der::tag::OID).ok())
        .any(|purpose| purpose.value == der::oid::OCSP_SIGNING)
}

/// §4.4: a critical extension that is not known makes the response unusable. We know none that may be.
fn check_extensions(basic: &Basic) -> Result<(), Objection> {
    let of_answers = basic.answers.iter().flat_map(|answer| answer.extensions.iter());
    if basic.extensions.iter().chain(of_answers).any(|extension| extension.critical) {
        return Err(invalid(
            "the stapled OCSP response has a critical extension that is not known",
        ));
    }
    Ok(())
}

fn check_dates(answer: &Answer, clock: Clock) -> Result<(), Objection> {
    if !clock.checks() {
        return Ok(());
    }
    let stale = |words| Err(Objection { code: Code::RevocationStapleStale, words });
    let until = answer.next_update.unwrap_or_else(|| answer.this_update.saturating_add(UNDATED));
    let (from, now) = (answer.this_update, iso8601(clock.now));
    if clock.now < from.saturating_sub(SKEW) {
        let from = iso8601(from);
        return stale(format!(
            "the stapled OCSP response is of {from}, which has not come ({now})"
        ));
    }
    if clock.now > until.saturating_add(SKEW) {
        let until = iso8601(until);
        return stale(format!("the stapled OCSP response was good until {until} (now is {now})"));
    }
    Ok(())
}
