/* A session that does no reading and writing of its own: here Eve cuts the offer of STARTTLS out. */
#include <starttls_verify.h>

#include <stdio.h>
#include <string.h>

static const char *const said[] = {"220 mail.bob.test ESMTP\r\n", "250 mail.bob.test\r\n"};

int main(void)
{
    stv_config *config = NULL;
    stv_verifier *verifier = NULL;
    stv_peer *peer = NULL;
    stv_session *session = NULL;
    stv_status status = STV_E_ARGUMENT;
    char out[512];
    size_t length = 0, next = 0;

    if (stv_config_new(&config) == STV_OK && stv_verifier_new(config, &verifier) == STV_OK
        && stv_peer_new(&peer) == STV_OK && stv_peer_set_host(peer, "mail.bob.test", 13) == STV_OK
        && stv_session_new(verifier, peer, &session) == STV_OK)
        status = stv_session_step(session);
    while (status == STV_WANT_READ || status == STV_WANT_WRITE) {
        if (status == STV_WANT_WRITE && stv_session_take(session, out, sizeof out, &length) == STV_OK)
            fwrite(out, 1, length, stdout);
        else if (next < 2 && stv_session_feed(session, said[next], strlen(said[next])) == STV_OK)
            next++;
        else
            stv_session_feed_eof(session);
        status = stv_session_step(session);
    }
    printf("%s: %s\n", stv_status_name(status), stv_session_error(session));
    stv_session_free(session);
    stv_peer_free(peer);
    stv_verifier_free(verifier);
    stv_config_free(config);
    return status != STV_E_NOT_OFFERED;
}
