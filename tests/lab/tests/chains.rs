//! Each chain of the table has the fault it is said to have: OpenSSL is asked, without and with
//! its strict flag, and must name the same fault. Names are the client's business, not the
//! chain's, so a chain with a wrong name is a good chain here.

use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::X509VerifyFlags;
use openssl::x509::{X509StoreContext, X509VerifyResult};
use stv_lab::chains::{Chain, Pki};
use stv_lab::scenario::Case;
use stv_lab::table;

/// The numbers of <openssl/x509_vfy.h>, and the security level that a client has by default.
const LEVEL: i32 = 2;

fn verify(pki: &Pki, chain: &Chain, flags: X509VerifyFlags) -> X509VerifyResult {
    let mut store = X509StoreBuilder::new().unwrap();
    store.add_cert(pki.root.cert.clone()).unwrap();
    let mut param = openssl::x509::verify::X509VerifyParam::new().unwrap();
    param.set_flags(flags).unwrap();
    param.set_purpose(openssl::x509::X509PurposeId::SSL_SERVER).unwrap();
    param.set_auth_level(LEVEL);
    store.set_param(&param).unwrap();
    let mut others = Stack::new().unwrap();
    chain.certs[1..].iter().for_each(|cert| others.push(cert.clone()).unwrap());
    let mut context = X509StoreContext::new().unwrap();
    context
        .init(&store.build(), &chain.certs[0], &others, |context| {
            context.verify_cert()?;
            Ok(context.error())
        })
        .unwrap()
}

/// What OpenSSL calls the fault of this code; 0 where it sees none.
fn wanted(case: &Case) -> &'static [i32] {
    match (case.id, case.outcome.code().unwrap_or_default()) {
        // The judge's own: OpenSSL 3.0 lets them pass (CVE-2025-61727 class, CA as leaf, a key
        // that may not sign).
        ("excluded-wildcard" | "ca-as-leaf" | "no-signing-key", _) => &[0],
        (_, "chain.unknown_issuer") => &[19, 20],
        (_, "chain.self_signed") => &[18],
        (_, "chain.expired") => &[10],
        (_, "chain.not_yet_valid") => &[9],
        (_, "chain.purpose") => &[26],
        (_, "chain.weak_signature") => &[68],
        (_, "chain.weak_key") => &[66],
        (_, "chain.bad_signature") => &[7],
        (_, "chain.name_constraint") => &[47],
        (_, "chain.invalid_ca") => &[24, 79],
        (_, "chain.path_length") => &[25],
        (_, "chain.critical_extension") => &[34],
        _ => &[0],
    }
}

#[test]
fn openssl_finds_the_fault_that_the_table_says() {
    let pki = Pki::new().unwrap();
    for case in table::cases() {
        let chain = (case.chain)(&pki).unwrap();
        let found = verify(&pki, &chain, X509VerifyFlags::empty());
        assert!(wanted(case).contains(&found.as_raw()), "{}: {found}", case.id);
    }
}

#[test]
fn good_chains_are_good_for_the_strict() {
    let pki = Pki::new().unwrap();
    for case in table::cases().filter(|case| wanted(case) == [0]) {
        let chain = (case.chain)(&pki).unwrap();
        let found = verify(&pki, &chain, X509VerifyFlags::X509_STRICT);
        assert_eq!(found, X509VerifyResult::OK, "{}", case.id);
    }
}

#[test]
fn ids_are_unique_and_kebab_case() {
    let mut ids: Vec<&str> = table::cases().map(|case| case.id).collect();
    let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    assert!(ids.iter().all(|id| id.chars().all(kebab)));
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}
