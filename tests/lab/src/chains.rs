//! The chains of the lab: who signed what, and what the server sends.
//!
//! [`Pki`] is the world that the clients trust: one root (the anchor of every scenario) and one
//! intermediate below it. A recipe makes the [`Chain`] of one scenario; all but the named fault
//! is as it should be.

use openssl::pkey::{PKey, Private};
use openssl::x509::X509;

use crate::Fault;
use crate::ca::{
    Basic, Blueprint, Digest, Extension, Identity, KeyKind, Purpose, Usage, Validity, Version,
};
use crate::revocation::{self, CertStatus, OcspBlueprint};
use crate::san::San;

pub const BOB: &str = "mail.bob.test";
pub const EVE: &str = "mail.eve.test";
const ROOT: &str = "stv-lab Root";

/// What a server sends, leaf first, and the key of the leaf.
#[derive(Clone)]
pub struct Chain {
    pub certs: Vec<X509>,
    pub key: PKey<Private>,
    /// The OCSP response that the server staples.
    pub staple: Option<Vec<u8>>,
}

impl Chain {
    /// As sent, leaf first.
    pub fn to_pem(&self) -> Result<Vec<u8>, Fault> {
        let mut pem = Vec::new();
        for cert in &self.certs {
            pem.extend(cert.to_pem()?);
        }
        Ok(pem)
    }
}

/// The trusted root and its intermediate.
pub struct Pki {
    pub root: Identity,
    pub intermediate: Identity,
}

type Made = Result<Chain, Fault>;

impl Pki {
    pub fn new() -> Result<Self, Fault> {
        let root = Blueprint::authority(ROOT).self_signed()?;
        let intermediate = Blueprint::authority("stv-lab Intermediate").issued_by(&root)?;
        Ok(Self { root, intermediate })
    }

    /// `leaf` below the trusted intermediate.
    pub fn chain(&self, leaf: &Blueprint) -> Made {
        send(leaf.issued_by(&self.intermediate)?, &[&self.intermediate])
    }

    /// A perfect certificate for `dns`.
    pub fn leaf(&self, dns: &[&str]) -> Made {
        self.chain(&Blueprint::leaf(dns))
    }

    /// A certificate whose CN and SAN are these.
    pub fn named(&self, common_names: &[&str], san: Vec<San>) -> Made {
        let common_names = common_names.iter().map(|n| (*n).to_owned()).collect();
        self.chain(&Blueprint { common_names, san, ..Blueprint::leaf(&[]) })
    }

    /// Bob's certificate below an issuer of its own under the trusted root.
    pub fn below(&self, issuer: &Blueprint, leaf: &Blueprint) -> Made {
        let issuer = issuer.issued_by(&self.root)?;
        send(leaf.issued_by(&issuer)?, &[&issuer])
    }
}

/// `leaf` and behind it `others`, in this order.
pub fn send(leaf: Identity, others: &[&Identity]) -> Made {
    let mut certs = vec![leaf.cert];
    certs.extend(others.iter().map(|other| other.cert.clone()));
    Ok(Chain { certs, key: leaf.key, staple: None })
}

fn bob_leaf() -> Blueprint {
    Blueprint::leaf(&[BOB])
}

pub fn bob(pki: &Pki) -> Made {
    pki.leaf(&[BOB])
}

pub fn bob_rsa(pki: &Pki) -> Made {
    pki.chain(&Blueprint { key: KeyKind::Rsa(2048), ..bob_leaf() })
}

pub fn unknown_ca(_: &Pki) -> Made {
    let eve = Blueprint::authority("Eve's own CA").self_signed()?;
    send(bob_leaf().issued_by(&eve)?, &[&eve])
}

/// Eve's root bears the name of the trusted one, and has another key.
pub fn namesake(_: &Pki) -> Made {
    let eve = Blueprint::authority(ROOT).self_signed()?;
    send(bob_leaf().issued_by(&eve)?, &[&eve])
}

pub fn self_signed(_: &Pki) -> Made {
    send(bob_leaf().self_signed()?, &[])
}

pub fn valid_in(pki: &Pki, validity: Validity) -> Made {
    pki.chain(&Blueprint { validity, ..bob_leaf() })
}

pub fn client_only(pki: &Pki) -> Made {
    pki.chain(&Blueprint { purposes: vec![Purpose::ClientAuth], ..bob_leaf() })
}

/// keyUsage without digitalSignature: the key may not sign the handshake (RFC 8446 §4.4.2.2).
pub fn unsigning(pki: &Pki) -> Made {
    pki.chain(&Blueprint { usage: vec![Usage::KeyAgreement], ..bob_leaf() })
}

pub fn missing_intermediate(pki: &Pki) -> Made {
    send(bob_leaf().issued_by(&pki.intermediate)?, &[])
}

pub fn sha1(pki: &Pki) -> Made {
    pki.chain(&Blueprint { digest: Digest::Sha1, ..bob_leaf() })
}

/// Only RSA signs with MD5, so the intermediate has such a key.
pub fn md5(pki: &Pki) -> Made {
    let issuer =
        Blueprint { key: KeyKind::Rsa(2048), ..Blueprint::authority("CA with an RSA key") };
    pki.below(&issuer, &Blueprint { digest: Digest::Md5, ..bob_leaf() })
}

