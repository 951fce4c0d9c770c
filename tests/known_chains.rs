//! A path that is remembered never answers for anything but the same chain under the same policy, and the
//! verdict on it is that of a full judgement.

use std::time::Duration;

use openssl::x509::X509;
use starttls_verify::options::{Mode, Value};
use starttls_verify::ossl::{Chain, UnreadChain};
use starttls_verify::report::{Code, Report, Shown, Source, Verdict};
use starttls_verify::tlsa::Record;
use starttls_verify::verify::{
    Config, Ending, Evidence, HostPattern, Peer, Precedence, Verifier, judge, judge_unread,
};
use stv_lab::ca::{Blueprint, Identity, Validity};
use stv_lab::chains::{BOB, EVE, Pki};
use stv_lab::revocation::CrlBlueprint;
use stv_lab::san::San;

type Setting = (&'static str, Value);
type Row = (&'static str, Vec<Setting>, Vec<Vec<u8>>);

const HEX: data_encoding::Encoding = data_encoding::HEXLOWER;

fn der(certificate: &X509) -> Vec<u8> {
    certificate.to_der().unwrap()
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

fn config(root: &Identity, settings: &[Setting]) -> Config {
    let mut config = Config::new();
    config.put(Mode::Append, "ca_der", Value::Bytes(der(&root.cert))).unwrap();
    for (name, value) in settings {
        config.put(Mode::Replace, name, value.clone()).unwrap();
    }
    config
}

fn verifier(root: &Identity, settings: &[Setting]) -> Verifier {
    Verifier::new(&config(root, settings)).unwrap()
}

fn chain(certificates: &[Vec<u8>]) -> Chain {
    let mut chain = Chain::new();
    certificates.iter().for_each(|der| chain.add_der(der).unwrap());
    chain
}

fn unread(certificates: &[Vec<u8>]) -> UnreadChain {
    let mut chain = UnreadChain::new();
    certificates.iter().for_each(|der| chain.add_der(der).unwrap());
    chain
}

fn peer(host: &str) -> Peer {
    let mut peer = Peer::new();
    peer.set_host(host).unwrap();
    peer
}

/// Certificates of Bob's chain as sent.
fn sent(pki: &Pki, leaf: &Blueprint) -> Vec<Vec<u8>> {
    pki.chain(leaf).unwrap().certs.iter().map(der).collect()
}

fn bob(pki: &Pki) -> Vec<Vec<u8>> {
    sent(pki, &Blueprint::leaf(&[BOB]))
}

fn is_recalled(report: &Report) -> bool {
    let trusted = report.findings.iter().find(|finding| finding.code == Code::ChainTrusted);
    trusted.is_some_and(|finding| finding.source == Source::Store)
}

/// The report but for what says that the path was known.
fn facts(report: &Report) -> Report {
    let mut report = report.clone();
    for finding in &mut report.findings {
        if finding.code == Code::ChainTrusted {
            finding.source = Source::Openssl;
        }
    }
    report
}

/// What the verifier says, which must be what a fresh one would say.
fn same_as_fresh(
    verifier: &Verifier,
    fresh: &Verifier,
    peer: &Peer,
    certificates: &[Vec<u8>],
    case: &str,
) -> Report {
    let report = judge_unread(verifier, peer, &unread(certificates));
    let full = judge_unread(fresh, peer, &unread(certificates));
    assert!(!is_recalled(&full), "{case}");
    assert_eq!(facts(&report), full, "{case}");
    report
}

#[test]
fn the_second_verdict_is_the_first_one_but_for_its_source() {
    let pki = Pki::new().unwrap();
    let certificates = bob(&pki);
    let fresh = || verifier(&pki.root, &[]);
    let verifier = fresh();
    let first = same_as_fresh(&verifier, &fresh(), &peer(BOB), &certificates, "first");
    assert!(first.verdict == Verdict::Trusted && !is_recalled(&first));
    for door in ["octets", "read"] {
        let second = match door {
            "octets" => judge_unread(&verifier, &peer(BOB), &unread(&certificates)),
            _ => judge(
                &verifier,
                &peer(BOB),
                &Evidence { chain: &chain(&certificates), shown: Shown::OnDisk },
                &Ending::default(),
            ),
        };
        assert!(is_recalled(&second), "{door}");
        assert_eq!(facts(&second), first, "{door}");
        assert_eq!(second.json().replace("\"store\"", "\"openssl\""), first.json(), "{door}");
    }
}

/// Whom is asked about, with a chain that is known.
fn changed_peers(leaf: &[u8]) -> Vec<(&'static str, Peer)> {
    let pin = HEX.encode(&openssl::sha::sha256(leaf));
    let with = |change: &dyn Fn(&mut Peer)| {
        let mut peer = peer(BOB);
        change(&mut peer);
        peer
    };
    let tlsa =
        |record: String| with(&move |peer| peer.add_tlsa(Record::parse(&record).unwrap()).unwrap());
    vec![
        ("the same", peer(BOB)),
        ("another name", peer(EVE)),
        ("an address", peer("192.0.2.1")),
        ("one more name", with(&|peer| peer.add_reference("dns:eve.test").unwrap())),
        ("an SRV name", with(&|peer| peer.add_reference("srv:_imap.bob.test").unwrap())),
        ("another port", with(&|peer| peer.set_port(993))),
        ("a record that matches", tlsa(format!("3 0 1 {pin}"))),
        ("a record that does not", tlsa(format!("3 0 1 {}", "00".repeat(32)))),
        ("a CA's record that does not", tlsa(format!("2 0 1 {}", "00".repeat(32)))),
        (
            "a look-up that failed",
            with(&|peer| peer.set_tlsa_state(starttls_verify::tlsa::State::LookupFailed)),
        ),
    ]
}

#[test]
fn whoever_is_meant_the_answer_is_the_fresh_one() {
    let pki = Pki::new().unwrap();
    let certificates = bob(&pki);
    let verifier = verifier(&pki.root, &[]);
    for (case, peer) in changed_peers(&certificates[0]) {
        judge_unread(&verifier, &self::peer(BOB), &unread(&certificates));
        let fresh = self::verifier(&pki.root, &[]);
        same_as_fresh(&verifier, &fresh, &peer, &certificates, case);
    }
    let eve = judge_unread(&verifier, &peer(EVE), &unread(&certificates));
    assert_eq!(eve.verdict, Verdict::Rejected);
    assert!(is_recalled(&eve), "the path is Bob's all the same");
}

#[test]
fn a_domains_own_anchor_is_never_answered_by_what_the_public_cas_said() {
    let pki = Pki::new().unwrap();
    let certificates = bob(&pki);
    let verifier = verifier(&pki.root, &[]);
    let ca = HEX.encode(&openssl::sha::sha256(&certificates[1]));
    let mut pinned = peer(BOB);
    pinned.add_tlsa(Record::parse(&format!("2 0 1 {ca}")).unwrap()).unwrap();
    for round in ["first", "second"] {
        judge_unread(&verifier, &peer(BOB), &unread(&certificates));
        let fresh = self::verifier(&pki.root, &[]);
        let report = same_as_fresh(&verifier, &fresh, &pinned, &certificates, round);
        assert_eq!(report.verdict, Verdict::Trusted, "{round}");
        assert!(!is_recalled(&report), "{round}");
    }
}

/// Chains that are almost the known one.
fn changed_chains(pki: &Pki, certificates: &[Vec<u8>]) -> Vec<(&'static str, Vec<Vec<u8>>)> {
    let other = bob(pki);
    let mut bit = certificates.to_vec();
    if let Some(last) = bit[0].last_mut() {
        *last ^= 1;
    }
    let mut upper = certificates.to_vec();
    if let Some(last) = upper[1].last_mut() {
        *last ^= 1;
    }
    let (leaf, above) = (certificates[0].clone(), certificates[1].clone());
    vec![
        ("another order", vec![above.clone(), leaf.clone()]),
        ("a bit of the leaf's signature", bit),
        ("a bit of its CA's signature", upper),
        ("one more", [certificates, &other[..1]].concat()),
        ("one twice", vec![leaf.clone(), above.clone(), above.clone()]),
        ("one less", vec![leaf.clone()]),
        ("another leaf", vec![other[0].clone(), above]),
        ("none", Vec::new()),
    ]
}

#[test]
fn a_chain_that_differs_in_an_octet_is_another_chain() {
    let pki = Pki::new().unwrap();
    let certificates = bob(&pki);
    for (case, changed) in changed_chains(&pki, &certificates) {
        let verifier = verifier(&pki.root, &[]);
        judge_unread(&verifier, &peer(BOB), &unread(&certificates));
        let fresh = self::verifier(&pki.root, &[]);
        let report = same_as_fresh(&verifier, &fresh, &peer(BOB), &changed, case);
        assert!(!is_recalled(&report), "{case}");
        let again = judge_unread(&verifier, &peer(BOB), &unread(&certificates));
        assert!(is_recalled(&again), "{case}: the known one is still known");
    }
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

#[test]
fn under_these_policies_nothing_is_remembered() {
    let pki = Pki::new().unwrap();
    let certificates = bob(&pki);
    let crl = |issuer: &Identity| Value::Bytes(CrlBlueprint::of(&[]).signed_by(issuer).unwrap());
    let rows: Vec<(&str, Vec<Setting>)> = vec![
        ("0 seconds", vec![("chain_cache_seconds", Value::Int(0))]),
        ("a time", vec![("time", Value::Int(now()))]),
        ("audit", vec![("audit", Value::Bool(true))]),
        ("insecure", vec![("insecure_ca_leaf", Value::Bool(true))]),
        ("opportunistic", vec![("insecure_opportunistic", Value::Bool(true))]),
        ("CRLs", vec![("crl_der", crl(&pki.intermediate)), ("crl_check", text("leaf"))]),
    ];
    for (case, settings) in rows {
        let verifier = verifier(&pki.root, &settings);
        for _ in 0..2 {
            let report = judge_unread(&verifier, &peer(BOB), &unread(&certificates));
            assert_eq!(report.verdict, Verdict::Trusted, "{case}: {report:?}");
            assert!(!is_recalled(&report), "{case}");
        }
    }
}

#[test]
fn only_what_was_trusted_is_remembered() {
    let pki = Pki::new().unwrap();
    let rows: Vec<Row> = vec![
        ("another name", vec![], sent(&pki, &Blueprint::leaf(&[EVE]))),
        (
            "a pin of another",
            vec![("pin", text(&format!("sha256:{}", "00".repeat(32))))],
            bob(&pki),
        ),
        ("no staple", vec![("ocsp", text("require"))], bob(&pki)),
        ("no record", vec![("dane", text("require"))], bob(&pki)),
        ("no known peer", vec![("known_peers", text("known-and-pkix"))], bob(&pki)),
        (
            "an expired leaf",
            vec![],
            sent(&pki, &Blueprint { validity: Validity::PAST, ..Blueprint::leaf(&[BOB]) }),
        ),
    ];
    for (case, settings, certificates) in rows {
        let verifier = verifier(&pki.root, &settings);
        for _ in 0..2 {
            let report = judge_unread(&verifier, &peer(BOB), &unread(&certificates));
            assert_eq!(report.verdict, Verdict::Rejected, "{case}");
            assert!(!is_recalled(&report), "{case}");
        }
    }
}

#[test]
fn one_policy_knows_nothing_of_anothers_chains() {
    let (pki, other) = (Pki::new().unwrap(), Pki::new().unwrap());
    let certificates = bob(&pki);
    judge_unread(&verifier(&pki.root, &[]), &peer(BOB), &unread(&certificates));
    let rows: Vec<(&str, &Identity, Vec<Setting>)> = vec![
        ("the same again", &pki.root, vec![]),
        ("another store", &other.root, vec![]),
        ("another purpose", &pki.root, vec![("purpose", text("sslclient"))]),
        ("less depth", &pki.root, vec![("verify_depth", Value::Int(0))]),
        ("a higher level", &pki.root, vec![("security_level", Value::Int(4))]),
        ("another profile", &pki.root, vec![("chain_profile", text("webpki"))]),
        ("another name", &pki.root, vec![("peer_name", text("eve.test"))]),
        ("a later time", &pki.root, vec![("time", Value::Int(now() + 400 * 86_400))]),
    ];
    for (case, root, settings) in rows {
        let report = judge_unread(&verifier(root, &settings), &peer(BOB), &unread(&certificates));
        assert!(!is_recalled(&report), "{case}");
        let trusted = matches!(case, "the same again" | "another profile");
        assert_eq!(report.verdict == Verdict::Trusted, trusted, "{case}: {report:?}");
    }
}

#[test]
fn a_section_of_the_configuration_has_chains_of_its_own() {
    let pki = Pki::new().unwrap();
    let certificates = sent(&pki, &Blueprint::leaf(&[BOB, EVE]));
    let mut config = config(&pki.root, &[]);
    let mut section = starttls_verify::options::Settings::default();
    section.put(Mode::Replace, "security_level", Value::Int(4)).unwrap();
    let layers = starttls_verify::verify::FileLayers {
        hosts: vec![(HostPattern::parse(EVE).unwrap(), section)],
        ..Default::default()
    };
    config.set_file(layers, Precedence::Handle);
    let verifier = Verifier::new(&config).unwrap();
    for _ in 0..2 {
        let (to_bob, to_eve) = (peer(BOB), peer(EVE));
        assert_eq!(
            judge_unread(&verifier, &to_bob, &unread(&certificates)).verdict,
            Verdict::Trusted
        );
        let strict = judge_unread(&verifier, &to_eve, &unread(&certificates));
        assert_eq!(strict.verdict, Verdict::Rejected);
        assert!(!is_recalled(&strict));
    }
}

#[test]
fn a_name_that_a_ca_may_not_issue_for_is_refused_on_a_known_path_too() {
    let pki = Pki::new().unwrap();
    let issuer =
        Blueprint { permitted: vec![San::dns("bob.test")], ..Blueprint::authority("Bob's CA") };
    let wild = pki.below(&issuer, &Blueprint::leaf(&[BOB])).unwrap();
    let certificates: Vec<Vec<u8>> = wild.certs.iter().map(der).collect();
    let verifier = verifier(&pki.root, &[]);
    for (host, verdict) in
        [(BOB, Verdict::Trusted), (BOB, Verdict::Trusted), (EVE, Verdict::Rejected)]
    {
        let fresh = self::verifier(&pki.root, &[]);
        let report = same_as_fresh(&verifier, &fresh, &peer(host), &certificates, host);
        assert_eq!(report.verdict, verdict, "{host}");
    }
}

#[test]
fn what_expires_between_two_verdicts_is_refused_at_the_second() {
    let pki = Pki::new().unwrap();
    let validity = Validity { until: 3, ..Validity::CURRENT };
    let certificates = sent(&pki, &Blueprint { validity, ..Blueprint::leaf(&[BOB]) });
    let verifier = verifier(&pki.root, &[]);
    let first = judge_unread(&verifier, &peer(BOB), &unread(&certificates));
    assert_eq!(first.verdict, Verdict::Trusted, "{first:?}");
    std::thread::sleep(Duration::from_millis(4500));
    let fresh = self::verifier(&pki.root, &[]);
    let second = same_as_fresh(&verifier, &fresh, &peer(BOB), &certificates, "expired");
    assert_eq!(second.first_failure().map(|failure| failure.code), Some(Code::ChainExpired));
}

#[test]
fn what_is_too_old_is_looked_for_again() {
    let pki = Pki::new().unwrap();
    let certificates = bob(&pki);
    let verifier = verifier(&pki.root, &[("chain_cache_seconds", Value::Int(1))]);
    judge_unread(&verifier, &peer(BOB), &unread(&certificates));
    std::thread::sleep(Duration::from_millis(1100));
    let late = judge_unread(&verifier, &peer(BOB), &unread(&certificates));
    assert!(late.verdict == Verdict::Trusted && !is_recalled(&late));
}

#[test]
fn as_many_as_there_is_room_for_are_known_and_the_oldest_goes() {
    use starttls_verify::limits::KNOWN_CHAINS;
    let pki = Pki::new().unwrap();
    let verifier = verifier(&pki.root, &[]);
    let leaf = pki.leaf(&[BOB]).unwrap();
    let leaf = der(&leaf.certs[0]);
    let above = der(&pki.intermediate.cert);
    // The same certificates in ever other numbers are ever other chains.
    let of = |count: usize| {
        let strays = std::iter::repeat_n(above.clone(), count / 8 + 1);
        let more = std::iter::repeat_n(leaf.clone(), count % 8);
        std::iter::once(leaf.clone()).chain(strays).chain(more).collect::<Vec<_>>()
    };
    let known = |count| is_recalled(&judge_unread(&verifier, &peer(BOB), &unread(&of(count))));
    let rooms = KNOWN_CHAINS;
    (0..=rooms).for_each(|count| assert!(!known(count), "{count} is new"));
    (1..=rooms).for_each(|count| assert!(known(count), "{count} of {rooms}"));
    assert!(!known(0), "the oldest went");
}

#[test]
fn a_chain_too_long_to_be_honest_is_not_remembered() {
    let pki = Pki::new().unwrap();
    let verifier = verifier(&pki.root, &[]);
    let mut certificates = bob(&pki);
    let stray = certificates[1].clone();
    certificates.extend(std::iter::repeat_n(stray, 90));
    for _ in 0..2 {
        let report = judge_unread(&verifier, &peer(BOB), &unread(&certificates));
        assert!(report.verdict == Verdict::Trusted && !is_recalled(&report));
    }
}

#[test]
fn many_threads_get_the_answer_of_one() {
    let pki = Pki::new().unwrap();
    let verifier = verifier(&pki.root, &[]);
    let (honest, eves) = (bob(&pki), sent(&pki, &Blueprint::leaf(&[EVE])));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let verdict =
                        |chain: &[Vec<u8>]| judge_unread(&verifier, &peer(BOB), &unread(chain));
                    assert_eq!(verdict(&honest).verdict, Verdict::Trusted);
                    assert_eq!(verdict(&eves).verdict, Verdict::Rejected);
                }
            });
        }
    });
}

#[test]
fn a_known_leaf_may_be_unread_by_openssl_and_a_bad_one_is_malformed() {
    let pki = Pki::new().unwrap();
    let verifier = verifier(&pki.root, &[]);
    let mut certificates = bob(&pki);
    // The subject's SEQUENCE of RDNs becomes one of something else, which our reader does not open.
    let skeleton = starttls_verify::der::Certificate::parse(&certificates[0]).unwrap();
    let (inside, length) = (skeleton.issuer.as_ptr(), skeleton.issuer.len());
    let at = inside as usize - certificates[0].as_ptr() as usize;
    assert!(length > 4);
    certificates[0][at + 2] = 0x04;
    let report = judge_unread(&verifier, &peer(BOB), &unread(&certificates));
    assert_eq!(report.verdict, Verdict::Rejected);
    assert_eq!(report.first_failure().map(|failure| failure.code), Some(Code::ChainMalformed));
}
