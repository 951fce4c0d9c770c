//! `stv_report`: every check, its outcome, and the verdict.

use std::ffi::{c_char, c_int};

use crate::report::{Finding, Report};
use crate::status::Status;

use super::codes;
use super::stv_status;
use super::words::{EMPTY, LazyWords};

/// Every check with its outcome, and the verdict. Counted and never changed: any number of threads
/// may read one. Its texts live as long as the report.
pub struct stv_report {
    report: Report,
    summary: LazyWords,
    text: LazyWords,
    json: LazyWords,
    untrusted_facts: LazyWords,
    findings: Vec<FindingWords>,
}

#[derive(Default)]
struct FindingWords {
    wanted: LazyWords,
    found: LazyWords,
    detail: LazyWords,
    hint: LazyWords,
    source: LazyWords,
}

impl stv_report {
    /// Wraps a report; its texts are made when they are asked for.
    pub(super) fn new(report: Report) -> stv_report {
        let findings = report.findings.iter().map(|_| FindingWords::default()).collect();
        stv_report {
            report,
            summary: LazyWords::default(),
            text: LazyWords::default(),
            json: LazyWords::default(),
            untrusted_facts: LazyWords::default(),
            findings,
        }
    }

    /// What it wraps.
    pub(super) fn report(&self) -> &Report {
        &self.report
    }

    fn finding(&self, index: usize) -> Option<&Finding> {
        self.report.findings.get(index)
    }

    /// One text of a finding; "" beyond the last.
    fn words(
        &self,
        index: usize,
        slot: fn(&FindingWords) -> &LazyWords,
        text: fn(&Finding) -> &str,
    ) -> *const c_char {
        match (self.finding(index), self.findings.get(index)) {
            (Some(finding), Some(words)) => slot(words).or_make(|| text(finding).to_owned()),
            (None, _) | (_, None) => EMPTY,
        }
    }
}

/// One more reference to the same report, to be freed as well. NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_report_dup(report: *const stv_report) -> *mut stv_report {
    export! { dup report }
}

/// Drops one reference; NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_report_free(report: *mut stv_report) {
    export! { release report }
}

/// The verdict, a number of stv_verdict; STV_VERDICT_UNKNOWN for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_report_verdict(report: *const stv_report) -> c_int {
    export! { value 0; report = shared(report); => Ok(report.report.verdict as c_int) }
}

/// The status of the call that the report belongs to; STV_E_NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_report_status(report: *const stv_report) -> stv_status {
    export! { value Status::Null.number();
        report = shared(report);
        => Ok(report.report.status.number())
    }
}

/// The code of the first finding that failed, such as "name.mismatch"; "" when none did.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_report_code(report: *const stv_report) -> *const c_char {
    export! { value EMPTY;
        report = shared(report);
        => {
            let failure = report.report.first_failure();
            Ok(failure.map_or(EMPTY, |finding| codes::name_of(finding.code as usize)))
        }
    }
}

/// The whole answer in one line: verdict, peer, code and reason.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_report_summary(report: *const stv_report) -> *const c_char {
    export! { value EMPTY;
        report = shared(report);
        => Ok(report.summary.or_make(|| report.report.summary()))
    }
}

/// What only the plaintext conversation said and the program needs inside TLS, as a JSON object: for
/// MySQL the server's greeting and the flags that were sent. "" where there is nothing. It is not
/// authenticated: whoever sits on the path may have written it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_report_untrusted_facts(report: *const stv_report) -> *const c_char {
    export! { value EMPTY;
        report = shared(report);
        => Ok(report.untrusted_facts.or_make(|| report.report.untrusted_facts.clone()))
    }
}

/// The report for people: the summary, then a line per finding with what to do, then the
/// certificates. Lines end with a line feed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_report_text(report: *const stv_report) -> *const c_char {
    export! { value EMPTY;
        report = shared(report);
        => Ok(report.text.or_make(|| report.report.text()))
    }
}

/// The report for programs: one line of JSON with "v":1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_report_json(report: *const stv_report) -> *const c_char {
    export! { value EMPTY;
        report = shared(report);
        => Ok(report.json.or_make(|| report.report.json()))
    }
}

/// How many findings there are, what to fix first in front; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_report_count(report: *const stv_report) -> usize {
    export! { value 0; report = shared(report); => Ok(report.report.findings.len()) }
}

/// What finding number `index` checked, a number of stv_check; -1 beyond the last.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_report_finding_check(
    report: *const stv_report,
    index: usize,
) -> c_int {
    export! { value -1;
        report = shared(report);
        => Ok(report.finding(index).map_or(-1, |finding| finding.check() as c_int))
    }
}

/// How finding number `index` came out, a number of stv_outcome; -1 beyond the last.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_report_finding_outcome(
    report: *const stv_report,
    index: usize,
) -> c_int {
    export! { value -1;
        report = shared(report);
        => Ok(report.finding(index).map_or(-1, |finding| finding.outcome as c_int))
    }
}

/// The stable code of finding number `index`, such as "chain.expired"; "" beyond the last.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_report_finding_code(
    report: *const stv_report,
    index: usize,
) -> *const c_char {
    export! { value EMPTY;
        report = shared(report);
        => {
            let finding = report.finding(index);
            Ok(finding.map_or(EMPTY, |finding| codes::name_of(finding.code as usize)))
        }
    }
}

/// The certificate that finding number `index` is about: 0 is the leaf; -1 where it is about none,
/// and beyond the last.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_report_finding_depth(
    report: *const stv_report,
    index: usize,
) -> c_int {
    export! { value -1;
        report = shared(report);
        => Ok(report.finding(index).map_or(-1, |finding| finding.depth))
    }
}

/// What finding number `index` wanted to see; "" where nothing was compared.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_report_finding_wanted(
    report: *const stv_report,
    index: usize,
) -> *const c_char {
    export! { value EMPTY;
        report = shared(report);
        => Ok(report.words(index, |words| &words.wanted, |finding| &finding.wanted))
    }
}

/// What finding number `index` saw; "" where nothing was compared.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_report_finding_found(
    report: *const stv_report,
    index: usize,
) -> *const c_char {
    export! { value EMPTY;
        report = shared(report);
        => Ok(report.words(index, |words| &words.found, |finding| &finding.found))
    }
}

/// Finding number `index` in one sentence. The wording may change; the code does not.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_report_finding_detail(
    report: *const stv_report,
    index: usize,
) -> *const c_char {
    export! { value EMPTY;
        report = shared(report);
        => Ok(report.words(index, |words| &words.detail, |finding| &finding.detail))
    }
}

/// What to do about finding number `index`; "" where there is nothing to do.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_report_finding_hint(
    report: *const stv_report,
    index: usize,
) -> *const c_char {
    export! { value EMPTY;
        report = shared(report);
        => Ok(report.words(index, |words| &words.hint, |finding| &finding.hint))
    }
}

/// Where the fact behind finding number `index` came from: "library", "openssl", "system", "store" for
/// what was remembered from before, "caller" for what the program saw, or "peer-unauthenticated" for what
/// the peer said in plaintext.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn stv_report_finding_source(
    report: *const stv_report,
    index: usize,
) -> *const c_char {
    export! { value EMPTY;
        report = shared(report);
        => Ok(report.words(index, |words| &words.source, |finding| finding.source.word()))
    }
}
