/* Inside TLS: reading, writing, select, feof and the rest, as PHP's own streams answer them. */

#include "php_starttls_verify.h"
#include "ext/json/php_json.h"
#include "ext/standard/file.h"

/* A session belongs to the process that made it: two that go on with the same keys would send two messages
 * under one nonce. The socket is the other process's too, so it is not shut down. */
static bool is_foreign(php_stream *stream, sv_connection *connection)
{
	if (connection->owner == getpid()) {
		return false;
	}
	php_error_docref(NULL, E_WARNING, "the TLS session belongs to the process that made it");
	stream->eof = 1;
	return true;
}

/* TLS has broken: what was read may be cut off, and the program is told why. */
static void broken(php_stream *stream, sv_connection *connection)
{
	stv_report *report = NULL;
	stream->eof = 1;
	if (stv_session_report(connection->session, &report) == STV_OK) {
		sv_report_keep(connection, report);
	}
}

static ssize_t fail(php_stream *stream, sv_connection *connection)
{
	php_error_docref(NULL, E_WARNING, "%s", stv_session_error(connection->session));
	broken(stream, connection);
	return -1;
}

/* Waits until the peer has sent something: 1 it has, 0 not now, -1 it never will. */
static int await(php_stream *stream, sv_connection *connection, double deadline)
{
	php_netstream_data_t *sock = sv_socket_of(stream);
	bool may_wait = sock->is_blocked && !connection->without_waiting;
	if (!sv_drain(stream, connection, deadline) && errno != EAGAIN) {
		stream->eof = 1;
		return -1;
	}
	ssize_t received = sv_receive(stream, connection);
	if (received != 0) {
		stream->eof = received < 0 ? 1 : stream->eof;
		return received < 0 ? -1 : 1;
	}
	if (!may_wait) {
		return 0;
	}
	if (sv_wait(sock->socket, POLLIN, deadline)) {
		return 1;
	}
	sock->timeout_event = 1;
	return -1;
}

ssize_t sv_secured_read(php_stream *stream, sv_connection *connection, char *buf, size_t count)
{
	double deadline = sv_deadline(&sv_socket_of(stream)->timeout);
	if (is_foreign(stream, connection)) {
		return -1;
	}
	if (count == 0) {
		return 0;
	}
	sv_socket_of(stream)->timeout_event = 0;
	for (;;) {
		size_t length = 0;
		stv_status status = stv_session_read(connection->session, buf, count, &length);
		if (status == STV_OK) {
			return (ssize_t) length;
		}
		if (status == STV_CLOSED) {
			stream->eof = 1;
			return 0;
		}
		/* Servers often leave without a word, and PHP calls that the end; the report has it. */
		if (status == STV_E_TLS_TRUNCATED) {
			broken(stream, connection);
			return 0;
		}
		if (status != STV_WANT_READ && status != STV_WANT_WRITE) {
			return fail(stream, connection);
		}
		int ready = await(stream, connection, deadline);
		if (ready <= 0) {
			return ready;
		}
	}
}

/* The peer must also be read while it is written to: it may ask for new keys, or send what it wants to
 * have read first. */
static int make_room(php_stream *stream, sv_connection *connection, double deadline)
{
	if (sv_drain(stream, connection, deadline)) {
		return 1;
	}
	if (errno != EAGAIN) {
		return -1;
	}
	if (sv_socket_of(stream)->is_blocked && !connection->without_waiting) {
		sv_socket_of(stream)->timeout_event = 1;
		return -1;
	}
	return 0;
}

ssize_t sv_secured_write(php_stream *stream, sv_connection *connection, const char *buf, size_t count)
{
	double deadline = sv_deadline(&sv_socket_of(stream)->timeout);
	size_t taken = 0;
	if (is_foreign(stream, connection)) {
		return -1;
	}
	while (taken < count) {
		size_t length = 0;
		stv_status status = stv_session_write(connection->session, buf + taken, count - taken, &length);
		if (status != STV_OK && status != STV_WANT_WRITE && status != STV_WANT_READ) {
			return fail(stream, connection);
		}
		taken += length;
		int room = make_room(stream, connection, deadline);
		if (room < 0) {
			php_error_docref(NULL, E_NOTICE, "Send of %zu bytes failed with errno=%d %s", count, errno, strerror(errno));
			return taken > 0 ? (ssize_t) taken : -1;
		}
		/* What was taken is on its way; the rest is the program's to write again. */
		if (room == 0) {
			break;
		}
	}
	return (ssize_t) taken;
}

/* close_notify, if it goes out at once; a session that is closed can be resumed. */
void sv_secured_goodbye(php_stream *stream, sv_connection *connection)
{
	if (connection->owner != getpid()) {
		return;
	}
	sv_drain(stream, connection, sv_deadline(&sv_socket_of(stream)->timeout));
	stv_session_close(connection->session);
	connection->without_waiting = true;
	sv_drain(stream, connection, 0);
}

/* Brings what is decrypted, or can be at once, into PHP's own buffer; whether there is something. */
static bool fill(php_stream *stream, sv_connection *connection)
{
	connection->without_waiting = true;
	php_stream_fill_read_buffer(stream, (size_t) (stream->writepos - stream->readpos) + 1);
	connection->without_waiting = false;
	return stream->writepos > stream->readpos;
}

/* For select only: PHP looks into its own buffer first. */
int sv_secured_cast(php_stream *stream, sv_connection *connection, int castas, void **ret)
{
	if (castas != PHP_STREAM_AS_FD_FOR_SELECT) {
		return FAILURE;
	}
	if (connection->phase == SV_SECURED && stream->writepos == stream->readpos
		&& stv_session_pending(connection->session) > 0) {
		fill(stream, connection);
	}
	return connection->stock->cast(stream, castas, ret);
}

