//! What Eve, a disturbed resolver and a careless administrator do with TLSA records, through the C
//! ABI. The ids are those of the table of attacks on STARTTLS clients.

#[path = "../dane/abi.rs"]
#[allow(dead_code)]
mod abi;

use abi::{
    ARGUMENT, Answer, BOGUS, CERTIFICATE, ENCODING, INSECURE, LOOKUP_FAILED, NAME, OK,
    OPEN_UNVERIFIED, Question, REJECTED, SECURE, TLSA, cert_matches,
};
use openssl::sha::{sha256, sha512};
use openssl::x509::X509;
use stv_lab::ca::{Basic, Blueprint, Digest, Identity, KeyKind, Validity};
use stv_lab::chains::{BOB, EVE, Pki};

use super::ledger::Proof;

/// The rows that this proves.
pub const PROOFS: &[Proof] = &[
    ("A248", a248_dane_ee_asks_neither_for_name_nor_for_date),
    ("A248", a248_a_weak_key_is_anybodys_also_with_a_record),
    ("A249", a249_dane_ta_needs_chain_name_and_date),
    ("A249", a249_the_names_of_the_next_hop_and_the_base_domain),
    ("A250", a250_a_ca_that_the_server_does_not_send),
    ("A251", a251_after_a_mismatch_there_is_no_way_back_to_public_cas),
    ("A252", a252_records_of_which_nothing_can_be_made_are_passed_over),
    ("A253", a253_the_strongest_digest_decides),
    ("A246", a246_records_that_nobody_signed_count_for_nothing),
    ("A262", a262_a_pin_binds_also_where_a_record_decides_the_rest),
];

const HEX: data_encoding::Encoding = data_encoding::HEXLOWER;
/// Codes of failures and of the verdict in one: trusted.
const GOOD: (i32, &str) = (OK, "");
const OTHER: &str = "3 1 1 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const SHORT: &str = "3 1 1 0011";

fn record(numbers: &str, certificate: &X509) -> String {
    let selected = match &numbers[2..3] {
        "0" => certificate.to_der().unwrap(),
        _ => certificate.public_key().unwrap().public_key_to_der().unwrap(),
    };
    let data = match &numbers[4..5] {
        "0" => selected,
        "1" => sha256(&selected).to_vec(),
        _ => sha512(&selected).to_vec(),
    };
    format!("{numbers} {}", HEX.encode(&data))
}

fn der(certificates: &[&X509]) -> Vec<Vec<u8>> {
    certificates.iter().map(|one| one.to_der().unwrap()).collect()
}

/// A relay that trusts no public CA at all, so that only records can help.
fn relay(records: &[String]) -> Question {
    let question = Question::new("smtp").host(BOB).option("system_ca", "false");
    records.iter().fold(question, |question, one| question.tlsa(one))
}

/// The same with Bob's root as a public CA.
fn with_public_ca(pki: &Pki, records: &[String]) -> Question {
    let question = Question::new("smtp").host(BOB).anchor(&pki.root.cert.to_der().unwrap());
    records.iter().fold(question, |question, one| question.tlsa(one))
}

fn sent(question: Question, certificates: &[&X509]) -> Answer {
    let certificates = der(certificates);
    question.sent(certificates.iter().map(Vec::as_slice)).ask()
}

#[track_caller]
fn expect(answer: &Answer, wanted: (i32, &str), why: &str) {
    assert_eq!((answer.status, answer.code.as_str()), wanted, "{why}\n{}", answer.text);
    assert_eq!(answer.verdict == 1, wanted.0 == OK, "{why}");
}

fn bob(pki: &Pki) -> Identity {
    Blueprint::leaf(&[BOB]).issued_by(&pki.intermediate).unwrap()
}

