/* The cheap questions about one certificate: does it name that host, is it that pin, that TLSA record?
 *
 *     questions DIRECTORY */

#include "material.h"
#include "measure.h"

#include <starttls_verify.h>

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct question {
    struct material material;
    X509 *parsed;
    char reference[80], host[64], pin[96], record[96];
};

static void our_name(void *what)
{
    struct question *q = what;
    int match = 0;

    stv_cert_names_host(q->material.der[0], (size_t)q->material.length[0], q->reference, strlen(q->reference),
                        &match);
    must(match, "stv_cert_names_host");
}

static void their_name(void *what)
{
    struct question *q = what;

    must(X509_check_host(q->parsed, q->host, 0, 0, NULL) == 1, "X509_check_host");
}

static void our_pin(void *what)
{
    struct question *q = what;
    int match = 0;

    stv_cert_matches_pin(q->material.der[0], (size_t)q->material.length[0], q->pin, strlen(q->pin), &match);
    must(match, "stv_cert_matches_pin");
}

static void our_record(void *what)
{
    struct question *q = what;
    int match = 0;

    stv_cert_matches_tlsa(q->material.der[0], (size_t)q->material.length[0], q->record, strlen(q->record),
                          &match);
    must(match, "stv_cert_matches_tlsa");
}

static void key_digest(X509 *certificate, unsigned char digest[32])
{
    unsigned char *key = NULL;
    int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);

    must(length > 0 && EVP_Digest(key, (size_t)length, digest, NULL, EVP_sha256(), NULL) == 1, "digest");
    OPENSSL_free(key);
}

static void their_digest(void *what)
{
    struct question *q = what;
    const unsigned char *at = q->material.der[0];
    X509 *certificate = d2i_X509(NULL, &at, q->material.length[0]);
    unsigned char digest[32];

    key_digest(certificate, digest);
    X509_free(certificate);
}

static void prepare(struct question *q, const char *directory, const char *file, int names)
{
    const unsigned char *at;
    unsigned char digest[32];
    int i;

    read_material(&q->material, directory, file, "pem");
    at = q->material.der[0];
    q->parsed = d2i_X509(NULL, &at, q->material.length[0]);
    snprintf(q->host, sizeof q->host, "host%d.names.test", names);
    snprintf(q->reference, sizeof q->reference, "dns:%s", q->host);
    key_digest(q->parsed, digest);
    strcpy(q->pin, "spki-sha256:");
    EVP_EncodeBlock((unsigned char *)q->pin + strlen(q->pin), digest, sizeof digest);
    strcpy(q->record, "3 1 1 ");
    for (i = 0; i < 32; i++)
        sprintf(q->record + strlen(q->record), "%02x", digest[i]);
}

static void end(struct question *q)
{
    X509_free(q->parsed);
    free_material(&q->material);
}

/* The name that is asked for is the last. */
static void measure_names(const char *directory, int names, int times, const char *goal)
{
    struct question q;
    char file[32], title[32];

    snprintf(file, sizeof file, "san%d", names);
    snprintf(title, sizeof title, "name, %d SAN%s", names, names == 1 ? "" : "s");
    prepare(&q, directory, file, names);
    compare(&(struct figure){title, file, "X509_check_host, parsed", goal, our_name, their_name, &q, 31, times});
    end(&q);
}

struct sizes {
    struct question many, few;
};

static void our_name_among_many(void *what)
{
    our_name(&((struct sizes *)what)->many);
}

static void our_name_among_few(void *what)
{
    int i;

    for (i = 0; i < 10; i++)
        our_name(&((struct sizes *)what)->few);
}

/* Ten times the names may cost ten times as much, and a little. */
static void measure_growth(const char *directory)
{
    struct sizes sizes;

    prepare(&sizes.many, directory, "san10000", 10000);
    prepare(&sizes.few, directory, "san1000", 1000);
    compare(&(struct figure){"name, 10,000 SANs", "san10000", "ours, ten times 1,000", "<=1.2", our_name_among_many,
                             our_name_among_few, &sizes, 31, 5});
    end(&sizes.few);
    end(&sizes.many);
}

static void measure_digests(const char *directory, const char *chain)
{
    struct question q;

    prepare(&q, directory, chain, 0);
    compare(&(struct figure){"pin spki-sha256", chain, "d2i_X509 + digest", ">=100", our_pin, their_digest, &q,
                             31, 200});
    compare(&(struct figure){"TLSA 3 1 1", chain, "d2i_X509 + digest", ">=100", our_record, their_digest, &q,
                             31, 200});
    end(&q);
}

int main(int argc, char **argv)
{
    must(argc == 2, "usage: questions DIRECTORY");
    measure_names(argv[1], 1, 20000, ">=5");
    measure_names(argv[1], 10, 5000, ">=30");
    measure_names(argv[1], 100, 1000, "-");
    measure_names(argv[1], 1000, 100, ">=80");
    measure_names(argv[1], 10000, 5, "-");
    measure_growth(argv[1]);
    measure_digests(argv[1], "rsa3");
    measure_digests(argv[1], "ec3");
    return EXIT_SUCCESS;
}
