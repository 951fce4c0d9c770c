/*
 * starttls_verify.hpp: libstarttls_verify for C++11 and later. Nothing to link but the C library.
 *
 *     namespace stv = starttls_verify;
 *     stv::Config config;
 *     config.set_str("cafile", "ca.pem");
 *     stv::Verifier verifier(config);                          // once; keep it
 *     stv::Peer peer("mail.bob.test", STV_PROTOCOL_SMTP);
 *     stv::Session session(verifier, peer);
 *     session.connect();                                       // throws stv::RejectedError
 *
 * What holds for every call:
 *
 * - A call that verifies returns when the peer is trusted, and throws when it is not. The one exception
 *   is your own wish: where an option allowed a session without trust (audit, insecure_...), it returns,
 *   and Report::trusted() of what it returns is false.
 * - What a C function answers as a status is an exception here; only the flow of a session (STV_OK,
 *   STV_OPEN_UNVERIFIED, STV_WANT_READ, STV_WANT_WRITE, STV_CLOSED) is a return value.
 * - Objects own their handle. They are moved and not copied, but for Verifier and Report, which never
 *   change and are counted. An object that was moved from can be destroyed or assigned to; any other
 *   call throws ArgumentError (STV_E_NULL) or reads as empty.
 * - A std::string goes in with its length, so that an embedded NUL arrives and is refused. What comes
 *   out is a copy and lives as long as you keep it.
 * - Verifier and Report may be used by several threads at once; any other object by one at a time.
 *   After a fork a Session belongs to the process that made it.
 *
 * get() gives the C handle, for the functions of starttls_verify.h that have no method here: those that
 * only name numbers, and the tables of codes and options.
 *
 * Without exceptions (-fno-exceptions) there is Owned only: a handle that frees itself, for the C
 * functions, whose statuses you then test yourself. The classes would have to swallow them.
 */
#ifndef STARTTLS_VERIFY_HPP
#define STARTTLS_VERIFY_HPP

#include <starttls_verify.h>

#include <cstddef>
#include <cstdint>

#if defined(__cpp_exceptions) || defined(__EXCEPTIONS) || defined(_CPPUNWIND)
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>
#define STARTTLS_VERIFY_HPP_CLASSES 1
#endif

// OpenSSL's SSL, so that nothing else is taken for one.
struct ssl_st;

namespace starttls_verify {

namespace detail {

inline void end(stv_config *handle) noexcept { stv_config_free(handle); }
inline void end(stv_verifier *handle) noexcept { stv_verifier_free(handle); }
inline void end(stv_peer *handle) noexcept { stv_peer_free(handle); }
inline void end(stv_servers *handle) noexcept { stv_servers_free(handle); }
inline void end(stv_chain *handle) noexcept { stv_chain_free(handle); }
inline void end(stv_known_peers *handle) noexcept { stv_known_peers_free(handle); }
inline void end(stv_session *handle) noexcept { stv_session_free(handle); }
inline void end(stv_report *handle) noexcept { stv_report_free(handle); }
inline void end(stv_tls_rpt *handle) noexcept { stv_tls_rpt_free(handle); }

} // namespace detail

/**
 * A handle of the C library that is freed at the end of its scope. Moved and not copied.
 *
 *     Owned<stv_config> config;
 *     if (stv_config_new(config.out()) != STV_OK) ...
 */
template <typename Handle> class Owned {
public:
    Owned() noexcept : handle_(nullptr) {}
    /** Takes a handle over; nullptr is fine. */
    explicit Owned(Handle *handle) noexcept : handle_(handle) {}
    Owned(Owned &&other) noexcept : handle_(other.release()) {}
    Owned &operator=(Owned &&other) noexcept
    {
        if (this != &other)
            reset(other.release());
        return *this;
    }
    Owned(const Owned &) = delete;
    Owned &operator=(const Owned &) = delete;
    ~Owned() { detail::end(handle_); }

    /** The handle, still owned here; nullptr when there is none. */
    Handle *get() const noexcept { return handle_; }
    /** Where a C function writes a handle; what was held is freed first. */
    Handle **out() noexcept
    {
        reset(nullptr);
        return &handle_;
    }
    /** The handle, no longer owned here. */
    Handle *release() noexcept
    {
        Handle *const handle = handle_;
        handle_ = nullptr;
        return handle;
    }
    /** Frees what is held and takes another handle over. */
    void reset(Handle *handle) noexcept
    {
        detail::end(handle_);
        handle_ = handle;
    }
    explicit operator bool() const noexcept { return handle_ != nullptr; }

private:
    Handle *handle_;
};

#ifdef STARTTLS_VERIFY_HPP_CLASSES

/**
 * Octets that somebody else owns, for the length of one call: pointer and length, C text, or any
 * container of octets such as std::string, std::vector<unsigned char>, std::string_view, std::span.
 */
class Bytes {
public:
    Bytes(const void *data, std::size_t size) noexcept : data_(data), size_(size) {}
    /** Up to its NUL, without it. */
    Bytes(const char *text) noexcept : data_(text), size_(std::char_traits<char>::length(text)) {}
    template <typename Container,
              typename = typename std::enable_if<
                  sizeof(*std::declval<const Container &>().data()) == 1>::type>
    Bytes(const Container &container) noexcept : data_(container.data()), size_(container.size())
    {
    }
    const void *data() const noexcept { return data_; }
    std::size_t size() const noexcept { return size_; }

private:
    const void *data_;
    std::size_t size_;
};

/** One check of a report. */
struct Finding {
    /** What was checked, a number of stv_check. */
    int check;
    /** How it came out, a number of stv_outcome. STV_OUTCOME_SKIP is not checked, and never a pass. */
    int outcome;
    /** The certificate it is about: 0 is the leaf, -1 where it is about none. */
    int depth;
    /** The stable code, such as "chain.expired". */
    std::string code;
    /** What was wanted and what was seen; "" where nothing was compared. */
    std::string wanted, found;
    /** The finding in one sentence. The wording may change; the code does not. */
    std::string detail;
    /** What to do about it; "" where there is nothing to do. */
    std::string hint;
    /** Where the fact came from; "peer-unauthenticated" is the peer's own word in plaintext. */
    std::string source;
};

/**
 * Every check with its outcome, and the verdict. It never changes; copies share it. An empty one (made
 * without a handle, or moved from) has the verdict STV_VERDICT_UNKNOWN and empty texts.
 */
class Report {
public:
    Report() noexcept {}
    /** Takes a handle over. */
    explicit Report(Owned<stv_report> handle) noexcept : handle_(std::move(handle)) {}
    Report(const Report &other) noexcept : handle_(stv_report_dup(other.get())) {}
    Report(Report &&other) noexcept = default;
    Report &operator=(Report other) noexcept
    {
        handle_ = std::move(other.handle_);
        return *this;
    }

