//! The name tables of other projects, run through the public API and through OpenSSL.
//!
//! Data: `../shared/conformance` beside the package, or `$STV_CONFORMANCE`; nothing of it is copied
//! here. Where it is absent the tests say so and pass.
//!
//! A disagreement is excepted by *rule*, in [`REJECTED`] and [`VALIDITY`] below, each with its
//! reason. We may refuse what a suite accepts; accepting what a suite refuses is excepted only where
//! the suites themselves disagree: for the rows of `hostname_conflicts.tsv`, and for the one dot at
//! the end of a reference ([`dotted_reference`]).

use std::collections::BTreeMap;
use std::path::PathBuf;

use foreign_types::ForeignTypeRef;
use openssl::asn1::{Asn1Object, Asn1OctetString, Asn1Time};
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::{X509, X509Builder, X509Extension, X509NameBuilder, X509Ref};
use starttls_verify::der::Certificate;
use starttls_verify::name::differences::explain;
use starttls_verify::name::{
    CommonName, Comparison, Idna, NameOutcome, NamePolicy, PresentedDns, ReferenceId, Stars,
    SuffixList, Wildcards, compare,
};

// --- the data --------------------------------------------------------------------------------

fn data(file: &str) -> Option<String> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance");
    let folder = std::env::var_os("STV_CONFORMANCE").map_or(beside, PathBuf::from);
    let text = std::fs::read_to_string(folder.join(file)).ok();
    if text.is_none() {
        println!("skipped: no conformance data ({file})");
    }
    text
}

/// One row of `hostnames.tsv`, unescaped.
struct Row {
    suite: String,
    case: String,
    sans: Vec<(String, Vec<u8>)>,
    common_names: Vec<Vec<u8>>,
    reference: Vec<u8>,
    kind: String,
    expected: String,
    line: String,
}

fn rows() -> Option<Vec<Row>> {
    Some(data("hostnames.tsv")?.lines().skip(1).map(row).collect())
}

fn row(line: &str) -> Row {
    let columns: Vec<&str> = line.split('\t').collect();
    Row {
        suite: columns[0].to_owned(),
        case: columns[1].to_owned(),
        sans: list(columns[2]).map(general_name).collect(),
        common_names: list(columns[3]).map(unescape).collect(),
        reference: unescape(columns[4]),
        kind: columns[5].to_owned(),
        expected: columns[6].to_owned(),
        line: line.to_owned(),
    }
}

fn list(column: &str) -> impl Iterator<Item = &str> {
    column.split('|').filter(move |_| column != "-")
}

fn general_name(entry: &str) -> (String, Vec<u8>) {
    let (kind, value) = entry.split_once(':').unwrap();
    let octets = if kind == "IP" { address(value) } else { unescape(value) };
    (kind.to_owned(), octets)
}

/// `10.1.2.3`, `2001::cafe`, or the octets in hexadecimal.
fn address(text: &str) -> Vec<u8> {
    match text.parse() {
        Ok(std::net::IpAddr::V4(four)) => four.octets().to_vec(),
        Ok(std::net::IpAddr::V6(six)) => six.octets().to_vec(),
        Err(_) => hex(text.as_bytes()),
    }
}

fn hex(digits: &[u8]) -> Vec<u8> {
    let octet = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(octet).collect()
}

fn unescape(text: &str) -> Vec<u8> {
    let mut pieces = text.split("\\x");
    let mut octets = pieces.next().unwrap().as_bytes().to_vec();
    for piece in pieces {
        octets.extend(hex(&piece.as_bytes()[..2]));
        octets.extend(&piece.as_bytes()[2..]);
    }
    octets
}

impl Row {
    /// The extnValue that the row describes.
    fn san(&self) -> Option<Vec<u8>> {
        let entries: Vec<u8> =
            self.sans.iter().flat_map(|(kind, octets)| entry(kind, octets)).collect();
        if self.sans.is_empty() { None } else { Some(tlv(0x30, &entries)) }
    }

