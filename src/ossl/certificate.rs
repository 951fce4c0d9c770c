//! One certificate, as OpenSSL parsed it.

use std::ffi::{c_int, c_long, c_ulong, c_void};
use std::net::IpAddr;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use foreign_types::{ForeignType, ForeignTypeRef};
use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::x509::verify::X509CheckFlags;
use openssl::x509::{X509, X509NameRef};
use openssl_sys as ffi;

use crate::der::{self, DerError};
use crate::error::{Error, Result};
use crate::limits::CERTIFICATE_OCTETS;
use crate::report::CertificateInfo;
use crate::status::Status;

use super::error_queue::{drain, words};
use super::library::{self, Library};
use super::sys;

/// A certificate with the DER it came from. Cloning counts a reference.
#[derive(Clone)]
pub struct Certificate {
    pub(super) x509: X509,
    der: Arc<[u8]>,
    told: Arc<Told>,
}

/// What was asked before, of any of its clones.
#[derive(Default)]
struct Told {
    common_names: OnceLock<Vec<String>>,
    description: OnceLock<Arc<CertificateInfo>>,
    demands_staple: OnceLock<bool>,
    alt_names: OnceLock<std::result::Result<Option<Range<usize>>, DerError>>,
}

/// The same octets.
impl PartialEq for Certificate {
    fn eq(&self, other: &Certificate) -> bool {
        Arc::ptr_eq(&self.der, &other.der) || self.der == other.der
    }
}

impl Eq for Certificate {}

/// What a report shows of a certificate.
pub struct Facts {
    /// RFC 2253, ASCII; everything else escaped.
    pub subject: String,
    /// RFC 2253, ASCII; everything else escaped.
    pub issuer: String,
    /// Hexadecimal, upper case.
    pub serial: String,
    /// Seconds since 1970.
    pub not_before: i64,
    /// Seconds since 1970.
    pub not_after: i64,
    /// Key algorithm, such as `RSA`.
    pub key_algorithm: String,
    /// Key size; 0 where OpenSSL does not know the algorithm.
    pub key_bits: u32,
    /// Signature algorithm.
    pub signature: String,
}

impl Certificate {
    /// Parses exactly one certificate.
    pub fn from_der(der: &[u8]) -> Result<Certificate> {
        if der.len() > CERTIFICATE_OCTETS {
            let what = format!(
                "a certificate of {} octets exceeds the limit of {CERTIFICATE_OCTETS}",
                der.len()
            );
            return Err(Error::new(Status::Certificate, what));
        }
        let x509 = read(der).map_err(|errors| {
            let what = format!("this is no DER certificate: {}", words(&errors));
            Error::new(Status::Certificate, what)
        })?;
        let certificate = Certificate::from_x509(x509)?;
        // OpenSSL stops after the certificate; what is behind it must not pass unseen.
        if certificate.der.len() != der.len() {
            return Err(Error::new(Status::Certificate, "there are bytes behind the certificate"));
        }
        Ok(certificate)
    }

    /// Wraps what OpenSSL parsed.
    pub(super) fn from_x509(x509: X509) -> Result<Certificate> {
        let der =
            x509.to_der().map_err(|errors| Error::new(Status::Certificate, words(&errors)))?;
        Ok(Certificate { x509, der: der.into(), told: Arc::default() })
    }

    /// The DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The DER of its SubjectPublicKeyInfo.
    pub fn spki(&self) -> Result<Vec<u8>> {
        // SAFETY: the certificate is valid; the key belongs to it and is not freed.
        let key = unsafe { sys::X509_get_X509_PUBKEY(self.x509.as_ptr()) };
        let mut out: *mut u8 = std::ptr::null_mut();
        // SAFETY: with a NULL target OpenSSL allocates; the length is checked before use.
        let length = unsafe { sys::i2d_X509_PUBKEY(key, &raw mut out) };
        let Some(length) = usize::try_from(length).ok().filter(|_| !out.is_null()) else {
            drain();
            return Err(Error::new(Status::Certificate, "the certificate's key cannot be encoded"));
        };
        // SAFETY: OpenSSL wrote `length` octets to its allocation.
        let spki = unsafe { std::slice::from_raw_parts(out, length) }.to_vec();
        // SAFETY: the allocation is OpenSSL's and is not used again.
        unsafe { ffi::CRYPTO_free(out.cast(), c"certificate.rs".as_ptr(), 0) };
        Ok(spki)
    }