    /** Whether the peer is who was meant: the verdict is STV_VERDICT_TRUSTED, and nothing else will do. */
    bool trusted() const noexcept { return verdict() == STV_VERDICT_TRUSTED; }
    /** A number of stv_verdict. */
    int verdict() const noexcept { return stv_report_verdict(get()); }
    /** The status of the call that the report belongs to. */
    int status() const noexcept { return stv_report_status(get()); }
    /** The code of the first finding that failed, such as "name.mismatch"; "" when none did. */
    std::string code() const { return stv_report_code(get()); }
    /** The whole answer in one line. */
    std::string summary() const { return stv_report_summary(get()); }
    /** For people: the summary, a line per finding with what to do, the certificates. */
    std::string text() const { return stv_report_text(get()); }
    /** For programs: one line of JSON with "v":1. */
    std::string json() const { return stv_report_json(get()); }
    /** What only the plaintext conversation said, as JSON; whoever sits on the path may have written it. */
    std::string untrusted_facts() const { return stv_report_untrusted_facts(get()); }
    /** What TLSRPT counts the session as: "success", a result type, or "". Not a verdict. */
    std::string tls_rpt_result() const { return stv_report_tls_rpt_result(get()); }
    /** How many findings there are. */
    std::size_t count() const noexcept { return stv_report_count(get()); }
    /** A finding; beyond the last an outcome of -1 and empty texts. */
    Finding finding(std::size_t index) const
    {
        return Finding{stv_report_finding_check(get(), index),  stv_report_finding_outcome(get(), index),
                       stv_report_finding_depth(get(), index),  stv_report_finding_code(get(), index),
                       stv_report_finding_wanted(get(), index), stv_report_finding_found(get(), index),
                       stv_report_finding_detail(get(), index), stv_report_finding_hint(get(), index),
                       stv_report_finding_source(get(), index)};
    }
    /** All findings, what to fix first in front. */
    std::vector<Finding> findings() const
    {
        std::vector<Finding> all;
        all.reserve(count());
        for (std::size_t i = 0; i < count(); i++)
            all.push_back(finding(i));
        return all;
    }
    const stv_report *get() const noexcept { return handle_.get(); }

private:
    Owned<stv_report> handle_;
};

/** What the library refused, and why. what() has the words, in UTF-8. */
class Error : public std::runtime_error {
public:
    Error(int status, const std::string &words)
        : std::runtime_error(words.empty() ? stv_status_text(status) : words), status_(status)
    {
    }
    /** A number of stv_status_code, or one that only a newer library knows. */
    int status() const noexcept { return status_; }
    /** As the header spells it, such as "STV_E_REJECTED". */
    const char *status_name() const noexcept { return stv_status_name(status_); }

private:
    int status_;
};

/** The library caught a fault of its own, or memory ran out: STV_E_PANIC, STV_E_MEMORY. */
class InternalError : public Error {
    using Error::Error;
};

/** The caller's fault: a name, pin, certificate, number, text or file that will not do (100-199). */
class ArgumentError : public Error {
    using Error::Error;
};

/** An option that is unknown, of another type, out of range, or dangerous under this name (105-108). */
class OptionError : public ArgumentError {
    using ArgumentError::ArgumentError;
};

/** A file that is missing, unreadable, malformed, unsafe, or cannot be written (109-112, 120-123). */
class FileError : public ArgumentError {
    using ArgumentError::ArgumentError;
};

/** The object is not in a state that allows this call: STV_E_STATE. */
class StateError : public ArgumentError {
    using ArgumentError::ArgumentError;
};

/** The connection must not be used, and the report says why (200-499). */
class PeerError : public Error {
public:
    PeerError(int status, const std::string &words, Report report)
        : Error(status, words), report_(std::move(report))
    {
    }
    /** Every check with its outcome. Empty for a look-up in the DNS that came to nothing. */
    const Report &report() const noexcept { return report_; }
    /** The code of what failed first, such as "name.mismatch". */
    std::string code() const { return report_.code(); }

private:
    Report report_;
};

/** The peer is not who was meant, or somebody in between meddled: 200-299, 301, 400-499. */
class RejectedError : public PeerError {
    using PeerError::PeerError;
};

/** Nothing could be found out about the peer, or the open connection broke: the other 300s. */
class ConnectionError : public PeerError {
    using PeerError::PeerError;
};

namespace detail {

/** Throws what belongs to a status of the caller's or the library's own fault. */
[[noreturn]] inline void blame(int status, const std::string &words)
{
    if (status == STV_E_PANIC || status == STV_E_MEMORY)
        throw InternalError(status, words);
    if (status == STV_E_STATE)
        throw StateError(status, words);
    if (status >= STV_E_OPTION_UNKNOWN && status <= STV_E_INSECURE)
        throw OptionError(status, words);
    if ((status >= STV_E_FILE_MISSING && status <= STV_E_CONFIG)
        || (status >= STV_E_FILE_DAMAGED && status <= STV_E_FILE_BUSY))
        throw FileError(status, words);
    if (status >= 100 && status < 200)
        throw ArgumentError(status, words);
    throw Error(status, words);
}

/** Throws what belongs to a status that is no success. */
[[noreturn]] inline void fail(int status, const std::string &words, Report report = Report())
{
    if (status < 200 || status >= 500)
        blame(status, words);
    if (status < 300 || status >= 400 || status == STV_E_TLS_VERSION)
        throw RejectedError(status, words, std::move(report));
    throw ConnectionError(status, words, std::move(report));
}

/** Only STV_OK will do. The words of a handle belong to its last call: ask for them after it. */
inline void demand(int status, const char *words)
{
    if (status != STV_OK)
        fail(status, words);
}

/** Only the flow of a session will do. */
inline bool is_flow(int status) noexcept { return status >= 0 && status < 100; }

/** The answer of a call that verifies: trusted, or open without trust as an option allowed. */
inline Report obey(int status, const char *words, Owned<stv_report> handle)
{
    Report report(std::move(handle));
    if (status == STV_OK || status == STV_OPEN_UNVERIFIED)
        return report;
    const std::string summary = report.summary();
    fail(status, summary.empty() ? words : summary, std::move(report));
}

} // namespace detail

/**
 * Options, by name and type, until a verifier is made from them (docs/options.md lists them). Each
 * setter gives the config again, so that they can be chained, and throws OptionError for an option
 * that is unknown, of another type, or weakens security under a name without insecure_.
 */
class Config {
public:
    Config() { detail::demand(stv_config_new(handle_.out()), ""); }

