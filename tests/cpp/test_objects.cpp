// The objects of starttls_verify.hpp: who owns what, and what a caller's mistake becomes. No network.
// Argument: the directory that tests/c/certificates.sh has filled.
#include "material.hpp"

#include <cstdio>
#include <memory>
#include <thread>
#include <type_traits>
#include <typeinfo>
#include <vector>

#include <unistd.h>

namespace {

template <typename T> void moves_only()
{
    static_assert(!std::is_copy_constructible<T>::value && !std::is_copy_assignable<T>::value, "");
    static_assert(std::is_nothrow_move_constructible<T>::value, "");
    static_assert(std::is_nothrow_move_assignable<T>::value, "");
    static_assert(std::is_nothrow_destructible<T>::value, "");
}

template <typename T> void is_shared()
{
    static_assert(std::is_nothrow_copy_constructible<T>::value, "");
    static_assert(std::is_copy_assignable<T>::value, "");
    static_assert(std::is_nothrow_move_constructible<T>::value, "");
    static_assert(std::is_nothrow_destructible<T>::value, "");
}

void ownership()
{
    moves_only<stv::Config>();
    moves_only<stv::Peer>();
    moves_only<stv::Chain>();
    moves_only<stv::Session>();
    moves_only<stv::Servers>();
    moves_only<stv::KnownPeers>();
    moves_only<stv::TlsRpt>();
    moves_only<stv::Owned<stv_config>>();
    is_shared<stv::Verifier>();
    is_shared<stv::Report>();
    static_assert(std::is_nothrow_copy_constructible<stv::RejectedError>::value, "");
}

void owned_handles()
{
    stv::Owned<stv_peer> first;
    CHECK(!first);
    IS(stv_peer_new(first.out()), STV_OK);
    CHECK(bool(first));
    stv::Owned<stv_peer> second(std::move(first));
    CHECK(!first && second);
    stv::Owned<stv_peer> &same = second;
    second = std::move(same);
    CHECK(bool(second));
    // What was held is freed; the leak checkers look.
    IS(stv_peer_new(second.out()), STV_OK);
    stv_peer *const released = second.release();
    CHECK(!second && released);
    first.reset(released);
    first = stv::Owned<stv_peer>();
    CHECK(!first);
}

void moved_from()
{
    stv::Config config;
    stv::Config taken(std::move(config));
    THROWS(ArgumentError, STV_E_NULL, "NULL", config.set_str("cafile", "x"));
    config = std::move(taken);
    config.set_str("cafile", certificates + "/ca.pem");

    stv::Verifier verifier(config);
    const stv::Verifier shared(verifier);
    CHECK(shared.get() == verifier.get());
    stv::Peer peer("mail.bob.test", STV_PROTOCOL_SMTP);
    stv::Session session(verifier, peer);
    stv::Session moved(std::move(session));
    IS(moved.step(), STV_WANT_READ);
    THROWS(ArgumentError, STV_E_NULL, "NULL", session.step());
    THROWS(ArgumentError, STV_E_NULL, "NULL", session.report());
    IS(session.fd(), -1);
    IS(session.pending(), 0);

    // Verifier and peer are gone before the session is used: it needs neither.
    stv::Verifier gone(std::move(verifier));
    gone = shared;
    gone = stv::Verifier(config);
    peer = stv::Peer();
    IS(moved.step(), STV_WANT_READ);

    const stv::Report nothing;
    CHECK(!nothing.trusted());
    IS(nothing.verdict(), STV_VERDICT_UNKNOWN);
    IS(nothing.count(), 0);
    CHECK(nothing.findings().empty() && nothing.text().empty() && nothing.code().empty());
    IS(nothing.finding(0).outcome, -1);
    const stv::Report copy_of_nothing(nothing);
    CHECK(copy_of_nothing.json().empty());
}

void options()
{
    stv::Config config;
    THROWS(OptionError, STV_E_OPTION_UNKNOWN, "cafile", config.set_str("cafil", "x"));
    THROWS(OptionError, STV_E_OPTION_TYPE, "verify_depth", config.set_str("verify_depth", "x"));
    THROWS(OptionError, STV_E_OPTION_TYPE, "audit", config.set_int("audit", 1));
    THROWS(OptionError, STV_E_OPTION_VALUE, "verify_depth", config.set_int("verify_depth", -1));
    THROWS(OptionError, STV_E_OPTION_VALUE, "verify_depth",
           config.set_int("verify_depth", static_cast<unsigned long long>(-1)));
    THROWS(OptionError, STV_E_INSECURE, "insecure_", config.set_bool("verify_peer", false));
    THROWS(OptionError, STV_E_OPTION_TYPE, "", config.set_text("verify_depth", "banana"));
    THROWS(ArgumentError, STV_E_ENCODING, "NUL", config.set_str("cafile", std::string("a\0b", 3)));
    THROWS(FileError, STV_E_FILE_MISSING, "/nonexistent", config.load_file("/nonexistent"));
    THROWS(FileError, STV_E_FILE_MISSING, "/nonexistent", config.load_rules_file("/nonexistent"));
    // A failed call leaves the config usable.
    config.set_text("verify_depth", "5").set_bool("audit", false).add_str("pin", "sha256:00");
    THROWS(ArgumentError, STV_E_PIN, "pin", stv::Verifier give(config));

    config = stv::Config();
    config.set_str("cafile", "/nonexistent");
    THROWS(FileError, STV_E_FILE_MISSING, "/nonexistent", stv::Verifier give(config));
    config.set_str("cafile", "/dev/null");
    THROWS(FileError, STV_E_FILE_EMPTY, "/dev/null", stv::Verifier give(config));
    // Bytes in every shape.
    const std::string pem = read_file("ca.pem");
    const std::vector<unsigned char> octets(pem.begin(), pem.end());
    config = stv::Config();
    config.set_bytes("ca_pem", pem).add_bytes("ca_pem", octets).add_bytes("ca_pem", pem.c_str());
    config.add_bytes("ca_pem", stv::Bytes(pem.data(), pem.size()));
    stv::Verifier good(config);
    CHECK(!good.stale());
}

void peers()
{
    stv::Peer peer;
    const std::string cut("mail.bob.test\0.evil", 19);
    THROWS(ArgumentError, STV_E_ENCODING, "NUL", peer.set_host(cut));
    THROWS(ArgumentError, STV_E_ENCODING, "NUL", stv::Peer give(cut, STV_PROTOCOL_SMTP));
    THROWS(ArgumentError, STV_E_NAME, ".", peer.set_host(".bob.test"));
    THROWS(ArgumentError, STV_E_ARGUMENT, "", peer.set_protocol(9999));
    THROWS(ArgumentError, STV_E_ARGUMENT, "", peer.set_port(65536));
    THROWS(ArgumentError, STV_E_NAME, "banana", peer.add_reference("banana"));
    THROWS(ArgumentError, STV_E_TLSA, "", peer.add_tlsa("banana"));
    THROWS(ArgumentError, STV_E_TLSA, "", peer.add_tlsa_wire("b"));
    THROWS(ArgumentError, STV_E_ARGUMENT, "", peer.set_tlsa_state(99));
    THROWS(ArgumentError, STV_E_ARGUMENT, "", peer.set_mta_sts("banana"));
    THROWS(ArgumentError, STV_E_ARGUMENT, "", peer.set_origin("bob.test", 99));
    THROWS(ArgumentError, STV_E_ARGUMENT, "", peer.add_evidence("", "banana"));
    THROWS(ArgumentError, STV_E_ARGUMENT, "", stv::protocol_from_scheme("gopher"));
    IS(stv::protocol_from_scheme("imap"), STV_PROTOCOL_IMAP);
    peer.set_host("mail.bob.test").set_port(25).add_reference("dns:bob.test").set_sni("mail.bob.test");
    peer.set_connect("127.0.0.1:2525").set_tlsa_base("mail.bob.test").set_mta_sts("");
    peer.set_origin("bob.test", STV_PROVENANCE_SECURE).set_tlsa_state(STV_TLSA_SECURE);
    peer.add_evidence("", "mail.bob.test A 192.0.2.1");

    const stv::Verifier verifier = verifier_with("ca.pem");
    stv::Peer nobody;
    THROWS(StateError, STV_E_STATE, "host", stv::Session(verifier, nobody).connect());
    // Nothing is looked up unless an option says so.
    THROWS(StateError, STV_E_STATE, "dns", peer.discover(verifier));
    THROWS(StateError, STV_E_STATE, "dns", stv::Servers give(peer, verifier));
}

void chains()
{
    const std::string der = read_file("bob.der");
    stv::Chain chain;
    THROWS(ArgumentError, STV_E_CERTIFICATE, "", chain.add_der("garbage"));
    THROWS(ArgumentError, STV_E_CERTIFICATE, "", chain.add_der(der + std::string(1, '\0')));
    THROWS(ArgumentError, STV_E_CERTIFICATE, "", chain.add_pem("garbage"));
    IS(chain.count(), 0);
    chain.add_der(der).add_pem(read_file("ca.pem")).set_ocsp(std::string());
    IS(chain.count(), 2);

    CHECK(stv::cert_names_host(der, "dns:mail.bob.test"));
    CHECK(!stv::cert_names_host(der, "dns:mail.eve.test"));
    CHECK(!stv::cert_matches_pin(read_file("eve.der"), read_file("bob.pin")));
    CHECK(stv::cert_matches_pin(der, read_file("bob.pin")));
    CHECK(!stv::cert_matches_tlsa(der, "3 1 1 " + std::string(64, '0')));
    THROWS(ArgumentError, STV_E_NAME, "", stv::cert_names_host(der, "banana"));
    THROWS(ArgumentError, STV_E_PIN, "", stv::cert_matches_pin(der, "banana"));
    THROWS(ArgumentError, STV_E_TLSA, "", stv::cert_matches_tlsa(der, "banana"));
    THROWS(ArgumentError, STV_E_CERTIFICATE, "", stv::cert_names_host("", "dns:mail.bob.test"));
}

void stores()
{
    char directory[] = "/tmp/stv-cpp-XXXXXX";
    CHECK(mkdtemp(directory) != nullptr);
    const std::string path = std::string(directory) + "/peers", copy = std::string(directory) + "/copy";
    THROWS(FileError, STV_E_FILE_MISSING, "peers", stv::KnownPeers::open(path));
    stv::KnownPeers known = stv::KnownPeers::create(path);
    stv::Peer peer("mail.bob.test", STV_PROTOCOL_SMTP);
    const std::string pin = "spki-sha256:" + std::string(43, 'A') + "=";
    known.announce(peer, pin);
    MENTIONS(known.text().c_str(), "mail.bob.test");
    THROWS(ArgumentError, STV_E_PIN, "", known.announce(peer, "banana"));
    THROWS(FileError, STV_E_FILE_DAMAGED, "", known.import_mem("banana"));
    known.export_file(copy);
    THROWS(FileError, STV_E_FILE_UNWRITABLE, "copy", known.export_file(copy));
    known.withdraw(peer, pin);
    THROWS(ArgumentError, STV_E_ARGUMENT, "", known.withdraw(peer, pin));
    THROWS(ArgumentError, STV_E_ARGUMENT, "", known.forget(peer));
    known.import_file(copy);
    peer.set_known(known);
    known = stv::KnownPeers::open(path);
    known.forget(peer);
    // A chain on disk is no handshake: nothing is remembered of it.
    const stv::Report report = verifier_with("ca.pem").judge(stv::Peer("mail.bob.test", STV_PROTOCOL_SMTP),
                                                             chain_of("bob-chain.pem"));
    THROWS(StateError, STV_E_STATE, "", known.remember(report));
    THROWS(ArgumentError, STV_E_NULL, "", known.remember(stv::Report()));
    std::remove(path.c_str());
    std::remove(copy.c_str());
    rmdir(directory);
}

void summing_reports()
{
    THROWS(ArgumentError, STV_E_NAME, "", stv::TlsRpt give("-", "1"));
    stv::TlsRpt rpt("bob.test", "2026-11-27T00:00:00Z_bob.test");
    THROWS(StateError, STV_E_STATE, "organization", rpt.write());
    CHECK(rpt.json().empty() && rpt.gzip().empty() && rpt.file_name().empty());
    rpt.set_organization("Alice").set_contact("tls@alice.test").set_range(1795737600, 1795823999);
    rpt.set_sending_ip("192.0.2.1").set_record("v=TLSRPTv1; rua=mailto:tls@bob.test").write();
    MENTIONS(rpt.json().c_str(), "bob.test");
    CHECK(rpt.gzip().size() > 20 && rpt.gzip()[0] == '\x1f');
    MENTIONS(rpt.file_name().c_str(), "alice.test!bob.test!");
    CHECK(rpt.destinations() == std::vector<std::string>(1, "mailto:tls@bob.test"));
    IS(rpt.successes(), 0);
    IS(rpt.failures(), 0);
    THROWS(ArgumentError, STV_E_NULL, "", rpt.add(stv::Report()));
}

// A status that only a newer library knows is never taken for a success.
void unknown_statuses()
{
    THROWS(ArgumentError, 199, "unknown", stv::detail::fail(199, ""));
    THROWS(RejectedError, 299, "unknown", stv::detail::fail(299, ""));
    THROWS(ConnectionError, 399, "unknown", stv::detail::fail(399, ""));
    THROWS(RejectedError, 499, "unknown", stv::detail::fail(499, ""));
    THROWS(Error, 500, "unknown", stv::detail::fail(500, ""));
    THROWS(Error, -1, "unknown", stv::detail::fail(-1, ""));
    THROWS(Error, 7, "unknown", stv::detail::demand(7, ""));
    THROWS(InternalError, STV_E_PANIC, "fault", stv::detail::fail(STV_E_PANIC, ""));
    THROWS(RejectedError, STV_E_TLS_VERSION, "TLS", stv::detail::fail(STV_E_TLS_VERSION, ""));
    CHECK(!stv::detail::is_flow(100) && !stv::detail::is_flow(-1));
}

// Verifier and Report are shared by threads, also while they are copied.
void threads()
{
    const stv::Verifier verifier = verifier_with("ca.pem");
    std::vector<std::thread> workers;
    std::vector<int> trusted(4, 0);
    for (std::size_t i = 0; i < trusted.size(); i++)
        workers.emplace_back([verifier, i, &trusted] {
            const stv::Peer peer("mail.bob.test", STV_PROTOCOL_SMTP);
            const stv::Report report = verifier.judge(peer, chain_of("bob.pem"));
            const stv::Report copy = report;
            trusted[i] = copy.trusted();
        });
    for (std::thread &worker : workers)
        worker.join();
    for (const int one : trusted)
        IS(one, 1);
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 2) {
        std::fprintf(stderr, "usage: test_objects CERTIFICATES\n");
        return EXIT_FAILURE;
    }
    certificates = argv[1];
    ownership();
    owned_handles();
    moved_from();
    options();
    peers();
    chains();
    stores();
    summing_reports();
    unknown_statuses();
    threads();
    return checks_end();
}
