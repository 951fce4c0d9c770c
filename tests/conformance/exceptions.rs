//! Disagreements that are meant, each with the rule that says so.
//!
//! `exceptions.tsv`: suite, id (one `*` stands for anything), our verdict, reason. A row
//! that agrees needs no exception, and one that is left over is an error: it would hide the next
//! disagreement.

use crate::suite::Row;

const TABLE: &str = include_str!("exceptions.tsv");

/// A line of the table, and what became of the rows that it speaks of.
pub struct Exception {
    suite: &'static str,
    id: &'static str,
    accepts: bool,
    reason: &'static str,
    seen: usize,
    used: usize,
}

/// The whole table.
pub fn all() -> Vec<Exception> {
    let lines = TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(Exception::parse).collect()
}

impl Exception {
    fn parse(line: &'static str) -> Exception {
        let [suite, id, verdict, reason] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("exceptions.tsv: four columns, not {line:?}");
        };
        let accepts = match verdict {
            "accepted" => true,
            "refused" => false,
            other => panic!("exceptions.tsv: {other:?} is neither accepted nor refused"),
        };
        Exception { suite, id, accepts, reason, seen: 0, used: 0 }
    }

    fn is_about(&self, row: &Row) -> bool {
        let same = match self.id.split_once('*') {
            Some((beginning, end)) => row.id.starts_with(beginning) && row.id.ends_with(end),
            None => row.id == self.id,
        };
        self.suite == row.suite && same
    }

    /// What is wrong with the line itself.
    fn complaint(&self) -> Option<String> {
        let cites = ["RFC ", "CABF ", "FIPS "];
        if !cites.iter().any(|rule| self.reason.contains(rule)) {
            return Some(format!("{}: the reason cites no rule: {}", self.id, self.reason));
        }
        (self.seen > 0 && self.used == 0)
            .then(|| format!("{}: stale, every row that it speaks of agrees", self.id))
    }
}

/// Whether a disagreement is explained; every row is shown here once, with our verdict.
pub fn explain(exceptions: &mut [Exception], row: &Row, accepted: bool) -> bool {
    let mut explained = false;
    for exception in exceptions.iter_mut().filter(|exception| exception.is_about(row)) {
        exception.seen += 1;
        if accepted != row.may_pass && accepted == exception.accepts {
            exception.used += 1;
            explained = true;
        }
    }
    explained
}

/// Lines of the table that are wrong or left over.
pub fn complaints(exceptions: &[Exception]) -> Vec<String> {
    exceptions.iter().filter_map(Exception::complaint).collect()
}
