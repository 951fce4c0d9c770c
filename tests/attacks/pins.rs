//! The pins of class `dane/sts/pin` of `attacks.json` (A262, A264): every fixture through both doors,
//! and every way of writing a pin. See `fixtures`.

use super::fixtures::fixture::{Fixture, HOST, Wanted, leaf};
use super::fixtures::pins::{self, hash_pin, key_pin};
use super::fixtures::{meaning, run};
use crate::corpus::abi::{Peer, Verifier, status};
use crate::corpus::suite::Attack;
use crate::corpus::tally::tell;
use stv_lab::chains::Pki;

use super::ledger::{Proof, Rows};

/// Rows about pins; the others of the class are about TLSA records and MTA-STS policies.
const ROWS: [&str; 2] = ["A262", "A264"];

/// The rows that this proves beside the fixtures.
pub const PROOFS: &[Proof] =
    &[("A264", a_malformed_pin_makes_no_verifier), ("A264", a_good_pin_excuses_no_malformed_one)];

/// Numbers of `stv_status_code`.
const E_PIN: i32 = 115;
const E_INSECURE: i32 = 108;
const E_OPTION_VALUE: i32 = 107;

/// A pin is satisfied by nobody else.
pub fn rows() -> Rows {
    let pki = Pki::new().expect("a CA");
    tell(&format!("\npins: {} fixtures and their twins, 3 doors\n", pins::FIXTURES.len()));
    run::all(pins::FIXTURES, &pki)
}

/// Fixtures that do not mean what the corpus says.
pub fn unmeant(corpus: &[Attack]) -> Vec<String> {
    let meant = |id| &corpus.iter().find(|row| row.id == id).expect("its row").expect;
    assert_eq!(meant(ROWS[1]), "INVALID_ARGUMENT");
    let codes = meaning::codes(meant(ROWS[0])).expect("a meaning");
    let differs = |fixture: &&Fixture| {
        let same = matches!(fixture.shown, Wanted::Refused(code) if codes.contains(&code));
        same != fixture.differs.is_none()
    };
    pins::FIXTURES.iter().filter(differs).map(|fixture| fixture.what.to_owned()).collect()
}

/// One pin in every spelling that people use: it matches, and the same spelling of another does not.
#[test]
fn one_pin_in_every_spelling() {
    let pki = Pki::new().expect("a CA");
    let chains = [(); 2].map(|()| pki.chain(&leaf()).expect("a chain"));
    let root = pki.root.cert.to_der().expect("DER");
    let peer = Peer::new("smtp", HOST.as_bytes()).expect("a peer");
    for spelling in SPELLINGS {
        let [own, other] = [0, 1].map(|index: usize| spelling(&chains[index].certs[0]));
        let sent: Vec<Vec<u8>> =
            chains[0].certs.iter().map(|cert| cert.to_der().expect("DER")).collect();
        let judged = |(option, pin): &(&'static str, String)| {
            let verifier = Verifier::configured([root.as_slice()], &[(option, pin)]);
            let verifier = verifier.unwrap_or_else(|status| panic!("{option} '{pin}': {status}"));
            verifier.judge(&peer, sent.iter().map(Vec::as_slice)).expect("a report")
        };
        let (status, report) = judged(&own);
        assert_eq!(status, status::OK, "{own:?}: {}", report.text);
        let (status, report) = judged(&other);
        assert!(status >= status::FAILURE, "{other:?}");
        assert_eq!(report.code, "pin.mismatch", "{other:?}");
    }
}