    /// The reference as the row's kind says; `None` where it is no valid reference for us.
    fn reference(&self) -> Option<ReferenceId> {
        let text = String::from_utf8(self.reference.clone()).ok()?;
        ReferenceId::parse_tagged(&format!("{}:{text}", self.kind), Idna::Convert).ok()
    }

    fn common_names(&self) -> Vec<String> {
        self.common_names.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect()
    }

    fn policy(&self) -> NamePolicy<'static> {
        let nowild = self.suite.ends_with("-nowild");
        let wildcards = if nowild { Wildcards::None } else { Wildcards::LeftMostLabel };
        NamePolicy { wildcards, ..NamePolicy::default() }
    }

    fn matches(&self, policy: &NamePolicy<'_>) -> bool {
        let Some(reference) = self.reference() else { return false };
        compare(&[reference], self.san().as_deref(), &self.common_names(), policy).is_match()
    }
}

fn entry(kind: &str, octets: &[u8]) -> Vec<u8> {
    match kind {
        "DNS" => tlv(0x82, octets),
        "IP" => tlv(0x87, octets),
        "OTHER" => tlv(0xa0, &[&[6, 3, 0x2a, 3, 4][..], &tlv(0xa0, &tlv(0x0c, octets))].concat()),
        unknown => panic!("unknown kind {unknown}"),
    }
}

fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len();
    let mut whole = match length {
        0..0x80 => vec![tag, length as u8],
        0x80..0x100 => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    whole.extend(value);
    whole
}

// --- the exceptions --------------------------------------------------------------------------

/// A rule of ours that refuses what some suite accepts.
struct Exception {
    name: &'static str,
    applies: fn(&Row) -> bool,
    why: &'static str,
}

/// In order: the first that applies explains the row.
const REJECTED: &[Exception] = &[
    Exception {
        name: "cn-id",
        applies: |row| {
            !row.common_names.is_empty() && row.sans.iter().all(|(kind, _)| kind == "OTHER")
        },
        why: "RFC 9525 §2: the common name is not used",
    },
    Exception {
        name: "url-host",
        applies: |row| row.line.ends_with("URL host canonicalisation"),
        why: "a reference is a name, not a part of a URL: percent signs and inet_aton forms are \
              refused, not decoded (RFC 1123 §2.1)",
    },
    Exception {
        name: "ip-text",
        applies: |row| row.kind == "ip" && row.sans.iter().all(|(kind, _)| kind == "DNS"),
        why: "RFC 9525 §6.4: an address matches iPAddress only, never the text in a dNSName",
    },
    Exception {
        name: "reference-grammar",
        applies: |row| !looks_like_a_host(&row.reference),
        why: "RFC 1123 §2.1, RFC 1035 §2.3.4: the reference is no host name (illegal character, \
              leading dot, wildcard, label of more than 63 octets)",
    },
    Exception {
        name: "presented-dot",
        applies: |row| row.sans.iter().any(|(_, name)| name.ends_with(b".")),
        why: "RFC 5280 §4.2.1.6: a dNSName is in preferred name syntax, which has no dot at the end",
    },
    Exception {
        name: "presented-empty",
        applies: |row| row.sans.iter().any(|(kind, name)| kind == "DNS" && name.is_empty()),
        why: "RFC 5280 §4.2.1.6: an empty dNSName makes the subjectAltName malformed",
    },
    Exception {
        name: "wide-wildcard",
        applies: |row| {
            let one_dot = |name: &[u8]| name.iter().filter(|octet| **octet == b'.').count() == 1;
            row.sans.iter().any(|(_, name)| name.starts_with(b"*.") && one_dot(name))
        },
        why: "a wildcard has two more labels at least, as in OpenSSL and Chromium (RFC 9525 §7.1 on why)",
    },
];

