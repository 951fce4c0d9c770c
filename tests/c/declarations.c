/* The declarations of src/ossl/sys.rs against the installed OpenSSL headers, and those of
 * src/discover/libresolv.rs and libunbound.rs against <resolv.h> and <unbound.h>.
 *
 * Compiling is the test: a signature or a number that differs does not compile. Keep the order of
 * the Rust files. */
/* For res_nquery and offsetof of members of unions. */
#define _DEFAULT_SOURCE
/* For secure_getenv. */
#define _GNU_SOURCE
/* For what is left of the engines. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <netinet/in.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <resolv.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unbound.h>

#include <openssl/conf.h>
#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

char *(*const getenv_safely)(const char *) = secure_getenv;

unsigned long (*const err_peek_error)(void) = ERR_peek_error;

void (*const set_verify_cb)(X509_STORE_CTX *, int (*)(int, X509_STORE_CTX *)) = X509_STORE_CTX_set_verify_cb;
X509_VERIFY_PARAM *(*const get0_param)(const X509_STORE_CTX *) = X509_STORE_CTX_get0_param;
X509 *(*const get0_cert)(const X509_STORE_CTX *) = X509_STORE_CTX_get0_cert;
STACK_OF(X509) *(*const get0_untrusted)(const X509_STORE_CTX *) = X509_STORE_CTX_get0_untrusted;
void (*const set0_crls)(X509_STORE_CTX *, STACK_OF(X509_CRL) *) = X509_STORE_CTX_set0_crls;
void (*const set0_trusted_stack)(X509_STORE_CTX *, STACK_OF(X509) *) = X509_STORE_CTX_set0_trusted_stack;
STACK_OF(X509) *(*const get1_certs)(X509_STORE_CTX *, const X509_NAME *) = X509_STORE_CTX_get1_certs;
int (*const set_ex_data)(X509_STORE_CTX *, int, void *) = X509_STORE_CTX_set_ex_data;

int (*const add1_host)(X509_VERIFY_PARAM *, const char *, size_t) = X509_VERIFY_PARAM_add1_host;
int (*const add0_policy)(X509_VERIFY_PARAM *, ASN1_OBJECT *) = X509_VERIFY_PARAM_add0_policy;
int (*const set_trust)(X509_VERIFY_PARAM *, int) = X509_VERIFY_PARAM_set_trust;

int (*const check_ca)(X509 *) = X509_check_ca;
int (*const check_ip)(X509 *, const unsigned char *, size_t, unsigned int) = X509_check_ip;
int (*const name_print_ex)(BIO *, const X509_NAME *, int, unsigned long) = X509_NAME_print_ex;
int (*const i2d_pubkey)(const X509_PUBKEY *, unsigned char **) = i2d_X509_PUBKEY;
X509_PUBKEY *(*const get_pubkey)(const X509 *) = X509_get_X509_PUBKEY;

void (*const set_cert_verify_callback)(SSL_CTX *, int (*)(X509_STORE_CTX *, void *), void *) =
    SSL_CTX_set_cert_verify_callback;
void (*const set_msg_callback)(SSL_CTX *,
                              void (*)(int, int, int, const void *, size_t, SSL *, void *)) =
    SSL_CTX_set_msg_callback;
unsigned long (*const lifetime_hint)(const SSL_SESSION *) = SSL_SESSION_get_ticket_lifetime_hint;
SSL_SESSION *(*const session_dup)(const SSL_SESSION *) = SSL_SESSION_dup;
int (*const is_resumable)(const SSL_SESSION *) = SSL_SESSION_is_resumable;
STACK_OF(SSL_CIPHER) *(*const get_ciphers)(const SSL_CTX *) = SSL_CTX_get_ciphers;

void (*const store_set_verify)(X509_STORE *, X509_STORE_CTX_verify_fn) = X509_STORE_set_verify;
X509_LOOKUP_METHOD *(*const lookup_meth_new)(const char *) = X509_LOOKUP_meth_new;
int (*const lookup_set_free)(X509_LOOKUP_METHOD *, void (*)(X509_LOOKUP *)) = X509_LOOKUP_meth_set_free;
int (*const lookup_set_by_subject)(X509_LOOKUP_METHOD *,
                                   int (*)(X509_LOOKUP *, X509_LOOKUP_TYPE, const X509_NAME *,
                                           X509_OBJECT *)) = X509_LOOKUP_meth_set_get_by_subject;
int (*const lookup_set_data)(X509_LOOKUP *, void *) = X509_LOOKUP_set_method_data;
void *(*const lookup_get_data)(const X509_LOOKUP *) = X509_LOOKUP_get_method_data;
X509_STORE *(*const lookup_get_store)(const X509_LOOKUP *) = X509_LOOKUP_get_store;
X509_LOOKUP_METHOD *(*const lookup_store)(void) = X509_LOOKUP_store;
int (*const object_set1)(X509_OBJECT *, X509 *) = X509_OBJECT_set1_X509;
/* Passed as an int. */
typedef char lookup_type_is_int[sizeof(X509_LOOKUP_TYPE) == sizeof(int) ? 1 : -1];
typedef char lu_x509_is_1[X509_LU_X509 == 1 ? 1 : -1];
typedef char file_type_is_3[X509_FILETYPE_DEFAULT == 3 ? 1 : -1];
typedef char commands_are_2_and_3[X509_L_ADD_DIR == 2 && X509_L_ADD_STORE == 3 ? 1 : -1];
int (*const add_builtin)(OSSL_LIB_CTX *, const char *, OSSL_provider_init_fn *) = OSSL_PROVIDER_add_builtin;
int (*const provider_do_all)(OSSL_LIB_CTX *, int (*)(OSSL_PROVIDER *, void *), void *) = OSSL_PROVIDER_do_all;
const char *(*const provider_name)(const OSSL_PROVIDER *) = OSSL_PROVIDER_get0_name;
void *(*const provider_ctx)(const OSSL_PROVIDER *) = OSSL_PROVIDER_get0_provider_ctx;
const OSSL_ALGORITHM *(*const provider_query)(const OSSL_PROVIDER *, int, int *) = OSSL_PROVIDER_query_operation;
const OSSL_ALGORITHM *(*const query_type)(void *, int, int *) =
    (OSSL_FUNC_provider_query_operation_fn *)NULL;