    /** Sets an option of type "str", or begins a "list of str" anew. */
    Config &set_str(const std::string &name, const std::string &value)
    {
        return checked(stv_config_set_str(get(), name.data(), name.size(), value.data(), value.size()));
    }
    /** Appends to a "list of str". */
    Config &add_str(const std::string &name, const std::string &value)
    {
        return checked(stv_config_add_str(get(), name.data(), name.size(), value.data(), value.size()));
    }
    /** Sets an option of type "int". Whole numbers only: a bool or a double does not compile. */
    template <typename Whole> Config &set_int(const std::string &name, Whole value)
    {
        static_assert(std::is_integral<Whole>::value && !std::is_same<Whole, bool>::value,
                      "set_int takes a whole number");
        return checked(stv_config_set_int(get(), name.data(), name.size(), static_cast<std::int64_t>(value)));
    }
    /** Sets an option of type "bool". A bool only: "false" in quotes would be true, and does not compile. */
    template <typename Bool> Config &set_bool(const std::string &name, Bool value)
    {
        static_assert(std::is_same<Bool, bool>::value, "set_bool takes true or false");
        return checked(stv_config_set_bool(get(), name.data(), name.size(), value ? 1 : 0));
    }
    /** Sets an option of type "bytes", or begins a "list of bytes" anew. */
    Config &set_bytes(const std::string &name, Bytes value)
    {
        return checked(stv_config_set_bytes(get(), name.data(), name.size(), value.data(), value.size()));
    }
    /** Appends to a "list of bytes". */
    Config &add_bytes(const std::string &name, Bytes value)
    {
        return checked(stv_config_add_bytes(get(), name.data(), name.size(), value.data(), value.size()));
    }
    /** Sets an option of any type from text: "true", "10", "/etc/ca.pem". */
    Config &set_text(const std::string &name, const std::string &value)
    {
        return checked(stv_config_set_text(get(), name.data(), name.size(), value.data(), value.size()));
    }
    /** Appends to a list of any type from text. */
    Config &add_text(const std::string &name, const std::string &value)
    {
        return checked(stv_config_add_text(get(), name.data(), name.size(), value.data(), value.size()));
    }
    /** Reads a configuration file; what is set here goes before it. Throws FileError besides. */
    Config &load_file(const std::string &path)
    {
        return checked(stv_config_load_file(get(), path.data(), path.size()));
    }
    /** The same, and what the file says goes before what is set here: an administrator's rules. */
    Config &load_rules_file(const std::string &path)
    {
        return checked(stv_config_load_rules_file(get(), path.data(), path.size()));
    }
    stv_config *get() const noexcept { return handle_.get(); }

private:
    Config &checked(int status)
    {
        detail::demand(status, stv_config_error(get()));
        return *this;
    }

