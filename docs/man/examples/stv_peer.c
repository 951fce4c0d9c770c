/* The IMAP server of bob.test, whose certificate may be for either name. */
#include <starttls_verify.h>

#include <stdio.h>

int main(void)
{
    stv_peer *peer = NULL;
    stv_status status = stv_peer_new(&peer);

    if (status == STV_OK)
        status = stv_peer_set_protocol(peer, STV_PROTOCOL_IMAP);
    if (status == STV_OK)
        status = stv_peer_set_host(peer, "mail.bob.test", 13);
    if (status == STV_OK)
        status = stv_peer_add_reference(peer, "srv:_imap.bob.test", 18);
    if (status != STV_OK)
        printf("%s\n", stv_peer_error(peer));
    stv_peer_free(peer);
    return status != STV_OK;
}