    /// How far OpenSSL takes it for a CA: 0 not at all, 1 by basicConstraints, 3 and more by
    /// tolerance for old certificates (X509_check_ca(3)).
    pub fn ca_grade(&self) -> i32 {
        // SAFETY: the certificate is valid; the call caches extensions under its own lock.
        let grade = unsafe { sys::X509_check_ca(self.x509.as_ptr()) };
        drain();
        grade
    }

    /// Whether this key (DER of a SubjectPublicKeyInfo) made the signature of the certificate, and not
    /// over a digest that a forger can make collide: OpenSSL's security level only looks at signatures
    /// below the anchor. A key that cannot be read made none.
    pub fn is_signed_by(&self, spki: &[u8]) -> bool {
        let signature = self.x509.signature_algorithm().object().nid().signature_algorithms();
        let broken = [Nid::MD5, Nid::SHA1, Nid::MD5_SHA1];
        if signature.is_some_and(|signature| broken.contains(&signature.digest)) {
            return false;
        }
        let key = PKey::public_key_from_der(spki);
        let signed = key.and_then(|key| self.x509.verify(&key)).unwrap_or(false);
        drain();
        signed
    }

    /// Whether issuer and subject are the same name.
    pub fn is_self_issued(&self) -> bool {
        let same = self.x509.issuer_name().try_cmp(self.x509.subject_name());
        same.is_ok_and(|order| order.is_eq())
    }

    /// Whether OpenSSL's own check finds this address among the iPAddress names.
    pub fn openssl_names_ip(&self, address: IpAddr) -> bool {
        let octets = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        // SAFETY: pointer and length describe the vector, which outlives the call.
        let found =
            unsafe { sys::X509_check_ip(self.x509.as_ptr(), octets.as_ptr(), octets.len(), 0) };
        drain();
        found == 1
    }

    /// Whether OpenSSL's own check finds this host among the dNSName names; the rules are those of a path
    /// (`find_path`) that looks at no CN.
    pub fn openssl_names_host(&self, host: &str) -> bool {
        let rules = X509CheckFlags::NO_PARTIAL_WILDCARDS | X509CheckFlags::NEVER_CHECK_SUBJECT;
        // SAFETY: pointer and length describe the text, which outlives the call; NULL asks for no name.
        let found = unsafe {
            ffi::X509_check_host(
                self.x509.as_ptr(),
                host.as_ptr().cast(),
                host.len(),
                rules.bits(),
                std::ptr::null_mut(),
            )
        };
        drain();
        found == 1
    }

    /// Last second of its validity, since 1970.
    pub fn not_after(&self) -> Option<i64> {
        epoch(self.x509.not_after())
    }

    /// The subject: RFC 2253, ASCII; everything else escaped.
    pub fn subject(&self) -> String {
        name_text(self.x509.subject_name())
    }

    /// What a report says of it, made once.
    pub fn description(&self, make: impl FnOnce() -> CertificateInfo) -> Arc<CertificateInfo> {
        Arc::clone(self.told.description.get_or_init(|| Arc::new(make())))
    }

    /// Whether it demands a staple, found out once.
    pub fn demands_staple(&self, find: impl FnOnce() -> bool) -> bool {
        *self.told.demands_staple.get_or_init(find)
    }

    /// The DER of its subjectAltName, as the house's own reader finds it.
    pub fn subject_alt_name(&self) -> std::result::Result<Option<&[u8]>, DerError> {
        let found = self.told.alt_names.get_or_init(|| {
            let whole = self.der.as_ptr().addr();
            let place = |san: &[u8]| {
                let begin = san.as_ptr().addr() - whole;
                begin..begin + san.len()
            };
            Ok(der::Certificate::parse(&self.der)?.subject_alt_name().map(place))
        });
        Ok(found.clone()?.and_then(|place| self.der.get(place)))
    }

    /// What a report shows.
    pub fn facts(&self) -> Facts {
        let key = self.x509.public_key().ok();
        let facts = Facts {
            subject: self.subject(),
            issuer: name_text(self.x509.issuer_name()),
            serial: self.serial(),
            not_before: epoch(self.x509.not_before()).unwrap_or(0),
            not_after: epoch(self.x509.not_after()).unwrap_or(0),
            key_algorithm: key
                .as_ref()
                .map_or_else(|| "unknown".to_owned(), |key| key_word(key.id())),
            key_bits: key.as_ref().map_or(0, |key| key.bits()),
            signature: self.signature_word(),
        };
        drain();
        facts
    }

