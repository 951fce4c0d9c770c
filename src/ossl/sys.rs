//! Declarations that `openssl-sys` lacks, checked against the headers by `tests/c/declarations.c`.

use std::ffi::{c_char, c_int, c_long, c_uint, c_ulong, c_void};

use libc::size_t;
use openssl_sys as ffi;

/// Opaque to us.
#[allow(non_camel_case_types)]
pub enum X509_PUBKEY {}

/// What [`X509_STORE_CTX_set_verify_cb`] takes.
pub type VerifyCallback = extern "C" fn(ok: c_int, context: *mut ffi::X509_STORE_CTX) -> c_int;
/// What [`X509_STORE_set_verify`] takes.
pub type StoreVerifyCallback = extern "C" fn(context: *mut ffi::X509_STORE_CTX) -> c_int;
/// What [`SSL_CTX_set_cert_verify_callback`] takes.
pub type CertVerifyCallback =
    extern "C" fn(context: *mut ffi::X509_STORE_CTX, argument: *mut c_void) -> c_int;
/// What [`X509_LOOKUP_meth_set_free`] takes.
pub type LookupFree = extern "C" fn(lookup: *mut ffi::X509_LOOKUP);
/// What [`X509_LOOKUP_meth_set_get_by_subject`] takes.
pub type LookupBySubject = extern "C" fn(
    lookup: *mut ffi::X509_LOOKUP,
    kind: c_int,
    name: *const ffi::X509_NAME,
    found: *mut ffi::X509_OBJECT,
) -> c_int;
/// What [`SSL_CTX_set_msg_callback`] takes.
pub type MessageCallback = extern "C" fn(
    sent: c_int,
    version: c_int,
    content: c_int,
    message: *const c_void,
    length: size_t,
    ssl: *mut ffi::SSL,
    argument: *mut c_void,
);

/// Opaque to us.
#[allow(non_camel_case_types)]
pub enum EVP_KEYMGMT {}
/// Opaque to us.
#[allow(non_camel_case_types)]
pub enum OSSL_CORE_HANDLE {}

/// One setting of a configuration file.
#[repr(C)]
#[allow(non_camel_case_types)]
pub struct CONF_VALUE {
    pub section: *mut c_char,
    pub name: *mut c_char,
    pub value: *mut c_char,
}

/// An algorithm that a provider offers; a list of them ends with names of NULL.
#[repr(C)]
#[derive(Clone, Copy)]
#[allow(non_camel_case_types)]
pub struct OSSL_ALGORITHM {
    pub algorithm_names: *const c_char,
    pub property_definition: *const c_char,
    pub implementation: *const OSSL_DISPATCH,
    pub algorithm_description: *const c_char,
}

/// A function by its number; a list of them ends with the number 0.
#[repr(C)]
#[allow(non_camel_case_types)]
pub struct OSSL_DISPATCH {
    pub function_id: c_int,
    pub function: ProviderFunction,
}

/// OpenSSL tells the types of functions apart by the number.
#[repr(C)]
#[derive(Clone, Copy)]
pub union ProviderFunction {
    pub query: Option<ProviderQuery>,
    pub capabilities: Option<ProviderCapabilities>,
}

/// provider-base(7), query_operation.
pub type ProviderQuery = extern "C" fn(
    provider: *mut c_void,
    operation: c_int,
    no_cache: *mut c_int,
) -> *const OSSL_ALGORITHM;
/// provider-base(7), get_capabilities.
pub type ProviderCapabilities = extern "C" fn(
    provider: *mut c_void,
    capability: *const c_char,
    visit: CapabilityVisit,
    argument: *mut c_void,
) -> c_int;
/// OSSL_CALLBACK, whose parameters are opaque to us.
pub type CapabilityVisit =
    unsafe extern "C" fn(parameters: *const c_void, argument: *mut c_void) -> c_int;
/// OSSL_provider_init_fn.
pub type ProviderInit = extern "C" fn(
    handle: *const OSSL_CORE_HANDLE,
    core: *const OSSL_DISPATCH,
    provider: *mut *const OSSL_DISPATCH,
    context: *mut *mut c_void,
) -> c_int;
/// What [`OSSL_PROVIDER_do_all`] takes.
pub type ProviderVisit =
    extern "C" fn(provider: *mut ffi::OSSL_PROVIDER, argument: *mut c_void) -> c_int;

