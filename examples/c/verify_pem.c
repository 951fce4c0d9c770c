/*
 * Judges a chain on disk: is this the certificate of HOST?
 *
 *     verify_pem HOST CHAIN.pem CAFILE
 *
 * Prints the report; its first line is the whole answer. Exit code: 0 trusted, 1 not trusted, 2 wrong
 * usage or configuration.
 */
#include <starttls_verify.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_CHAIN = 1 << 20 };

/* Reads a whole file; the caller frees it. */
static char *read_file(const char *path, size_t *length)
{
    FILE *stream = fopen(path, "rb");
    char *bytes = malloc(LONGEST_CHAIN);

    if (stream && bytes) {
        *length = fread(bytes, 1, LONGEST_CHAIN, stream);
        fclose(stream);
        return bytes;
    }
    perror(path);
    if (stream)
        fclose(stream);
    free(bytes);
    return NULL;
}

static stv_status add_chain(stv_chain *chain, const char *path)
{
    size_t length;
    char *pem = read_file(path, &length);
    stv_status status = pem ? stv_chain_add_pem(chain, pem, length) : STV_E_FILE_UNREADABLE;

    free(pem);
    return status;
}

static stv_status judge(const char *host, const char *path, const char *cafile)
{
    stv_config *config = NULL;
    stv_verifier *verifier = NULL;
    stv_peer *peer = NULL;
    stv_chain *chain = NULL;
    stv_report *report = NULL;
    stv_status status;

    if ((status = stv_config_new(&config)) == STV_OK
        && (status = stv_config_set_str(config, "cafile", 6, cafile, strlen(cafile))) == STV_OK
        && (status = stv_verifier_new(config, &verifier)) == STV_OK
        && (status = stv_peer_new(&peer)) == STV_OK
        && (status = stv_peer_set_host(peer, host, strlen(host))) == STV_OK
        && (status = stv_chain_new(&chain)) == STV_OK
        && (status = add_chain(chain, path)) == STV_OK)
        status = stv_verifier_judge(verifier, peer, chain, &report);

    /* STV_OK means trusted, and nothing else does. */
    if (report)
        fputs(stv_report_text(report), stdout);
    else
        fprintf(stderr, "verify_pem: %s: %s%s%s\n", stv_status_text(status), stv_config_error(config),
                stv_peer_error(peer), stv_chain_error(chain));

    stv_report_free(report);
    stv_chain_free(chain);
    stv_peer_free(peer);
    stv_verifier_free(verifier);
    stv_config_free(config);
    return status;
}

int main(int argc, char **argv)
{
    stv_status status;

    if (argc != 4) {
        fprintf(stderr, "usage: verify_pem HOST CHAIN.pem CAFILE\n");
        return 2;
    }
    status = judge(argv[1], argv[2], argv[3]);
    if (status == STV_OK)
        return 0;
    return status >= 100 && status < 200 ? 2 : 1;
}
