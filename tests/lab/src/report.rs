//! The demo's table, for a terminal or as Markdown.

use std::fmt::Write;

use serde::Serialize;

use crate::demo::{Answer, Client};
use crate::lab::Leak;
use crate::scenario::Scenario;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Plain,
    /// Plain with ANSI colours.
    Coloured,
    Markdown,
}

/// Everything that a run of the demo brought up.
#[derive(Debug)]
pub struct Results<'a> {
    pub scenarios: &'a [Scenario],
    pub clients: &'a [Client],
    /// One row for each scenario, one answer for each client.
    pub answers: Vec<Vec<Answer>>,
    pub leaks: Vec<Leak>,
}

#[derive(Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    scenario: &'a Scenario,
    answers: &'a [Answer],
}

impl Results<'_> {
    pub fn all_right(&self) -> bool {
        self.leaks.is_empty() && self.answers.iter().flatten().all(|answer| answer.ok)
    }

    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let rows: Vec<Row<'_>> = self
            .rows()
            .map(|(scenario, answers)| Row { scenario, answers: answers.as_slice() })
            .collect();
        serde_json::to_vec_pretty(&rows)
    }

    pub fn print(&self, form: Form) -> String {
        let mut out = self.head(form);
        for (scenario, answers) in self.rows() {
            out += &self.row(form, scenario, answers);
            for answer in answers.iter().filter(|answer| !answer.ok) {
                out += &complaint(form, scenario, answer);
            }
        }
        for Leak { id, line } in &self.leaks {
            let _ = writeln!(out, "\nLEAK in {id}: {line}");
        }
        out + "\n" + &self.summary() + "\n"
    }

    /// `N scenarios x M clients: A right, B wrong`.
    pub fn summary(&self) -> String {
        let (n, m) = (self.scenarios.len(), self.clients.len());
        let wrong = self.answers.iter().flatten().filter(|answer| !answer.ok).count();
        let right = n * m - wrong;
        let mut line = format!("{n} scenarios x {m} clients: {right} right, {wrong} wrong");
        if !self.leaks.is_empty() {
            let _ = write!(line, ", {} leaks", self.leaks.len());
        }
        line
    }

    fn rows(&self) -> impl Iterator<Item = (&Scenario, &Vec<Answer>)> {
        self.scenarios.iter().zip(&self.answers)
    }

    fn head(&self, form: Form) -> String {
        let mut cells = vec!["scenario", "host", "expected"];
        cells.extend(self.clients.iter().map(|client| client.name.as_str()));
        cells.push("reason");
        let cells: Vec<Cell> = cells.into_iter().map(Cell::plain).collect();
        let head = self.line(form, &cells);
        if form != Form::Markdown {
            return head;
        }
        head + &"|---".repeat(cells.len()) + "|\n"
    }

    fn row(&self, form: Form, scenario: &Scenario, answers: &[Answer]) -> String {
        let mut cells: Vec<Cell> =
            [scenario.id, scenario.host, scenario.wanted()].map(Cell::plain).into();
        cells.extend(answers.iter().map(|answer| Cell::answer(answer.ok)));
        let reason = answers.iter().find(|answer| answer.ok).or(answers.first());
        cells.push(Cell::plain(reason.map_or(scenario.title, Answer::words)));
        self.line(form, &cells)
    }

    fn line(&self, form: Form, cells: &[Cell]) -> String {
        if form == Form::Markdown {
            let texts: Vec<String> = cells.iter().map(|c| c.text.replace('|', "\\|")).collect();
            return format!("| {} |\n", texts.join(" | "));
        }
        let widths = self.widths();
        let texts: Vec<String> = cells
            .iter()
            .enumerate()
            .map(|(at, cell)| cell.padded(form, widths.get(at).copied().unwrap_or(0)))
            .collect();
        texts.join("  ").trim_end().to_owned() + "\n"
    }

    /// Of all columns but the last, which ends the line.
    fn widths(&self) -> Vec<usize> {
        let widest = |of: fn(&Scenario) -> &str| {
            self.scenarios.iter().map(|s| of(s).chars().count()).max().unwrap_or(0).max(8)
        };
        let mut widths = vec![widest(|s| s.id), widest(|s| s.host), widest(Scenario::wanted)];
        widths.extend(self.clients.iter().map(|client| client.name.chars().count().max(5)));
        widths
    }
}

/// Text of a column, and an ANSI colour for it.
struct Cell {
    text: String,
    colour: Option<u8>,
}

impl Cell {
    fn plain(text: &str) -> Self {
        Self { text: visible(text), colour: None }
    }

    fn answer(ok: bool) -> Self {
        let (text, colour) = if ok { ("ok", 32) } else { ("WRONG", 31) };
        Self { text: text.to_owned(), colour: Some(colour) }
    }

    fn padded(&self, form: Form, width: usize) -> String {
        let text = format!("{:width$}", self.text);
        match (form, self.colour) {
            (Form::Coloured, Some(colour)) => format!("\x1b[{colour}m{text}\x1b[0m"),
            _ => text,
        }
    }
}

/// What a wrong client said, below its row.
fn complaint(form: Form, scenario: &Scenario, answer: &Answer) -> String {
    let exit = answer.exit.map_or("no exit code".to_owned(), |exit| format!("exit {exit}"));
    let said = if answer.line.is_empty() { &answer.error } else { &answer.line };
    let text = format!(
        "{}: wanted {} with exit {}, got {exit} after {} ms: {}",
        answer.client,
        scenario.wanted(),
        scenario.exit,
        answer.millis,
        visible(said),
    );
    match form {
        Form::Markdown => format!("| | {} |\n", text.replace('|', "\\|")),
        Form::Plain | Form::Coloured => format!("    {text}\n"),
    }
}

/// A client may quote the server, and the server is hostile.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