int (*const init_type)(const OSSL_CORE_HANDLE *, const OSSL_DISPATCH *, const OSSL_DISPATCH **, void **) =
    (OSSL_provider_init_fn *)NULL;
typedef char numbers_of_providers[OSSL_OP_KEYMGMT == 10 && OSSL_OP_DECODER == 21
                                          && OSSL_FUNC_PROVIDER_QUERY_OPERATION == 1027
                                      ? 1
                                      : -1];
typedef char algorithm_is_four_pointers[sizeof(OSSL_ALGORITHM) == 4 * sizeof(void *) ? 1 : -1];
typedef char dispatch_is_a_number_and_a_pointer[offsetof(OSSL_DISPATCH, function) == sizeof(void *)
                                                        && sizeof(OSSL_DISPATCH) == 2 * sizeof(void *)
                                                    ? 1
                                                    : -1];
typedef char name_is_second[offsetof(CONF_VALUE, name) == sizeof(char *)
                                    && sizeof(CONF_VALUE) == 3 * sizeof(char *)
                                ? 1
                                : -1];
EVP_KEYMGMT *(*const keymgmt_fetch)(OSSL_LIB_CTX *, const char *, const char *) = EVP_KEYMGMT_fetch;
const OSSL_PROVIDER *(*const keymgmt_provider)(const EVP_KEYMGMT *) = EVP_KEYMGMT_get0_provider;
void (*const keymgmt_free)(EVP_KEYMGMT *) = EVP_KEYMGMT_free;
int (*const get_bn)(const EVP_PKEY *, const char *, BIGNUM **) = EVP_PKEY_get_bn_param;
int (*const get_octets)(const EVP_PKEY *, const char *, unsigned char *, size_t, size_t *) =
    EVP_PKEY_get_octet_string_param;
EVP_PKEY *(*const pubkey_ex)(EVP_PKEY **, const unsigned char **, long, OSSL_LIB_CTX *, const char *) =
    d2i_PUBKEY_ex;
