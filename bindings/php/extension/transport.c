/* The tcp transport anew: streams to ports in scope get our ops over PHP's own struct. Server streams, other
 * ports and what ext/openssl does on them stay as they are. */

#include "php_starttls_verify.h"

/* Of ext/openssl; what is not registered is not taken. */
static const struct { const char *name; int method; } tls_transports[] = {
	{"ssl", STREAM_CRYPTO_METHOD_TLS_ANY_CLIENT}, {"tls", STREAM_CRYPTO_METHOD_TLS_ANY_CLIENT},
	{"tlsv1.0", STREAM_CRYPTO_METHOD_TLSv1_0_CLIENT}, {"tlsv1.1", STREAM_CRYPTO_METHOD_TLSv1_1_CLIENT},
	{"tlsv1.2", STREAM_CRYPTO_METHOD_TLSv1_2_CLIENT}, {"tlsv1.3", STREAM_CRYPTO_METHOD_TLSv1_3_CLIENT},
};
#define TLS_TRANSPORTS (sizeof(tls_transports) / sizeof(*tls_transports))

/* Set at start-up and read only afterwards: threads share them. */
static php_stream_transport_factory stock_tcp;
static php_stream_transport_factory stock_tls[TLS_TRANSPORTS];

static const php_stream_ops taken_ops;

php_netstream_data_t *sv_socket_of(php_stream *stream)
{
	return (php_netstream_data_t *) stream->abstract;
}

static zend_ulong key_of(const php_stream *stream)
{
	return (zend_ulong) (uintptr_t) stream;
}

/* NULL for a stream that is not taken. */
sv_connection *sv_connection_of(php_stream *stream)
{
	return stream->ops == &taken_ops ? zend_hash_index_find_ptr(&SV_G(connections), key_of(stream)) : NULL;
}

void sv_connection_free(zval *entry)
{
	sv_connection *connection = Z_PTR_P(entry);
	stv_session_free(connection->session);
	stv_report_free(connection->report);
	free(connection->sealed);
	free(connection->host);
	free(connection);
}

/* HOST:PORT as PHP reads it: [ADDRESS]:PORT, and behind the port whatever there is. */
static bool split(const char *name, size_t length, char **host, int *port)
{
	const char *begin = name, *end = NULL;
	if (length > 0 && name[0] == '[') {
		begin = name + 1;
		end = memchr(name, ']', length);
		if (!end || (size_t) (end + 1 - name) >= length || end[1] != ':') {
			return false;
		}
		*port = (int) ZEND_STRTOL(end + 2, NULL, 10);
	} else {
		end = memchr(name, ':', length);
		if (!end) {
			return false;
		}
		*port = (int) ZEND_STRTOL(end + 1, NULL, 10);
	}
	*host = zend_strndup(begin, (size_t) (end - begin));
	return true;
}

/* Takes a stream if it is in scope. */
static void take(php_stream *stream, const char *name, size_t length, bool secures_at_once, int method)
{
	char *host;
	int port;
	if (!split(name, length, &host, &port)) {
		return;
	}
	bool is_in_scope = sv_ports_include(SV_G(ports), port);
	bool demands_tls = !secures_at_once && sv_hosts_include(SV_G(require_tls), host, port, is_in_scope);
	if (!is_in_scope && !demands_tls) {
		free(host);
		return;
	}
	sv_connection *connection = pecalloc(1, sizeof(*connection), true);
	connection->stock = stream->ops;
	connection->host = host;
	connection->port = port;
	connection->protocol = sv_protocol_of_port(port, secures_at_once);
	connection->demands_tls = demands_tls;
	connection->secures_at_once = secures_at_once;
	connection->method = method;
	connection->owner = getpid();
	zend_hash_index_update_ptr(&SV_G(connections), key_of(stream), connection);
	stream->ops = &taken_ops;
}

static php_stream *open_tcp(const char *proto, size_t protolen, const char *name, size_t length,
	const char *persistent_id, int options, int flags, struct timeval *timeout, php_stream_context *context STREAMS_DC)
{
	php_stream *stream = stock_tcp(proto, protolen, name, length, persistent_id, options, flags, timeout, context STREAMS_CC);
	if (stream && !(flags & STREAM_XPORT_SERVER)) {
		take(stream, name, length, false, 0);
	}
	return stream;
}

static size_t tls_transport(const char *proto, size_t protolen)
{
	for (size_t i = 0; i < TLS_TRANSPORTS; i++) {
		if (strlen(tls_transports[i].name) == protolen && strncasecmp(proto, tls_transports[i].name, protolen) == 0) {
			return i;
		}
	}
	return 0;
}