fn a248_dane_ee_asks_neither_for_name_nor_for_date() {
    let pki = Pki::new().unwrap();
    let odd = Blueprint { validity: Validity::PAST, ..Blueprint::leaf(&[EVE]) };
    let odd = odd.issued_by(&pki.intermediate).unwrap().cert;
    let own = Blueprint::leaf(&[]).self_signed().unwrap().cert;
    for (leaf, what) in [(&odd, "wrong name, expired"), (&own, "self-signed, no name")] {
        for numbers in ["3 0 0", "3 0 1", "3 0 2", "3 1 0", "3 1 1", "3 1 2"] {
            let answer = sent(relay(&[record(numbers, leaf)]), &[leaf]);
            expect(&answer, GOOD, &format!("{numbers}: {what}"));
            assert_eq!(answer.match_depth, 0);
        }
    }
    let strict = relay(&[record("3 1 1", &odd)]).option("dane_ee_name", "true");
    expect(&sent(strict, &[&odd]), (REJECTED, "name.mismatch"), "unless the name is asked for");
    let fair = Blueprint { validity: Validity::PAST, ..Blueprint::leaf(&[BOB]) };
    let fair = fair.self_signed().unwrap().cert;
    let strict = relay(&[record("3 1 1", &fair)]).option("dane_ee_name", "true");
    expect(&sent(strict, &[&fair]), GOOD, "with its name");
}

fn a248_a_weak_key_is_anybodys_also_with_a_record() {
    let weak = Blueprint { key: KeyKind::Rsa(1024), ..Blueprint::leaf(&[BOB]) };
    let weak = weak.self_signed().unwrap().cert;
    let answer = sent(relay(&[record("3 1 1", &weak)]), &[&weak]);
    expect(&answer, (REJECTED, "dane.weak_key"), "RSA with 1024 bits");
}

fn a249_dane_ta_needs_chain_name_and_date() {
    let pki = Pki::new().unwrap();
    let (ca, root) = (&pki.intermediate.cert, &pki.root.cert);
    let leaf = |blueprint: Blueprint| blueprint.issued_by(&pki.intermediate).unwrap().cert;
    let (good, eve) = (leaf(Blueprint::leaf(&[BOB])), leaf(Blueprint::leaf(&[EVE])));
    let old = leaf(Blueprint { validity: Validity::PAST, ..Blueprint::leaf(&[BOB]) });
    for numbers in ["2 0 0", "2 0 1", "2 0 2", "2 1 0", "2 1 1", "2 1 2"] {
        let records = [record(numbers, ca)];
        let answer = sent(relay(&records), &[&good, ca]);
        expect(&answer, GOOD, numbers);
        assert_eq!(answer.match_depth, 1, "{numbers}");
        expect(&sent(relay(&records), &[&eve, ca]), (REJECTED, "name.mismatch"), numbers);
        expect(&sent(relay(&records), &[&old, ca]), (REJECTED, "chain.expired"), numbers);
        let above = sent(relay(&[record(numbers, root)]), &[&good, ca, root]);
        expect(&above, GOOD, numbers);
        assert_eq!(above.match_depth, 2, "{numbers}");
    }
}

fn a249_the_names_of_the_next_hop_and_the_base_domain() {
    let pki = Pki::new().unwrap();
    let ca = &pki.intermediate.cert;
    let named = |name| Blueprint::leaf(&[name]).issued_by(&pki.intermediate).unwrap().cert;
    let question = || {
        let question = Question::new("smtp").host("bob.test").base("mx.host.test");
        question
            .option("system_ca", "false")
            .reference("dns:next.bob.test")
            .tlsa(&record("2 1 1", ca))
    };
    for (name, wanted) in [
        ("mx.host.test", GOOD),
        ("bob.test", GOOD),
        ("next.bob.test", GOOD),
        ("host.test", (REJECTED, "name.mismatch")),
        (EVE, (REJECTED, "name.mismatch")),
    ] {
        expect(&sent(question(), &[&named(name), ca]), wanted, name);
    }
    // Without records that decide, the name that the DNS led to proves nothing.
    let public = Question::new("smtp").host("bob.test").base("mx.host.test");
    let public = public.anchor(&pki.root.cert.to_der().unwrap());
    let answer = sent(public, &[&named("mx.host.test"), ca]);
    expect(&answer, (REJECTED, "name.mismatch"), "the base domain of an insecure look-up");
}

