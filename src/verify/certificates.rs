//! What the report says of each certificate, whatever the verdict.

use crate::der;
use crate::name::SanRule;
use crate::ossl::{Certificate, Chain, digest};
use crate::pin::{Algorithm, Pin, Subject};
use crate::report::{CertificateInfo, Certificates, Fingerprints, KeyInfo, iso8601};
use crate::san::San;

/// Certificates that are described; more than that is no chain, and the report stays readable.
const DESCRIBED: usize = 16;

/// Descriptions, leaf first, for whoever reads them.
pub fn describe(chain: &Chain) -> Certificates {
    let shown: Vec<Certificate> = chain.iter().take(DESCRIBED).cloned().collect();
    let describe = |certificate: &Certificate| certificate.description(|| info(certificate));
    Certificates::described_by(Box::new(move || shown.iter().map(describe).collect()))
}

fn info(certificate: &Certificate) -> CertificateInfo {
    let facts = certificate.facts();
    CertificateInfo {
        subject: facts.subject,
        issuer: facts.issuer,
        names: names(certificate),
        serial: facts.serial,
        not_before: iso8601(facts.not_before),
        not_after: iso8601(facts.not_after),
        not_before_epoch: facts.not_before,
        not_after_epoch: facts.not_after,
        key: KeyInfo { algorithm: facts.key_algorithm, bits: facts.key_bits },
        signature: facts.signature,
        ca: certificate.ca_grade() == 1,
        fingerprints: fingerprints(certificate),
    }
}

/// Presented identifiers, tagged and escaped; as many as can be read.
fn names(certificate: &Certificate) -> Vec<String> {
    let Ok(skeleton) = der::Certificate::parse(certificate.der()) else {
        return Vec::new();
    };
    match San::read(skeleton.subject_alt_name(), SanRule::LenientInsecure) {
        San::Absent => Vec::new(),
        San::Names(names, _) | San::Malformed(_, names) => {
            names.iter().map(|name| name.tagged()).collect()
        }
    }
}

fn fingerprints(certificate: &Certificate) -> Fingerprints {
    let of = |bytes: &[u8]| digest(Algorithm::Sha256, bytes).unwrap_or_default();
    let whole = of(certificate.der());
    let key = certificate.spki().map(|spki| of(&spki)).unwrap_or_default();
    let hex = data_encoding::HEXLOWER.encode(&key);
    Fingerprints {
        sha256: data_encoding::HEXLOWER.encode(&whole),
        spki_pin: Pin { subject: Subject::Spki, algorithm: Algorithm::Sha256, digest: key }.text(),
        tlsa: format!("3 1 1 {hex}"),
    }
}
