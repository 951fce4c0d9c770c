//! Certificates are read, and connections made, in library contexts of our own where nobody can tell the
//! difference: every kind of key, and what is none, reads as OpenSSL alone reads it; a server is offered
//! the same; and whoever decides about algorithms is obeyed.

use std::ffi::{c_int, c_void};
use std::io::Read;
use std::net::TcpListener;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fs, ptr, thread};

use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{Asn1Flag, EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{HasPublic, Id, PKey, PKeyRef, Private, Public};
use openssl::provider::Provider;
use openssl::x509::{X509, X509Name};
use starttls_verify::options::{Mode, Value};
use starttls_verify::ossl::{
    Certificate, Issuance, WayAround, connection_shortcut, reading_shortcut,
};
use starttls_verify::proto::Protocol;
use starttls_verify::session::Session;
use starttls_verify::verify::{Config, Peer, Verifier};

/// What `openssl genpkey` takes, `name=` standing for the name of the algorithm. Explicit curves as well:
/// a forged one was CVE-2020-0601.
const KEYS: &[&str] = &[
    "RSA rsa_keygen_bits:1024",
    "RSA rsa_keygen_bits:2048",
    "RSA rsa_keygen_bits:3072 rsa_keygen_pubexp:3",
    "RSA-PSS rsa_keygen_bits:2048",
    "RSA-PSS rsa_keygen_bits:2048 rsa_pss_keygen_md:sha384 rsa_pss_keygen_saltlen:48",
    "EC ec_paramgen_curve:P-224",
    "EC ec_paramgen_curve:P-256",
    "EC ec_paramgen_curve:P-384",
    "EC ec_paramgen_curve:P-521",
    "EC ec_paramgen_curve:secp256k1",
    "EC ec_paramgen_curve:brainpoolP256r1",
    "EC ec_paramgen_curve:brainpoolP384r1",
    "EC ec_paramgen_curve:brainpoolP512r1",
    "EC ec_paramgen_curve:sect283r1",
    "EC ec_paramgen_curve:P-256 ec_param_enc:explicit",
    "EC ec_paramgen_curve:P-384 ec_param_enc:explicit",
    "EC ec_paramgen_curve:SM2",
    "SM2",
    "ED25519",
    "ED448",
    "X25519",
    "X448",
    "DH group:ffdhe2048",
    "DH group:modp_2048",
    "DHX dh_rfc5114:2",
];

fn generated(kind: &str) -> PKey<Private> {
    let (algorithm, options) = kind.split_once(' ').unwrap_or((kind, ""));
    let mut command = Command::new("openssl");
    command.args(["genpkey", "-quiet", "-outform", "DER", "-algorithm", algorithm]);
    for option in options.split(' ').filter(|option| !option.is_empty()) {
        command.args(["-pkeyopt", option]);
    }
    let output = command.output().expect("openssl");
    let words = String::from_utf8_lossy(&output.stderr);
    PKey::private_key_from_der(&output.stdout).unwrap_or_else(|_| panic!("{kind}: {words}"))
}

fn public(key: &PKeyRef<impl HasPublic>) -> PKey<Public> {
    PKey::public_key_from_der(&key.public_key_to_der().unwrap()).unwrap()
}

/// A CA's certificate for this key, signed by that one.
fn certificate(key: &PKeyRef<impl HasPublic>, signer: &PKeyRef<Private>) -> Option<X509> {
    let mut name = X509Name::builder().unwrap();
    name.append_entry_by_text("CN", "reading").unwrap();
    let name = name.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    builder.set_serial_number(&BigNum::from_u32(7).unwrap().to_asn1_integer().unwrap()).unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::days_from_now(9).unwrap()).unwrap();
    builder.set_pubkey(&public(key)).unwrap();
    let digest = match signer.id() {
        Id::ED25519 | Id::ED448 => MessageDigest::null(),
        Id::SM2 => MessageDigest::sm3(),
        _ => MessageDigest::sha384(),
    };
    builder.sign(signer, digest).ok()?;
    Some(builder.build())
}

/// Kind and size of the key, and whether it made the certificate's own signature.
type Answers = (String, u32, bool);

