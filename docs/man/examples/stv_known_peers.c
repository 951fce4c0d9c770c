/* Makes a store, announces the key that a server will have, and lists what is known. */
#include <starttls_verify.h>

#include <stdio.h>

int main(void)
{
    static const char pin[] = "spki-sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    stv_known_peers *known = NULL;
    stv_peer *peer = NULL;
    stv_status status = stv_peer_new(&peer);

    if (status == STV_OK)
        status = stv_peer_set_host(peer, "mail.bob.test", 13);
    if (status == STV_OK)
        status = stv_known_peers_new(&known);
    if (status == STV_OK)
        status = stv_known_peers_create_file(known, "peers", 5);
    if (status == STV_OK)
        status = stv_known_peers_announce(known, peer, pin, sizeof pin - 1);
    if (status == STV_OK)
        status = stv_known_peers_export(known);
    printf("%s%s\n", stv_known_peers_text(known), stv_known_peers_error(known));
    stv_known_peers_free(known);
    stv_peer_free(peer);
    return status != STV_OK;
}
