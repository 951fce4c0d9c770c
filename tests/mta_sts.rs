//! MTA-STS: `mtasts_tlsrpt.tsv` (records and policies, and TLSRPT records, of other projects), and
//! policy hosts on loopback, an honest one and every kind that must not be believed.
//!
//! Data: `../shared/conformance` beside the package, or `$STV_CONFORMANCE`; nothing of it is copied
//! here. Where it is absent the test says so and passes.

#[path = "mta_sts/host.rs"]
mod host;
#[path = "mta_sts/world.rs"]
mod world;

use std::io::Write;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use starttls_verify::discover::FetchFault;
use starttls_verify::mta_sts::{self, Mode, StsPolicy};
use starttls_verify::options::Value;
use starttls_verify::report::Verdict;
use starttls_verify::status::Status;
use starttls_verify::tls_rpt;
use stv_lab::ca::{Blueprint, Validity};
use stv_lab::chains::{Chain, Pki};

use host::{Answer, page, said, serve};
use world::World;

const ROWS: usize = 53;

fn data() -> Option<String> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance");
    let folder = std::env::var_os("STV_CONFORMANCE").map_or(beside, PathBuf::from);
    std::fs::read_to_string(folder.join("mtasts_tlsrpt.tsv")).ok()
}

/// `\xHH` stands for an octet; what is no UTF-8 then is no text.
fn unescaped(text: &str) -> Option<String> {
    let mut octets = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        match (first, behind) {
            (b'\\', [b'x', high, low, tail @ ..]) => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).expect("hexadecimal digits");
                octets.push(u8::from_str_radix(digits, 16).expect("hexadecimal digits"));
                rest = tail;
            }
            _ => octets.push(first),
        }
    }
    String::from_utf8(octets).ok()
}

fn is_valid(kind: &str, input: &str) -> bool {
    let Some(text) = unescaped(input) else { return false };
    match kind {
        "sts-record" => mta_sts::Record::parse(&text).is_ok(),
        "sts-policy" => StsPolicy::parse(&text).is_ok(),
        "tlsrpt-record" => tls_rpt::Record::parse(&text).is_ok(),
        "sts-fetch" => is_fetched(&text),
        _ => panic!("an unknown kind of row: {kind}"),
    }
}

/// A good policy from a host whose certificate is not: for another name, or expired.
fn is_fetched(policy: &str) -> bool {
    assert!(StsPolicy::parse(policy).is_ok());
    let world = World::new(&[]);
    assert!(world.honest(page("200 OK", "text/plain", policy)).is_ok());
    bad_hosts(&world)
        .iter()
        .any(|(_, chain)| world.fetch(&serve(chain, page("200 OK", "text/plain", policy))).is_ok())
}