fn a250_a_ca_that_the_server_does_not_send() {
    let pki = Pki::new().unwrap();
    let (leaf, ca, root) = (bob(&pki).cert, &pki.intermediate.cert, &pki.root.cert);
    for numbers in ["2 0 1", "2 1 1", "2 1 2"] {
        let answer = sent(relay(&[record(numbers, root)]), &[&leaf, ca]);
        expect(&answer, (REJECTED, "dane.mismatch"), numbers);
        assert_eq!(answer.match_depth, -1);
    }
    // Full records carry what was not sent.
    for (numbers, depth) in [("2 0 0", 2), ("2 1 0", 1)] {
        let answer = sent(relay(&[record(numbers, root)]), &[&leaf, ca]);
        expect(&answer, GOOD, numbers);
        assert_eq!(answer.match_depth, depth, "{numbers}");
    }
    let answer = sent(relay(&[record("2 1 0", ca)]), &[&leaf]);
    expect(&answer, GOOD, "the leaf, signed by the bare key");
    assert_eq!(answer.match_depth, 0);
}

fn a251_after_a_mismatch_there_is_no_way_back_to_public_cas() {
    let pki = Pki::new().unwrap();
    let (leaf, ca) = (bob(&pki).cert, &pki.intermediate.cert);
    expect(&sent(with_public_ca(&pki, &[]), &[&leaf, ca]), GOOD, "PKIX alone is good");
    for opportunistic in ["false", "true"] {
        let question = with_public_ca(&pki, &[OTHER.to_owned()]);
        let question = question.option("insecure_opportunistic", opportunistic);
        let answer = sent(question, &[&leaf, ca]);
        expect(&answer, (REJECTED, "dane.mismatch"), opportunistic);
        let finding = answer.finding("dane.mismatch").unwrap();
        assert_eq!(finding.wanted, OTHER);
        assert_eq!(finding.found, record("3 1 1", &leaf), "what would have to be published");
    }
}

fn a252_records_of_which_nothing_can_be_made_are_passed_over() {
    let pki = Pki::new().unwrap();
    let (leaf, ca) = (bob(&pki).cert, &pki.intermediate.cert);
    let good = record("3 1 1", &leaf);
    let long = format!("3 1 0 {}", "00".repeat(100_000));
    let digest = good.split(' ').next_back().unwrap();
    let odd = ["4 1 1", "3 2 1", "3 1 3"].map(|numbers| format!("{numbers} {digest}"));
    let cut = "2 0 0 30820194".to_owned();
    for bad in
        [SHORT.to_owned(), long, format!("{good}00"), "3 1 1".to_owned(), cut].iter().chain(&odd)
    {
        let shown = &bad[..bad.len().min(20)];
        let answer = sent(relay(&[bad.clone(), good.clone()]), &[&leaf, ca]);
        expect(&answer, GOOD, shown);
        assert!(answer.finding("dane.unusable").is_some(), "{shown}: said");
        // Alone and from the DNS: as without DANE where a name is asked for ...
        let question = || with_public_ca(&pki, std::slice::from_ref(bad)).state(SECURE);
        expect(&sent(question(), &[&leaf, ca]), GOOD, shown);
        let opportunistic = question().option("insecure_opportunistic", "true");
        // ... and where none is, encrypted and nothing more (RFC 7672 §2.2).
        expect(&sent(opportunistic, &[&leaf, ca]), (OPEN_UNVERIFIED, ""), shown);
        let stranger = sent(relay(std::slice::from_ref(bad)).state(SECURE), &[&leaf, ca]);
        expect(&stranger, (REJECTED, "chain.unknown_issuer"), shown);
        // Alone and typed in: somebody made a mistake, and nobody does without.
        let given = sent(with_public_ca(&pki, std::slice::from_ref(bad)), &[&leaf, ca]);
        expect(&given, (REJECTED, "dane.unusable"), shown);
    }
}

fn a253_the_strongest_digest_decides() {
    let pki = Pki::new().unwrap();
    let (leaf, ca) = (bob(&pki).cert, &pki.intermediate.cert);
    let wrong = format!("3 1 2 {}", "00".repeat(64));
    let mismatch = (REJECTED, "dane.mismatch");
    for (records, wanted) in [
        ([OTHER.to_owned(), record("3 1 2", &leaf)], GOOD),
        ([record("3 1 1", &leaf), wrong.clone()], mismatch),
        ([record("3 0 1", &leaf), wrong.clone()], GOOD),
        ([record("2 1 1", ca), wrong], GOOD),
        ([record("3 1 1", &leaf), format!("3 1 2 {}", "00".repeat(63))], GOOD),
        ([OTHER.to_owned(), record("3 1 1", &leaf)], GOOD),
    ] {
        expect(&sent(relay(&records), &[&leaf, ca]), wanted, &records.join(" + "));
    }
}

