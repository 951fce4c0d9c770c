//! `attacks.json`: every attack on a STARTTLS client that the corpus knows, each by its own means, and
//! one tally of them all.
//!
//! `dialogues` are conversations before and after the upgrade, `tls` are hostile TLS servers,
//! `certificates` and `pins` are chains with one fault and their twins without, `staples` and `revocation`
//! are about certificates that were taken back, `dane` and `sts` about records and policies. What the
//! rows mean with us stands beside them; the rows themselves stay beside the project, or in
//! `$STV_CONFORMANCE`.

#[path = "../corpus/mod.rs"]
mod corpus;
mod fixtures;

mod certificates;
mod dane;
mod dialogues;
mod ledger;
mod pins;
mod revocation;
mod staples;
mod sts;
mod tls;

use corpus::suite::{self, Attack};
use corpus::tally::tell;
use ledger::{Ledger, proved};

const ROWS: usize = 182;

#[test]
fn every_attack_ends_as_it_must() {
    let mut ledger = prose();
    if let Some(corpus) = suite::rows::<Attack>("attacks.json") {
        assert_eq!(corpus.len(), ROWS);
        tls::is_meant(&corpus);
        let unmeant = [certificates::unmeant(&corpus), pins::unmeant(&corpus)].concat();
        assert!(unmeant.is_empty(), "{unmeant:#?}");
        ledger.enter(dialogues::rows(&corpus));
        tell(&ledger.table(&corpus));
        assert_eq!(ledger.strangers(&corpus), Vec::<String>::new());
    } else {
        tell("dialogues skipped: no conformance data\n");
    }
    let wrong = ledger.wrong();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// The rows that are words in the corpus, and programs here.
fn prose() -> Ledger {
    let mut ledger = Ledger::default();
    for rows in [tls::rows(), certificates::rows(), pins::rows()] {
        ledger.enter(rows);
    }
    for proofs in [pins::PROOFS, staples::PROOFS, revocation::PROOFS, dane::PROOFS, sts::PROOFS] {
        ledger.enter(proved(proofs));
    }
    ledger
}
