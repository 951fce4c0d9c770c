//! What all trials share: a throw-away CA, servers' certificates, and verifiers that trust the CA.

use std::time::Duration;

use stv_lab::Fault;
use stv_lab::ca::{Blueprint, Validity};
use stv_lab::chains::{self, Chain, Pki};
use stv_lab::san::San;
use stv_lab::tls::{Endpoint, Strength};

use super::abi::Verifier;

/// Whom the client means: the host, and for XMPP the domain.
pub const HOST: &str = "mail.example.test";
pub const DOMAIN: &str = "example.test";

/// Long enough for everything but a server that does not answer.
pub const PATIENT: Duration = Duration::from_secs(15);
/// For servers that do not answer.
pub const QUICK: Duration = Duration::from_millis(1500);

/// The certificate that a server shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    Good,
    SelfSigned,
    UnknownRoot,
    OtherName,
    Expired,
}

pub struct Stage {
    pub patient: Verifier,
    pub quick: Verifier,
    pki: Pki,
}

impl Stage {
    pub fn new() -> Result<Stage, Fault> {
        let pki = Pki::new()?;
        let anchor = pki.root.cert.to_pem()?;
        Ok(Stage {
            patient: Verifier::new(&anchor, PATIENT),
            quick: Verifier::new(&anchor, QUICK),
            pki,
        })
    }

    pub fn endpoint(&self, shown: Shown) -> Result<Endpoint, Fault> {
        Ok(Endpoint::new(&self.chain(shown)?, Strength::Modern)?)
    }

    fn chain(&self, shown: Shown) -> Result<Chain, Fault> {
        match shown {
            Shown::Good => self.pki.chain(&leaf()),
            Shown::SelfSigned => chains::send(leaf().self_signed()?, &[]),
            Shown::UnknownRoot => {
                let stranger = Blueprint::authority("A stranger").self_signed()?;
                chains::send(leaf().issued_by(&stranger)?, &[&stranger])
            }
            Shown::OtherName => self.pki.leaf(&["other.example.test"]),
            Shown::Expired => self.pki.chain(&Blueprint { validity: Validity::PAST, ..leaf() }),
        }
    }

    /// The verifier for a server that answers, or for one that does not.
    pub fn verifier(&self, patience: Duration) -> &Verifier {
        if patience == QUICK { &self.quick } else { &self.patient }
    }
}

fn leaf() -> Blueprint {
    let mut leaf = Blueprint::leaf(&[HOST, DOMAIN]);
    leaf.san.push(San::Ip([127, 0, 0, 1].into()));
    leaf
}