fn a246_records_that_nobody_signed_count_for_nothing() {
    let pki = Pki::new().unwrap();
    let (leaf, ca) = (bob(&pki).cert, &pki.intermediate.cert);
    let eve = Blueprint::leaf(&[BOB]).self_signed().unwrap().cert;
    // Eve answers the look-up herself.
    let forged = with_public_ca(&pki, &[record("3 1 1", &eve)]).state(INSECURE);
    expect(&sent(forged, &[&eve]), (REJECTED, "chain.self_signed"), "Eve's records");
    let honest = || with_public_ca(&pki, &[OTHER.to_owned()]).state(INSECURE);
    let answer = sent(honest(), &[&leaf, ca]);
    expect(&answer, GOOD, "the public CA decides");
    assert!(answer.finding("dane.insecure").is_some());
    let answer = sent(honest().option("dane", "require"), &[&leaf, ca]);
    expect(&answer, (REJECTED, "dane.insecure"), "unless DANE is required");
}

#[test]
fn a_disturbed_look_up_does_not_switch_dane_off() {
    let pki = Pki::new().unwrap();
    let (leaf, ca) = (bob(&pki).cert, &pki.intermediate.cert);
    for (state, code) in [(BOGUS, "dane.bogus"), (LOOKUP_FAILED, "dane.lookup_failed")] {
        for opportunistic in ["false", "true"] {
            for records in [vec![], vec![record("3 1 1", &leaf)], vec![SHORT.to_owned()]] {
                let question = with_public_ca(&pki, &records).state(state);
                let question = question.option("insecure_opportunistic", opportunistic);
                expect(
                    &sent(question, &[&leaf, ca]),
                    (REJECTED, code),
                    "a good chain all the same",
                );
            }
        }
        let off = with_public_ca(&pki, &[]).state(state).option("dane", "off");
        expect(&sent(off, &[&leaf, ca]), GOOD, "the public CA was asked for by name");
    }
}

#[test]
fn provably_no_records_is_no_dane() {
    let pki = Pki::new().unwrap();
    let (leaf, ca) = (bob(&pki).cert, &pki.intermediate.cert);
    expect(&sent(with_public_ca(&pki, &[]).state(SECURE), &[&leaf, ca]), GOOD, "denied");
    for state in [None, Some(SECURE)] {
        let question = with_public_ca(&pki, &[]).option("dane", "require");
        let question = state.into_iter().fold(question, Question::state);
        expect(&sent(question, &[&leaf, ca]), (REJECTED, "dane.not_checked"), "required");
    }
}

#[test]
fn eve_appends_bobs_ca_to_a_chain_of_her_own() {
    let (bobs, eves) = (Pki::new().unwrap(), Pki::new().unwrap());
    let (ca, root) = (&bobs.intermediate.cert, &bobs.root.cert);
    let honest = bob(&bobs).cert;
    let forged = bob(&eves).cert;
    let own = Blueprint::leaf(&[BOB]).self_signed().unwrap().cert;
    for numbers in ["2 0 0", "2 0 1", "2 1 0", "2 1 1"] {
        for trusted in [ca, root] {
            for leaf in [&forged, &own] {
                let chain = [leaf, &eves.intermediate.cert, ca, root, &honest];
                let answer = sent(relay(&[record(numbers, trusted)]), &chain);
                assert_eq!((answer.status, answer.verdict), (REJECTED, 2), "{}", answer.text);
            }
        }
    }
    for numbers in ["3 0 1", "3 1 1"] {
        let answer = sent(relay(&[record(numbers, &honest)]), &[&forged, &honest]);
        expect(&answer, (REJECTED, "dane.mismatch"), "Bob's leaf behind Eve's");
    }
    // Eve's own public CA is trusted, and she has a certificate for Bob's name from it.
    for numbers in ["0 0 1", "0 1 1", "1 1 1", "0 0 0"] {
        let which = if numbers.starts_with('1') { &honest } else { root };
        let question = Question::new("tls").host(BOB).tlsa(&record(numbers, which));
        let question = [&bobs, &eves]
            .into_iter()
            .fold(question, |question, pki| question.anchor(&pki.root.cert.to_der().unwrap()));
        let chain = [&forged, &eves.intermediate.cert, ca, root, &honest];
        expect(&sent(question, &chain), (REJECTED, "dane.mismatch"), numbers);
    }
}

