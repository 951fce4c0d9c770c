//! The summing report: results of many sessions with the hosts of one mail domain.
//!
//! Its size is bounded. Beyond `limits::TLS_RPT_POLICIES` a session is counted under its kind of policy,
//! without the policy's text; beyond `limits::TLS_RPT_ROWS` a failure is counted in a row of its result
//! type, without hosts and addresses. No session is lost.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::error::{Error, Result};
use crate::limits::{TLS_RPT_POLICIES, TLS_RPT_ROWS, TLS_RPT_TEXT_OCTETS};
use crate::name::{DnsName, EmailAddress, Idna};
use crate::report::{PolicyKind, Report, Shown};
use crate::status::Status;

use super::result_type::ResultType;
use super::session_result::SessionResult;

/// The last second of the year 9999, behind which RFC 3339 ends.
const LAST_SECOND: i64 = 253_402_300_799;

/// From when to when, seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateRange {
    pub(super) begin: i64,
    pub(super) end: i64,
}

/// What a domain is told.
#[derive(Clone, Debug)]
pub struct Summary {
    pub(super) domain: DnsName,
    pub(super) id: String,
    pub(super) organization: Option<String>,
    pub(super) contact: Option<EmailAddress>,
    pub(super) range: Option<DateRange>,
    pub(super) policies: BTreeMap<PolicyKey, Tally>,
    sending: Option<IpAddr>,
    rows: usize,
}

/// A policy, as sessions are summed under it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PolicyKey {
    pub(super) kind: PolicyKind,
    pub(super) domain: String,
    pub(super) strings: Vec<String>,
    pub(super) mx_hosts: Vec<String>,
}

/// What is summed under a policy.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) successes: u64,
    pub(super) failures: u64,
    pub(super) rows: BTreeMap<RowKey, u64>,
}

/// A kind of failure with one host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RowKey {
    pub(super) result: ResultType,
    pub(super) mx_host: Option<String>,
    pub(super) sending: Option<IpAddr>,
    pub(super) receiving: Option<IpAddr>,
    pub(super) reason: Option<&'static str>,
}

impl DateRange {
    /// From when to when, seconds since 1970.
    pub fn new(begin: i64, end: i64) -> Result<DateRange> {
        if (0..=end).contains(&begin) && end <= LAST_SECOND {
            return Ok(DateRange { begin, end });
        }
        let what = format!(
            "{begin} to {end} is no range of time: give seconds since 1970, the earlier first"
        );
        Err(Error::new(Status::Argument, what))
    }
}

impl Summary {
    /// For a mail domain, empty, under an identifier that no other report has.
    pub fn new(domain: &str, id: &str) -> Result<Summary> {
        Ok(Summary {
            domain: DnsName::parse(domain, Idna::Convert)?,
            id: checked("report id", id)?,
            organization: None,
            contact: None,
            range: None,
            policies: BTreeMap::new(),
            sending: None,
            rows: 0,
        })
    }

    /// Who reports, in his own words.
    pub fn set_organization(&mut self, name: &str) -> Result<()> {
        self.organization = Some(checked("organization name", name)?);
        Ok(())
    }

    /// Whom to ask: an e-mail address. Its domain is the sender in the file name.
    pub fn set_contact(&mut self, address: &str) -> Result<()> {
        let address = EmailAddress::parse(&checked("contact", address)?, Idna::Convert)?;
        self.contact = Some(address);
        Ok(())
    }

    /// Another identifier.
    pub fn set_id(&mut self, id: &str) -> Result<()> {
        self.id = checked("report id", id)?;
        Ok(())
    }

    /// The time that it is about.
    pub fn set_range(&mut self, range: DateRange) {
        self.range = Some(range);
    }

    /// The address that the world sees us under, where the connections' own is not it (NAT).
    pub fn set_sending_ip(&mut self, address: IpAddr) {
        self.sending = Some(address);
    }