    /// The subject's CNs, in order, as UTF-8; one that cannot be converted is left out.
    pub fn common_names(&self) -> &[String] {
        self.told.common_names.get_or_init(|| common_names(self.x509.subject_name()))
    }

    fn serial(&self) -> String {
        let number = self.x509.serial_number().to_bn();
        let text = number.and_then(|number| number.to_hex_str().map(|hex| hex.to_string()));
        text.unwrap_or_default()
    }

    fn signature_word(&self) -> String {
        let nid = self.x509.signature_algorithm().object().nid();
        nid.long_name().unwrap_or("unknown").to_owned()
    }
}

/// Reads a certificate, by the shortcut if it leads there: a key that OpenSSL reads only in its own library
/// context is read there, and what is no certificate is called so by it.
fn read(der: &[u8]) -> std::result::Result<X509, ErrorStack> {
    let library = library::for_certificate();
    if library == Library::OWN {
        return X509::from_der(der);
    }
    match read_in(library, der).filter(has_key) {
        Some(x509) => Ok(x509),
        None => {
            drain();
            X509::from_der(der)
        }
    }
}

fn read_in(library: Library, der: &[u8]) -> Option<X509> {
    let length = der.len().try_into().ok()?;
    let mut octets = der.as_ptr();
    // SAFETY: the library context is valid; without properties its own are taken.
    let mut x509 = unsafe { sys::X509_new_ex(library.as_ptr(), std::ptr::null()) };
    if x509.is_null() {
        return None;
    }
    // SAFETY: pointer and length describe the slice. What cannot be read is freed, and `x509` is NULL.
    let read = unsafe { ffi::d2i_X509(&raw mut x509, &raw mut octets, length) };
    if read.is_null() {
        return None;
    }
    // SAFETY: not NULL, and nobody else's.
    Some(unsafe { X509::from_ptr(read) })
}

fn has_key(x509: &X509) -> bool {
    // SAFETY: the certificate is valid, and keeps its key.
    let key = unsafe { sys::X509_get0_pubkey(x509.as_ptr()) };
    !key.is_null()
}

fn key_word(id: openssl::pkey::Id) -> String {
    Nid::from_raw(id.as_raw()).short_name().unwrap_or("unknown").to_owned()
}

fn common_names(subject: &X509NameRef) -> Vec<String> {
    let entries = subject.entries_by_nid(Nid::COMMONNAME);
    let names = entries.filter_map(|entry| entry.data().to_string().ok());
    let names = names.collect();
    drain();
    names
}

/// Seconds since 1970; `None` for a time that is no time.
fn epoch(time: &Asn1TimeRef) -> Option<i64> {
    let start = Asn1Time::from_unix(0).ok()?;
    let Ok(distance) = start.diff(time) else {
        drain();
        return None;
    };
    Some(i64::from(distance.days) * 86_400 + i64::from(distance.secs))
}

/// ASN1_STRFLGS_RFC2253 with commas, reversed, short names, unknown fields dumped.
const RFC2253: c_ulong = 0x0111_0317;
/// BIO_CTRL_INFO: the pointer to the memory of a memory BIO.
const BIO_CTRL_INFO: c_int = 3;

/// The name as RFC 2253 writes it: printable ASCII, everything else escaped.
fn name_text(name: &X509NameRef) -> String {
    // SAFETY: the method is static.
    let bio = unsafe { ffi::BIO_new(ffi::BIO_s_mem()) };
    if bio.is_null() {
        return String::new();
    }
    // SAFETY: both pointers are valid for the call.
    unsafe { sys::X509_NAME_print_ex(bio, name.as_ptr(), 0, RFC2253) };
    let mut data: *mut c_void = std::ptr::null_mut();
    // SAFETY: BIO_CTRL_INFO writes the address of the BIO's memory and returns its length.
    let length: c_long = unsafe { ffi::BIO_ctrl(bio, BIO_CTRL_INFO, 0, (&raw mut data).cast()) };
    let text = match usize::try_from(length) {
        Ok(length) if !data.is_null() => {
            // SAFETY: OpenSSL keeps `length` octets at `data` until the BIO is freed.
            let bytes = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), length) };
            bytes
                .iter()
                .map(
                    |&byte| {
                        if byte.is_ascii_graphic() || byte == b' ' { byte as char } else { '?' }
                    },
                )
                .collect()
        }
        _ => String::new(),
    };
    // SAFETY: the BIO is ours and is not used again.
    unsafe { ffi::BIO_free_all(bio) };
    text
}
