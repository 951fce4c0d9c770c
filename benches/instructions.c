/* One operation, for callgrind to count: what runs below `counted` is counted, ten times over.
 *
 *     instructions DIRECTORY OPERATION */

#include "measure.h"
#include "ours.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMES = 10 };

struct operands {
    struct material material;
    stv_verifier *verifier, *remembering;
};

static void first_verdict(void *what)
{
    struct operands *operands = what;
    stv_verifier *verifier = our_verifier(NULL);

    our_verdict(verifier, &operands->material);
    stv_verifier_free(verifier);
}

static void warm_verdict(void *what)
{
    struct operands *operands = what;

    our_verdict(operands->verifier, &operands->material);
}

static void known_chain(void *what)
{
    struct operands *operands = what;

    our_verdict(operands->remembering, &operands->material);
}

static void name(void *what)
{
    const struct material *m = &((struct operands *)what)->material;
    const char *reference = strstr(m->chain, "1000") ? "dns:host1000.names.test" : "dns:host1.names.test";
    int match = 0;

    stv_cert_names_host(m->der[0], (size_t)m->length[0], reference, strlen(reference), &match);
    must(match, "stv_cert_names_host");
}

static void pin(void *what)
{
    static const char zeros[] = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
    const struct material *m = &((struct operands *)what)->material;
    int match = 1;

    stv_cert_matches_pin(m->der[0], (size_t)m->length[0], zeros, strlen(zeros), &match);
    must(!match, "stv_cert_matches_pin");
}

static const struct operation {
    const char *name, *material, *suffix;
    step *run;
} operations[] = {
    {"first-verdict-ec3", "ec3", "chain.pem", first_verdict},
    {"warm-verdict-rsa3", "rsa3", "chain.pem", warm_verdict},
    {"warm-verdict-ec3", "ec3", "chain.pem", warm_verdict},
    {"known-chain-ec3", "ec3", "chain.pem", known_chain},
    {"name-1-san", "san1", "pem", name},
    {"name-1000-sans", "san1000", "pem", name},
    {"pin", "ec3", "pem", pin},
};

__attribute__((noinline)) void counted(step *run, void *what);

void counted(step *run, void *what)
{
    int i;

    for (i = 0; i < TIMES; i++)
        run(what);
}

static void measure(const struct operation *operation, const char *directory)
{
    static const struct setting full[] = {UNKNOWN_CHAINS, {NULL, NULL}};
    struct operands operands;
    int i;

    use_bundle_as_system(directory);
    read_material(&operands.material, directory, operation->material, operation->suffix);
    operands.verifier = our_verifier(full);
    operands.remembering = our_verifier(NULL);
    /* What a process pays once is not counted: the shortcut to keys begins after some certificates. */
    for (i = 0; i < TIMES; i++)
        operation->run(&operands);
    counted(operation->run, &operands);
    stv_verifier_free(operands.remembering);
    stv_verifier_free(operands.verifier);
    free_material(&operands.material);
}

/* Without arguments it lists what it can do. */
int main(int argc, char **argv)
{
    size_t i;

    for (i = 0; i < sizeof operations / sizeof *operations; i++)
        if (argc == 1)
            puts(operations[i].name);
        else if (argc == 3 && !strcmp(argv[2], operations[i].name)) {
            measure(&operations[i], argv[1]);
            return EXIT_SUCCESS;
        }
    return argc == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