#[test]
fn eve_puts_bobs_key_into_a_ca_certificate_of_her_own() {
    let pki = Pki::new().unwrap();
    let bobs = &pki.intermediate;
    let eve = Blueprint::authority("Eve").self_signed().unwrap();
    let leaf = Blueprint::leaf(&[BOB]).issued_by(&eve).unwrap().cert;
    // The same subject as Eve's CA, and Bob's public key.
    let twin = openssl::x509::X509::builder().and_then(|mut made| {
        made.set_version(2)?;
        made.set_subject_name(eve.cert.subject_name())?;
        made.set_issuer_name(eve.cert.subject_name())?;
        made.set_not_before(eve.cert.not_before())?;
        made.set_not_after(eve.cert.not_after())?;
        made.set_pubkey(&*bobs.cert.public_key()?)?;
        made.sign(&eve.key, openssl::hash::MessageDigest::sha256())?;
        Ok(made.build())
    });
    let twin = twin.unwrap();
    for numbers in ["2 1 0", "2 1 1"] {
        let answer = sent(relay(&[record(numbers, &bobs.cert)]), &[&leaf, &twin, &eve.cert]);
        assert_eq!((answer.status, answer.verdict), (REJECTED, 2), "{}", answer.text);
    }
}

#[test]
fn a_leaf_that_is_its_own_ca_is_not_meant_by_usage_2() {
    let own = Blueprint { basic: Basic::Authority { path: None }, ..Blueprint::leaf(&[BOB]) };
    let own = own.self_signed().unwrap().cert;
    for numbers in ["2 0 0", "2 0 1", "2 1 1"] {
        let answer = sent(relay(&[record(numbers, &own)]), &[&own]);
        expect(&answer, (REJECTED, "dane.mismatch"), numbers);
    }
    expect(&sent(relay(&[record("3 1 1", &own)]), &[&own]), GOOD, "by usage 3 it is");
}

#[test]
fn anchors_that_are_no_cas_and_signatures_that_collide() {
    let pki = Pki::new().unwrap();
    let no_ca = Blueprint { basic: Basic::EndEntity, ..Blueprint::authority("No CA") };
    let no_ca = no_ca.issued_by(&pki.root).unwrap();
    let leaf = Blueprint::leaf(&[BOB]).issued_by(&no_ca).unwrap().cert;
    let answer = sent(relay(&[record("2 1 1", &no_ca.cert)]), &[&leaf, &no_ca.cert]);
    assert_eq!((answer.status, answer.match_depth), (REJECTED, 1), "{}", answer.text);
    let weak = Blueprint { digest: Digest::Sha1, ..Blueprint::leaf(&[BOB]) };
    let weak = weak.issued_by(&pki.intermediate).unwrap().cert;
    let records = [record("2 1 0", &pki.intermediate.cert)];
    expect(&sent(relay(&records), &[&weak]), (REJECTED, "dane.mismatch"), "SHA-1 and a bare key");
    let ca = &pki.intermediate.cert;
    expect(&sent(relay(&records), &[&weak, ca]), (REJECTED, "chain.weak_signature"), "and the CA");
}

#[test]
fn many_certificates_with_the_key_of_a_record_cost_a_bounded_time() {
    let pki = Pki::new().unwrap();
    let leaf = bob(&pki).cert;
    let others: Vec<X509> = (0..90)
        .map(|at| Blueprint::authority(&format!("Eve {at}")).self_signed().unwrap().cert)
        .collect();
    let chain: Vec<&X509> = std::iter::once(&leaf).chain(&others).collect();
    let records: Vec<String> = others.iter().map(|one| record("2 1 1", one)).collect();
    let keys = others.iter().map(|one| record("2 1 0", one)).take(9);
    let started = std::time::Instant::now();
    let answer = sent(relay(&[records, keys.collect()].concat()), &chain);
    expect(&answer, (REJECTED, "dane.mismatch"), "none of them signed the leaf");
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}

