//! The addresses of a host that proves itself by its certificate, such as the policy host of MTA-STS
//! (RFC 8461 §3.3). So a secure and an insecure answer are the same here, and one family that cannot be
//! looked up takes nothing from the other.

use std::net::IpAddr;

use crate::dns::{Data, Kind, Name, Question};

use super::outcome::Outcome;
use super::resolver::Ask;

/// Addresses that are tried; a name with more is misconfigured or hostile.
const MOST_ADDRESSES: usize = 8;

/// The addresses of the host, its aliases followed; or why there are none, in words.
pub fn addresses(resolver: &impl Ask, host: &Name) -> Result<Vec<IpAddr>, String> {
    let (mut found, mut trail) = (Vec::new(), Vec::new());
    for kind in [Kind::A, Kind::Aaaa] {
        let question = Question::new(host.clone(), kind);
        let outcome = resolver.ask(&question);
        trail.push(outcome.words(&question));
        match outcome {
            Outcome::Secure(answer) | Outcome::Insecure(answer) => {
                found.extend(answer.data.into_iter().filter_map(address));
            }
            Outcome::Absent(_) | Outcome::Bogus(_) | Outcome::Failed(_) => {}
        }
    }
    found.truncate(MOST_ADDRESSES);
    if found.is_empty() { Err(trail.join("; ")) } else { Ok(found) }
}

fn address(data: Data) -> Option<IpAddr> {
    match data {
        Data::A(address) => Some(IpAddr::V4(address)),
        Data::Aaaa(address) => Some(IpAddr::V6(address)),
        _ => None,
    }
}
