//! Pins against certificates.
//!
//! With *pin and PKIX* a pin matches a certificate of the verified path, never of the chain as sent;
//! with *pin instead of PKIX* it matches the leaf only. Otherwise Eve would append Bob's public
//! certificate to her own chain and be Bob.

use crate::error::Result;
use crate::ossl::{Certificate, Chain, digest};
use crate::pin::{Pin, PinMode, Subject};
use crate::report::{Code, Finding};

use super::chain::Path;
use super::policy::PinRules;
use super::policy::Policy;

/// Checks all pins.
pub fn check(policy: &Policy, chain: &Chain, path: &Path) -> Vec<Finding> {
    let rules = &policy.pins;
    let Some(leaf) = chain.leaf() else {
        return vec![Finding::skip(Code::PinNotChecked, "there is no certificate")];
    };
    if rules.any_of.is_empty() && rules.all_of.is_empty() {
        return vec![Finding::skip(Code::PinNotChecked, "no pin is configured")];
    }
    let candidates = match rules.mode {
        PinMode::PinAndPkix if !path.verified.is_empty() => path.verified.as_slice(),
        PinMode::PinAndPkix | PinMode::PinInsteadOfPkix => std::slice::from_ref(leaf),
    };
    let mut findings = Vec::new();
    if !rules.any_of.is_empty() {
        findings.push(any_of(&rules.any_of, candidates, leaf));
    }
    if !rules.all_of.is_empty() {
        findings.push(all_of(&rules.all_of, leaf));
    }
    findings
}

/// Whether a pin is meant for this very leaf.
pub fn leaf_is_pinned(rules: &PinRules, leaf: &Certificate) -> bool {
    rules.any_of.iter().chain(&rules.all_of).any(|pin| matches(pin, leaf).unwrap_or(false))
}

/// Whether the certificate, or its key, hashes to the pin.
pub fn matches(pin: &Pin, certificate: &Certificate) -> Result<bool> {
    let digest = match pin.subject {
        Subject::Certificate => digest(pin.algorithm, certificate.der())?,
        Subject::Spki => digest(pin.algorithm, &certificate.spki()?)?,
    };
    Ok(digest == pin.digest)
}

fn any_of(pins: &[Pin], candidates: &[Certificate], leaf: &Certificate) -> Finding {
    for (depth, certificate) in candidates.iter().enumerate() {
        for pin in pins {
            match matches(pin, certificate) {
                Ok(true) => {
                    let depth = i32::try_from(depth).unwrap_or(i32::MAX);
                    return Finding::pass(Code::PinMatch, "a pin matches")
                        .compared(pin.text(), pin.text())
                        .at(depth);
                }
                Ok(false) => {}
                Err(error) => return Finding::fail(Code::PinMismatch, error.what),
            }
        }
    }
    mismatch("none of the pins matches", pins, leaf)
}

fn all_of(pins: &[Pin], leaf: &Certificate) -> Finding {
    for pin in pins {
        match matches(pin, leaf) {
            Ok(true) => {}
            Ok(false) => {
                return mismatch("a fingerprint does not match", std::slice::from_ref(pin), leaf);
            }
            Err(error) => return Finding::fail(Code::PinMismatch, error.what),
        }
    }
    Finding::pass(Code::PinMatch, "every fingerprint matches").at(0)
}

fn mismatch(words: &str, pins: &[Pin], leaf: &Certificate) -> Finding {
    let wanted: Vec<String> = pins.iter().map(Pin::text).collect();
    let found: Vec<String> = pins.iter().filter_map(|pin| found(pin, leaf)).collect();
    let (wanted, mut found) = (wanted.join(", "), found);
    found.dedup();
    let found = found.join(", ");
    let words = format!("{words}: {wanted} wanted, the server has {found}");
    Finding::fail(Code::PinMismatch, words).compared(wanted, found).at(0)
}

/// What a pin of this kind would be for the leaf.
fn found(pin: &Pin, leaf: &Certificate) -> Option<String> {
    let digest = match pin.subject {
        Subject::Certificate => digest(pin.algorithm, leaf.der()),
        Subject::Spki => leaf.spki().and_then(|spki| digest(pin.algorithm, &spki)),
    };
    Some(Pin { digest: digest.ok()?, ..pin.clone() }.text())
}
