//! The name that the server gives itself in plaintext, before TLS.
//!
//! RFC 5321 §4.2, §4.1.1.1: the greeting and the answer to EHLO begin with the server's domain. It is
//! not authenticated and never will be; it shows a connection that was led to another machine by mistake.

use std::net::IpAddr;

use crate::dns::{Data, Kind, Name, Said};
use crate::report::{Code, Finding, Source, quote};

use super::super::peer::Peer;
use super::{addresses, not_checked, reverse};

pub(super) fn check(peer: &Peer, connected: Option<IpAddr>, banner: Option<&str>) -> Finding {
    let Some(banner) = banner else {
        return not_checked("banner: the server gave no name before TLS");
    };
    let own = own_names(peer, connected);
    let shown = quote(banner.as_bytes());
    let fits = Name::parse(banner).is_some_and(|name| own.contains(&name));
    let wanted = own.iter().map(Name::as_str).collect::<Vec<_>>().join(", ");
    let finding = match fits {
        true => {
            let words = format!("the server greets as {shown}");
            Finding::pass(Code::EvidenceBannerMatch, words)
        }
        false => {
            let words = format!("the server greets as '{shown}', and is known as {wanted}");
            Finding::note(Code::EvidenceBannerDiffers, words)
        }
    };
    finding.compared(wanted, shown).from_source(Source::PeerUnauthenticated)
}

/// The host, what it is an alias of, and the names of its address.
fn own_names(peer: &Peer, connected: Option<IpAddr>) -> Vec<Name> {
    let host = peer.host_name();
    let base = peer.tlsa_base().and_then(|base| Name::parse(base.as_dns()?.as_str()));
    let alias = host.as_ref().and_then(|host| alias(peer, host));
    let of_addresses = addresses(peer, connected).into_iter();
    let reverse = of_addresses.flat_map(|address| reverse::confirmed(peer.facts(), address));
    let mut names: Vec<Name> = Vec::new();
    for name in host.clone().into_iter().chain(base).chain(alias).chain(reverse) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn alias(peer: &Peer, host: &Name) -> Option<Name> {
    match peer.facts().ours(host, Kind::Cname)? {
        Said::Records(data) => data.iter().find_map(|data| match data {
            Data::Cname(name) => Some(name.clone()),
            _ => None,
        }),
        Said::Failed(_) => None,
    }
}