#[test]
fn pkix_usages_need_a_public_ca_and_are_not_for_mail_relays() {
    let pki = Pki::new().unwrap();
    let (leaf, ca, root) = (bob(&pki).cert, &pki.intermediate.cert, &pki.root.cert);
    let eve = Blueprint::leaf(&[EVE]).issued_by(&pki.intermediate).unwrap().cert;
    let rows = [("0 0 1", root, 2), ("0 1 1", ca, 1), ("1 0 1", &leaf, 0), ("1 1 2", &leaf, 0)];
    for (numbers, which, depth) in rows {
        let question = |scheme: &str, record: String| {
            Question::new(scheme).host(BOB).tlsa(&record).anchor(&root.to_der().unwrap())
        };
        let records = record(numbers, which);
        for scheme in ["submission", "imap", "xmpp-server", "tls"] {
            let answer = sent(question(scheme, records.clone()), &[&leaf, ca]);
            expect(&answer, GOOD, scheme);
            assert_eq!(answer.match_depth, depth);
        }
        let relay = sent(question("smtp", records.clone()), &[&leaf, ca]);
        expect(&relay, (REJECTED, "dane.unusable"), "RFC 7672 §3.1.3");
        let nobody = Question::new("tls").host(BOB).option("system_ca", "false").tlsa(&records);
        let answer = sent(nobody, &[&leaf, ca]);
        assert_eq!(answer.status, REJECTED, "{}", answer.text);
        assert!(answer.code.starts_with("chain."), "{}", answer.text);
    }
    let named = Question::new("imap").host(BOB).anchor(&root.to_der().unwrap());
    let named = named.tlsa(&record("1 1 1", &eve)).option("insecure_opportunistic", "true");
    expect(&sent(named, &[&eve, ca]), (REJECTED, "name.mismatch"), "the name counts");
}

fn a262_a_pin_binds_also_where_a_record_decides_the_rest() {
    let pki = Pki::new().unwrap();
    let (leaf, ca) = (bob(&pki).cert, &pki.intermediate.cert);
    let pin = |certificate: &X509| {
        let key = certificate.public_key().unwrap().public_key_to_der().unwrap();
        format!("spki-sha256:{}", data_encoding::BASE64.encode(&sha256(&key)))
    };
    for numbers in ["3 1 1", "2 1 1"] {
        let which = if numbers.starts_with('3') { &leaf } else { ca };
        let question = || relay(&[record(numbers, which)]);
        let pinned = sent(question().option("pin", &pin(&leaf)), &[&leaf, ca]);
        expect(&pinned, GOOD, numbers);
        let stranger = sent(question().option("pin", &pin(&pki.root.cert)), &[&leaf, ca]);
        expect(&stranger, (REJECTED, "pin.mismatch"), numbers);
        // And a record binds where a pin takes the place of the CAs.
        let instead = relay(&[OTHER.to_owned()]).option("pin", &pin(&leaf));
        let instead = instead.option("pin_mode", "pin-instead-of-pkix");
        expect(&sent(instead, &[&leaf, ca]), (REJECTED, "dane.mismatch"), numbers);
    }
    let by_ca = relay(&[record("2 1 1", ca)]).option("pin", &pin(ca));
    expect(&sent(by_ca, &[&leaf, ca]), GOOD, "a CA of the path that the record made");
}

#[test]
fn waivers_of_the_public_cas_do_not_waive_the_records() {
    let (bobs, eves) = (Pki::new().unwrap(), Pki::new().unwrap());
    let (leaf, ca) = (bob(&bobs).cert, &bobs.intermediate.cert);
    let forged = bob(&eves).cert;
    let broken = bob(&bobs).with_broken_signature().unwrap().cert;
    for waiver in ["insecure_no_chain", "insecure_allow_self_signed", "insecure_opportunistic"] {
        let question = || relay(&[record("2 1 1", ca)]).option(waiver, "true");
        expect(&sent(question(), &[&leaf, ca]), GOOD, waiver);
        let answer = sent(question(), &[&forged, ca]);
        expect(&answer, (REJECTED, "dane.mismatch"), waiver);
        expect(&sent(question(), &[&broken, ca]), (REJECTED, "chain.bad_signature"), waiver);
    }
}

