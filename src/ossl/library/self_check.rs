//! Whether a library context reads keys, held against two that are known; and whether an SSL_CTX of it
//! offers what one of OpenSSL's own offers.
//!
//! The keys were made for this and thrown away: nobody has the private halves.

use std::ffi::CStr;
use std::ptr;

use foreign_types::{ForeignType, ForeignTypeRef};
use openssl::bn::BigNum;
use openssl::pkey::{Id, PKey, Public};
use openssl::ssl::{SslCipher, SslContextBuilder, SslOptions, SslVersion};
use openssl::stack::StackRef;
use openssl_sys as ffi;

use crate::ossl::error_queue::drain;
use crate::ossl::sys;

use super::few_decoders::Use;
use super::{Library, tls_client};

/// A SubjectPublicKeyInfo, and what is in it.
struct Known<'a> {
    spki: &'a [u8],
    id: Id,
    bits: u32,
    public: &'a [u8],
}

/// Whether this library context does what it is for as OpenSSL's own does.
pub(super) fn passes(context: *mut ffi::OSSL_LIB_CTX, wanted: Use) -> bool {
    let passes = reads_keys(context) && (wanted == Use::Reading || offers_the_same(context));
    drain();
    passes
}

/// Whether the keys are read in this library context, and are what they are.
fn reads_keys(context: *mut ffi::OSSL_LIB_CTX) -> bool {
    let (rsa, ec) = (&RSA_2048, &EC_P256);
    // The modulus stands in front of its exponent; the point ends the structure, uncompressed.
    let modulus = &rsa[rsa.len() - 5 - 256..rsa.len() - 5];
    let point = &ec[ec.len() - 65..];
    let known = [
        Known { spki: rsa, id: Id::RSA, bits: 2048, public: modulus },
        Known { spki: ec, id: Id::EC, bits: 256, public: point },
    ];
    known.iter().all(|known| known.is_read_in(context))
}

/// Whether an SSL_CTX begins with what one in OpenSSL's own library context begins with, openssl.cnf's
/// share of it included.
fn offers_the_same(context: *mut ffi::OSSL_LIB_CTX) -> bool {
    let (Some(ours), Some(own)) = (Offer::of(context), Offer::of(ptr::null_mut())) else {
        return false;
    };
    !ours.ciphers.is_empty() && ours == own
}

/// What can be asked of an SSL_CTX.
#[derive(PartialEq)]
struct Offer {
    ciphers: Vec<String>,
    groups: Vec<bool>,
    versions: [Option<SslVersion>; 2],
    options: SslOptions,
    level: u32,
}

/// All that OpenSSL 3.0 and 3.1 have for TLS.
const GROUPS: [&str; 10] = [
    "X25519",
    "P-256",
    "X448",
    "P-521",
    "P-384",
    "ffdhe2048",
    "ffdhe3072",
    "ffdhe4096",
    "ffdhe6144",
    "ffdhe8192",
];

impl Offer {
    fn of(context: *mut ffi::OSSL_LIB_CTX) -> Option<Offer> {
        let mut builder = tls_client(Library(context)).ok()?;
        let versions = [builder.min_proto_version(), builder.max_proto_version()];
        let (ciphers, options) = (ciphers(&builder), builder.options());
        let groups = GROUPS.map(|group| builder.set_groups_list(group).is_ok()).to_vec();
        let level = builder.build().security_level();
        Some(Offer { ciphers, groups, versions, options, level })
    }
}

fn ciphers(builder: &SslContextBuilder) -> Vec<String> {
    // SAFETY: the context is valid; the stack belongs to it.
    let stack = unsafe { sys::SSL_CTX_get_ciphers(builder.as_ptr()) };
    if stack.is_null() {
        return Vec::new();
    }
    // SAFETY: the stack is not NULL and outlives the borrow.
    let stack = unsafe { StackRef::<SslCipher>::from_ptr(stack) };
    stack.iter().map(|cipher| cipher.name().to_owned()).collect()
}

impl Known<'_> {
    fn is_read_in(&self, context: *mut ffi::OSSL_LIB_CTX) -> bool {
        read(self.spki, context).is_some_and(|key| {
            let public = if self.id == Id::RSA { modulus(&key) } else { point(&key) };
            key.id() == self.id && key.bits() == self.bits && public.as_deref() == Some(self.public)
        })
    }
}

fn read(spki: &[u8], context: *mut ffi::OSSL_LIB_CTX) -> Option<PKey<Public>> {
    let mut octets = spki.as_ptr();
    let length = spki.len().try_into().ok()?;
    let (into, properties) = (ptr::null_mut(), ptr::null());
    // SAFETY: pointer and length describe the slice, which outlives the call.
    let key = unsafe { sys::d2i_PUBKEY_ex(into, &raw mut octets, length, context, properties) };
    if key.is_null() {
        return None;
    }
    // SAFETY: not NULL, and nobody else's.
    Some(unsafe { PKey::from_ptr(key) })
}

fn modulus(key: &PKey<Public>) -> Option<Vec<u8>> {
    const N: &CStr = c"n";
    let mut number = ptr::null_mut();
    // SAFETY: the key is alive; OpenSSL allocates the number.
    let told = unsafe { sys::EVP_PKEY_get_bn_param(key.as_ptr(), N.as_ptr(), &raw mut number) };
    if told != 1 || number.is_null() {
        return None;
    }
    // SAFETY: not NULL, and nobody else's.
    Some(unsafe { BigNum::from_ptr(number) }.to_vec())
}

