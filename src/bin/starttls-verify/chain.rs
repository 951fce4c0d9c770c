//! `chain`: a chain of certificates on disk.

use std::io::{self, Read};

use starttls_verify::error::{Error, Result};
use starttls_verify::limits::FILE_OCTETS;
use starttls_verify::name::{Idna, ReferenceId};
use starttls_verify::options::Value;
use starttls_verify::ossl;
use starttls_verify::proto::Protocol;
use starttls_verify::report::Shown;
use starttls_verify::status::Status;
use starttls_verify::trust::read_file;
use starttls_verify::verify::{Ending, Evidence, Need, Peer, Verifier, judge};

use crate::arguments::ChainArguments;
use crate::base::Base;
use crate::batch_chain;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::show;
use crate::target;

/// Judges one chain, or many.
pub fn run(arguments: &ChainArguments) -> std::result::Result<Exit, Fault> {
    let base = base_of(arguments)?;
    let Some(file) = &arguments.file else {
        return batch_chain::run(base, arguments.strict);
    };
    let verifier = Verifier::new(&base.config())?;
    let names: Vec<String> = arguments.names.iter().map(|name| target::tagged(name)).collect();
    let mut peer = peer_of(&names)?;
    base.tlsa().give(&mut peer)?;
    check_wanted(&verifier, &peer)?;
    let mut chain = read(file)?;
    if let Some(ocsp) = &arguments.ocsp {
        chain.set_staple(&read_file("ocsp", ocsp)?)?;
    }
    let evidence = Evidence { chain: &chain, shown: Shown::OnDisk };
    let report = judge(&verifier, &peer, &evidence, &Ending::on_disk(&chain));
    show(&report, &arguments.output)?;
    Ok(Exit::of(report.status, report.verdict))
}

/// A chain from a file, or from standard input (`-`): PEM, or DER of one certificate.
pub fn read(path: &str) -> std::result::Result<ossl::Chain, Fault> {
    let contents = if path == "-" { read_input()? } else { read_file("chain", path)? };
    let shown = if path == "-" { "standard input" } else { path };
    if contents.is_empty() {
        return Err(Error::new(Status::FileEmpty, format!("chain: {shown} is empty")).into());
    }
    let parsed = parse(&contents);
    Ok(parsed
        .map_err(|error| Error::new(error.status, format!("chain: {shown}: {}", error.what)))?)
}

/// The peer that stands for tagged names: nobody is connected to. The first host among them is the
/// peer's own, so that it stands in the report and finds its section of the configuration file.
pub fn peer_of(names: &[String]) -> Result<Peer> {
    let mut peer = Peer::new();
    peer.set_protocol(Protocol::Tls);
    for name in names {
        match ReferenceId::parse_tagged(name, Idna::Convert)? {
            ReferenceId::Dns(_) | ReferenceId::Ip(_) if peer.host().is_none() => {
                let bare = name.split_once(':').map_or("", |(_, host)| host);
                peer.set_host(bare)?;
            }
            _ => peer.add_reference(name)?,
        }
    }
    Ok(peer)
}

fn base_of(arguments: &ChainArguments) -> Result<Base> {
    let mut base = Base::of(&arguments.policy)?;
    if let Some(time) = arguments.time {
        base.set("time", Value::Int(time))?;
    }
    base.assign(&arguments.policy.set)?;
    Ok(base)
}

/// Without a name nothing says whose the chain should be.
fn check_wanted(verifier: &Verifier, peer: &Peer) -> std::result::Result<(), Fault> {
    let policy = verifier.policy(peer);
    let nobody = policy.names.references(peer).is_empty();
    if nobody && policy.needs().name == Need::Required {
        return Err(Fault::usage(
            "no name was given to check the chain against; add --name HOST, or \
             --set insecure_no_name=true to judge it for no name at all",
        ));
    }
    Ok(())
}

fn parse(contents: &[u8]) -> Result<ossl::Chain> {
    let mut chain = ossl::Chain::new();
    // 0x30 begins a DER SEQUENCE and no PEM text.
    match contents.first() {
        Some(0x30) => chain.add_der(contents)?,
        Some(_) | None => chain.add_pem(contents)?,
    }
    Ok(chain)
}

fn read_input() -> std::result::Result<Vec<u8>, Fault> {
    let mut contents = Vec::new();
    let most = FILE_OCTETS as u64 + 1;
    io::stdin().lock().take(most).read_to_end(&mut contents).map_err(Fault::Input)?;
    if contents.len() > FILE_OCTETS {
        return Err(Fault::usage(format!("standard input has more than {FILE_OCTETS} octets")));
    }
    Ok(contents)
}
