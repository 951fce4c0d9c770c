//! Promises of public logs (SCTs): from the certificate, from the stapled OCSP response, from the
//! handshake; and lists of logs.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::sha::sha256;
use openssl::sign::Signer;
use openssl::ssl::{ExtensionContext, Ssl, SslContext, SslMethod, SslRef, SslVersion};
use openssl::x509::{X509, X509Ref};
use starttls_verify::der::{self, Reader, single, tag, wrap};
use starttls_verify::options::{Mode, Value};
use starttls_verify::ossl::Chain;
use starttls_verify::proto::Protocol;
use starttls_verify::report::{Finding, Outcome, Report, Shown, Verdict};
use starttls_verify::sct::{Entry, Sct, before_logging};
use starttls_verify::session::Session;
use starttls_verify::status::Status;
use starttls_verify::verify::{Config, Ending, Evidence, Peer, Verifier, judge};
use stv_lab::ca::Extension;
use stv_lab::chains::{BOB, Pki};
use stv_lab::revocation::OcspBlueprint;

const B64: data_encoding::Encoding = data_encoding::BASE64;

struct Log {
    key: PKey<Private>,
    spki: Vec<u8>,
}

impl Log {
    fn new() -> Log {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
        let spki = key.public_key_to_der().unwrap();
        Log { key, spki }
    }

    fn id(&self) -> [u8; 32] {
        sha256(&self.spki)
    }

    /// A serialized promise about this entry, `seconds` from now.
    fn promise(&self, entry: Entry, seconds: i64) -> Vec<u8> {
        let timestamp = ((now() + seconds) * 1000) as u64;
        let id = self.id();
        let sct = Sct { log: &id, timestamp, extensions: &[], algorithm: [4, 3], signature: &[] };
        let mut signer = Signer::new(MessageDigest::sha256(), &self.key).unwrap();
        let signature = signer.sign_oneshot_to_vec(&sct.signed(entry)).unwrap();
        let head = [&[0][..], &id, &timestamp.to_be_bytes(), &[0, 0, 4, 3]].concat();
        [head, vector(&signature)].concat()
    }
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64
}

fn vector(contents: &[u8]) -> Vec<u8> {
    [&(contents.len() as u16).to_be_bytes()[..], contents].concat()
}

fn list(promises: &[Vec<u8>]) -> Vec<u8> {
    vector(&promises.iter().flat_map(|promise| vector(promise)).collect::<Vec<u8>>())
}

struct File(PathBuf);

impl File {
    fn new(name: &str, contents: &str) -> File {
        let path = std::env::temp_dir().join(format!("stv-logs-{name}-{}", std::process::id()));
        fs::write(&path, contents).unwrap();
        File(path)
    }

    fn setting(&self) -> (&'static str, Value) {
        ("ct_log_file", Value::Text(self.0.to_str().unwrap().to_owned()))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        fs::remove_file(&self.0).ok();
    }
}