type Spelling = fn(&openssl::x509::X509) -> (&'static str, String);

const SPELLINGS: &[Spelling] = &[
    |cert| ("pin", key_pin(cert).expect("a pin")),
    |cert| ("pin", key_pin(cert).expect("a pin").trim_end_matches('=').to_owned()),
    |cert| ("pin", format!("  {}\n", key_pin(cert).expect("a pin"))),
    |cert| ("pin", hash_pin(cert, "sha256").expect("a pin")),
    |cert| ("pin", hash_pin(cert, "sha384").expect("a pin")),
    |cert| ("pin", hash_pin(cert, "sha512").expect("a pin")),
    |cert| ("pin", hash_pin(cert, "sha256").expect("a pin").to_uppercase()),
    |cert| ("pin", colons(&hash_pin(cert, "sha256").expect("a pin"))),
    |cert| ("pin", colons(&hash_pin(cert, "sha256").expect("a pin").to_uppercase())),
    |cert| ("peer_fingerprint", bare(cert, "sha256")),
    |cert| ("peer_fingerprint", bare(cert, "sha512")),
    |cert| ("peer_fingerprint", bare(cert, "sha256").to_uppercase()),
    |cert| ("insecure_peer_fingerprint", bare(cert, "md5")),
    |cert| ("insecure_pin", hash_pin(cert, "sha1").expect("a pin")),
];

fn bare(cert: &openssl::x509::X509, algorithm: &str) -> String {
    let pin = hash_pin(cert, algorithm).expect("a pin");
    pin.split_once(':').expect("an algorithm").1.to_owned()
}

/// `sha256:AB:CD...`, as openssl prints it.
fn colons(pin: &str) -> String {
    let (word, hex) = pin.split_once(':').expect("an algorithm");
    let pairs: Vec<&str> = (0..hex.len()).step_by(2).map(|at| &hex[at..at + 2]).collect();
    format!("{word}:{}", pairs.join(":"))
}

/// A264: what is no pin makes no verifier. A pin that is dropped would be a check that is not made.
fn a_malformed_pin_makes_no_verifier() {
    let pki = Pki::new().expect("a CA");
    let root = pki.root.cert.to_der().expect("DER");
    let own = pki.chain(&leaf()).expect("a chain").certs.remove(0);
    let (key, hash) = (key_pin(&own).expect("a pin"), hash_pin(&own, "sha256").expect("a pin"));
    let hex = bare(&own, "sha256");
    let cases: Vec<(&str, String, i32)> = vec![
        ("pin", String::new(), E_PIN),
        ("pin", " ".into(), E_PIN),
        ("pin", "sha256:".into(), E_PIN),
        ("pin", "spki-sha256:".into(), E_PIN),
        ("pin", hex.clone(), E_PIN),
        ("pin", hash[..hash.len() - 2].to_owned(), E_PIN),
        ("pin", format!("{hash}00"), E_PIN),
        ("pin", format!("{key},{key}"), E_PIN),
        ("pin", format!("{key} {key}"), E_PIN),
        ("pin", key.replace("spki-sha256:", "pin-sha256="), E_PIN),
        ("pin", key.replace("spki-sha256:", "sha256//"), E_PIN),
        ("pin", key.replace("sha256", "sha1"), E_PIN),
        ("pin", hash.replace("sha256", "sha512"), E_PIN),
        ("pin", hash.replace("sha256", "md5"), E_INSECURE),
        ("pin", hash_pin(&own, "md5").expect("a pin"), E_INSECURE),
        ("pin", hash_pin(&own, "sha1").expect("a pin"), E_INSECURE),
        ("peer_fingerprint", String::new(), E_PIN),
        ("peer_fingerprint", bare(&own, "md5"), E_INSECURE),
        ("peer_fingerprint", bare(&own, "sha1"), E_INSECURE),
        ("peer_fingerprint", hex[..62].to_owned(), E_PIN),
        ("peer_fingerprint", format!("z{}", &hex[1..]), E_PIN),
        ("pin_mode", "pin-instead-of-pkix".into(), E_OPTION_VALUE),
    ];
    for (option, value, status) in cases {
        let made = Verifier::configured([root.as_slice()], &[(option, &value)]).map(|_| ());
        assert_eq!(made, Err(status), "{option} '{value}'");
    }
}

/// A good pin beside a malformed one does not save it, in either order.
fn a_good_pin_excuses_no_malformed_one() {
    let pki = Pki::new().expect("a CA");
    let own = pki.chain(&leaf()).expect("a chain").certs.remove(0);
    let key = key_pin(&own).expect("a pin");
    for pins in [[key.as_str(), "sha256:00"], ["sha256:00", key.as_str()]] {
        let options = pins.map(|pin| ("pin", pin));
        assert_eq!(Verifier::configured([], &options).map(|_| ()), Err(E_PIN), "{pins:?}");
    }
}
