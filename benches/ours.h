/* This library, as a program uses it. */
#ifndef OURS_H
#define OURS_H

#include "material.h"

#include <starttls_verify.h>

/* What is switched off where it would hide what is measured: paths that are known, sessions that are kept. */
#define UNKNOWN_CHAINS {"chain_cache_seconds", "0"}
#define FULL_HANDSHAKES {"resumption", "false"}

struct setting {
    const char *option, *value;
};

/* A verifier with the defaults but for the settings, of which the last has no option; NULL is none. */
stv_verifier *our_verifier(const struct setting *settings);
stv_peer *our_peer(const char *host, int protocol);

/* From DER to a report in which every finding stands. */
void our_verdict(const stv_verifier *verifier, const struct material *m);

#endif
