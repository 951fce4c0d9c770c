//! TLSRPT (RFC 8460): what each scenario of the lab counts as, and the report that sums them.

use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;

use serde_json::Value as Json;
use starttls_verify::mta_sts::{Lack, Sts};
use starttls_verify::options::{Mode, Value};
use starttls_verify::report::{Applied, Code, PolicyKind, Report};
use starttls_verify::session::Session;
use starttls_verify::status::Status;
use starttls_verify::tls_rpt::{DateRange, ResultType, SessionResult, Summary, result_type};
use starttls_verify::tlsa::Record;
use starttls_verify::verify::{Config, Peer, Verifier};
use stv_lab::Lab;
use stv_lab::scenario::{Outcome, Scenario};

const KEY: &str = "3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// The report of a visit; `with` says what is known of the domain.
fn visit(lab: &Lab, scenario: &Scenario, with: impl Fn(&mut Config, &mut Peer)) -> Report {
    let mut config = Config::new();
    let cafile = lab.ca_pem_path().to_str().expect("a UTF-8 path").to_owned();
    config.put(Mode::Replace, "cafile", Value::Text(cafile)).expect("a CA");
    for name in ["connect_timeout_ms", "negotiation_timeout_ms", "handshake_timeout_ms"] {
        let deadline = Value::Int(scenario.deadline_ms as i64);
        config.put(Mode::Replace, name, deadline).expect("a deadline");
    }
    let mut peer = Peer::new();
    peer.set_host(scenario.host).expect("a host");
    peer.set_connect(&format!("127.0.0.1:{}", scenario.port)).expect("an address");
    with(&mut config, &mut peer);
    let mut session = Session::new(&Verifier::new(&config).expect("options"), &peer).expect("one");
    let _ = session.connect();
    session.report()
}

fn policy(mode: &str, host: &str) -> Sts {
    Sts::stated(&format!("version: STSv1\nmode: {mode}\nmx: {host}\nmax_age: 9\n")).expect("one")
}

fn opportunistic(config: &mut Config) {
    config.put(Mode::Replace, "insecure_opportunistic", Value::Bool(true)).expect("an option");
}

fn summary() -> Summary {
    let mut summary = Summary::new("bob.test", "id-1").expect("a domain");
    summary.set_organization("Alice \"&\" Co. \u{fc}").expect("a name");
    summary.set_contact("tls@alice.test").expect("an address");
    summary.set_range(DateRange::new(0, 86_399).expect("a day"));
    summary
}

fn read(summary: &Summary) -> Json {
    serde_json::from_str(&summary.json().expect("whole")).expect("JSON")
}

/// RFC 8460 §4.4, by hand: every key that must be there, none that it does not know, sums that add up.
fn check_shape(report: &Json) {
    let keys = |value: &Json| -> Vec<String> {
        value.as_object().expect("an object").keys().cloned().collect()
    };
    let top = ["contact-info", "date-range", "organization-name", "policies", "report-id"];
    assert_eq!(keys(report), top);
    assert_eq!(keys(&report["date-range"]), ["end-datetime", "start-datetime"]);
    for entry in report["policies"].as_array().expect("a list") {
        assert_eq!(keys(entry), ["failure-details", "policy", "summary"]);
        assert!(entry["policy"]["policy-string"].is_array());
        let kind = entry["policy"]["policy-type"].as_str().expect("a word");
        assert!(["tlsa", "sts", "no-policy-found"].contains(&kind), "{kind}");
        let counts = &entry["summary"];
        assert_eq!(keys(counts), ["total-failure-session-count", "total-successful-session-count"]);
        let rows = entry["failure-details"].as_array().expect("a list");
        let sum: u64 = rows.iter().filter_map(|row| row["failed-session-count"].as_u64()).sum();
        assert_eq!(counts["total-failure-session-count"].as_u64(), Some(sum));
        for row in rows {
            let word = row["result-type"].as_str().expect("a word");
            assert!(ResultType::ALL.iter().any(|one| one.word() == word), "{word}");
        }
    }
}

