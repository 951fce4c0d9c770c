// What is left without exceptions and without RTTI: handles that free themselves around the C functions.
// Argument: the directory that tests/c/certificates.sh has filled.
#include "starttls_verify.hpp"

#include "../c/check.h"

#define S(literal) literal, sizeof(literal) - 1

#ifdef STARTTLS_VERIFY_HPP_CLASSES
#error "compiled with exceptions"
#endif

using starttls_verify::Owned;

static void judge(const char *directory, const char *name, int wanted)
{
    static char path[4096], pem[16384];
    Owned<stv_config> config;
    Owned<stv_verifier> verifier;
    Owned<stv_peer> peer;
    Owned<stv_chain> chain;
    Owned<stv_report> report;

    IS(stv_config_new(config.out()), STV_OK);
    snprintf(path, sizeof path, "%s/ca.pem", directory);
    IS(stv_config_set_str(config.get(), S("cafile"), path, strlen(path)), STV_OK);
    IS(stv_verifier_new(config.get(), verifier.out()), STV_OK);
    IS(stv_peer_new(peer.out()), STV_OK);
    IS(stv_peer_set_host(peer.get(), S("mail.bob.test")), STV_OK);
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *const stream = fopen(path, "rb");
    CHECK(stream != nullptr);
    const size_t length = fread(pem, 1, sizeof pem, stream);
    fclose(stream);
    IS(stv_chain_new(chain.out()), STV_OK);
    IS(stv_chain_add_pem(chain.get(), pem, length), STV_OK);
    IS(stv_verifier_judge(verifier.get(), peer.get(), chain.get(), report.out()), wanted);
    // Asked twice into the same place: the first report is freed.
    IS(stv_verifier_judge(verifier.get(), peer.get(), chain.get(), report.out()), wanted);
    SAYS(stv_report_code(report.get()), wanted == STV_OK ? "" : "name.mismatch");
    // A call that fails leaves nothing behind.
    IS(stv_verifier_judge(verifier.get(), peer.get(), nullptr, report.out()), STV_E_NULL);
    CHECK(!report);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return EXIT_FAILURE;
    judge(argv[1], "bob.pem", STV_OK);
    judge(argv[1], "eve.pem", STV_E_REJECTED);
    return checks_end();
}
