/*
 * libstarttls_verify: is the peer behind this upgraded connection the one who was meant?
 *
 * Generated from src/ffi by `make abi`. Do not edit.
 *
 * What holds for every function:
 *
 * - A status of STV_OK from a call that verifies means: the peer is trusted. Nothing else does.
 * - Inputs are copied. Only _new, _dup and ** parameters give ownership, to be ended with _free.
 * - A const char * result belongs to the handle it was asked from (or to the library), is UTF-8,
 *   ends with a NUL, and is never NULL.
 * - Text and bytes come with their length in octets, without a NUL. NULL is fine where it is 0.
 * - Out-parameters are cleared first and written on success. A report is written for every status
 *   of 200 to 499 as well.
 * - stv_verifier and stv_report may be shared by threads; other handles by one thread at a time.
 * - A first parameter that is const is not changed.
 *
 * docs/abi.md has the whole contract.
 */
#ifndef STARTTLS_VERIFY_H
#define STARTTLS_VERIFY_H

#include <stddef.h>
#include <stdint.h>

/* The level of this header; stv_abi_level() tells that of the library. */
#define STV_ABI_LEVEL 1

#ifdef __cplusplus
extern "C" {
#endif

/**
 * What a call answers: a number of stv_status_code. 0 is STV_OK, and a call that verifies
 * returns it only when the peer is trusted. 1-99 is flow, 100-199 the caller's fault, 200-299 the
 * peer's plaintext protocol, 300-399 TLS and IO, 400-499 verification.
 */
typedef int stv_status;

/**
 * Options, by name and type, until a verifier is made from them (docs/options.md lists them). Used
 * by one thread at a time. An unknown or misspelt option is an error that names the nearest known
 * one; a value that weakens security is accepted only under the option's insecure_ name.
 */
typedef struct stv_config stv_config;

/**
 * A frozen configuration with its CA certificates loaded. Counted and never changed: any number of
 * threads, and processes after a fork, may use one. Make it once and keep it; loading the CA
 * certificates is the expensive part.
 */
typedef struct stv_verifier stv_verifier;

/**
 * Whom we expect: protocol, host, port, and what else the certificate may be for. Used by one
 * thread at a time. A session copies it, so it may be changed or freed afterwards.
 */
typedef struct stv_peer stv_peer;

/**
 * The servers of a domain as MX or SRV records name them, the best first; at least one. It does not
 * change. Used by one thread at a time.
 */
typedef struct stv_servers stv_servers;

/**
 * Certificates as the peer sent them, leaf first. Used by one thread at a time.
 */
typedef struct stv_chain stv_chain;

/**
 * A store of known peers on disk: for each protocol, host and port the key that was seen
 * (docs/known-peers.md). Used by one thread at a time; several handles and several processes may use
 * one file. It holds no descriptor and no lock between two calls, and may be used after a fork.
 *
 * Before a handshake, stv_peer_set_known asks the store about a peer; the judge weighs the answer.
 * After one that ended with STV_OK, stv_known_peers_remember writes. Nothing is written otherwise.
 */
typedef struct stv_known_peers stv_known_peers;

/**
 * One conversation with one peer: STARTTLS, handshake, verdict, application data. Used by one
 * thread at a time. It belongs to the process that made it: after a fork the child gets STV_E_STATE
 * from every call, and stv_session_free there sends nothing.
 *
 * Either the caller moves the bytes: stv_session_feed what was received, stv_session_step, send what
 * stv_session_take gives, until the step answers STV_OK; the same around stv_session_read and
 * _write. Or the session moves them: stv_session_run_fd on a connected socket, or
 * stv_session_connect. A status of 200 and above is final; every later call gives it again.
 */
typedef struct stv_session stv_session;

/**
 * Every check with its outcome, and the verdict. Counted and never changed: any number of threads
 * may read one. Its texts live as long as the report.
 */
typedef struct stv_report stv_report;

/**
 * The summing report of TLSRPT (RFC 8460, docs/tls-rpt.md) for one mail domain. Used by one thread at a
 * time. Begin it, say who reports and for which time, add the reports of sessions, write it.
 */
typedef struct stv_tls_rpt stv_tls_rpt;

/**
 * Statuses: did the call do its job? The hundreds say whose fault it is.
 */
enum stv_status_code {
    /* the peer is trusted, or the call did what it was asked */
    STV_OK = 0,
    /* bytes from the peer are needed: read from the connection, feed them, call again */
    STV_WANT_READ = 1,
    /* bytes for the peer are waiting: take them, send them, call again */
    STV_WANT_WRITE = 2,
    /* the peer ended the secured connection properly (close_notify) */
    STV_CLOSED = 3,
    /* the session is encrypted but its peer is not trusted, as the caller allowed; see the report */
    STV_OPEN_UNVERIFIED = 4,
    /* a required pointer is NULL */
    STV_E_NULL = 100,
    /* an argument is out of range or malformed */
    STV_E_ARGUMENT = 101,
    /* the handle is not in a state that allows this call */
    STV_E_STATE = 102,
    /* an internal fault was caught; the handle cannot be used any more, freeing it is safe */
    STV_E_PANIC = 103,
    /* out of memory */
    STV_E_MEMORY = 104,
    /* no option has this name */
    STV_E_OPTION_UNKNOWN = 105,
    /* the option takes a value of another type */
    STV_E_OPTION_TYPE = 106,
    /* the option does not take this value */
    STV_E_OPTION_VALUE = 107,
    /* the value weakens security and is accepted only under the option's insecure_ name */
    STV_E_INSECURE = 108,
    /* a file or directory does not exist */
    STV_E_FILE_MISSING = 109,
    /* a file or directory cannot be read */
    STV_E_FILE_UNREADABLE = 110,
    /* a file or directory holds nothing of the kind that was expected */
    STV_E_FILE_EMPTY = 111,
    /* the configuration file is malformed */
    STV_E_CONFIG = 112,
    /* a certificate, key or CRL handed in cannot be parsed */
    STV_E_CERTIFICATE = 113,
    /* a reference name is not valid */
    STV_E_NAME = 114,
    /* a pin is malformed */
    STV_E_PIN = 115,
    /* text is not UTF-8 or holds a NUL */
    STV_E_ENCODING = 116,
    /* this build does not support what was asked */
    STV_E_UNSUPPORTED = 117,
    /* a TLSA record is malformed */
    STV_E_TLSA = 118,
    /* a file that the library keeps is torn, truncated or not what the library writes */
    STV_E_FILE_DAMAGED = 120,
    /* a file or directory that the library keeps could be changed by others, or is no regular file */
    STV_E_FILE_UNSAFE = 121,
    /* a file or directory cannot be written, or not for certain; no half of an update is left */
    STV_E_FILE_UNWRITABLE = 122,
    /* another process did not give up a file in time */
    STV_E_FILE_BUSY = 123,
    /* the server does not offer STARTTLS */
    STV_E_NOT_OFFERED = 200,
    /* the server refused STARTTLS */
    STV_E_REFUSED = 201,
    /* the server refused STARTTLS for now */
    STV_E_REFUSED_TEMPORARILY = 202,
    /* plaintext was sent behind the go-ahead for TLS */
    STV_E_INJECTED = 203,
    /* the server answered before it was asked */
    STV_E_PIPELINED = 204,
    /* the server does not speak the protocol */
    STV_E_PROTOCOL = 205,
    /* a line of the server exceeds the limit */
    STV_E_LINE_TOO_LONG = 206,
    /* the server sent more lines than the limit */
    STV_E_TOO_MANY_LINES = 207,
    /* the server sent more bytes than the limit */
    STV_E_TOO_MUCH_DATA = 208,
    /* the server greets with a refusal */
    STV_E_GREETING_REJECTED = 209,
    /* the server greets with a refusal for now */
    STV_E_GREETING_REJECTED_TEMPORARILY = 210,
    /* the server ended the conversation before TLS */
    STV_E_SERVER_BYE = 211,
    /* the server claims that the session is authenticated before TLS */
    STV_E_PREAUTH = 212,
    /* the server sent data that has no place before TLS */
    STV_E_UNEXPECTED_DATA = 213,
    /* the server speaks TLS at once: this is an implicit-TLS port */
    STV_E_TLS_ON_PLAIN_PORT = 214,
    /* the TLS handshake failed */
    STV_E_TLS_HANDSHAKE = 300,
    /* the server speaks no TLS version that is allowed */
    STV_E_TLS_VERSION = 301,
    /* the server ended TLS with an alert */
    STV_E_TLS_ALERT = 302,
    /* the connection ended without close_notify: what was read may be cut off */
    STV_E_TLS_TRUNCATED = 303,
    /* the TLS connection broke after the handshake */
    STV_E_TLS_PROTOCOL = 304,
    /* the server chose an application protocol that was not offered */
    STV_E_TLS_ALPN = 305,
    /* reading from or writing to the connection failed */
    STV_E_IO = 310,
    /* the server closed the connection before TLS stood */
    STV_E_IO_CLOSED = 311,
    /* a deadline passed */
    STV_E_TIMEOUT = 312,
    /* the host name has no address */
    STV_E_RESOLVE = 313,
    /* no address of the host could be connected to */
    STV_E_CONNECT = 314,
    /* the domain has no such service, and its DNS says so */
    STV_E_NO_SERVICE = 315,
    /* an answer of the DNS fails validation (DNSSEC): forged, or a broken zone */
    STV_E_DNS_BOGUS = 316,
    /* a look-up in the DNS came to no usable answer */
    STV_E_DNS_FAILED = 317,
    /* the peer is not trusted; the report says why */
    STV_E_REJECTED = 400
};

/**
 * Verdicts. UNKNOWN is 0, so that zeroed memory never reads as trust.
 */
enum stv_verdict {
    /* Nothing was decided, because the peer could not be judged. */
    STV_VERDICT_UNKNOWN = 0,
    /* The peer is who was meant. */
    STV_VERDICT_TRUSTED = 1,
    /* It is not. */
    STV_VERDICT_REJECTED = 2,
    /* Encrypted and nothing more, by the caller's own choice. */
    STV_VERDICT_UNAUTHENTICATED = 3
};

/**
 * What a finding checked.
 */
enum stv_check {
    /* The negotiation in plaintext. */
    STV_CHECK_STARTTLS = 0,
    /* The TLS handshake and connection. */
    STV_CHECK_TLS = 1,
    /* The transport below. */
    STV_CHECK_IO = 2,
    /* The way from the certificate to a trust anchor. */
    STV_CHECK_CHAIN = 3,
    /* The names in the certificate. */
    STV_CHECK_NAME = 4,
    /* Pins. */
    STV_CHECK_PIN = 5,
    /* Whether the CA revoked the certificate, as the server itself can show (OCSP). */
    STV_CHECK_REVOCATION = 6,
    /* Whether the certificate stands in public logs (SCT). */
    STV_CHECK_TRANSPARENCY = 7,
    /* What is known of the peer from before. */
    STV_CHECK_KNOWN = 8,
    /* TLSA records. */
    STV_CHECK_DANE = 9,
    /* The domain's MTA-STS policy. */
    STV_CHECK_MTA_STS = 10,
    /* What else the DNS says of the peer; it may be a reason to refuse, and never one to trust. */
    STV_CHECK_EVIDENCE = 11
};

/**
 * How a check came out. "Could not check" is SKIP and never counts as PASS.
 */
enum stv_outcome {
    /* Checked, and good. */
    STV_OUTCOME_PASS = 1,
    /* Checked, and bad. */
    STV_OUTCOME_FAIL = 2,
    /* Not checked. */
    STV_OUTCOME_SKIP = 0,
    /* Worth knowing; weighs nothing. */
    STV_OUTCOME_NOTE = 3
};

/**
 * How TLSA records came from the DNS, or why there are none.
 */
enum stv_tlsa_state {
    STV_TLSA_GIVEN = 0,
    /* Validated by DNSSEC. */
    STV_TLSA_SECURE = 1,
    /* Provably from a zone that is not signed: worth nothing. */
    STV_TLSA_INSECURE = 2,
    /* Validation failed: forged, or a broken zone. */
    STV_TLSA_BOGUS = 3,
    /* The look-up failed: nobody knows whether there are any. */
    STV_TLSA_LOOKUP_FAILED = 4
};

/**
 * How the host of a peer came to be the one that is meant.
 */
enum stv_provenance {
    STV_PROVENANCE_USER = 0,
    /* By records that were validated (DNSSEC). */
    STV_PROVENANCE_SECURE = 1,
    /* By records that nobody vouches for. */
    STV_PROVENANCE_INSECURE = 2
};

/**
 * Protocols that a peer is spoken to in.
 */
enum stv_protocol {
    /* tls:// */
    STV_PROTOCOL_TLS = 0,
    /* smtp://, port 25 */
    STV_PROTOCOL_SMTP = 1,
    /* submission://, port 587 */
    STV_PROTOCOL_SUBMISSION = 2,
    /* lmtp://, port 24 */
    STV_PROTOCOL_LMTP = 3,
    /* imap://, port 143 */
    STV_PROTOCOL_IMAP = 4,
    /* pop3://, port 110 */
    STV_PROTOCOL_POP3 = 5,
    /* sieve://, port 4190 */
    STV_PROTOCOL_SIEVE = 6,
    /* ftp://, port 21 */
    STV_PROTOCOL_FTP = 7,
    /* xmpp://, port 5222 */
    STV_PROTOCOL_XMPP = 8,
    /* xmpp-server://, port 5269 */
    STV_PROTOCOL_XMPP_SERVER = 9,
    /* ldap://, port 389 */
    STV_PROTOCOL_LDAP = 10,
    /* nntp://, port 119 */
    STV_PROTOCOL_NNTP = 11,
    /* irc://, port 6667 */
    STV_PROTOCOL_IRC = 12,
    /* postgres://, port 5432 */
    STV_PROTOCOL_POSTGRES = 13,
    /* mysql://, port 3306 */
    STV_PROTOCOL_MYSQL = 14,
    /* nut://, port 3493 */
    STV_PROTOCOL_NUT = 15,
    /* nbd://, port 10809 */
    STV_PROTOCOL_NBD = 16,
    /* rdp://, port 3389 */
    STV_PROTOCOL_RDP = 17,
    /* vnc://, port 5900 */
    STV_PROTOCOL_VNC = 18,
    /* amqp://, port 5672 */
    STV_PROTOCOL_AMQP = 19,
    /* nats://, port 4222 */
    STV_PROTOCOL_NATS = 20,
    /* submissions://, port 465 */
    STV_PROTOCOL_SUBMISSIONS = 21,
    /* imaps://, port 993 */
    STV_PROTOCOL_IMAPS = 22,
    /* pop3s://, port 995 */
    STV_PROTOCOL_POP3S = 23,
    /* ftps://, port 990 */
    STV_PROTOCOL_FTPS = 24,
    /* xmpps://, port 5223 */
    STV_PROTOCOL_XMPPS = 25,
    /* xmpps-server://, port 5270 */
    STV_PROTOCOL_XMPPS_SERVER = 26,
    /* ldaps://, port 636 */
    STV_PROTOCOL_LDAPS = 27,
    /* nntps://, port 563 */
    STV_PROTOCOL_NNTPS = 28,
    /* ircs://, port 6697 */
    STV_PROTOCOL_IRCS = 29,
    /* postgres-direct://, port 5432 */
    STV_PROTOCOL_POSTGRES_DIRECT = 30
};

/* ---- Which library this is ---- */

/**
 * The ABI level of the library that was loaded. It grows by one with each release that adds
 * something; STV_ABI_LEVEL is the level of this header. A program that loads the library at run
 * time asks here first and goes on when the answer is at least the level it was written for.
 */
uint32_t stv_abi_level(void);

/**
 * The version of the library that was loaded, such as "0.1.0".
 */
const char *stv_version(void);

/* ---- Statuses: what a call answers ---- */

/**
 * The name of a status, such as "STV_E_REJECTED"; "" for a number that is none.
 */
const char *stv_status_name(int status);

/**
 * A status in one sentence; "unknown status" for a number that is none. What went wrong with a
 * handle in particular is told by the handle: stv_config_error, stv_session_error, ...
 */
const char *stv_status_text(int status);

/* ---- stv_config: the builder ---- */

/**
 * Makes a config in which every option has its default. The caller owns *out and frees it with
 * stv_config_free.
 */
stv_status stv_config_new(stv_config **out);

/**
 * Frees a config; NULL is fine. Verifiers made from it live on.
 */
void stv_config_free(stv_config *config);

/**
 * Sets an option of type "str", or begins a "list of str" anew with this one entry. STV_OK,
 * STV_E_OPTION_UNKNOWN, STV_E_OPTION_TYPE, STV_E_OPTION_VALUE, STV_E_INSECURE or STV_E_ENCODING;
 * stv_config_error has the words. Files are opened by stv_verifier_new.
 */
stv_status stv_config_set_str(
    stv_config *config,
    const char *name,
    size_t name_len,
    const char *value,
    size_t value_len);

/**
 * Sets an option of type "int". Errors as for stv_config_set_str.
 */
stv_status stv_config_set_int(stv_config *config, const char *name, size_t name_len, int64_t value);

/**
 * Sets an option of type "bool" to 0 or 1; any other value is STV_E_ARGUMENT. Errors as for
 * stv_config_set_str.
 */
stv_status stv_config_set_bool(stv_config *config, const char *name, size_t name_len, int value);

/**
 * Sets an option of type "bytes", or begins one of type "list of bytes" anew with this one entry;
 * the bytes are copied. Errors as for stv_config_set_str.
 */
stv_status stv_config_set_bytes(
    stv_config *config,
    const char *name,
    size_t name_len,
    const void *value,
    size_t value_len);

/**
 * Appends to an option of type "list of str". Errors as for stv_config_set_str.
 */
stv_status stv_config_add_str(
    stv_config *config,
    const char *name,
    size_t name_len,
    const char *value,
    size_t value_len);

/**
 * Appends to an option of type "list of bytes"; the bytes are copied. Errors as for
 * stv_config_set_str.
 */
stv_status stv_config_add_bytes(
    stv_config *config,
    const char *name,
    size_t name_len,
    const void *value,
    size_t value_len);

/**
 * Sets an option of any type from text, for command lines and other places that have only text:
 * "true", "10", "/etc/ca.pem". Errors as for stv_config_set_str; text that is not of the option's
 * type is STV_E_OPTION_TYPE.
 */
stv_status stv_config_set_text(
    stv_config *config,
    const char *name,
    size_t name_len,
    const char *value,
    size_t value_len);

/**
 * Appends to a list of any type from text. Errors as for stv_config_set_text.
 */
stv_status stv_config_add_text(
    stv_config *config,
    const char *name,
    size_t name_len,
    const char *value,
    size_t value_len);

/**
 * Reads a configuration file: defaults, and sections for single hosts. What is set on the handle
 * goes before the host's section, and that before the file's defaults. A second file takes the
 * place of the first. STV_E_FILE_MISSING, STV_E_FILE_UNREADABLE or STV_E_CONFIG, and the errors of
 * stv_config_set_str for the options in it; stv_config_error names file and place.
 */
stv_status stv_config_load_file(stv_config *config, const char *path, size_t path_len);

/**
 * As stv_config_load_file, and what the file says goes before what is set on the handle: rules of an
 * administrator that a program's own settings cannot loosen. A list in the file takes the place of the
 * handle's list.
 */
stv_status stv_config_load_rules_file(stv_config *config, const char *path, size_t path_len);

/**
 * Words for the last call that failed on this config, stv_verifier_new included; "" when none did.
 * They live until the next call that changes the config.
 */
const char *stv_config_error(const stv_config *config);

/* ---- stv_verifier: the frozen configuration, and the judge ---- */

/**
 * Makes a verifier from what the config says now. CA files, CRLs, keys and pins are read here, and
 * here is where they fail: STV_E_FILE_MISSING, STV_E_FILE_UNREADABLE, STV_E_FILE_EMPTY,
 * STV_E_CERTIFICATE, STV_E_PIN, STV_E_OPTION_VALUE, ... with words in stv_config_error(config).
 * The config may be changed and used again, or freed. The caller owns *out and frees it with
 * stv_verifier_free.
 */
stv_status stv_verifier_new(stv_config *config, stv_verifier **out);

/**
 * One more reference to the same verifier, to be freed as well. NULL for NULL.
 */
stv_verifier *stv_verifier_dup(const stv_verifier *verifier);

/**
 * Drops one reference; NULL is fine. Sessions made with the verifier live on.
 */
void stv_verifier_free(stv_verifier *verifier);

/**
 * 1 when CA files, CRLs or the configuration file have changed since the verifier was made, so
 * that a new one should be made; else 0, also for NULL. Looks at the files' metadata.
 */
int stv_verifier_stale(const stv_verifier *verifier);

/**
 * Judges a chain that the caller has: is this the peer who was meant? No network, no disk. STV_OK
 * only when the verdict is STV_VERDICT_TRUSTED; STV_E_REJECTED when it is not, and the report says
 * why. The caller owns *out in both cases and frees it with stv_report_free. STV_E_NULL, STV_E_STATE
 * or STV_E_PANIC leave *out NULL.
 */
stv_status stv_verifier_judge(
    const stv_verifier *verifier,
    const stv_peer *peer,
    const stv_chain *chain,
    stv_report **out);

/* ---- stv_peer: whom we expect ---- */

/**
 * Makes a peer of which nothing is known yet: protocol STV_PROTOCOL_SMTP with its own port, and no
 * host. The caller owns *out and frees it with stv_peer_free.
 */
stv_status stv_peer_new(stv_peer **out);

/**
 * Frees a peer; NULL is fine.
 */
void stv_peer_free(stv_peer *peer);

/**
 * Sets the protocol, a number of stv_protocol; any other number is STV_E_ARGUMENT.
 */
stv_status stv_peer_set_protocol(stv_peer *peer, int protocol);

/**
 * Sets the host that is meant: a DNS name (U-labels are converted), an IPv4 or an IPv6 address
 * (brackets allowed). It is what the certificate must be for. STV_E_NAME when it is neither: a
 * name that begins with a dot, an empty label, a wildcard, ...
 */
stv_status stv_peer_set_host(stv_peer *peer, const char *host, size_t host_len);

/**
 * Sets the port, 1 to 65535; 0 is the protocol's own. Any other number is STV_E_ARGUMENT.
 */
stv_status stv_peer_set_port(stv_peer *peer, int port);

/**
 * Adds a reference identifier besides the host; the certificate must match one of them. Tagged
 * text: "dns:example.com", "ip:192.0.2.1", "srv:_imap.example.com", "xmpp:example.com",
 * "email:a@example.com", "uri:...". STV_E_NAME when it is malformed or has no known tag.
 */
stv_status stv_peer_add_reference(stv_peer *peer, const char *reference, size_t reference_len);

/**
 * Sets where to connect, when that is not the host itself: "192.0.2.1", "[2001:db8::1]:2525",
 * "other.example.com:25". It decides where the bytes go, never what the certificate must be for.
 */
stv_status stv_peer_set_connect(stv_peer *peer, const char *address, size_t address_len);

/**
 * Sets the server name to send in the handshake (SNI), when that is not the host itself.
 */
stv_status stv_peer_set_sni(stv_peer *peer, const char *name, size_t name_len);

/**
 * Asks a store of known peers about this peer as it is set up now (protocol, host and port), and keeps
 * the answer for the judge, who then always weighs it; the options known_peers and accept_new say how.
 * Ask before each session: an answer "never seen" is good for one. Where the store is missing,
 * unreadable or damaged, the error of stv_known_peers_open_file comes with words in stv_peer_error,
 * and the peer is refused from then on (known.not_checked) until the store was asked with success.
 * STV_E_STATE when the peer has no host or port, or the handle has no store.
 */
stv_status stv_peer_set_known(stv_peer *peer, const stv_known_peers *known);

/**
 * Adds a TLSA record of this server and port, in presentation format: "3 1 1 HEX" (spaces within the
 * hexadecimal are allowed). Records without stv_peer_set_tlsa_state are your own statement, as of an
 * administrator who types them in: they count as DNSSEC-secure, and when none of them can be used the
 * peer is refused. STV_E_TLSA when it is no record, or one too many (100). A record of an unknown kind
 * or with a digest of the wrong length is no error: the report says that it cannot be used.
 */
stv_status stv_peer_add_tlsa(stv_peer *peer, const char *record, size_t record_len);

/**
 * Adds a TLSA record in wire format, the RDATA of the answer: usage, selector and matching type in one
 * octet each, then the data. For the rest as stv_peer_add_tlsa.
 */
stv_status stv_peer_add_tlsa_wire(stv_peer *peer, const void *rdata, size_t rdata_len);

/**
 * Says how the TLSA records came, a number of stv_tlsa_state; any other number is STV_E_ARGUMENT. It
 * is your own look-up's result, also where that gave no record: STV_TLSA_SECURE without records says
 * that there are provably none, STV_TLSA_BOGUS and STV_TLSA_LOOKUP_FAILED refuse the peer, because
 * whoever can disturb a look-up must not be able to switch DANE off. STV_TLSA_SECURE is for answers
 * that were validated, never for those of a resolver that you have no reason to believe.
 */
stv_status stv_peer_set_tlsa_state(stv_peer *peer, int state);

/**
 * Sets the TLSA base domain where it is not the host: the host name below which the records stand
 * ("mx.example.com" for "_25._tcp.mx.example.com"). Where records decide, the certificate may be for
 * it besides the host and the references (the next-hop names of RFC 7672 section 3.2.2); it is also
 * the server name that is sent unless stv_peer_set_sni says otherwise. STV_E_NAME when it is no host
 * name.
 */
stv_status stv_peer_set_tlsa_base(stv_peer *peer, const char *name, size_t name_len);

/**
 * Sets the MTA-STS policy (RFC 8461) of the mail domain of which this host is an MX: its text, as fetched
 * from the domain's policy host. An empty text says that the domain has none. A policy in force that names
 * other hosts refuses this one, and ends opportunism; it never overrides TLSA records and never asks for
 * less than the options do. STV_E_ARGUMENT when it does not parse.
 */
stv_status stv_peer_set_mta_sts(stv_peer *peer, const char *policy, size_t policy_len);

/**
 * Says that the host was not named by the user: he named this domain, and MX or SRV records led from it
 * to the host. provenance is a number of stv_provenance; any other is STV_E_ARGUMENT. Where the records
 * were validated (STV_PROVENANCE_SECURE), the certificate may be for the host or the domain. Where they
 * were not (STV_PROVENANCE_INSECURE), it must be for the domain, and the host's TLSA records say nothing,
 * however perfect; only an MTA-STS policy in force that names the host makes it good for the domain.
 * STV_E_NAME when the domain is none.
 */
stv_status stv_peer_set_origin(
    stv_peer *peer,
    const char *domain,
    size_t domain_len,
    int provenance);

/**
 * Adds a fact from the DNS for the option dns_evidence: "mail.example.com A 192.0.2.1", "192.0.2.1 PTR
 * mail.example.com", "example.com MX 10 mail.example.com", AAAA and CNAME alike, or name and type alone
 * where there is no such record. resolver says who gave the answer, in any words; "" is the resolver
 * that is asked first, against which others are held. What was not stated or looked up counts as not
 * known, never as absent. State facts before stv_peer_discover, which does not ask again for them; one that
 * is stated later makes the peer forget what was looked up here. Facts are evidence: they may be a reason
 * to refuse the peer, never one to trust it. STV_E_ARGUMENT when it is no such fact, or one too many.
 */
stv_status stv_peer_add_evidence(
    stv_peer *peer,
    const char *resolver,
    size_t resolver_len,
    const char *fact,
    size_t fact_len);

/**
 * Looks the peer's TLSA records up in the DNS and keeps them with how far they are proven, as
 * stv_peer_add_tlsa_wire, stv_peer_set_tlsa_state and stv_peer_set_tlsa_base would; with the option
 * dns_evidence also what stv_peer_add_evidence states; for a mail relay (STV_PROTOCOL_SMTP) also the
 * MTA-STS policy of its domain, over HTTPS, unless you stated one or the option mta_sts is off
 * (mta_sts_cache, mta_sts_timeout_ms). The verifier's
 * options dns, dns_server, dns_trust_ad, dnssec_anchor_file and dns_timeout_ms say who is asked and how
 * long; nothing else in the library looks facts up, and the judge never does. STV_OK means that the
 * look-ups were made, not that anything was found or that the peer is trusted: forged and failed
 * answers are evidence too, which refuses the peer later. Records that you added yourself stay, and
 * nothing is asked then. STV_E_STATE when the option dns is off, STV_E_UNSUPPORTED without libunbound,
 * STV_E_FILE_MISSING without a trust anchor, STV_E_FILE_UNREADABLE for a damaged policy in the cache.
 * Blocks for as long as dns_timeout_ms, and mta_sts_timeout_ms for a policy; resolving is done in
 * a thread that handles no signals.
 */
stv_status stv_peer_discover(stv_peer *peer, const stv_verifier *verifier);

/**
 * Words for the last call that failed on this peer, stv_session_new included; "" when none did.
 * They live until the next call that changes the peer.
 */
const char *stv_peer_error(const stv_peer *peer);

/* ---- stv_servers: who serves a domain ---- */

/**
 * Looks up who serves the domain that domain is about (stv_peer_set_host): its MX records for
 * STV_PROTOCOL_SMTP, the SRV records of the protocol's service for those that have one; any other is
 * STV_E_ARGUMENT. The verifier's options dns, ... say who is asked, as for stv_peer_discover. For a mail
 * relay the domain's MTA-STS policy is looked up too, once for all of its servers. STV_E_NO_SERVICE when
 * the domain says that it has none, STV_E_DNS_BOGUS when the answer is forged, STV_E_DNS_FAILED when there
 * is no usable one, STV_E_STATE when the option dns is off; words are in stv_peer_error(domain). The caller
 * owns *out and frees it with stv_servers_free.
 */
stv_status stv_servers_discover(stv_peer *domain, const stv_verifier *verifier, stv_servers **out);

/**
 * Frees servers; NULL is fine. Peers made from them live on.
 */
void stv_servers_free(stv_servers *servers);

/**
 * How many servers there are; 0 for NULL.
 */
size_t stv_servers_count(const stv_servers *servers);

/**
 * The host of a server, 0 being the best; "" for NULL and beyond the last. It lives as long as the servers.
 */
const char *stv_servers_host(const stv_servers *servers, size_t index);

/**
 * The port of a server; 0 for NULL and beyond the last.
 */
int stv_servers_port(const stv_servers *servers, size_t index);

/**
 * Makes a peer of a server: what domain was, with its port, and with how it came to be named: for most
 * protocols its host and the domain as origin (stv_peer_set_origin). For XMPP the certificate must be for
 * the domain, which stays the host; the server is where to connect and whose TLSA records count. Look those
 * up with stv_peer_discover. STV_E_ARGUMENT beyond the last server. The caller owns *out and frees it with
 * stv_peer_free.
 */
stv_status stv_servers_peer(const stv_servers *servers, size_t index, stv_peer **out);

/* ---- stv_chain: the certificates to be judged ---- */

/**
 * Makes an empty chain. The caller owns *out and frees it with stv_chain_free.
 */
stv_status stv_chain_new(stv_chain **out);

/**
 * Frees a chain; NULL is fine.
 */
void stv_chain_free(stv_chain *chain);

/**
 * Appends one certificate in DER, copied. STV_E_CERTIFICATE when it is none or something follows
 * it; the chain is then as before. OpenSSL reads it when it is judged: what only OpenSSL objects to is
 * "chain.malformed" in the report.
 */
stv_status stv_chain_add_der(stv_chain *chain, const void *der, size_t der_len);

/**
 * Appends all certificates in PEM text. STV_E_CERTIFICATE when there is none or one is broken; the
 * chain is then as before.
 */
stv_status stv_chain_add_pem(stv_chain *chain, const void *pem, size_t pem_len);

/**
 * Sets the OCSP response that came with the chain, DER, copied; it takes the place of an earlier
 * one, and an empty one takes it away. A session has it from the handshake; this is for a chain on
 * disk. Whether it counts is said in the report. STV_E_ARGUMENT when it is too long to be one.
 */
stv_status stv_chain_set_ocsp(stv_chain *chain, const void *der, size_t der_len);

/**
 * How many certificates the chain holds; 0 for NULL.
 */
size_t stv_chain_count(const stv_chain *chain);

/**
 * Words for the last call that failed on this chain; "" when none did. They live until the next
 * call that changes the chain.
 */
const char *stv_chain_error(const stv_chain *chain);

/* ---- stv_known_peers: peers that were seen before (trust on first use) ---- */

/**
 * Makes a handle without a store. The caller owns *out and frees it with stv_known_peers_free.
 */
stv_status stv_known_peers_new(stv_known_peers **out);

/**
 * Frees a handle; NULL is fine. The file stays.
 */
void stv_known_peers_free(stv_known_peers *known);

/**
 * Opens a store that is there; it is read once, to see whether it can be used. STV_E_FILE_MISSING,
 * STV_E_FILE_UNREADABLE, STV_E_FILE_DAMAGED (torn, truncated or changed by hand), STV_E_FILE_UNSAFE
 * (others could write it, it belongs to somebody else, or is no regular file); stv_known_peers_error
 * says what to do. None of them is a first use. A relative path is fixed to the directory of now.
 */
stv_status stv_known_peers_open_file(stv_known_peers *known, const char *path, size_t path_len);

/**
 * As stv_known_peers_open_file, and makes an empty store (mode 0600) where there is none. For setting
 * up: a program that always calls it takes a store that was deleted for a new beginning.
 * STV_E_FILE_UNWRITABLE when it cannot be made.
 */
stv_status stv_known_peers_create_file(stv_known_peers *known, const char *path, size_t path_len);

/**
 * Announces a key that the peer will have, "spki-sha256:BASE64" (STV_E_PIN): when the peer shows it,
 * it takes the place of the old one. For a peer never seen it is then the only key that is taken.
 * STV_E_ARGUMENT when eight keys are announced already, STV_E_STATE when the peer has no host or port,
 * and what stv_known_peers_remember answers when the file cannot be changed.
 */
stv_status stv_known_peers_announce(
    stv_known_peers *known,
    const stv_peer *peer,
    const char *pin,
    size_t pin_len);

/**
 * Takes an announced key back. STV_E_ARGUMENT when it is not announced.
 */
stv_status stv_known_peers_withdraw(
    stv_known_peers *known,
    const stv_peer *peer,
    const char *pin,
    size_t pin_len);

/**
 * Forgets a peer: it is new again. STV_E_ARGUMENT when it is not known.
 */
stv_status stv_known_peers_forget(stv_known_peers *known, const stv_peer *peer);

/**
 * Reads the store; stv_known_peers_text then has it. Errors as for stv_known_peers_open_file.
 */
stv_status stv_known_peers_export(stv_known_peers *known);

/**
 * What the last stv_known_peers_export read, one JSON object to a line, the first and the last of them
 * about the file; "" before. It lives until the next call that changes the handle.
 */
const char *stv_known_peers_text(const stv_known_peers *known);

/**
 * Writes the store to a new file (mode 0600). STV_E_FILE_UNWRITABLE, also when it is there already.
 */
stv_status stv_known_peers_export_file(stv_known_peers *known, const char *path, size_t path_len);

/**
 * Adds the peers of a text that an export gave. All of it is checked before anything changes:
 * STV_E_FILE_DAMAGED when it is not whole, STV_E_STATE when the store knows one of the peers with
 * another key (forget that peer first, if it is right).
 */
stv_status stv_known_peers_import_mem(stv_known_peers *known, const void *bytes, size_t bytes_len);

/**
 * As stv_known_peers_import_mem, from a file.
 */
stv_status stv_known_peers_import_file(stv_known_peers *known, const char *path, size_t path_len);

/**
 * Takes down the peer of a report: its key, the time, and the address where the session knows it. The
 * report must be that of a full handshake with a peer who is trusted (STV_VERDICT_TRUSTED) and whom the
 * judge held against known peers (stv_peer_set_known). STV_E_STATE for any other: a chain on disk, a
 * resumed session, one that broke, a peer who is not trusted, or who got another key in the store in
 * the meantime; stv_known_peers_error says which. STV_E_FILE_UNWRITABLE (no room, no right; the store
 * is then as it was), STV_E_FILE_BUSY, and the errors of stv_known_peers_open_file.
 */
stv_status stv_known_peers_remember(stv_known_peers *known, const stv_report *report);

/**
 * Words for the last call that failed on this handle; "" when none did. They live until the next call
 * that changes the handle.
 */
const char *stv_known_peers_error(const stv_known_peers *known);

/* ---- stv_session: from plaintext to a secured conversation, or to nothing ---- */

/**
 * Makes a session; verifier and peer are copied or counted and may be freed. An answer "never seen" of
 * stv_peer_set_known goes into this session and is good for no other. STV_E_NAME, STV_E_STATE
 * or STV_E_ARGUMENT when the peer is not complete or the options do not fit; the words are then in
 * stv_peer_error(peer). The caller owns *out and frees it with stv_session_free.
 */
stv_status stv_session_new(const stv_verifier *verifier, stv_peer *peer, stv_session **out);

/**
 * As stv_session_new, for a program that has spoken the protocol itself, up to the go-ahead for
 * STARTTLS: the session begins with the handshake. Feed first what you have read behind the go-ahead, if
 * anything: what is fed before the first stv_session_step is an injection, and refused. That STARTTLS was
 * negotiated well is not checked; the report says so (starttls.not_checked). For protocols whose TLS
 * begins with the first byte it is stv_session_new.
 */
stv_status stv_session_new_upgraded(
    const stv_verifier *verifier,
    stv_peer *peer,
    stv_session **out);

/**
 * Ends a session that is not open yet for a reason that the program saw and the session could not: code
 * is one of a failure of the checks starttls and io, such as "starttls.pipelined_reply" or "io.timeout",
 * words one sentence of 1 to 512 octets for the report. Answers the status of that code, and so does every
 * later call; STV_E_ARGUMENT for any other code, STV_E_STATE when the session is open.
 */
stv_status stv_session_give_up(
    stv_session *session,
    const char *code,
    size_t code_len,
    const char *words,
    size_t words_len);

/**
 * A certificate that the peer of an open session sent, DER; index 0 is the leaf. NULL beyond the last,
 * and while the session was never open. It lives as long as the session.
 */
const void *stv_session_certificate(const stv_session *session, size_t index);

/**
 * How many octets the certificate has; 0 where there is none.
 */
size_t stv_session_certificate_len(const stv_session *session, size_t index);

/**
 * Frees a session; NULL is fine. Sends nothing: stv_session_close says goodbye. Closes the session's
 * own descriptor if it has one.
 */
void stv_session_free(stv_session *session);

/**
 * Gives the session bytes that came from the peer. They are only stored; stv_session_step or _read
 * works on them.
 */
stv_status stv_session_feed(stv_session *session, const void *bytes, size_t bytes_len);

/**
 * Makes a session for a data connection of FTP, whose control connection is control, open and
 * trusted. Run it with stv_session_run_fd on the connected socket after the transfer command was
 * sent, or feed and step it. It opens only for the peer of the control connection: it resumes its TLS
 * session or shows the same certificate, and is judged anew. The caller owns *out and frees it with
 * stv_session_free. STV_E_STATE if the control connection is not open or not FTP.
 */
stv_status stv_session_new_data(stv_session *control, stv_session **out);

/**
 * Tells the session that the peer has closed the connection.
 */
stv_status stv_session_feed_eof(stv_session *session);

/**
 * Goes on with negotiation, handshake and judging as far as the bytes allow. STV_WANT_READ: feed
 * more. STV_WANT_WRITE: take and send what waits. STV_OK: open, and the peer is trusted.
 * STV_OPEN_UNVERIFIED: open, encrypted, and the peer is not trusted, as an option allowed. Anything
 * from 200 on: it is over, and stv_session_report says why.
 */
stv_status stv_session_step(stv_session *session);

/**
 * Moves bytes that are meant for the peer to buf, cap octets at most; *out_len tells how many, 0
 * when none wait. Send them all before the next step. After a failure there may be an alert to take.
 */
stv_status stv_session_take(stv_session *session, void *buf, size_t cap, size_t *out_len);

/**
 * Reads application data from an open session. STV_OK: *out_len octets, at least one; cap is at
 * least one too, else STV_E_ARGUMENT.
 * STV_WANT_READ: feed first. STV_WANT_WRITE: take and send first. STV_CLOSED: the peer has ended the
 * connection properly. STV_E_TLS_TRUNCATED: it ended without goodbye, and what was read may be cut
 * off. STV_E_STATE before the session is open.
 */
stv_status stv_session_read(stv_session *session, void *buf, size_t cap, size_t *out_len);

/**
 * Writes application data to an open session. *out_taken tells how many octets were accepted; it may
 * be fewer than given. STV_OK, STV_WANT_READ, STV_WANT_WRITE (take and send, then write the rest),
 * STV_E_STATE before the session is open.
 */
stv_status stv_session_write(
    stv_session *session,
    const void *bytes,
    size_t bytes_len,
    size_t *out_taken);

/**
 * Says goodbye (close_notify). A session on a descriptor sends it and closes its descriptor; else
 * take and send it. STV_CLOSED, also when called again; STV_E_STATE before the session is open; the
 * same error as before when it has failed.
 */
stv_status stv_session_close(stv_session *session);

/**
 * How many octets stv_session_read would give without further input; 0 for NULL. Ask before
 * waiting in poll or select.
 */
size_t stv_session_pending(const stv_session *session);

/**
 * Negotiates, shakes hands and judges on a connected stream socket, blocking or not, within the
 * deadlines of the options. The descriptor is duplicated: the caller keeps and closes its own.
 * Afterwards read, write and close work on it. Results as for stv_session_step, without
 * STV_WANT_READ and STV_WANT_WRITE; STV_E_ARGUMENT when it is no such descriptor.
 */
stv_status stv_session_run_fd(stv_session *session, int fd);

/**
 * Resolves the peer's host, connects, and goes on as stv_session_run_fd. STV_E_RESOLVE,
 * STV_E_CONNECT or STV_E_TIMEOUT when that fails.
 */
stv_status stv_session_connect(stv_session *session);

/**
 * The descriptor of a session that was run or connected, for poll or select only; -1 when there is
 * none. It stays the session's own: do not read, write or close it.
 */
int stv_session_fd(const stv_session *session);

/**
 * The report as it is now, in every state of the session: a stripped, injected, stalled or refused
 * peer has one too. STV_OK says that there is a report, not that the peer is trusted: ask
 * stv_report_verdict. The caller owns *out and frees it with stv_report_free.
 */
stv_status stv_session_report(const stv_session *session, stv_report **out);

/**
 * 1 when the server speaks first inside TLS (as in IMAP over implicit TLS), so that the caller reads
 * before it writes; else 0.
 */
int stv_session_server_speaks_first(const stv_session *session);

/**
 * Words for the last call that failed on this session; "" when none did. They live until the next
 * call that changes the session. Words of the peer in them are quoted and not authenticated.
 */
const char *stv_session_error(const stv_session *session);

/* ---- A caller's own SSL *: judged after its handshake, or attached before it ---- */

/**
 * Judges the peer of a finished handshake: ssl is an OpenSSL SSL * of the client's side, on which
 * SSL_connect has returned 1. Call it before the first byte is read or written, in every handshake,
 * resumed ones included. STV_OK only when the peer is trusted; STV_OPEN_UNVERIFIED as for a session;
 * STV_E_REJECTED, STV_E_TLS_VERSION or STV_E_TLS_ALPN when it is not, and then the connection must not
 * be used. The caller owns *out in all these cases and frees it with stv_report_free. Else *out is
 * NULL, and the words are in stv_peer_error(peer): STV_E_STATE (the handshake is not finished),
 * STV_E_ARGUMENT (a server's SSL, or no SSL), STV_E_UNSUPPORTED (an SSL of another TLS library than
 * this one uses), STV_E_NAME. Switches renegotiation off on this SSL. An
 * answer "never seen" of stv_peer_set_known is good for this one call.
 */
stv_status stv_ssl_judge(const stv_verifier *verifier, stv_peer *peer, void *ssl, stv_report **out);

/**
 * Has the peer judged inside the handshake that is to come on ssl, so that the handshake fails with
 * the right alert, and before a client certificate is sent. Only this SSL is changed, never its
 * SSL_CTX: its verify callback, mode and store are replaced, an older TLS version than the option
 * min_tls and renegotiation are switched off, and the server name is set if none was. Verifier and
 * peer are copied or counted and may be freed; what is attached ends with the SSL, goes with SSL_dup,
 * and stays after SSL_clear. An answer "never seen" of stv_peer_set_known goes along and is good for no
 * other SSL; ask anew and attach anew before this SSL is used for a second handshake. Afterwards ask stv_ssl_result: only that answer counts. STV_OK says that
 * it is attached, not that a peer is trusted. STV_E_STATE when the handshake has begun, STV_E_ARGUMENT,
 * STV_E_UNSUPPORTED and STV_E_NAME as for stv_ssl_judge; the words are in stv_peer_error(peer).
 */
stv_status stv_ssl_attach(const stv_verifier *verifier, stv_peer *peer, void *ssl);

/**
 * Tells what became of the handshake of an SSL that was attached: call it when SSL_connect has
 * returned 1, before the first byte is read or written, or when it has failed. Statuses and report as
 * for stv_ssl_judge, and besides STV_E_TLS_HANDSHAKE when the handshake failed for another reason than
 * the judge's. Where the judge did not run inside the handshake (a resumed session, a callback that
 * was replaced), it runs now. STV_E_STATE and no report: nothing is attached to this SSL, or the
 * handshake is still on its way.
 */
stv_status stv_ssl_result(void *ssl, stv_report **out);

/* ---- stv_report: every check, its outcome, and the verdict ---- */

/**
 * One more reference to the same report, to be freed as well. NULL for NULL.
 */
stv_report *stv_report_dup(const stv_report *report);

/**
 * Drops one reference; NULL is fine.
 */
void stv_report_free(stv_report *report);

/**
 * The verdict, a number of stv_verdict; STV_VERDICT_UNKNOWN for NULL.
 */
int stv_report_verdict(const stv_report *report);

/**
 * The status of the call that the report belongs to; STV_E_NULL for NULL.
 */
stv_status stv_report_status(const stv_report *report);

/**
 * The code of the first finding that failed, such as "name.mismatch"; "" when none did.
 */
const char *stv_report_code(const stv_report *report);

/**
 * The whole answer in one line: verdict, peer, code and reason.
 */
const char *stv_report_summary(const stv_report *report);

/**
 * What only the plaintext conversation said and the program needs inside TLS, as a JSON object: for
 * MySQL the server's greeting and the flags that were sent. "" where there is nothing. It is not
 * authenticated: whoever sits on the path may have written it.
 */
const char *stv_report_untrusted_facts(const stv_report *report);

/**
 * The report for people: the summary, then a line per finding with what to do, then the
 * certificates. Lines end with a line feed.
 */
const char *stv_report_text(const stv_report *report);

/**
 * The report for programs: one line of JSON with "v":1.
 */
const char *stv_report_json(const stv_report *report);

/**
 * How many findings there are, what to fix first in front; 0 for NULL.
 */
size_t stv_report_count(const stv_report *report);

/**
 * What finding number index checked, a number of stv_check; -1 beyond the last.
 */
int stv_report_finding_check(const stv_report *report, size_t index);

/**
 * How finding number index came out, a number of stv_outcome; -1 beyond the last.
 */
int stv_report_finding_outcome(const stv_report *report, size_t index);

/**
 * The stable code of finding number index, such as "chain.expired"; "" beyond the last.
 */
const char *stv_report_finding_code(const stv_report *report, size_t index);

/**
 * The certificate that finding number index is about: 0 is the leaf; -1 where it is about none,
 * and beyond the last.
 */
int stv_report_finding_depth(const stv_report *report, size_t index);

/**
 * What finding number index wanted to see; "" where nothing was compared.
 */
const char *stv_report_finding_wanted(const stv_report *report, size_t index);

/**
 * What finding number index saw; "" where nothing was compared.
 */
const char *stv_report_finding_found(const stv_report *report, size_t index);

/**
 * Finding number index in one sentence. The wording may change; the code does not.
 */
const char *stv_report_finding_detail(const stv_report *report, size_t index);

/**
 * What to do about finding number index; "" where there is nothing to do.
 */
const char *stv_report_finding_hint(const stv_report *report, size_t index);

/**
 * Where the fact behind finding number index came from: "library", "openssl", "system", "store" for
 * what was remembered from before, "caller" for what the program saw, or "peer-unauthenticated" for what
 * the peer said in plaintext.
 */
const char *stv_report_finding_source(const stv_report *report, size_t index);

/* ---- stv_tls_rpt: what a domain is told about the TLS of those who send it mail ---- */

/**
 * Makes a handle without a report. The caller owns *out and frees it with stv_tls_rpt_free.
 */
stv_status stv_tls_rpt_new(stv_tls_rpt **out);

/**
 * Frees a handle; NULL is fine.
 */
void stv_tls_rpt_free(stv_tls_rpt *rpt);

/**
 * Begins a report for a mail domain; all of an earlier one is forgotten. id is for people and programs
 * to tell reports apart: no other report of yours has it. STV_E_NAME when the domain is none,
 * STV_E_ARGUMENT when the id is empty, longer than 512 octets or holds a control character.
 */
stv_status stv_tls_rpt_begin(
    stv_tls_rpt *rpt,
    const char *domain,
    size_t domain_len,
    const char *id,
    size_t id_len);

/**
 * Sets who reports, in his own words: 1 to 512 octets without control characters, else STV_E_ARGUMENT.
 * STV_E_STATE before stv_tls_rpt_begin, as for every call that changes the report.
 */
stv_status stv_tls_rpt_set_organization(stv_tls_rpt *rpt, const char *name, size_t name_len);

/**
 * Sets whom to ask, an e-mail address; its domain is the sender in the file name. STV_E_ARGUMENT or
 * STV_E_NAME when it is none.
 */
stv_status stv_tls_rpt_set_contact(stv_tls_rpt *rpt, const char *address, size_t address_len);

/**
 * Sets the time that the report is about, in seconds since 1970: usually a day, 00:00:00 to 23:59:59 UTC.
 * STV_E_ARGUMENT when it ends before it begins, or lies before 1970 or behind the year 9999.
 */
stv_status stv_tls_rpt_set_range(stv_tls_rpt *rpt, int64_t begin, int64_t end);

/**
 * Sets the address that the world sees us under ("192.0.2.1"), where that of the connections is not it
 * (NAT); it counts for what is added from now on. STV_E_ARGUMENT when it is no IP address.
 */
stv_status stv_tls_rpt_set_sending_ip(stv_tls_rpt *rpt, const char *address, size_t address_len);

/**
 * Counts a session by its report, as stv_report_tls_rpt_result says. STV_E_ARGUMENT, and nothing is
 * counted, when the report is of another protocol than SMTP between relays, of a chain on disk, or of a
 * host that was found for another domain (stv_peer_set_origin).
 */
stv_status stv_tls_rpt_add(stv_tls_rpt *rpt, const stv_report *report);

/**
 * How many sessions were counted as successes; 0 before stv_tls_rpt_begin and for NULL.
 */
size_t stv_tls_rpt_successes(const stv_tls_rpt *rpt);

/**
 * How many sessions were counted as failures; 0 before stv_tls_rpt_begin and for NULL.
 */
size_t stv_tls_rpt_failures(const stv_tls_rpt *rpt);

/**
 * Writes the report, for stv_tls_rpt_json, stv_tls_rpt_gzip and stv_tls_rpt_file_name. STV_E_STATE when
 * organization, contact or range are missing; stv_tls_rpt_error says which. More may be added afterwards;
 * then write it again.
 */
stv_status stv_tls_rpt_write(stv_tls_rpt *rpt);

/**
 * The written report as JSON (application/tlsrpt+json); "" when it is not written. It lives until the next
 * call that changes the handle.
 */
const char *stv_tls_rpt_json(const stv_tls_rpt *rpt);

/**
 * The written report compressed (application/tlsrpt+gzip), stv_tls_rpt_gzip_len octets; NULL when it is
 * not written. They live until the next call that changes the handle.
 */
const void *stv_tls_rpt_gzip(const stv_tls_rpt *rpt);

/**
 * How many octets the compressed report has; 0 when it is not written.
 */
size_t stv_tls_rpt_gzip_len(const stv_tls_rpt *rpt);

/**
 * The name under which the compressed report is sent; "" when it is not written. It lives until the next
 * call that changes the handle.
 */
const char *stv_tls_rpt_file_name(const stv_tls_rpt *rpt);

/**
 * Reads the TXT record at _smtp._tls and the domain, its strings joined: where the domain wants its
 * reports. STV_E_ARGUMENT when it is none; the domain wants none then.
 */
stv_status stv_tls_rpt_set_record(stv_tls_rpt *rpt, const char *record, size_t record_len);

/**
 * How many destinations the record names; 0 without one.
 */
size_t stv_tls_rpt_destination_count(const stv_tls_rpt *rpt);

/**
 * Destination number index as it stands in the record, a URI such as "mailto:tls@example.com"; "" beyond
 * the last. Whoever publishes the record chooses it. It lives until the next call that changes the handle.
 */
const char *stv_tls_rpt_destination(const stv_tls_rpt *rpt, size_t index);

/**
 * Words for the last call that failed on this handle; "" when none did. They live until the next call
 * that changes the handle.
 */
const char *stv_tls_rpt_error(const stv_tls_rpt *rpt);

/**
 * What TLSRPT counts this session as: "success", or the result type of its failure, such as
 * "certificate-expired" (RFC 8460 section 4.3). "" when it is not counted at all: it came to nothing for
 * no reason of TLS, or was no delivery of mail. Not a verdict: a session may be open without trust and
 * comply with a domain that asks for nothing.
 */
const char *stv_report_tls_rpt_result(const stv_report *report);

/* ---- Cheap questions about one certificate, without handles ---- */

/**
 * Whether a certificate names a host: *out_match is 1 or 0. reference is tagged text as for
 * stv_peer_add_reference: "dns:mail.example.com". STV_OK says that the question was answered, not
 * that anybody is trusted: no chain, no dates, no pins are looked at. STV_E_CERTIFICATE and
 * STV_E_NAME when one of the two cannot be read. Any thread.
 */
stv_status stv_cert_names_host(
    const void *der,
    size_t der_len,
    const char *reference,
    size_t reference_len,
    int *out_match);

/**
 * Whether a certificate matches a pin: *out_match is 1 or 0. pin is text as for the option "pin":
 * "spki-sha256:BASE64" or "sha256:HEX". STV_OK says that the question was answered, not that anybody
 * is trusted. STV_E_CERTIFICATE and STV_E_PIN when one of the two cannot be read. Any thread.
 */
stv_status stv_cert_matches_pin(
    const void *der,
    size_t der_len,
    const char *pin,
    size_t pin_len,
    int *out_match);

/**
 * Whether a certificate, or its key, is what a TLSA record says: *out_match is 1 or 0. record is text
 * as for stv_peer_add_tlsa: "3 1 1 HEX". Selector, matching type and data are compared; the usage,
 * which says whose certificate it is about, is not. STV_OK says that the question was answered, not
 * that anybody is trusted. STV_E_CERTIFICATE when the one cannot be read, STV_E_TLSA when the other
 * cannot be read or used. Any thread.
 */
stv_status stv_cert_matches_tlsa(
    const void *der,
    size_t der_len,
    const char *record,
    size_t record_len,
    int *out_match);

/* ---- Names of numbers: verdicts, checks, outcomes, protocols ---- */

/**
 * The word of a verdict, as in JSON: "trusted"; "" for a number that is none.
 */
const char *stv_verdict_name(int verdict);

/**
 * The word of a check, as in JSON: "chain"; "" for a number that is none.
 */
const char *stv_check_name(int check);

/**
 * The word of an outcome, as in JSON: "pass"; "" for a number that is none.
 */
const char *stv_outcome_name(int outcome);

/**
 * The URL scheme of a protocol, such as "smtp"; "" for a number that is none.
 */
const char *stv_protocol_name(int protocol);

/**
 * The protocol with a URL scheme, such as "smtp" (without "://"). STV_E_ARGUMENT when there is
 * none; *out is then 0.
 */
stv_status stv_protocol_from_scheme(const char *scheme, size_t scheme_len, int *out);

/**
 * The port of a protocol where none is given; 0 where there is none, and -1 for a number that is
 * no protocol.
 */
int stv_protocol_port(int protocol);

/* ---- The table of finding codes, for programs that explain them ---- */

/**
 * How many finding codes there are. Their order may change between releases; their words do not.
 */
size_t stv_code_count(void);

/**
 * The stable word of code number index, such as "name.mismatch"; "" beyond the last.
 */
const char *stv_code_name(size_t index);

/**
 * What code number index means, in one sentence; "" beyond the last.
 */
const char *stv_code_meaning(size_t index);

/**
 * What to do about code number index; "" where there is nothing to do, and beyond the last.
 */
const char *stv_code_hint(size_t index);

/* ---- The table of options, for bindings and command lines that show or map them ---- */

/**
 * How many options there are.
 */
size_t stv_option_count(void);

/**
 * The name of option number index; "" beyond the last.
 */
const char *stv_option_name(size_t index);

/**
 * The type of option number index: "bool", "int", "str", "bytes", "list of str" or "list of
 * bytes"; "" beyond the last. It tells which setter takes the option: stv_config_set_bool, _set_int,
 * _set_str, _set_bytes, _add_str, _add_bytes.
 */
const char *stv_option_type(size_t index);

/**
 * One line of help for option number index; "" beyond the last.
 */
const char *stv_option_help(size_t index);

/**
 * The name under which option number index takes values that weaken security, such as
 * "insecure_min_tls"; "" where there is none, and beyond the last. It equals the name where the
 * option itself is the danger.
 */
const char *stv_option_insecure_name(size_t index);

#ifdef __cplusplus
}
#endif

#endif
