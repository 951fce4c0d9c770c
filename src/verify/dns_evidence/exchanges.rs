//! Whether the peer is one of the mail exchanges of its mail domain.
//!
//! Where the address that was connected to is known, it decides: a host may be an exchange by its name
//! while the connection was led elsewhere. Else the name does, or an address of the host.

use std::net::IpAddr;

use crate::dns::{Addresses, Data, Exchange, Facts, Kind, Name, Said};
use crate::report::{Code, Finding, Source};

use super::super::peer::Peer;
use super::{addresses, not_checked};

pub(super) fn check(peer: &Peer, connected: Option<IpAddr>) -> Finding {
    let Some(domain) = peer.mail_domain() else {
        return not_checked("mx: no mail domain was named beside the host");
    };
    let exchanges = match exchanges(peer.facts(), &domain) {
        Ok(exchanges) => exchanges,
        Err(why) => return not_checked(format!("mx: {why}")),
    };
    let known = reached(peer.facts(), &exchanges);
    let own = addresses(peer, connected);
    let by_name = peer.host_name().is_some_and(|host| exchanges.contains(&host));
    let by_address = own.iter().any(|address| known.known.contains(address));
    let fits = match own.is_empty() {
        true => by_name,
        false => by_address,
    };
    let shown = shown(peer, &own);
    match (fits, known.failure) {
        (true, _) => {
            let words = format!("{shown} is a mail exchange of {domain}");
            Finding::pass(Code::EvidenceMxMember, words).from_source(Source::Dns)
        }
        (false, Some(why)) => not_checked(format!("mx: {why}")),
        (false, None) => stranger(&domain, &exchanges, &known.known, &shown),
    }
}

fn stranger(domain: &Name, exchanges: &[Name], known: &[IpAddr], shown: &str) -> Finding {
    let names: Vec<&str> = exchanges.iter().map(Name::as_str).collect();
    let addresses: Vec<String> = known.iter().map(IpAddr::to_string).collect();
    let wanted = match names.is_empty() {
        true => "none: the domain takes no mail".to_owned(),
        false => format!("{} ({})", names.join(", "), addresses.join(", ")),
    };
    let words = format!("{shown} is no mail exchange of {domain}, which has {wanted}");
    let note = Finding::note(Code::EvidenceMxStranger, words);
    note.compared(wanted, shown).from_source(Source::Dns)
}

/// The exchanges of a domain; one without MX records is its own (RFC 5321 §5.1), and one whose only
/// exchange is the root has none (RFC 7505).
fn exchanges(facts: &Facts, domain: &Name) -> Result<Vec<Name>, String> {
    match facts.ours(domain, Kind::Mx) {
        None => Err(format!("the mail exchanges of {domain} were not asked for")),
        Some(Said::Failed(why)) => Err(why.clone()),
        Some(Said::Records(data)) if data.is_empty() => Ok(vec![domain.clone()]),
        Some(Said::Records(data)) => Ok(data.iter().filter_map(host).collect()),
    }
}

fn host(data: &Data) -> Option<Name> {
    match data {
        Data::Mx(Exchange { host, .. }) if !host.is_root() => Some(host.clone()),
        Data::Mx(_)
        | Data::A(_)
        | Data::Aaaa(_)
        | Data::Cname(_)
        | Data::Ptr(_)
        | Data::Txt(_)
        | Data::Srv(_)
        | Data::Tlsa(_) => None,
    }
}

/// The addresses of all exchanges. One of which nothing is known is a gap like one that failed.
fn reached(facts: &Facts, exchanges: &[Name]) -> Addresses {
    let mut all = Addresses::default();
    for host in exchanges {
        let found = facts.addresses(host);
        let unasked = [Kind::A, Kind::Aaaa].iter().all(|kind| facts.ours(host, *kind).is_none());
        let gap = unasked.then(|| format!("the addresses of {host} were not asked for"));
        all.known.extend(found.known);
        all.failure = all.failure.or(found.failure).or(gap);
    }
    all
}

fn shown(peer: &Peer, own: &[IpAddr]) -> String {
    let addresses: Vec<String> = own.iter().map(IpAddr::to_string).collect();
    match addresses.is_empty() {
        true => peer.host_text(),
        false => format!("{} at {}", peer.host_text(), addresses.join(", ")),
    }
}