fn bad_hosts(world: &World) -> [(&'static str, Chain); 3] {
    let expired = Blueprint { validity: Validity::PAST, ..Blueprint::leaf(&["mta-sts.bob.test"]) };
    let stranger = Pki::new().unwrap();
    [
        ("expired", world.pki.chain(&expired).unwrap()),
        ("another name", world.pki.leaf(&["bob.test"]).unwrap()),
        ("unknown CA", stranger.leaf(&["mta-sts.bob.test"]).unwrap()),
    ]
}

#[test]
fn every_record_and_policy_is_read_as_others_read_it() {
    let Some(text) = data() else { return println!("skipped: no conformance data") };
    let rows: Vec<Vec<&str>> =
        text.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    assert_eq!(rows.len(), ROWS);
    let wrong: Vec<&Vec<&str>> =
        rows.iter().filter(|row| is_valid(row[0], row[2]) != (row[1] == "valid")).collect();
    println!("mtasts_tlsrpt: {} of {ROWS} rows agree", ROWS - wrong.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

const POLICY: &str = "version: STSv1\r\nmode: enforce\r\nmx: mail.bob.test\r\nmax_age: 86400\r\n";

#[test]
fn a_policy_is_fetched() {
    let world = World::new(&[]);
    let policy = world.honest(page("200 OK", "text/plain", POLICY)).unwrap();
    assert_eq!((policy.mode, policy.max_age), (Mode::Enforce, 86_400));
    assert!(world.honest(page("200 OK", "text/plain; charset=utf-8", POLICY)).is_ok());
    let chunked = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{POLICY}\r\n0\r\n\r\n",
        POLICY.len()
    );
    assert!(world.honest(said(chunked)).is_ok());
}

#[test]
fn a_host_that_is_not_the_policy_host_states_no_policy() {
    let world = World::new(&[]);
    for (what, chain) in bad_hosts(&world) {
        let found = world.fetch(&serve(&chain, page("200 OK", "text/plain", POLICY)));
        match found {
            Err(FetchFault::Connection(error)) => {
                assert_eq!(error.status, Status::Rejected, "{what}")
            }
            other => panic!("{what}: {other:?}"),
        }
    }
}

#[test]
fn audit_mode_and_opportunism_believe_no_policy_either() {
    for name in ["audit", "insecure_opportunistic"] {
        let world = World::new(&[(name, Value::Bool(true))]);
        let stranger = Pki::new().unwrap().leaf(&["mta-sts.bob.test"]).unwrap();
        let found = world.fetch(&serve(&stranger, page("200 OK", "text/plain", POLICY)));
        match found {
            Err(FetchFault::Connection(error)) => {
                assert_eq!(error.status, Status::OpenUnverified, "{name}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn answers_that_are_no_policy() {
    let world = World::new(&[]);
    let elsewhere =
        "HTTP/1.1 301 Moved\r\nLocation: https://mta-sts.bob.test/x\r\nContent-Length: 0\r\n\r\n";
    for (what, answer, words) in [
        ("redirect", said(elsewhere.to_owned()), "it redirects (301), which is not followed"),
        ("missing", page("404 Not Found", "text/plain", POLICY), "its status is 404"),
        (
            "HTML",
            page("200 OK", "text/html", POLICY),
            "its media type is 'text/html', and text/plain is needed",
        ),
        (
            "no type",
            said(format!("HTTP/1.1 200 OK\r\n\r\n{POLICY}")),
            "its media type is '', and text/plain is needed",
        ),
        (
            "10 MB",
            page("200 OK", "text/plain", &"x".repeat(10 << 20)),
            "it is larger than 65536 octets",
        ),
        (
            "cut off",
            said(format!("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{POLICY}")),
            "it ended before it was whole",
        ),
        ("not HTTP", said("220 mail.bob.test ESMTP\r\n".to_owned()), "it does not speak HTTP/1.1"),
    ] {
        assert_eq!(world.honest(answer), Err(FetchFault::Answer(words.to_owned())), "{what}");
    }
    let broken = world.honest(page("200 OK", "text/plain", "version: STSv1\nmode: enforce\n"));
    assert_eq!(broken, Err(FetchFault::Policy("the field 'max_age' is missing".to_owned())));
}

#[test]
fn slow_hosts_end_within_the_deadline() {
    let world = World::new(&[]);
    let begun = Instant::now();
    let silent: Answer = Box::new(|_| thread::sleep(Duration::from_secs(3)));
    match world.honest(silent) {
        Err(FetchFault::Connection(error)) => assert_eq!(error.status, Status::Timeout),
        other => panic!("{other:?}"),
    }
    let dripping: Answer = Box::new(|stream| {
        for octet in b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" {
            if stream.write_all(&[*octet]).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
    });
    assert_eq!(world.honest(dripping), Err(FetchFault::TooSlow));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

/// What the judge makes of a relay under a policy.
#[test]
fn the_policy_and_the_judge() {
    const ENFORCE: &str = "version: STSv1\nmode: enforce\nmx: mail.bob.test\nmax_age: 9\n";
    const ELSEWHERE: &str = "version: STSv1\nmode: enforce\nmx: *.eve.test\nmax_age: 9\n";
    const TESTING: &str = "version: STSv1\nmode: testing\nmx: *.eve.test\nmax_age: 9\n";
    use Verdict::{Rejected, Trusted, Unauthenticated};
    let pki = Pki::new().unwrap();
    let bob = pki.leaf(&["mail.bob.test"]).unwrap();
    let stranger = Pki::new().unwrap().leaf(&["mail.bob.test"]).unwrap();
    let opportunistic: &[(&str, Value)] = &[("insecure_opportunistic", Value::Bool(true))];
    let required: &[(&str, Value)] = &[("mta_sts", Value::Text("require".to_owned()))];
    let off: &[(&str, Value)] = &[("mta_sts", Value::Text("off".to_owned()))];
    for (what, options, chain, policy, wanted) in [
        ("a host of the policy", &[][..], &bob, ENFORCE, Trusted),
        ("no host of the policy", &[], &bob, ELSEWHERE, Rejected),
        ("the policy ends opportunism", opportunistic, &stranger, ENFORCE, Rejected),
        ("and is kept under it", opportunistic, &bob, ENFORCE, Trusted),
        ("a foreign host under it", opportunistic, &bob, ELSEWHERE, Rejected),
        ("no policy, opportunism", opportunistic, &stranger, "", Unauthenticated),
        ("a tested policy refuses nobody", opportunistic, &stranger, TESTING, Unauthenticated),
        ("and lowers nothing", &[], &stranger, TESTING, Rejected),
        ("and a good peer stays one", &[], &bob, TESTING, Trusted),
        ("a policy is required", required, &bob, "", Rejected),
        ("one that is enforced", required, &bob, TESTING, Rejected),
        ("and is there", required, &bob, ENFORCE, Trusted),
        ("switched off", off, &bob, ELSEWHERE, Trusted),
    ] {
        let report = world::judged(&pki, options, chain, policy);
        assert_eq!(report.verdict, wanted, "{what}: {}", report.text());
    }
}

/// REQUIRETLS through the judge: a host whose certificate is for the domain, named by unsigned records.
#[test]
fn a_letter_that_demands_tls_goes_to_proven_hosts_only() {
    use starttls_verify::verify::Provenance::{Insecure, Secure, User};
    let pki = Pki::new().unwrap();
    let bob = pki.leaf(&["mail.bob.test", "bob.test"]).unwrap();
    let stranger = Pki::new().unwrap().leaf(&["mail.bob.test"]).unwrap();
    let demanded: &[(&str, Value)] = &[("requiretls", Value::Bool(true))];
    let opportunistic: &[(&str, Value)] =
        &[("requiretls", Value::Bool(true)), ("insecure_opportunistic", Value::Bool(true))];
    const ENFORCE: &str = "version: STSv1\nmode: enforce\nmx: mail.bob.test\nmax_age: 9\n";
    const TESTING: &str = "version: STSv1\nmode: testing\nmx: mail.bob.test\nmax_age: 9\n";
    for (options, chain, provenance, policy, code) in [
        (&[][..], &bob, Insecure, "", ""),
        (demanded, &bob, Insecure, "", "name.unproven_host"),
        (demanded, &bob, Insecure, TESTING, "name.unproven_host"),
        (demanded, &bob, Insecure, ENFORCE, ""),
        (demanded, &bob, Secure, "", ""),
        (demanded, &bob, User, "", ""),
        (opportunistic, &bob, Insecure, "", "name.unproven_host"),
        (opportunistic, &stranger, Secure, TESTING, "chain.unknown_issuer"),
    ] {
        let report = world::judged_from(&pki, options, chain, policy, provenance);
        let found = report.first_failure().map_or("", |finding| finding.code.name());
        assert_eq!(found, code, "{options:?} {provenance:?} {policy}: {}", report.text());
        assert_eq!(report.verdict == Verdict::Trusted, code.is_empty());
    }
}

#[test]
fn nobody_demands_a_proof_and_waives_it() {
    for waived in ["insecure_no_chain", "insecure_no_name"] {
        let mut config = starttls_verify::verify::Config::new();
        for name in ["requiretls", waived] {
            config.put(starttls_verify::options::Mode::Replace, name, Value::Bool(true)).unwrap();
        }
        let error = starttls_verify::verify::Verifier::new(&config).err().expect("a refusal");
        assert_eq!(error.status, Status::OptionValue);
        assert!(error.what.contains(waived), "{}", error.what);
    }
}