fn alone(der: &[u8]) -> Option<Answers> {
    let x509 = X509::from_der(der).ok().filter(|x509| x509.to_der().unwrap().len() == der.len())?;
    let key = x509.public_key().ok();
    let name = key.as_ref().and_then(|key| Nid::from_raw(key.id().as_raw()).short_name().ok());
    let signed = key.as_ref().is_some_and(|key| x509.verify(key).unwrap_or(false));
    Some((name.unwrap_or("unknown").to_owned(), key.map_or(0, |key| key.bits()), signed))
}

/// Reads so many certificates that the shortcut is worth it.
fn warm_up() {
    let key = generated("ED25519");
    let der = certificate(&key, &key).expect("a certificate").to_der().unwrap();
    for _ in 0..20 {
        assert!(Certificate::from_der(&der).is_ok());
    }
}

fn ours(der: &[u8]) -> Option<Answers> {
    let certificate = Certificate::from_der(der).ok()?;
    let facts = certificate.facts();
    let rules = Issuance { time: None, level: 0 };
    let signed = rules.holds(&certificate, &certificate);
    // OpenSSL says this much of a key with which nothing can be signed.
    let signed =
        signed.is_ok() && certificate.spki().is_ok_and(|spki| certificate.is_signed_by(&spki));
    Some((facts.key_algorithm, facts.key_bits, signed))
}

#[test]
fn the_shortcut_is_taken_where_it_was_tried() {
    let wanted = match openssl::version::number() {
        0x3000_0000..0x3020_0000 => Ok(()),
        _ => Err(WayAround::Version),
    };
    assert_eq!(reading_shortcut(), wanted);
    assert_eq!(connection_shortcut(), wanted);
}

#[test]
fn every_key_reads_as_openssl_alone_reads_it() {
    warm_up();
    let ca = generated("EC ec_paramgen_curve:P-256");
    for kind in KEYS {
        let key = generated(kind);
        let by_ca = certificate(&key, &ca).expect(kind).to_der().unwrap();
        assert_eq!(ours(&by_ca), alone(&by_ca), "{kind}");
        let by_itself = certificate(&key, &key).map(|x509| x509.to_der().unwrap());
        if let Some(by_itself) = by_itself {
            let answers = ours(&by_itself);
            assert_eq!(answers, alone(&by_itself), "{kind}, self-signed");
            // SM2 signs over an identifier of the signer, which a certificate does not have.
            let signed = answers.expect(kind).2;
            assert!(signed || kind.contains("SM2"), "{kind}");
        }
    }
}

#[test]
fn every_signature_is_as_good_as_openssl_alone_finds_it() {
    warm_up();
    let (key, other) = (generated("EC ec_paramgen_curve:P-256"), generated("ED25519"));
    for kind in KEYS {
        let signer = generated(kind);
        let Some(signed) = certificate(&key, &signer) else { continue };
        let ours = Certificate::from_der(&signed.to_der().unwrap()).unwrap();
        let alone = signed.verify(&public(&signer)).unwrap_or(false);
        assert_eq!(ours.is_signed_by(&signer.public_key_to_der().unwrap()), alone, "{kind}");
        assert!(!ours.is_signed_by(&other.public_key_to_der().unwrap()), "{kind}");
    }
}

#[test]
fn what_is_no_key_reads_as_openssl_alone_reads_it() {
    warm_up();
    for kind in ["RSA rsa_keygen_bits:1024", "EC ec_paramgen_curve:P-256", "ED25519"] {
        let key = generated(kind);
        let der = certificate(&key, &key).expect(kind).to_der().unwrap();
        let spki = key.public_key_to_der().unwrap();
        let at = der.windows(spki.len()).position(|window| window == spki).expect("the key");
        for place in at..at + spki.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut bent = der.clone();
                bent[place] ^= flip;
                assert_eq!(ours(&bent), alone(&bent), "{kind}: octet {} ^ {flip}", place - at);
            }
        }
    }
}

