/* Sessions without a network: a scripted peer on a socket pair, or bytes fed by hand. What they check is
 * the contract of the calls: order of use, final failures, close, fork, descriptors.
 * Argument: the directory that certificates.sh has filled. */
#define _POSIX_C_SOURCE 200809L
#include "starttls_verify.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "tls_server.h"

#define S(literal) literal, sizeof(literal) - 1

static const char *certificates;

static stv_verifier *new_verifier(void)
{
    stv_config *config = NULL;
    stv_verifier *verifier = NULL;
    char path[4096];

    snprintf(path, sizeof path, "%s/ca.pem", certificates);
    IS(stv_config_new(&config), STV_OK);
    IS(stv_config_set_str(config, S("cafile"), path, strlen(path)), STV_OK);
    IS(stv_config_set_int(config, S("negotiation_timeout_ms"), 2000), STV_OK);
    IS(stv_config_set_int(config, S("handshake_timeout_ms"), 2000), STV_OK);
    IS(stv_verifier_new(config, &verifier), STV_OK);
    stv_config_free(config);
    return verifier;
}

static stv_peer *new_peer(int protocol)
{
    stv_peer *peer = NULL;

    IS(stv_peer_new(&peer), STV_OK);
    IS(stv_peer_set_protocol(peer, protocol), STV_OK);
    IS(stv_peer_set_host(peer, S("mail.bob.test")), STV_OK);
    return peer;
}

/* Verifier and peer are gone before the session is used: it needs neither. */
static stv_session *new_session(int protocol)
{
    stv_verifier *verifier = new_verifier();
    stv_peer *peer = new_peer(protocol);
    stv_session *session = NULL;

    IS(stv_session_new(verifier, peer, &session), STV_OK);
    SAYS(stv_session_error(session), "");
    stv_verifier_free(verifier);
    stv_peer_free(peer);
    return session;
}

static void report_is(const stv_session *session, int verdict, int status, const char *code)
{
    stv_report *report = NULL;

    IS(stv_session_report(session, &report), STV_OK);
    IS(stv_report_verdict(report), verdict);
    IS(stv_report_status(report), status);
    SAYS(stv_report_code(report), code);
    CHECK(*stv_report_summary(report));
    stv_report_free(report);
}

/* Takes all that waits, in pieces of `piece` octets. */
static size_t take_all(stv_session *session, char *into, size_t room, size_t piece)
{
    size_t length = 0, taken = 0;

    do {
        IS(stv_session_take(session, into + length, piece, &taken), STV_OK);
        CHECK(taken <= piece);
        length += taken;
    } while (taken && length + piece <= room);
    return length;
}

static void bytes_by_hand(size_t piece)
{
    stv_session *session = new_session(STV_PROTOCOL_SMTP);
    char buffer[2048];
    size_t length;

    IS(stv_session_fd(session), -1);
    IS(stv_session_pending(session), 0);
    IS(stv_session_server_speaks_first(session), 0);
    report_is(session, STV_VERDICT_UNKNOWN, STV_E_STATE, "");
    IS(stv_session_step(session), STV_WANT_READ);
    IS(stv_session_feed(session, S("220 mail.bob.test ES")), STV_OK);
    IS(stv_session_step(session), STV_WANT_READ);
    IS(stv_session_feed(session, S("MTP\r\n")), STV_OK);
    IS(stv_session_step(session), STV_WANT_WRITE);
    length = take_all(session, buffer, sizeof buffer, piece);
    CHECK(length > 6 && !memcmp(buffer, "EHLO ", 5) && !memcmp(buffer + length - 2, "\r\n", 2));
    IS(stv_session_step(session), STV_WANT_READ);
    IS(stv_session_feed(session, S("250-mail.bob.test\r\n250 STARTTLS\r\n")), STV_OK);
    IS(stv_session_step(session), STV_WANT_WRITE);
    length = take_all(session, buffer, sizeof buffer, piece);
    CHECK(length == 10 && !memcmp(buffer, "STARTTLS\r\n", 10));
    IS(stv_session_step(session), STV_WANT_READ);
    IS(stv_session_feed(session, S("220 go\r\n")), STV_OK);
    IS(stv_session_step(session), STV_WANT_WRITE);
    length = take_all(session, buffer, sizeof buffer, piece);
    CHECK(length > 100 && buffer[0] == 22 && buffer[1] == 3);
    IS(stv_session_step(session), STV_WANT_READ);
    stv_session_free(session);
}

