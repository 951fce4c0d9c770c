/*
 * starttls_verify: STARTTLS of PHP's tcp:// streams with libstarttls_verify as judge, in programs that
 * know nothing of it.
 *
 *   scope.c      which streams are taken: ports, hosts that demand TLS, protocols
 *   transport.c  the tcp (ssl, tls) transport anew; what a taken stream answers
 *   dialogue.c   what a program says before TLS: which line, whether it may leave in clear
 *   clear.c      what a server says before TLS: how much, how long
 *   handshake.c  from the go-ahead to a session, or to a refusal
 *   secured.c    reading and writing inside TLS
 *   options.c    context options -> options of the library
 *   policy.c     mode and options -> a verifier, kept for the next stream
 *   report.c     where the reason goes: warning, log, starttls_verify_last_report()
 *   audit.c      mode=audit: PHP's own TLS, judged afterwards
 *   settings.c   php.ini
 *
 * A taken stream keeps PHP's own struct and socket; only its ops are ours, and what we know of it lies in
 * a table keyed by the stream. No private struct of ext/openssl is touched.
 */
#ifndef PHP_STARTTLS_VERIFY_H
#define PHP_STARTTLS_VERIFY_H

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "php.h"
#include "php_network.h"
#include "php_syslog.h"
#include "zend_smart_str.h"

#include <starttls_verify.h>

#define PHP_STARTTLS_VERIFY_VERSION "0.1.0"

extern zend_module_entry starttls_verify_module_entry;
#define phpext_starttls_verify_ptr &starttls_verify_module_entry

/* What an application's weaker settings are worth. */
typedef enum {
	SV_ENFORCE, /* nothing: it may only tighten */
	SV_HONOUR,  /* they count, and the report says insecure */
	SV_AUDIT    /* PHP's own TLS goes on; what would be refused is logged */
} sv_mode;

typedef enum {
	SV_CLEAR,   /* before TLS */
	SV_SET_UP,  /* crypto was asked for */
	SV_SHAKING, /* the handshake is on its way */
	SV_SECURED, /* judged and open */
	SV_REFUSED, /* nothing goes through any more */
	SV_STOCK    /* PHP's own TLS has it */
} sv_phase;

/* Longest line that is looked at before TLS (RFC 5321 section 4.5.3.1.4 has 512 for a command). */
#define SV_LINE 512

/* The line that a program is writing. */
typedef struct {
	char text[SV_LINE];
	size_t length;
	bool is_long;
} sv_line;

/* A stream that is taken. Lives as long as the stream, persistent ones included: never on the request's heap. */
typedef struct {
	const php_stream_ops *stock;
	sv_phase phase;
	char *host;
	int port;
	int protocol;
	bool has_greeting;
	bool demands_tls;     /* require_tls */
	bool secures_at_once; /* ssl://, tls:// */
	bool has_begun;       /* audit: the first of perhaps several calls has been made */
	bool answered_early;  /* bytes were waiting when the program asked for TLS */
	int method;
	sv_line line;
	size_t heard; /* octets, lines, and octets of the last line before TLS */
	size_t heard_lines;
	size_t heard_line;
	stv_session *session;
	stv_report *report;
	pid_t owner;
	double deadline; /* of the answer, of the handshake; 0 not set, below that never */
	bool without_waiting;
	char *sealed; /* for the peer, not sent yet */
	size_t sealed_length;
	size_t sealed_sent;
} sv_connection;

ZEND_BEGIN_MODULE_GLOBALS(starttls_verify)
	char *mode;
	char *config;
	char *ports;
	char *require_tls;
	char *log;
	bool implicit_tls;
	zend_long handshake_timeout;
	HashTable connections; /* stream -> sv_connection */
	HashTable verifiers;   /* options -> stv_verifier */
	stv_report *last_report;
ZEND_END_MODULE_GLOBALS(starttls_verify)

ZEND_EXTERN_MODULE_GLOBALS(starttls_verify)
#define SV_G(v) ZEND_MODULE_GLOBALS_ACCESSOR(starttls_verify, v)