pub fn sha1_intermediate(pki: &Pki) -> Made {
    let issuer = Blueprint::authority("CA signed with SHA-1");
    pki.below(&Blueprint { digest: Digest::Sha1, ..issuer }, &bob_leaf())
}

pub fn rsa1024(pki: &Pki) -> Made {
    pki.chain(&Blueprint { key: KeyKind::Rsa(1024), ..bob_leaf() })
}

pub fn broken_signature(pki: &Pki) -> Made {
    let leaf = bob_leaf().issued_by(&pki.intermediate)?.with_broken_signature()?;
    send(leaf, &[&pki.intermediate])
}

/// An intermediate that may vouch for eve.test only, and a leaf below it.
pub fn eves_intermediate(pki: &Pki, leaf: &Blueprint) -> Made {
    let permitted = vec![San::dns("eve.test")];
    pki.below(&Blueprint { permitted, ..Blueprint::authority("CA for eve.test") }, leaf)
}

pub fn constrained_san(pki: &Pki) -> Made {
    eves_intermediate(pki, &bob_leaf())
}

pub fn constrained_cn(pki: &Pki) -> Made {
    let common_names = vec![BOB.to_owned()];
    eves_intermediate(pki, &Blueprint { common_names, ..Blueprint::leaf(&[EVE]) })
}

/// The class of CVE-2025-61727: the constraint names a host, and the wildcard swallows it.
pub fn excluded_wildcard(pki: &Pki) -> Made {
    let excluded = vec![San::dns(BOB)];
    let issuer = Blueprint { excluded, ..Blueprint::authority("CA without mail.bob.test") };
    pki.below(&issuer, &Blueprint::leaf(&["*.bob.test"]))
}

pub fn path_length(pki: &Pki) -> Made {
    let last = Basic::Authority { path: Some(0) };
    let upper = Blueprint { basic: last, ..Blueprint::authority("CA for leaves only") };
    let upper = upper.issued_by(&pki.root)?;
    let lower = Blueprint::authority("CA too many").issued_by(&upper)?;
    send(bob_leaf().issued_by(&lower)?, &[&lower, &upper])
}

pub fn ca_as_leaf(pki: &Pki) -> Made {
    pki.chain(&Blueprint {
        basic: Basic::Authority { path: None },
        usage: vec![Usage::DigitalSignature, Usage::CertSign],
        ..bob_leaf()
    })
}

/// Eve bought a certificate for mail.eve.test and signs Bob's with it (CVE-2002-0862).
pub fn leaf_as_issuer(pki: &Pki) -> Made {
    let eve = Blueprint::leaf(&[EVE]).issued_by(&pki.intermediate)?;
    send(bob_leaf().issued_by(&eve)?, &[&eve, &pki.intermediate])
}

pub fn issuer_without_constraints(pki: &Pki) -> Made {
    let issuer = Blueprint::authority("CA without basicConstraints");
    pki.below(&Blueprint { basic: Basic::Absent, ..issuer }, &bob_leaf())
}

/// Version 1 knows no basicConstraints.
pub fn old_intermediate(pki: &Pki) -> Made {
    let issuer = Blueprint::authority("CA of version 1");
    pki.below(&Blueprint { version: Version::V1, ..issuer }, &bob_leaf())
}

pub fn expired_intermediate(pki: &Pki) -> Made {
    let issuer = Blueprint::authority("CA of yesterday");
    pki.below(&Blueprint { validity: Validity::PAST, ..issuer }, &bob_leaf())
}

pub fn client_intermediate(pki: &Pki) -> Made {
    let issuer = Blueprint::authority("CA for clients");
    pki.below(&Blueprint { purposes: vec![Purpose::ClientAuth], ..issuer }, &bob_leaf())
}

/// The CA revoked Bob's certificate, and his server is honest enough to say so.
pub fn revoked_staple(pki: &Pki) -> Made {
    let mut bob = bob(pki)?;
    let revoked = OcspBlueprint::about(&bob.certs[0], &pki.intermediate.cert)?
        .with(|single| single.status = CertStatus::Revoked);
    bob.staple = Some(revoked.signed_by(&pki.intermediate)?);
    Ok(bob)
}

/// Bob's certificate demands a staple, and the server has a good one.
pub fn must_staple(pki: &Pki) -> Made {
    let mut bob = must_staple_missing(pki)?;
    let good = OcspBlueprint::about(&bob.certs[0], &pki.intermediate.cert)?;
    bob.staple = Some(good.signed_by(&pki.intermediate)?);
    Ok(bob)
}

/// The same, and whoever answers staples nothing.
pub fn must_staple_missing(pki: &Pki) -> Made {
    pki.chain(&Blueprint { extra: vec![revocation::must_staple()], ..bob_leaf() })
}

/// An extension out of the documentation arc (2.999) that nobody knows.
pub fn critical_extension(pki: &Pki) -> Made {
    let extra = vec![Extension { oid: "2.999.1", critical: true, value: vec![0x05, 0x00] }];
    pki.chain(&Blueprint { extra, ..bob_leaf() })
}

/// Leaf first, as TLS wants, then root, stranger and stranger before the issuer.
pub fn disordered(pki: &Pki) -> Made {
    let stranger = Blueprint::authority("A stranger").self_signed()?;
    let stray = Blueprint::leaf(&[EVE]).issued_by(&stranger)?;
    let leaf = bob_leaf().issued_by(&pki.intermediate)?;
    send(leaf, &[&pki.root, &stranger, &stray, &pki.intermediate])
}
