//! The report as it is sent: JSON (RFC 8460 §4.4), compressed (§5.2, RFC 1952), and its file name (§5.1).

use std::net::IpAddr;

use miniz_oxide::deflate::compress_to_vec;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::name::EmailAddress;
use crate::report::iso8601;
use crate::status::Status;

use super::summary::{DateRange, PolicyKey, RowKey, Summary, Tally};

/// RFC 1952 section 2.3: the magic number, deflate, no flags, no time, no level, and an unknown system.
const GZIP_HEADER: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];

/// What zlib and gzip have as their default.
const LEVEL: u8 = 6;

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Json<'a> {
    organization_name: &'a str,
    date_range: JsonRange,
    contact_info: String,
    report_id: &'a str,
    policies: Vec<JsonEntry<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct JsonRange {
    start_datetime: String,
    end_datetime: String,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct JsonEntry<'a> {
    policy: JsonPolicy<'a>,
    summary: JsonCounts,
    failure_details: Vec<JsonRow<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct JsonPolicy<'a> {
    policy_type: &'static str,
    policy_string: &'a [String],
    policy_domain: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    mx_host: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct JsonCounts {
    total_successful_session_count: u64,
    total_failure_session_count: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct JsonRow<'a> {
    result_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sending_mta_ip: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receiving_mx_hostname: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receiving_ip: Option<IpAddr>,
    failed_session_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason_code: Option<&'static str>,
}

impl Summary {
    /// The report as JSON (`application/tlsrpt+json`).
    pub fn json(&self) -> Result<String> {
        let (organization, contact, range) = self.heading()?;
        let report = Json {
            organization_name: organization,
            date_range: JsonRange {
                start_datetime: iso8601(range.begin),
                end_datetime: iso8601(range.end),
            },
            contact_info: contact.to_string(),
            report_id: &self.id,
            policies: self.policies.iter().map(entry).collect(),
        };
        // The struct holds only strings and numbers, which always serialise.
        Ok(serde_json::to_string(&report).unwrap_or_default())
    }

    /// The same compressed (`application/tlsrpt+gzip`); equal reports give equal octets.
    pub fn gzip(&self) -> Result<Vec<u8>> {
        let json = self.json()?;
        let json = json.as_bytes();
        // RFC 1952 section 2.3.1: the length counts modulo 2^32.
        let length = json.len() as u32;
        let compressed = compress_to_vec(json, LEVEL);
        let checksum = crc32(json).to_le_bytes();
        Ok([GZIP_HEADER, &compressed, &checksum, &length.to_le_bytes()].concat())
    }

    /// The name of the file: `sender!domain!begin!end!id.json.gz`. The sender is the domain of the
    /// contact; of the identifier only letters and digits count there.
    pub fn file_name(&self) -> Result<String> {
        let (_, contact, DateRange { begin, end }) = self.heading()?;
        let id: String = self.id.chars().filter(char::is_ascii_alphanumeric).collect();
        let id = if id.is_empty() { id } else { format!("!{id}") };
        Ok(format!("{}!{}!{begin}!{end}{id}.json.gz", contact.domain(), self.domain))
    }

    fn heading(&self) -> Result<(&str, &EmailAddress, DateRange)> {
        match (&self.organization, &self.contact, self.range) {
            (None, _, _) => Err(missing("organization name")),
            (_, None, _) => Err(missing("contact address")),
            (_, _, None) => Err(missing("range of time")),
            (Some(organization), Some(contact), Some(range)) => Ok((organization, contact, range)),
        }
    }
}

/// The checksum of RFC 1952 section 8, a bit at a time: a table would be faster, and longer than all
/// that compresses. A report is written once a day.
fn crc32(octets: &[u8]) -> u32 {
    let divide = |rest: u32, _| (rest >> 1) ^ (0xedb8_8320 & (rest & 1).wrapping_neg());
    !octets.iter().fold(u32::MAX, |rest, octet| (0..8).fold(rest ^ u32::from(*octet), divide))
}

fn missing(what: &str) -> Error {
    let words = format!("a TLSRPT report needs the {what} (RFC 8460 section 4.4); set it first");
    Error::new(Status::State, words)
}

fn entry<'a>((policy, tally): (&'a PolicyKey, &'a Tally)) -> JsonEntry<'a> {
    JsonEntry {
        policy: JsonPolicy {
            policy_type: policy.kind.word(),
            policy_string: &policy.strings,
            policy_domain: &policy.domain,
            mx_host: &policy.mx_hosts,
        },
        summary: JsonCounts {
            total_successful_session_count: tally.successes,
            total_failure_session_count: tally.failures,
        },
        failure_details: tally.rows.iter().map(row).collect(),
    }
}

fn row<'a>((key, count): (&'a RowKey, &'a u64)) -> JsonRow<'a> {
    JsonRow {
        result_type: key.result.word(),
        sending_mta_ip: key.sending,
        receiving_mx_hostname: key.mx_host.as_deref(),
        receiving_ip: key.receiving,
        failed_session_count: *count,
        failure_reason_code: key.reason,
    }
}
