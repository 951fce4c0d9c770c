//! The report for programs: `"v":1`, the same struct as the text.

use std::net::IpAddr;
use std::sync::Arc;

use serde::Serialize;

use super::{CertificateInfo, Finding, Report, Shown};

/// Version of the shape. It grows when a key changes its meaning or goes; new keys may come.
const SHAPE: u32 = 1;

#[derive(Serialize)]
struct JsonReport<'a> {
    v: u32,
    verdict: &'static str,
    status: &'static str,
    code: Option<&'static str>,
    summary: String,
    protocol: &'static str,
    host: &'a str,
    port: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<IpAddr>,
    insecure: &'a [&'static str],
    findings: Vec<JsonFinding<'a>>,
    tls: Option<JsonTls<'a>>,
    certificates: Vec<JsonCertificate<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    untrusted_facts: Option<serde_json::Value>,
}

#[derive(Serialize)]
struct JsonCertificate<'a> {
    /// As sent: 0 is the leaf.
    position: usize,
    #[serde(flatten)]
    info: &'a CertificateInfo,
}

/// A finding as it stands in JSON.
#[derive(Serialize)]
pub struct JsonFinding<'a> {
    check: &'static str,
    outcome: &'static str,
    code: &'static str,
    depth: Option<i32>,
    wanted: &'a str,
    found: &'a str,
    detail: &'a str,
    hint: &'a str,
    source: &'static str,
}

#[derive(Serialize)]
struct JsonTls<'a> {
    version: &'a str,
    cipher: &'a str,
    resumed: bool,
}

impl<'a> JsonCertificate<'a> {
    fn of((position, info): (usize, &'a Arc<CertificateInfo>)) -> JsonCertificate<'a> {
        JsonCertificate { position, info }
    }
}

impl Finding {
    /// The finding as it stands in JSON.
    pub fn as_json(&self) -> JsonFinding<'_> {
        JsonFinding {
            check: self.check().word(),
            outcome: self.outcome.word(),
            code: self.code.name(),
            depth: (self.depth >= 0).then_some(self.depth),
            wanted: &self.wanted,
            found: &self.found,
            detail: &self.detail,
            hint: &self.hint,
            source: self.source.word(),
        }
    }
}

impl Report {
    /// The report as one line of JSON.
    pub fn json(&self) -> String {
        let resumed = self.shown == Shown::Resumed;
        let report = JsonReport {
            v: SHAPE,
            verdict: self.verdict.word(),
            status: self.status.name(),
            code: self.first_failure().map(|finding| finding.code.name()),
            summary: self.summary(),
            protocol: self.protocol.row().scheme,
            host: &self.host,
            port: self.port,
            address: self.address,
            insecure: &self.insecure,
            findings: self.findings.iter().map(Finding::as_json).collect(),
            tls: self.tls.as_ref().map(|tls| JsonTls {
                version: &tls.version,
                cipher: &tls.cipher,
                resumed,
            }),
            certificates: self.certificates.iter().enumerate().map(JsonCertificate::of).collect(),
            untrusted_facts: serde_json::from_str(&self.untrusted_facts).ok(),
        };
        // The struct holds only strings and numbers, which always serialise.
        serde_json::to_string(&report).unwrap_or_default()
    }
}