/// The grammar once more, in other words: an exception must not rest on the code under test.
fn looks_like_a_host(octets: &[u8]) -> bool {
    let legal = |octet: &u8| octet.is_ascii_alphanumeric() || b"-_.".contains(octet);
    let labels = octets.strip_suffix(b".").unwrap_or(octets).split(|octet| *octet == b'.');
    octets.iter().all(legal) && labels.into_iter().all(|label| (1..64).contains(&label.len()))
}

/// Whether the suites dispute this very row.
fn disputed(row: &Row, conflicts: &str) -> bool {
    let columns: Vec<&str> = row.line.split('\t').collect();
    let key = format!("{}\t\t{}\t", columns[2].to_lowercase(), columns[4]);
    conflicts.lines().any(|line| line.to_lowercase().starts_with(&key.to_lowercase()))
}

/// OpenSSL's suite refuses `a.` for `a`; Chromium's and Go's accept `foo.com.` for `foo.com`. The
/// suites' own README decides for them: one dot is dropped. Only the dot may make the difference.
fn dotted_reference(row: &Row) -> bool {
    let bare = row.reference.strip_suffix(b".");
    bare.is_some_and(|bare| row.sans.iter().any(|(kind, name)| kind == "DNS" && name == bare))
}

// --- the tables ------------------------------------------------------------------------------

#[derive(Default)]
struct Tally {
    rows: usize,
    agree: usize,
    false_accepts: usize,
    false_rejects: usize,
    explained: usize,
}

#[derive(Default)]
struct Table {
    suites: BTreeMap<String, Tally>,
    rules: BTreeMap<&'static str, usize>,
    unexplained: Vec<String>,
}

impl Table {
    /// Counts one row; `excuse` is asked for a disagreement only.
    fn count(&mut self, row: &Row, ours: bool, excuse: impl Fn() -> Option<&'static str>) {
        let tally = self.suites.entry(row.suite.clone()).or_default();
        tally.rows += 1;
        match (ours, row.expected == "match") {
            (true, true) | (false, false) => {
                tally.agree += 1;
                return;
            }
            (true, false) => tally.false_accepts += 1,
            (false, true) => tally.false_rejects += 1,
        }
        match excuse() {
            Some(rule) => {
                tally.explained += 1;
                *self.rules.entry(rule).or_default() += 1;
            }
            None => self.unexplained.push(format!("{} {}: {}", row.suite, row.case, row.line)),
        }
    }

    fn print(&self, title: &str) {
        let heads = ["rows", "agree", "false accept", "false reject", "explained"];
        println!("\n{title}\n{:<36}{}", "suite", heads.map(|head| format!("{head:>14}")).concat());
        let mut sums = [0; 5];
        for (suite, t) in &self.suites {
            let counts = [t.rows, t.agree, t.false_accepts, t.false_rejects, t.explained];
            println!("{suite:<36}{}", counts.map(|count| format!("{count:>14}")).concat());
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        }
        println!("{:<36}{}", "all", sums.map(|count| format!("{count:>14}")).concat());
        for (rule, count) in &self.rules {
            println!("  explained by {rule}: {count}");
        }
    }

    fn assert_explained(&self) {
        assert!(self.unexplained.is_empty(), "unexplained:\n{}", self.unexplained.join("\n"));
    }
}

#[test]
fn hostnames_agree_or_are_explained() {
    let (Some(rows), Some(conflicts)) = (rows(), data("hostname_conflicts.tsv")) else { return };
    let mut table = Table::default();
    for row in &rows {
        let ours = row.matches(&row.policy());
        table.count(row, ours, || match ours {
            true if disputed(row, &conflicts) => Some("disputed"),
            true => dotted_reference(row).then_some("dotted-reference"),
            false => REJECTED.iter().find(|rule| (rule.applies)(row)).map(|rule| rule.name),
        });
    }
    table.print("hostnames.tsv, default policy");
    for rule in REJECTED {
        println!("  {}: {}", rule.name, rule.why);
    }
    table.assert_explained();
}

