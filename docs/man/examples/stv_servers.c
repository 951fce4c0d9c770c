/* The mail exchanges of a domain, the best first.  usage: DOMAIN */
#include <starttls_verify.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    stv_config *config = NULL;
    stv_verifier *verifier = NULL;
    stv_peer *domain = NULL;
    stv_servers *servers = NULL;
    size_t i;

    if (argc == 2 && stv_config_new(&config) == STV_OK && stv_peer_new(&domain) == STV_OK
        && stv_config_set_str(config, "dns", 3, "system", 6) == STV_OK
        && stv_verifier_new(config, &verifier) == STV_OK
        && stv_peer_set_host(domain, argv[1], strlen(argv[1])) == STV_OK
        && stv_servers_discover(domain, verifier, &servers) != STV_OK)
        printf("%s\n", stv_peer_error(domain));
    for (i = 0; i < stv_servers_count(servers); i++)
        printf("%s:%d\n", stv_servers_host(servers, i), stv_servers_port(servers, i));
    i = stv_servers_count(servers);
    stv_servers_free(servers);
    stv_peer_free(domain);
    stv_verifier_free(verifier);
    stv_config_free(config);
    return i == 0;
}