fn point(key: &PKey<Public>) -> Option<Vec<u8>> {
    const PUB: &CStr = c"pub";
    let mut octets = vec![0; 65];
    let mut length = 0;
    // SAFETY: the key is alive; pointer and length describe the vector.
    let told = unsafe {
        sys::EVP_PKEY_get_octet_string_param(
            key.as_ptr(),
            PUB.as_ptr(),
            octets.as_mut_ptr(),
            octets.len(),
            &raw mut length,
        )
    };
    (told == 1 && length == octets.len()).then_some(octets)
}

#[rustfmt::skip]
const RSA_2048: [u8; 294] = [
    0x30, 0x82, 0x01, 0x22, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01,
    0x01, 0x05, 0x00, 0x03, 0x82, 0x01, 0x0f, 0x00, 0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01,
    0x00, 0xc7, 0x59, 0x4c, 0xf6, 0xb3, 0x67, 0x55, 0x5e, 0x25, 0x30, 0x26, 0xbe, 0xa3, 0xd5, 0x1f,
    0x60, 0xa7, 0x8d, 0x88, 0x4c, 0x9e, 0x2f, 0xb3, 0xe3, 0x36, 0xc4, 0xc2, 0xaf, 0xd1, 0x48, 0xc9,
    0xbb, 0xa1, 0x57, 0x83, 0xf7, 0xde, 0x8e, 0x15, 0xa3, 0xec, 0x06, 0x7a, 0xb1, 0xe7, 0x6d, 0x7b,
    0x1d, 0x9a, 0x19, 0xe5, 0xe8, 0x9c, 0xa2, 0xaa, 0x7a, 0xe4, 0xfa, 0xbb, 0xeb, 0x6c, 0x4b, 0xe0,
    0x74, 0x88, 0x89, 0x07, 0xb4, 0x26, 0xcb, 0x86, 0x49, 0x2b, 0xf6, 0x53, 0x84, 0xed, 0x1c, 0x06,
    0xff, 0xfa, 0x8a, 0x8c, 0x53, 0x2f, 0x7e, 0x27, 0x23, 0x2e, 0x9f, 0xce, 0x02, 0x97, 0xac, 0x3d,
    0x6a, 0x9b, 0x21, 0x72, 0x02, 0x64, 0x80, 0x4d, 0x41, 0x43, 0xbf, 0x70, 0x81, 0x7c, 0x81, 0xb3,
    0xde, 0x6a, 0xcb, 0xb9, 0x15, 0x61, 0x97, 0xaf, 0x50, 0xe1, 0x14, 0x5f, 0xb2, 0x5f, 0xf3, 0x3e,
    0xd1, 0x81, 0x48, 0x97, 0xc7, 0xc8, 0xed, 0x0b, 0x9a, 0x88, 0x02, 0xe3, 0x2c, 0x43, 0xb6, 0x4c,
    0xec, 0x4a, 0x9d, 0x56, 0x11, 0xf3, 0xa6, 0x0d, 0x6d, 0x89, 0xbb, 0xc9, 0x5c, 0xfb, 0x6e, 0x53,
    0x71, 0xf0, 0x3a, 0x7f, 0x02, 0x3a, 0x5c, 0x6f, 0xd4, 0x98, 0x94, 0x03, 0xa8, 0x43, 0xa0, 0x99,
    0xca, 0x36, 0x7f, 0x85, 0xee, 0x70, 0x32, 0x79, 0x2e, 0x98, 0xf8, 0x69, 0xeb, 0xd1, 0x22, 0x86,
    0x80, 0xce, 0xc4, 0xf9, 0x8a, 0x2b, 0x70, 0xad, 0xb0, 0x5f, 0x6b, 0x2a, 0x43, 0xa1, 0x2f, 0x74,
    0xb8, 0x86, 0x2a, 0xb2, 0x06, 0xaa, 0xa1, 0x54, 0x55, 0x6d, 0x6a, 0x21, 0x93, 0x12, 0xc2, 0xa1,
    0x2e, 0x3c, 0x55, 0x4a, 0xe0, 0xa2, 0x50, 0x4e, 0x93, 0x64, 0x55, 0x06, 0x77, 0x8f, 0x7a, 0x33,
    0x29, 0x9e, 0x86, 0xce, 0x32, 0x29, 0xe8, 0x75, 0xf1, 0x96, 0x69, 0x04, 0xa0, 0xa9, 0xe4, 0x95,
    0x8d, 0x02, 0x03, 0x01, 0x00, 0x01,
];

#[rustfmt::skip]
const EC_P256: [u8; 91] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04, 0xad, 0x24, 0x82, 0x5f, 0x41,
    0x8c, 0xe9, 0x63, 0x92, 0x7f, 0xcf, 0xbc, 0x76, 0x4b, 0xe4, 0x34, 0xc4, 0x8e, 0x56, 0x0b, 0x0a,
    0xf7, 0x7e, 0x7a, 0xb3, 0x5b, 0x2a, 0x86, 0x3a, 0x7a, 0x79, 0x62, 0x65, 0x3e, 0xc2, 0x30, 0x44,
    0x3a, 0x75, 0x0d, 0xce, 0xff, 0x0b, 0xe0, 0x1c, 0x38, 0xbb, 0xc3, 0xb8, 0xcd, 0x69, 0xaf, 0x23,
    0xc6, 0x38, 0xa6, 0x89, 0x85, 0xd0, 0xff, 0x10, 0x31, 0xe9, 0x7b,
];
