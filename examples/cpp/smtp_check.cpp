// Connects to an SMTP server, upgrades to TLS, judges it, and says EHLO and QUIT to it inside TLS.
//
//     smtp_check HOST CONNECT CAFILE [DEADLINE_MS]
//
// HOST is who is meant; CONNECT is where to connect, such as 127.0.0.1:2525. Prints the report; its first
// line is the whole answer. Exit code: 0 trusted, 1 not trusted, 2 wrong usage or configuration, 3 could
// not check, 4 encrypted but not trusted, as an option allowed.
#include <starttls_verify.hpp>

#include <iostream>
#include <string>

namespace stv = starttls_verify;

namespace {

stv::Verifier make_verifier(const std::string &cafile, int deadline)
{
    stv::Config config;
    config.set_str("cafile", cafile);
    // Each part of the conversation may take this long.
    if (deadline)
        for (const char *part : {"connect", "negotiation", "handshake", "io"})
            config.set_int(std::string(part) + "_timeout_ms", deadline);
    return stv::Verifier(config);
}

// Reads until the last line of a reply is complete: "250 ", not "250-".
void read_reply(stv::Session &session)
{
    std::string reply, more;
    for (;;) {
        const std::size_t end = reply.size();
        const std::size_t last = end < 2 ? std::string::npos : reply.rfind('\n', end - 2);
        const std::size_t line = last == std::string::npos ? 0 : last + 1;
        if (end && reply[end - 1] == '\n' && line + 3 < end && reply[line + 3] != '-')
            return;
        if (end > 4096 || session.read(more) != STV_OK)
            return;
        reply += more;
    }
}

int check(const std::string &host, const std::string &where, const std::string &cafile, int deadline)
{
    const stv::Verifier verifier = make_verifier(cafile, deadline);
    stv::Peer peer(host, STV_PROTOCOL_SMTP);
    peer.set_connect(where);
    stv::Session session(verifier, peer);
    const stv::Report report = session.connect();
    std::cout << report.text();
    // Only an option of ours could have let it through without trust; there is none.
    if (!report.trusted())
        return 4;
    session.write("EHLO localhost\r\n");
    read_reply(session);
    session.write("QUIT\r\n");
    read_reply(session);
    session.close();
    return 0;
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 4 && argc != 5) {
        std::cerr << "usage: smtp_check HOST CONNECT CAFILE [DEADLINE_MS]\n";
        return 2;
    }
    try {
        return check(argv[1], argv[2], argv[3], argc == 5 ? std::stoi(argv[4]) : 0);
    } catch (const stv::PeerError &error) {
        std::cout << error.report().text();
        return dynamic_cast<const stv::RejectedError *>(&error) ? 1 : 3;
    } catch (const std::exception &error) {
        std::cerr << "smtp_check: " << error.what() << "\n";
        return 2;
    }
}
