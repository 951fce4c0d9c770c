//! Every option: name, type, safe range, default, who reads it, one line of help.
//!
//! The table feeds the setters of the C ABI, PHP arrays, Python keywords, the command line, the
//! configuration file, `docs/options.md` and "did you mean". Names that PHP's `ssl` context has are
//! kept where the meaning is the same.

use super::{Danger, Doors, Kind, Page, Row};

const ALL: Doors = Doors { chain: true, session: true, connect: true };
const SESSION: Doors = Doors { chain: false, session: true, connect: true };
const CONNECT: Doors = Doors { chain: false, session: false, connect: true };

/// Ten minutes: nobody waits longer for a mail server.
const LONGEST_MS: i64 = 600_000;
const DAY: i64 = 86_400;
/// The last second of the year 9999, the last that X.509 can express (RFC 5280 §4.1.2.5).
const LAST_SECOND: i64 = 253_402_300_799;

/// An option whole. What the library asks of it and what a page says of it go their own ways from
/// here: words that only pages show are no part of the shared library.
#[derive(Clone, Copy)]
struct Entry {
    row: Row,
    page: Page,
}

const fn row(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    doors: Doors,
    help: &'static str,
) -> Entry {
    Entry { row: Row { name, kind, danger: None }, page: Page { default, doors, help, allows: "" } }
}

const fn risky(entry: Entry, spelling: &'static str, allows: &'static str) -> Entry {
    let Entry { row, page } = entry;
    Entry { row: Row { danger: Some(Danger { spelling }), ..row }, page: Page { allows, ..page } }
}

const fn milliseconds(
    name: &'static str,
    default: &'static str,
    doors: Doors,
    help: &'static str,
) -> Entry {
    row(name, Kind::Int { safe: (1, LONGEST_MS), hard: (1, LONGEST_MS) }, default, doors, help)
}

const fn php_switch(
    name: &'static str,
    safe: bool,
    instead: &'static str,
    help: &'static str,
) -> Entry {
    let default = if safe { "true" } else { "false" };
    row(name, Kind::Fixed { safe, instead }, default, ALL, help)
}

/// A switch whose very name says that it weakens security.
const fn insecure(name: &'static str, help: &'static str) -> Entry {
    risky(row(name, Kind::Bool, "false", ALL, help), name, "true")
}

/// What the library asks of every option.
pub const TABLE: &[Row] = &{
    let mut rows = [ENTRIES[0].row; ENTRIES.len()];
    let mut at = 0;
    while at < rows.len() {
        rows[at] = ENTRIES[at].row;
        at += 1;
    }
    rows
};

/// What pages say of every option, in the order of [`TABLE`].
pub const PAGES: &[Page] = &{
    let mut pages = [ENTRIES[0].page; ENTRIES.len()];
    let mut at = 0;
    while at < pages.len() {
        pages[at] = ENTRIES[at].page;
        at += 1;
    }
    pages
};

