/* Every finding of a report: here of a chain that has no certificate. */
#include <starttls_verify.h>

#include <stdio.h>

int main(void)
{
    stv_config *config = NULL;
    stv_verifier *verifier = NULL;
    stv_peer *peer = NULL;
    stv_chain *chain = NULL;
    stv_report *report = NULL;
    stv_status status = STV_E_ARGUMENT;
    size_t i;

    if (stv_config_new(&config) == STV_OK && stv_verifier_new(config, &verifier) == STV_OK
        && stv_peer_new(&peer) == STV_OK && stv_peer_set_host(peer, "mail.bob.test", 13) == STV_OK
        && stv_chain_new(&chain) == STV_OK)
        status = stv_verifier_judge(verifier, peer, chain, &report);
    for (i = 0; i < stv_report_count(report); i++)
        printf("%s %s: %s\n", stv_outcome_name(stv_report_finding_outcome(report, i)),
               stv_report_finding_code(report, i), stv_report_finding_detail(report, i));
    stv_report_free(report);
    stv_chain_free(chain);
    stv_peer_free(peer);
    stv_verifier_free(verifier);
    stv_config_free(config);
    return status != STV_E_REJECTED;
}
