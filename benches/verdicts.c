/* The first verdict, with the loading of the CA certificates; the next ones, with all in place; those on
 * a chain that is known; and what the heap holds for the CAs. The text of the bundle would not be seen
 * there: run.py gives us a directory for its index, so that it is left in its file.
 *
 *     verdicts DIRECTORY */

#include "measure.h"
#include "ours.h"
#include "theirs.h"

#include <malloc.h>
#include <stdlib.h>

struct bench {
    struct material material;
    stv_verifier *verifier, *remembering;
    X509_STORE *store;
};

static void our_first(void *what)
{
    struct bench *bench = what;
    stv_verifier *verifier = our_verifier(NULL);

    our_verdict(verifier, &bench->material);
    stv_verifier_free(verifier);
}

static void their_first(void *what)
{
    struct bench *bench = what;
    X509_STORE *store = their_store(&bench->material);

    their_verdict(store, &bench->material);
    X509_STORE_free(store);
}

static void hashed_first(void *what)
{
    struct bench *bench = what;
    X509_STORE *store = X509_STORE_new();

    must(X509_STORE_load_path(store, bench->material.hashed) == 1, "X509_STORE_load_path");
    their_verdict(store, &bench->material);
    X509_STORE_free(store);
}

static void our_next(void *what)
{
    struct bench *bench = what;

    our_verdict(bench->verifier, &bench->material);
}

static void our_known(void *what)
{
    struct bench *bench = what;

    our_verdict(bench->remembering, &bench->material);
}

static void their_next(void *what)
{
    struct bench *bench = what;

    their_verdict(bench->store, &bench->material);
}

static double heap_kb(void)
{
    struct mallinfo2 heap = mallinfo2();

    return (double)(heap.uordblks + heap.hblkhd) / 1024;
}

/* A verifier, and a store, each after one verdict. A first of each is thrown away: what OpenSSL keeps for
 * itself is in neither. Chains that are remembered have nothing to do with it. */
static void measure_heap(const char *directory)
{
    static const struct setting full[] = {UNKNOWN_CHAINS, {NULL, NULL}};
    double begun, ours, theirs;
    struct bench bench;

    read_material(&bench.material, directory, "rsa3", "chain.pem");
    our_first(&bench);
    their_first(&bench);
    begun = heap_kb();
    bench.verifier = our_verifier(full);
    our_next(&bench);
    ours = heap_kb() - begun;
    begun = heap_kb();
    bench.store = their_store(&bench.material);
    their_next(&bench);
    theirs = heap_kb() - begun;
    tell("heap of trust", "", ours, theirs, "X509_STORE_load_file", "KB", "<=0.02");
    stv_verifier_free(bench.verifier);
    X509_STORE_free(bench.store);
    free_material(&bench.material);
}

static void measure_chain(const char *directory, const char *chain, const char *first, const char *next)
{
    static const struct setting full[] = {UNKNOWN_CHAINS, {NULL, NULL}};
    struct bench bench;

    read_material(&bench.material, directory, chain, "chain.pem");
    compare(&(struct figure){"first verdict", chain, "X509_STORE_load_file + X509_verify_cert", first,
                             our_first, their_first, &bench, 21, 1});
    compare(&(struct figure){"first verdict", chain, "hash directory + X509_verify_cert", ">=1.3",
                             our_first, hashed_first, &bench, 61, 1});
    /* Not before: verifiers of one process share the index. */
    bench.verifier = our_verifier(full);
    bench.remembering = our_verifier(NULL);
    bench.store = their_store(&bench.material);
    compare(&(struct figure){"warm verdict", chain, "d2i_X509 + X509_verify_cert", next,
                             our_next, their_next, &bench, 61, 10});
    compare(&(struct figure){"known chain", chain, "our own warm verdict", "<=0.02",
                             our_known, our_next, &bench, 61, 10});
    stv_verifier_free(bench.remembering);
    stv_verifier_free(bench.verifier);
    X509_STORE_free(bench.store);
    free_material(&bench.material);
}

int main(int argc, char **argv)
{
    must(argc == 2, "usage: verdicts DIRECTORY");
    use_bundle_as_system(argv[1]);
    measure_heap(argv[1]);
    measure_chain(argv[1], "rsa3", ">=40", "<=0.60");
    measure_chain(argv[1], "ec3", ">=35", "<=0.75");
    measure_chain(argv[1], "mix4", ">=12", "<=0.90");
    return EXIT_SUCCESS;
}