/// With the public-suffix guard the disputed `*.co.uk` rows are refused as well: but for the dotted
/// references, no row is left that a suite refuses and we accept.
#[test]
fn the_guard_leaves_no_false_accept() {
    let Some(rows) = rows() else { return };
    let list = SuffixList::parse("com\nuk\nco.uk\nbr\ncom.br\nfr\nde\norg\nnet\n");
    for row in &rows {
        let policy = NamePolicy { suffixes: Some(&list), ..row.policy() };
        assert!(
            !row.matches(&policy) || row.expected == "match" || dotted_reference(row),
            "{}",
            row.line
        );
    }
}

/// The insecure knob on the rows that have a common name and no subjectAltName.
#[test]
fn the_common_name_knob() {
    let Some(rows) = rows() else { return };
    let mut table = Table::default();
    let cn_only = |row: &&Row| row.sans.is_empty() && !row.common_names.is_empty();
    for row in rows.iter().filter(cn_only) {
        let policy = NamePolicy { common_name: CommonName::FallbackInsecure, ..row.policy() };
        table.count(row, row.matches(&policy), || match row.kind.as_str() {
            "ip" => Some("cn-is-no-address"),
            _ if !looks_like_a_host(&row.reference) => Some("reference-grammar"),
            _ => partial_wildcard(row).then_some("partial-wildcard"),
        });
        assert!(!row.matches(&policy) || row.expected == "match", "{}", row.line);
    }
    table.print("hostnames.tsv, rows with CN only, insecure common-name knob on");
    table.assert_explained();
}

/// RFC 9525 §6.3: `*` is the whole left-most label.
fn partial_wildcard(row: &Row) -> bool {
    row.common_names.iter().any(|name| name.contains(&b'*') && !name.starts_with(b"*."))
}

// --- the grammar -----------------------------------------------------------------------------

/// A rule of ours that some suite's idea of validity contradicts: suite, name, our verdict.
struct Validity {
    name: &'static str,
    applies: fn(&str, Side) -> bool,
    ours: bool,
    why: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Reference,
    Presented,
}

const VALIDITY: &[Validity] = &[
    Validity {
        name: "reference-wildcard",
        applies: |text, side| side == Side::Reference && text.contains('*'),
        ours: false,
        why: "a reference names one host (RFC 9525 §6.2); postfix validates TLS policy patterns too",
    },
    Validity {
        name: "reference-dot",
        applies: |text, side| side == Side::Reference && text.ends_with('.'),
        ours: true,
        why: "one dot at the end of a reference is dropped; go agrees, libressl validates dNSNames",
    },
    Validity {
        name: "partial-wildcard",
        applies: |text, side| {
            side == Side::Presented && text.contains('*') && !text.starts_with("*.")
        },
        ours: false,
        why: "RFC 9525 §6.3: `*` is the whole left-most label; go agrees, libressl does not",
    },
    Validity {
        name: "short-wildcard",
        applies: |text, side| side == Side::Presented && text == "*.ca",
        ours: false,
        why: "two labels stand behind the `*`; libressl counts octets of the top-level name",
    },
    Validity {
        name: "hyphen-at-end",
        applies: |text, _| text.contains("-."),
        ours: false,
        why: "RFC 952, RFC 1123 §2.1: no hyphen at the end of a label; postfix and libressl agree, \
              go does not",
    },
    Validity {
        name: "number-at-end",
        applies: |text, _| text.rsplit('.').next().is_some_and(|last| last.parse::<u64>().is_ok()),
        ours: false,
        why: "RFC 3696 §2: no top-level name is a number; the suites' README decides, postfix wants \
              one label that is none, anywhere",
    },
    Validity {
        name: "length",
        applies: |text, _| text.len() > 253,
        ours: false,
        why: "RFC 1035 §2.3.4: 255 octets on the wire are 253 in text; libressl counts text",
    },
];

