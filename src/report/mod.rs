//! The report: every check with its outcome, a stable code, both sides of the comparison and what
//! to do about it.
//!
//! Three things are never merged: the *status* (did the call do its job), a *finding* (the outcome
//! of one check) and the *verdict* (the decision). "Could not check" is an outcome of its own
//! (`Skip`) and never counts as `Pass`.

mod applied;
mod certificate;
mod code;
mod json;
mod text;

pub use applied::{Applied, PolicyKind};
pub use certificate::{
    CertificateInfo, Certificates, Fingerprints, KeyInfo, epoch_of_iso8601, iso8601,
};
pub use code::{CAUSES, Code, Row, TABLE};
pub use json::JsonFinding;

use std::net::IpAddr;

use crate::proto::Protocol;
use crate::status::Status;

/// The decision. UNKNOWN is 0, so that zeroed memory never reads as trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub enum Verdict {
    /// Nothing was decided, because the peer could not be judged.
    Unknown = 0,
    /// The peer is who was meant.
    Trusted = 1,
    /// It is not.
    Rejected = 2,
    /// Encrypted and nothing more, by the caller's own choice.
    Unauthenticated = 3,
}

/// What is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(C)]
pub enum Check {
    /// The negotiation in plaintext.
    Starttls = 0,
    /// The TLS handshake and connection.
    Tls = 1,
    /// The transport below.
    Io = 2,
    /// The way from the certificate to a trust anchor.
    Chain = 3,
    /// The names in the certificate.
    Name = 4,
    /// Pins.
    Pin = 5,
    /// Whether the CA revoked the certificate, as the server itself can show (OCSP).
    Revocation = 6,
    /// Whether the certificate stands in public logs (SCT).
    Transparency = 7,
    /// What is known of the peer from before.
    Known = 8,
    /// TLSA records.
    Dane = 9,
    /// The domain's MTA-STS policy.
    MtaSts = 10,
    /// What else the DNS says of the peer; it may be a reason to refuse, and never one to trust.
    Evidence = 11,
}

/// How the judge came to the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The caller has it: nobody has proved to hold its key.
    OnDisk,
    /// The peer showed it in a full handshake.
    InHandshake,
    /// The peer showed it in an earlier handshake, which this one resumes.
    Resumed,
}

/// How a check came out. SKIP is 0, so that zeroed memory never reads as passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub enum Outcome {
    /// Not checked.
    Skip = 0,
    /// Checked, and good.
    Pass = 1,
    /// Checked, and bad.
    Fail = 2,
    /// Worth knowing; weighs nothing.
    Note = 3,
}

/// Where the fact that a finding rests on came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Our own rules.
    Library,
    /// OpenSSL's chain building and host check.
    Openssl,
    /// What the peer said in plaintext: not authenticated.
    PeerUnauthenticated,
    /// The operating system.
    System,
    /// What was remembered from before.
    Store,
    /// What resolvers said.
    Dns,
    /// What the program saw that uses the library.
    Caller,
}

/// One check and how it came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The stable code; it also names the check.
    pub code: Code,
    /// How it came out.
    pub outcome: Outcome,
    /// The certificate that it is about: 0 is the leaf; -1 where it is about none.
    pub depth: i32,
    /// What was wanted.
    pub wanted: String,
    /// What was found instead.
    pub found: String,
    /// One sentence for people.
    pub detail: String,
    /// What to do about it.
    pub hint: String,
    /// Where the fact came from.
    pub source: Source,
}

/// What was asked, what was found, and what was decided. Immutable once made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The decision.
    pub verdict: Verdict,
    /// The status of the call that made the report.
    pub status: Status,
    /// How the judge came to the certificate.
    pub shown: Shown,
    /// Protocol of the peer.
    pub protocol: Protocol,
    /// The host that was meant, as an A-label or an address; empty where none was given.
    pub host: String,
    /// The port that was meant.
    pub port: u16,
    /// The address that was connected to, where the door knows it.
    pub address: Option<IpAddr>,
    /// The address that the connection came from, where the door knows it.
    pub local_address: Option<IpAddr>,
    /// The domain that led to the host, as an A-label; empty where the user named the host.
    pub origin: String,
    /// The policy of the mail domain that the session was under.
    pub applied: Applied,
    /// All findings, what to fix first in front.
    pub findings: Vec<Finding>,
    /// Names of the options that weaken security and were in force.
    pub insecure: Vec<&'static str>,
    /// The certificates as sent, leaf first.
    pub certificates: Certificates,
    /// TLS version and cipher, once there is a handshake.
    pub tls: Option<TlsFacts>,
    /// What only the plaintext conversation said and the program needs, a JSON object; empty where
    /// there is nothing. Whoever sits on the path may have written it.
    pub untrusted_facts: String,
}

