// As main.c, in C++11 and with its own header.
#include <starttls_verify.hpp>

#include <iostream>

int main()
{
    starttls_verify::Config config;
    const starttls_verify::Verifier verifier(config);
    try {
        starttls_verify::Peer peer(std::string("mail.bob.test\0.evil", 19), STV_PROTOCOL_SMTP);
    } catch (const starttls_verify::ArgumentError &error) {
        std::cout << "C++: " << stv_version() << ", " << error.status_name() << "\n";
        return error.status() != STV_E_ENCODING;
    }
    return 1;
}