/// The table, grouped by what the options are about.
const ENTRIES: &[Entry] = &[
    // Trust anchors.
    row(
        "cafile",
        Kind::TextList,
        "",
        ALL,
        "File with trusted CA certificates (PEM, several allowed, or one DER); may be given several times.",
    ),
    row(
        "capath",
        Kind::TextList,
        "",
        ALL,
        "Directory with CA certificates under their hash names (openssl rehash); may be given several times.",
    ),
    row("ca_pem", Kind::BytesList, "", ALL, "Trusted CA certificates in memory, PEM."),
    row("ca_der", Kind::BytesList, "", ALL, "One trusted CA certificate in memory, DER."),
    row(
        "system_ca",
        Kind::Bool,
        "true where no other CA is given",
        ALL,
        "Whether the system's CA certificates are trusted (too).",
    ),
    row(
        "trust_cache",
        Kind::Text,
        "auto",
        ALL,
        "Where is written down at what place of a large CA file each certificate stands, so that it need not be read whole each time: a directory that only its owner may write to; off (the file's text is then held in memory); or auto, which is starttls_verify in $XDG_CACHE_HOME or ~/.cache, where that directory is there. What is written there can add no CA.",
    ),
    row(
        "partial_chain",
        Kind::Bool,
        "true where a CA is given",
        ALL,
        "Whether a given CA that is not self-signed ends the chain.",
    ),
    // Chain.
    row(
        "verify_depth",
        Kind::Int { safe: (0, 100), hard: (0, 100) },
        "10",
        ALL,
        "Most CA certificates between the leaf and the anchor.",
    ),
    risky(
        row(
            "security_level",
            Kind::Int { safe: (1, 5), hard: (0, 5) },
            "2",
            ALL,
            "OpenSSL security level of keys, signatures and ciphers.",
        ),
        "insecure_security_level",
        "0",
    ),
    risky(
        row(
            "purpose",
            Kind::Word { safe: &["sslserver", "sslclient"], danger: &["any"] },
            "sslserver",
            ALL,
            "What the certificate must be meant for.",
        ),
        "insecure_purpose",
        "any",
    ),
    row(
        "chain_profile",
        Kind::Word { safe: &["auto", "rfc5280", "webpki"], danger: &[] },
        "auto",
        ALL,
        "Which rules the certificates of a chain must keep: those of public CAs (webpki), all of RFC 5280 (rfc5280), or webpki unless the anchor is one that was given (auto).",
    ),
    row(
        "chain_cache_seconds",
        Kind::Int { safe: (0, DAY), hard: (0, DAY) },
        "3600",
        ALL,
        "How long the path of a chain that was trusted is remembered, in memory, so that the same chain costs no signatures again; 0 is never. Names, pins, TLSA records, staples and dates count each time. Off with CRLs, time, audit and insecure options.",
    ),
    row(
        "time",
        Kind::Int { safe: (0, LAST_SECOND), hard: (0, LAST_SECOND) },
        "now",
        ALL,
        "Verification time, seconds since 1970.",
    ),
    row(
        "crl_file",
        Kind::TextList,
        "",
        ALL,
        "File with certificate revocation lists (PEM or DER). When any are given, every certificate below the anchor is checked.",
    ),
    row(
        "crl_path",
        Kind::TextList,
        "",
        ALL,
        "Directory with certificate revocation lists: files under hash names (openssl rehash), *.crl and *.pem; read when the verifier is made. May be given several times.",
    ),
    row("crl_pem", Kind::BytesList, "", ALL, "Certificate revocation lists in memory, PEM."),
    row("crl_der", Kind::BytesList, "", ALL, "One certificate revocation list in memory, DER."),
    row(
        "crl_check",
        Kind::Word { safe: &["chain", "leaf"], danger: &[] },
        "chain",
        ALL,
        "Where any CRL is given, whose revocation is checked: that of every certificate below the anchor, or of the leaf only.",
    ),
    insecure(
        "insecure_crl_soft",
        "Takes a CRL that is missing or out of date for a note; a revoked certificate is refused all the same.",
    ),
    risky(
        row(
            "ocsp",
            Kind::Word { safe: &["staple-if-present", "require"], danger: &["soft", "off"] },
            "staple-if-present",
            ALL,
            "What the OCSP response is that the server staples: checked where it is there, or demanded. A certificate that says must-staple demands it too.",
        ),
        "insecure_ocsp",
        "soft (only a revoked certificate is refused) and off",
    ),
    row(
        "ct_log_file",
        Kind::Text,
        "",
        ALL,
        "List of public logs (Chrome's JSON, version 3, or OpenSSL's ct_log_list.cnf); with it, the promises of logs (SCTs) that come with a certificate are checked.",
    ),
    row(
        "ct_required",
        Kind::Int { safe: (0, 10), hard: (0, 10) },
        "0",
        ALL,
        "How many logs of the list must have promised to hold the certificate; 0 reports only.",
    ),
    insecure(
        "insecure_no_chain",
        "Does not check the chain: any certificate with the right name or pin passes.",
    ),
    insecure("insecure_no_time", "Does not check validity periods."),
    insecure("insecure_allow_self_signed", "Accepts a self-signed leaf that nothing vouches for."),
    insecure("insecure_ca_leaf", "Accepts a CA certificate as the server's own."),
    insecure(
        "insecure_opportunistic",
        "For mail relays without DANE or MTA-STS: a peer that is not trusted is UNAUTHENTICATED in place of REJECTED, and the session opens with STV_OPEN_UNVERIFIED. STARTTLS is needed all the same; after a failure the connection is never used again.",
    ),
    // Names.
    row(
        "peer_name",
        Kind::Text,
        "the peer's host",
        ALL,
        "Name that the certificate must be for, where it differs from the host connected to.",
    ),
    risky(
        row(
            "wildcards",
            Kind::Word { safe: &["left-most-label", "none"], danger: &["partial-label"] },
            "left-most-label",
            ALL,
            "Which wildcards in certificates count.",
        ),
        "insecure_wildcards",
        "partial-label (f*.example.com)",
    ),
    row(
        "idna",
        Kind::Word { safe: &["convert", "refuse"], danger: &[] },
        "convert",
        ALL,
        "Whether names with non-ASCII letters are converted to A-labels or refused.",
    ),
    row(
        "public_suffix_file",
        Kind::Text,
        "",
        ALL,
        "Public suffix list; with it, a wildcard directly below a public suffix does not count.",
    ),
    insecure(
        "insecure_no_name",
        "Does not check the name: any certificate of a trusted CA passes.",
    ),
    insecure(
        "insecure_cn_fallback",
        "Takes the subject's CN as a name where the certificate has no subjectAltName.",
    ),
    insecure(
        "insecure_lenient_san",
        "Ignores malformed entries of subjectAltName in place of refusing the certificate.",
    ),
    // Pins.
    risky(
        row(
            "pin",
            Kind::TextList,
            "",
            ALL,
            "Pin, one of which must match: spki-sha256:BASE64, or sha256:, sha384:, sha512: of the certificate, hexadecimal (colons allowed) or base64. Give a backup pin too.",
        ),
        "insecure_pin",
        "md5: and sha1: pins",
    ),
    row(
        "pin_mode",
        Kind::Word { safe: &["pin-and-pkix", "pin-instead-of-pkix"], danger: &[] },
        "pin-and-pkix",
        ALL,
        "Whether a pin is needed besides a trusted chain (it then matches a certificate of the verified path) or takes its place (it then matches the leaf only, and neither chain nor name is needed).",
    ),
    risky(
        row(
            "peer_fingerprint",
            Kind::TextList,
            "",
            ALL,
            "Fingerprints of the leaf, all of which must match, as in PHP: [ALGORITHM:]HEX.",
        ),
        "insecure_peer_fingerprint",
        "md5 and sha1 fingerprints",
    ),
    // Known peers.
    row(
        "known_peers",
        Kind::Word { safe: &["known-and-pkix", "known-instead-of-pkix"], danger: &[] },
        "known-and-pkix for a peer of whom a store was asked",
        ALL,
        "Demands that a store of known peers was asked, and says whether its answer is needed besides a trusted chain and the right name or takes their place, which is only as safe as the first use was.",
    ),
    row(
        "accept_new",
        Kind::Bool,
        "false",
        ALL,
        "Whether a peer passes that the store of known peers has never seen.",
    ),
    insecure(
        "insecure_accept_new",
        "Accepts a new peer also where known_peers=known-instead-of-pkix: whoever answers first is trusted.",
    ),
    // TLSA records (DANE).
    row(
        "dane",
        Kind::Word { safe: &["opportunistic", "require", "off"], danger: &[] },
        "opportunistic",
        ALL,
        "What part TLSA records have: where there are usable ones that DNSSEC protects, or that the caller states, they decide in place of the public CAs (opportunistic); there must be such records (require); none, and chain and name decide (off).",
    ),
    row(
        "dane_ee_name",
        Kind::Bool,
        "false",
        ALL,
        "Whether the certificate must be for the name also where a TLSA record of usage 3 matches it. RFC 7671 does not ask for it; it keeps a domain from passing another's server off as its own.",
    ),
    row(
        "mta_sts",
        Kind::Word { safe: &["apply", "require", "off"], danger: &[] },
        "apply",
        ALL,
        "What part the domain's MTA-STS policy has, for mail relays: one that is enforced counts (apply); there must be one (require); none (off).",
    ),
    row(
        "requiretls",
        Kind::Bool,
        "false",
        ALL,
        "Whether the letter's sender demanded TLS to proven hosts (REQUIRETLS, RFC 8689): a mail relay must then be named by signed MX records or by an MTA-STS policy in force, and proven by TLSA records or by chain and name. That it announces REQUIRETLS after TLS is yours to see.",
    ),
    row(
        "mta_sts_cache",
        Kind::Text,
        "none: a policy is fetched each time",
        ALL,
        "Directory in which MTA-STS policies that were looked up are kept for as long as they hold; only its owner may write to it.",
    ),
    milliseconds(
        "mta_sts_timeout_ms",
        "60000",
        ALL,
        "Deadline for fetching an MTA-STS policy from its host, milliseconds.",
    ),
    // TLS.
    risky(
        row(
            "min_tls",
            Kind::Word { safe: &["1.2", "1.3"], danger: &["1.0", "1.1"] },
            "1.2",
            SESSION,
            "Oldest TLS version spoken.",
        ),
        "insecure_min_tls",
        "1.0 and 1.1 (RFC 8996)",
    ),
    row(
        "max_tls",
        Kind::Word { safe: &["1.2", "1.3"], danger: &[] },
        "1.3",
        SESSION,
        "Newest TLS version spoken.",
    ),
    row(
        "ciphers",
        Kind::Text,
        "OpenSSL's default",
        SESSION,
        "Cipher list for TLS 1.2, OpenSSL syntax; judged after expansion: no anonymous, NULL or PSK cipher, no @SECLEVEL.",
    ),
    row(
        "ciphersuites",
        Kind::Text,
        "OpenSSL's default",
        SESSION,
        "Cipher suites for TLS 1.3, separated by colons.",
    ),
    row(
        "groups",
        Kind::Text,
        "OpenSSL's default",
        SESSION,
        "Key exchange groups, separated by colons.",
    ),
    row(
        "SNI_enabled",
        Kind::Bool,
        "true",
        SESSION,
        "Whether the wanted name is sent in the handshake (server name indication).",
    ),
    row(
        "local_cert",
        Kind::Text,
        "",
        SESSION,
        "File with the client certificate and its chain, PEM.",
    ),
    row(
        "local_pk",
        Kind::Text,
        "the file local_cert",
        SESSION,
        "File with the client's private key, PEM.",
    ),
    row(
        "alpn",
        Kind::Bool,
        "true",
        SESSION,
        "Whether the application protocol is offered in the handshake (ALPN); false for old servers that choke on it.",
    ),
    row(
        "local_cert_pem",
        Kind::Bytes,
        "",
        SESSION,
        "The client certificate and its chain in memory, PEM.",
    ),
    row(
        "local_pk_pem",
        Kind::Bytes,
        "local_cert_pem",
        SESSION,
        "The client's private key in memory, PEM.",
    ),
    row(
        "passphrase",
        Kind::Text,
        "",
        SESSION,
        "Passphrase of the private key; nobody is ever asked for one on the terminal.",
    ),
    risky(
        row(
            "insecure_keylog_file",
            Kind::Text,
            "",
            SESSION,
            "File to which the secrets of every session are appended (NSS key log format), for debugging: whoever reads it reads the sessions. Mode 0600, no symbolic link. The environment variable SSLKEYLOGFILE has no effect.",
        ),
        "insecure_keylog_file",
        "a path",
    ),
    row(
        "resumption",
        Kind::Bool,
        "true",
        SESSION,
        "Whether trusted sessions are kept in memory and resumed for the same peer, judged again each time; close a session to keep it.",
    ),
    // Look-ups in the DNS.
    row(
        "dns",
        Kind::Word { safe: &["off", "system", "unbound"], danger: &[] },
        "off",
        ALL,
        "Who looks facts about a peer up in the DNS when asked to (stv_peer_discover, check --dane): nobody; the system's resolver (resolv.conf); or libunbound, which validates DNSSEC in this process.",
    ),
    row(
        "dns_server",
        Kind::TextList,
        "the servers of resolv.conf",
        ALL,
        "DNS server to ask, ADDRESS or ADDRESS:PORT; at most three, the next where one does not answer.",
    ),
    risky(
        row(
            "dns_trust_ad",
            Kind::Word { safe: &["resolv.conf", "loopback"], danger: &["always"] },
            "resolv.conf",
            ALL,
            "Where the system resolver's word that it has validated an answer (the AD bit) counts: where resolv.conf says \"options trust-ad\", or also where every server is on the loopback.",
        ),
        "insecure_dns_trust_ad",
        "always (the way to the server is not protected: whoever sits on it can claim what he likes)",
    ),
    row(
        "dnssec_anchor_file",
        Kind::Text,
        "the system's root key (package dns-root-data or unbound)",
        ALL,
        "File with the DNSSEC trust anchors (DS or DNSKEY records) for dns=unbound.",
    ),
    milliseconds(
        "dns_timeout_ms",
        "20000",
        ALL,
        "Deadline for all look-ups about one peer together, milliseconds.",
    ),
    row(
        "dns_evidence",
        Kind::Word { safe: &["off", "report", "require"], danger: &[] },
        "off",
        ALL,
        "What part evidence from the DNS has (names of the address, mail exchanges, the greeting, agreement of resolvers): none, and nothing is looked up for it (off); it is reported (report); what dns_evidence_required names must fit, besides everything else (require). It never makes a peer trusted.",
    ),
    row(
        "dns_evidence_required",
        Kind::TextList,
        "",
        ALL,
        "Which evidence must fit where dns_evidence=require: reverse, mx, banner, resolvers. What cannot be found out does not fit.",
    ),
    row(
        "dns_compare",
        Kind::TextList,
        "",
        ALL,
        "Other DNS server whose answers about the peer are held against those of dns_server, ADDRESS or ADDRESS:PORT; at most eight.",
    ),
    // Negotiation, deadlines and limits.
    row("ehlo_name", Kind::Text, "localhost", SESSION, "Name given to SMTP servers before TLS."),
    milliseconds(
        "connect_timeout_ms",
        "30000",
        CONNECT,
        "Deadline for resolving and connecting, all addresses together, milliseconds.",
    ),
    milliseconds(
        "negotiation_timeout_ms",
        "30000",
        SESSION,
        "Deadline for the whole negotiation in clear, milliseconds.",
    ),
    milliseconds(
        "handshake_timeout_ms",
        "30000",
        SESSION,
        "Deadline for the TLS handshake, milliseconds.",
    ),
    milliseconds(
        "io_timeout_ms",
        "60000",
        SESSION,
        "Deadline for one read or write on the open session, milliseconds.",
    ),
    row(
        "max_line",
        Kind::Int { safe: (512, 65_536), hard: (512, 65_536) },
        "2048, or 8192 where the protocol needs it",
        SESSION,
        "Longest line of the server before TLS, octets.",
    ),
    row(
        "max_lines",
        Kind::Int { safe: (8, 4096), hard: (8, 4096) },
        "128",
        SESSION,
        "Most lines of the server before TLS.",
    ),
    row(
        "max_negotiation_bytes",
        Kind::Int { safe: (4096, 1_048_576), hard: (4096, 1_048_576) },
        "65536",
        SESSION,
        "Most octets of the server before TLS.",
    ),
    // Reporting only.
    row(
        "audit",
        Kind::Bool,
        "false",
        ALL,
        "Report only: a session with an untrusted peer opens all the same, with STV_OPEN_UNVERIFIED; the verdict stays REJECTED.",
    ),
    // PHP's ssl context: the same words, so that a configuration carries over.
    php_switch(
        "verify_peer",
        true,
        "insecure_no_chain=true",
        "PHP: whether the chain is checked. It always is.",
    ),
    php_switch(
        "verify_peer_name",
        true,
        "insecure_no_name=true",
        "PHP: whether the name is checked. It always is.",
    ),
    php_switch(
        "allow_self_signed",
        false,
        "insecure_allow_self_signed=true, or better: give the certificate as cafile or pin it",
        "PHP: whether self-signed certificates pass.",
    ),
    row(
        "capture_peer_cert",
        Kind::Bool,
        "true",
        ALL,
        "PHP: accepted without effect; the report always describes the certificate.",
    ),
    row(
        "capture_peer_cert_chain",
        Kind::Bool,
        "true",
        ALL,
        "PHP: accepted without effect; the report always describes the chain.",
    ),
];