unsafe extern "C" {
    /// stdlib.h, not OpenSSL's.
    pub fn secure_getenv(name: *const c_char) -> *mut c_char;

    pub fn ERR_peek_error() -> c_ulong;

    pub fn X509_STORE_CTX_set_verify_cb(
        context: *mut ffi::X509_STORE_CTX,
        callback: VerifyCallback,
    );
    pub fn X509_STORE_CTX_get0_param(
        context: *const ffi::X509_STORE_CTX,
    ) -> *mut ffi::X509_VERIFY_PARAM;
    pub fn X509_STORE_CTX_get0_cert(context: *const ffi::X509_STORE_CTX) -> *mut ffi::X509;
    pub fn X509_STORE_CTX_get0_untrusted(
        context: *const ffi::X509_STORE_CTX,
    ) -> *mut ffi::stack_st_X509;
    pub fn X509_STORE_CTX_set0_crls(
        context: *mut ffi::X509_STORE_CTX,
        crls: *mut ffi::stack_st_X509_CRL,
    );
    pub fn X509_STORE_CTX_set0_trusted_stack(
        context: *mut ffi::X509_STORE_CTX,
        anchors: *mut ffi::stack_st_X509,
    );
    pub fn X509_STORE_CTX_get1_certs(
        context: *mut ffi::X509_STORE_CTX,
        subject: *const ffi::X509_NAME,
    ) -> *mut ffi::stack_st_X509;
    pub fn X509_STORE_CTX_set_ex_data(
        context: *mut ffi::X509_STORE_CTX,
        index: c_int,
        data: *mut c_void,
    ) -> c_int;

    pub fn X509_VERIFY_PARAM_add1_host(
        param: *mut ffi::X509_VERIFY_PARAM,
        name: *const c_char,
        length: size_t,
    ) -> c_int;
    pub fn X509_VERIFY_PARAM_add0_policy(
        param: *mut ffi::X509_VERIFY_PARAM,
        policy: *mut ffi::ASN1_OBJECT,
    ) -> c_int;
    pub fn X509_VERIFY_PARAM_set_trust(param: *mut ffi::X509_VERIFY_PARAM, trust: c_int) -> c_int;

    pub fn X509_check_ca(certificate: *mut ffi::X509) -> c_int;
    pub fn X509_check_ip(
        certificate: *mut ffi::X509,
        address: *const u8,
        length: size_t,
        flags: c_uint,
    ) -> c_int;
    pub fn X509_NAME_print_ex(
        out: *mut ffi::BIO,
        name: *const ffi::X509_NAME,
        indent: c_int,
        flags: c_ulong,
    ) -> c_int;
    pub fn i2d_X509_PUBKEY(key: *const X509_PUBKEY, out: *mut *mut u8) -> c_int;
    pub fn X509_get_X509_PUBKEY(certificate: *const ffi::X509) -> *mut X509_PUBKEY;

    pub fn SSL_CTX_set_cert_verify_callback(
        context: *mut ffi::SSL_CTX,
        callback: Option<CertVerifyCallback>,
        argument: *mut c_void,
    );
    pub fn SSL_CTX_set_msg_callback(context: *mut ffi::SSL_CTX, callback: Option<MessageCallback>);
    pub fn SSL_SESSION_get_ticket_lifetime_hint(session: *const ffi::SSL_SESSION) -> c_ulong;
    pub fn SSL_SESSION_dup(session: *const ffi::SSL_SESSION) -> *mut ffi::SSL_SESSION;
    pub fn SSL_SESSION_is_resumable(session: *const ffi::SSL_SESSION) -> c_int;
    pub fn SSL_CTX_get_ciphers(context: *const ffi::SSL_CTX) -> *mut ffi::stack_st_SSL_CIPHER;

    pub fn X509_STORE_set_verify(store: *mut ffi::X509_STORE, callback: StoreVerifyCallback);
    pub fn X509_LOOKUP_meth_new(name: *const c_char) -> *mut ffi::X509_LOOKUP_METHOD;
    pub fn X509_LOOKUP_meth_set_free(
        method: *mut ffi::X509_LOOKUP_METHOD,
        free: LookupFree,
    ) -> c_int;
    pub fn X509_LOOKUP_meth_set_get_by_subject(
        method: *mut ffi::X509_LOOKUP_METHOD,
        find: LookupBySubject,
    ) -> c_int;
    pub fn X509_LOOKUP_set_method_data(lookup: *mut ffi::X509_LOOKUP, data: *mut c_void) -> c_int;
    pub fn X509_LOOKUP_get_method_data(lookup: *const ffi::X509_LOOKUP) -> *mut c_void;
    pub fn X509_LOOKUP_get_store(lookup: *const ffi::X509_LOOKUP) -> *mut ffi::X509_STORE;
    pub fn X509_LOOKUP_store() -> *mut ffi::X509_LOOKUP_METHOD;
    pub fn X509_OBJECT_set1_X509(
        object: *mut ffi::X509_OBJECT,
        certificate: *mut ffi::X509,
    ) -> c_int;
    pub fn OSSL_PROVIDER_add_builtin(
        context: *mut ffi::OSSL_LIB_CTX,
        name: *const c_char,
        init: ProviderInit,
    ) -> c_int;
    pub fn OSSL_PROVIDER_do_all(
        context: *mut ffi::OSSL_LIB_CTX,
        visit: ProviderVisit,
        argument: *mut c_void,
    ) -> c_int;
    pub fn OSSL_PROVIDER_get0_name(provider: *const ffi::OSSL_PROVIDER) -> *const c_char;
    pub fn OSSL_PROVIDER_get0_provider_ctx(provider: *const ffi::OSSL_PROVIDER) -> *mut c_void;
    pub fn OSSL_PROVIDER_query_operation(
        provider: *const ffi::OSSL_PROVIDER,
        operation: c_int,
        no_cache: *mut c_int,
    ) -> *const OSSL_ALGORITHM;
    pub fn OSSL_PROVIDER_get_capabilities(
        provider: *const ffi::OSSL_PROVIDER,
        capability: *const c_char,
        visit: CapabilityVisit,
        argument: *mut c_void,
    ) -> c_int;
    pub fn SSL_CTX_new_ex(
        context: *mut ffi::OSSL_LIB_CTX,
        properties: *const c_char,
        method: *const ffi::SSL_METHOD,
    ) -> *mut ffi::SSL_CTX;
    pub fn EVP_KEYMGMT_fetch(
        context: *mut ffi::OSSL_LIB_CTX,
        algorithm: *const c_char,
        properties: *const c_char,
    ) -> *mut EVP_KEYMGMT;
    pub fn EVP_KEYMGMT_get0_provider(keys: *const EVP_KEYMGMT) -> *const ffi::OSSL_PROVIDER;
    pub fn EVP_KEYMGMT_free(keys: *mut EVP_KEYMGMT);
    pub fn EVP_PKEY_get_bn_param(
        key: *const ffi::EVP_PKEY,
        name: *const c_char,
        number: *mut *mut ffi::BIGNUM,
    ) -> c_int;
    pub fn EVP_PKEY_get_octet_string_param(
        key: *const ffi::EVP_PKEY,
        name: *const c_char,
        octets: *mut u8,
        room: size_t,
        length: *mut size_t,
    ) -> c_int;
    pub fn d2i_PUBKEY_ex(
        key: *mut *mut ffi::EVP_PKEY,
        octets: *mut *const u8,
        length: c_long,
        context: *mut ffi::OSSL_LIB_CTX,
        properties: *const c_char,
    ) -> *mut ffi::EVP_PKEY;
    pub fn X509_new_ex(
        context: *mut ffi::OSSL_LIB_CTX,
        properties: *const c_char,
    ) -> *mut ffi::X509;
    pub fn X509_get0_pubkey(certificate: *const ffi::X509) -> *mut ffi::EVP_PKEY;
    pub fn CONF_get1_default_config_file() -> *mut c_char;
    pub fn NCONF_load(settings: *mut ffi::CONF, file: *const c_char, line: *mut c_long) -> c_int;
    pub fn NCONF_get_string(
        settings: *const ffi::CONF,
        section: *const c_char,
        name: *const c_char,
    ) -> *mut c_char;
    pub fn NCONF_get_section(
        settings: *const ffi::CONF,
        section: *const c_char,
    ) -> *mut ffi::OPENSSL_STACK;
    pub fn SSL_in_before(ssl: *const ffi::SSL) -> c_int;
    pub fn SSL_set_options(ssl: *mut ffi::SSL, options: u64) -> u64;
}

