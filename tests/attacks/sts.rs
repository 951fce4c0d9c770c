//! MTA-STS rows: an enemy in front of the policy host, and what a relay does then.

#[path = "../mta_sts/host.rs"]
mod host;
#[path = "../mta_sts/world.rs"]
mod world;

use starttls_verify::discover::{FetchFault, Settled, TxtRecords, settle};
use starttls_verify::mta_sts::{Held, Mode, Record, Sts, StsPolicy};
use starttls_verify::report::Verdict;
use stv_lab::chains::Pki;

use host::{page, said, serve};
use world::World;

use super::ledger::Proof;

/// The rows that this proves.
pub const PROOFS: &[Proof] = &[
    ("A254", a254_a_host_that_the_policy_does_not_name),
    ("A257", a257_a_policy_host_that_is_none),
    ("A259", a259_a_policy_that_gives_itself_up),
    ("A260", a260_a_policy_that_is_none),
];

const NOW: i64 = 1_800_000_000;

fn policy(mode: &str, max_age: u32) -> String {
    format!("version: STSv1\r\nmode: {mode}\r\nmx: mail.bob.test\r\nmax_age: {max_age}\r\n")
}

fn held(id: &str, mode: &str) -> Held {
    Held::new(&Record { id: id.to_owned() }, policy(mode, 1000), NOW - 10).expect("a policy")
}

/// What is in force when the TXT record has the id `new`, and an enforced policy is held under `old`.
fn renewed(fetched: Result<String, FetchFault>) -> Settled {
    let records = TxtRecords::Found(vec!["v=STSv1; id=new".to_owned()]);
    settle(&records, Some(held("old", "enforce")), NOW, || fetched)
}

#[track_caller]
fn still_enforced(fetched: Result<String, FetchFault>, why: &str) {
    let settled = renewed(fetched);
    assert!(settled.hold.is_none(), "{why}: nothing takes its place");
    assert_eq!(in_force(&settled.sts), Some(Mode::Enforce), "{why}");
}

fn in_force(sts: &Sts) -> Option<Mode> {
    match sts {
        Sts::Policy(policy) => Some(policy.mode),
        Sts::NotAsked | Sts::Nothing | Sts::Unknown(_) => None,
    }
}

fn a254_a_host_that_the_policy_does_not_name() {
    let pki = Pki::new().expect("a CA");
    let bob = pki.leaf(&["mail.bob.test"]).expect("a chain");
    let named = world::judged(&pki, &[], &bob, &policy("enforce", 9));
    assert_eq!(named.verdict, Verdict::Trusted, "{}", named.text());
    let elsewhere = policy("enforce", 9).replace("mail.bob.test", "mail.eve.test");
    let other = world::judged(&pki, &[], &bob, &elsewhere);
    assert_eq!(other.verdict, Verdict::Rejected);
    let first = other.first_failure().expect("a failure");
    assert_eq!(first.code.name(), "mta_sts.mismatch", "{}", other.text());
}

fn a257_a_policy_host_that_is_none() {
    let world = World::new(&[]);
    let text = policy("none", 9);
    let wrong_name = world.pki.leaf(&["bob.test"]).expect("a chain");
    let redirect =
        "HTTP/1.1 302 Found\r\nLocation: https://mta-sts.bob.test/x\r\nContent-Length: 0\r\n\r\n";
    for (what, fetched) in [
        ("a redirect", world.honest(said(redirect.to_owned()))),
        ("HTML", world.honest(page("200 OK", "text/html", &text))),
        ("another host", world.fetch(&serve(&wrong_name, page("200 OK", "text/plain", &text)))),
    ] {
        let fault = fetched.expect_err(what);
        still_enforced(Err(fault), what);
    }
    let good = world.honest(page("200 OK", "text/plain", &text));
    assert_eq!(good.expect("the twin without the fault").mode, Mode::None);
}

/// RFC 8461 §8.3: a domain gives its policy up by publishing another one. Whoever keeps that one away, or
/// only removes the TXT record, ends nothing.
fn a259_a_policy_that_gives_itself_up() {
    let settled = renewed(Ok(policy("none", 9)));
    assert_eq!(in_force(&settled.sts), Some(Mode::None));
    assert_eq!(settled.hold.map(|held| held.policy.max_age), Some(9), "kept in its place");
    still_enforced(Ok(policy("none", 9).replace("STSv1", "STSv2")), "a text that is no policy");
    still_enforced(Err(FetchFault::TooSlow), "no answer");
    let gone = settle(&TxtRecords::Found(Vec::new()), Some(held("old", "enforce")), NOW, || {
        panic!("without a record nobody is asked")
    });
    assert_eq!(in_force(&gone.sts), Some(Mode::Enforce));
}

fn a260_a_policy_that_is_none() {
    let world = World::new(&[]);
    let large = format!("{}{}", policy("none", 9), "x: y\r\n".repeat((10 << 20) / 6));
    let fault = world.honest(page("200 OK", "text/plain", &large)).expect_err("10 MB");
    still_enforced(Err(fault), "10 MB");
    let none = policy("none", 9);
    for (what, text) in [
        ("a NUL", none.replace("none", "none\0")),
        ("a NUL between", none.replace("\r\nmx", "\r\n\0mx")),
        ("a bare CR", none.replace("\r\nmx", "\rmx")),
        ("a bare CR in a value", none.replace("mail.bob", "mail.\rbob")),
    ] {
        still_enforced(Ok(text), what);
    }
    // Of two fields the first counts (RFC 8461 §3.2), so nobody appends a weaker one.
    let twice = format!("{}mode: none\r\nmax_age: 1\r\n", policy("enforce", 9));
    let read = StsPolicy::parse(&twice).expect("a policy");
    assert_eq!((read.mode, read.max_age), (Mode::Enforce, 9));
}
