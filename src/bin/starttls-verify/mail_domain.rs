//! `check --mx`: every mail exchange of a domain, as a relay would find them.
//!
//! A letter may go to any of them: a sender takes the best that answers, and whoever disturbs the others
//! chooses. So the domain is as good as the worst of its hosts.

use starttls_verify::discover::{Resolver, Server, Servers, mail_policy, servers};
use starttls_verify::dns::Name;
use starttls_verify::error::{Error, Result};
use starttls_verify::status::Status;
use starttls_verify::verify::{Peer, Verifier};

use crate::acquaintance::Acquaintance;
use crate::arguments::CheckArguments;
use crate::check::peer_of;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::show;
use crate::tls_rpt::TlsRpt;

/// Looks the exchanges of the domain up and checks each, the best first.
pub fn run(
    arguments: &CheckArguments,
    target: &str,
    verifier: &Verifier,
    acquaintance: &Acquaintance,
) -> std::result::Result<Exit, Fault> {
    let domain = peer_of(target, &arguments.connection)?;
    let name = name_of(&domain)?;
    let mut rpt = TlsRpt::of(&arguments.tls_rpt, &domain)?;
    let policy = verifier.policy(&domain);
    let resolver = Resolver::open(&policy.dns)?;
    let found = match servers(&resolver, &name, domain.protocol()) {
        Servers::Some(found) => found,
        Servers::None(_) => return Ok(nobody(&name, "takes no mail", Exit::Unchecked)),
        Servers::Bogus(why) => {
            return Ok(nobody(&name, &format!("has a forged answer: {why}"), Exit::NotTrusted));
        }
        Servers::Failed(why) => {
            return Ok(nobody(&name, &format!("could not be looked up: {why}"), Exit::Unchecked));
        }
    };
    rpt.tell_destinations(&resolver, &name);
    // Once for all of them.
    let sts = mail_policy(&policy.sts, &resolver, &name)?;
    let mut worst = Exit::Trusted;
    for server in &found {
        let mut host = host_of(&domain, &name, server)?;
        host.set_sts(sts.clone());
        let visit = acquaintance.visit(verifier, host)?;
        worst = worst.max(visit.exit());
        show(&visit.report, &arguments.output)?;
        rpt.add(&visit.report)?;
        visit.leave();
    }
    rpt.finish()?;
    Ok(worst)
}

fn nobody(domain: &Name, what: &str, exit: Exit) -> Exit {
    eprintln!("starttls-verify: {domain} {what}");
    exit
}

fn name_of(domain: &Peer) -> Result<Name> {
    let host = domain.host_text();
    let is_name = domain.host().is_some_and(|host| host.as_dns().is_some());
    Name::parse(&host).filter(|_| is_name).ok_or_else(|| {
        let what = format!("--mx is for a domain such as example.com, and {host} is none");
        Error::new(Status::Argument, what)
    })
}

/// The peer behind one record.
fn host_of(domain: &Peer, name: &Name, server: &Server) -> Result<Peer> {
    let mut peer = domain.clone();
    peer.set_host(server.host.as_str())?;
    if let Some(port) = server.port {
        peer.set_port(port);
    }
    if server.host == *name {
        return Ok(peer);
    }
    peer.set_origin(name.as_str(), server.provenance)?;
    Ok(peer)
}
