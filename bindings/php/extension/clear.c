/* What a server may say before TLS.
 *
 * Where TLS is demanded, only greetings and answers to a few words have a place before it, so their size and
 * time are bounded: a greeting without end, or one that comes byte by byte, otherwise holds a program for as
 * long as the server likes, or takes its memory. The bounds are those of the library's own negotiation; the
 * time begins anew with each command of the program, which waits for one answer. */

#include "php_starttls_verify.h"

#define LONGEST_LINE 8192
#define MOST_LINES 128
#define MOST_OCTETS 65536

static double answer_deadline(php_stream *stream)
{
	double streams = sv_deadline(&sv_socket_of(stream)->timeout);
	double ours = sv_now() + (double) SV_G(handshake_timeout);
	return SV_G(handshake_timeout) > 0 && (streams < 0 || ours < streams) ? ours : streams;
}

/* A new question: its answer has the whole time. */
void sv_clear_asked(sv_connection *connection)
{
	connection->deadline = 0;
}

/* Counts what has come; the code of what is too much, or NULL. */
static const char *excess(sv_connection *connection, const char *text, size_t length)
{
	connection->heard += length;
	for (size_t i = 0; i < length; i++) {
		bool ends = text[i] == '\n';
		connection->heard_lines += ends ? 1 : 0;
		connection->heard_line = ends ? 0 : connection->heard_line + 1;
		if (connection->heard_line > LONGEST_LINE) {
			return "starttls.line_too_long";
		}
	}
	if (connection->heard_lines > MOST_LINES) {
		return "starttls.too_many_lines";
	}
	return connection->heard > MOST_OCTETS ? "starttls.too_much_data" : NULL;
}

static ssize_t refuse(php_stream *stream, sv_connection *connection, const char *code, const char *words)
{
	if (sv_current_mode() == SV_AUDIT) {
		sv_audit_refusal(stream, connection, code, words);
		connection->demands_tls = false;
		return 0;
	}
	sv_refuse_in_clear(stream, connection, code, words);
	return -1;
}

/* The first bytes tell the protocol, or that it is none: a TLS record (RFC 8446 section 5.1). */
static bool greet(php_stream *stream, sv_connection *connection, const char *text, size_t length)
{
	connection->has_greeting = true;
	if (connection->protocol == STV_PROTOCOL_TLS) {
		connection->protocol = sv_protocol_of_greeting(text, length);
	}
	return !connection->demands_tls || (text[0] != 0x15 && text[0] != 0x16)
		|| refuse(stream, connection, "starttls.tls_on_plain_port", "the server speaks TLS at once on this port") == 0;
}

/* Waits for the answer as long as all of it may take. A stream that does not block waits by itself. */
static bool is_in_time(php_stream *stream, sv_connection *connection)
{
	php_netstream_data_t *sock = sv_socket_of(stream);
	if (connection->deadline == 0) {
		connection->deadline = answer_deadline(stream);
	}
	if (!sock->is_blocked) {
		return connection->deadline < 0 || sv_now() < connection->deadline;
	}
	return sv_wait(sock->socket, POLLIN, connection->deadline) == 1 && (connection->deadline < 0 || sv_now() < connection->deadline);
}

ssize_t sv_clear_read(php_stream *stream, sv_connection *connection, char *buf, size_t count)
{
	if (connection->demands_tls && !is_in_time(stream, connection)) {
		sv_socket_of(stream)->timeout_event = 1;
		if (refuse(stream, connection, "io.timeout", "the server's answer before TLS did not end in time") < 0) {
			return -1;
		}
	}
	ssize_t length = connection->stock->read(stream, buf, count);
	if (length <= 0) {
		return length;
	}
	if (!connection->has_greeting && !greet(stream, connection, buf, (size_t) length)) {
		return -1;
	}
	const char *code = connection->demands_tls ? excess(connection, buf, (size_t) length) : NULL;
	bool is_refused = code && refuse(stream, connection, code, "the server says more before TLS than has a place there") < 0;
	return is_refused ? -1 : length;
}
