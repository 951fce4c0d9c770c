/* Is the server at CONNECT really HOST?  usage: HOST CONNECT CAFILE */
#include <starttls_verify.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    stv_config *config = NULL;
    stv_verifier *verifier = NULL;
    stv_peer *peer = NULL;
    stv_session *session = NULL;
    stv_status status = STV_E_ARGUMENT;

    if (argc >= 4 && stv_config_new(&config) == STV_OK && stv_peer_new(&peer) == STV_OK
        && stv_config_set_str(config, "cafile", 6, argv[3], strlen(argv[3])) == STV_OK
        && stv_verifier_new(config, &verifier) == STV_OK
        && stv_peer_set_protocol(peer, STV_PROTOCOL_SMTP) == STV_OK
        && stv_peer_set_host(peer, argv[1], strlen(argv[1])) == STV_OK
        && stv_peer_set_connect(peer, argv[2], strlen(argv[2])) == STV_OK
        && stv_session_new(verifier, peer, &session) == STV_OK) {
        status = stv_session_connect(session);
        /* STV_OK means trusted, and nothing else does. */
        puts(status == STV_OK ? "TRUSTED" : stv_session_error(session));
    }
    stv_session_free(session);
    stv_peer_free(peer);
    stv_verifier_free(verifier);
    stv_config_free(config);
    return status != STV_OK;
}
