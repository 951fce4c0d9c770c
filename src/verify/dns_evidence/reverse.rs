//! The names of the address, and whether they lead back to it.

use std::net::IpAddr;

use crate::dns::{Data, Facts, Kind, Name, Said};
use crate::report::{Code, Finding, Source};

use super::super::peer::Peer;
use super::{addresses, not_checked};

/// What the DNS says of an address.
enum Names {
    /// These lead back to it.
    Confirmed(Vec<Name>),
    /// It has these, and none leads back.
    Unconfirmed(Vec<Name>),
    /// It has none.
    None,
    /// Nobody knows; why.
    Unknown(String),
}

pub(super) fn check(peer: &Peer, connected: Option<IpAddr>) -> Finding {
    let addresses = addresses(peer, connected);
    // Of several that the peer may have, the first that does not fit speaks for it.
    let all = addresses.iter().map(|address| (address, names(peer.facts(), *address)));
    let mut fit = None;
    for (address, names) in all {
        let finding = finding(*address, &names);
        if !matches!(names, Names::Confirmed(_)) {
            return finding;
        }
        fit = fit.or(Some(finding));
    }
    fit.unwrap_or_else(|| not_checked("reverse: no address of the peer is known"))
}

fn finding(address: IpAddr, names: &Names) -> Finding {
    let finding = match names {
        Names::Confirmed(names) => {
            let words = format!("{address} has the name {}, which has that address", listed(names));
            Finding::pass(Code::EvidenceReverseConfirmed, words)
        }
        Names::Unconfirmed(names) => {
            let shown = listed(names);
            let words = format!("{address} has the name {shown}, which does not have that address");
            Finding::note(Code::EvidenceReverseUnconfirmed, words)
                .compared(address.to_string(), shown)
        }
        Names::None => Finding::note(Code::EvidenceReverseNone, format!("{address} has no name")),
        Names::Unknown(why) => not_checked(format!("reverse: {why}")),
    };
    finding.from_source(Source::Dns)
}

/// The names of this address that have it as theirs.
pub(super) fn confirmed(facts: &Facts, address: IpAddr) -> Vec<Name> {
    match names(facts, address) {
        Names::Confirmed(names) => names,
        Names::Unconfirmed(_) | Names::None | Names::Unknown(_) => Vec::new(),
    }
}

fn names(facts: &Facts, address: IpAddr) -> Names {
    let data = match facts.ours(&Name::of_address(address), Kind::Ptr) {
        None => return Names::Unknown(format!("the names of {address} were not asked for")),
        Some(Said::Failed(why)) => return Names::Unknown(why.clone()),
        Some(Said::Records(data)) => data,
    };
    let all: Vec<Name> = data.iter().filter_map(pointer).collect();
    if all.is_empty() {
        return Names::None;
    }
    let (confirmed, unconfirmed): (Vec<Name>, Vec<Name>) =
        all.into_iter().partition(|name| facts.addresses(name).known.contains(&address));
    if !confirmed.is_empty() {
        return Names::Confirmed(confirmed);
    }
    // A look-up that failed has not shown that the name leads elsewhere.
    let failure = unconfirmed.iter().find_map(|name| unknown(facts, name, address));
    failure.map_or(Names::Unconfirmed(unconfirmed), Names::Unknown)
}

/// Why it is not known whether the name has this address; `None` where it is.
fn unknown(facts: &Facts, name: &Name, address: IpAddr) -> Option<String> {
    let kind = if address.is_ipv4() { Kind::A } else { Kind::Aaaa };
    match facts.ours(name, kind) {
        None => Some(format!("the addresses of {name} were not asked for")),
        Some(Said::Failed(why)) => Some(why.clone()),
        Some(Said::Records(_)) => None,
    }
}

fn pointer(data: &Data) -> Option<Name> {
    match data {
        Data::Ptr(name) => Some(name.clone()),
        Data::A(_)
        | Data::Aaaa(_)
        | Data::Cname(_)
        | Data::Mx(_)
        | Data::Txt(_)
        | Data::Srv(_)
        | Data::Tlsa(_) => None,
    }
}

fn listed(names: &[Name]) -> String {
    names.iter().map(Name::as_str).collect::<Vec<_>>().join(", ")
}
