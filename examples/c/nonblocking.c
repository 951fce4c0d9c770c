/*
 * As smtp_check, for programs that have an event loop: the socket is the program's own and does not
 * block, poll() waits, and the library only turns bytes into bytes.
 *
 *     nonblocking HOST CONNECT CAFILE [DEADLINE_MS]
 *
 * CONNECT is a numeric address and a port: 127.0.0.1:2525 or [::1]:2525. There is one deadline for
 * everything (default 10000). Exit code as in smtp_check: 0 trusted, 1 not trusted, 2 wrong usage or
 * configuration, 3 could not check, 4 encrypted but not trusted, as an option allowed.
 */
#define _POSIX_C_SOURCE 200809L
#include <starttls_verify.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct connection {
    stv_session *session;
    int fd;
    int64_t deadline; /* milliseconds of the monotonic clock */
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int exit_code(stv_status status)
{
    if (status == STV_OK)
        return 0;
    if (status == STV_OPEN_UNVERIFIED)
        return 4;
    if (status >= 100 && status < 200)
        return 2;
    if (status >= 300 && status < 400 && status != STV_E_TLS_VERSION)
        return 3;
    return 1;
}

/* Waits until the socket is ready, for as long as the deadline allows. */
static stv_status wait_for(struct connection *link, short events)
{
    struct pollfd ready;
    int64_t left;
    int count;

    for (;;) {
        left = link->deadline - now_ms();
        if (left <= 0)
            return STV_E_TIMEOUT;
        ready.fd = link->fd;
        ready.events = events;
        count = poll(&ready, 1, (int)left);
        if (count > 0)
            return STV_OK;
        if (count < 0 && errno != EINTR)
            return STV_E_IO;
    }
}

/* Sends all that the session has for the peer. */
static stv_status flush(struct connection *link)
{
    char bytes[4096];
    size_t length, at;
    ssize_t sent;
    stv_status status;

    for (;;) {
        status = stv_session_take(link->session, bytes, sizeof bytes, &length);
        if (status != STV_OK || length == 0)
            return status;
        for (at = 0; at < length;) {
            sent = send(link->fd, bytes + at, length - at, MSG_NOSIGNAL);
            if (sent >= 0)
                at += (size_t)sent;
            else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
                return STV_E_IO;
            else if ((status = wait_for(link, POLLOUT)) != STV_OK)
                return status;
        }
    }
}

/* Feeds the session what has come from the peer, after waiting for it. */
static stv_status fill(struct connection *link)
{
    char bytes[4096];
    ssize_t got;
    stv_status status;

    for (;;) {
        got = recv(link->fd, bytes, sizeof bytes, 0);
        if (got > 0)
            return stv_session_feed(link->session, bytes, (size_t)got);
        if (got == 0)
            return stv_session_feed_eof(link->session);
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            return STV_E_IO;
        if ((status = wait_for(link, POLLIN)) != STV_OK)
            return status;
    }
}

/* Does what the session asked for. */
static stv_status serve(struct connection *link, stv_status wanted)
{
    stv_status status = flush(link);

    if (status == STV_OK && wanted == STV_WANT_READ)
        status = fill(link);
    return status;
}

/* Negotiation, handshake, verdict. */
static stv_status secure(struct connection *link)
{
    stv_status status, moved;

    for (;;) {
        status = stv_session_step(link->session);
        if (status != STV_WANT_READ && status != STV_WANT_WRITE)
            break;
        if ((moved = serve(link, status)) != STV_OK)
            return moved;
    }
    /* The rest of the handshake; after a failure, an alert or a farewell. */
    moved = flush(link);
    return status == STV_OK ? moved : status;
}

static stv_status say(struct connection *link, const char *line)
{
    size_t length = strlen(line), taken;
    stv_status status = STV_OK;

    while (length && status == STV_OK) {
        status = stv_session_write(link->session, line, length, &taken);
        line += taken;
        length -= taken;
        if (status == STV_OK || status == STV_WANT_READ || status == STV_WANT_WRITE)
            status = serve(link, status);
    }
    return status;
}

/* Reads until the last line of a reply is complete: "250 ", not "250-". */
static stv_status read_reply(struct connection *link)
{
    char reply[4096];
    size_t length = 0, got = 0, start = 0, i;
    stv_status status;

    while (length < sizeof reply) {
        status = stv_session_read(link->session, reply + length, sizeof reply - length, &got);
        if (status == STV_WANT_READ || status == STV_WANT_WRITE)
            status = serve(link, status);
        if (status != STV_OK)
            return status;
        for (i = length, length += got; i < length; i++) {
            if (reply[i] != '\n')
                continue;
            if (i - start >= 3 && reply[start + 3] != '-')
                return STV_OK;
            start = i + 1;
        }
        got = 0;
    }
    return STV_E_TOO_MUCH_DATA;
}