fn wanted(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Trusted => "success",
        Outcome::Rejected(code) | Outcome::Unchecked(code) => {
            let row = starttls_verify::report::TABLE.iter().find(|row| row.name == *code);
            result_type(row.expect(code).code).map_or("", ResultType::word)
        }
    }
}

#[test]
fn scenarios_and_their_results() {
    let directory = std::env::temp_dir().join(format!("stv-tls-rpt-{}", std::process::id()));
    let lab = Lab::start(&directory).expect("the lab starts");
    let reports: Vec<(&Scenario, Report)> = thread::scope(|scope| {
        let running: Vec<_> = lab
            .scenarios()
            .iter()
            .map(|scenario| (scenario, scope.spawn(|| visit(&lab, scenario, |_, _| {}))))
            .collect();
        running.into_iter().map(|(one, thread)| (one, thread.join().expect("no panic"))).collect()
    });
    let mut summary = summary();
    for (scenario, report) in &reports {
        let result = SessionResult::of(report).word();
        assert_eq!(result, wanted(&scenario.outcome), "{}: {}", scenario.id, report.text());
        summary.add(report).expect("a relay");
    }
    let json = read(&summary);
    check_shape(&json);
    let rows = json["policies"][0]["failure-details"].as_array().expect("a list").clone();
    assert!(rows.iter().all(|row| row["receiving-ip"] == "127.0.0.1"), "{rows:?}");
    assert!(rows.iter().all(|row| row["sending-mta-ip"] == "127.0.0.1"), "{rows:?}");
    policies_that_apply(&lab);
    std::fs::remove_dir_all(&directory).ok();
}

fn policies_that_apply(lab: &Lab) {
    let of = |outcome: fn(&Outcome) -> bool| {
        lab.scenarios().iter().find(|one| outcome(&one.outcome)).expect("a scenario")
    };
    let honest = of(|outcome| matches!(outcome, Outcome::Trusted));
    let named = of(|outcome| matches!(outcome, Outcome::Rejected("name.mismatch")));
    let seen = |scenario: &Scenario, with: &dyn Fn(&mut Config, &mut Peer)| {
        let report = visit(lab, scenario, with);
        (report.applied.kind.word(), SessionResult::of(&report).word())
    };
    let tlsa = |peer: &mut Peer| peer.add_tlsa(Record::parse(KEY).expect("one")).expect("room");
    // Nobody asked for a verified peer: what is encrypted complies.
    assert_eq!(seen(named, &|config, _| opportunistic(config)), ("no-policy-found", "success"));
    let testing = |host: &'static str| {
        move |config: &mut Config, peer: &mut Peer| {
            opportunistic(config);
            peer.set_sts(policy("testing", host));
        }
    };
    // The session is open, and the domain is told what enforcing would do.
    assert_eq!(seen(named, &testing(named.host)), ("sts", "certificate-host-mismatch"));
    assert_eq!(seen(honest, &testing(honest.host)), ("sts", "success"));
    assert_eq!(seen(honest, &testing("other.test")), ("sts", "validation-failure"));
    for (lack, wanted) in [
        (Lack::NotGot("gone".into()), "sts-policy-fetch-error"),
        (Lack::HostNotTrusted("expired".into()), "sts-webpki-invalid"),
        (Lack::Invalid("no mode".into()), "sts-policy-invalid"),
    ] {
        let unknown = |_: &mut Config, peer: &mut Peer| peer.set_sts(Sts::Unknown(lack.clone()));
        assert_eq!(seen(honest, &unknown), ("sts", wanted));
    }
    let record = |_: &mut Config, peer: &mut Peer| tlsa(peer);
    assert_eq!(seen(honest, &record), ("tlsa", "certificate-host-mismatch"));
    let demanded = |config: &mut Config, _: &mut Peer| {
        config.put(Mode::Replace, "dane", Value::Text("require".into())).expect("an option");
    };
    assert_eq!(seen(honest, &demanded), ("tlsa", "dane-required"));
}