/* Nothing can be read or written before the verdict, and nothing is lost by asking. */
static void too_early(void)
{
    stv_session *session = new_session(STV_PROTOCOL_SMTP);
    char buffer[64];
    size_t n = 9;

    IS(stv_session_read(session, buffer, sizeof buffer, &n), STV_E_STATE);
    IS(n, 0);
    CHECK(*stv_session_error(session));
    n = 9;
    IS(stv_session_write(session, S("AUTH PLAIN"), &n), STV_E_STATE);
    IS(n, 0);
    IS(stv_session_close(session), STV_E_STATE);
    IS(stv_session_step(session), STV_WANT_READ);
    IS(stv_session_take(session, buffer, sizeof buffer, &n), STV_OK);
    IS(n, 0);
    IS(stv_session_take(session, NULL, 0, &n), STV_OK);
    IS(stv_session_take(session, NULL, 1, &n), STV_E_NULL);
    IS(stv_session_take(session, buffer, (size_t)-1, &n), STV_E_ARGUMENT);
    IS(stv_session_take(session, buffer, 1, NULL), STV_E_NULL);
    IS(stv_session_feed(session, buffer, (size_t)-1), STV_E_ARGUMENT);
    IS(stv_session_feed(session, NULL, 1), STV_E_NULL);
    IS(stv_session_feed(session, NULL, 0), STV_OK);
    IS(stv_session_run_fd(session, -1), STV_E_ARGUMENT);
    IS(stv_session_report(session, NULL), STV_E_NULL);
    stv_session_free(session);
}

/* A failure is final: every call that could move a byte of plaintext gives it again. */
static void final_failure(const char *greeting, size_t length, int status, const char *code)
{
    stv_session *session = new_session(STV_PROTOCOL_SMTP);
    char buffer[64];
    size_t n = 9;

    IS(stv_session_feed(session, greeting, length), STV_OK);
    IS(stv_session_step(session), status);
    CHECK(*stv_session_error(session));
    IS(stv_session_step(session), status);
    IS(stv_session_feed(session, S("250 STARTTLS\r\n")), status);
    IS(stv_session_feed_eof(session), status);
    IS(stv_session_read(session, buffer, sizeof buffer, &n), status);
    IS(n, 0);
    IS(stv_session_write(session, S("secret"), &n), status);
    IS(stv_session_close(session), status);
    IS(stv_session_close(session), status);
    report_is(session, STV_VERDICT_REJECTED, status, code);
    stv_session_free(session);
}

static void end_of_input(void)
{
    stv_session *session = new_session(STV_PROTOCOL_SMTP);

    IS(stv_session_feed_eof(session), STV_OK);
    IS(stv_session_step(session), STV_E_IO_CLOSED);
    report_is(session, STV_VERDICT_UNKNOWN, STV_E_IO_CLOSED, "io.closed");
    stv_session_free(session);
}

/* A server that follows a script: for each line it says, it waits for a line. */
static pid_t scripted_server(int fds[2], const char *const *script)
{
    pid_t server;

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds)) {
        perror("socketpair");
        exit(EXIT_FAILURE);
    }
    fflush(stdout);
    server = fork();
    if (server == 0) {
        char c;
        close(fds[0]);
        for (; *script; script++) {
            if (write(fds[1], *script, strlen(*script)) < 0)
                _exit(1);
            while (read(fds[1], &c, 1) == 1 && c != '\n')
                ;
        }
        _exit(0);
    }
    close(fds[1]);
    return server;
}

static void on_a_descriptor(const char *const *script, int status, int verdict, const char *code)
{
    stv_session *session = new_session(STV_PROTOCOL_SMTP);
    int fds[2];
    pid_t server = scripted_server(fds, script);

    IS(stv_session_run_fd(session, fds[0]), status);
    MENTIONS(stv_session_error(session), "mail.bob.test");
    report_is(session, verdict, status, code);
    /* Our descriptor is still ours, and the session does not run twice. */
    CHECK(fcntl(fds[0], F_GETFD) != -1);
    CHECK(stv_session_run_fd(session, fds[0]) >= STV_E_STATE);
    stv_session_free(session);
    CHECK(fcntl(fds[0], F_GETFD) != -1);
    close(fds[0]);
    waitpid(server, NULL, 0);
}

static void not_a_socket(void)
{
    stv_session *session = new_session(STV_PROTOCOL_SMTP);
    int fds[2], status;

    CHECK(!pipe(fds));
    status = stv_session_run_fd(session, fds[0]);
    CHECK(status >= 100);
    stv_session_free(session);
    session = new_session(STV_PROTOCOL_SMTP);
    IS(stv_session_run_fd(session, 9999), STV_E_ARGUMENT);
    stv_session_free(session);
    close(fds[0]);
    close(fds[1]);
}

