/* This library, as a program uses it. */
#ifndef OURS_H
#define OURS_H

#include "material.h"

#include <starttls_verify.h>

/* A verifier with the defaults and the one option, if any, switched off. */
stv_verifier *our_verifier(const char *off);
stv_peer *our_peer(const char *host, int protocol);

/* From DER to a report in which every finding stands. */
void our_verdict(const stv_verifier *verifier, const struct material *m);

#endif