/// A presented name is usable when it parses and its `*`, if any, can match under the default.
fn usable_presented(octets: &[u8]) -> bool {
    PresentedDns::parse(octets).is_ok_and(|name| match name.stars() {
        Stars::None => true,
        Stars::WholeLabel => name.as_str()[2..].contains('.'),
        Stars::PartOfLabel | Stars::Misplaced => false,
    })
}

fn usable_reference(octets: &[u8]) -> bool {
    let text = String::from_utf8(octets.to_vec()).ok();
    text.is_some_and(|text| {
        ReferenceId::parse_tagged(&format!("dns:{text}"), Idna::Convert).is_ok()
    })
}

#[test]
fn validity_agrees_or_is_explained() {
    let Some(text) = data("names_validity.tsv") else { return };
    let mut suites: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    let mut unexplained = Vec::new();
    for line in text.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let octets = unescape(columns[1]);
        let sides = [
            (Side::Reference, columns[2], usable_reference(&octets)),
            (Side::Presented, columns[3], usable_presented(&octets)),
        ];
        for (side, expected, ours) in sides.into_iter().filter(|(_, expected, _)| *expected != "-")
        {
            let [asked, agree, explained] = suites.entry(columns[0]).or_default();
            *asked += 1;
            let rule = VALIDITY.iter().find(|rule| (rule.applies)(columns[1], side));
            match rule {
                _ if ours == (expected == "valid") => *agree += 1,
                Some(rule) if rule.ours == ours => {
                    *explained += 1;
                    println!("{}: {:?}: {} ({})", columns[0], columns[1], rule.name, rule.why);
                }
                Some(_) | None => unexplained.push(line.to_owned()),
            }
        }
    }
    println!(
        "\nnames_validity.tsv\n{:<36}{:>14}{:>14}{:>14}",
        "suite", "asked", "agree", "explained"
    );
    for (suite, [asked, agree, explained]) in suites {
        println!("{suite:<36}{asked:>14}{agree:>14}{explained:>14}");
    }
    assert!(unexplained.is_empty(), "unexplained:\n{}", unexplained.join("\n"));
}

// --- the second judge ------------------------------------------------------------------------

fn key() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

fn certificate(key: &PKey<Private>, san: Option<&[u8]>, common_names: &[String]) -> X509 {
    let mut name = X509NameBuilder::new().unwrap();
    for text in common_names {
        name.append_entry_by_nid(Nid::COMMONNAME, text).unwrap();
    }
    let name = name.build();
    let mut builder = X509Builder::new().unwrap();
    builder.set_version(2).unwrap();
    builder.set_serial_number(&BigNum::from_u32(1).unwrap().to_asn1_integer().unwrap()).unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::days_from_now(1).unwrap()).unwrap();
    builder.set_pubkey(key).unwrap();
    if let Some(san) = san {
        let oid = Asn1Object::from_str("2.5.29.17").unwrap();
        let value = Asn1OctetString::new_from_bytes(san).unwrap();
        builder
            .append_extension(X509Extension::new_from_der(&oid, false, &value).unwrap())
            .unwrap();
    }
    builder.sign(key, MessageDigest::sha256()).unwrap();
    builder.build()
}

const NEVER_CHECK_SUBJECT: u32 = 0x20;
const NO_PARTIAL_WILDCARDS: u32 = 0x4;

