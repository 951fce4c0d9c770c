//! The index over a bundle answers what OpenSSL's own store answers, and is never surer than it.

#[path = "conformance/suite.rs"]
#[allow(dead_code)]
mod suite;

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use data_encoding::BASE64;
use starttls_verify::der::{tag, wrap};
use starttls_verify::dn;
use starttls_verify::ossl::{Answer, Certificate, Chain, CrlScope, Purpose, Question, find_path};
use starttls_verify::trust::{Reading, Sources, Trust, Watched};
use stv_lab::ca::{Blueprint, Identity};
use suite::{Row, SUITES};

/// A file that is removed at the end.
struct Bundle(PathBuf);

impl Bundle {
    fn new(text: &str) -> Bundle {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("stv-index-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let bundle = Bundle(std::env::temp_dir().join(name));
        fs::write(&bundle.0, text).unwrap();
        bundle
    }

    fn of(certificates: &[&[u8]]) -> Bundle {
        Bundle::new(&certificates.iter().map(|der| pem(der)).collect::<String>())
    }

    fn trust(&self, reading: Reading) -> starttls_verify::error::Result<Trust> {
        let files = vec![self.0.to_str().unwrap()];
        Trust::load(&Sources { files, reading, ..Sources::default() })
    }

    fn both(&self) -> [Trust; 2] {
        [Reading::Indexed, Reading::Whole].map(|reading| self.trust(reading).unwrap())
    }
}

impl Drop for Bundle {
    fn drop(&mut self) {
        fs::remove_file(&self.0).ok();
    }
}

fn pem(der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

fn chain(certificates: &[&[u8]]) -> Chain {
    let mut chain = Chain::new();
    certificates.iter().for_each(|der| chain.add_der(der).unwrap());
    chain
}

fn ask(trust: &Trust, chain: &Chain, time: i64) -> Answer {
    let question = Question {
        anchors: trust.store(),
        chain,
        crls: &[],
        crl_scope: CrlScope::Chain,
        time,
        check_time: true,
        purpose: Purpose::Any,
        depth: 20,
        level: 1,
        partial: true,
        hosts: &[],
        address: None,
        common_name: false,
        route: None,
    };
    find_path(&question).unwrap()
}

fn ders(certificates: &[Certificate]) -> Vec<&[u8]> {
    certificates.iter().map(Certificate::der).collect()
}

/// The same anchors for every certificate, and the same path with the same faults.
fn assert_agree([indexed, whole]: &[Trust; 2], chain: &Chain, time: i64, what: &str) {
    for certificate in chain.iter() {
        let (one, other) =
            (indexed.store().issuers_of(certificate), whole.store().issuers_of(certificate));
        assert_eq!(ders(&one), ders(&other), "{what}: anchors");
    }
    let (one, other) = (ask(indexed, chain, time), ask(whole, chain, time));
    assert_eq!(ders(&one.path), ders(&other.path), "{what}: path");
    assert_eq!(one.faults, other.faults, "{what}: faults");
}

fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    now.as_secs().try_into().unwrap()
}

fn der(identity: &Identity) -> Vec<u8> {
    identity.cert.to_der().unwrap()
}

#[test]
fn index_and_store_agree_on_every_chain_of_the_suites() {
    for suite in SUITES {
        let Some(rows) = suite.rows() else {
            println!("skipped: no conformance data ({})", suite.file);
            continue;
        };
        rows.iter().for_each(agree_on_row);
    }
}

fn agree_on_row(row: &Row) {
    let sent: Vec<&[u8]> =
        std::iter::once(&row.leaf).chain(&row.intermediates).map(Vec::as_slice).collect();
    let mut chain = Chain::new();
    let anchors: Vec<&[u8]> = row.anchors.iter().map(Vec::as_slice).collect();
    if anchors.is_empty() || !sent.iter().all(|der| chain.add_der(der).is_ok()) {
        return;
    }
    let bundle = Bundle::of(&anchors);
    let both = [Reading::Indexed, Reading::Whole].map(|reading| bundle.trust(reading));
    match both {
        [Ok(indexed), Ok(whole)] => {
            assert_agree(&[indexed, whole], &chain, row.time.unwrap_or_else(now), &row.id);
        }
        [Err(_), Err(_)] => {}
        [one, other] => panic!("{}: {:?}", row.id, [one.err(), other.err()]),
    }
}

#[test]
fn index_and_store_agree_on_every_anchor_of_the_system() {
    let Ok(text) = fs::read_to_string("/etc/ssl/certs/ca-certificates.crt") else { return };
    let both = Bundle::new(&text).both();
    let all = starttls_verify::ossl::certificates_of_pem(text.as_bytes()).unwrap();
    assert!(all.len() > 50);
    for anchor in &all {
        let found = both[0].store().issuers_of(anchor);
        assert!(ders(&found).contains(&anchor.der()) || !anchor.is_self_issued());
        assert_agree(&both, &chain(&[anchor.der()]), now(), &anchor.facts().subject);
    }
}

/// A CA that changed its key bears its old name: both must be tried, whichever stands first.
#[test]
fn all_anchors_of_one_name_are_found() {
    let keys = [(); 3].map(|()| Blueprint::authority("Rollover").self_signed().unwrap());
    let others = ["A", "B"].map(|name| Blueprint::authority(name).self_signed().unwrap());
    let all: Vec<Vec<u8>> = [&others[0], &keys[0], &keys[1], &others[1], &keys[2]].map(der).into();
    let both = Bundle::of(&all.iter().map(Vec::as_slice).collect::<Vec<_>>()).both();
    for key in &keys {
        let leaf = der(&Blueprint::leaf(&["mail.bob.test"]).issued_by(key).unwrap());
        let sent = chain(&[&leaf]);
        assert_agree(&both, &sent, now(), "rollover");
        let answer = ask(&both[0], &sent, now());
        assert!(answer.faults.is_empty(), "{:?}", answer.faults);
        assert_eq!(answer.path[1].der(), der(key));
    }
}

#[test]
fn what_the_caller_gave_hides_no_namesake_in_a_file() {
    let keys = [(); 2].map(|()| Blueprint::authority("Rollover").self_signed().unwrap());
    let bundle = Bundle::of(&[&der(&keys[0])]);
    let own = der(&keys[1]);
    let files = vec![bundle.0.to_str().unwrap()];
    let trust = Trust::load(&Sources { files, der: vec![&own], ..Sources::default() }).unwrap();
    for key in keys.iter().rev() {
        let leaf = der(&Blueprint::leaf(&["mail.bob.test"]).issued_by(key).unwrap());
        assert!(ask(&trust, &chain(&[&leaf]), now()).faults.is_empty());
    }
}

/// RFC 5280 §7.1: the leaf names its issuer in capitals, the bundle in small letters, and so on.
#[test]
fn issuers_are_found_in_every_spelling() {
    let plain = name_of(&[vec![(tag::UTF8_STRING, b"mail ca".to_vec())]]);
    let subject = |kind: u8, value: &[u8]| name_of(&[vec![(kind, value.to_vec())]]);
    for other in [
        subject(tag::PRINTABLE_STRING, b"MAIL  CA "),
        subject(tag::BMP_STRING, b"\0 \0M\0a\0i\0l\0 \0c\0a"),
        subject(tag::TELETEX_STRING, b"Mail\tCa"),
    ] {
        for (inside, asked) in [(&plain, &other), (&other, &plain)] {
            let ca = Blueprint::authority("XXXXXXX").self_signed().unwrap();
            let root = renamed(&der(&ca), inside);
            let leaf =
                renamed(&der(&Blueprint::leaf(&["mail.bob.test"]).issued_by(&ca).unwrap()), asked);
            let both = Bundle::of(&[&root]).both();
            let sent = chain(&[&leaf]);
            assert_eq!(both[0].store().issuers_of(sent.leaf().unwrap()).len(), 1);
            assert_agree(&both, &sent, now(), "spelling");
        }
    }
}

fn name_of(rdns: &[Vec<(u8, Vec<u8>)>]) -> Vec<u8> {
    let attribute = |(kind, value): &(u8, Vec<u8>)| {
        let oid = wrap(tag::OID, starttls_verify::der::oid::COMMON_NAME);
        wrap(tag::SEQUENCE, &[oid, wrap(*kind, value)].concat())
    };
    let rdn = |values: &Vec<(u8, Vec<u8>)>| {
        let mut all: Vec<Vec<u8>> = values.iter().map(attribute).collect();
        all.sort();
        wrap(tag::SET, &all.concat())
    };
    wrap(tag::SEQUENCE, &rdns.iter().map(rdn).collect::<Vec<_>>().concat())
}

/// The certificate with this issuer, and with this subject where both were the same; the signature no
/// longer fits, which both readings must say alike.
fn renamed(certificate: &[u8], name: &[u8]) -> Vec<u8> {
    let read = starttls_verify::der::Certificate::parse(certificate).unwrap();
    let old = read.issuer.to_vec();
    let subject = if read.subject == old { name } else { read.subject };
    let (before, behind) = {
        let at = |part: &[u8]| part.as_ptr() as usize - certificate.as_ptr() as usize;
        let (issuer, own) = (at(read.issuer), at(read.subject));
        let start = at(read.tbs) + read.tbs.len()
            - starttls_verify::der::single(read.tbs, tag::SEQUENCE).unwrap().value.len();
        let tbs_end = at(read.tbs) + read.tbs.len();
        (
            [&certificate[start..issuer], name, &certificate[issuer + old.len()..own]].concat(),
            (
                certificate[own + read.subject.len()..tbs_end].to_vec(),
                certificate[tbs_end..].to_vec(),
            ),
        )
    };
    let tbs = wrap(tag::SEQUENCE, &[before, subject.to_vec(), behind.0].concat());
    wrap(tag::SEQUENCE, &[tbs, behind.1].concat())
}

unsafe extern "C" {
    fn X509_NAME_hash_ex(
        name: *const openssl_sys::X509_NAME,
        library: *mut std::ffi::c_void,
        properties: *const std::ffi::c_char,
        ok: *mut std::ffi::c_int,
    ) -> std::ffi::c_ulong;
}

/// SHA-1 of the canonical encoding, four octets of it; `None` where OpenSSL does not read the name.
fn openssl_hash(name: &[u8]) -> Option<u64> {
    use foreign_types::ForeignTypeRef;
    let name = openssl::x509::X509Name::from_der(name).ok()?;
    let (mut ok, nothing, none) = (0, std::ptr::null_mut(), std::ptr::null());
    // SAFETY: the name is alive, and the out-parameter is ours.
    let hash = unsafe { X509_NAME_hash_ex(name.as_ptr(), nothing, none, &raw mut ok) };
    (ok == 1).then_some(hash)
}

#[test]
fn the_canonical_form_is_openssls() {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    let (mut same, mut odd) = (0, 0);
    for _ in 0..40_000 {
        let rdns: Vec<Vec<(u8, Vec<u8>)>> =
            (0..next(4)).map(|_| (0..=next(3) / 2).map(|_| value(&mut next)).collect()).collect();
        let name = name_of(&rdns);
        match (dn::canonical(&name), openssl_hash(&name)) {
            (Ok(form), Some(hash)) => {
                let digest =
                    openssl::hash::hash(openssl::hash::MessageDigest::sha1(), &form).unwrap();
                let first = u32::from_le_bytes(digest[..4].try_into().unwrap());
                assert_eq!(u64::from(first), hash, "{rdns:02x?}");
                same += 1;
            }
            // What has no form here is not in the index.
            (Err(_), _) => odd += 1,
            // What OpenSSL does not read becomes no certificate.
            (Ok(_), None) => {}
        }
    }
    assert!(same > 10_000 && odd > 1_000, "{same} {odd}");
}

fn value(next: &mut impl FnMut(u64) -> u64) -> (u8, Vec<u8>) {
    const KINDS: &[u8] = &[
        tag::UTF8_STRING,
        tag::PRINTABLE_STRING,
        tag::TELETEX_STRING,
        tag::IA5_STRING,
        tag::BMP_STRING,
        tag::UNIVERSAL_STRING,
        0x12,
        0x1a,
        tag::BIT_STRING,
        tag::OCTET_STRING,
        tag::SEQUENCE,
        tag::INTEGER,
    ];
    const LETTERS: &[char] = &[
        'a',
        'B',
        'z',
        'Z',
        ' ',
        ' ',
        ' ',
        '\t',
        '\n',
        '\x0b',
        '\x0c',
        '\r',
        '\0',
        '\x7f',
        '@',
        '[',
        '\u{85}',
        '\u{a0}',
        '\u{c4}',
        '\u{df}',
        '\u{130}',
        '\u{2003}',
        '\u{feff}',
        '\u{ffff}',
        '\u{1f600}',
    ];
    // Most strings are strings; some are hostile.
    let kind = KINDS[usize::try_from(next(16)).unwrap() % KINDS.len()];
    let text: Vec<char> =
        (0..next(8)).map(|_| LETTERS[usize::try_from(next(25)).unwrap()]).collect();
    let mut octets: Vec<u8> = match kind {
        tag::UTF8_STRING => text.iter().collect::<String>().into_bytes(),
        tag::BMP_STRING => {
            text.iter().flat_map(|letter| (*letter as u32 as u16).to_be_bytes()).collect()
        }
        tag::UNIVERSAL_STRING => {
            text.iter().flat_map(|letter| (*letter as u32).to_be_bytes()).collect()
        }
        _ => text.iter().map(|letter| *letter as u32 as u8).collect(),
    };
    if next(8) == 0 && !octets.is_empty() {
        let at = usize::try_from(next(octets.len() as u64)).unwrap();
        octets[at] = u8::try_from(next(256)).unwrap();
    }
    (kind, octets)
}

/// What is not plain is read whole, and answered alike.
#[test]
fn odd_bundles_are_read_whole() {
    let ca = Blueprint::authority("CA").self_signed().unwrap();
    let (root, leaf) =
        (der(&ca), der(&Blueprint::leaf(&["mail.bob.test"]).issued_by(&ca).unwrap()));
    let plain = pem(&root);
    for text in [
        plain.clone(),
        plain.replace('\n', "\r\n"),
        format!("# comment\n{plain}"),
        plain.replace("CERTIFICATE", "X509 CERTIFICATE"),
        plain.replace("CERTIFICATE", "TRUSTED CERTIFICATE"),
        format!("-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n{plain}"),
        format!("{plain}-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"),
        format!("{plain}-----BEGIN CERTIFICATE-----\n"),
        format!("a\0\n{plain}"),
        String::new(),
    ] {
        let bundle = Bundle::new(&text);
        match [Reading::Indexed, Reading::Whole].map(|reading| bundle.trust(reading)) {
            [Ok(indexed), Ok(whole)] => {
                assert_agree(&[indexed, whole], &chain(&[&leaf]), now(), &text);
            }
            [Err(one), Err(other)] => assert_eq!(one, other, "{text}"),
            [one, other] => panic!("{text}: {:?}", [one.err(), other.err()]),
        }
    }
}

#[test]
fn a_bundle_that_is_truncated_while_in_use_is_what_it_was() {
    let ca = Blueprint::authority("CA").self_signed().unwrap();
    let leaf = der(&Blueprint::leaf(&["mail.bob.test"]).issued_by(&ca).unwrap());
    let bundle = Bundle::of(&[&der(&ca)]);
    let trust = bundle.trust(Reading::Indexed).unwrap();
    assert!(!trust.watched().iter().any(Watched::has_changed));
    fs::write(&bundle.0, "").unwrap();
    assert!(trust.watched().iter().any(Watched::has_changed));
    assert!(ask(&trust, &chain(&[&leaf]), now()).faults.is_empty());
    assert!(bundle.trust(Reading::Indexed).is_err(), "a new one sees the file of now");
}

#[test]
fn threads_that_ask_at_once_get_the_same() {
    let ca = Blueprint::authority("CA").self_signed().unwrap();
    let leaf = der(&Blueprint::leaf(&["mail.bob.test"]).issued_by(&ca).unwrap());
    let bundle = Bundle::of(&[&der(&ca)]);
    for _ in 0..200 {
        let trust = bundle.trust(Reading::Indexed).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| assert!(ask(&trust, &chain(&[&leaf]), now()).faults.is_empty()));
            }
        });
    }
}
