// As main.c, in C++11.
#include <starttls_verify.h>

#include <cstdio>

int main()
{
    stv_peer *peer = nullptr;
    const stv_status made = stv_peer_new(&peer);
    const stv_status named = stv_peer_set_host(peer, "mail.bob.test\0.evil", 19);
    std::printf("C++: %s, %s\n", stv_version(), stv_status_name(named));
    stv_peer_free(peer);
    return made != STV_OK || named != STV_E_ENCODING;
}
