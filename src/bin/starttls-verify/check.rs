//! `check`: one peer over the network.

use starttls_verify::error::Result;
use starttls_verify::options::Value;
use starttls_verify::verify::{Peer, Verifier};

use crate::acquaintance::Acquaintance;
use crate::arguments::{CheckArguments, ConnectionArguments};
use crate::base::Base;
use crate::batch_check;
use crate::desk::Progress;
use crate::domain;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::show;
use crate::target;
use crate::tls_rpt::TlsRpt;

/// Checks one peer, or many.
pub fn run(arguments: &CheckArguments) -> std::result::Result<Exit, Fault> {
    let base = base_of(arguments)?;
    let acquaintance = Acquaintance::of(arguments.known_peers.as_deref())?;
    let Some(target) = &arguments.target else {
        let shown = if arguments.progress { Progress::Asked } else { Progress::OnTerminals };
        let worst = batch_check::run(base, acquaintance, arguments.parallel, shown)?;
        return Ok(if arguments.strict { worst } else { Exit::Trusted });
    };
    let verifier = Verifier::new(&base.config())?;
    if arguments.mx || arguments.srv {
        return domain::run(arguments, target, &verifier, &acquaintance);
    }
    let mut peer = peer_of(target, &arguments.connection)?;
    let names = arguments.names.iter().map(|name| target::tagged(name));
    names.into_iter().try_for_each(|name| peer.add_reference(&name))?;
    base.tlsa().give(&mut peer)?;
    let mut rpt = TlsRpt::of(&arguments.tls_rpt, &peer)?;
    let visit = acquaintance.visit(&verifier, peer)?;
    let exit = visit.exit();
    show(&visit.report, &arguments.output)?;
    acquaintance.keep(&visit.report)?;
    rpt.add(&visit.report)?;
    visit.leave();
    rpt.finish()?;
    Ok(exit)
}

/// The peer behind a target and the options about the connection.
pub fn peer_of(target: &str, connection: &ConnectionArguments) -> Result<Peer> {
    target::peer_at(target, connection.connect.as_deref(), connection.sni.as_deref())
}

fn base_of(arguments: &CheckArguments) -> Result<Base> {
    let mut base = Base::of(&arguments.policy)?;
    base.wait(&arguments.connection)?;
    if arguments.mx || arguments.srv {
        base.look_up()?;
    }
    if let Some(directory) = &arguments.mta_sts_cache {
        base.set("mta_sts_cache", Value::Text(directory.clone()))?;
    }
    if arguments.accept_new {
        base.set("accept_new", Value::Bool(true))?;
    }
    if arguments.audit {
        base.set("audit", Value::Bool(true))?;
    }
    base.assign(&arguments.policy.set)?;
    Ok(base)
}
