//! The MTA-STS policy of a domain whose mail exchanges are checked.

use std::time::{SystemTime, UNIX_EPOCH};

use starttls_verify::discover::{FetchFault, PATIENCE, PolicyHosts, Resolver, settle, texts};
use starttls_verify::dns::Name;
use starttls_verify::error::Result;
use starttls_verify::mta_sts::Sts;
use starttls_verify::name::{DnsName, Idna};
use starttls_verify::store::policy_cache::PolicyCache;
use starttls_verify::verify::{Config, StsMode, Verifier};

/// Looks up whether the domain has a policy, and fetches it unless the directory holds it already.
pub fn of(
    mode: StsMode,
    domain: &Name,
    resolver: &Resolver,
    directory: Option<&str>,
) -> Result<Sts> {
    if mode == StsMode::Off {
        return Ok(Sts::NotAsked);
    }
    let host = DnsName::parse(domain.as_str(), Idna::Refuse)?;
    let cache = directory.map(PolicyCache::at);
    let held = cache.as_ref().map(|cache| cache.read(&host)).transpose()?.flatten();
    let records = texts(resolver, domain, "_mta-sts");
    let settled = settle(&records, held, now(), || fetch(&host));
    if let (Some(cache), Some(held)) = (&cache, &settled.hold) {
        cache.write(&host, held)?;
    }
    Ok(settled.sts)
}

/// RFC 8461 §3.3: the policy host answers to the public CAs, whatever is trusted for the mail.
fn fetch(domain: &DnsName) -> std::result::Result<String, FetchFault> {
    let verifier = Verifier::new(&Config::new()).map_err(FetchFault::Connection)?;
    PolicyHosts { verifier: &verifier, connect: None, patience: PATIENCE }.fetch(domain)
}

/// Seconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.ok().and_then(|since| i64::try_from(since.as_secs()).ok()).unwrap_or(0)
}