X509 *(*const x509_new_ex)(OSSL_LIB_CTX *, const char *) = X509_new_ex;
EVP_PKEY *(*const x509_pubkey)(const X509 *) = X509_get0_pubkey;
char *(*const config_file)(void) = CONF_get1_default_config_file;
int (*const nconf_load)(CONF *, const char *, long *) = NCONF_load;
char *(*const nconf_string)(const CONF *, const char *, const char *) = NCONF_get_string;
STACK_OF(CONF_VALUE) *(*const nconf_section)(const CONF *, const char *) = NCONF_get_section;
/* Looked up by name in src/ossl/library, where a build may not have them. */
#ifndef OPENSSL_NO_ENGINE
ENGINE *(*const pkey_meth_engine)(int) = ENGINE_get_pkey_meth_engine;
int (*const engine_finish)(ENGINE *) = ENGINE_finish;
#endif
int (*const in_before)(const SSL *) = SSL_in_before;
uint64_t (*const set_options)(SSL *, uint64_t) = SSL_set_options;

/* C99 has no static assertion: an array of negative size is the error. */
#define SAME(name, number) typedef char same_##name[(X509_V_ERR_##name == (number)) ? 1 : -1]

SAME(UNSPECIFIED, 1);
SAME(UNABLE_TO_GET_ISSUER_CERT, 2);
SAME(UNABLE_TO_GET_CRL, 3);
SAME(UNABLE_TO_DECRYPT_CERT_SIGNATURE, 4);
SAME(UNABLE_TO_DECRYPT_CRL_SIGNATURE, 5);
SAME(UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY, 6);
SAME(CERT_SIGNATURE_FAILURE, 7);
SAME(CRL_SIGNATURE_FAILURE, 8);
SAME(CERT_NOT_YET_VALID, 9);
SAME(CERT_HAS_EXPIRED, 10);
SAME(CRL_NOT_YET_VALID, 11);
SAME(CRL_HAS_EXPIRED, 12);
SAME(ERROR_IN_CRL_LAST_UPDATE_FIELD, 15);
SAME(ERROR_IN_CRL_NEXT_UPDATE_FIELD, 16);
SAME(DEPTH_ZERO_SELF_SIGNED_CERT, 18);
SAME(SELF_SIGNED_CERT_IN_CHAIN, 19);
SAME(UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 20);
SAME(UNABLE_TO_VERIFY_LEAF_SIGNATURE, 21);
SAME(CERT_CHAIN_TOO_LONG, 22);
SAME(CERT_REVOKED, 23);
SAME(NO_ISSUER_PUBLIC_KEY, 24);
SAME(PATH_LENGTH_EXCEEDED, 25);
SAME(INVALID_PURPOSE, 26);
SAME(CERT_UNTRUSTED, 27);
SAME(CERT_REJECTED, 28);
SAME(UNABLE_TO_GET_CRL_ISSUER, 33);
SAME(UNHANDLED_CRITICAL_EXTENSION, 34);
SAME(KEYUSAGE_NO_CRL_SIGN, 35);
SAME(UNHANDLED_CRITICAL_CRL_EXTENSION, 36);
SAME(DIFFERENT_CRL_SCOPE, 44);
SAME(PERMITTED_VIOLATION, 47);
SAME(EXCLUDED_VIOLATION, 48);
SAME(SUBTREE_MINMAX, 49);
SAME(UNSUPPORTED_CONSTRAINT_TYPE, 51);
SAME(UNSUPPORTED_CONSTRAINT_SYNTAX, 52);
SAME(UNSUPPORTED_NAME_SYNTAX, 53);
SAME(CRL_PATH_VALIDATION_ERROR, 54);
SAME(HOSTNAME_MISMATCH, 62);
SAME(EMAIL_MISMATCH, 63);
SAME(IP_ADDRESS_MISMATCH, 64);
SAME(EE_KEY_TOO_SMALL, 66);
SAME(CA_KEY_TOO_SMALL, 67);
SAME(CA_MD_TOO_WEAK, 68);
SAME(INVALID_CA, 79);
SAME(CA_CERT_MISSING_KEY_USAGE, 92);
SAME(PATHLEN_INVALID_FOR_NON_CA, 80); /* STRICT_FIRST */
SAME(EXTENSIONS_REQUIRE_VERSION_3, 93); /* STRICT_LAST */

