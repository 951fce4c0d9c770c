/* One verified STARTTLS connection on the loopback, from connect to close_notify: what the client pays.
 *
 *     handshakes DIRECTORY CHAIN PORT           beside a client of libssl alone
 *     handshakes DIRECTORY CHAIN PORT COUNT     ours only: the median of so many, in microseconds */
#define _POSIX_C_SOURCE 200809L

#include "loopback.h"
#include "measure.h"
#include "ours.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct bench {
    struct material material;
    int port;
    stv_verifier *verifier;
    SSL_CTX *context;
};

/* Ended as a mail client ends it: QUIT, and read until the server has closed. */
static void say_goodbye(stv_session *session)
{
    char sink[256];
    size_t length;

    if (stv_session_write(session, "QUIT\r\n", 6, &length) != STV_OK)
        must(0, stv_session_error(session));
    while (stv_session_read(session, sink, sizeof sink, &length) == STV_OK)
        ;
    stv_session_close(session);
}

static void look_for(const char *text, const stv_session *session)
{
    stv_report *report = NULL;

    must(stv_session_report(session, &report) == STV_OK, "stv_session_report");
    must(strstr(stv_report_json(report), text) != NULL, text);
    stv_report_free(report);
}

/* Where a text is given, the report for programs must hold it. */
static void connect_and_look(const struct bench *bench, const char *text)
{
    stv_peer *peer = our_peer(bench->material.host, STV_PROTOCOL_SMTP);
    int fd = loopback_connect(bench->port);
    stv_session *session = NULL;

    if (stv_session_new(bench->verifier, peer, &session) != STV_OK)
        must(0, stv_peer_error(peer));
    if (stv_session_run_fd(session, fd) != STV_OK)
        must(0, stv_session_error(session));
    if (text)
        look_for(text, session);
    say_goodbye(session);
    stv_session_free(session);
    stv_peer_free(peer);
    close(fd);
}

static void our_connection(void *what)
{
    connect_and_look(what, NULL);
}

static void their_connection(void *what)
{
    struct bench *bench = what;

    bare_connection(bench->context, bench->port, bench->material.host, NULL, NULL);
}

static void measure_connections(struct bench *bench, const char *name, const struct setting *settings,
                                const char *goal, const char *text)
{
    bench->verifier = our_verifier(settings);
    compare(&(struct figure){name, bench->material.chain, "libssl, SSL_CTX reused", goal, our_connection,
                             their_connection, bench, 201, 1});
    connect_and_look(bench, text);
    stv_verifier_free(bench->verifier);
}

static const struct setting cold[] = {FULL_HANDSHAKES, UNKNOWN_CHAINS, {NULL, NULL}};
static const struct setting known[] = {FULL_HANDSHAKES, {NULL, NULL}};

/* The opponent's handshake is always a full one, and ours is what its row says. */
static void measure_both(struct bench *bench)
{
    bench->context = bare_context(bench->material.bundle);
    measure_connections(bench, "connection, cold", cold, "<=1.05", "\"resumed\":false");
    measure_connections(bench, "connection, known chain", known, "<=0.85", "\"resumed\":false");
    measure_connections(bench, "connection, resumed", NULL, "<=0.55", "\"resumed\":true");
    SSL_CTX_free(bench->context);
}

static void measure_ours(struct bench *bench, int count)
{
    bench->verifier = our_verifier(known);
    printf("%.3f\n", median_of(our_connection, bench, count));
    stv_verifier_free(bench->verifier);
}

int main(int argc, char **argv)
{
    struct bench bench;

    must(argc == 4 || argc == 5, "usage: handshakes DIRECTORY CHAIN PORT [COUNT]");
    use_bundle_as_system(argv[1]);
    read_material(&bench.material, argv[1], argv[2], "chain.pem");
    bench.port = atoi(argv[3]);
    if (argc == 5)
        measure_ours(&bench, atoi(argv[4]));
    else
        measure_both(&bench);
    free_material(&bench.material);
    return EXIT_SUCCESS;
}