/* The conversation that was protected by all this. */
static stv_status talk(struct connection *link)
{
    stv_status status;

    if ((status = say(link, "EHLO localhost\r\n")) == STV_OK
        && (status = read_reply(link)) == STV_OK
        && (status = say(link, "QUIT\r\n")) == STV_OK)
        status = read_reply(link);
    stv_session_close(link->session);
    flush(link);
    return status;
}

static void print_report(const stv_session *session)
{
    stv_report *report = NULL;

    if (stv_session_report(session, &report) == STV_OK)
        fputs(stv_report_text(report), stdout);
    stv_report_free(report);
}

/* 127.0.0.1:2525 or [::1]:2525. */
static struct addrinfo *parse_address(const char *text)
{
    struct addrinfo hints, *found = NULL;
    const char *colon = strrchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : 0;
    char host[64];

    if (length > 1 && text[0] == '[' && text[length - 1] == ']') {
        text++;
        length -= 2;
    }
    if (!length || length >= sizeof host)
        return NULL;
    memcpy(host, text, length);
    host[length] = 0;
    memset(&hints, 0, sizeof hints);
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    return getaddrinfo(host, colon + 1, &hints, &found) ? NULL : found;
}

static stv_status dial(struct connection *link, const struct addrinfo *address)
{
    int error = 0;
    socklen_t size = sizeof error;
    stv_status status;

    link->fd = socket(address->ai_family, SOCK_STREAM, 0);
    if (link->fd < 0 || fcntl(link->fd, F_SETFL, O_NONBLOCK) < 0)
        return STV_E_IO;
    if (connect(link->fd, address->ai_addr, address->ai_addrlen) == 0)
        return STV_OK;
    if (errno != EINPROGRESS)
        return STV_E_CONNECT;
    if ((status = wait_for(link, POLLOUT)) != STV_OK)
        return status;
    getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error ? STV_E_CONNECT : STV_OK;
}

static stv_verifier *make_verifier(const char *cafile)
{
    stv_config *config = NULL;
    stv_verifier *verifier = NULL;

    if (stv_config_new(&config) != STV_OK
        || stv_config_set_str(config, "cafile", 6, cafile, strlen(cafile)) != STV_OK
        || stv_verifier_new(config, &verifier) != STV_OK)
        fprintf(stderr, "nonblocking: %s\n", stv_config_error(config));
    stv_config_free(config);
    return verifier;
}

static stv_session *make_session(const stv_verifier *verifier, const char *host)
{
    stv_peer *peer = NULL;
    stv_session *session = NULL;

    if (stv_peer_new(&peer) != STV_OK
        || stv_peer_set_protocol(peer, STV_PROTOCOL_SMTP) != STV_OK
        || stv_peer_set_host(peer, host, strlen(host)) != STV_OK
        || stv_session_new(verifier, peer, &session) != STV_OK)
        fprintf(stderr, "nonblocking: %s\n", stv_peer_error(peer));
    stv_peer_free(peer);
    return session;
}

/* What this program found out by itself is not in the session's report; the line has the same shape. */
static int own_failure(const char *host, stv_status status)
{
    const char *code = status == STV_E_TIMEOUT   ? "io.timeout"
                       : status == STV_E_CONNECT ? "io.connect"
                                                 : "io.error";

    printf("UNKNOWN smtp://%s [%s] %s\n", host, code, stv_status_text(status));
    return exit_code(status);
}

static int check(struct connection *link, const char *host, const struct addrinfo *address)
{
    stv_status status = dial(link, address);

    if (status != STV_OK)
        return own_failure(host, status);
    status = secure(link);
    /* A failure of the session comes again; one of ours does not. */
    if (status >= 300 && status < 400 && stv_session_step(link->session) != status)
        return own_failure(host, status);
    print_report(link->session);
    if (status == STV_OK && (status = talk(link)) != STV_OK)
        fprintf(stderr, "nonblocking: %s\n", stv_status_text(status));
    return exit_code(status);
}

int main(int argc, char **argv)
{
    struct connection link = {NULL, -1, 0};
    struct addrinfo *address;
    stv_verifier *verifier;
    int code = 2;

    if ((argc != 4 && argc != 5) || !(address = parse_address(argv[2]))) {
        fprintf(stderr, "usage: nonblocking HOST ADDRESS:PORT CAFILE [DEADLINE_MS]\n");
        return 2;
    }
    link.deadline = now_ms() + (argc == 5 ? strtol(argv[4], NULL, 10) : 10000);
    verifier = make_verifier(argv[3]);
    link.session = verifier ? make_session(verifier, argv[1]) : NULL;
    if (link.session)
        code = check(&link, argv[1], address);
    if (link.fd >= 0)
        close(link.fd);
    stv_session_free(link.session);
    stv_verifier_free(verifier);
    freeaddrinfo(address);
    return code;
}
