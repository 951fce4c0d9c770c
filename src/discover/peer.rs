//! What the DNS says about one peer, entered as evidence.

use crate::dns::Name;
use crate::error::Result;
use crate::name::{DnsName, ReferenceId};
use crate::proto::Identity;
use crate::tlsa::{Record, State, Tlsa};
use crate::verify::{DaneMode, Peer, Provenance, StsRules, Verifier};

use super::evidence;
use super::mail_policy::mail_policy;
use super::resolver::Resolver;
use super::tlsa::{Associations, Found, associations};

/// Looks the peer's TLSA records up, as its policy says, what else the DNS says of it, where the policy
/// asks for that, and the MTA-STS policy of its domain, and enters them with what proves them. What was
/// not found out is evidence too; an error is the caller's.
///
/// What the caller stated himself stays, and is not asked about; nor are the records of a host that an
/// insecure answer named, which say nothing of the domain (RFC 7672 §2.2.1).
pub fn discover(verifier: &Verifier, peer: &mut Peer) -> Result<()> {
    let policy = verifier.policy(peer);
    let resolver = Resolver::open(&policy.dns)?;
    if policy.dane.mode != DaneMode::Off && peer.tlsa().state() != Some(State::Given) {
        look_up_records(&resolver, peer);
    }
    evidence::gather(&policy, &resolver, peer)?;
    // Last: a policy host may be slow, and the resolver's deadline runs on.
    if peer.protocol().has_mta_sts() && !peer.has_stated_sts() {
        look_up_policy(&policy.sts, &resolver, peer)?;
    }
    Ok(())
}

fn look_up_records(resolver: &Resolver, peer: &mut Peer) {
    match base(peer) {
        Ok(host) => enter(peer, &host, &associations(resolver, &host, peer.effective_port())),
        Err(why) => {
            let mut nothing = Tlsa::default();
            nothing.set_story(why);
            peer.replace_tlsa(nothing);
        }
    }
}

/// The policy is the domain's that led to the host; of a host that the user named, it is the host's own
/// (RFC 8461 §3.4). An address has none.
fn look_up_policy(rules: &StsRules, resolver: &Resolver, peer: &mut Peer) -> Result<()> {
    let domain = peer.origin().or(peer.host()).and_then(ReferenceId::as_dns);
    let Some(domain) = domain.and_then(|domain| Name::parse(domain.as_str())) else {
        return Ok(());
    };
    let sts = mail_policy(rules, resolver, &domain)?;
    peer.replace_sts(sts);
    Ok(())
}

fn enter(peer: &mut Peer, host: &Name, answer: &Associations) {
    peer.replace_tlsa(evidence(answer));
    // RFC 7673 §4.2: where a server's records decide, its name counts beside the domain's.
    let of_server = peer.server().is_some() && !peer.tlsa().records().is_empty();
    if answer.base != *host || of_server {
        // A name whose labels are no host's is no name for a certificate either.
        let _ = peer.set_tlsa_base(answer.base.as_str());
    }
}

/// The host whose records count; or why nothing is looked up.
fn base(peer: &Peer) -> std::result::Result<Name, String> {
    if peer.server_provenance() == Provenance::Insecure {
        return Err("the host was named by an answer (MX, SRV) that is not signed".to_owned());
    }
    if peer.server().is_none() && peer.protocol().row().identity == Identity::Domain {
        // RFC 7673 §3: they are those of the server that SRV records name.
        return Err(
            "the records of a domain are below its servers (SRV), which were not looked up"
                .to_owned(),
        );
    }
    let host = peer.server().or(peer.host()).and_then(ReferenceId::as_dns).map(DnsName::as_str);
    let host = host.ok_or("an address has no TLSA records")?;
    Name::parse(host).ok_or_else(|| format!("{host} cannot be asked about in the DNS"))
}

fn evidence(answer: &Associations) -> Tlsa {
    let mut tlsa = Tlsa::default();
    tlsa.set_story(answer.trail.join("; "));
    let state = match &answer.found {
        Found::Secure(records) => match fill(&mut tlsa, records) {
            Ok(()) => State::Secure,
            Err(error) => {
                tlsa = Tlsa::default();
                tlsa.set_story(error.what);
                State::LookupFailed
            }
        },
        Found::Insecure => State::Insecure,
        Found::Bogus(_) => State::Bogus,
        Found::Failed(_) => State::LookupFailed,
    };
    tlsa.set_state(state);
    tlsa
}

fn fill(tlsa: &mut Tlsa, records: &[Vec<u8>]) -> Result<()> {
    records.iter().try_for_each(|wire| tlsa.add(Record::from_wire(wire)?))
}
