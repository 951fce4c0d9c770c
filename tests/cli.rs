//! The command line against the lab: exit codes, first lines, JSON, batches, and what a newcomer
//! does wrong.
#![cfg(feature = "cli")]

#[path = "cli/batches.rs"]
mod batches;
#[path = "cli/cases.rs"]
mod cases;
#[path = "cli/dane.rs"]
mod dane;
#[path = "cli/known.rs"]
mod known;
#[path = "cli/many.rs"]
mod many;
#[path = "cli/program.rs"]
mod program;
#[path = "cli/tls_rpt.rs"]
mod tls_rpt;
#[path = "cli/trust_cache.rs"]
mod trust_cache;
#[path = "cli/usage.rs"]
mod usage;

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use stv_lab::scenario::Scenario;

use program::{
    LAB, cafile, check, lab_dir, pins_of, quoted, run, run_with, scenario, shell, verdict_of,
};

/// Runs one check for every scenario at the same time.
fn every_scenario(test: impl Fn(&Scenario) -> Option<String> + Sync) {
    let test = &test;
    let faults: Vec<String> = std::thread::scope(|scope| {
        let running: Vec<_> =
            LAB.scenarios().iter().map(|scenario| scope.spawn(move || test(scenario))).collect();
        running.into_iter().filter_map(|thread| thread.join().expect("no panic")).collect()
    });
    assert!(faults.is_empty(), "{} wrong:\n{}", faults.len(), faults.join("\n"));
}

/// The beginning of the first line, up to the code.
fn beginning(scenario: &Scenario) -> String {
    let verdict = verdict_of(scenario).to_uppercase();
    let code = scenario.code.map(|code| format!("[{code}] ")).unwrap_or_default();
    let host = scenario.host.replace("bücher", "xn--bcher-kva").replace("b\u{43e}b", "xn--bb-fmc");
    format!("{verdict} smtp://{host}:25 {code}")
}

#[test]
fn every_scenario_has_its_exit_code_and_first_line() {
    every_scenario(|scenario| {
        let said = check(scenario, &[]);
        let right = said.exit == Some(scenario.exit)
            && said.first_line().starts_with(&beginning(scenario))
            && said.err.is_empty()
            && !said.out.contains('\x1b');
        (!right).then(|| format!("{}: {said:?}", scenario.id))
    });
    LAB.settle(Duration::from_secs(5));
    assert_eq!(LAB.leaks(), []);
}

#[test]
fn every_scenario_in_json() {
    every_scenario(|scenario| {
        let said = check(scenario, &["--json"]);
        let records = said.records();
        let report = records.first()?;
        let right = records.len() == 1
            && said.exit == Some(scenario.exit)
            && report["v"] == 1
            && report["verdict"] == verdict_of(scenario)
            && report["code"] == json!(scenario.code);
        (!right).then(|| format!("{}: {said:?}", scenario.id))
    });
}

#[test]
fn eve_is_refused_with_that_sentence() {
    let said = check(scenario("eve"), &[]);
    assert_eq!(said.exit, Some(1));
    let wanted = "the certificate is for mail.eve.test, but mail.bob.test was wanted";
    assert!(said.first_line().ends_with(wanted), "{said:?}");
    assert!(said.out.contains("what to do:"), "{said:?}");
    assert!(said.out.contains("certificate 0:"), "{said:?}");
}

#[test]
fn quiet_is_silent_and_audit_does_not_trust() {
    for (id, exit) in [("honest", 0), ("eve", 1), ("closed", 3)] {
        let said = check(scenario(id), &["--quiet"]);
        assert_eq!((said.exit, &said.out[..], &said.err[..]), (Some(exit), "", ""), "{id}");
    }
    let said = check(scenario("eve"), &["--audit"]);
    assert_eq!(said.exit, Some(1));
    assert!(said.first_line().starts_with("REJECTED"), "{said:?}");
    assert_eq!(check(scenario("honest"), &["--audit"]).exit, Some(0));
}

/// Another reference makes Eve's certificate the right one; a pin of hers does not.
#[test]
fn names_and_pins() {
    assert_eq!(check(scenario("eve"), &["--name", "dns:mail.eve.test"]).exit, Some(0));
    let pins = pins_of("honest");
    assert_eq!(check(scenario("honest"), &["--pin", &pins]).exit, Some(0));
    let said = check(scenario("honest-rsa"), &["--pin", &pins]);
    assert_eq!(said.exit, Some(1));
    assert!(said.first_line().contains("[pin.mismatch]"), "{said:?}");
    assert_eq!(
        check(scenario("honest-rsa"), &["--pin", &pins, "--pin", &pins_of("honest-rsa")]).exit,
        Some(0)
    );
}