    Owned<stv_config> handle_;
};

class Peer;
class Chain;

/**
 * A frozen configuration with its CA certificates loaded, and the judge. Make it once and keep it;
 * copies share it, between threads and after a fork.
 */
class Verifier {
public:
    /** Reads CA files, CRLs, keys and pins, and throws FileError, ArgumentError, OptionError for them. */
    explicit Verifier(Config &config)
    {
        const int status = stv_verifier_new(config.get(), handle_.out());
        detail::demand(status, stv_config_error(config.get()));
    }
    Verifier(const Verifier &other) noexcept : handle_(stv_verifier_dup(other.get())) {}
    Verifier(Verifier &&other) noexcept = default;
    Verifier &operator=(Verifier other) noexcept
    {
        handle_ = std::move(other.handle_);
        return *this;
    }

    /** Whether CA files, CRLs or the configuration file have changed, so that a new one is due. */
    bool stale() const noexcept { return stv_verifier_stale(get()) == 1; }
    /** Judges a chain, without network and disk. Throws RejectedError unless the peer is trusted. */
    Report judge(const Peer &peer, const Chain &chain) const;
    const stv_verifier *get() const noexcept { return handle_.get(); }

private:
    Owned<stv_verifier> handle_;
};

/** Certificates as the peer sent them, leaf first. */
class Chain {
public:
    Chain() { detail::demand(stv_chain_new(handle_.out()), ""); }

    /** Appends one certificate in DER; ArgumentError when it is none or something follows it. */
    Chain &add_der(Bytes der) { return checked(stv_chain_add_der(get(), der.data(), der.size())); }
    /** Appends all certificates in PEM text; ArgumentError when there is none or one is broken. */
    Chain &add_pem(Bytes pem) { return checked(stv_chain_add_pem(get(), pem.data(), pem.size())); }
    /** Sets the OCSP response that came with the chain, DER; an empty one takes it away. */
    Chain &set_ocsp(Bytes der) { return checked(stv_chain_set_ocsp(get(), der.data(), der.size())); }
    /** How many certificates it holds. */
    std::size_t count() const noexcept { return stv_chain_count(get()); }
    stv_chain *get() const noexcept { return handle_.get(); }

private:
    Chain &checked(int status)
    {
        detail::demand(status, stv_chain_error(get()));
        return *this;
    }

    Owned<stv_chain> handle_;
};

class KnownPeers;

/**
 * Whom we expect: protocol, host, port, and what else the certificate may be for. Setters can be
 * chained, and throw ArgumentError for what cannot be read. Sessions copy it.
 */
class Peer {
public:
    /** Nothing is known yet: STV_PROTOCOL_SMTP, its own port, and no host. */
    Peer() { detail::demand(stv_peer_new(handle_.out()), ""); }
    /** A host (DNS name or IP address) and a number of stv_protocol. */
    Peer(const std::string &host, int protocol) : Peer()
    {
        set_protocol(protocol);
        set_host(host);
    }
    /** Takes a handle over. */
    explicit Peer(Owned<stv_peer> handle) noexcept : handle_(std::move(handle)) {}

