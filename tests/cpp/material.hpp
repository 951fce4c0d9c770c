// What every C++ test needs: the certificates, and exceptions as things to be checked.
#ifndef MATERIAL_HPP
#define MATERIAL_HPP

#include "starttls_verify.hpp"

#include <fstream>
#include <iterator>
#include <string>

#include "../c/check.h"

namespace stv = starttls_verify;

// The directory that tests/c/certificates.sh has filled.
static std::string certificates;

static inline std::string read_file(const std::string &name)
{
    std::ifstream stream((certificates + "/" + name).c_str(), std::ios::binary);
    CHECK(stream.good());
    return std::string(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
}

static inline stv::Verifier verifier_with(const std::string &cafile)
{
    stv::Config config;
    config.set_str("cafile", certificates + "/" + cafile).set_int("connect_timeout_ms", 5000);
    return stv::Verifier(config);
}

static inline stv::Chain chain_of(const std::string &name)
{
    stv::Chain chain;
    chain.add_pem(read_file(name));
    return chain;
}

// Exactly this class is thrown, with this status and these words in it.
#define THROWS(kind, wanted_status, words, call)                                                            \
    do {                                                                                                    \
        bool thrown = false;                                                                                \
        try {                                                                                               \
            call;                                                                                           \
        } catch (const stv::kind &error) {                                                                  \
            thrown = true;                                                                                  \
            CHECK(typeid(error) == typeid(stv::kind));                                                      \
            IS(error.status(), wanted_status);                                                              \
            MENTIONS(error.what(), words);                                                                  \
        }                                                                                                   \
        CHECK(thrown);                                                                                      \
    } while (0)

#endif
