/* What the heap holds for an open session: so many at once.
 *
 *     heap DIRECTORY CHAIN PORT COUNT */
#define _POSIX_C_SOURCE 200809L

#include "loopback.h"
#include "measure.h"
#include "ours.h"

#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

/* Sessions that are opened before any is counted: the first ones bring what all share. */
enum { BEFORE = 20 };

struct bench {
    struct material material;
    int port, count;
    stv_verifier *verifier;
    SSL_CTX *context;
};

struct session {
    int fd;
    stv_session *ours;
    SSL *theirs;
};

typedef void opener(const struct bench *bench, struct session *session);

static void open_ours(const struct bench *bench, struct session *session)
{
    stv_peer *peer = our_peer(bench->material.host, STV_PROTOCOL_SMTP);

    session->fd = loopback_connect(bench->port);
    if (stv_session_new(bench->verifier, peer, &session->ours) != STV_OK)
        must(0, stv_peer_error(peer));
    if (stv_session_run_fd(session->ours, session->fd) != STV_OK)
        must(0, stv_session_error(session->ours));
    stv_peer_free(peer);
}

static void open_theirs(const struct bench *bench, struct session *session)
{
    session->fd = loopback_connect(bench->port);
    bare_dialogue(session->fd);
    session->theirs = bare_handshake(bench->context, session->fd, bench->material.host, NULL);
}

static void end(struct session *session)
{
    stv_session_free(session->ours);
    SSL_free(session->theirs);
    close(session->fd);
}

static double heap_kb(void)
{
    struct mallinfo2 heap = mallinfo2();

    return (double)(heap.uordblks + heap.hblkhd) / 1024;
}

static double kb_of_each(const struct bench *bench, opener *open)
{
    struct session *all = calloc((size_t)(BEFORE + bench->count), sizeof *all);
    double begun = 0, each;
    int i;

    must(all != NULL, "memory");
    for (i = 0; i < BEFORE + bench->count; i++) {
        if (i == BEFORE)
            begun = heap_kb();
        open(bench, &all[i]);
    }
    each = (heap_kb() - begun) / bench->count;
    while (i > 0)
        end(&all[--i]);
    free(all);
    return each;
}

static double our_kb(struct bench *bench, const struct setting *settings)
{
    double each;

    bench->verifier = our_verifier(settings);
    each = kb_of_each(bench, open_ours);
    stv_verifier_free(bench->verifier);
    return each;
}

static double their_kb(struct bench *bench)
{
    double each;

    bench->context = bare_context(bench->material.bundle);
    SSL_CTX_set_mode(bench->context, SSL_MODE_RELEASE_BUFFERS);
    each = kb_of_each(bench, open_theirs);
    SSL_CTX_free(bench->context);
    return each;
}

/* Sessions whose chain is known share what we hold of it; OpenSSL reads it for each. */
static void measure(struct bench *bench)
{
    static const struct setting unknown[] = {UNKNOWN_CHAINS, {NULL, NULL}};
    const char *chain = bench->material.chain, *libssl = "libssl, buffers released";
    double theirs = their_kb(bench);

    tell("heap per open session", chain, our_kb(bench, NULL), 28, "what was aimed at", "KB", "<=1.0");
    tell("heap per open session", chain, our_kb(bench, NULL), theirs, libssl, "KB", "-");
    tell("heap per open session, unknown chain", chain, our_kb(bench, unknown), theirs, libssl, "KB", "-");
}

int main(int argc, char **argv)
{
    struct bench bench = {0};

    must(argc == 5, "usage: heap DIRECTORY CHAIN PORT COUNT");
    /* mallinfo2 knows one arena only: there shall be no other. */
    must(mallopt(M_ARENA_MAX, 1) == 1, "mallopt");
    use_bundle_as_system(argv[1]);
    read_material(&bench.material, argv[1], argv[2], "chain.pem");
    bench.port = atoi(argv[3]);
    bench.count = atoi(argv[4]);
    measure(&bench);
    free_material(&bench.material);
    return EXIT_SUCCESS;
}
