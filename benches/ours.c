#include "ours.h"

#include "measure.h"

#include <string.h>

static void set(stv_config *config, const struct setting *setting)
{
    if (stv_config_set_text(config, setting->option, strlen(setting->option), setting->value,
                            strlen(setting->value)) != STV_OK)
        must(0, stv_config_error(config));
}

stv_verifier *our_verifier(const struct setting *settings)
{
    stv_verifier *verifier = NULL;
    stv_config *config = NULL;

    must(stv_config_new(&config) == STV_OK, "stv_config_new");
    for (; settings && settings->option; settings++)
        set(config, settings);
    if (stv_verifier_new(config, &verifier) != STV_OK)
        must(0, stv_config_error(config));
    stv_config_free(config);
    return verifier;
}

stv_peer *our_peer(const char *host, int protocol)
{
    stv_peer *peer = NULL;

    must(stv_peer_new(&peer) == STV_OK, "stv_peer_new");
    must(stv_peer_set_protocol(peer, protocol) == STV_OK, "stv_peer_set_protocol");
    must(stv_peer_set_host(peer, host, strlen(host)) == STV_OK, "stv_peer_set_host");
    return peer;
}

void our_verdict(const stv_verifier *verifier, const struct material *m)
{
    stv_peer *peer = our_peer(m->host, STV_PROTOCOL_SMTP);
    stv_report *report = NULL;
    stv_chain *chain = NULL;
    int i;

    must(stv_chain_new(&chain) == STV_OK, "stv_chain_new");
    for (i = 0; i < m->count; i++)
        must(stv_chain_add_der(chain, m->der[i], (size_t)m->length[i]) == STV_OK, "stv_chain_add_der");
    if (stv_verifier_judge(verifier, peer, chain, &report) != STV_OK)
        must(0, stv_report_text(report));
    must(stv_report_count(report) > 2, "a full report");
    stv_report_free(report);
    stv_chain_free(chain);
    stv_peer_free(peer);
}