/// CVE-2020-0601: a curve whose generator was chosen so that the forger knows the private half of the CA's
/// own point.
#[test]
fn a_forged_curve_reads_as_openssl_alone_reads_it() {
    warm_up();
    let honest = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let ca = EcKey::generate(&honest).unwrap();
    let (mut order, one) = (BigNum::new().unwrap(), BigNum::from_u32(1).unwrap());
    honest.order(&mut order, &mut BigNumContext::new().unwrap()).unwrap();
    let mut curve = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    curve.set_asn1_flag(Asn1Flag::EXPLICIT_CURVE);
    let generator = ca.public_key().to_owned(&honest).unwrap();
    curve.set_generator(generator, order, BigNum::from_u32(1).unwrap()).unwrap();
    let forged = EcKey::from_private_components(&curve, &one, ca.public_key()).unwrap();
    let forged = PKey::from_ec_key(forged).unwrap();
    let der = certificate(&forged, &forged).expect("a certificate").to_der().unwrap();
    assert_eq!(ours(&der), alone(&der));
    assert!(Certificate::from_der(&der).is_ok());
}

/// The tests below run the next three in processes of their own, whose OpenSSL is set up differently.
const SAYS: &str = "says_how_certificates_are_read";
const HELLO: &str = "says_what_is_offered";
const HELLOS: &str = "says_whether_the_same_is_offered_later";

#[test]
fn says_how_certificates_are_read() {
    println!("reading: {:?}", reading_shortcut());
    println!("connections: {:?}", connection_shortcut());
}

#[test]
fn says_what_is_offered() {
    println!("reading: {:?}", reading_shortcut());
    println!("offered: {:04x?}", offered_suites());
}

/// The cipher suites in the ClientHello of a session without options.
fn offered_suites() -> Vec<u16> {
    let hello = hello(&verifier());
    // RFC 8446 §4.1.2: message header, version, random, session identifier, suites.
    let at = SESSION_ID + 1 + usize::from(hello[SESSION_ID]);
    let length = usize::from(u16::from_be_bytes([hello[at], hello[at + 1]]));
    let suites = hello[at + 2..at + 2 + length].chunks(2);
    suites.map(|suite| u16::from_be_bytes([suite[0], suite[1]])).collect()
}

/// Where it begins, with its length, in a ClientHello with its message header.
const SESSION_ID: usize = 4 + 2 + 32;

fn verifier() -> Verifier {
    let mut config = Config::new();
    config.put(Mode::Replace, "handshake_timeout_ms", Value::Int(3000)).unwrap();
    Verifier::new(&config).unwrap()
}

/// The ClientHello of a session.
fn hello(verifier: &Verifier) -> Vec<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || {
        let mut record = [0; 5];
        let mut client = listener.accept().unwrap().0;
        client.read_exact(&mut record).unwrap();
        let mut hello = vec![0; usize::from(u16::from_be_bytes([record[3], record[4]]))];
        client.read_exact(&mut hello).unwrap();
        hello
    });
    let mut peer = Peer::new();
    peer.set_protocol(Protocol::Imaps);
    peer.set_host("mail.example.test").unwrap();
    peer.set_connect(&address.to_string()).unwrap();
    let mut session = Session::new(verifier, &peer).unwrap();
    assert!(session.connect().is_err(), "a server that says nothing");
    server.join().unwrap()
}

/// The hello without what is drawn anew each time: random, session identifier, and the public key of
/// X25519 or a curve (RFC 8446 §4.2.8), of which group and length stay.
fn without_chance(mut hello: Vec<u8>) -> Vec<u8> {
    const KEY_SHARE: u16 = 51;
    let number = |hello: &[u8], at: usize| u16::from_be_bytes([hello[at], hello[at + 1]]);
    hello[4 + 2..SESSION_ID].fill(0);
    let mut at = SESSION_ID + 1 + usize::from(hello[SESSION_ID]);
    hello[SESSION_ID + 1..at].fill(0);
    at += 2 + usize::from(number(&hello, at));
    at += 1 + usize::from(hello[at]) + 2;
    while at < hello.len() {
        let (kind, length) = (number(&hello, at), usize::from(number(&hello, at + 2)));
        if kind == KEY_SHARE {
            hello[at + 4 + 6..at + 4 + length].fill(0);
        }
        at += 4 + length;
    }
    hello
}