/// A report without a peer, to be counted.
fn failed(code: Code) -> Report {
    let config = Config::new();
    let verifier = Verifier::new(&config).expect("options");
    let mut peer = Peer::new();
    peer.set_host("mail.bob.test").expect("a host");
    let failure = starttls_verify::report::Finding::fail(code, "");
    starttls_verify::verify::unjudged(&verifier.policy(&peer), &peer, failure)
}

#[test]
fn equal_rows_are_one_and_a_flood_is_bounded() {
    let (mut summary, report) = (summary(), failed(Code::StarttlsNotOffered));
    for _ in 0..3 {
        summary.add(&report).expect("counted");
    }
    let row = &read(&summary)["policies"][0]["failure-details"][0];
    assert_eq!(row["failed-session-count"], 3);
    assert_eq!(row["failure-reason-code"], "starttls.not_offered");
    for number in 0..5000 {
        let host = format!("mx{number}.bob.test");
        let applied = Applied { kind: PolicyKind::Tlsa, domain: host.clone(), ..Applied::none() };
        summary.add(&Report { host, applied, ..report.clone() }).expect("counted");
    }
    let json = read(&summary);
    check_shape(&json);
    let policies = json["policies"].as_array().expect("a list");
    let rows: usize =
        policies.iter().filter_map(|one| one["failure-details"].as_array()).map(Vec::len).sum();
    let sum = |one: &Json| one["summary"]["total-failure-session-count"].as_u64();
    assert_eq!(policies.iter().filter_map(sum).sum::<u64>(), 5003, "none is lost");
    assert!(policies.len() <= 257 && rows <= 4096 + 257, "{} {rows}", policies.len());
}

#[test]
fn what_cannot_stand_in_a_report_is_refused() {
    let long = "a".repeat(513);
    for bad in ["", "a\0b", "a\nb", "\u{1b}[2J", &long] {
        assert!(summary().set_organization(bad).is_err(), "{bad:?}");
        assert!(summary().set_id(bad).is_err(), "{bad:?}");
        assert!(summary().set_contact(bad).is_err(), "{bad:?}");
        assert!(Summary::new(bad, "1").is_err(), "{bad:?}");
    }
    for bad in ["alice.test", "@alice.test", "a b@", "a@alice..test"] {
        assert!(summary().set_contact(bad).is_err(), "{bad:?}");
    }
    for (begin, end) in [(-1, 5), (6, 5), (0, i64::MAX), (i64::MIN, i64::MAX)] {
        assert!(DateRange::new(begin, end).is_err(), "{begin} {end}");
    }
    let unfinished = Summary::new("bob.test", "1").expect("a domain");
    assert_eq!(unfinished.json().map_err(|error| error.status), Err(Status::State));
    let other = Report { origin: "eve.test".into(), ..failed(Code::ChainExpired) };
    assert_eq!(summary().add(&other).map_err(|error| error.status), Err(Status::Argument));
}

#[test]
fn what_failed_for_no_reason_of_tls_is_not_counted() {
    for code in [Code::IoTimeout, Code::IoConnect, Code::StarttlsGreetingRejected] {
        let mut summary = summary();
        summary.add(&failed(code)).expect("a relay");
        assert_eq!(read(&summary)["policies"], Json::Array(Vec::new()), "{code:?}");
    }
}

#[test]
fn python_reads_the_compressed_report_and_the_name_is_as_the_rfc_says() {
    let mut summary = summary();
    summary.add(&failed(Code::StarttlsNotOffered)).expect("a relay");
    let program =
        "import gzip,sys; sys.stdout.buffer.write(gzip.decompress(sys.stdin.buffer.read()))";
    let mut python = Command::new("python3")
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3");
    let gzip = summary.gzip().expect("whole");
    python.stdin.take().expect("a pipe").write_all(&gzip).expect("written");
    let output = python.wait_with_output().expect("an end");
    assert_eq!(String::from_utf8(output.stdout).expect("UTF-8"), summary.json().expect("whole"));
    let name = summary.file_name().expect("whole");
    assert_eq!(name, "alice.test!bob.test!0!86399!id1.json.gz");
}