/// OpenSSL's numbers for what can be wrong with a path (`openssl/x509_vfy.h`), as far as the judge
/// tells them apart.
pub mod fault {
    #![allow(missing_docs)]
    pub const UNSPECIFIED: i32 = 1;
    pub const UNABLE_TO_GET_ISSUER_CERT: i32 = 2;
    pub const UNABLE_TO_GET_CRL: i32 = 3;
    pub const UNABLE_TO_DECRYPT_CERT_SIGNATURE: i32 = 4;
    pub const UNABLE_TO_DECRYPT_CRL_SIGNATURE: i32 = 5;
    pub const UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY: i32 = 6;
    pub const CERT_SIGNATURE_FAILURE: i32 = 7;
    pub const CRL_SIGNATURE_FAILURE: i32 = 8;
    pub const CERT_NOT_YET_VALID: i32 = 9;
    pub const CERT_HAS_EXPIRED: i32 = 10;
    pub const CRL_NOT_YET_VALID: i32 = 11;
    pub const CRL_HAS_EXPIRED: i32 = 12;
    pub const ERROR_IN_CRL_LAST_UPDATE_FIELD: i32 = 15;
    pub const ERROR_IN_CRL_NEXT_UPDATE_FIELD: i32 = 16;
    pub const DEPTH_ZERO_SELF_SIGNED_CERT: i32 = 18;
    pub const SELF_SIGNED_CERT_IN_CHAIN: i32 = 19;
    pub const UNABLE_TO_GET_ISSUER_CERT_LOCALLY: i32 = 20;
    pub const UNABLE_TO_VERIFY_LEAF_SIGNATURE: i32 = 21;
    pub const CERT_CHAIN_TOO_LONG: i32 = 22;
    pub const CERT_REVOKED: i32 = 23;
    pub const NO_ISSUER_PUBLIC_KEY: i32 = 24;
    pub const PATH_LENGTH_EXCEEDED: i32 = 25;
    pub const INVALID_PURPOSE: i32 = 26;
    pub const CERT_UNTRUSTED: i32 = 27;
    pub const CERT_REJECTED: i32 = 28;
    pub const UNABLE_TO_GET_CRL_ISSUER: i32 = 33;
    pub const UNHANDLED_CRITICAL_EXTENSION: i32 = 34;
    pub const KEYUSAGE_NO_CRL_SIGN: i32 = 35;
    pub const UNHANDLED_CRITICAL_CRL_EXTENSION: i32 = 36;
    pub const DIFFERENT_CRL_SCOPE: i32 = 44;
    pub const CRL_PATH_VALIDATION_ERROR: i32 = 54;
    pub const PERMITTED_VIOLATION: i32 = 47;
    pub const EXCLUDED_VIOLATION: i32 = 48;
    pub const SUBTREE_MINMAX: i32 = 49;
    pub const UNSUPPORTED_CONSTRAINT_TYPE: i32 = 51;
    pub const UNSUPPORTED_CONSTRAINT_SYNTAX: i32 = 52;
    pub const UNSUPPORTED_NAME_SYNTAX: i32 = 53;
    pub const HOSTNAME_MISMATCH: i32 = 62;
    pub const EMAIL_MISMATCH: i32 = 63;
    pub const IP_ADDRESS_MISMATCH: i32 = 64;
    pub const EE_KEY_TOO_SMALL: i32 = 66;
    pub const CA_KEY_TOO_SMALL: i32 = 67;
    pub const CA_MD_TOO_WEAK: i32 = 68;
    pub const INVALID_CA: i32 = 79;
    pub const CA_CERT_MISSING_KEY_USAGE: i32 = 92;
    /// First of the rules that only X509_V_FLAG_X509_STRICT asks for.
    pub const STRICT_FIRST: i32 = 80;
    /// Last of them (94 is explicit curve parameters, which are always refused).
    pub const STRICT_LAST: i32 = 93;
}
