//! The MTA-STS policy of a mail domain: its TXT record, what is held from before, its policy host.
//!
//! Which of them counts is `sts::settle`'s to say; here they are asked. RFC 8461 §3.3: the policy host
//! answers to the public CAs, whatever is trusted for the mail, so no setting for mail has a part in it.

use std::net::SocketAddr;

use crate::clock;
use crate::dns::Name;
use crate::error::Result;
use crate::mta_sts::Sts;
use crate::name::{DnsName, Idna};
use crate::store::policy_cache::PolicyCache;
use crate::verify::{Config, StsMode, StsRules, Verifier};

use super::addresses::addresses;
use super::policy_host::{FetchFault, HTTPS, PolicyHosts};
use super::resolver::Ask;
use super::sts::settle;
use super::texts::texts;

/// Looks up whether the domain has a policy, and fetches it unless it is held already. An error is the
/// caller's: a cache that cannot be read is never "no policy".
pub fn mail_policy(rules: &StsRules, resolver: &impl Ask, domain: &Name) -> Result<Sts> {
    if rules.mode == StsMode::Off {
        return Ok(Sts::NotAsked);
    }
    let host = DnsName::parse(domain.as_str(), Idna::Refuse)?;
    let cache = rules.cache.as_deref().map(PolicyCache::at);
    let held = cache.as_ref().map(|cache| cache.read(&host)).transpose()?.flatten();
    let records = texts(resolver, domain, "_mta-sts");
    let settled = settle(&records, held, clock::now(), || fetch(rules, resolver, domain, &host));
    if let (Some(cache), Some(held)) = (&cache, &settled.hold) {
        cache.write(&host, held)?;
    }
    Ok(settled.sts)
}

fn fetch(
    rules: &StsRules,
    resolver: &impl Ask,
    domain: &Name,
    host: &DnsName,
) -> std::result::Result<String, FetchFault> {
    let Some(policy_host) = domain.below("mta-sts") else {
        return Err(FetchFault::Answer("its name is too long".to_owned()));
    };
    let found = addresses(resolver, &policy_host).map_err(FetchFault::NoAddress)?;
    let places: Vec<SocketAddr> =
        found.into_iter().map(|address| SocketAddr::new(address, HTTPS)).collect();
    let verifier = Verifier::new(&Config::new()).map_err(FetchFault::Connection)?;
    PolicyHosts { verifier: &verifier, patience: rules.patience }.fetch(host, &places)
}
