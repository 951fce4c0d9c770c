/* A chain that chains.sh made, as the wire has it. */
#ifndef MATERIAL_H
#define MATERIAL_H

enum { LONGEST_CHAIN = 8 };

struct material {
    char chain[32], host[64], bundle[512], hashed[512];
    unsigned char *der[LONGEST_CHAIN];
    int length[LONGEST_CHAIN], count;
};

/* Reads the certificates of DIRECTORY/NAME.SUFFIX: "chain.pem", or "pem" for the leaf alone. */
void read_material(struct material *m, const char *directory, const char *name, const char *suffix);
void free_material(struct material *m);

/* The benches' roots are among the CAs of the "system": its bundle is ours. */
void use_bundle_as_system(const char *directory);

#endif