    /** A number of stv_protocol; protocol_from_scheme("imap") gives it for a URL scheme. */
    Peer &set_protocol(int protocol) { return checked(stv_peer_set_protocol(get(), protocol)); }
    /** The host that is meant, which is what the certificate must be for. */
    Peer &set_host(const std::string &host)
    {
        return checked(stv_peer_set_host(get(), host.data(), host.size()));
    }
    /** 1 to 65535; 0 is the protocol's own. */
    Peer &set_port(int port) { return checked(stv_peer_set_port(get(), port)); }
    /** One more name that the certificate may be for: "dns:example.com", "srv:_imap.example.com", ... */
    Peer &add_reference(const std::string &reference)
    {
        return checked(stv_peer_add_reference(get(), reference.data(), reference.size()));
    }
    /** Where to connect: "192.0.2.1:2525". It never decides what the certificate must be for. */
    Peer &set_connect(const std::string &address)
    {
        return checked(stv_peer_set_connect(get(), address.data(), address.size()));
    }
    /** The server name to send in the handshake, when that is not the host itself. */
    Peer &set_sni(const std::string &name)
    {
        return checked(stv_peer_set_sni(get(), name.data(), name.size()));
    }
    /** Asks a store about this peer as it is now, for one session. Throws FileError besides. */
    Peer &set_known(const KnownPeers &known);
    /** A TLSA record in presentation format, "3 1 1 HEX": your own statement unless set_tlsa_state. */
    Peer &add_tlsa(const std::string &record)
    {
        return checked(stv_peer_add_tlsa(get(), record.data(), record.size()));
    }
    /** A TLSA record in wire format. */
    Peer &add_tlsa_wire(Bytes rdata)
    {
        return checked(stv_peer_add_tlsa_wire(get(), rdata.data(), rdata.size()));
    }
    /** How the TLSA records came, or why there are none: a number of stv_tlsa_state. */
    Peer &set_tlsa_state(int state) { return checked(stv_peer_set_tlsa_state(get(), state)); }
    /** The name below which the TLSA records stand, where it is not the host. */
    Peer &set_tlsa_base(const std::string &name)
    {
        return checked(stv_peer_set_tlsa_base(get(), name.data(), name.size()));
    }
    /** The text of the domain's MTA-STS policy; "" says that it has none. */
    Peer &set_mta_sts(const std::string &policy)
    {
        return checked(stv_peer_set_mta_sts(get(), policy.data(), policy.size()));
    }
    /** The domain that led to this host, and how (a number of stv_provenance). */
    Peer &set_origin(const std::string &domain, int provenance)
    {
        return checked(stv_peer_set_origin(get(), domain.data(), domain.size(), provenance));
    }
    /** A fact from the DNS for the option dns_evidence; "" is the resolver that is asked first. */
    Peer &add_evidence(const std::string &resolver, const std::string &fact)
    {
        return checked(
            stv_peer_add_evidence(get(), resolver.data(), resolver.size(), fact.data(), fact.size()));
    }
    /** Looks TLSA records and what else the options ask for up in the DNS. Blocks. */
    Peer &discover(const Verifier &verifier)
    {
        return checked(stv_peer_discover(get(), verifier.get()));
    }
    stv_peer *get() const noexcept { return handle_.get(); }

private:
    Peer &checked(int status)
    {
        detail::demand(status, stv_peer_error(get()));
        return *this;
    }

    Owned<stv_peer> handle_;
};

inline Report Verifier::judge(const Peer &peer, const Chain &chain) const
{
    Owned<stv_report> report;
    const int status = stv_verifier_judge(get(), peer.get(), chain.get(), report.out());
    return detail::obey(status, "", std::move(report));
}

/** The servers of a domain as MX or SRV records name them, the best first; at least one. */
class Servers {
public:
    /**
     * Looks up who serves the domain that `domain` is about. Blocks. Throws ConnectionError when the
     * domain has no such service, the answer is forged, or there is none.
     */
    Servers(Peer &domain, const Verifier &verifier)
    {
        const int status = stv_servers_discover(domain.get(), verifier.get(), handle_.out());
        detail::demand(status, stv_peer_error(domain.get()));
    }
    std::size_t count() const noexcept { return stv_servers_count(get()); }
    /** The host of a server; "" beyond the last. */
    std::string host(std::size_t index) const { return stv_servers_host(get(), index); }
    /** The port of a server; 0 beyond the last. */
    int port(std::size_t index) const noexcept { return stv_servers_port(get(), index); }
    /** The peer to be verified, with how it came to be named; ArgumentError beyond the last. */
    Peer peer(std::size_t index) const
    {
        Owned<stv_peer> made;
        detail::demand(stv_servers_peer(get(), index, made.out()), "");
        return Peer(std::move(made));
    }
    const stv_servers *get() const noexcept { return handle_.get(); }

private:
    Owned<stv_servers> handle_;
};

/** A store of peers that were seen before (trust on first use), on disk. Throws FileError. */
class KnownPeers {
public:
    /** A store that is there. One that is missing or damaged is an error and no first use. */
    static KnownPeers open(const std::string &path)
    {
        KnownPeers known;
        known.checked(stv_known_peers_open_file(known.get(), path.data(), path.size()));
        return known;
    }
    /** The same, and makes an empty store where there is none: for setting up. */
    static KnownPeers create(const std::string &path)
    {
        KnownPeers known;
        known.checked(stv_known_peers_create_file(known.get(), path.data(), path.size()));
        return known;
    }

