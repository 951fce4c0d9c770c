//! `pin`: what to write into a configuration or a zone, and how far it can be believed.

use std::fmt::Write;
use std::net::IpAddr;

use starttls_verify::options::Value;
use starttls_verify::report::{CertificateInfo, Report, Shown, Verdict};
use starttls_verify::verify::{Ending, Evidence, Peer, Verifier, judge};

use crate::arguments::PinArguments;
use crate::base::Base;
use crate::chain;
use crate::check::peer_of;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::output::print;
use crate::target;
use crate::visit::Visit;

const UNVERIFIED: &str = "\
# UNVERIFIED: these pins are those of whoever answered, who may be anybody on the way.
# Compare them with the server's administrator over another way before you use them.
";

/// Prints the pins of every server, or of a file.
pub fn run(arguments: &PinArguments) -> Result<Exit, Fault> {
    if let Some(path) = &arguments.pem {
        return of_file(path, &arguments.targets);
    }
    let base = base_of(arguments)?;
    let verifier = Verifier::new(&base.config())?;
    if arguments.targets.len() > 1 && arguments.connection.connect.is_some() {
        return Err(Fault::usage("--connect goes with one HOST only"));
    }
    let mut worst = Exit::Trusted;
    for target in &arguments.targets {
        let mut peer = peer_of(target, &arguments.connection)?;
        base.tlsa().give(&mut peer)?;
        worst = worst.max(of_server(&verifier, &peer)?);
    }
    Ok(worst)
}

/// Audit mode, because a server is pinned where nothing else vouches for it.
fn base_of(arguments: &PinArguments) -> Result<Base, Fault> {
    let mut base = Base::of(&arguments.policy)?;
    base.wait(&arguments.connection)?;
    base.set("audit", Value::Bool(true))?;
    base.assign(&arguments.policy.set)?;
    Ok(base)
}

fn of_server(verifier: &Verifier, peer: &Peer) -> Result<Exit, Fault> {
    let visit = Visit::pay(verifier, peer)?;
    let exit = visit.exit();
    let report = &visit.report;
    match report.certificates.first() {
        Some(leaf) => {
            let warning = if is_believable(report) { "" } else { UNVERIFIED };
            let lines = lines_of(leaf, &owner(&report.host, report.port));
            print(&format!("# {}\n{warning}{lines}", report.summary()))?;
        }
        // The handshake did not get as far as a certificate.
        None => eprintln!("starttls-verify: no certificate was seen: {}", report.summary()),
    }
    visit.leave();
    Ok(exit)
}

/// A trust that was reached with a weakened check vouches for nothing.
fn is_believable(report: &Report) -> bool {
    report.verdict == Verdict::Trusted && report.insecure.is_empty()
}

/// The pins of a certificate on disk, which nobody has to be trusted for.
fn of_file(path: &str, targets: &[String]) -> Result<Exit, Fault> {
    let report = described(path)?;
    let Some(leaf) = report.certificates.first() else {
        return Err(Fault::usage(format!("{path} holds no certificate")));
    };
    let mut text = format!("# {}\n", leaf.subject);
    if targets.is_empty() {
        text.push_str(&lines_of(leaf, "_PORT._tcp.HOST."));
    }
    for target in targets {
        let peer = target::peer_of(target)?;
        text.push_str(&lines_of(leaf, &owner(&peer.host_text(), peer.effective_port())));
    }
    print(&text)?;
    Ok(Exit::Trusted)
}

/// The report describes a chain whatever the verdict is; the verdict is of no interest here.
fn described(path: &str) -> Result<Report, Fault> {
    let mut base = Base::default();
    base.set("system_ca", Value::Bool(false))?;
    let verifier = Verifier::new(&base.config())?;
    Ok(judge(
        &verifier,
        &Peer::new(),
        &Evidence { chain: &chain::read(path)?, shown: Shown::OnDisk },
        &Ending::default(),
    ))
}

/// `_25._tcp.mail.bob.test.` (RFC 6698 §3); empty for an address, which has no TLSA record.
fn owner(host: &str, port: u16) -> String {
    match host.parse::<IpAddr>() {
        Ok(_) => String::new(),
        Err(_) => format!("_{port}._tcp.{host}."),
    }
}

fn lines_of(leaf: &CertificateInfo, owner: &str) -> String {
    let prints = &leaf.fingerprints;
    let mut text = format!("{}\nsha256:{}\n", prints.spki_pin, prints.sha256);
    if !owner.is_empty() {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{owner} IN TLSA {}", prints.tlsa);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_of_tlsa_records() {
        assert_eq!(owner("mail.bob.test", 25), "_25._tcp.mail.bob.test.");
        assert_eq!(owner("192.0.2.1", 25), "");
        assert_eq!(owner("2001:db8::1", 25), "");
    }
}