/// `X509_check_host` or `X509_check_ip`, as the judge asks them.
fn openssl_accepts(
    certificate: &X509Ref,
    reference: &ReferenceId,
    common_name: CommonName,
) -> bool {
    let flags = NO_PARTIAL_WILDCARDS
        | match common_name {
            CommonName::Never => NEVER_CHECK_SUBJECT,
            CommonName::FallbackInsecure => 0,
        };
    let answer = match reference {
        ReferenceId::Dns(name) => {
            let text = name.as_str();
            // SAFETY: the certificate lives as long as the borrow; pointer and length are of one
            // string; no name is asked back.
            unsafe {
                openssl_sys::X509_check_host(
                    certificate.as_ptr(),
                    text.as_ptr().cast(),
                    text.len(),
                    flags,
                    std::ptr::null_mut(),
                )
            }
        }
        ReferenceId::Ip(address) => {
            let octets = match address {
                std::net::IpAddr::V4(four) => four.octets().to_vec(),
                std::net::IpAddr::V6(six) => six.octets().to_vec(),
            };
            // SAFETY: as above.
            unsafe {
                openssl_sys::X509_check_ip(
                    certificate.as_ptr(),
                    octets.as_ptr(),
                    octets.len(),
                    flags,
                )
            }
        }
        other => panic!("OpenSSL is not asked for {other}"),
    };
    assert!(answer == 0 || answer == 1, "X509_check_* answers {answer} for {reference}");
    answer == 1
}

/// Asks both, and returns the difference's name; panics where no row of the table explains it.
fn differ(
    certificate: &X509Ref,
    reference: ReferenceId,
    policy: &NamePolicy<'_>,
) -> Option<&'static str> {
    let der = certificate.to_der().unwrap();
    let skeleton = Certificate::parse(&der).unwrap();
    let references = [reference];
    let names = skeleton.common_names().unwrap_or_default();
    let san = skeleton.subject_alt_name();
    let comparison: Comparison<'_> = compare(&references, san, &names, policy);
    let ours = comparison.is_match();
    let theirs = openssl_accepts(certificate, &references[0], policy.common_name);
    if ours == theirs {
        return None;
    }
    let row = explain(ours, theirs, &references, &comparison);
    let row = row.unwrap_or_else(|| {
        panic!(
            "unexplained: ours {ours} openssl {theirs} {references:?} {comparison:?} CN {names:?}"
        )
    });
    Some(row.name)
}

#[test]
fn every_difference_to_openssl_is_intended() {
    let Some(rows) = rows() else { return };
    let key = key();
    let mut made: BTreeMap<(Option<Vec<u8>>, Vec<String>), X509> = BTreeMap::new();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut asked = 0;
    for row in &rows {
        let Some(reference) = row.reference() else { continue };
        let (san, names) = (row.san(), row.common_names());
        let same = made.entry((san.clone(), names.clone()));
        let made = same.or_insert_with(|| certificate(&key, san.as_deref(), &names));
        for common_name in [CommonName::Never, CommonName::FallbackInsecure] {
            let policy = NamePolicy { common_name, ..row.policy() };
            asked += 1;
            if let Some(name) = differ(made, reference.clone(), &policy) {
                *counts.entry(name).or_default() += 1;
            }
        }
    }
    println!("\nhostnames.tsv against OpenSSL: {asked} questions, intended differences {counts:?}");
}

/// Small names from an alphabet of traps, every pair of them: needs no data.
#[test]
fn small_names_against_openssl() {
    let labels = ["a", "*", "a*", "*a", "xn--a", "_a", "a-a", "-a", "", "1", "A"];
    let ends = ["a.test", "test", "_b.test", "xn--b.test", "co.uk", "1", "test."];
    let mut shown: Vec<String> = Vec::new();
    for label in labels {
        shown.extend(ends.iter().map(|end| format!("{label}.{end}")));
        shown.push(label.to_owned());
    }
    let references: Vec<ReferenceId> = shown
        .iter()
        .filter_map(|text| ReferenceId::parse_tagged(&format!("dns:{text}"), Idna::Convert).ok())
        .collect();
    let key = key();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for text in &shown {
        let entries = [tlv(0x82, text.as_bytes()), tlv(0x87, &[192, 0, 2, 1])].concat();
        let in_san = certificate(&key, Some(&tlv(0x30, &entries)), &["a.a.test".to_owned()]);
        let names = [text.clone(), "b.test".to_owned()];
        let mut certificates = vec![in_san];
        if !text.is_empty() {
            certificates.push(certificate(&key, None, &names[..1]));
            certificates.push(certificate(&key, None, &names));
        }
        for made in &certificates {
            for reference in &references {
                for policy in policies() {
                    if let Some(name) = differ(made, reference.clone(), &policy) {
                        *counts.entry(name).or_default() += 1;
                    }
                }
            }
        }
    }
    println!("small names against OpenSSL: intended differences {counts:?}");
}