/* ssl:// and tls://: a stream of tcp that is secured as soon as it is connected. */
static php_stream *open_tls(const char *proto, size_t protolen, const char *name, size_t length,
	const char *persistent_id, int options, int flags, struct timeval *timeout, php_stream_context *context STREAMS_DC)
{
	size_t which = tls_transport(proto, protolen);
	char *host = NULL;
	int port = 0;
	bool is_ours = !(flags & STREAM_XPORT_SERVER) && SV_G(implicit_tls) && sv_current_mode() != SV_AUDIT
		&& split(name, length, &host, &port) && sv_ports_include(SV_G(ports), port);
	free(host);
	if (!is_ours) {
		return stock_tls[which](proto, protolen, name, length, persistent_id, options, flags, timeout, context STREAMS_CC);
	}
	php_stream *stream = stock_tcp("tcp", 3, name, length, persistent_id, options, flags, timeout, context STREAMS_CC);
	if (stream) {
		take(stream, name, length, true, tls_transports[which].method);
	}
	return stream;
}

void sv_transport_register(void)
{
	HashTable *transports = php_stream_xport_get_hash();
	stock_tcp = (php_stream_transport_factory) zend_hash_str_find_ptr(transports, "tcp", 3);
	php_stream_xport_register("tcp", open_tcp);
	for (size_t i = 0; i < TLS_TRANSPORTS; i++) {
		const char *name = tls_transports[i].name;
		stock_tls[i] = (php_stream_transport_factory) zend_hash_str_find_ptr(transports, name, strlen(name));
		if (stock_tls[i]) {
			php_stream_xport_register(name, open_tls);
		}
	}
}

void sv_transport_unregister(void)
{
	php_stream_xport_register("tcp", stock_tcp);
	for (size_t i = 0; i < TLS_TRANSPORTS; i++) {
		if (stock_tls[i]) {
			php_stream_xport_register(tls_transports[i].name, stock_tls[i]);
		}
	}
}

/* ---- What a taken stream answers ---- */

static ssize_t taken_read(php_stream *stream, char *buf, size_t count)
{
	sv_connection *connection = sv_connection_of(stream);
	if (connection->phase == SV_SECURED) {
		return sv_secured_read(stream, connection, buf, count);
	}
	if (connection->phase == SV_REFUSED) {
		stream->eof = 1;
		return 0;
	}
	return connection->phase == SV_STOCK ? connection->stock->read(stream, buf, count)
		: sv_clear_read(stream, connection, buf, count);
}

