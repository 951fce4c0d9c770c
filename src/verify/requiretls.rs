//! REQUIRETLS (RFC 8689): the sender of a letter demanded that it travels over TLS to servers that are
//! proven, or not at all.
//!
//! What §4.2.1 asks of the next host, beside STARTTLS itself:
//!
//! - the domain's MX records are signed, or its MTA-STS policy names the host;
//! - the host's certificate is good by TLSA records, or by chain and name.
//!
//! So opportunism ends, whatever the policy of the domain, and a host that unsigned records named is refused
//! also if its certificate is for the domain. That the host announces REQUIRETLS itself is said inside TLS,
//! in its answer to EHLO, which is the caller's to read.

use crate::error::{Error, Result};
use crate::options::Settings;
use crate::report::{Code, Finding};
use crate::status::Status;

use super::decide::Needs;
use super::peer::Peer;
use super::provenance::{self, Provenance};
use super::sts::StsMode;

/// Whether the sender demanded it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequireTls {
    /// No.
    No,
    /// Yes.
    Demanded,
}

impl RequireTls {
    /// The setting as a type. Nobody can demand a proof and waive it.
    pub fn freeze(settings: &Settings) -> Result<RequireTls> {
        if settings.bool("requiretls") != Some(true) {
            return Ok(RequireTls::No);
        }
        let waived = ["insecure_no_chain", "insecure_no_name"];
        match waived.into_iter().find(|name| settings.bool(name) == Some(true)) {
            Some(name) => {
                let what = format!("option requiretls demands what option {name} waives");
                Err(Error::new(Status::OptionValue, what))
            }
            None => Ok(RequireTls::Demanded),
        }
    }

    /// What every check weighs with it; `needs` is what they weigh after DANE and MTA-STS.
    pub fn needs(self, peer: &Peer, needs: Needs) -> Needs {
        if self.applies(peer) { needs.firm() } else { needs }
    }

    /// The failure of a host that nothing proves to serve the domain.
    pub fn check(self, sts: StsMode, peer: &Peer) -> Option<Finding> {
        let unproven = self.applies(peer)
            && peer.provenance() == Provenance::Insecure
            && provenance::host(sts, peer).is_none();
        let words = "REQUIRETLS: the MX records are not signed, and no MTA-STS policy in force names the host";
        unproven.then(|| {
            Finding::fail(Code::NameUnprovenHost, words)
                .compared("a host that is proven to serve the domain", peer.host_text())
        })
    }

    /// The demand goes from one mail relay to the next.
    fn applies(self, peer: &Peer) -> bool {
        self == RequireTls::Demanded && peer.protocol().has_mta_sts()
    }
}

#[cfg(test)]
mod tests {
    use super::super::decide::Need;
    use super::*;
    use crate::mta_sts::{Sts, StsPolicy};
    use crate::proto::Protocol;

    fn peer(provenance: Provenance, mode: &str) -> Peer {
        let text = format!("version: STSv1\nmode: {mode}\nmx: mx.bob.test\nmax_age: 9\n");
        let mut peer = Peer::new();
        peer.set_host("mx.bob.test").unwrap();
        peer.set_origin("bob.test", provenance).unwrap();
        peer.set_sts(Sts::Policy(StsPolicy::parse(&text).unwrap()));
        peer
    }

    #[test]
    fn who_is_proven_to_serve_the_domain() {
        use Provenance::{Insecure, Secure, User};
        for (provenance, mode, refused) in [
            (User, "none", false),
            (Secure, "none", false),
            (Insecure, "none", true),
            (Insecure, "testing", true),
            (Insecure, "enforce", false),
        ] {
            let peer = peer(provenance, mode);
            let found = RequireTls::Demanded.check(StsMode::Apply, &peer);
            assert_eq!(found.is_some(), refused, "{provenance:?} {mode}");
            assert!(RequireTls::No.check(StsMode::Apply, &peer).is_none());
        }
        let off = RequireTls::Demanded.check(StsMode::Off, &peer(Insecure, "enforce"));
        assert!(off.is_some(), "a policy that does not count proves nothing");
    }

    #[test]
    fn opportunism_ends_and_nothing_else_changes() {
        let open = Needs { chain: Need::Preferred, name: Need::Preferred, ..Needs::NONE };
        let firm = Needs { chain: Need::Required, name: Need::Required, ..Needs::NONE };
        let relay = peer(Provenance::Secure, "none");
        assert_eq!(RequireTls::Demanded.needs(&relay, open), firm);
        assert_eq!(RequireTls::No.needs(&relay, open), open);
        let by_records = Needs { dane: Need::Required, ..Needs::NONE };
        assert_eq!(RequireTls::Demanded.needs(&relay, by_records), by_records, "DANE decides");
        let mut other = relay;
        other.set_protocol(Protocol::Imap);
        assert_eq!(RequireTls::Demanded.needs(&other, open), open);
    }
}
