//! The report as it is sent: JSON (RFC 8460 §4.4), compressed (§5.2, RFC 1952), and its file name (§5.1).

use std::io::Write;
use std::net::IpAddr;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::name::EmailAddress;
use crate::report::iso8601;
use crate::status::Status;

use super::summary::{DateRange, PolicyKey, RowKey, Summary, Tally};

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
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        let json = self.json()?;
        let written = encoder.write_all(json.as_bytes()).and_then(|()| encoder.finish());
        written.map_err(|error| Error::new(Status::Memory, format!("gzip: {error}")))
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
