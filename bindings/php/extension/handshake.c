/* From the go-ahead to a session that is open, or to a refusal. The session does no IO; the bytes are moved
 * here, within one deadline for the whole of it, so that a peer who drips gains nothing. */

#include "php_starttls_verify.h"

#include <time.h>

/* What is read at once, octets: a TLS record and its header fit. */
#define PIECE 16640
/* Milliseconds; then the deadline is looked at again. */
#define LONGEST_POLL 60000

double sv_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

/* Without a timeout: never. */
double sv_deadline(const struct timeval *timeout)
{
	return timeout->tv_sec < 0 ? -1 : sv_now() + (double) timeout->tv_sec + (double) timeout->tv_usec / 1e6;
}

/* Waits for the descriptor: 1 when it is ready (or broken, which the next call finds), 0 when the time is over. */
int sv_wait(int fd, short events, double deadline)
{
	for (;;) {
		struct pollfd one = {fd, events, 0};
		double left = deadline < 0 ? -1 : (deadline - sv_now()) * 1000;
		int ready = poll(&one, 1, deadline < 0 ? -1 : left <= 0 ? 0 : left > LONGEST_POLL ? LONGEST_POLL : (int) left + 1);
		if (ready != 0 && !(ready < 0 && errno == EINTR)) {
			return 1;
		}
		if (deadline >= 0 && sv_now() >= deadline) {
			return 0;
		}
	}
}