/* The child may use verifier and report, not the session; freeing that sends nothing. */
static int in_the_child(stv_session *session, const stv_verifier *verifier, const stv_report *report)
{
    stv_report *mine = NULL;
    stv_peer *peer = new_peer(STV_PROTOCOL_SMTP);
    stv_session *own = NULL;
    char buffer[8];
    size_t n;

    checks_failed = 0;
    IS(stv_session_step(session), STV_E_STATE);
    MENTIONS(stv_session_error(session), "process");
    IS(stv_session_feed(session, S("x")), STV_E_STATE);
    IS(stv_session_feed_eof(session), STV_E_STATE);
    IS(stv_session_take(session, buffer, sizeof buffer, &n), STV_E_STATE);
    IS(stv_session_read(session, buffer, sizeof buffer, &n), STV_E_STATE);
    IS(stv_session_write(session, S("x"), &n), STV_E_STATE);
    IS(stv_session_close(session), STV_E_STATE);
    IS(stv_session_run_fd(session, 0), STV_E_STATE);
    IS(stv_session_connect(session), STV_E_STATE);
    IS(stv_session_report(session, &mine), STV_E_STATE);
    CHECK(!mine);
    IS(stv_session_pending(session), 0);
    IS(stv_session_fd(session), -1);
    stv_session_free(session);

    CHECK(*stv_report_text(report) && *stv_report_json(report));
    IS(stv_verifier_stale(verifier), 0);
    IS(stv_session_new(verifier, peer, &own), STV_OK);
    IS(stv_session_step(own), STV_WANT_READ);
    stv_session_free(own);
    stv_peer_free(peer);
    return checks_failed != 0;
}

static void after_a_fork(void)
{
    stv_session *session = new_session(STV_PROTOCOL_SMTP);
    stv_verifier *verifier = new_verifier();
    stv_report *report = NULL;
    pid_t child;
    int result = -1;

    IS(stv_session_report(session, &report), STV_OK);
    fflush(stdout);
    child = fork();
    if (child == 0) {
        result = in_the_child(session, verifier, report);
        stv_verifier_free(verifier);
        stv_report_free(report);
        fflush(stdout);
        _exit(result);
    }
    CHECK(waitpid(child, &result, 0) == child);
    CHECK(WIFEXITED(result) && WEXITSTATUS(result) == 0);
    IS(stv_session_step(session), STV_WANT_READ);
    stv_session_free(session);
    stv_verifier_free(verifier);
    stv_report_free(report);
}

static stv_session *connected(const stv_verifier *verifier, int port, int *status)
{
    stv_peer *peer = new_peer(STV_PROTOCOL_TLS);
    stv_session *session = NULL;
    char where[32];
    int tries;

    snprintf(where, sizeof where, "127.0.0.1:%d", port);
    IS(stv_peer_set_connect(peer, where, strlen(where)), STV_OK);
    /* The server needs a moment to listen. */
    for (tries = 0; tries < 50; tries++) {
        struct timespec moment = {0, 100 * 1000 * 1000};
        IS(stv_session_new(verifier, peer, &session), STV_OK);
        *status = stv_session_connect(session);
        if (*status != STV_E_CONNECT)
            break;
        stv_session_free(session);
        nanosleep(&moment, NULL);
    }
    stv_peer_free(peer);
    return session;
}

static stv_session *connected_anew(int port, int *status)
{
    stv_verifier *verifier = new_verifier();
    stv_session *session = connected(verifier, port, status);

    stv_verifier_free(verifier);
    return session;
}

