//! Chains that nobody in this project made, judged through the C ABI, beside OpenSSL alone.
//!
//! Data: `../shared/conformance` beside the package, or `$STV_CONFORMANCE`; nothing of it is copied
//! here. Where it is absent the test says so and passes. `make conformance` prints the table.
//!
//! A row is put to the library by `ours`, to OpenSSL by `bare`. A disagreement with the suite stands
//! in `exceptions.tsv` with a reason that cites a rule; there is no other kind.

#[path = "conformance/abi.rs"]
mod abi;
#[path = "conformance/bare.rs"]
mod bare;
#[path = "conformance/exceptions.rs"]
mod exceptions;
#[path = "conformance/ours.rs"]
mod ours;
#[path = "conformance/suite.rs"]
mod suite;
#[path = "conformance/tally.rs"]
mod tally;

use exceptions::Exception;
use suite::{Row, SUITES, Suite};
use tally::Tally;

#[test]
fn every_disagreement_with_the_suites_is_explained() {
    let mut exceptions = exceptions::all();
    let mut tallies = Vec::new();
    for suite in SUITES {
        match suite.rows() {
            None => println!("skipped: no conformance data ({})", suite.file),
            Some(rows) => tallies.push(run(suite, &rows, &mut exceptions)),
        }
    }
    println!("\n{}", tally::table(&tallies));
    let unexplained: Vec<&str> = tallies.iter().flat_map(Tally::unexplained).collect();
    let complaints = exceptions::complaints(&exceptions);
    assert!(unexplained.is_empty(), "unexplained:\n{}", unexplained.join("\n"));
    assert!(complaints.is_empty(), "exceptions.tsv:\n{}", complaints.join("\n"));
}

fn run(suite: &Suite, rows: &[Row], exceptions: &mut [Exception]) -> Tally {
    let mut tally = Tally::new(suite.name);
    for row in rows {
        let judged = ours::judge(suite, row);
        let explained = exceptions::explain(exceptions, row, judged.trusted);
        tally.add(row, &judged, explained, bare::accepts(row));
    }
    tally
}