typedef char same_app_data[(SSL_AD_REASON_OFFSET == 1000 && SSL_R_CERTIFICATE_VERIFY_FAILED == 134
                            && SSL_R_BAD_EXTENSION == 110
                            && SSL_R_UNSUPPORTED_PROTOCOL == 258 && SSL_R_WRONG_SSL_VERSION == 266
                            && SSL_R_UNEXPECTED_EOF_WHILE_READING == 294
                            && SSL_R_VERSION_TOO_LOW == 396 && X509_TRUST_SSL_CLIENT == 2
                            && X509_TRUST_SSL_SERVER == 3 && BIO_CTRL_INFO == 3
                            && X509_V_FLAG_NO_CHECK_TIME == 0x200000)
                               ? 1
                               : -1];

/* src/discover/libresolv.rs */
int (*const ninit)(res_state) = res_ninit;
void (*const nclose)(res_state) = res_nclose;
int (*const nquery)(res_state, const char *, int, int, unsigned char *, int) = res_nquery;

#define HOLDS(name, condition) typedef char holds_##name[(condition) ? 1 : -1]

HOLDS(options, RES_USE_EDNS0 == 0x00100000 && RES_USE_DNSSEC == 0x00800000 && RES_TRUSTAD == 0x04000000);
HOLDS(numbers, MAXNS == 3 && HOST_NOT_FOUND == 1 && NO_DATA == 4 && ns_c_in == 1);
#if UINTPTR_MAX == 0xffffffffffffffff
HOLDS(size, sizeof(struct __res_state) == 568);
HOLDS(nsaddr_list, offsetof(struct __res_state, nsaddr_list) == 20);
HOLDS(dnsrch, offsetof(struct __res_state, dnsrch) == 72);
HOLDS(res_h_errno, offsetof(struct __res_state, res_h_errno) == 496);
HOLDS(tail, offsetof(struct __res_state, _u) == 512);
HOLDS(nssocks, offsetof(struct __res_state, _u._ext.nssocks) == 512 + 8);
HOLDS(nsaddrs, offsetof(struct __res_state, _u._ext.nsaddrs) == 512 + 24);
#endif

/* src/discover/libunbound.rs */
struct ub_ctx *(*const ctx_create)(void) = ub_ctx_create;
void (*const ctx_delete)(struct ub_ctx *) = ub_ctx_delete;
int (*const ctx_debugout)(struct ub_ctx *, void *) = ub_ctx_debugout;
int (*const ctx_async)(struct ub_ctx *, int) = ub_ctx_async;
int (*const ctx_set_option)(struct ub_ctx *, const char *, const char *) = ub_ctx_set_option;
int (*const ctx_set_fwd)(struct ub_ctx *, const char *) = ub_ctx_set_fwd;
int (*const ctx_resolvconf)(struct ub_ctx *, const char *) = ub_ctx_resolvconf;
int (*const ctx_add_ta_file)(struct ub_ctx *, const char *) = ub_ctx_add_ta_file;
int (*const ctx_zone_add)(struct ub_ctx *, const char *, const char *) = ub_ctx_zone_add;
int (*const resolve_async)(struct ub_ctx *, const char *, int, int, void *,
                           void (*)(void *, int, struct ub_result *), int *) = ub_resolve_async;
int (*const cancel)(struct ub_ctx *, int) = ub_cancel;
int (*const fd)(struct ub_ctx *) = ub_fd;
int (*const process)(struct ub_ctx *) = ub_process;
void (*const resolve_free)(struct ub_result *) = ub_resolve_free;
const char *(*const ub_words)(int) = ub_strerror;

#if UINTPTR_MAX == 0xffffffffffffffff
HOLDS(ub_rcode, offsetof(struct ub_result, rcode) == 40);
HOLDS(ub_answer_packet, offsetof(struct ub_result, answer_packet) == 48);
HOLDS(ub_answer_len, offsetof(struct ub_result, answer_len) == 56);
HOLDS(ub_secure, offsetof(struct ub_result, secure) == 68);
HOLDS(ub_bogus, offsetof(struct ub_result, bogus) == 72);
HOLDS(ub_why_bogus, offsetof(struct ub_result, why_bogus) == 80);
HOLDS(ub_size, sizeof(struct ub_result) == 96);
#endif