static void secured(int port)
{
    pid_t server = tls_server(certificates, "bob", port);
    char buffer[64];
    size_t n = 0;
    int status, result;
    stv_session *session = connected_anew(port, &status);
    pid_t child;

    IS(status, STV_OK);
    report_is(session, STV_VERDICT_TRUSTED, STV_OK, "");
    CHECK(stv_session_fd(session) >= 0);
    IS(stv_session_step(session), STV_OK);
    IS(stv_session_write(session, S("live\n"), &n), STV_OK);
    IS(n, 5);
    IS(stv_session_read(session, buffer, 2, &n), STV_OK);
    IS(n, 2);
    CHECK(!memcmp(buffer, "ev", 2));
    IS(stv_session_pending(session), 3);

    /* A child that frees the session does not say goodbye in our name. */
    fflush(stdout);
    child = fork();
    if (child == 0) {
        result = stv_session_close(session) != STV_E_STATE;
        stv_session_free(session);
        _exit(result);
    }
    CHECK(waitpid(child, &result, 0) == child && result == 0);

    IS(stv_session_read(session, buffer, sizeof buffer, &n), STV_OK);
    IS(n, 3);
    CHECK(!memcmp(buffer, "il\n", 3));
    IS(stv_session_write(session, S("pots\n"), &n), STV_OK);
    IS(stv_session_read(session, buffer, sizeof buffer, &n), STV_OK);
    CHECK(n == 5 && !memcmp(buffer, "stop\n", 5));
    IS(stv_session_close(session), STV_CLOSED);
    IS(stv_session_close(session), STV_CLOSED);
    IS(stv_session_fd(session), -1);
    IS(stv_session_read(session, buffer, sizeof buffer, &n), STV_CLOSED);
    IS(n, 0);
    report_is(session, STV_VERDICT_TRUSTED, STV_OK, "");
    stv_session_free(session);
    kill(server, SIGTERM);
    waitpid(server, NULL, 0);
}

/* So many sessions that those with the default settings are made by the shortcut; then a fork. */
static void many_and_a_fork(int port)
{
    pid_t server = tls_server(certificates, "bob", port), child;
    stv_verifier *verifier = new_verifier();
    stv_session *session;
    int number, status, result = -1;

    stv_session_free(connected(verifier, port, &status));
    for (number = 0; number < 16; number++) {
        session = connected(verifier, port, &status);
        IS(status, STV_OK);
        report_is(session, STV_VERDICT_TRUSTED, STV_OK, "");
        stv_session_free(session);
    }
    fflush(stdout);
    child = fork();
    for (number = 0; number < 4; number++) {
        session = connected(verifier, port, &status);
        IS(status, STV_OK);
        stv_session_free(session);
    }
    if (child == 0) {
        stv_verifier_free(verifier);
        fflush(stdout);
        _exit(checks_failed != 0);
    }
    CHECK(waitpid(child, &result, 0) == child && result == 0);
    stv_verifier_free(verifier);
    kill(server, SIGTERM);
    waitpid(server, NULL, 0);
}

static void eve(int port)
{
    pid_t server = tls_server(certificates, "eve", port);
    char buffer[64];
    size_t n = 9;
    int status;
    stv_session *session = connected_anew(port, &status);

    IS(status, STV_E_REJECTED);
    MENTIONS(stv_session_error(session), "mail.eve.test");
    report_is(session, STV_VERDICT_REJECTED, STV_E_REJECTED, "name.mismatch");
    IS(stv_session_write(session, S("secret"), &n), STV_E_REJECTED);
    IS(n, 0);
    IS(stv_session_read(session, buffer, sizeof buffer, &n), STV_E_REJECTED);
    stv_session_free(session);
    kill(server, SIGTERM);
    waitpid(server, NULL, 0);
}

int main(int argc, char **argv)
{
    static const char *const stripped[] = {"220 hi\r\n", "250 mail.bob.test\r\n", NULL};
    static const char *const injected[] = {
        "220 hi\r\n", "250-x\r\n250 STARTTLS\r\n", "220 go\r\n250 injected\r\n", NULL};
    static const char *const silent[] = {"220 hi\r\n", NULL};
    int port = 20000 + (int)(getpid() % 20000);

    if (argc != 2) {
        fprintf(stderr, "usage: test_session CERTIFICATES\n");
        return EXIT_FAILURE;
    }
    certificates = argv[1];
    bytes_by_hand(1);
    bytes_by_hand(1024);
    too_early();
    final_failure(S("554 go away\r\n"), STV_E_GREETING_REJECTED, "starttls.greeting_rejected");
    final_failure(S("220 hi\r\n250 STARTTLS\r\n"), STV_E_PIPELINED, "starttls.pipelined_reply");
    final_failure(S("\026\003\003\000\001\001"), STV_E_TLS_ON_PLAIN_PORT, "starttls.tls_on_plain_port");
    end_of_input();
    on_a_descriptor(stripped, STV_E_NOT_OFFERED, STV_VERDICT_REJECTED, "starttls.not_offered");
    on_a_descriptor(injected, STV_E_INJECTED, STV_VERDICT_REJECTED, "starttls.plaintext_injection");
    on_a_descriptor(silent, STV_E_IO_CLOSED, STV_VERDICT_UNKNOWN, "io.closed");
    not_a_socket();
    after_a_fork();
    secured(port);
    eve(port + 1);
    many_and_a_fork(port + 2);
    return checks_end();
}
