/* mode=audit: PHP's own TLS does what it always did, and refuses what it always refused. What we would have
 * refused is logged: injected plaintext, and the chain, judged once the handshake stands.
 *
 * Server-side crypto and whatever else is not ours goes the same way, without a judge. */

#include "php_starttls_verify.h"

static int stock(php_stream *stream, sv_connection *connection, php_stream_xport_crypto_param *param)
{
	return connection->stock->set_option(stream, PHP_STREAM_OPTION_CRYPTO_API, 0, param);
}

/* PHP keeps the chain only where a context asks for it; some streams have none. */
static void demand_chain(php_stream *stream, zval *before)
{
	zval on, *asked;
	ZVAL_UNDEF(before);
	if (!PHP_STREAM_CONTEXT(stream)) {
		php_stream_context_set(stream, php_stream_context_alloc());
	}
	if ((asked = sv_context_option(stream, "ssl", "capture_peer_cert_chain"))) {
		ZVAL_COPY(before, asked);
	}
	ZVAL_TRUE(&on);
	php_stream_context_set_option(PHP_STREAM_CONTEXT(stream), "ssl", "capture_peer_cert_chain", &on);
}

static void demand_no_more(php_stream *stream, zval *before)
{
	zval none;
	ZVAL_FALSE(&none);
	bool asked = Z_TYPE_P(before) != IS_UNDEF && zend_is_true(before);
	php_stream_context_set_option(PHP_STREAM_CONTEXT(stream), "ssl", "capture_peer_cert_chain",
		Z_TYPE_P(before) == IS_UNDEF ? &none : before);
	if (!asked) {
		ZVAL_NULL(&none);
		php_stream_context_set_option(PHP_STREAM_CONTEXT(stream), "ssl", "peer_certificate_chain", &none);
	}
	zval_ptr_dtor(before);
}

static bool add_certificate(stv_chain *chain, zval *certificate)
{
	zval function, arguments[2], done;
	ZVAL_STRING(&function, "openssl_x509_export");
	ZVAL_COPY_VALUE(&arguments[0], certificate);
	ZVAL_NEW_EMPTY_REF(&arguments[1]);
	ZVAL_NULL(Z_REFVAL(arguments[1]));
	bool is_added = call_user_function(NULL, NULL, &function, &done, 2, arguments) == SUCCESS
		&& Z_TYPE_P(Z_REFVAL(arguments[1])) == IS_STRING
		&& stv_chain_add_pem(chain, Z_STRVAL_P(Z_REFVAL(arguments[1])), Z_STRLEN_P(Z_REFVAL(arguments[1]))) == STV_OK;
	zval_ptr_dtor(&done);
	zval_ptr_dtor(&arguments[1]);
	zval_ptr_dtor(&function);
	return is_added;
}

static bool gather_chain(php_stream *stream, stv_chain *chain)
{
	zval *certificates = sv_context_option(stream, "ssl", "peer_certificate_chain"), *certificate;
	if (!certificates || Z_TYPE_P(certificates) != IS_ARRAY) {
		return false;
	}
	ZEND_HASH_FOREACH_VAL(Z_ARRVAL_P(certificates), certificate) {
		if (!add_certificate(chain, certificate)) {
			return false;
		}
	} ZEND_HASH_FOREACH_END();
	return true;
}

static void judge(php_stream *stream, sv_connection *connection)
{
	char *fault = NULL;
	stv_chain *chain = NULL;
	stv_report *report = NULL;
	stv_verifier *verifier = sv_verifier(stream, connection, &fault);
	stv_peer *peer = verifier ? sv_peer(stream, connection, verifier, &fault) : NULL;
	if (peer && stv_chain_new(&chain) == STV_OK && gather_chain(stream, chain)) {
		stv_verifier_judge(verifier, peer, chain, &report);
	}
	if (report) {
		bool is_trusted = stv_report_verdict(report) == STV_VERDICT_TRUSTED;
		sv_report_keep(connection, report);
		sv_log(is_trusted ? LOG_INFO : LOG_WARNING, "%s: %s", is_trusted ? "would be trusted" : "would be refused",
			stv_report_summary(report));
	} else {
		sv_log(LOG_WARNING, "could not be judged: %s", fault ? fault : "PHP kept no chain");
	}
	if (fault) {
		efree(fault);
	}
	stv_chain_free(chain);
	stv_peer_free(peer);
}

/* What would have been refused before a byte of TLS: the report is that of the refusal. */
void sv_audit_refusal(php_stream *stream, sv_connection *connection, const char *code, const char *words)
{
	char *fault = NULL;
	stv_report *report = NULL;
	stv_session *session = sv_session(stream, connection, &fault);
	if (session) {
		stv_session_give_up(session, code, strlen(code), words, strlen(words));
		stv_session_report(session, &report);
	}
	if (report) {
		sv_report_keep(connection, report);
		sv_log(LOG_WARNING, "would be refused: %s", stv_report_summary(report));
	} else {
		sv_log(LOG_WARNING, "would be refused: [%s] %s (%s)", code, words, fault ? fault : "no report");
	}
	if (fault) {
		efree(fault);
	}
	stv_session_free(session);
}

static bool is_meddled_with(php_stream *stream, sv_connection *connection)
{
	char byte;
	if (connection->answered_early) {
		sv_audit_refusal(stream, connection, "starttls.pipelined_reply", "the go-ahead for TLS was there before it was asked for");
		return true;
	}
	if (stream->writepos > stream->readpos
		|| recv(sv_socket_of(stream)->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0) {
		sv_audit_refusal(stream, connection, "starttls.plaintext_injection", "plaintext of the server was waiting when TLS began");
		return true;
	}
	return false;
}

int sv_audit(php_stream *stream, sv_connection *connection, php_stream_xport_crypto_param *param)
{
	zval before;
	if (param->op == STREAM_XPORT_CRYPTO_OP_SETUP) {
		connection->phase = SV_STOCK;
		connection->method = param->inputs.method;
		return stock(stream, connection, param);
	}
	if (!param->inputs.activate || !(connection->method & 1) || sv_current_mode() != SV_AUDIT) {
		return stock(stream, connection, param);
	}
	bool is_refused = !connection->has_begun && is_meddled_with(stream, connection);
	connection->has_begun = true;
	demand_chain(stream, &before);
	int done = stock(stream, connection, param);
	if (done == PHP_STREAM_OPTION_RETURN_OK && param->outputs.returncode == 1 && !is_refused) {
		judge(stream, connection);
	} else if (param->outputs.returncode < 0) {
		sv_log(LOG_WARNING, "refused by PHP itself: %s:%d", connection->host, connection->port);
	}
	demand_no_more(stream, &before);
	return done;
}
