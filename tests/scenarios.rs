//! Every scenario of the lab through the session door: verdict, code, deadline, and nothing but
//! EHLO, STARTTLS and QUIT in clear.

use std::thread;
use std::time::{Duration, Instant};

use starttls_verify::error::Result;
use starttls_verify::options::{Mode, Value};
use starttls_verify::report::{Report, Verdict};
use starttls_verify::session::Session;
use starttls_verify::status::Status;
use starttls_verify::verify::{Config, Peer, Verifier};
use stv_lab::Lab;
use stv_lab::scenario::{Outcome, Scenario};

fn session(lab: &Lab, scenario: &Scenario) -> Result<Session> {
    let mut config = Config::new();
    let cafile = lab.ca_pem_path().to_str().expect("a UTF-8 path").to_owned();
    config.put(Mode::Replace, "cafile", Value::Text(cafile))?;
    for name in ["connect_timeout_ms", "negotiation_timeout_ms", "handshake_timeout_ms"] {
        config.put(Mode::Replace, name, Value::Int(scenario.deadline_ms as i64))?;
    }
    let mut peer = Peer::new();
    peer.set_host(scenario.host)?;
    peer.set_connect(&format!("127.0.0.1:{}", scenario.port))?;
    Session::new(&Verifier::new(&config)?, &peer)
}

/// Connects; what went wrong, if anything did.
fn fault(lab: &Lab, scenario: &Scenario) -> Option<String> {
    let begun = Instant::now();
    let mut session = session(lab, scenario).expect("a session");
    let status = session.connect();
    let report = session.report();
    let code = report.first_failure().map(|finding| finding.code.name());
    let right = match scenario.outcome {
        Outcome::Trusted => {
            status == Ok(Status::Ok) && report.verdict == Verdict::Trusted && talks(&mut session)
        }
        Outcome::Rejected(wanted) => {
            refused(&status, &report) && code == Some(wanted) && report.verdict == Verdict::Rejected
        }
        Outcome::Unchecked(wanted) => {
            refused(&status, &report) && code == Some(wanted) && report.verdict == Verdict::Unknown
        }
    };
    // Connecting, negotiating and the handshake have a deadline each.
    let in_time = begun.elapsed() < Duration::from_millis(scenario.deadline_ms * 2 + 1000);
    (!right || !in_time)
        .then(|| format!("{}: {status:?} {:?}\n{}", scenario.id, begun.elapsed(), report.text()))
}

fn refused(status: &Result<Status>, report: &Report) -> bool {
    status.as_ref().is_err_and(|error| error.status == report.status && error.status.has_report())
}

/// EHLO inside TLS.
fn talks(session: &mut Session) -> bool {
    let mut answer = [0; 512];
    let sent = session.write(b"EHLO localhost\r\n").is_ok();
    let read = session.read(&mut answer);
    let closed = session.close() == Ok(Status::Closed);
    sent && closed
        && matches!(read, Ok((Status::Ok, octets)) if answer[..octets].starts_with(b"250"))
}

#[test]
fn every_scenario_has_its_verdict() {
    let directory = std::env::temp_dir().join(format!("stv-scenarios-{}", std::process::id()));
    let lab = Lab::start(&directory).expect("the lab starts");
    let faults: Vec<String> = thread::scope(|scope| {
        let running: Vec<_> =
            lab.scenarios().iter().map(|scenario| scope.spawn(|| fault(&lab, scenario))).collect();
        running.into_iter().filter_map(|thread| thread.join().expect("no panic")).collect()
    });
    lab.settle(Duration::from_secs(5));
    let leaks = lab.leaks();
    std::fs::remove_dir_all(&directory).ok();
    assert!(faults.is_empty(), "{} wrong:\n{}", faults.len(), faults.join("\n"));
    assert!(leaks.is_empty(), "{leaks:?}");
}
