//! What one session counts as.
//!
//! Success is a connection that complies with the policy it was under (RFC 8460 §4.2.1): where there is
//! none, any that came to TLS and was not refused. A session has one result, that of what to fix first,
//! so that the rows of a report add up to its failures. One that never came to TLS for reasons that are
//! not TLS's (§4.3.4, transient failures; a greeting that refuses) counts as neither; so does what is no
//! delivery of mail.

use crate::report::{Finding, Outcome, Report, Shown, Verdict};

use super::result_type::{ResultType, result_type};

/// How a session counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionResult {
    /// Not at all.
    Uncounted,
    /// As a success.
    Success,
    /// As a failure, with the code that says more (`failure-reason-code`).
    Failure(ResultType, &'static str),
}

impl SessionResult {
    /// The result of a session, from its report.
    pub fn of(report: &Report) -> SessionResult {
        if !report.protocol.has_mta_sts() || report.shown == Shown::OnDisk {
            return SessionResult::Uncounted;
        }
        let failed = |finding: &&Finding| finding.outcome == Outcome::Fail;
        let codes = report.findings.iter().filter(failed).map(|finding| finding.code);
        let first = codes
            .chain(report.applied.breach)
            .find_map(|code| Some(SessionResult::Failure(result_type(code)?, code.name())));
        first.unwrap_or_else(|| without_reason(report))
    }

    /// The word: a result type, "success", or "" for what is not counted.
    pub const fn word(self) -> &'static str {
        match self {
            SessionResult::Uncounted => "",
            SessionResult::Success => "success",
            SessionResult::Failure(result, _) => result.word(),
        }
    }
}

/// Nothing failed that has a result type. A connection that broke after TLS stood was negotiated well.
fn without_reason(report: &Report) -> SessionResult {
    match (report.verdict, report.first_failure(), &report.tls) {
        (Verdict::Rejected, Some(_), _) | (_, _, None) => SessionResult::Uncounted,
        // A check that was required and not made.
        (Verdict::Rejected, None, Some(_)) => {
            SessionResult::Failure(ResultType::ValidationFailure, report.status.name())
        }
        (Verdict::Trusted | Verdict::Unauthenticated | Verdict::Unknown, _, Some(_)) => {
            SessionResult::Success
        }
    }
}
