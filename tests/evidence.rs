//! Evidence from the DNS through the judge itself: it may refuse, and never makes anybody trusted.

use starttls_verify::dns::Witness;
use starttls_verify::options::{Mode, Value};
use starttls_verify::ossl::Chain;
use starttls_verify::report::{Check, Outcome, Report, Shown, Verdict};
use starttls_verify::verify::{Config, Ending, Evidence, Peer, Verifier, judge};
use stv_lab::chains::{self, BOB, Pki};

const HERE: &str = "192.0.2.1";
const KINDS: [&str; 4] = ["reverse", "mx", "banner", "resolvers"];

/// Everything fits.
const GOOD: &[&str] = &[
    "192.0.2.1 PTR mail.bob.test",
    "mail.bob.test A 192.0.2.1",
    "mail.bob.test AAAA",
    "bob.test MX 10 mail.bob.test",
    "other: mail.bob.test A 192.0.2.1",
];
/// Nothing does.
const BAD: &[&str] = &[
    "192.0.2.1 PTR mail.eve.test",
    "mail.eve.test A 192.0.2.66",
    "mail.bob.test A 192.0.2.1",
    "bob.test MX 10 mail.eve.test",
    "other: mail.bob.test A 192.0.2.66",
];

fn verifier(pki: &Pki, settings: &[(&str, &str)]) -> Verifier {
    let mut config = Config::new();
    let root = Value::Bytes(pki.root.cert.to_der().unwrap());
    config.put(Mode::Append, "ca_der", root).unwrap();
    for (name, text) in settings {
        let (value, mode) = match *text {
            "true" => (Value::Bool(true), Mode::Replace),
            text if matches!(*name, "dns_evidence_required" | "dns_compare") => {
                (Value::Text(text.into()), Mode::Append)
            }
            text => (Value::Text(text.into()), Mode::Replace),
        };
        config.put(mode, name, value).unwrap();
    }
    Verifier::new(&config).unwrap()
}

fn peer(facts: &[&str]) -> Peer {
    let mut peer = Peer::new();
    peer.set_host(BOB).unwrap();
    peer.add_reference("dns:bob.test").unwrap();
    for fact in facts {
        let (witness, fact) = match fact.strip_prefix("other: ") {
            Some(fact) => (Witness::named("192.0.2.53"), fact),
            None => (Witness::Ours, *fact),
        };
        peer.state_fact(&witness, fact).unwrap();
    }
    peer
}

fn chain(made: &chains::Chain) -> Chain {
    let mut chain = Chain::new();
    for certificate in &made.certs {
        chain.add_der(&certificate.to_der().unwrap()).unwrap();
    }
    chain
}

fn judged(verifier: &Verifier, peer: &Peer, chain: &Chain, banner: &str) -> Report {
    let address = Some(HERE.parse().unwrap());
    let ending = Ending { address, banner: Some(banner), ..Ending::default() };
    judge(verifier, peer, &Evidence { chain, shown: Shown::InHandshake }, &ending)
}

fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Rejected | Verdict::Unknown => 0,
        Verdict::Unauthenticated => 1,
        Verdict::Trusted => 2,
    }
}

fn outcomes(report: &Report) -> Vec<Outcome> {
    let of_evidence = report.findings.iter().filter(|finding| finding.check() == Check::Evidence);
    of_evidence.map(|finding| finding.outcome).collect()
}

type Maker = fn(&Pki) -> Result<chains::Chain, stv_lab::Fault>;

/// Every chain with every way of weighing it, with and without evidence of every kind.
#[test]
fn it_never_turns_a_refusal_into_trust() {
    let pki = Pki::new().unwrap();
    let makers: [Maker; 4] =
        [chains::bob, chains::unknown_ca, chains::self_signed, |pki| pki.leaf(&["mail.eve.test"])];
    let weights: [&[(&str, &str)]; 5] = [
        &[],
        &[("insecure_opportunistic", "true")],
        &[("insecure_no_chain", "true")],
        &[("insecure_no_name", "true")],
        &[("insecure_no_chain", "true"), ("insecure_no_name", "true")],
    ];
    let (mut same, mut worse) = (0, 0);
    for chain in makers.map(|make| chain(&make(&pki).unwrap())) {
        for weight in weights {
            let without = judged(&verifier(&pki, weight), &peer(&[]), &chain, BOB).verdict;
            for rules in rules() {
                let settings = [weight, rules.as_slice()].concat();
                let verifier = verifier(&pki, &settings);
                for (facts, banner) in [(GOOD, BOB), (BAD, "mail.eve.test"), (&[][..], BOB)] {
                    let report = judged(&verifier, &peer(facts), &chain, banner);
                    assert!(
                        rank(report.verdict) <= rank(without),
                        "{settings:?} {facts:?}: {without:?} became {}",
                        report.summary()
                    );
                    match report.verdict == without {
                        true => same += 1,
                        false => worse += 1,
                    }
                }
            }
        }
    }
    assert!(same > 0 && worse > 0, "{same} {worse}");
}

fn rules() -> Vec<Vec<(&'static str, &'static str)>> {
    let compare = ("dns_compare", "192.0.2.53");
    let require = ("dns_evidence", "require");
    let one = KINDS.map(|kind| vec![require, compare, ("dns_evidence_required", kind)]);
    let all = KINDS.map(|kind| ("dns_evidence_required", kind));
    let all = [vec![require, compare], all.to_vec()].concat();
    let report = vec![("dns_evidence", "report"), compare];
    one.into_iter().chain([all, report]).collect()
}

#[test]
fn each_kind_refuses_where_it_is_demanded_and_only_there() {
    let pki = Pki::new().unwrap();
    let chain = chain(&chains::bob(&pki).unwrap());
    let report = verifier(&pki, &[("dns_evidence", "report")]);
    let noted = judged(&report, &peer(BAD), &chain, "mail.eve.test");
    assert_eq!((noted.verdict, outcomes(&noted)), (Verdict::Trusted, vec![Outcome::Note; 4]));
    for rules in rules().into_iter().take(KINDS.len()) {
        let verifier = verifier(&pki, &rules);
        let good = judged(&verifier, &peer(GOOD), &chain, BOB);
        assert_eq!((good.verdict, outcomes(&good)), (Verdict::Trusted, vec![Outcome::Pass; 4]));
        let bad = judged(&verifier, &peer(BAD), &chain, "mail.eve.test");
        let code = bad.first_failure().expect("a failure").code.name();
        assert_eq!(bad.verdict, Verdict::Rejected, "{rules:?}");
        assert!(code.starts_with("evidence."), "{code}");
        assert_eq!(outcomes(&bad).iter().filter(|one| **one == Outcome::Fail).count(), 1);
    }
}

/// What nobody looked up has not passed.
#[test]
fn what_is_not_known_does_not_fit() {
    let pki = Pki::new().unwrap();
    let chain = chain(&chains::bob(&pki).unwrap());
    for kind in ["reverse", "mx"] {
        let settings = [("dns_evidence", "require"), ("dns_evidence_required", kind)];
        let report = judged(&verifier(&pki, &settings), &peer(&[]), &chain, BOB);
        assert_eq!(report.verdict, Verdict::Rejected, "{kind}");
        assert_eq!(report.first_failure().unwrap().code.name(), "evidence.not_checked");
    }
}