/* An answer that is there before its question: the go-ahead of somebody who has read the program's mind. */
static bool is_answered(php_stream *stream)
{
	char byte;
	return stream->writepos > stream->readpos
		|| recv(sv_socket_of(stream)->socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* May this leave in clear? If not, the stream is dead. An audit says it once and lets it go. */
static bool may_say(php_stream *stream, sv_connection *connection, const char *buf, size_t count)
{
	sv_say say = sv_dialogue(&connection->line, connection->protocol, connection->demands_tls, buf, count);
	if (say == SV_KEEP_BACK && sv_current_mode() != SV_AUDIT) {
		sv_refuse_in_clear(stream, connection, "starttls.required",
			"a command that has no place before TLS was to be sent in clear; nothing of it was sent");
		return false;
	}
	if (say == SV_KEEP_BACK) {
		sv_audit_refusal(stream, connection, "starttls.required", "a command that has no place before TLS was sent in clear");
		connection->demands_tls = false;
		return may_say(stream, connection, buf, count);
	}
	sv_clear_asked(connection);
	if (say == SV_SAY_STARTTLS) {
		connection->answered_early = is_answered(stream);
	}
	return true;
}

static ssize_t refused_write(php_stream *stream)
{
	if (!(stream->flags & PHP_STREAM_FLAG_SUPPRESS_ERRORS)) {
		php_error_docref(NULL, E_NOTICE, "nothing was sent: the peer of this connection was refused");
	}
	errno = EPIPE;
	return -1;
}

static ssize_t taken_write(php_stream *stream, const char *buf, size_t count)
{
	sv_connection *connection = sv_connection_of(stream);
	switch (connection->phase) {
		case SV_SECURED: return sv_secured_write(stream, connection, buf, count);
		case SV_STOCK: return connection->stock->write(stream, buf, count);
		/* Between the go-ahead and the verdict nothing may be said. */
		case SV_SHAKING:
		case SV_REFUSED: return refused_write(stream);
		case SV_CLEAR:
		case SV_SET_UP: break;
	}
	return may_say(stream, connection, buf, count) ? connection->stock->write(stream, buf, count) : -1;
}

static int taken_close(php_stream *stream, int close_handle)
{
	sv_connection *connection = sv_connection_of(stream);
	const php_stream_ops *stock = connection->stock;
	if (connection->phase == SV_SECURED) {
		sv_secured_goodbye(stream, connection);
	}
	zend_hash_index_del(&SV_G(connections), key_of(stream));
	stream->ops = stock;
	return stock->close(stream, close_handle);
}

static int taken_flush(php_stream *stream)
{
	sv_connection *connection = sv_connection_of(stream);
	if (connection->phase == SV_SECURED) {
		return sv_drain(stream, connection, sv_deadline(&sv_socket_of(stream)->timeout)) ? 0 : -1;
	}
	return connection->stock->flush(stream);
}

/* Whoever gets the descriptor writes past us. */
static int taken_cast(php_stream *stream, int castas, void **ret)
{
	sv_connection *connection = sv_connection_of(stream);
	bool is_plain = connection->phase == SV_STOCK || (connection->phase == SV_CLEAR && !connection->demands_tls);
	if (is_plain) {
		return connection->stock->cast(stream, castas, ret);
	}
	return sv_secured_cast(stream, connection, castas, ret);
}

static int taken_stat(php_stream *stream, php_stream_statbuf *ssb)
{
	return sv_connection_of(stream)->stock->stat(stream, ssb);
}

/* PHP asks in two steps: set up, enable. */
static int crypto(php_stream *stream, sv_connection *connection, php_stream_xport_crypto_param *param)
{
	bool is_ours = (connection->phase != SV_CLEAR && connection->phase != SV_STOCK)
		|| (param->op == STREAM_XPORT_CRYPTO_OP_SETUP && (param->inputs.method & 1) && sv_current_mode() != SV_AUDIT);
	if (!is_ours) {
		return sv_audit(stream, connection, param);
	}
	if (param->op == STREAM_XPORT_CRYPTO_OP_SETUP) {
		param->outputs.returncode = connection->phase == SV_REFUSED || connection->phase == SV_SECURED ? -1 : 0;
		if (connection->phase == SV_SECURED) {
			php_error_docref(NULL, E_WARNING, "SSL/TLS already set-up for this stream");
		} else if (connection->phase == SV_CLEAR) {
			connection->phase = SV_SET_UP;
			connection->method = param->inputs.method;
		}
	} else if (param->inputs.activate) {
		param->outputs.returncode = sv_secure(stream, connection);
	} else {
		php_error_docref(NULL, E_WARNING, "TLS is not taken off again");
		param->outputs.returncode = -1;
	}
	return PHP_STREAM_OPTION_RETURN_OK;
}

/* ssl:// and tls://: connected means secured. */
static int connect_securely(php_stream *stream, sv_connection *connection, php_stream_xport_param *param)
{
	int done = connection->stock->set_option(stream, PHP_STREAM_OPTION_XPORT_API, 0, param);
	bool is_begun = param->op == STREAM_XPORT_OP_CONNECT_ASYNC && param->outputs.returncode == 1
		&& param->outputs.error_code == EINPROGRESS;
	if (done == PHP_STREAM_OPTION_RETURN_OK && (param->outputs.returncode == 0 || is_begun)) {
		connection->phase = SV_SET_UP;
		if (sv_secure(stream, connection) < 0) {
			param->outputs.returncode = -1;
			if (param->want_errortext && connection->report) {
				param->outputs.error_text = zend_string_init(stv_report_summary(connection->report),
					strlen(stv_report_summary(connection->report)), false);
			}
		}
	}
	return done;
}

static int transport_option(php_stream *stream, sv_connection *connection, int value, php_stream_xport_param *param)
{
	bool connects = param->op == STREAM_XPORT_OP_CONNECT || param->op == STREAM_XPORT_OP_CONNECT_ASYNC;
	if (connects && connection->secures_at_once) {
		return connect_securely(stream, connection, param);
	}
	if (param->op == STREAM_XPORT_OP_SEND && !may_say(stream, connection, param->inputs.buf, param->inputs.buflen)) {
		param->outputs.returncode = -1;
		return PHP_STREAM_OPTION_RETURN_OK;
	}
	return connection->stock->set_option(stream, PHP_STREAM_OPTION_XPORT_API, value, param);
}

static int taken_set_option(php_stream *stream, int option, int value, void *param)
{
	sv_connection *connection = sv_connection_of(stream);
	if (option == PHP_STREAM_OPTION_CRYPTO_API) {
		return crypto(stream, connection, param);
	}
	if (connection->phase == SV_CLEAR && option == PHP_STREAM_OPTION_XPORT_API) {
		return transport_option(stream, connection, value, param);
	}
	if (connection->phase == SV_CLEAR || connection->phase == SV_STOCK) {
		return connection->stock->set_option(stream, option, value, param);
	}
	return sv_secured_option(stream, connection, option, value, param);
}

static const php_stream_ops taken_ops = {
	taken_write,
	taken_read,
	taken_close,
	taken_flush,
	"tcp_socket/ssl",
	NULL,
	taken_cast,
	taken_stat,
	taken_set_option,
};
