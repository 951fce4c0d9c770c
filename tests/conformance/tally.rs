//! The table at the end.

use crate::abi::Judged;
use crate::suite::Row;

/// How often one judge agreed with a suite.
#[derive(Default)]
struct Count {
    agree: usize,
    false_accept: usize,
    false_reject: usize,
}

/// One suite.
pub struct Tally {
    suite: &'static str,
    rows: usize,
    ours: Count,
    bare: Count,
    explained: usize,
    unexplained: Vec<String>,
}

impl Count {
    fn add(&mut self, accepted: bool, may_pass: bool) {
        match (accepted, may_pass) {
            (true, false) => self.false_accept += 1,
            (false, true) => self.false_reject += 1,
            (true, true) | (false, false) => self.agree += 1,
        }
    }
}

impl Tally {
    pub fn new(suite: &'static str) -> Tally {
        let (ours, bare) = (Count::default(), Count::default());
        Tally { suite, rows: 0, ours, bare, explained: 0, unexplained: Vec::new() }
    }

    /// Adds a row with our answer and OpenSSL's.
    pub fn add(&mut self, row: &Row, judged: &Judged, explained: bool, bare: bool) {
        self.rows += 1;
        self.ours.add(judged.trusted, row.may_pass);
        self.bare.add(bare, row.may_pass);
        match (judged.trusted == row.may_pass, explained) {
            (true, _) => {}
            (false, true) => self.explained += 1,
            (false, false) => self.unexplained.push(words(row, judged)),
        }
        if std::env::var_os("STV_CONFORMANCE_ROWS").is_some() && judged.trusted != row.may_pass {
            println!("{}", words(row, judged));
        }
    }

    pub fn unexplained(&self) -> impl Iterator<Item = &str> {
        self.unexplained.iter().map(String::as_str)
    }

    fn line(&self) -> String {
        let Tally { suite, rows, ours, bare, explained, unexplained } = self;
        format!(
            "{suite:<12}{rows:>6}{:>7}{:>14}{:>14}{explained:>11}{:>13}   {}/{}/{}\n",
            ours.agree,
            ours.false_accept,
            ours.false_reject,
            unexplained.len(),
            bare.agree,
            bare.false_accept,
            bare.false_reject,
        )
    }
}

fn words(row: &Row, judged: &Judged) -> String {
    let verdict = if judged.trusted { "accepted" } else { "refused" };
    let is_failure = |line: &&str| line.trim_start().starts_with("fail ");
    let failure = judged.text.lines().find(is_failure).unwrap_or_default();
    format!("{}\t{}\t{verdict}\t{} {}", row.suite, row.id, judged.code, failure.trim())
}

/// All suites.
pub fn table(tallies: &[Tally]) -> String {
    let head = "suite         rows  agree  false accept  false reject  explained  unexplained   OpenSSL alone: agree/false accept/false reject\n";
    let lines = tallies.iter().map(Tally::line);
    std::iter::once(head.to_owned()).chain(lines).collect()
}
