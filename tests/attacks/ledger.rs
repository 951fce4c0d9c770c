//! Row by row: who plays it, and what is wrong with it.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::catch_unwind;

use crate::corpus::suite::Attack;

/// What is wrong, by row; a row without faults is right, and one that nobody plays is not there.
pub type Rows = BTreeMap<String, Vec<String>>;

/// A row of the corpus that is prose, and what proves it. Several may prove one.
pub type Proof = (&'static str, fn());

/// Runs the proofs; one that panics is what is wrong.
pub fn proved(proofs: &[Proof]) -> Rows {
    let mut rows = Rows::new();
    for (row, proof) in proofs {
        let faults = catch_unwind(proof).err().map(|panic| words(panic.as_ref()));
        rows.entry((*row).to_owned()).or_default().extend(faults);
    }
    rows
}

fn words(panic: &dyn Any) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without words").to_owned()
}

/// All that was played.
#[derive(Default)]
pub struct Ledger {
    rows: Rows,
}

impl Ledger {
    /// What is played in two places counts once, and is right where both are.
    pub fn enter(&mut self, rows: Rows) {
        for (row, faults) in rows {
            self.rows.entry(row).or_default().extend(faults);
        }
    }

    /// What is wrong with the rows that were played.
    pub fn wrong(&self) -> Vec<String> {
        let told = |(row, faults): (&String, &Vec<String>)| {
            faults.iter().map(|fault| format!("{row}: {fault}")).collect::<Vec<_>>()
        };
        self.rows.iter().flat_map(told).collect()
    }

    /// Rows of the corpus that nobody plays, and rows that it does not have.
    pub fn strangers(&self, corpus: &[Attack]) -> Vec<String> {
        let known: BTreeSet<&String> = corpus.iter().map(|row| &row.id).collect();
        let played: BTreeSet<&String> = self.rows.keys().collect();
        known.symmetric_difference(&played).map(|id| (*id).clone()).collect()
    }

    /// A line for each class of the corpus, and one for all: rows, and those that are right.
    pub fn table(&self, corpus: &[Attack]) -> String {
        let mut classes: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for row in corpus {
            let right = usize::from(self.rows.get(&row.id).is_some_and(Vec::is_empty));
            let line = classes.entry(&row.class).or_default();
            *line = (line.0 + 1, line.1 + right);
        }
        let all = classes.values().fold((0, 0), |sum, line| (sum.0 + line.0, sum.1 + line.1));
        let line = |(class, (rows, right))| format!("{class:<16} {rows:>4}  {right:>5}\n");
        let lines: String = classes.into_iter().chain([("all", all)]).map(line).collect();
        format!("\nattacks          rows  right\n{lines}")
    }
}
