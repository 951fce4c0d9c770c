/* Where the reason goes: the PHP warning, the log, starttls_verify_last_report(); and the certificates, for
 * programs that ask PHP's context for them. */

#include "php_starttls_verify.h"
#include "ext/json/php_json.h"
#include "ext/standard/base64.h"

void sv_log(int priority, const char *format, ...)
{
	char *words;
	va_list arguments;
	if (!SV_G(log) || !*SV_G(log) || strcmp(SV_G(log), "off") == 0) {
		return;
	}
	va_start(arguments, format);
	vspprintf(&words, 0, format, arguments);
	va_end(arguments);
	if (strcmp(SV_G(log), "syslog") == 0) {
		php_syslog(priority, "starttls_verify: %s", words);
	} else {
		char *line;
		spprintf(&line, 0, "starttls_verify: %s", words);
		php_log_err_with_severity(line, priority);
		efree(line);
	}
	efree(words);
}

/* The report of a stream, which is the last one too. Takes it over. */
void sv_report_keep(sv_connection *connection, stv_report *report)
{
	stv_report_free(connection->report);
	connection->report = report;
	sv_report_forget();
	SV_G(last_report) = stv_report_dup(report);
}

void sv_report_forget(void)
{
	stv_report_free(SV_G(last_report));
	SV_G(last_report) = NULL;
}

/* Says once why a peer was refused. */
void sv_report_refused(sv_connection *connection)
{
	const char *summary = stv_report_summary(connection->report);
	sv_log(LOG_WARNING, "refused: %s", summary);
	php_error_docref(NULL, E_WARNING, "%s", summary);
}

/* The caller's own fault, or the administrator's: nobody was judged. */
void sv_report_fault(const char *words)
{
	sv_log(LOG_ERR, "not judged, and refused: %s", words);
	php_error_docref(NULL, E_WARNING, "%s", words);
	sv_report_forget();
}

/* ---- peer_certificate and peer_certificate_chain ---- */

/* One certificate as PHP has them: openssl_x509_read of its PEM. */
static bool read_certificate(const void *der, size_t length, zval *certificate)
{
	zval function, pem;
	smart_str text = {NULL, 0};
	zend_string *base64 = php_base64_encode(der, length);
	smart_str_appends(&text, "-----BEGIN CERTIFICATE-----\n");
	for (size_t at = 0; at < ZSTR_LEN(base64); at += 64) {
		size_t left = ZSTR_LEN(base64) - at;
		smart_str_appendl(&text, ZSTR_VAL(base64) + at, left < 64 ? left : 64);
		smart_str_appendc(&text, '\n');
	}
	smart_str_appends(&text, "-----END CERTIFICATE-----\n");
	smart_str_0(&text);
	zend_string_release(base64);
	ZVAL_STRING(&function, "openssl_x509_read");
	ZVAL_STR(&pem, text.s);
	bool done = call_user_function(NULL, NULL, &function, certificate, 1, &pem) == SUCCESS
		&& Z_TYPE_P(certificate) == IS_OBJECT;
	zval_ptr_dtor(&function);
	zval_ptr_dtor(&pem);
	return done;
}

static bool is_asked_for(php_stream *stream, const char *name)
{
	zval *value = sv_context_option(stream, "ssl", name);
	return value && zend_is_true(value);
}

static void put_chain(php_stream *stream, const sv_connection *connection)
{
	zval chain, certificate;
	array_init(&chain);
	for (size_t i = 0; stv_session_certificate(connection->session, i); i++) {
		if (read_certificate(stv_session_certificate(connection->session, i),
			stv_session_certificate_len(connection->session, i), &certificate)) {
			add_next_index_zval(&chain, &certificate);
		} else {
			zval_ptr_dtor(&certificate);
		}
	}
	php_stream_context_set_option(PHP_STREAM_CONTEXT(stream), "ssl", "peer_certificate_chain", &chain);
	zval_ptr_dtor(&chain);
}

static void put_leaf(php_stream *stream, const sv_connection *connection)
{
	zval certificate;
	if (read_certificate(stv_session_certificate(connection->session, 0),
		stv_session_certificate_len(connection->session, 0), &certificate)) {
		php_stream_context_set_option(PHP_STREAM_CONTEXT(stream), "ssl", "peer_certificate", &certificate);
	}
	zval_ptr_dtor(&certificate);
}

/* After a handshake that opened, as PHP does it. */
void sv_capture(php_stream *stream, const sv_connection *connection)
{
	if (!stv_session_certificate(connection->session, 0)) {
		return;
	}
	if (is_asked_for(stream, "capture_peer_cert")) {
		put_leaf(stream, connection);
	}
	if (is_asked_for(stream, "capture_peer_cert_chain")) {
		put_chain(stream, connection);
	}
}

/* ---- PHP ---- */

/* starttls_verify_last_report(?resource $stream = null): ?array: the report of a stream, or the last one of
 * this request; null where there is none. */
PHP_FUNCTION(starttls_verify_last_report)
{
	zval *resource = NULL;
	const stv_report *report = SV_G(last_report);
	ZEND_PARSE_PARAMETERS_START(0, 1)
		Z_PARAM_OPTIONAL
		Z_PARAM_RESOURCE_OR_NULL(resource)
	ZEND_PARSE_PARAMETERS_END();
	if (resource) {
		php_stream *stream;
		php_stream_from_zval(stream, resource);
		sv_connection *connection = sv_connection_of(stream);
		report = connection ? connection->report : NULL;
	}
	if (!report) {
		RETURN_NULL();
	}
	const char *json = stv_report_json(report);
	if (php_json_decode(return_value, json, strlen(json), true, 64) != SUCCESS) {
		RETURN_NULL();
	}
}
