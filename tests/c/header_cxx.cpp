// The header, as a C++11 compiler sees it, with OpenSSL's before it; and ownership as C++ has it.
#include <openssl/ssl.h>

#include "starttls_verify.h"

#include <cstdio>
#include <memory>
#include <string>

namespace {

struct Free {
    void operator()(stv_config *config) const { stv_config_free(config); }
    void operator()(stv_peer *peer) const { stv_peer_free(peer); }
};

template <typename T> using Owned = std::unique_ptr<T, Free>;

} // namespace

int main()
{
    int failed = 0;
    stv_config *made = nullptr;
    failed += stv_config_new(&made) != STV_OK;
    const Owned<stv_config> config(made);
    const std::string name = "cafil";
    const stv_status status = stv_config_set_str(config.get(), name.data(), name.size(), "x", 1);
    failed += status != STV_E_OPTION_UNKNOWN;
    failed += std::string(stv_config_error(config.get())).find("cafile") == std::string::npos;

    stv_peer *peer_made = nullptr;
    failed += stv_peer_new(&peer_made) != STV_OK;
    const Owned<stv_peer> peer(peer_made);
    failed += stv_peer_set_host(peer.get(), "mail.bob.test", 13) != STV_OK;
    failed += stv_abi_level() < STV_ABI_LEVEL;
    std::printf("%d passed, %d failed\n", 6 - failed, failed);
    return failed;
}
