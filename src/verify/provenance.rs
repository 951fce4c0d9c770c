//! How the host that is connected to came to be the one that is meant.
//!
//! A user names a domain, and MX or SRV records name the hosts that serve it. A certificate for such a
//! host proves that it is that host; that this host serves the domain is what the records say, and they
//! are worth what proves them.
//!
//! | provenance | the certificate may be for       | TLSA records of the host |
//! |------------|----------------------------------|--------------------------|
//! | user       | the host                         | decide                   |
//! | secure     | the host, the domain             | decide                   |
//! | insecure   | the domain                       | say nothing of the domain |
//!
//! Q: Is an insecure host never good for its domain? A: By an MTA-STS policy that is enforced and names it
//! (RFC 8461 §4.1): the policy came from the domain's own web server, authenticated.

use crate::mta_sts::{Mode, Sts};
use crate::name::ReferenceId;

use super::peer::Peer;
use super::sts::StsMode;

/// How the host came to be named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub enum Provenance {
    /// By the user.
    #[default]
    User = 0,
    /// By records that were validated (DNSSEC).
    Secure = 1,
    /// By records that nobody vouches for.
    Insecure = 2,
}

/// Every provenance, in the order of its number.
pub const PROVENANCES: &[Provenance] =
    &[Provenance::User, Provenance::Secure, Provenance::Insecure];

impl Provenance {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Provenance::User => "user",
            Provenance::Secure => "secure",
            Provenance::Insecure => "insecure",
        }
    }

    /// The provenance with this number.
    pub fn from_number(number: i32) -> Option<Provenance> {
        PROVENANCES.iter().copied().find(|one| *one as i32 == number)
    }
}

/// The host, if it may speak for what the user named.
pub fn host(mode: StsMode, peer: &Peer) -> Option<&ReferenceId> {
    match peer.provenance() {
        Provenance::User | Provenance::Secure => peer.host(),
        Provenance::Insecure => peer.host().filter(|host| is_vouched_for(mode, peer, host)),
    }
}

fn is_vouched_for(mode: StsMode, peer: &Peer, host: &ReferenceId) -> bool {
    let Sts::Policy(policy) = peer.sts() else { return false };
    mode != StsMode::Off
        && policy.mode == Mode::Enforce
        && peer.protocol().has_mta_sts()
        && host.as_dns().is_some_and(|name| policy.covers(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mta_sts::StsPolicy;

    fn peer(provenance: Provenance) -> Peer {
        let mut peer = Peer::new();
        peer.set_host("mx.bob.test").unwrap();
        peer.set_origin("bob.test", provenance).unwrap();
        peer
    }

    fn policy(mode: &str, host: &str) -> Sts {
        let text = format!("version: STSv1\nmode: {mode}\nmx: {host}\nmax_age: 9\n");
        Sts::Policy(StsPolicy::parse(&text).unwrap())
    }

    #[test]
    fn an_insecure_host_speaks_for_nobody() {
        assert!(host(StsMode::Apply, &peer(Provenance::Secure)).is_some());
        assert!(host(StsMode::Apply, &Peer::new()).is_none());
        assert!(host(StsMode::Apply, &peer(Provenance::Insecure)).is_none());
    }

    #[test]
    fn an_enforced_policy_vouches_for_its_hosts() {
        for (mode, policy, wanted) in [
            (StsMode::Apply, policy("enforce", "mx.bob.test"), true),
            (StsMode::Off, policy("enforce", "mx.bob.test"), false),
            (StsMode::Apply, policy("testing", "mx.bob.test"), false),
            (StsMode::Apply, policy("enforce", "mx.eve.test"), false),
        ] {
            let mut peer = peer(Provenance::Insecure);
            peer.set_sts(policy);
            assert_eq!(host(mode, &peer).is_some(), wanted);
        }
    }
}
