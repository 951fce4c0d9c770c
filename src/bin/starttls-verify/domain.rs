//! `check --mx` and `check --srv`: every server of a domain, as its clients would find them.
//!
//! A client takes the best that answers, and whoever disturbs the others chooses. So the domain is as good
//! as the worst of its servers.

use starttls_verify::discover::{Resolver, hosts};
use starttls_verify::dns::Name;
use starttls_verify::error::{Error, Result};
use starttls_verify::proto::{Naming, Protocol};
use starttls_verify::status::Status;
use starttls_verify::verify::Verifier;

use crate::acquaintance::Acquaintance;
use crate::arguments::CheckArguments;
use crate::check::peer_of;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::show;
use crate::target;
use crate::tls_rpt::TlsRpt;

/// Looks the servers of the domain up and checks each, the best first.
pub fn run(
    arguments: &CheckArguments,
    target: &str,
    verifier: &Verifier,
    acquaintance: &Acquaintance,
) -> std::result::Result<Exit, Fault> {
    let mut domain = peer_of(target, &arguments.connection)?;
    let names = arguments.names.iter().map(|name| target::tagged(name));
    names.into_iter().try_for_each(|name| domain.add_reference(&name))?;
    check_naming(arguments, domain.protocol())?;
    let mut rpt = TlsRpt::of(&arguments.tls_rpt, &domain)?;
    let found = match hosts(verifier, &domain) {
        Ok(found) => found,
        Err(error) => return nobody(error),
    };
    if let Some(name) = Name::parse(&domain.host_text()) {
        rpt.tell_destinations(&Resolver::open(&verifier.policy(&domain).dns)?, &name);
    }
    let mut worst = Exit::Trusted;
    for host in found {
        let visit = acquaintance.visit(verifier, host)?;
        worst = worst.max(visit.exit());
        show(&visit.report, &arguments.output)?;
        rpt.add(&visit.report)?;
        visit.leave();
    }
    rpt.finish()?;
    Ok(worst)
}

/// Each protocol has its own records, and another's would name other servers.
fn check_naming(arguments: &CheckArguments, protocol: Protocol) -> Result<()> {
    let scheme = protocol.row().scheme;
    let what = match protocol.naming() {
        Some(Naming::Exchanges) if arguments.srv => {
            format!("the servers of {scheme} are named by MX records; write --mx")
        }
        Some(Naming::Service(service)) if arguments.mx => {
            format!("the servers of {scheme} are named by SRV records ({service}); write --srv")
        }
        // Where there are neither, the look-up says so.
        Some(Naming::Exchanges | Naming::Service(_)) | None => return Ok(()),
    };
    Err(Error::new(Status::Argument, what))
}

/// There is nobody to check; whether that is somebody's doing is in the status.
fn nobody(error: Error) -> std::result::Result<Exit, Fault> {
    let exit = match error.status {
        Status::DnsBogus => Exit::NotTrusted,
        Status::NoService | Status::DnsFailed => Exit::Unchecked,
        _ => return Err(error.into()),
    };
    eprintln!("starttls-verify: {}", error.what);
    Ok(exit)
}
