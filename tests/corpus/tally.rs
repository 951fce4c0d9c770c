//! The table at the end: class, rows, and how many were right in each mode.

use std::collections::BTreeMap;
use std::io::Write;

use super::client::Mode;
use super::trial::Trial;

/// Of one class: rows, and the right ones in each mode.
#[derive(Clone, Copy, Default)]
struct Line {
    rows: usize,
    right: [usize; Mode::ALL.len()],
}

#[derive(Default)]
pub struct Tally {
    lines: BTreeMap<String, Line>,
    /// What is wrong, as it is told.
    pub wrong: Vec<String>,
    /// Rows in which we differ from the corpus, and by which rule.
    pub exceptions: Vec<(String, &'static str)>,
    /// Rows that are calls and have no conversation.
    calls: usize,
}

impl Tally {
    pub fn of(trials: &[Trial], results: Vec<(usize, Mode, Option<String>)>) -> Tally {
        let mut tally = Tally::default();
        for trial in trials {
            tally.lines.entry(trial.class.clone()).or_default().rows += 1;
        }
        for (row, mode, wrong) in results {
            match wrong {
                None => tally.right(&trials[row].class, mode),
                Some(wrong) => tally.wrong.push(wrong),
            }
        }
        tally.wrong.sort();
        tally
    }

    fn right(&mut self, class: &str, mode: Mode) {
        let line = self.lines.entry(class.to_owned()).or_default();
        line.right[mode as usize] += 1;
    }

    /// A row without a conversation.
    pub fn count(&mut self, class: &str, wrong: Option<String>) {
        let line = self.lines.entry(class.to_owned()).or_default();
        line.rows += 1;
        self.calls += 1;
        if wrong.is_none() {
            line.right.iter_mut().for_each(|right| *right += 1);
        }
        self.wrong.extend(wrong);
    }

    /// On standard output, past the test harness, which keeps what tests print to itself.
    pub fn print(&self, title: &str) {
        let mut table = format!("\n{title:<16} rows  driven  bytewise  every-byte\n");
        let mut total = Line::default();
        for (class, line) in &self.lines {
            table += &line.text(class);
            total.rows += line.rows;
            total.right.iter_mut().zip(line.right).for_each(|(sum, right)| *sum += right);
        }
        table += &total.text("all");
        let played = total.rows - self.calls;
        table += &format!("{played} rows played in each mode, {} calls without one\n", self.calls);
        table += &self.explanations();
        table += &format!("{} exceptions, {} wrong\n", self.exceptions.len(), self.wrong.len());
        tell(&table);
    }

    /// A line for each rule, with its rows.
    fn explanations(&self) -> String {
        let mut rules: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (id, why) in &self.exceptions {
            rules.entry(why).or_default().push(id);
        }
        rules.iter().map(|(why, ids)| format!("exception {}: {why}\n", ids.join(", "))).collect()
    }
}

impl Line {
    fn text(&self, class: &str) -> String {
        let [driven, bytewise, every_byte] = self.right;
        format!("{class:<16} {:>4}  {driven:>6}  {bytewise:>8}  {every_byte:>10}\n", self.rows)
    }
}

/// Past the test harness.
pub fn tell(text: &str) {
    // A test does not fail because nobody listens.
    let _ = std::io::stdout().write_all(text.as_bytes());
}