static bool is_transient(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

/* Fetches what the session has for the peer; whether something is there. */
static bool fetch(sv_connection *connection)
{
	if (connection->sealed_sent < connection->sealed_length) {
		return true;
	}
	connection->sealed_sent = connection->sealed_length = 0;
	if (!connection->sealed && !(connection->sealed = malloc(PIECE))) {
		return false;
	}
	stv_session_take(connection->session, connection->sealed, PIECE, &connection->sealed_length);
	return connection->sealed_length > 0;
}

/* Sends what waits, until the deadline or, where the stream does not block, as far as it goes at once.
 * false: something is left, errno says why. */
bool sv_drain(php_stream *stream, sv_connection *connection, double deadline)
{
	php_netstream_data_t *sock = sv_socket_of(stream);
	while (fetch(connection)) {
		ssize_t sent = send(sock->socket, connection->sealed + connection->sealed_sent,
			connection->sealed_length - connection->sealed_sent, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent >= 0) {
			connection->sealed_sent += (size_t) sent;
		} else if (!is_transient(errno)) {
			return false;
		} else if (!sock->is_blocked || connection->without_waiting || !sv_wait(sock->socket, POLLOUT, deadline)) {
			errno = EAGAIN;
			return false;
		}
	}
	return true;
}

/* Gives the session what has arrived: 1 something or the end, 0 nothing yet, -1 the connection is broken. */
ssize_t sv_receive(php_stream *stream, sv_connection *connection)
{
	char piece[PIECE];
	ssize_t length = recv(sv_socket_of(stream)->socket, piece, sizeof(piece), MSG_DONTWAIT);
	if (length < 0) {
		return is_transient(errno) ? 0 : -1;
	}
	if (length == 0) {
		stv_session_feed_eof(connection->session);
	} else {
		stv_session_feed(connection->session, piece, (size_t) length);
	}
	return 1;
}

/* Nothing goes through any more, in either direction. */
void sv_cut(php_stream *stream, sv_connection *connection)
{
	connection->phase = SV_REFUSED;
	shutdown(sv_socket_of(stream)->socket, SHUT_RDWR);
	/* What was read in clear is not to be taken for an answer. */
	stream->readpos = stream->writepos = 0;
	stream->eof = 1;
}

/* Ends it with the reason that the session has. */
static int refuse(php_stream *stream, sv_connection *connection)
{
	stv_report *report = NULL;
	connection->without_waiting = true;
	sv_drain(stream, connection, 0);
	sv_cut(stream, connection);
	if (stv_session_report(connection->session, &report) == STV_OK) {
		sv_report_keep(connection, report);
		sv_report_refused(connection);
	} else {
		sv_report_fault(stv_session_error(connection->session));
	}
	return -1;
}

static int give_up(php_stream *stream, sv_connection *connection, const char *code, const char *words)
{
	stv_session_give_up(connection->session, code, strlen(code), words, strlen(words));
	return refuse(stream, connection);
}

/* A session for this stream; NULL and why not, which is not always known. */
stv_session *sv_session(php_stream *stream, const sv_connection *connection, char **fault)
{
	stv_session *session = NULL;
	stv_verifier *verifier = sv_verifier(stream, connection, fault);
	stv_peer *peer = verifier ? sv_peer(stream, connection, verifier, fault) : NULL;
	if (peer && stv_session_new_upgraded(verifier, peer, &session) != STV_OK) {
		spprintf(fault, 0, "%s", stv_peer_error(peer));
	}
	stv_peer_free(peer);
	return session;
}

/* The session of the connection; without one the stream is dead, and a warning says why. */
static bool make_session(php_stream *stream, sv_connection *connection)
{
	char *fault = NULL;
	connection->session = sv_session(stream, connection, &fault);
	if (!connection->session) {
		sv_cut(stream, connection);
		sv_report_fault(fault ? fault : "the library made no session");
	}
	if (fault) {
		efree(fault);
	}
	return connection->session != NULL;
}

/* What the program was about to say must not be said: the stream is dead. */
void sv_refuse_in_clear(php_stream *stream, sv_connection *connection, const char *code, const char *words)
{
	if (make_session(stream, connection)) {
		give_up(stream, connection, code, words);
	}
}

/* Whatever has come before ClientHello was said by nobody who was asked: the session refuses it. */
static void feed_early(php_stream *stream, sv_connection *connection)
{
	char piece[512];
	size_t unread = (size_t) (stream->writepos - stream->readpos);
	if (unread > 0) {
		stv_session_feed(connection->session, stream->readbuf + stream->readpos, unread);
		return;
	}
	ssize_t length = recv(sv_socket_of(stream)->socket, piece, sizeof(piece), MSG_PEEK | MSG_DONTWAIT);
	if (length > 0) {
		stv_session_feed(connection->session, piece, (size_t) length);
	}
}

static double handshake_deadline(php_stream *stream)
{
	double own = sv_now() + (double) SV_G(handshake_timeout);
	double streams = sv_deadline(&sv_socket_of(stream)->timeout);
	if (SV_G(handshake_timeout) <= 0) {
		return streams;
	}
	return streams >= 0 && streams < own ? streams : own;
}

static bool begin(php_stream *stream, sv_connection *connection)
{
	if (!make_session(stream, connection)) {
		return false;
	}
	connection->owner = getpid();
	connection->phase = SV_SHAKING;
	connection->deadline = handshake_deadline(stream);
	if (!connection->secures_at_once) {
		feed_early(stream, connection);
	}
	if (connection->answered_early) {
		give_up(stream, connection, "starttls.pipelined_reply", "the go-ahead for TLS was there before it was asked for");
		return false;
	}
	return true;
}

static int open_up(php_stream *stream, sv_connection *connection)
{
	stv_report *report = NULL;
	connection->phase = SV_SECURED;
	stream->eof = 0;
	if (stv_session_report(connection->session, &report) == STV_OK) {
		sv_report_keep(connection, report);
	}
	if (strstr(stv_report_summary(connection->report), "(INSECURE:")
		|| stv_report_verdict(connection->report) != STV_VERDICT_TRUSTED) {
		sv_log(LOG_NOTICE, "let through: %s", stv_report_summary(connection->report));
	}
	sv_capture(stream, connection);
	return 1;
}

/* Waits for the peer: 1 go on, 0 not now, -1 it is over. */
static int await(php_stream *stream, sv_connection *connection)
{
	php_netstream_data_t *sock = sv_socket_of(stream);
	ssize_t received = sv_receive(stream, connection);
	if (received < 0) {
		stv_session_feed_eof(connection->session);
		return 1;
	}
	if (received > 0) {
		return connection->deadline >= 0 && sv_now() >= connection->deadline ? -1 : 1;
	}
	if (!sock->is_blocked) {
		return connection->deadline >= 0 && sv_now() >= connection->deadline ? -1 : 0;
	}
	return sv_wait(sock->socket, POLLIN, connection->deadline) ? 1 : -1;
}

/* As PHP answers: 1 it stands, 0 not yet (the stream does not block), -1 refused. */
int sv_secure(php_stream *stream, sv_connection *connection)
{
	if (connection->phase == SV_REFUSED) {
		return -1;
	}
	if (connection->phase == SV_SECURED) {
		return 1;
	}
	/* Begun in another process, which has the socket as well: it is not shut down here. */
	if (connection->phase == SV_SHAKING && connection->owner != getpid()) {
		return -1;
	}
	if (connection->phase == SV_SET_UP && !begin(stream, connection)) {
		return -1;
	}
	for (;;) {
		stv_status status = stv_session_step(connection->session);
		bool is_sent = status <= STV_OPEN_UNVERIFIED && sv_drain(stream, connection, connection->deadline);
		if (status == STV_OK || status == STV_OPEN_UNVERIFIED) {
			return open_up(stream, connection);
		}
		if (status > STV_OPEN_UNVERIFIED) {
			return refuse(stream, connection);
		}
		int go_on = is_sent || errno != EAGAIN ? await(stream, connection) : sv_socket_of(stream)->is_blocked ? -1 : 0;
		if (go_on < 0) {
			return give_up(stream, connection, "io.timeout", "the TLS handshake did not end in time");
		}
		if (go_on == 0) {
			return 0;
		}
	}
}
