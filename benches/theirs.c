#include "theirs.h"

#include "measure.h"

#include <openssl/x509v3.h>

void their_verdict(X509_STORE *store, const struct material *m)
{
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    STACK_OF(X509) *above = sk_X509_new_null();
    X509 *leaf = NULL;
    int i;

    for (i = 0; i < m->count; i++) {
        const unsigned char *at = m->der[i];
        X509 *one = d2i_X509(NULL, &at, m->length[i]);
        if (i == 0)
            leaf = one;
        else
            sk_X509_push(above, one);
    }
    must(X509_STORE_CTX_init(context, store, leaf, above) == 1, "X509_STORE_CTX_init");
    X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_SERVER);
    X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(context), m->host, 0);
    must(X509_verify_cert(context) == 1, "X509_verify_cert");
    X509_STORE_CTX_free(context);
    X509_free(leaf);
    sk_X509_pop_free(above, X509_free);
}

X509_STORE *their_store(const struct material *m)
{
    X509_STORE *store = X509_STORE_new();

    must(X509_STORE_load_file(store, m->bundle) == 1, "X509_STORE_load_file");
    return store;
}
