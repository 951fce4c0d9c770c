/* libcrypto, as a program without this library uses it. */
#ifndef THEIRS_H
#define THEIRS_H

#include "material.h"

#include <openssl/x509_vfy.h>

X509_STORE *their_store(const struct material *m);

/* From DER to X509_verify_cert's yes; the name is asked as well. */
void their_verdict(X509_STORE *store, const struct material *m);

#endif