/// What the handshake agreed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFacts {
    /// Such as `TLSv1.3`.
    pub version: String,
    /// Such as `TLS_AES_256_GCM_SHA384`.
    pub cipher: String,
}

impl Finding {
    /// A finding about no certificate in particular, with the table's hint.
    pub fn new(code: Code, outcome: Outcome, detail: impl Into<String>) -> Finding {
        let hint = if outcome == Outcome::Fail { code.row().hint } else { "" };
        Finding {
            code,
            outcome,
            depth: -1,
            wanted: String::new(),
            found: String::new(),
            detail: detail.into(),
            hint: hint.to_owned(),
            source: Source::Library,
        }
    }

    /// A check that came out bad.
    pub fn fail(code: Code, detail: impl Into<String>) -> Finding {
        Finding::new(code, Outcome::Fail, detail)
    }

    /// A check that came out good.
    pub fn pass(code: Code, detail: impl Into<String>) -> Finding {
        Finding::new(code, Outcome::Pass, detail)
    }

    /// A check that was not made, and why.
    pub fn skip(code: Code, detail: impl Into<String>) -> Finding {
        Finding::new(code, Outcome::Skip, detail)
    }

    /// Something worth knowing.
    pub fn note(code: Code, detail: impl Into<String>) -> Finding {
        Finding::new(code, Outcome::Note, detail)
    }

    /// Both sides of the comparison.
    pub fn compared(self, wanted: impl Into<String>, found: impl Into<String>) -> Finding {
        Finding { wanted: wanted.into(), found: found.into(), ..self }
    }

    /// The certificate it is about.
    pub fn at(self, depth: i32) -> Finding {
        Finding { depth, ..self }
    }

    /// A hint that knows more than the table.
    pub fn hinting(self, hint: impl Into<String>) -> Finding {
        Finding { hint: hint.into(), ..self }
    }

    /// Where the fact came from.
    pub fn from_source(self, source: Source) -> Finding {
        Finding { source, ..self }
    }

    /// What was checked.
    pub fn check(&self) -> Check {
        self.code.row().check
    }
}

impl TlsFacts {
    /// The finding of a connection that was made.
    pub fn finding(&self, shown: Shown) -> Finding {
        let resumed = if shown == Shown::Resumed { ", resumed" } else { "" };
        Finding::pass(Code::TlsOk, format!("{} with {}{resumed}", self.version, self.cipher))
    }
}

impl Report {
    /// The finding to fix first.
    pub fn first_failure(&self) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.outcome == Outcome::Fail)
    }

    /// `smtp://mail.bob.test:25`.
    pub fn target(&self) -> String {
        let scheme = self.protocol.row().scheme;
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if self.port == 0 {
            format!("{scheme}://{host}")
        } else {
            format!("{scheme}://{host}:{}", self.port)
        }
    }
}

impl Verdict {
    /// The word in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Verdict::Unknown => "unknown",
            Verdict::Trusted => "trusted",
            Verdict::Rejected => "rejected",
            Verdict::Unauthenticated => "unauthenticated",
        }
    }
}

impl Check {
    /// The checks that say something about who the peer is. The others are about the connection.
    pub const OF_PEER: [Check; 9] = [
        Check::Chain,
        Check::Name,
        Check::Pin,
        Check::Revocation,
        Check::Transparency,
        Check::Known,
        Check::Dane,
        Check::MtaSts,
        Check::Evidence,
    ];

    /// The word in JSON, which is also how the codes of the check begin.
    pub const fn word(self) -> &'static str {
        match self {
            Check::Starttls => "starttls",
            Check::Tls => "tls",
            Check::Io => "io",
            Check::Chain => "chain",
            Check::Name => "name",
            Check::Pin => "pin",
            Check::Revocation => "revocation",
            Check::Transparency => "transparency",
            Check::Known => "known",
            Check::Dane => "dane",
            Check::MtaSts => "mta_sts",
            Check::Evidence => "evidence",
        }
    }
}

impl Outcome {
    /// The word in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Outcome::Pass => "pass",
            Outcome::Fail => "fail",
            Outcome::Skip => "skip",
            Outcome::Note => "note",
        }
    }
}

impl Source {
    /// The word in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Source::Library => "library",
            Source::Openssl => "openssl",
            Source::PeerUnauthenticated => "peer-unauthenticated",
            Source::System => "system",
            Source::Store => "store",
            Source::Dns => "dns",
            Source::Caller => "caller",
        }
    }
}

/// A peer's own words, fit to be shown: one line, printable ASCII, cut at the limit. Everything else
/// is escaped, so that they can neither move the cursor of a terminal nor break a log line.
pub fn quote(words: &[u8]) -> String {
    let cut = &words[..words.len().min(crate::limits::QUOTED_OCTETS)];
    let mut quoted = cut.trim_ascii_end().escape_ascii().to_string();
    if cut.len() < words.len() {
        quoted.push_str(" ...");
    }
    quoted
}
