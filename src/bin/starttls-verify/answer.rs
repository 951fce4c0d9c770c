//! One line of a batch's output.

use serde::Serialize;
use serde_json::Value as Json;
use starttls_verify::error::Error;
use starttls_verify::report::{Finding, JsonFinding, Report};

use crate::exit::Exit;

/// The answer to one line, ready to be written.
pub struct Answer {
    /// JSON and a line end.
    pub text: String,
    /// What a run for this line alone would have ended with.
    pub exit: Exit,
}

/// What the answer belongs to.
#[derive(Serialize)]
pub struct Question<'a> {
    /// As it stood in the line; null where it had none.
    pub id: Json,
    /// Number of the input line, where answers may change places.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Who was checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<&'a str>,
}

#[derive(Serialize)]
struct Shape<'a> {
    #[serde(flatten)]
    question: &'a Question<'a>,
    verdict: &'static str,
    status: &'static str,
    code: Option<&'static str>,
    findings: Vec<JsonFinding<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

impl Answer {
    /// What the judge said.
    pub fn judged(question: &Question, report: &Report, exit: Exit) -> Answer {
        let shape = Shape {
            question,
            verdict: report.verdict.word(),
            status: report.status.name(),
            code: report.first_failure().map(|finding| finding.code.name()),
            findings: report.findings.iter().map(Finding::as_json).collect(),
            error: None,
        };
        Answer { text: line_of(&shape), exit }
    }

    /// Why there is no verdict.
    pub fn error(question: &Question, error: &Error) -> Answer {
        let shape = Shape {
            question,
            verdict: "error",
            status: error.status.name(),
            code: None,
            findings: Vec::new(),
            error: Some(&error.what),
        };
        Answer { text: line_of(&shape), exit: Exit::of_failure(error.status) }
    }
}

fn line_of(shape: &Shape) -> String {
    // Strings and numbers only, which always serialise.
    let mut text = serde_json::to_string(shape).unwrap_or_default();
    text.push('\n');
    text
}