fn policies() -> impl Iterator<Item = NamePolicy<'static>> {
    let wildcards = [Wildcards::LeftMostLabel, Wildcards::None, Wildcards::PartialLabel];
    wildcards.into_iter().flat_map(|wildcards| {
        [CommonName::Never, CommonName::FallbackInsecure].map(|common_name| NamePolicy {
            wildcards,
            common_name,
            ..NamePolicy::default()
        })
    })
}

// --- the skeleton ----------------------------------------------------------------------------

/// A certificate's skeleton equals what OpenSSL reads, and no cut or changed octet makes us panic.
#[test]
fn the_skeleton_agrees_with_openssl_and_never_panics() {
    let san = tlv(0x30, &tlv(0x82, b"mail.bob.test"));
    let made = certificate(&key(), Some(&san), &["Bob".to_owned()]);
    let der = made.to_der().unwrap();
    let skeleton = Certificate::parse(&der).unwrap();
    assert_eq!(skeleton.spki, made.public_key().unwrap().public_key_to_der().unwrap());
    assert_eq!(skeleton.subject, made.subject_name().to_der().unwrap());
    assert_eq!(skeleton.issuer, made.issuer_name().to_der().unwrap());
    assert_eq!(skeleton.serial, made.serial_number().to_bn().unwrap().to_vec());
    assert_eq!(skeleton.signature, [&[0], made.signature().as_slice()].concat());
    assert_eq!(skeleton.subject_alt_name(), Some(&san[..]));
    assert_eq!(skeleton.common_names(), Ok(vec!["Bob".to_owned()]));

    let bob = ReferenceId::parse_tagged("dns:mail.bob.test", Idna::Convert).unwrap();
    for cut in 0..der.len() {
        assert!(Certificate::parse(&der[..cut]).is_err(), "cut at {cut}");
    }
    assert!(Certificate::parse(&[&der[..], &[0]].concat()).is_err());
    for at in 0..der.len() {
        for flip in [0x01, 0x20, 0x80, 0xff] {
            let mut changed = der.clone();
            changed[at] ^= flip;
            let Ok(skeleton) = Certificate::parse(&changed) else { continue };
            let names = skeleton.common_names().unwrap_or_default();
            let san = skeleton.subject_alt_name();
            compare(std::slice::from_ref(&bob), san, &names, &NamePolicy::default());
        }
    }
}

/// The lenient knob never reads more into a subjectAltName than the strict reading did.
#[test]
fn strict_is_the_narrower_reading() {
    use starttls_verify::name::SanRule;
    let good = tlv(0x82, b"mail.bob.test");
    let bad = tlv(0x82, b"mail.bob.test\0.eve.test");
    let bob = [ReferenceId::parse_tagged("dns:mail.bob.test", Idna::Convert).unwrap()];
    let lenient = NamePolicy { san: SanRule::LenientInsecure, ..NamePolicy::default() };
    for (entries, loose) in
        [(vec![&good, &bad], true), (vec![&bad], false), (vec![&bad, &good], true)]
    {
        let san = tlv(0x30, &entries.iter().flat_map(|entry| entry.to_vec()).collect::<Vec<u8>>());
        let strict = compare(&bob, Some(&san), &[], &NamePolicy::default());
        assert!(matches!(strict.outcome, NameOutcome::MalformedSan(_)));
        let found = compare(&bob, Some(&san), &[], &lenient);
        assert_eq!(found.is_match(), loose);
        assert_eq!(found.faults.len(), 1);
    }
}