#[test]
fn says_whether_the_same_is_offered_later() {
    let verifier = verifier();
    let first = without_chance(hello(&verifier));
    println!("connections: {:?}", connection_shortcut());
    for number in 1..20 {
        let later = without_chance(hello(&verifier));
        assert_eq!(later, first, "session {number}");
    }
    println!("{} octets each", first.len());
}

/// What a test of this file prints where openssl.cnf is this; `None` is no file.
fn child(test: &str, configuration: Option<&str>) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("stv-reading-{}-{number}.cnf", std::process::id());
    let path = std::env::temp_dir().join(name);
    if let Some(text) = configuration {
        fs::write(&path, text).unwrap();
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env("OPENSSL_CONF", &path);
    let output = command.output().unwrap();
    let _ = fs::remove_file(&path);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}

const TAKEN: &str = "reading: Ok(())";

/// Every one of these is loaded by OpenSSL without a complaint.
#[test]
fn who_decides_about_algorithms_is_obeyed() {
    let section = |module: &str, rest: &str| {
        Some(format!("openssl_conf = init\n[init]\n{module} = it\n[it]\n{rest}\n"))
    };
    let off = |why: WayAround| format!("reading: Err({why:?})");
    let cases = [
        ("no file", None, TAKEN.to_owned()),
        ("an empty file", Some(String::new()), TAKEN.to_owned()),
        ("no section", Some("openssl_conf = init\n[init]\n".to_owned()), TAKEN.to_owned()),
        (
            "ssl_conf",
            section("ssl_conf", "system_default = s\n[s]\nMinProtocol = TLSv1.2"),
            TAKEN.to_owned(),
        ),
        ("an OID", section("oid_section", "thing = 1.2.3.4.5"), TAKEN.to_owned()),
        ("default", section("providers", "default = d\n[d]\nactivate = 1"), TAKEN.to_owned()),
        (
            "default and legacy",
            section("providers", "default = d\nlegacy = d\n[d]\nactivate = 1"),
            off(WayAround::Providers),
        ),
        (
            "default and base",
            section("providers", "default = d\nbase = d\n[d]\nactivate = 1"),
            off(WayAround::Providers),
        ),
        (
            "base alone",
            section("providers", "base = d\n[d]\nactivate = 1"),
            off(WayAround::Providers),
        ),
        ("null", section("providers", "null = d\n[d]\nactivate = 1"), off(WayAround::Providers)),
        ("FIPS", section("alg_section", "default_properties = fips=yes"), off(WayAround::Fips)),
        (
            "FIPS in its other spelling",
            section("alg_section", "fips_mode = yes"),
            off(WayAround::Fips),
        ),
        (
            "default properties",
            section("alg_section", "default_properties = provider=default"),
            off(WayAround::Configuration),
        ),
        (
            "another random generator",
            section("random", "random = HASH-DRBG\ndigest = SHA512"),
            off(WayAround::Configuration),
        ),
        ("engines", section("engines", ""), off(WayAround::Configuration)),
        ("a broken file", Some("[unfinished\n".to_owned()), off(WayAround::Configuration)),
    ];
    for (what, configuration, wanted) in cases {
        let said = child(SAYS, configuration.as_deref());
        for wanted in [&wanted, &wanted.replace("reading", "connections")] {
            assert!(said.contains(wanted), "{what}: wanted {wanted}\n{said}");
        }
    }
}

/// What openssl.cnf says of every SSL_CTX is said of ours, whatever certificates are read in.
#[test]
fn the_systems_policy_for_tls_holds() {
    let policy = "openssl_conf = init\n[init]\nssl_conf = it\n[it]\nsystem_default = s\n[s]\n\
                  CipherString = ECDHE-RSA-AES128-GCM-SHA256\nCiphersuites = TLS_AES_256_GCM_SHA384\n";
    let said = child(HELLO, Some(policy));
    assert!(said.contains(TAKEN), "{said}");
    // And TLS_EMPTY_RENEGOTIATION_INFO_SCSV.
    assert!(said.contains("offered: [1302, c02f, 00ff]"), "{said}");
    let said = child(HELLO, None);
    assert!(said.contains(TAKEN) && said.contains("c030"), "{said}");
}

