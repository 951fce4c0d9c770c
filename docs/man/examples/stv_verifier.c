/* Does the chain in chain.pem lead from mail.bob.test to the CA in ca.pem? */
#include <starttls_verify.h>

#include <stdio.h>

static char pem[65536];

int main(void)
{
    stv_config *config = NULL;
    stv_verifier *verifier = NULL;
    stv_peer *peer = NULL;
    stv_chain *chain = NULL;
    stv_report *report = NULL;
    stv_status status = STV_E_FILE_MISSING;
    FILE *file = fopen("chain.pem", "rb");

    if (file && stv_config_new(&config) == STV_OK && stv_peer_new(&peer) == STV_OK
        && stv_chain_new(&chain) == STV_OK
        && stv_config_set_str(config, "cafile", 6, "ca.pem", 6) == STV_OK
        && stv_verifier_new(config, &verifier) == STV_OK
        && stv_peer_set_host(peer, "mail.bob.test", 13) == STV_OK
        && stv_chain_add_pem(chain, pem, fread(pem, 1, sizeof pem, file)) == STV_OK) {
        status = stv_verifier_judge(verifier, peer, chain, &report);
        puts(stv_report_summary(report));
    }
    if (file)
        fclose(file);
    stv_report_free(report);
    stv_chain_free(chain);
    stv_peer_free(peer);
    stv_verifier_free(verifier);
    stv_config_free(config);
    return status != STV_OK;
}