    /** Announces a key that the peer will have, "spki-sha256:BASE64". */
    void announce(const Peer &peer, const std::string &pin)
    {
        checked(stv_known_peers_announce(get(), peer.get(), pin.data(), pin.size()));
    }
    /** Takes an announced key back. */
    void withdraw(const Peer &peer, const std::string &pin)
    {
        checked(stv_known_peers_withdraw(get(), peer.get(), pin.data(), pin.size()));
    }
    /** Forgets a peer: it is new again. */
    void forget(const Peer &peer) { checked(stv_known_peers_forget(get(), peer.get())); }
    /** The whole store as text, for import_mem. */
    std::string text()
    {
        checked(stv_known_peers_export(get()));
        return stv_known_peers_text(get());
    }
    /** The whole store to a new file. */
    void export_file(const std::string &path)
    {
        checked(stv_known_peers_export_file(get(), path.data(), path.size()));
    }
    /** Adds the peers of an export; nothing changes unless all of it is right. */
    void import_mem(Bytes text) { checked(stv_known_peers_import_mem(get(), text.data(), text.size())); }
    /** The same, from a file. */
    void import_file(const std::string &path)
    {
        checked(stv_known_peers_import_file(get(), path.data(), path.size()));
    }
    /** Takes down the peer of a trusted, full handshake; StateError for the report of any other. */
    void remember(const Report &report) { checked(stv_known_peers_remember(get(), report.get())); }
    stv_known_peers *get() const noexcept { return handle_.get(); }

private:
    KnownPeers() { detail::demand(stv_known_peers_new(handle_.out()), ""); }
    void checked(int status) { detail::demand(status, stv_known_peers_error(get())); }

    Owned<stv_known_peers> handle_;
};

inline Peer &Peer::set_known(const KnownPeers &known)
{
    return checked(stv_peer_set_known(get(), known.get()));
}

/**
 * One conversation with one peer: STARTTLS, handshake, verdict, application data.
 *
 * Either the session moves the bytes: connect() or run_fd(), then read(), write() and close(). Or you
 * do: feed() what was received, step(), send what take() gives, until the step answers STV_OK; the same
 * around read() and write(). A failure is final: every later call throws it again. The destructor sends
 * nothing; close() says goodbye.
 */
class Session {
public:
    Session(const Verifier &verifier, Peer &peer)
    {
        const int status = stv_session_new(verifier.get(), peer.get(), handle_.out());
        detail::demand(status, stv_peer_error(peer.get()));
    }

    /**
     * A session for a program that has spoken the protocol itself, up to the go-ahead for STARTTLS. Feed
     * what you have read behind the go-ahead first: it is an injection, and refused.
     */
    static Session upgraded(const Verifier &verifier, Peer &peer)
    {
        Owned<stv_session> made;
        const int status = stv_session_new_upgraded(verifier.get(), peer.get(), made.out());
        detail::demand(status, stv_peer_error(peer.get()));
        return Session(std::move(made));
    }

    /** Resolves, connects, negotiates, shakes hands and judges, within the deadlines of the options. */
    Report connect() { return opened(stv_session_connect(get())); }
    /** The same on a connected stream socket, which is duplicated and stays yours to close. */
    Report run_fd(int fd) { return opened(stv_session_run_fd(get(), fd)); }