/// Session by session: those of OpenSSL's own library context, and those of ours.
#[test]
fn a_server_is_offered_the_same_whatever_the_policy() {
    let policy = |rest: &str| {
        format!(
            "openssl_conf = init\n[init]\nssl_conf = it\n[it]\nsystem_default = s\n[s]\n{rest}\n"
        )
    };
    for configuration in [
        None,
        Some(policy("MinProtocol = TLSv1.3")),
        Some(policy("MaxProtocol = TLSv1.2\nCipherString = DEFAULT:@SECLEVEL=3")),
        Some(policy("CipherString = ECDHE-RSA-AES128-GCM-SHA256:DHE+AES")),
        Some(policy("Groups = P-384:X25519:ffdhe2048")),
        Some(policy("SignatureAlgorithms = ECDSA+SHA384:RSA-PSS+SHA256")),
        Some(policy("Options = -SessionTicket,-EncryptThenMac,-ExtendedMasterSecret")),
    ] {
        let said = child(HELLOS, configuration.as_deref());
        let taken = said.contains("connections: Ok(())") && said.contains("octets each");
        assert!(taken, "{configuration:?}\n{said}");
    }
}

const LATER: &str = "what_comes_later_is_seen_in_a_process_of_its_own";

#[test]
fn what_comes_later_is_seen() {
    assert!(child(LATER, None).contains("seen"));
}

/// Changes what is the process's: run alone.
#[test]
fn what_comes_later_is_seen_in_a_process_of_its_own() {
    if !std::env::args().any(|argument| argument == LATER) {
        return;
    }
    assert_eq!(reading_shortcut(), Ok(()));
    assert_eq!(connection_shortcut(), Ok(()));
    let other = Provider::load(None, "legacy").unwrap();
    assert_eq!(reading_shortcut(), Err(WayAround::Providers));
    assert_eq!(connection_shortcut(), Err(WayAround::Providers));
    drop(other);
    assert_eq!(reading_shortcut(), Ok(()));
    assert_eq!(connection_shortcut(), Ok(()));
    println!("seen");
}

const ENGINE: &str = "an_engine_is_seen_in_a_process_of_its_own";

#[test]
fn an_engine_is_seen() {
    assert!(child(ENGINE, None).contains("seen"));
}

unsafe extern "C" {
    fn ENGINE_new() -> *mut c_void;
    fn ENGINE_set_id(engine: *mut c_void, id: *const std::ffi::c_char) -> c_int;
    fn ENGINE_set_pkey_meths(engine: *mut c_void, methods: Methods) -> c_int;
    fn ENGINE_register_pkey_meths(engine: *mut c_void) -> c_int;
}

type Methods = extern "C" fn(
    engine: *mut c_void,
    method: *mut *mut c_void,
    nids: *mut *const c_int,
    nid: c_int,
) -> c_int;

/// An engine that has methods for RSA, as one of a smart card has.
extern "C" fn methods(
    _engine: *mut c_void,
    method: *mut *mut c_void,
    nids: *mut *const c_int,
    _nid: c_int,
) -> c_int {
    static RSA: [c_int; 1] = [6];
    if method.is_null() {
        unsafe { nids.write(RSA.as_ptr()) };
        return 1;
    }
    unsafe { method.write(ptr::null_mut()) };
    0
}

/// Changes what is the process's: run alone.
#[test]
fn an_engine_is_seen_in_a_process_of_its_own() {
    if !std::env::args().any(|argument| argument == ENGINE) {
        return;
    }
    openssl::init();
    unsafe {
        let engine = ENGINE_new();
        assert_eq!(ENGINE_set_id(engine, c"card".as_ptr()), 1);
        assert_eq!(ENGINE_set_pkey_meths(engine, methods), 1);
        assert_eq!(ENGINE_register_pkey_meths(engine), 1);
    }
    assert_eq!(reading_shortcut(), Err(WayAround::Engine));
    assert_eq!(connection_shortcut(), Err(WayAround::Engine));
    println!("seen");
}
