//! Validation of our own, by libunbound: nobody else's word counts.
//!
//! Q: Whom does it ask? A: The servers that the option `dns_server` names, else those of resolv.conf;
//! without any it walks down from the root itself. Whoever answers, the signatures decide.
//!
//! Q: And the trust anchor? A: The root's key, where the system keeps it, or the file that is given.
//! Without one nothing could be validated and everything would be insecure, so that is an error.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Instant;

use crate::dns::{Question, rcode};
use crate::error::{Error, Result};
use crate::status::Status;
use crate::verify::DnsRules;

use super::libunbound::{Context, Reply, Validation, text, version};
use super::outcome::{Outcome, Proof};
use super::resolver::too_late;

/// Where systems keep the root's key: the package's own copy, and what unbound keeps current.
const ANCHORS: &[&str] = &[
    "/var/lib/unbound/root.key",
    "/usr/share/dns/root.key",
    "/etc/unbound/root.key",
    "/usr/share/dnssec-root/trusted-key.key",
];

/// `ub_result.rcode` where nothing was found out.
const SERVER_FAILURE: i32 = rcode::SERVER_FAILURE as i32;

/// A resolver that validates.
pub(super) struct Unbound {
    context: Context,
}

impl Unbound {
    pub(super) fn open(rules: &DnsRules) -> Result<Unbound> {
        let context = Context::open().map_err(missing)?;
        let anchor = anchor_file(rules.anchor_file.as_deref())?;
        set_up(&context, rules, &anchor).map_err(|what| {
            let what =
                format!("libunbound cannot be set up with the trust anchor {anchor}: {what}");
            Error::new(Status::OptionValue, what)
        })?;
        Ok(Unbound { context })
    }

    pub(super) fn ask(&self, question: &Question, end: Instant) -> Outcome {
        let name = match text(question.name.as_str()) {
            Ok(name) => name,
            Err(what) => return Outcome::Failed(what),
        };
        match self.context.resolve(&name, question.kind.number(), end) {
            Ok(Some(reply)) => outcome(question, &reply),
            Ok(None) => too_late(question),
            Err(what) => Outcome::Failed(format!("libunbound: {what}")),
        }
    }
}

fn outcome(question: &Question, reply: &Reply) -> Outcome {
    let proof = match &reply.validation {
        Validation::Bogus(why) => return Outcome::Bogus(why.clone()),
        Validation::Secure => Proof::Secure,
        Validation::Insecure => Proof::Insecure,
    };
    // Where it has no answer of a server it makes up a message that answers nothing.
    match reply.rcode {
        SERVER_FAILURE => {
            Outcome::Failed(format!("libunbound found no answer about {question} (SERVFAIL)"))
        }
        _ => Outcome::of(question, &reply.message, proof),
    }
}

/// The version of libunbound on this machine; or what to install.
pub fn libunbound_version() -> Result<String> {
    version().map_err(missing)
}

/// The file with the trust anchor on this machine; or what to install.
pub fn trust_anchor_file() -> Result<String> {
    anchor_file(None)
}

fn missing(what: String) -> Error {
    let hint = "dns=unbound needs libunbound (on Debian: apt install libunbound8)";
    Error::new(Status::Unsupported, format!("{hint}: {what}"))
}

fn anchor_file(given: Option<&str>) -> Result<String> {
    if let Some(file) = given {
        // libunbound says nothing of a file that is not there.
        return match std::fs::metadata(file) {
            Ok(_) => Ok(file.to_owned()),
            Err(error) => Err(Error::new(
                Status::FileMissing,
                format!("option dnssec_anchor_file: {file}: {error}"),
            )),
        };
    }
    let found = ANCHORS.iter().find(|file| Path::new(file).is_file());
    found.map(|file| (*file).to_owned()).ok_or_else(|| {
        let what = "no DNSSEC trust anchor was found (on Debian: apt install dns-root-data); or name one with the option dnssec_anchor_file";
        Error::new(Status::FileMissing, what)
    })
}

fn set_up(context: &Context, rules: &DnsRules, anchor: &str) -> std::result::Result<(), String> {
    // Servers of resolv.conf are often on this machine, and libunbound asks none there by default.
    context.set(c"do-not-query-localhost:", c"no")?;
    // Names of private addresses are the local resolver's to know; libunbound has none for them.
    context.set(c"unblock-lan-zones:", c"yes")?;
    context.set(c"insecure-lan-zones:", c"yes")?;
    if rules.servers.is_empty() {
        // Without the file libunbound walks down from the root.
        let _ = context.forward_as_system();
    }
    for server in &rules.servers {
        context.forward(&text(&address(server))?)?;
    }
    context.anchor(&text(anchor)?)?;
    // Last, as it ends the setting up: libunbound answers for test. itself.
    context.zone(c"test.", c"transparent")
}

fn address(server: &SocketAddr) -> String {
    format!("{}@{}", server.ip(), server.port())
}