    /// Counts a session, by its report.
    pub fn add(&mut self, report: &Report) -> Result<()> {
        self.admit(report)?;
        match SessionResult::of(report) {
            SessionResult::Uncounted => {}
            SessionResult::Success => {
                let tally = self.tally(report);
                tally.successes = tally.successes.saturating_add(1);
            }
            SessionResult::Failure(result, reason) => self.fail(report, result, reason),
        }
        Ok(())
    }

    /// How many sessions were counted as successes.
    pub fn successes(&self) -> u64 {
        self.policies.values().map(|tally| tally.successes).fold(0, u64::saturating_add)
    }

    /// How many sessions were counted as failures.
    pub fn failures(&self) -> u64 {
        self.policies.values().map(|tally| tally.failures).fold(0, u64::saturating_add)
    }

    /// One domain's report must not tell it of another's, nor of what is no delivery of mail.
    fn admit(&self, report: &Report) -> Result<()> {
        let wrong = |what: String| Err(Error::new(Status::Argument, what));
        if !report.protocol.has_mta_sts() {
            let scheme = report.protocol.row().scheme;
            return wrong(format!(
                "TLSRPT is for mail relays (smtp), and this session is {scheme}"
            ));
        }
        if report.shown == Shown::OnDisk {
            return wrong("TLSRPT counts sessions, and this report is of a chain".to_owned());
        }
        if !report.origin.is_empty() && report.origin != self.domain.as_str() {
            let (own, other) = (&self.domain, &report.origin);
            return wrong(format!(
                "this TLSRPT report is for {own}, and the session was for {other}"
            ));
        }
        Ok(())
    }

    fn fail(&mut self, report: &Report, result: ResultType, reason: &'static str) {
        let row = RowKey {
            result,
            mx_host: Some(report.host.clone()).filter(|host| !host.is_empty()),
            sending: self.sending.or(report.local_address),
            receiving: report.address,
            reason: Some(reason),
        };
        let has_room = self.rows < TLS_RPT_ROWS;
        let tally = self.tally(report);
        tally.failures = tally.failures.saturating_add(1);
        let before = tally.rows.len();
        let row = if has_room || tally.rows.contains_key(&row) { row } else { RowKey::of(result) };
        let count = tally.rows.entry(row).or_default();
        *count = count.saturating_add(1);
        self.rows += tally.rows.len() - before;
    }

    /// Where a session of this policy is counted.
    fn tally(&mut self, report: &Report) -> &mut Tally {
        let key = self.key_of(report);
        let key = if self.policies.len() < TLS_RPT_POLICIES || self.policies.contains_key(&key) {
            key
        } else {
            PolicyKey { strings: Vec::new(), mx_hosts: Vec::new(), ..self.of_own_domain(key.kind) }
        };
        self.policies.entry(key).or_default()
    }

    fn key_of(&self, report: &Report) -> PolicyKey {
        let applied = &report.applied;
        let own = self.of_own_domain(applied.kind);
        let named = Some(applied.domain.clone()).filter(|domain| !domain.is_empty());
        PolicyKey {
            domain: named.unwrap_or(own.domain),
            strings: applied.strings.clone(),
            mx_hosts: applied.mx_hosts.clone(),
            kind: applied.kind,
        }
    }

    fn of_own_domain(&self, kind: PolicyKind) -> PolicyKey {
        let domain = self.domain.to_string();
        PolicyKey { kind, domain, strings: Vec::new(), mx_hosts: Vec::new() }
    }
}

impl RowKey {
    /// What is left of a row where there is no room for more.
    const fn of(result: ResultType) -> RowKey {
        RowKey { result, mx_host: None, sending: None, receiving: None, reason: None }
    }
}

/// A text of the sender's own that can stand in a report.
fn checked(what: &str, text: &str) -> Result<String> {
    let wrong = |why: String| Err(Error::new(Status::Argument, format!("the {what} {why}")));
    if text.is_empty() {
        return wrong("is empty".to_owned());
    }
    if text.len() > TLS_RPT_TEXT_OCTETS {
        return wrong(format!("has {} octets; {TLS_RPT_TEXT_OCTETS} are the most", text.len()));
    }
    if text.contains(char::is_control) {
        return wrong("holds a control character".to_owned());
    }
    Ok(text.to_owned())
}