#[test]
fn pins_of_a_server_say_how_far_they_can_be_believed() {
    let pin = |scenario: &Scenario| {
        let (cafile, connect) = (cafile(), scenario.connect());
        run(&["pin", "--cafile", &cafile, "--connect", &connect, scenario.host])
    };
    let (honest, own) = (pin(scenario("honest")), pin(scenario("self-signed")));
    assert_eq!((honest.exit, own.exit), (Some(0), Some(1)));
    assert!(honest.first_line().starts_with("# TRUSTED smtp://mail.bob.test:25"), "{honest:?}");
    assert!(!honest.out.contains("UNVERIFIED") && own.out.contains("# UNVERIFIED"), "{own:?}");
    for said in [honest, own] {
        assert!(said.out.contains("\nspki-sha256:") && said.out.contains("\nsha256:"), "{said:?}");
        assert!(said.out.contains("\n_25._tcp.mail.bob.test. IN TLSA 3 1 1 "), "{said:?}");
    }
    let none = pin(scenario("stripped"));
    assert_eq!((none.exit, &none.out[..]), (Some(1), ""));
    assert!(none.err.contains("starttls.not_offered"), "{none:?}");
}

#[test]
fn a_configuration_file_and_what_is_set_over_it() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli.toml");
    let text = format!(
        "cafile = {:?}\n[host.\"mail.bob.test\"]\npeer_name = \"mail.eve.test\"\n",
        cafile()
    );
    fs::write(&path, text).expect("a file");
    let config = path.to_str().expect("UTF-8");
    let connect = scenario("eve").connect();
    let given = ["check", "--config", config, "--connect", &connect, "mail.bob.test"];
    assert_eq!(run(&given).exit, Some(0));
    let said = run(&[&given[..], &["--set", "peer_name=mail.bob.test"]].concat());
    assert_eq!(said.exit, Some(1), "{said:?}");
}

#[test]
fn a_chain_from_a_file_and_from_standard_input() {
    let path = lab_dir().join("honest").join("chain.pem");
    let cafile = cafile();
    let pem = fs::read(&path).expect("a chain");
    let path = path.to_str().expect("UTF-8");
    for (name, exit) in [
        ("mail.bob.test", 0),
        ("dns:mail.bob.test", 0),
        ("mail.eve.test", 1),
        ("srv:_smtp.bob.test", 1),
        ("ip:192.0.2.1", 1),
        ("192.0.2.1", 1),
    ] {
        let said = run(&["chain", "--name", name, "--cafile", &cafile, path]);
        assert_eq!(said.exit, Some(exit), "{name}: {said:?}");
    }
    let given = ["chain", "--name", "mail.bob.test", "--cafile", &cafile, "--json", "-"];
    let said = run_with(&given, pem.clone());
    assert_eq!((said.exit, &said.records()[0]["verdict"]), (Some(0), &json!("trusted")));
    let leaf = openssl::x509::X509::from_pem(&pem).expect("PEM").to_der().expect("DER");
    let said = run_with(&given, leaf);
    assert_eq!((said.exit, &said.records()[0]["code"]), (Some(1), &json!("chain.unknown_issuer")));
    let later = ["--time", "4000000000"];
    let said = run_with(&[&given[..], &later].concat(), pem);
    assert_eq!((said.exit, &said.records()[0]["code"]), (Some(1), &json!("chain.expired")));
    assert_eq!(run(&given).exit, Some(2), "empty input");
}

/// The wrapper that the lab's demo runs.
#[test]
fn the_example_script_speaks_for_the_program() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/cli/smtp_check.sh");
    for id in ["honest", "eve", "slow-greeting", "ip"] {
        let scenario = scenario(id);
        let said = shell(&format!(
            "sh {} {} {} {} {}",
            quoted(script),
            scenario.host,
            scenario.connect(),
            quoted(&cafile()),
            scenario.deadline_ms
        ));
        assert_eq!(said.exit, Some(scenario.exit), "{said:?}");
        assert!(said.first_line().starts_with(&beginning(scenario)), "{said:?}");
    }
    assert_eq!(shell(&format!("sh {}", quoted(script))).exit, Some(2));
}
