/* One verifier and one report, used by many threads at once; references come and go meanwhile.
 * Argument: the directory that certificates.sh has filled. */
#define _POSIX_C_SOURCE 200809L
#include "starttls_verify.h"

#include <pthread.h>

#include "check.h"

#define S(literal) literal, sizeof(literal) - 1

enum { THREADS = 8, ROUNDS = 25 };

struct shared {
    stv_verifier *verifier;
    stv_report *report;
    char pem[16384];
    size_t length;
};

struct seen {
    const struct shared *shared;
    const char *text;
    int wrong;
};

/* Judges Eve's certificate for Bob's name, again and again. */
static void *judge_often(void *argument)
{
    struct seen *seen = argument;
    const struct shared *shared = seen->shared;
    int round;

    for (round = 0; round < ROUNDS; round++) {
        stv_verifier *verifier = stv_verifier_dup(shared->verifier);
        stv_report *all = stv_report_dup(shared->report), *report = NULL;
        stv_peer *peer = NULL;
        stv_chain *chain = NULL;

        seen->wrong += stv_peer_new(&peer) != STV_OK;
        seen->wrong += stv_peer_set_host(peer, S("mail.bob.test")) != STV_OK;
        seen->wrong += stv_chain_new(&chain) != STV_OK;
        seen->wrong += stv_chain_add_pem(chain, shared->pem, shared->length) != STV_OK;
        seen->wrong += stv_verifier_judge(verifier, peer, chain, &report) != STV_E_REJECTED;
        seen->wrong += strcmp(stv_report_code(report), "name.mismatch") != 0;
        seen->text = stv_report_text(all);
        stv_report_free(report);
        stv_report_free(all);
        stv_chain_free(chain);
        stv_peer_free(peer);
        stv_verifier_free(verifier);
    }
    return NULL;
}

static void prepare(struct shared *shared, const char *certificates)
{
    stv_config *config = NULL;
    stv_peer *peer = NULL;
    stv_chain *chain = NULL;
    char path[4096];
    FILE *stream;

    snprintf(path, sizeof path, "%s/eve.pem", certificates);
    stream = fopen(path, "rb");
    if (!stream) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    shared->length = fread(shared->pem, 1, sizeof shared->pem, stream);
    fclose(stream);
    snprintf(path, sizeof path, "%s/ca.pem", certificates);
    IS(stv_config_new(&config), STV_OK);
    IS(stv_config_set_str(config, S("cafile"), path, strlen(path)), STV_OK);
    IS(stv_verifier_new(config, &shared->verifier), STV_OK);
    IS(stv_peer_new(&peer), STV_OK);
    IS(stv_peer_set_host(peer, S("mail.eve.test")), STV_OK);
    IS(stv_chain_new(&chain), STV_OK);
    IS(stv_chain_add_pem(chain, shared->pem, shared->length), STV_OK);
    IS(stv_verifier_judge(shared->verifier, peer, chain, &shared->report), STV_OK);
    stv_chain_free(chain);
    stv_peer_free(peer);
    stv_config_free(config);
}

int main(int argc, char **argv)
{
    static struct shared shared;
    struct seen seen[THREADS];
    pthread_t threads[THREADS];
    int i;

    if (argc != 2) {
        fprintf(stderr, "usage: test_threads CERTIFICATES\n");
        return EXIT_FAILURE;
    }
    prepare(&shared, argv[1]);
    for (i = 0; i < THREADS; i++) {
        seen[i].shared = &shared;
        seen[i].text = NULL;
        seen[i].wrong = 0;
        CHECK(!pthread_create(&threads[i], NULL, judge_often, &seen[i]));
    }
    for (i = 0; i < THREADS; i++) {
        CHECK(!pthread_join(threads[i], NULL));
        IS(seen[i].wrong, 0);
        CHECK(seen[i].text == stv_report_text(shared.report));
    }
    MENTIONS(stv_report_text(shared.report), "TRUSTED smtp://mail.eve.test");
    SAYS(stv_report_code(shared.report), "");
    stv_report_free(shared.report);
    stv_verifier_free(shared.verifier);
    return checks_end();
}