    /** Stores bytes that came from the peer. */
    void feed(Bytes bytes) { flow(stv_session_feed(get(), bytes.data(), bytes.size())); }
    /** Tells that the peer has closed the connection. */
    void feed_eof() { flow(stv_session_feed_eof(get())); }
    /**
     * Goes on as far as the bytes allow: STV_WANT_READ, STV_WANT_WRITE; STV_OK: open, and the peer is
     * trusted; STV_OPEN_UNVERIFIED: open, and it is not, as an option allowed.
     */
    int step() { return flow(stv_session_step(get())); }
    /** Bytes for the peer, `most` at most; "" when none wait. After a failure there may be an alert. */
    std::string take(std::size_t most = 16384)
    {
        std::string bytes(most, '\0');
        std::size_t length = 0;
        flow(stv_session_take(get(), &bytes[0], bytes.size(), &length));
        bytes.resize(length);
        return bytes;
    }
    /**
     * Puts application data into `into`, `most` octets at most: STV_OK with at least one; STV_CLOSED:
     * the peer has ended the connection properly; STV_WANT_READ, STV_WANT_WRITE: move bytes first.
     * Throws ConnectionError when it was cut off.
     */
    int read(std::string &into, std::size_t most = 16384)
    {
        into.assign(most, '\0');
        std::size_t length = 0;
        const int status = stv_session_read(get(), &into[0], into.size(), &length);
        into.resize(length);
        return flow(status);
    }
    /**
     * Writes application data. Gives how much was taken: all, unless you move the bytes and must take()
     * first. StateError when the session is closed.
     */
    std::size_t write(Bytes bytes)
    {
        const char *const from = static_cast<const char *>(bytes.data());
        std::size_t written = 0;
        while (written < bytes.size()) {
            std::size_t taken = 0;
            const int status = flow(stv_session_write(get(), from + written, bytes.size() - written, &taken));
            if (status == STV_CLOSED)
                detail::fail(STV_E_STATE, "the session is closed");
            written += taken;
            if (status != STV_OK || taken == 0)
                break;
        }
        return written;
    }
    /** Says goodbye (close_notify). A second call does nothing. */
    void close() { flow(stv_session_close(get())); }

    /**
     * Ends a session that is not open yet for a reason that you saw and it could not: the code of a failure
     * such as "starttls.pipelined_reply", and a sentence for the report. Throws what belongs to that code.
     */
    void give_up(const std::string &code, const std::string &words)
    {
        flow(stv_session_give_up(get(), code.data(), code.size(), words.data(), words.size()));
    }
    /** A certificate that the peer of an open session sent, DER, 0 the leaf; "" beyond the last. */
    std::string certificate(std::size_t index) const
    {
        const char *const der = static_cast<const char *>(stv_session_certificate(get(), index));
        return der ? std::string(der, stv_session_certificate_len(get(), index)) : std::string();
    }

    /** Octets that read() gives without further input; ask before waiting in poll. */
    std::size_t pending() const noexcept { return stv_session_pending(get()); }
    /** The descriptor, for poll or select only; -1 when there is none. */
    int fd() const noexcept { return stv_session_fd(get()); }
    /** Whether the server speaks first inside TLS, so that you read before you write. */
    bool server_speaks_first() const noexcept { return stv_session_server_speaks_first(get()) == 1; }
    /** The report as it is now, in every state. */
    Report report() const
    {
        Owned<stv_report> report;
        const int status = stv_session_report(get(), report.out());
        detail::demand(status, stv_session_error(get()));
        return Report(std::move(report));
    }
    /** A session for a data connection of FTP, good for this peer only; StateError unless this one is open. */
    Session data()
    {
        Owned<stv_session> made;
        const int status = stv_session_new_data(get(), made.out());
        detail::demand(status, stv_session_error(get()));
        return Session(std::move(made));
    }
    stv_session *get() const noexcept { return handle_.get(); }

private:
    explicit Session(Owned<stv_session> handle) noexcept : handle_(std::move(handle)) {}

    int flow(int status) const
    {
        if (detail::is_flow(status))
            return status;
        const std::string words = stv_session_error(get());
        // The caller's own faults have no report.
        if (status < 200)
            detail::fail(status, words);
        Owned<stv_report> report;
        stv_session_report(get(), report.out());
        detail::fail(status, words, Report(std::move(report)));
    }
    Report opened(int status) const
    {
        flow(status);
        return report();
    }

    Owned<stv_session> handle_;
};

/** The summing report of TLSRPT (RFC 8460, docs/tls-rpt.md) for one mail domain. */
class TlsRpt {
public:
    /** Begins a report; no other report of yours has the same id. */
    TlsRpt(const std::string &domain, const std::string &id)
    {
        detail::demand(stv_tls_rpt_new(handle_.out()), "");
        checked(stv_tls_rpt_begin(get(), domain.data(), domain.size(), id.data(), id.size()));
    }

