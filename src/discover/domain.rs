//! A domain that the user named, made into the peers that the DNS names for it.
//!
//! Each peer carries how it came to be named. Where the certificate must be for the host, the domain is its
//! origin; where it must be for the domain (XMPP), the domain stays and the host is only where to connect
//! and whose TLSA records count (RFC 7673 §3).
//!
//! Nobody to connect to is an error with a status of its own, and three different ones: a domain that says
//! it has no such service, a forged answer, and none.

use crate::dns::Name;
use crate::error::{Error, Result};
use crate::name::ReferenceId;
use crate::proto::{Identity, Naming};
use crate::status::Status;
use crate::verify::{Peer, Verifier};

use super::mail_policy::mail_policy;
use super::outcome::Proof;
use super::resolver::Resolver;
use super::servers::{Server, Servers, servers};

/// The peers that serve the domain, at least one, the best first. What else is known of the domain's peer
/// (further references, where to connect, ...) they have too, and a mail relay has the domain's MTA-STS
/// policy, which is looked up once for all.
pub fn hosts(verifier: &Verifier, domain: &Peer) -> Result<Vec<Peer>> {
    let (name, naming) = (name_of(domain)?, naming_of(domain)?);
    let policy = verifier.policy(domain);
    let resolver = Resolver::open(&policy.dns)?;
    let found = found(&name, servers(&resolver, &name, naming))?;
    let mut served = domain.clone();
    if domain.protocol().has_mta_sts() && !domain.has_stated_sts() {
        served.set_sts(mail_policy(&policy.sts, &resolver, &name)?);
    }
    found.iter().map(|server| host_of(&served, &name, naming, server)).collect()
}

fn name_of(domain: &Peer) -> Result<Name> {
    let host = domain.host().and_then(ReferenceId::as_dns);
    host.and_then(|host| Name::parse(host.as_str())).ok_or_else(|| {
        let what = format!(
            "servers are looked up for a domain such as example.com, and '{}' is none",
            domain.host_text()
        );
        Error::new(Status::Argument, what)
    })
}

fn naming_of(domain: &Peer) -> Result<Naming> {
    let scheme = domain.protocol().row().scheme;
    domain.protocol().naming().ok_or_else(|| {
        let what =
            format!("the DNS names no servers for {scheme} (neither MX nor SRV); name the host");
        Error::new(Status::Argument, what)
    })
}

fn found(name: &Name, servers: Servers) -> Result<Vec<Server>> {
    let (status, what) = match servers {
        Servers::Some(found) => return Ok(found),
        Servers::None(Proof::Secure) => {
            (Status::NoService, "has no such service, and says so (proven)".to_owned())
        }
        Servers::None(Proof::Insecure) => (
            Status::NoService,
            "has no such service, as an answer says that nobody validated".to_owned(),
        ),
        Servers::Bogus(why) => (Status::DnsBogus, format!("has a forged answer: {why}")),
        Servers::Failed(why) => (Status::DnsFailed, format!("could not be looked up: {why}")),
    };
    Err(Error::new(status, format!("{name} {what}")))
}

/// The peer behind one record.
fn host_of(domain: &Peer, name: &Name, naming: Naming, server: &Server) -> Result<Peer> {
    let mut peer = domain.clone();
    if let Some(port) = server.port {
        peer.set_port(port);
    }
    if peer.protocol().row().identity == Identity::Domain {
        peer.set_server(server.host.as_str(), server.provenance)?;
        return Ok(peer);
    }
    peer.set_host(server.host.as_str())?;
    if server.host != *name {
        peer.set_origin(name.as_str(), server.provenance)?;
    }
    if let Naming::Service(service) = naming {
        // RFC 6186 §6: what the certificate says of the service of the domain.
        peer.add_reference(&format!("srv:{service}.{name}"))?;
    }
    Ok(peer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dns::sample::name;
    use crate::proto::Protocol;
    use crate::verify::Provenance;

    fn domain(scheme: &str) -> Peer {
        let mut peer = Peer::new();
        peer.set_protocol(Protocol::from_scheme(scheme).unwrap());
        peer.set_host("bob.test").unwrap();
        peer
    }

    fn host(scheme: &str, provenance: Provenance) -> Peer {
        let domain = domain(scheme);
        let port = (scheme != "smtp").then_some(4711);
        let server = Server { host: name("far.test"), port, preference: 1, provenance };
        host_of(&domain, &name("bob.test"), naming_of(&domain).unwrap(), &server).unwrap()
    }

    #[test]
    fn a_host_carries_its_domain_and_how_it_was_named() {
        for provenance in [Provenance::Secure, Provenance::Insecure] {
            let mail = host("smtp", provenance);
            assert_eq!(
                (mail.host_text(), mail.origin_text()),
                ("far.test".into(), "bob.test".into())
            );
            assert_eq!((mail.provenance(), mail.effective_port()), (provenance, 25));
            let program = host("imap", provenance);
            assert_eq!((program.provenance(), program.effective_port()), (provenance, 4711));
            assert_eq!(program.references()[0].tagged(), "srv:_imap.bob.test");
        }
    }

    #[test]
    fn where_the_domain_is_meant_it_stays() {
        for provenance in [Provenance::Secure, Provenance::Insecure] {
            let chat = host("xmpp", provenance);
            assert_eq!((chat.host_text(), chat.origin()), ("bob.test".into(), None));
            assert_eq!(chat.endpoint(), Some(("far.test".into(), 4711)));
            assert_eq!(chat.server_name(), Some("bob.test"), "XMPP names the domain");
            assert_eq!(
                (chat.provenance(), chat.server_provenance()),
                (Provenance::User, provenance)
            );
        }
    }

    #[test]
    fn what_the_dns_does_not_name_is_no_guess() {
        for scheme in ["ftp", "lmtp", "tls", "mysql", "irc"] {
            let error = naming_of(&domain(scheme)).unwrap_err();
            assert_eq!(error.status, Status::Argument);
            assert!(error.what.contains(scheme), "{}", error.what);
        }
        let mut address = Peer::new();
        assert!(name_of(&address).is_err());
        address.set_host("192.0.2.1").unwrap();
        assert!(name_of(&address).unwrap_err().what.contains("192.0.2.1"));
    }

    #[test]
    fn nobody_is_three_different_things() {
        let status = |servers| found(&name("bob.test"), servers).unwrap_err().status;
        assert_eq!(status(Servers::None(Proof::Secure)), Status::NoService);
        assert_eq!(status(Servers::None(Proof::Insecure)), Status::NoService);
        assert_eq!(status(Servers::Bogus("x".into())), Status::DnsBogus);
        assert_eq!(status(Servers::Failed("x".into())), Status::DnsFailed);
    }
}
