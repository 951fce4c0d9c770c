//! `starttls_scripts.json`: the servers of "NO STARTTLS" and curl's tests, through the C ABI and over
//! sockets. See `corpus`.

mod corpus;

use corpus::rulings;
use corpus::stage::Stage;
use corpus::suite::{self, Transcript};
use corpus::tally::{Tally, tell};
use corpus::trial::{self, Trial};
use corpus::{dialogue, ending::Ending};

const ROWS: usize = 94;

#[test]
fn every_transcript_ends_as_ruled() {
    let Some(rows) = suite::rows::<Transcript>("starttls_scripts.json") else {
        return tell("skipped: no conformance data\n");
    };
    assert_eq!((rows.len(), rulings::count()), (ROWS, ROWS), "every row has one ruling");
    let stage = Stage::new().expect("a CA");
    let trials: Vec<Trial> = rows.iter().map(|row| trial(row, &stage)).collect();
    let mut tally = Tally::of(&trials, trial::run_all(&trials, &stage));
    let exception = |row: &Transcript| Some((row.id.clone(), rulings::exception(&row.id)?));
    tally.exceptions = rows.iter().filter_map(exception).collect();
    tally.print("transcripts");
    assert!(tally.wrong.is_empty(), "{} wrong:\n{}", tally.wrong.len(), tally.wrong.join("\n"));
}

fn trial(row: &Transcript, stage: &Stage) -> Trial {
    let tls = stage.endpoint(rulings::shown(&row.why)).expect("a certificate");
    Trial {
        id: row.id.clone(),
        class: row.proto.clone(),
        scheme: scheme(&row.proto),
        play: dialogue::play(row, &tls),
        wanted: explained(row),
        heard: None,
    }
}

/// Our ending, which is the corpus's or an exception with a rule.
fn explained(row: &Transcript) -> Ending {
    let ending = rulings::ending(&row.id).unwrap_or_else(|| panic!("{}: no ruling", row.id));
    let agrees = rulings::agrees(&row.expect, ending);
    let exception = rulings::exception(&row.id);
    assert!(
        agrees != exception.is_some(),
        "{}: {} for {}, {exception:?}",
        row.id,
        ending,
        row.expect
    );
    ending
}

fn scheme(proto: &str) -> &'static str {
    match proto {
        "imap" => "imap",
        "pop3" => "pop3",
        "smtp" => "smtp",
        "ftp" => "ftp",
        other => panic!("a protocol that nobody thought of: {other}"),
    }
}
