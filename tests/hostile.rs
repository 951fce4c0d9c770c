//! A hostile server of each kind on every protocol, at every stage that the protocol has: the session
//! ends with its code, within its deadline, in bounded memory, and stays dead; nothing but the words
//! of the protocol has left in clear.
//!
//! [`conversation`] has the words of every protocol and the floods that take their place, [`cell`]
//! makes the table of it, [`server`] plays a part, [`visitor`] is the session, which has a process of
//! its own so that [`peak`] measures it alone.

#[path = "hostile/cell.rs"]
mod cell;
#[path = "hostile/conversation.rs"]
mod conversation;
#[path = "hostile/outcome.rs"]
mod outcome;
#[path = "hostile/peak.rs"]
mod peak;
#[path = "hostile/server.rs"]
mod server;
#[path = "hostile/visitor.rs"]
mod visitor;

use std::time::Duration;

use starttls_verify::proto::{REGISTRY, Upgrade};

use outcome::{OUTCOMES, Outcome};

/// Of the negotiation, and of the handshake.
const DEADLINE: Duration = Duration::from_millis(700);
/// How much later the end may come.
const TOLERANCE: Duration = Duration::from_millis(500);
/// How far memory may grow for one session, KiB.
const GROWTH_KIB: i64 = 1024;

/// Holds a rule against every cell.
fn every_cell(fault: impl Fn(&Outcome) -> Option<String>) {
    let faults: Vec<String> = OUTCOMES
        .iter()
        .filter_map(|outcome| Some(format!("{}: {}", outcome.name(), fault(outcome)?)))
        .collect();
    assert!(faults.is_empty(), "{} wrong:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_protocol_that_upgrades_has_its_conversation() {
    for row in REGISTRY {
        let has_turns = !conversation::of(row.protocol).turns.is_empty();
        assert_eq!(has_turns, row.upgrade == Upgrade::InBand, "{}", row.scheme);
    }
}

#[test]
fn every_cell_ends_with_its_code() {
    outcome::print_table(&OUTCOMES);
    every_cell(|outcome| {
        let (code, wanted) = (outcome.code(), outcome.cell.code);
        (code != wanted).then(|| format!("{code} in place of {wanted}"))
    });
}

#[test]
fn every_end_comes_within_the_deadline() {
    every_cell(|outcome| {
        let elapsed = outcome.account.as_ref().ok()?.elapsed;
        // What is found by itself is not waited for.
        let (least, most) = match outcome.cell.code {
            "io.timeout" => (DEADLINE, DEADLINE + TOLERANCE),
            _ => (Duration::ZERO, DEADLINE),
        };
        (elapsed < least || elapsed > most).then(|| format!("{elapsed:?}"))
    });
}

#[test]
fn memory_is_bounded() {
    every_cell(|outcome| {
        let growth = outcome.account.as_ref().ok()?.growth_kib;
        (growth >= GROWTH_KIB).then(|| format!("{growth} KiB"))
    });
}

#[test]
fn the_same_error_comes_again_from_every_later_call() {
    every_cell(|outcome| {
        let unsteady = &outcome.account.as_ref().ok()?.unsteady;
        (!unsteady.is_empty()).then(|| unsteady.clone())
    });
}

#[test]
fn nothing_but_the_words_of_the_protocol_leaves_in_clear() {
    every_cell(Outcome::leak);
}

#[test]
#[ignore = "run by the other tests, in a process of its own"]
fn one_visit_in_a_process_of_its_own() {
    visitor::run_errand();
}
