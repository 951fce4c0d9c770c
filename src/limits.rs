//! Limits on what a peer may make us hold or wait for, each with its source.

use std::time::Duration;

/// How much plaintext a negotiation may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest line in octets, its line end included. RFC 5321 §4.5.3.1.5 says 512; real servers
    /// exceed it, so the default is 2048.
    pub line: usize,
    /// Lines per negotiation. Postfix' EHLO reply has about 12; 128 is ten times that.
    pub lines: usize,
    /// Octets per negotiation: `lines` full lines would be 256 KiB, 64 KiB is ample.
    pub octets: usize,
}

impl Limits {
    /// The defaults.
    pub const DEFAULT: Limits = Limits { line: 2048, lines: 128, octets: 65_536 };
}

/// How long each part of a session may take as a whole. There is no per-read timeout before the
/// session is open: a server that drips one byte per second would renew it for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// Resolving and connecting, all addresses together.
    pub connect: Duration,
    /// From the first byte to the go-ahead. RFC 5321 §4.5.3.2.1 allows five minutes for a greeting;
    /// no user waits that long, so the default is 30 seconds.
    pub negotiation: Duration,
    /// From ClientHello to the verdict.
    pub handshake: Duration,
    /// One read or write on the open session.
    pub io: Duration,
}

impl Deadlines {
    /// The defaults.
    pub const DEFAULT: Deadlines = Deadlines {
        connect: Duration::from_secs(30),
        negotiation: Duration::from_secs(30),
        handshake: Duration::from_secs(30),
        io: Duration::from_secs(60),
    };
}

/// Certificates that a peer may send. OpenSSL's own default for a TLS client is a chain of 100 KiB;
/// the longest chain of a public CA seen is 5.
pub const CHAIN_CERTIFICATES: usize = 100;

/// Paths that are tried for one chain, the first included. A chain of the public web has at most a
/// handful (cross-signed roots); webpki allows no more signature checks than that either.
pub const CANDIDATE_PATHS: usize = 32;

/// Signatures that are checked for one chain, all candidate paths together; webpki's figure.
pub const SIGNATURE_CHECKS: usize = 100;

/// Names held against name constraints, one by one, for one chain. OpenSSL allows as many for each
/// pair of certificates; with a path of ten that would be minutes.
pub const NAME_COMPARISONS: usize = 1 << 20;

/// Partial paths that the search for another path looks at. With cross-certificates between all of a
/// chain's CAs there are more paths than atoms.
pub const PARTIAL_PATHS: usize = 4096;

/// Octets of one certificate. RFC 8446 §4.4.2 allows 2^24-1; a certificate with 10,000 names has
/// about 300 KB.
pub const CERTIFICATE_OCTETS: usize = 1 << 20;

/// Presented identifiers in one certificate: 300 KB of the shortest names.
pub const PRESENTED_IDS: usize = 100_000;

/// TLSA records of one server. RFC 7671 §8 needs four for a rollover of two keys; more than a
/// hundred are an attempt to make us work.
pub const TLSA_RECORDS: usize = 100;

/// Octets of a TLSA record's data: RDATA has at most 65535 (RFC 1035 §3.2.1), three of them numbers.
pub const TLSA_OCTETS: usize = 65_532;

/// Certificates of one chain that are tried as the anchor that a TLSA record names, one after the
/// other. A key needs one; whoever sends more certificates with the same key wants us to work.
pub const DANE_ANCHORS: usize = 8;

/// Signatures that are compared with bare keys of TLSA records (`2 1 0`).
pub const DANE_SIGNATURES: usize = 32;

/// Octets of one file that is read whole (CA bundle, configuration, CRL).
pub const FILE_OCTETS: usize = 64 << 20;

/// Octets of a bundle from which on its text is not held in memory where its index is written down. Ten
/// certificates are read faster than two files.
pub const HELD_BUNDLE_OCTETS: u64 = 16 << 10;

/// Anchors of a bundle whose index is written down. Systems have 150, the union of all known ones a
/// thousand.
pub const CACHED_ANCHORS: usize = 16 << 10;

/// Octets of a stapled OCSP response, or of a list of SCTs. OpenSSL takes 16 KiB of the one from a
/// TLS 1.2 server; with a delegated responder's certificate one has about 2 KiB.
pub const STAPLE_OCTETS: usize = 64 << 10;

/// SCTs in one list. Public certificates have two or three.
pub const SCTS: usize = 64;

/// Certificates in an OCSP response: the responder's, and what some send along without need.
pub const STAPLE_CERTIFICATES: usize = 8;

/// Files of one directory of CRLs. The public CAs together publish some 3,000 full CRLs.
pub const CRL_FILES: usize = 10_000;

/// Octets of a peer's own words that are kept for the report.
pub const QUOTED_OCTETS: usize = 512;

/// Sessions kept for resumption under one policy: a ticket and a chain of certificates, some 20 KiB
/// each.
pub const KEPT_SESSIONS: usize = 128;

/// Of them for one peer. Servers give two tickets per TLS 1.3 handshake.
pub const KEPT_SESSIONS_PER_PEER: usize = 4;

/// Seconds after which a full handshake is due, whatever lifetime the server gave its ticket: one day
/// (RFC 5246 §F.1.4; RFC 8446 §4.6.1 allows seven).
pub const KEPT_SECONDS: i64 = 86_400;

/// Chains whose path is remembered under one policy. OpenSSL's objects take some 20 KiB for a chain.
pub const KNOWN_CHAINS: usize = 128;

/// Octets of one of them with its path. Chains of public CAs have 4 to 8 KiB.
pub const KNOWN_CHAIN_OCTETS: usize = 32 << 10;

/// Seconds for which a path is remembered, unless the option says otherwise.
pub const KNOWN_CHAIN_SECONDS: i64 = 3600;

/// Messages of the handshake protocol that a server may send on an open session without one octet of
/// data between them: new tickets and key updates (RFC 8446 §4.6).
pub const MESSAGES_WITHOUT_DATA: u32 = 64;

/// Policies of one TLSRPT summary: an MX host with TLSA records has its own. Further ones are counted
/// by their kind alone.
pub const TLS_RPT_POLICIES: usize = 256;

/// Rows of failures in one TLSRPT summary. Further ones are counted by their result type alone.
pub const TLS_RPT_ROWS: usize = 4096;

/// Octets of a text in a TLSRPT summary that the sender gives: his name, address and identifier.
pub const TLS_RPT_TEXT_OCTETS: usize = 512;
