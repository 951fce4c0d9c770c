//! How facts are looked up in the DNS, if at all: settings as types. Nothing is asked here.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::options::Settings;
use crate::report::quote;
use crate::status::Status;

/// Servers that the C library can hold (MAXNS).
const MOST_SERVERS: usize = 3;
/// Where DNS is spoken.
const PORT: u16 = 53;
/// All look-ups about one peer.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Settings of look-ups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsRules {
    /// Who asks; `None` where nothing is looked up.
    pub engine: Option<DnsEngine>,
    /// Whom to ask in place of the servers of resolv.conf.
    pub servers: Vec<SocketAddr>,
    /// Whose word for a validated answer counts.
    pub trust_ad: TrustAd,
    /// Trust anchor in place of the system's.
    pub anchor_file: Option<String>,
    /// Deadline of all look-ups about one peer.
    pub timeout: Duration,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DnsEngine {
    /// The C library; a resolver elsewhere validates, if anybody does.
    System,
    /// libunbound, which validates here.
    Unbound,
}

/// Where a resolver's AD bit counts as proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustAd {
    /// Where resolv.conf says `options trust-ad`.
    ResolvConf,
    /// There, and where every server is on this machine.
    Loopback,
    /// Insecure: everywhere, whoever sits between the server and us.
    Always,
}

impl DnsRules {
    /// The settings as types.
    pub fn freeze(settings: &Settings) -> Result<DnsRules> {
        let servers = settings.texts("dns_server").map(|(text, _)| server("dns_server", text));
        let servers = servers.collect::<Result<Vec<_>>>()?;
        if servers.len() > MOST_SERVERS {
            let what = format!("option dns_server: at most {MOST_SERVERS} servers");
            return Err(Error::new(Status::OptionValue, what));
        }
        let timeout = settings.int("dns_timeout_ms").and_then(|value| u64::try_from(value).ok());
        Ok(DnsRules {
            // The table accepts no other words.
            engine: match settings.text("dns") {
                Some("system") => Some(DnsEngine::System),
                Some("unbound") => Some(DnsEngine::Unbound),
                _ => None,
            },
            servers,
            trust_ad: match settings.text("dns_trust_ad") {
                Some("always") => TrustAd::Always,
                Some("loopback") => TrustAd::Loopback,
                _ => TrustAd::ResolvConf,
            },
            anchor_file: settings.text("dnssec_anchor_file").map(str::to_owned),
            timeout: timeout.map_or(TIMEOUT, Duration::from_millis),
        })
    }
}

/// `ADDRESS`, `ADDRESS:PORT` or `[IPv6]:PORT`. A name would have to be looked up first.
pub(super) fn server(option: &str, text: &str) -> Result<SocketAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().map(|address| SocketAddr::new(address, PORT));
    let found = address.or_else(|_| text.parse::<SocketAddr>()).ok();
    found.filter(|server| server.port() != 0).ok_or_else(|| {
        let shown = quote(text.as_bytes());
        let what = format!(
            "option {option}: '{shown}' is no address; write 192.0.2.1, 192.0.2.1:5353 or [::1]:5353"
        );
        Error::new(Status::OptionValue, what)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{Mode, Value};

    fn freeze(set: &[(&str, &str)]) -> Result<DnsRules> {
        let mut settings = Settings::default();
        for (name, text) in set {
            let mode = if *name == "dns_server" { Mode::Append } else { Mode::Replace };
            settings.put(mode, name, Value::Text((*text).to_owned()))?;
        }
        DnsRules::freeze(&settings)
    }

    #[test]
    fn nothing_is_asked_unless_it_is_set() {
        let rules = freeze(&[]).unwrap();
        assert_eq!((rules.engine, rules.trust_ad), (None, TrustAd::ResolvConf));
        assert_eq!(freeze(&[("dns", "system")]).unwrap().engine, Some(DnsEngine::System));
        assert_eq!(freeze(&[("dns", "unbound")]).unwrap().engine, Some(DnsEngine::Unbound));
    }

    #[test]
    fn to_believe_every_resolver_is_insecure_by_name() {
        let error = freeze(&[("dns_trust_ad", "always")]).expect_err("refused");
        assert_eq!(error.status, Status::Insecure);
        let rules = freeze(&[("insecure_dns_trust_ad", "always")]).unwrap();
        assert_eq!(rules.trust_ad, TrustAd::Always);
    }

    #[test]
    fn servers_are_addresses() {
        for (text, wanted) in [
            ("127.0.0.1", "127.0.0.1:53"),
            ("127.0.0.1:5353", "127.0.0.1:5353"),
            ("::1", "[::1]:53"),
            ("[::1]", "[::1]:53"),
            ("[::1]:5353", "[::1]:5353"),
        ] {
            let rules = freeze(&[("dns_server", text)]).unwrap();
            assert_eq!(rules.servers, [wanted.parse().unwrap()], "{text}");
        }
        for bad in ["", "localhost", "127.0.0.1:0", "127.0.0.1:99999", "::1:x", "1.1.1.1@53"] {
            let error = freeze(&[("dns_server", bad)]).expect_err(bad);
            assert_eq!(error.status, Status::OptionValue, "{bad}");
        }
        let four = [("dns_server", "127.0.0.1"); 4];
        assert!(freeze(&four).is_err());
    }
}
