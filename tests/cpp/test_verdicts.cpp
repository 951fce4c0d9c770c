// Alice, Bob and Eve, from C++: as a chain, in a session that connects, in one that is fed, in the
// program's own SSL. Argument: the directory that tests/c/certificates.sh has filled.
#include <openssl/ssl.h>

#include "material.hpp"

#include <chrono>
#include <csignal>
#include <exception>
#include <memory>
#include <thread>
#include <typeinfo>

#include <sys/socket.h>
#include <sys/wait.h>

#include "../c/tls_server.h"

namespace {

const char *const MISMATCH = "the certificate is for mail.eve.test, but mail.bob.test was wanted";

// A TLS server for the length of a scope.
class Server {
public:
    Server(const char *name, int port) : port_(port), child_(tls_server(certificates.c_str(), name, port)) {}
    ~Server()
    {
        kill(child_, SIGTERM);
        waitpid(child_, nullptr, 0);
    }
    Server(const Server &) = delete;
    Server &operator=(const Server &) = delete;

    stv::Peer peer() const
    {
        stv::Peer peer("mail.bob.test", STV_PROTOCOL_TLS);
        peer.set_connect("127.0.0.1:" + std::to_string(port_));
        return peer;
    }

private:
    int port_;
    pid_t child_;
};

// Connects as soon as the server listens.
stv::Session connected(const stv::Verifier &verifier, stv::Peer peer)
{
    for (int tries = 0;; tries++) {
        stv::Session session(verifier, peer);
        try {
            const stv::Report report = session.connect();
            CHECK(report.trusted() || report.verdict() == STV_VERDICT_REJECTED);
            return session;
        } catch (const stv::ConnectionError &error) {
            if (error.status() != STV_E_CONNECT || tries == 50)
                throw;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
}

void well_formed(const stv::Report &report)
{
    const std::vector<stv::Finding> findings = report.findings();
    CHECK(!findings.empty());
    IS(findings.size(), report.count());
    for (const stv::Finding &finding : findings) {
        CHECK(*stv_check_name(finding.check) && *stv_outcome_name(finding.outcome));
        CHECK(finding.code.find('.') != std::string::npos);
        CHECK(!finding.detail.empty() && !finding.source.empty());
        CHECK(finding.depth >= -1);
    }
    CHECK(report.text().compare(0, report.summary().size(), report.summary()) == 0);
    MENTIONS(report.json().c_str(), "\"v\":1");
}

void a_chain()
{
    const stv::Verifier verifier = verifier_with("ca.pem");
    const stv::Peer bob("mail.bob.test", STV_PROTOCOL_SMTP);
    const stv::Report report = verifier.judge(bob, chain_of("bob-chain.pem"));
    CHECK(report.trusted());
    IS(report.status(), STV_OK);
    SAYS(report.code().c_str(), "");
    well_formed(report);

    THROWS(RejectedError, STV_E_REJECTED, MISMATCH, verifier.judge(bob, chain_of("eve.pem")));
    THROWS(RejectedError, STV_E_REJECTED, "chain.unknown_issuer",
           verifier_with("other.pem").judge(bob, chain_of("bob.pem")));
    THROWS(RejectedError, STV_E_REJECTED, "chain.empty", verifier.judge(bob, stv::Chain()));
    stv::Chain chain = chain_of("bob.pem");
    const stv::Chain moved(std::move(chain));
    THROWS(ArgumentError, STV_E_NULL, "NULL", verifier.judge(bob, chain));
    THROWS(RejectedError, STV_E_REJECTED, "name.not_checked", verifier.judge(stv::Peer(), moved));
}

void pins()
{
    const stv::Peer bob("mail.bob.test", STV_PROTOCOL_SMTP);
    stv::Config config;
    config.set_str("cafile", certificates + "/ca.pem").add_str("pin", read_file("bob.pin"));
    CHECK(stv::Verifier(config).judge(bob, chain_of("bob.pem")).trusted());
    config.set_str("pin", "sha256:" + std::string(64, '0'));
    THROWS(RejectedError, STV_E_REJECTED, "pin.mismatch",
           stv::Verifier(config).judge(bob, chain_of("bob.pem")));
}

void records()
{
    // Eve's key is what Bob's administrator did not publish.
    stv::Peer bob("mail.bob.test", STV_PROTOCOL_SMTP);
    bob.add_tlsa("3 1 1 " + std::string(64, '0'));
    THROWS(RejectedError, STV_E_REJECTED, "dane.mismatch",
           verifier_with("ca.pem").judge(bob, chain_of("bob.pem")));
}

// An exception outlives all that it came from, and keeps its report on every way out.
std::exception_ptr refusal()
{
    try {
        verifier_with("ca.pem").judge(stv::Peer("mail.bob.test", STV_PROTOCOL_SMTP), chain_of("eve.pem"));
    } catch (const stv::Error &) {
        return std::current_exception();
    }
    return nullptr;
}

void exceptions()
{
    const std::exception_ptr kept = refusal();
    CHECK(kept != nullptr);
    std::unique_ptr<stv::RejectedError> copy;
    try {
        std::rethrow_exception(kept);
    } catch (const stv::RejectedError &error) {
        copy.reset(new stv::RejectedError(error));
    }
    CHECK(copy && copy->report().verdict() == STV_VERDICT_REJECTED);
    SAYS(copy->code().c_str(), "name.mismatch");
    SAYS(copy->status_name(), "STV_E_REJECTED");
    well_formed(copy->report());
    const stv::Finding first = copy->report().finding(0);
    SAYS(first.code.c_str(), "name.mismatch");
    IS(first.outcome, STV_OUTCOME_FAIL);
    MENTIONS(first.wanted.c_str(), "mail.bob.test");
    MENTIONS(first.found.c_str(), "mail.eve.test");
    CHECK(!first.hint.empty());
    // Whoever catches std::exception has the words as well.
    try {
        std::rethrow_exception(kept);
    } catch (const std::exception &error) {
        MENTIONS(error.what(), MISMATCH);
    }
}

void fed_by_hand()
{
    const stv::Verifier verifier = verifier_with("ca.pem");
    stv::Peer peer("mail.bob.test", STV_PROTOCOL_SMTP);
    stv::Session session(verifier, peer);
    std::string reply;
    THROWS(StateError, STV_E_STATE, "", session.write("AUTH PLAIN"));
    THROWS(StateError, STV_E_STATE, "", session.read(reply));
    CHECK(reply.empty());
    THROWS(StateError, STV_E_STATE, "", session.close());
    THROWS(StateError, STV_E_STATE, "", session.data());
    IS(session.step(), STV_WANT_READ);
    CHECK(session.take().empty() && session.take(0).empty());
    session.feed("220 mail.bob.test ESMTP\r\n");
    IS(session.step(), STV_WANT_WRITE);
    CHECK(session.take(3) == "EHL");
    CHECK(session.take().find("\r\n") != std::string::npos);
    session.feed(std::string("250-x\r\n250 STARTTLS\r\n"));
    IS(session.step(), STV_WANT_WRITE);
    CHECK(session.take() == "STARTTLS\r\n");
    session.feed("220 go\r\n250 injected\r\n");
    THROWS(RejectedError, STV_E_INJECTED, "starttls.plaintext_injection", session.step());
    // It is final, and has its report on every call.
    for (int again = 0; again < 2; again++)
        THROWS(RejectedError, STV_E_INJECTED, "starttls.plaintext_injection", session.write("secret"));
    THROWS(RejectedError, STV_E_INJECTED, "", session.feed_eof());
    SAYS(session.report().code().c_str(), "starttls.plaintext_injection");
    try {
        session.close();
        CHECK(!"closed");
    } catch (const stv::PeerError &error) {
        SAYS(error.code().c_str(), "starttls.plaintext_injection");
    }
}

// The program spoke STARTTLS itself: what came behind the go-ahead is an injection, and what it saw counts.
void upgraded_by_the_program()
{
    const stv::Verifier verifier = verifier_with("ca.pem");
    stv::Peer peer("mail.bob.test", STV_PROTOCOL_SMTP);
    stv::Session injected = stv::Session::upgraded(verifier, peer);
    CHECK(injected.certificate(0).empty());
    injected.feed("250 injected\r\n");
    THROWS(RejectedError, STV_E_INJECTED, "starttls.plaintext_injection", injected.step());
    stv::Session early = stv::Session::upgraded(verifier, peer);
    THROWS(ArgumentError, STV_E_ARGUMENT, "", early.give_up("chain.trusted", "no failure"));
    THROWS(RejectedError, STV_E_PIPELINED, "before its question",
           early.give_up("starttls.pipelined_reply", "an answer before its question"));
    THROWS(RejectedError, STV_E_PIPELINED, "", early.step());
    stv::Session clean = stv::Session::upgraded(verifier, peer);
    IS(clean.step(), STV_WANT_WRITE);
}

void the_end_of_input()
{
    const stv::Verifier verifier = verifier_with("ca.pem");
    stv::Peer peer("mail.bob.test", STV_PROTOCOL_IMAP);
    stv::Session session(verifier, peer);
    CHECK(!session.server_speaks_first());
    session.feed_eof();
    THROWS(ConnectionError, STV_E_IO_CLOSED, "io.closed", session.step());
    stv::Session other(verifier, peer);
    THROWS(ArgumentError, STV_E_ARGUMENT, "", other.run_fd(-1));
    int fds[2];
    CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
    close(fds[1]);
    THROWS(ConnectionError, STV_E_IO_CLOSED, "io.closed", stv::Session(verifier, peer).run_fd(fds[0]));
    close(fds[0]);
}

void a_trusted_server(int port)
{
    const Server server("bob", port);
    stv::Session session = connected(verifier_with("ca.pem"), server.peer());
    std::string reply;
    CHECK(session.report().trusted() && session.fd() >= 0);
    CHECK(session.certificate(0) == read_file("bob.der") && session.certificate(9).empty());
    IS(session.write("live\n"), 5);
    IS(session.read(reply, 2), STV_OK);
    SAYS(reply.c_str(), "ev");
    IS(session.pending(), 3);
    IS(session.read(reply), STV_OK);
    SAYS(reply.c_str(), "il\n");
    THROWS(ArgumentError, STV_E_ARGUMENT, "", session.read(reply, 0));
    THROWS(StateError, STV_E_STATE, "data connection", session.data());
    session.close();
    session.close();
    IS(session.fd(), -1);
    IS(session.read(reply), STV_CLOSED);
    CHECK(reply.empty());
    THROWS(StateError, STV_E_STATE, "closed", session.write("more"));
    CHECK(session.report().trusted());
}

void eve(int port)
{
    const Server server("eve", port);
    THROWS(RejectedError, STV_E_REJECTED, MISMATCH, connected(verifier_with("ca.pem"), server.peer()));
    // A caller who asked for audit goes on, and is not told that Eve is trusted.
    stv::Config config;
    config.set_str("cafile", certificates + "/ca.pem").set_bool("audit", true);
    const stv::Report report = connected(stv::Verifier(config), server.peer()).report();
    CHECK(!report.trusted());
    IS(report.verdict(), STV_VERDICT_REJECTED);
    SAYS(report.code().c_str(), "name.mismatch");
}

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
using Connection = std::unique_ptr<SSL, decltype(&SSL_free)>;

// The program's own connection, as soon as the server listens.
bool shake_hands(SSL *ssl, int port)
{
    const std::string where = "127.0.0.1:" + std::to_string(port);
    BIO *bio = nullptr;
    for (int tries = 0; tries < 50; tries++) {
        bio = BIO_new_connect(where.c_str());
        if (BIO_do_connect(bio) == 1)
            break;
        BIO_free(bio);
        bio = nullptr;
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    CHECK(bio != nullptr);
    SSL_set_bio(ssl, bio, bio);
    return SSL_connect(ssl) == 1;
}

void judged_afterwards(bool honest, const stv::Verifier &verifier, stv::Peer &peer, SSL *ssl, int port)
{
    THROWS(StateError, STV_E_STATE, "handshake", stv::ssl_judge(verifier, peer, ssl));
    THROWS(ArgumentError, STV_E_NULL, "NULL", stv::ssl_judge(verifier, peer, nullptr));
    THROWS(StateError, STV_E_STATE, "", stv::ssl_result(ssl));
    CHECK(shake_hands(ssl, port));
    if (honest)
        CHECK(stv::ssl_judge(verifier, peer, ssl).trusted());
    else
        THROWS(RejectedError, STV_E_REJECTED, MISMATCH, stv::ssl_judge(verifier, peer, ssl));
    THROWS(StateError, STV_E_STATE, "", stv::ssl_attach(verifier, peer, ssl));
}

void judged_inside(bool honest, const stv::Verifier &verifier, stv::Peer &peer, SSL *ssl, int port)
{
    stv::ssl_attach(verifier, peer, ssl);
    CHECK(shake_hands(ssl, port) == honest);
    if (honest)
        CHECK(stv::ssl_result(ssl).trusted());
    else
        THROWS(RejectedError, STV_E_REJECTED, MISMATCH, stv::ssl_result(ssl));
}

void own_ssl(const char *name, int port)
{
    const bool honest = std::string(name) == "bob";
    const Server server(name, port);
    const stv::Verifier verifier = verifier_with("ca.pem");
    const Context context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
    stv::Peer peer = server.peer();

    // The server serves one after the other.
    judged_afterwards(honest, verifier, peer, Connection(SSL_new(context.get()), SSL_free).get(), port);
    judged_inside(honest, verifier, peer, Connection(SSL_new(context.get()), SSL_free).get(), port);
}

// A failure counts for the domain as what it is.
void counted()
{
    const stv::Verifier verifier = verifier_with("ca.pem");
    stv::Peer peer("mail.bob.test", STV_PROTOCOL_SMTP);
    stv::Session session(verifier, peer);
    session.feed("220 hi\r\n");
    IS(session.step(), STV_WANT_WRITE);
    session.take();
    session.feed("250 mail.bob.test\r\n");
    THROWS(RejectedError, STV_E_NOT_OFFERED, "starttls.not_offered", session.step());
    SAYS(session.report().tls_rpt_result().c_str(), "starttls-not-supported");
    stv::TlsRpt rpt("bob.test", "1");
    rpt.add(session.report());
    IS(rpt.failures(), 1);
    IS(rpt.successes(), 0);
}

} // namespace

int main(int argc, char **argv)
{
    // Below what the system gives to connections of its own.
    const int port = 10000 + static_cast<int>(getpid() % 9000);

    if (argc != 2) {
        std::fprintf(stderr, "usage: test_verdicts CERTIFICATES\n");
        return EXIT_FAILURE;
    }
    certificates = argv[1];
    a_chain();
    pins();
    records();
    exceptions();
    fed_by_hand();
    upgraded_by_the_program();
    the_end_of_input();
    a_trusted_server(port);
    eve(port + 1);
    own_ssl("bob", port + 2);
    own_ssl("eve", port + 3);
    counted();
    return checks_end();
}
