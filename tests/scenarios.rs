//! Every scenario of the lab through the session door, in every protocol that the lab speaks:
//! verdict, code, deadline, and in clear nothing but what the protocol needs for TLS.

use std::thread;
use std::time::{Duration, Instant};

use starttls_verify::error::Result;
use starttls_verify::options::{Mode, Value};
use starttls_verify::proto::Protocol;
use starttls_verify::report::{Report, Verdict};
use starttls_verify::session::Session;
use starttls_verify::status::Status;
use starttls_verify::verify::{Config, Peer, Verifier};
use stv_lab::Lab;
use stv_lab::dialect::{self, Dialect};
use stv_lab::scenario::{Outcome, Scenario};

fn session(lab: &Lab, scenario: &Scenario) -> Result<Session> {
    let mut config = Config::new();
    let cafile = lab.ca_pem_path().to_str().expect("a UTF-8 path").to_owned();
    config.put(Mode::Replace, "cafile", Value::Text(cafile))?;
    for name in ["connect_timeout_ms", "negotiation_timeout_ms", "handshake_timeout_ms"] {
        config.put(Mode::Replace, name, Value::Int(scenario.deadline_ms as i64))?;
    }
    let mut peer = Peer::new();
    peer.set_protocol(Protocol::from_scheme(scenario.protocol).expect("a protocol"));
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
            status == Ok(Status::Ok)
                && report.verdict == Verdict::Trusted
                && talks(scenario, &mut session)
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

/// A command inside TLS.
fn talks(scenario: &Scenario, session: &mut Session) -> bool {
    let (command, answers) = match scenario.protocol {
        "imap" => ("a1 CAPABILITY\r\n", "* CAPABILITY"),
        "pop3" => ("STAT\r\n", "+OK 0 0"),
        "sieve" => ("CAPABILITY\r\n", "\"IMPLEMENTATION\""),
        "ftp" => ("PWD\r\n", "257"),
        _ => ("EHLO localhost\r\n", "250"),
    };
    let mut answer = [0; 512];
    let sent = session.write(command.as_bytes()).is_ok();
    let read = session.read(&mut answer);
    let closed = session.close() == Ok(Status::Closed);
    sent && closed
        && matches!(read, Ok((Status::Ok, octets)) if answer[..octets].starts_with(answers.as_bytes()))
}

fn play_all(dialect: &'static Dialect) {
    let name = format!("stv-scenarios-{}-{}", dialect.name, std::process::id());
    let directory = std::env::temp_dir().join(name);
    let lab = Lab::start_speaking(dialect, &directory, |_| true).expect("the lab starts");
    assert!(lab.scenarios().len() > 70);
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

#[test]
fn every_scenario_has_its_verdict() {
    // One after the other: each has a deadline, and there are as many threads as rows.
    for dialect in dialect::DIALECTS {
        play_all(dialect);
    }
}