#if defined(ZTS) && defined(COMPILE_DL_STARTTLS_VERIFY)
ZEND_TSRMLS_CACHE_EXTERN()
#endif

/* settings.c */
void sv_settings_register(int type, int module_number);
void sv_settings_unregister(int type, int module_number);
sv_mode sv_current_mode(void);
const char *sv_mode_name(sv_mode mode);

/* scope.c */
bool sv_ports_are_valid(const char *list);
bool sv_ports_include(const char *list, int port);
bool sv_hosts_are_valid(const char *list);
bool sv_hosts_include(const char *list, const char *host, int port, bool is_in_scope);
int sv_protocol_of_port(int port, bool secures_at_once);
int sv_protocol_of_greeting(const char *text, size_t length);

/* transport.c */
void sv_transport_register(void);
void sv_transport_unregister(void);
sv_connection *sv_connection_of(php_stream *stream);
php_netstream_data_t *sv_socket_of(php_stream *stream);
void sv_connection_free(zval *entry);

/* dialogue.c */
typedef enum { SV_SAY, SV_SAY_STARTTLS, SV_KEEP_BACK } sv_say;
sv_say sv_dialogue(sv_line *line, int protocol, bool demands_tls, const char *text, size_t length);

/* clear.c */
ssize_t sv_clear_read(php_stream *stream, sv_connection *connection, char *buf, size_t count);
void sv_clear_asked(sv_connection *connection);

/* handshake.c */
int sv_secure(php_stream *stream, sv_connection *connection);
void sv_refuse_in_clear(php_stream *stream, sv_connection *connection, const char *code, const char *words);
stv_session *sv_session(php_stream *stream, const sv_connection *connection, char **fault);
void sv_cut(php_stream *stream, sv_connection *connection);
bool sv_drain(php_stream *stream, sv_connection *connection, double deadline);
ssize_t sv_receive(php_stream *stream, sv_connection *connection);
double sv_now(void);
double sv_deadline(const struct timeval *timeout);
int sv_wait(int fd, short events, double deadline);

/* secured.c */
ssize_t sv_secured_read(php_stream *stream, sv_connection *connection, char *buf, size_t count);
ssize_t sv_secured_write(php_stream *stream, sv_connection *connection, const char *buf, size_t count);
void sv_secured_goodbye(php_stream *stream, sv_connection *connection);
int sv_secured_cast(php_stream *stream, sv_connection *connection, int castas, void **ret);
int sv_secured_option(php_stream *stream, sv_connection *connection, int option, int value, void *param);

/* options.c */
typedef struct {
	stv_config *config;
	smart_str key;  /* the same options have the same key */
	char *fault;    /* why the options will not do; NULL */
	sv_mode mode;
	bool without_ciphers; /* the program's list was not good enough */
} sv_options;
bool sv_options_gather(sv_options *options, php_stream *stream, const sv_connection *connection);
bool sv_options_put_text(sv_options *options, const char *name, const char *value);
bool sv_options_fail(sv_options *options, const char *format, ...) ZEND_ATTRIBUTE_FORMAT(printf, 2, 3);
zval *sv_context_option(php_stream *stream, const char *wrapper, const char *name);

/* policy.c */
stv_verifier *sv_verifier(php_stream *stream, const sv_connection *connection, char **fault);
stv_peer *sv_peer(php_stream *stream, const sv_connection *connection, const stv_verifier *verifier, char **fault);
void sv_verifier_release(zval *entry);

/* report.c */
void sv_report_keep(sv_connection *connection, stv_report *report);
void sv_report_forget(void);
void sv_report_refused(sv_connection *connection);
void sv_report_fault(const char *words);
void sv_log(int priority, const char *format, ...) ZEND_ATTRIBUTE_FORMAT(printf, 2, 3);
void sv_capture(php_stream *stream, const sv_connection *connection);
PHP_FUNCTION(starttls_verify_last_report);

/* audit.c */
void sv_audit_refusal(php_stream *stream, sv_connection *connection, const char *code, const char *words);
int sv_audit(php_stream *stream, sv_connection *connection, php_stream_xport_crypto_param *param);

#endif
