#define _POSIX_C_SOURCE 200809L
#include "material.h"

#include "measure.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void path_in(char *path, size_t room, const char *directory, const char *file)
{
    must(snprintf(path, room, "%s/%s", directory, file) < (int)room, "path too long");
}

void read_material(struct material *m, const char *directory, const char *name, const char *suffix)
{
    char path[512], file[64];
    X509 *certificate;
    FILE *in;

    memset(m, 0, sizeof *m);
    snprintf(m->chain, sizeof m->chain, "%s", name);
    snprintf(m->host, sizeof m->host, "mail.%s.test", name);
    snprintf(file, sizeof file, "%s.%s", name, suffix);
    path_in(path, sizeof path, directory, file);
    path_in(m->bundle, sizeof m->bundle, directory, "bundle.pem");
    path_in(m->hashed, sizeof m->hashed, directory, "hashed");
    in = fopen(path, "r");
    must(in != NULL, path);
    while ((certificate = PEM_read_X509(in, NULL, NULL, NULL)) != NULL) {
        must(m->count < LONGEST_CHAIN, "chain too long");
        m->length[m->count] = i2d_X509(certificate, &m->der[m->count]);
        m->count++;
        X509_free(certificate);
    }
    fclose(in);
    ERR_clear_error();
    must(m->count > 0, path);
}

void free_material(struct material *m)
{
    while (m->count > 0)
        OPENSSL_free(m->der[--m->count]);
}

void use_bundle_as_system(const char *directory)
{
    char path[512];

    path_in(path, sizeof path, directory, "bundle.pem");
    setenv("SSL_CERT_FILE", path, 1);
    setenv("SSL_CERT_DIR", "/nonexistent", 1);
}