/// The list that Chrome's format makes of logs, each with its state and interval.
fn json(logs: &[(&Log, &str, &str)]) -> String {
    let entries: Vec<String> = logs
        .iter()
        .enumerate()
        .map(|(number, (log, state, rest))| {
            let (key, id) = (B64.encode(&log.spki), B64.encode(&log.id()));
            format!(
                r#"{{"description":"log {number}","key":"{key}","log_id":"{id}","mmd":86400,"url":"https://log.test/","state":{{{state}}}{rest}}}"#
            )
        })
        .collect();
    format!(r#"{{"version":"1","operators":[{{"name":"x","logs":[{}]}}]}}"#, entries.join(","))
}

const USABLE: &str = r#""usable":{"timestamp":"2020-01-01T00:00:00Z"}"#;

struct Scene {
    pki: Pki,
    leaf: X509,
}

impl Scene {
    fn new() -> Scene {
        let pki = Pki::new().unwrap();
        let leaf = pki.leaf(&[BOB]).unwrap().certs[0].clone();
        Scene { pki, leaf }
    }

    fn issuer_hash(&self) -> [u8; 32] {
        let key = self.pki.intermediate.cert.public_key().unwrap();
        sha256(&key.public_key_to_der().unwrap())
    }

    /// The leaf with this list of SCTs put into it, as a CA does after it has logged it.
    fn embedding(&self, list: &[u8]) -> X509 {
        let der = self.leaf.to_der().unwrap();
        let parsed = der::Certificate::parse(&der).unwrap();
        let oid = wrap(tag::OID, der::oid::SCTS_OF_CERTIFICATE);
        let value = wrap(tag::OCTET_STRING, &wrap(tag::OCTET_STRING, list));
        let extension = wrap(tag::SEQUENCE, &[oid, value].concat());
        let mut fields = single(parsed.tbs, tag::SEQUENCE).unwrap().reader();
        let mut tbs = Vec::new();
        while !fields.is_empty() {
            let field = fields.element().unwrap();
            if field.tag == tag::context_constructed(3) {
                let old = Reader::new(field.value).element().unwrap().value;
                let new = wrap(tag::SEQUENCE, &[old, &extension].concat());
                tbs.extend(wrap(field.tag, &new));
            } else {
                tbs.extend_from_slice(field.whole);
            }
        }
        let tbs = wrap(tag::SEQUENCE, &tbs);
        assert_eq!(before_logging(&tbs).unwrap(), parsed.tbs);
        let key = &self.pki.intermediate.key;
        let mut signer = Signer::new(MessageDigest::sha256(), key).unwrap();
        let signature = signer.sign_oneshot_to_vec(&tbs).unwrap();
        let signature = wrap(tag::BIT_STRING, &[&[0], &signature[..]].concat());
        let whole = [tbs, parsed.signature_algorithm.to_vec(), signature].concat();
        X509::from_der(&wrap(tag::SEQUENCE, &whole)).unwrap()
    }

    fn judge(&self, leaf: &X509, settings: &[(&str, Value)], ending: &Ending) -> Report {
        let mut config = Config::new();
        let root = self.pki.root.cert.to_der().unwrap();
        config.put(Mode::Append, "ca_der", Value::Bytes(root)).unwrap();
        for (name, value) in settings {
            config.put(Mode::Replace, name, value.clone()).unwrap();
        }
        let mut peer = Peer::new();
        peer.set_host(BOB).unwrap();
        let mut chain = Chain::new();
        for certificate in [leaf, &self.pki.intermediate.cert] {
            chain.add_der(&certificate.to_der().unwrap()).unwrap();
        }
        let evidence = Evidence { chain: &chain, shown: Shown::OnDisk };
        judge(&Verifier::new(&config).unwrap(), &peer, &evidence, ending)
    }
}

fn transparency(report: &Report) -> &Finding {
    let mut found =
        report.findings.iter().filter(|finding| finding.code.name().starts_with("transparency."));
    let finding = found.next().expect("a finding about transparency");
    assert!(found.next().is_none(), "{}", report.text());
    finding
}

fn required(count: i64) -> (&'static str, Value) {
    ("ct_required", Value::Int(count))
}

const LOGGED: (&str, Outcome) = ("transparency.logged", Outcome::Pass);
const TOO_FEW: (&str, Outcome) = ("transparency.too_few", Outcome::Fail);

#[test]
fn promises_from_every_place_count_once_per_log() {
    let scene = Scene::new();
    let (one, two) = (Log::new(), Log::new());
    let file = File::new("places", &json(&[(&one, USABLE, ""), (&two, USABLE, "")]));
    let (der, issuer) = (scene.leaf.to_der().unwrap(), scene.issuer_hash());
    let parsed = der::Certificate::parse(&der).unwrap();
    let before = Entry::Precertificate(&issuer, parsed.tbs);
    let both = scene.embedding(&list(&[one.promise(before, -9), two.promise(before, -9)]));
    let twice = scene.embedding(&list(&[one.promise(before, -9), one.promise(before, -8)]));
    let embedded = |leaf: &X509, count| {
        let report = scene.judge(leaf, &[file.setting(), required(count)], &Ending::default());
        let finding = transparency(&report);
        assert_eq!(report.verdict == Verdict::Trusted, finding.outcome == Outcome::Pass);
        (finding.code.name(), finding.outcome)
    };
    assert_eq!(embedded(&both, 2), LOGGED);
    assert_eq!(embedded(&twice, 1), LOGGED);
    assert_eq!(embedded(&twice, 2), TOO_FEW);
    assert_eq!(embedded(&scene.leaf, 1), TOO_FEW);

    let beside = Entry::Certificate(&der);
    let handshake = list(&[one.promise(beside, -9)]);
    let value = wrap(tag::OCTET_STRING, &list(&[two.promise(beside, -9)]));
    let extension = Extension { oid: "1.3.6.1.4.1.11129.2.4.5", critical: false, value };
    let staple = OcspBlueprint::about(&scene.leaf, &scene.pki.intermediate.cert)
        .unwrap()
        .with(|single| single.extra = vec![extension.clone()])
        .signed_by(&scene.pki.intermediate)
        .unwrap();
    let (scts, staple) = (Some(&handshake[..]), Some(&staple[..]));
    for (ending, count, wanted) in [
        (Ending { scts, staple, ..Ending::default() }, 2, LOGGED),
        (Ending { scts, ..Ending::default() }, 2, TOO_FEW),
        (Ending { staple, ..Ending::default() }, 1, LOGGED),
        (Ending { scts, ..Ending::default() }, 1, LOGGED),
    ] {
        let report = scene.judge(&scene.leaf, &[file.setting(), required(count)], &ending);
        let finding = transparency(&report);
        assert_eq!((finding.code.name(), finding.outcome), wanted, "{}", report.text());
    }
}

#[test]
fn promises_that_do_not_count() {
    let scene = Scene::new();
    let (log, stranger) = (Log::new(), Log::new());
    let der = scene.leaf.to_der().unwrap();
    let (beside, other) = (Entry::Certificate(&der), Entry::Certificate(b"another"));
    let good = log.promise(beside, -9);
    let mut bent = good.clone();
    *bent.last_mut().unwrap() ^= 1;
    let ask = |what: &str, state: &str, rest: &str, promise: &[u8]| {
        let file = File::new(&what.replace(' ', "-"), &json(&[(&log, state, rest)]));
        let scts = list(&[promise.to_vec()]);
        let ending = Ending { scts: Some(&scts), ..Ending::default() };
        let report = scene.judge(&scene.leaf, &[file.setting(), required(1)], &ending);
        let finding = transparency(&report);
        (finding.code.name(), finding.outcome)
    };
    assert_eq!(ask("good", USABLE, "", &good), LOGGED);
    let interval = |from: i64, to: i64| {
        format!(
            r#","temporal_interval":{{"start_inclusive":"{from}-01-01T00:00:00Z","end_exclusive":"{to}-01-01T00:00:00Z"}}"#
        )
    };
    assert_eq!(ask("its years", USABLE, &interval(2020, 2100), &good), LOGGED);
    let retired = |year: i64| format!(r#""retired":{{"timestamp":"{year}-01-01T00:00:00Z"}}"#);
    assert_eq!(ask("retired later", &retired(2100), "", &good), LOGGED);
    for (what, state, rest, promise) in [
        ("signature", USABLE, String::new(), &bent),
        ("another certificate", USABLE, String::new(), &log.promise(other, -9)),
        ("another log", USABLE, String::new(), &stranger.promise(beside, -9)),
        ("of tomorrow", USABLE, String::new(), &log.promise(beside, 86_400)),
        ("other years", USABLE, interval(2020, 2021), &good),
        ("retired before", &retired(2020), String::new(), &good),
        ("rejected", r#""rejected":{"timestamp":"2020-01-01T00:00:00Z"}"#, String::new(), &good),
        ("pending", r#""pending":{"timestamp":"2020-01-01T00:00:00Z"}"#, String::new(), &good),
        ("no state", "", String::new(), &good),
    ] {
        assert_eq!(ask(what, state, &rest, promise), TOO_FEW, "{what}");
    }
    // Nonsense is a failure where logs are required, and never a crash.
    let file = File::new("nonsense", &json(&[(&log, USABLE, "")]));
    let scts = list(&[good]);
    for end in 0..scts.len() {
        let ending = Ending { scts: Some(&scts[..end]), ..Ending::default() };
        let report = scene.judge(&scene.leaf, &[file.setting(), required(1)], &ending);
        assert_eq!(report.verdict, Verdict::Rejected, "cut at {end}");
        let report = scene.judge(&scene.leaf, &[file.setting()], &ending);
        assert_eq!(report.verdict, Verdict::Trusted, "reported only, cut at {end}");
    }
}

#[test]
fn lists_of_logs() {
    let scene = Scene::new();
    let log = Log::new();
    let der = scene.leaf.to_der().unwrap();
    let scts = list(&[log.promise(Entry::Certificate(&der), -9)]);
    let ending = Ending { scts: Some(&scts), ..Ending::default() };
    let key = B64.encode(&log.spki);
    let text = format!("enabled_logs = one\n# a comment\n[one]\ndescription = One\nkey = {key}\n");
    let file = File::new("text", &text);
    let report = scene.judge(&scene.leaf, &[file.setting(), required(1)], &ending);
    assert_eq!(transparency(&report).code.name(), "transparency.logged", "{}", report.text());
    // Without a list nothing is checked.
    let report = scene.judge(&scene.leaf, &[], &ending);
    assert_eq!(transparency(&report).outcome, Outcome::Skip);
    assert_eq!(report.verdict, Verdict::Trusted);

    let fails = |name: &str, contents: &str, settings: &[(&str, Value)], wanted: Status| {
        let file = File::new(name, contents);
        let mut config = Config::new();
        for (name, value) in [&[file.setting()], settings].concat() {
            config.put(Mode::Replace, name, value).unwrap();
        }
        let error = Verifier::new(&config).err().expect(name);
        assert_eq!(error.status, wanted, "{name}: {}", error.what);
    };
    fails("empty", "", &[], Status::FileEmpty);
    fails("no-log", r#"{"operators":[]}"#, &[], Status::FileEmpty);
    fails("half", r#"{"operators":["#, &[], Status::FileUnreadable);
    fails("no-key", "enabled_logs = one\n[one]\ndescription = x\n", &[], Status::FileUnreadable);
    let wrong_id = json(&[(&log, USABLE, "")]).replace(&B64.encode(&log.id()), "AAAA");
    fails("id", &wrong_id, &[], Status::FileUnreadable);
    fails("too-few", &text, &[required(2)], Status::OptionValue);
    let mut config = Config::new();
    config.put(Mode::Replace, "ct_required", Value::Int(1)).unwrap();
    let error = Verifier::new(&config).err().expect("no list");
    assert_eq!(error.status, Status::OptionValue, "{}", error.what);
}

/// A server of implicit TLS that sends this list with its hello or its certificate; its port.
fn serve(chain: &stv_lab::chains::Chain, version: SslVersion, sent: Vec<u8>) -> u16 {
    let mut context = SslContext::builder(SslMethod::tls_server()).unwrap();
    context.set_max_proto_version(Some(version)).unwrap();
    context.set_certificate(&chain.certs[0]).unwrap();
    context.set_private_key(&chain.key).unwrap();
    for other in &chain.certs[1..] {
        context.add_extra_chain_cert(other.clone()).unwrap();
    }
    let places = ExtensionContext::CLIENT_HELLO
        | ExtensionContext::TLS1_2_SERVER_HELLO
        | ExtensionContext::TLS1_3_CERTIFICATE;
    let add = move |_: &mut SslRef, _: ExtensionContext, certificate: Option<(usize, &X509Ref)>| {
        Ok(certificate.is_none_or(|(place, _)| place == 0).then(|| sent.clone()))
    };
    context.add_custom_ext(18, places, add, |_, _, _, _| Ok(())).unwrap();
    let context = context.build();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        if let Ok(mut stream) = Ssl::new(&context).unwrap().accept(stream) {
            let _ = stream.read(&mut [0; 16]);
        }
    });
    port
}

#[test]
fn a_server_is_asked_for_the_promises_of_its_handshake() {
    for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        let pki = Pki::new().unwrap();
        let chain = pki.leaf(&[BOB]).unwrap();
        let der = chain.certs[0].to_der().unwrap();
        let (log, stranger) = (Log::new(), Log::new());
        let file = File::new(&format!("live-{version:?}"), &json(&[(&log, USABLE, "")]));
        let good = list(&[log.promise(Entry::Certificate(&der), -60)]);
        let foreign = list(&[stranger.promise(Entry::Certificate(&der), -60)]);
        for (what, sent, verdict) in [
            ("a promise", good, Verdict::Trusted),
            ("one of another log", foreign, Verdict::Rejected),
            ("an empty list", list(&[]), Verdict::Rejected),
            ("no list", vec![7], Verdict::Rejected),
        ] {
            let port = serve(&chain, version, sent);
            let mut config = Config::new();
            let anchor = Value::Bytes(pki.root.cert.to_pem().unwrap());
            let (name, logs) = file.setting();
            for (name, value) in [("ca_pem", anchor), (name, logs), ("ct_required", Value::Int(1))]
            {
                config.put(Mode::Replace, name, value).unwrap();
            }
            let mut peer = Peer::new();
            peer.set_protocol(Protocol::Tls);
            peer.set_host(BOB).unwrap();
            peer.set_connect(&format!("127.0.0.1:{port}")).unwrap();
            peer.set_port(port);
            let mut session = Session::new(&Verifier::new(&config).unwrap(), &peer).unwrap();
            let _ = session.connect();
            let report = session.report();
            assert_eq!(report.verdict, verdict, "{version:?}, {what}: {}", report.text());
        }
    }
}