/* feof(), and whether a persistent stream is still good. */
static int check_liveness(php_stream *stream, sv_connection *connection, int value)
{
	php_netstream_data_t *sock = sv_socket_of(stream);
	struct timeval wait = {value >= 0 ? value : 0, 0};
	if (connection->owner != getpid()) {
		return PHP_STREAM_OPTION_RETURN_ERR;
	}
	if (value == -1) {
		wait = sock->timeout.tv_sec >= 0 ? sock->timeout : (struct timeval) {FG(default_socket_timeout), 0};
	}
	if (stream->writepos > stream->readpos || stv_session_pending(connection->session) > 0) {
		return PHP_STREAM_OPTION_RETURN_OK;
	}
	if (!sv_wait(sock->socket, POLLIN, sv_deadline(&wait))) {
		return PHP_STREAM_OPTION_RETURN_OK;
	}
	return fill(stream, connection) || !stream->eof ? PHP_STREAM_OPTION_RETURN_OK : PHP_STREAM_OPTION_RETURN_ERR;
}

/* recvfrom: what was decrypted, never what stands in the socket. */
static int receive(php_stream *stream, sv_connection *connection, php_stream_xport_param *param)
{
	bool peeks = param->inputs.flags & STREAM_PEEK;
	param->outputs.returncode = -1;
	if (param->inputs.flags & STREAM_OOB) {
		php_error_docref(NULL, E_WARNING, "there is no out-of-band data inside TLS");
		return PHP_STREAM_OPTION_RETURN_OK;
	}
	if (stream->writepos == stream->readpos && php_stream_fill_read_buffer(stream, 1) != SUCCESS) {
		return PHP_STREAM_OPTION_RETURN_OK;
	}
	size_t length = (size_t) (stream->writepos - stream->readpos);
	length = length < param->inputs.buflen ? length : param->inputs.buflen;
	if (length > 0) {
		memcpy(param->inputs.buf, stream->readbuf + stream->readpos, length);
		stream->readpos += peeks ? 0 : (zend_off_t) length;
	}
	param->outputs.returncode = (int) length;
	if (param->want_addr || param->want_textaddr) {
		php_network_get_peer_name(sv_socket_of(stream)->socket, param->want_textaddr ? &param->outputs.textaddr : NULL,
			param->want_addr ? &param->outputs.addr : NULL, param->want_addr ? &param->outputs.addrlen : NULL);
	}
	return PHP_STREAM_OPTION_RETURN_OK;
}

/* sendto: through TLS, or not at all. */
static int transmit(php_stream *stream, sv_connection *connection, php_stream_xport_param *param)
{
	param->outputs.returncode = -1;
	if ((param->inputs.flags & STREAM_OOB) || param->inputs.addr) {
		php_error_docref(NULL, E_WARNING, "there is no out-of-band data and no other address inside TLS");
	} else {
		param->outputs.returncode = (int) stream->ops->write(stream, param->inputs.buf, param->inputs.buflen);
	}
	return PHP_STREAM_OPTION_RETURN_OK;
}

static int transport_option(php_stream *stream, sv_connection *connection, int value, php_stream_xport_param *param)
{
	switch (param->op) {
		case STREAM_XPORT_OP_RECV: return receive(stream, connection, param);
		case STREAM_XPORT_OP_SEND: return transmit(stream, connection, param);
		case STREAM_XPORT_OP_SHUTDOWN:
			if (connection->phase == SV_SECURED && connection->owner == getpid()) {
				sv_drain(stream, connection, sv_deadline(&sv_socket_of(stream)->timeout));
			}
			break;
		default: break;
	}
	return connection->stock->set_option(stream, PHP_STREAM_OPTION_XPORT_API, value, param);
}

/* stream_get_meta_data()['crypto'], from the report. */
static void add_crypto(const sv_connection *connection, zval *into)
{
	zval crypto, report, *tls;
	const char *json = connection->report ? stv_report_json(connection->report) : "";
	if (php_json_decode(&report, json, strlen(json), true, 64) == SUCCESS && Z_TYPE(report) == IS_ARRAY
		&& (tls = zend_hash_str_find(Z_ARRVAL(report), "tls", 3)) && Z_TYPE_P(tls) == IS_ARRAY) {
		static const struct { const char *from, *to; } names[] = {{"version", "protocol"}, {"cipher", "cipher_name"},
			{"version", "cipher_version"}};
		array_init(&crypto);
		for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
			zval *word = zend_hash_str_find(Z_ARRVAL_P(tls), names[i].from, strlen(names[i].from));
			if (word) {
				Z_TRY_ADDREF_P(word);
				add_assoc_zval(&crypto, names[i].to, word);
			}
		}
		add_assoc_zval(into, "crypto", &crypto);
	}
	zval_ptr_dtor(&report);
}

int sv_secured_option(php_stream *stream, sv_connection *connection, int option, int value, void *param)
{
	if (option == PHP_STREAM_OPTION_XPORT_API) {
		return transport_option(stream, connection, value, param);
	}
	if (option == PHP_STREAM_OPTION_CHECK_LIVENESS && connection->phase == SV_SECURED) {
		return check_liveness(stream, connection, value);
	}
	if (option == PHP_STREAM_OPTION_CHECK_LIVENESS && connection->phase == SV_REFUSED) {
		return PHP_STREAM_OPTION_RETURN_ERR;
	}
	if (option == PHP_STREAM_OPTION_META_DATA_API && connection->phase == SV_SECURED) {
		add_crypto(connection, param);
	}
	return connection->stock->set_option(stream, option, value, param);
}