#[test]
fn one_certificate_and_one_record() {
    let leaf = Blueprint::leaf(&[BOB]).self_signed().unwrap().cert;
    let bytes = leaf.to_der().unwrap();
    for numbers in ["3 0 0", "0 0 1", "1 0 2", "2 1 0", "3 1 1", "2 1 2"] {
        assert_eq!(cert_matches(&bytes, &record(numbers, &leaf)), (OK, 1), "{numbers}");
    }
    assert_eq!(cert_matches(&bytes, OTHER), (OK, 0));
    for (record, status) in [(SHORT, TLSA), ("", TLSA), ("3 1 1 zz", TLSA), ("3 1 1 \0", ENCODING)]
    {
        assert_eq!(cert_matches(&bytes, record), (status, 0), "{record}");
    }
    assert_eq!(cert_matches(&bytes[1..], OTHER), (CERTIFICATE, 0));
    assert_eq!(cert_matches(b"", OTHER), (CERTIFICATE, 0));
}

#[test]
fn a_callers_mistakes_are_named() {
    let question = Question::new("smtp");
    let status = |result: Result<(), (i32, String)>| result.map_err(|(status, _)| status);
    for text in ["", "3 1 1 0", "3 1", "256 1 1 00", "DANE-EE 1 1 00"] {
        let (status, words) = question.try_tlsa(text).unwrap_err();
        assert_eq!(status, TLSA, "{text}");
        assert!(words.contains("3 1 1 HEX"), "{words}");
    }
    assert_eq!(status(question.try_tlsa("3 1 1 00\0")), Err(ENCODING));
    assert_eq!(status(question.try_wire(&[3, 1])), Err(TLSA));
    assert_eq!(status(question.try_wire(&[3, 1, 1])), Ok(()), "unusable, and no mistake");
    for state in [-1, 5, i32::MAX] {
        assert_eq!(status(question.try_state(state)), Err(ARGUMENT), "{state}");
    }
    for base in ["127.0.0.1", "", "*.bob.test", ".bob.test"] {
        assert_eq!(status(question.try_base(base)), Err(NAME), "{base}");
    }
    for _ in 0..99 {
        assert_eq!(status(question.try_tlsa(OTHER)), Ok(()));
    }
    assert_eq!(status(question.try_tlsa(OTHER)), Err(TLSA), "one too many");
    assert_eq!(status(question.try_wire(&[3, 1, 1])), Err(TLSA), "one too many");
}

#[test]
fn wire_and_text_are_the_same_record() {
    let leaf = Blueprint::leaf(&[EVE]).self_signed().unwrap().cert;
    let key = leaf.public_key().unwrap().public_key_to_der().unwrap();
    let question = relay(&[]);
    question.try_wire(&[&[3, 1, 1][..], &sha256(&key)].concat()).unwrap();
    expect(&sent(question, &[&leaf]), GOOD, "wire format");
}

/// OpenSSL takes the first of two CA certificates with one name and key, and does not turn back.
#[test]
fn an_anchor_behind_a_cross_signed_twin_is_found() {
    let (old, new) = (Pki::new().unwrap(), Pki::new().unwrap());
    let (leaf, ca) = (bob(&new).cert, &new.intermediate.cert);
    let mut made = X509::builder().unwrap();
    made.set_version(2).unwrap();
    made.set_serial_number(&openssl::bn::BigNum::from_u32(7).unwrap().to_asn1_integer().unwrap())
        .unwrap();
    let root = &new.root.cert;
    made.set_subject_name(root.subject_name()).unwrap();
    made.set_issuer_name(old.intermediate.cert.subject_name()).unwrap();
    made.set_not_before(root.not_before()).unwrap();
    made.set_not_after(root.not_after()).unwrap();
    made.set_pubkey(&root.public_key().unwrap()).unwrap();
    let basic = openssl::x509::extension::BasicConstraints::new().critical().ca().build();
    made.append_extension(basic.unwrap()).unwrap();
    made.sign(&old.intermediate.key, openssl::hash::MessageDigest::sha256()).unwrap();
    let twin = made.build();
    for order in [[root, &twin], [&twin, root]] {
        let chain = [&leaf, ca, order[0], order[1], &old.intermediate.cert];
        let answer = sent(relay(&[record("2 1 1", &old.intermediate.cert)]), &chain);
        expect(&answer, GOOD, "the way over the twin");
        assert_eq!(answer.match_depth, 3);
    }
}