    /** Who reports. */
    TlsRpt &set_organization(const std::string &name)
    {
        return checked(stv_tls_rpt_set_organization(get(), name.data(), name.size()));
    }
    /** Whom to ask, an e-mail address. */
    TlsRpt &set_contact(const std::string &address)
    {
        return checked(stv_tls_rpt_set_contact(get(), address.data(), address.size()));
    }
    /** The time that the report is about, in seconds since 1970. */
    TlsRpt &set_range(std::int64_t begin, std::int64_t end)
    {
        return checked(stv_tls_rpt_set_range(get(), begin, end));
    }
    /** The address that the world sees us under, for what is added from now on. */
    TlsRpt &set_sending_ip(const std::string &address)
    {
        return checked(stv_tls_rpt_set_sending_ip(get(), address.data(), address.size()));
    }
    /** Counts a session by its report. */
    TlsRpt &add(const Report &report) { return checked(stv_tls_rpt_add(get(), report.get())); }
    /** The TXT record at _smtp._tls and the domain: where the domain wants its reports. */
    TlsRpt &set_record(const std::string &record)
    {
        return checked(stv_tls_rpt_set_record(get(), record.data(), record.size()));
    }
    /** Destinations of the record; whoever publishes it chooses them. */
    std::vector<std::string> destinations() const
    {
        std::vector<std::string> all;
        for (std::size_t i = 0; i < stv_tls_rpt_destination_count(get()); i++)
            all.push_back(stv_tls_rpt_destination(get(), i));
        return all;
    }
    std::size_t successes() const noexcept { return stv_tls_rpt_successes(get()); }
    std::size_t failures() const noexcept { return stv_tls_rpt_failures(get()); }
    /** Writes the report, for json(), gzip() and file_name(); after a change, write it again. */
    TlsRpt &write() { return checked(stv_tls_rpt_write(get())); }
    /** The written report (application/tlsrpt+json); "" when it is not written. */
    std::string json() const { return stv_tls_rpt_json(get()); }
    /** The written report compressed (application/tlsrpt+gzip); "" when it is not written. */
    std::string gzip() const
    {
        const char *const octets = static_cast<const char *>(stv_tls_rpt_gzip(get()));
        return octets ? std::string(octets, stv_tls_rpt_gzip_len(get())) : std::string();
    }
    /** The name under which the compressed report is sent; "" when it is not written. */
    std::string file_name() const { return stv_tls_rpt_file_name(get()); }
    stv_tls_rpt *get() const noexcept { return handle_.get(); }

private:
    TlsRpt &checked(int status)
    {
        detail::demand(status, stv_tls_rpt_error(get()));
        return *this;
    }

    Owned<stv_tls_rpt> handle_;
};

/**
 * Judges the peer of your own OpenSSL connection: SSL_connect has returned 1, and no byte was read or
 * written. Throws RejectedError or ConnectionError when the connection must not be used.
 */
inline Report ssl_judge(const Verifier &verifier, Peer &peer, ssl_st *ssl)
{
    Owned<stv_report> report;
    const int status = stv_ssl_judge(verifier.get(), peer.get(), ssl, report.out());
    return detail::obey(status, stv_peer_error(peer.get()), std::move(report));
}

/** Has the peer judged inside the handshake that is to come; ask ssl_result() afterwards, always. */
inline void ssl_attach(const Verifier &verifier, Peer &peer, ssl_st *ssl)
{
    const int status = stv_ssl_attach(verifier.get(), peer.get(), ssl);
    detail::demand(status, stv_peer_error(peer.get()));
}

/** What became of the handshake of an SSL that was attached. Throws as ssl_judge() does. */
inline Report ssl_result(ssl_st *ssl)
{
    Owned<stv_report> report;
    const int status = stv_ssl_result(ssl, report.out());
    return detail::obey(status, "", std::move(report));
}

/** Whether a certificate (DER) names a host, "dns:mail.example.com". No trust follows from a match. */
inline bool cert_names_host(Bytes der, const std::string &reference)
{
    int match = 0;
    detail::demand(
        stv_cert_names_host(der.data(), der.size(), reference.data(), reference.size(), &match), "");
    return match == 1;
}

/** Whether a certificate (DER) matches a pin, "spki-sha256:BASE64". No trust follows from a match. */
inline bool cert_matches_pin(Bytes der, const std::string &pin)
{
    int match = 0;
    detail::demand(stv_cert_matches_pin(der.data(), der.size(), pin.data(), pin.size(), &match), "");
    return match == 1;
}

/** Whether a certificate (DER) is what a TLSA record says, "3 1 1 HEX". No trust follows from a match. */
inline bool cert_matches_tlsa(Bytes der, const std::string &record)
{
    int match = 0;
    detail::demand(stv_cert_matches_tlsa(der.data(), der.size(), record.data(), record.size(), &match), "");
    return match == 1;
}

/** The protocol with a URL scheme, such as "smtp"; ArgumentError when there is none. */
inline int protocol_from_scheme(const std::string &scheme)
{
    int protocol = 0;
    detail::demand(stv_protocol_from_scheme(scheme.data(), scheme.size(), &protocol), "");
    return protocol;
}

#endif // STARTTLS_VERIFY_HPP_CLASSES

} // namespace starttls_verify

#endif
