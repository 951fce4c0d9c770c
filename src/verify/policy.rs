//! Settings, frozen into types: what a verifier knows about one group of peers.

use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::limits::{Deadlines, KNOWN_CHAIN_SECONDS, Limits};
use crate::name::{CommonName, Idna, NamePolicy, ReferenceId, SanRule, SuffixList, Wildcards};
use crate::options::{Settings, Spelling};
use crate::ossl::{ContextSettings, LateContext, Purpose, TlsVersion};
use crate::pin::{Pin, PinMode};
use crate::proto::Identity;
use crate::starttls::Terms;
use crate::status::Status;
use crate::trust::{IndexCache, Sources, Trust, Watched, read_file};

use super::client;
use super::crls::CrlRules;
use super::decide::{Need, Needs};
use super::dns_evidence::EvidenceRules;
use super::dns_rules::DnsRules;
use super::kept::KeptSessions;
use super::known::KnownRules;
use super::known_chains::{GoodPath, KnownChains};
use super::peer::Peer;
use super::provenance;
use super::requiretls::RequireTls;
use super::revocation::OcspMode;
use super::sts::{StsMode, StsRules};
use super::transparency::CtRules;

/// Everything that was decided beforehand.
pub struct Policy {
    /// Names of the insecure options in force.
    pub insecure: Vec<&'static str>,
    /// Trust anchors.
    pub trust: Arc<Trust>,
    /// Rules for the chain.
    pub chain: ChainRules,
    /// Rules for names.
    pub names: NameRules,
    /// Pins.
    pub pins: PinRules,
    /// Public logs.
    pub ct: CtRules,
    /// Stapled OCSP responses.
    pub ocsp: OcspMode,
    /// Known peers.
    pub known: KnownRules,
    /// TLSA records.
    pub dane: DaneRules,
    /// The domain's MTA-STS policy.
    pub sts: StsRules,
    /// Whether the sender demanded TLS to a host that is proven.
    pub requiretls: RequireTls,
    /// TLS settings.
    pub tls: TlsRules,
    /// Look-ups in the DNS.
    pub dns: DnsRules,
    /// Evidence from the DNS.
    pub evidence: EvidenceRules,
    /// Deadlines of a session.
    pub deadlines: Deadlines,
    /// What a negotiator needs to know.
    pub terms: Terms,
    /// Sessions that may be resumed; nothing where none ever may.
    pub kept: Option<KeptSessions>,
    /// Chains whose path need not be looked for again; nothing where none may be remembered.
    pub known_chains: Option<KnownChains>,
    /// Whether a session with an untrusted peer opens all the same.
    pub mode: SessionMode,
    /// Files that were read.
    pub watched: Vec<Watched>,
}

/// Whether the verdict is obeyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionMode {
    /// Only a trusted peer gets a session.
    Enforce,
    /// Report only.
    Audit,
}

/// Whether validity periods count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dates {
    /// They do.
    Checked,
    /// Insecure: they do not.
    Ignored,
}

/// What a self-signed leaf that nothing vouches for is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelfSigned {
    /// A failure.
    Refused,
    /// Insecure: a note.
    Accepted,
}

/// What a CA certificate as the peer's own is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaLeaf {
    /// A failure, unless it is itself the anchor or pinned.
    Refused,
    /// Insecure: a note.
    Accepted,
}

/// How much is asked of the certificates of a path beside that it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// The public web's rules, unless the anchor is the caller's own.
    Auto,
    /// All of RFC 5280, whoever vouches for the anchor.
    Rfc5280,
    /// The public web's rules, whoever vouches for the anchor.
    WebPki,
}

/// Rules for the chain.
pub struct ChainRules {
    /// Whether it must pass.
    pub need: Need,
    /// Verification time; `None` is now.
    pub time: Option<i64>,
    /// Validity periods.
    pub dates: Dates,
    /// What the leaf must be meant for.
    pub purpose: Purpose,
    /// Most CA certificates between leaf and anchor.
    pub depth: i32,
    /// Security level.
    pub level: i32,
    /// Whether an anchor need not be self-signed.
    pub partial: bool,
    /// Self-signed leaves.
    pub self_signed: SelfSigned,
    /// CA certificates as leaves.
    pub ca_leaf: CaLeaf,
    /// What is asked of certificates beside that the path holds.
    pub profile: Profile,
    /// Revocation lists.
    pub crls: CrlRules,
}

/// Rules for names.
pub struct NameRules {
    /// Whether one must match.
    pub need: Need,
    /// Takes the place of the peer's host.
    pub peer_name: Option<ReferenceId>,
    /// Which wildcards count.
    pub wildcards: Wildcards,
    /// Whether the CN counts.
    pub common_name: CommonName,
    /// What a malformed entry means.
    pub san: SanRule,
    /// Whether names with letters beyond ASCII are converted.
    pub idna: Idna,
    suffixes: Option<SuffixList>,
    sts: StsMode,
}

/// Pins.
pub struct PinRules {
    /// One of these must match.
    pub any_of: Vec<Pin>,
    /// All of these must match the leaf (PHP's peer_fingerprint).
    pub all_of: Vec<Pin>,
    /// What part they have.
    pub mode: PinMode,
}

/// What part TLSA records have in the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DaneMode {
    /// None.
    Off,
    /// Where there are secure ones, they decide.
    Opportunistic,
    /// There must be.
    Require,
}

/// Whether the name counts where a record of usage 3 decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EeName {
    /// RFC 7671 §5.1: it does not.
    Ignored,
    /// It does.
    Checked,
}

/// Rules for TLSA records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DaneRules {
    /// What part they have.
    pub mode: DaneMode,
    /// The name beside DANE-EE.
    pub ee_name: EeName,
}

/// TLS settings.
pub struct TlsRules {
    /// Oldest version spoken.
    pub oldest: TlsVersion,
    /// The context for sessions.
    pub context: LateContext,
    /// Whether the server name is sent.
    pub server_name: ServerName,
    /// Whether the application protocol is offered.
    pub alpn: Alpn,
}

/// Whether the application protocol is offered (RFC 7301), where it has an identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alpn {
    /// It is, and the server's choice is checked.
    Offered,
    /// It is not: for old servers that choke on it.
    Withheld,
}

/// Whether the server name is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerName {
    /// As RFC 6066 §3 says.
    Sent,
    /// Not at all.
    Withheld,
}

impl Policy {
    /// Reads every file and makes every value a typed one, or says what is wrong.
    pub fn freeze(settings: &Settings) -> Result<Policy> {
        let trust = Arc::new(Trust::load(&sources(settings)?)?);
        let (crls, crl_files) = CrlRules::freeze(settings)?;
        let ct = CtRules::freeze(settings)?;
        let mut watched = [trust.watched(), crl_files.as_slice()].concat();
        watched.extend(ct.watched().cloned());
        let mut policy = Policy {
            insecure: settings.insecure(),
            chain: ChainRules::freeze(settings, crls),
            names: NameRules::freeze(settings)?,
            pins: PinRules::freeze(settings)?,
            ocsp: OcspMode::freeze(settings),
            ct,
            known: KnownRules::freeze(settings)?,
            dane: DaneRules::freeze(settings),
            sts: StsRules::freeze(settings),
            requiretls: RequireTls::freeze(settings)?,
            tls: TlsRules::freeze(settings)?,
            dns: DnsRules::freeze(settings)?,
            evidence: EvidenceRules::freeze(settings)?,
            deadlines: deadlines(settings),
            terms: terms(settings)?,
            mode: if settings.bool("audit") == Some(true) {
                SessionMode::Audit
            } else {
                SessionMode::Enforce
            },
            watched,
            trust,
            kept: None,
            known_chains: None,
        };
        let wanted = settings.bool("resumption") != Some(false);
        policy.kept = (wanted && policy.may_resume()).then(KeptSessions::default);
        policy.known_chains = policy.chain_cache_seconds(settings).map(KnownChains::new);
        Ok(policy)
    }

    /// For how long a path may be remembered; `None` where it depends on more than the policy and the
    /// chain, or was accepted by exception.
    fn chain_cache_seconds(&self, settings: &Settings) -> Option<i64> {
        let seconds = settings.int("chain_cache_seconds").unwrap_or(KNOWN_CHAIN_SECONDS);
        let ordinary = self.mode == SessionMode::Enforce
            && self.insecure.is_empty()
            && self.chain.time.is_none()
            && self.chain.crls.lists.is_empty();
        (ordinary && seconds > 0).then_some(seconds)
    }

    /// What was accepted by exception is accepted anew each time.
    fn may_resume(&self) -> bool {
        let exceptional = [self.insecure.clone(), self.unusual_for_live_peers()].concat();
        self.mode == SessionMode::Enforce && exceptional.is_empty()
    }

    /// Remembers the path of a chain that was trusted just now.
    pub fn remember(&self, fresh: Option<Arc<GoodPath>>, now: i64) {
        if let (Some(known), Some(good)) = (&self.known_chains, fresh) {
            known.put(good, now);
        }
    }

    /// Options that are right for a chain on disk and weaken the check of a peer who is there now: a
    /// forgotten verification time accepts expired certificates for ever.
    pub fn unusual_for_live_peers(&self) -> Vec<&'static str> {
        let time = self.chain.time.map(|_| "time");
        let purpose = (self.chain.purpose == Purpose::Client).then_some("purpose");
        time.into_iter().chain(purpose).collect()
    }

    /// Whether this peer can be asked about under this policy, before anything is sent.
    pub fn check_peer(&self, peer: &Peer) -> Result<()> {
        if peer.is_unicode() && self.names.idna == Idna::Refuse {
            let what = "the host has letters beyond ASCII and the option idna refuses them; give the A-label (xn--...)";
            return Err(Error::new(Status::Name, what));
        }
        Ok(())
    }

    /// The server name to send to this peer, if any.
    pub fn server_name<'a>(&self, peer: &'a Peer) -> Option<&'a str> {
        match self.tls.server_name {
            ServerName::Sent => peer.server_name(),
            ServerName::Withheld => None,
        }
    }

    /// What each check weighs.
    pub fn needs(&self) -> Needs {
        let pinned = !(self.pins.any_of.is_empty() && self.pins.all_of.is_empty());
        match self.pins.mode {
            PinMode::PinInsteadOfPkix if pinned => Needs { pin: Need::Required, ..Needs::NONE },
            PinMode::PinInsteadOfPkix | PinMode::PinAndPkix => Needs {
                chain: self.chain.need,
                name: self.names.need,
                pin: if pinned { Need::Required } else { Need::ReportOnly },
                ..Needs::NONE
            },
        }
    }
}

fn sources(settings: &Settings) -> Result<Sources<'_>> {
    Ok(Sources {
        files: settings.texts("cafile").map(|(path, _)| path).collect(),
        directories: settings.texts("capath").map(|(path, _)| path).collect(),
        pem: settings.bytes("ca_pem").collect(),
        der: settings.bytes("ca_der").collect(),
        system: settings.bool("system_ca"),
        cache: match settings.text("trust_cache") {
            None | Some("auto") => IndexCache::of_user(),
            Some("off") => None,
            Some(directory) => Some(IndexCache::at(directory)?),
        },
        ..Sources::default()
    })
}

/// A switch that is off unless set.
fn is_on(settings: &Settings, name: &'static str) -> bool {
    settings.bool(name) == Some(true)
}

/// What chain or name weigh: the switch that waives them is stronger than opportunism.
fn need(settings: &Settings, waived: &'static str) -> Need {
    match (is_on(settings, waived), is_on(settings, "insecure_opportunistic")) {
        (true, _) => Need::ReportOnly,
        (false, true) => Need::Preferred,
        (false, false) => Need::Required,
    }
}

/// A number that the table keeps within 32 bits.
fn number(settings: &Settings, name: &'static str, default: i32) -> i32 {
    settings.int(name).and_then(|value| i32::try_from(value).ok()).unwrap_or(default)
}

impl ChainRules {
    fn freeze(settings: &Settings, crls: CrlRules) -> ChainRules {
        let given = !matches!(settings.bool("system_ca"), Some(true)) && has_anchors(settings);
        ChainRules {
            need: need(settings, "insecure_no_chain"),
            time: settings.int("time"),
            dates: if is_on(settings, "insecure_no_time") {
                Dates::Ignored
            } else {
                Dates::Checked
            },
            purpose: match settings.text("purpose") {
                Some("sslclient") => Purpose::Client,
                Some("any") => Purpose::Any,
                _ => Purpose::Server,
            },
            depth: number(settings, "verify_depth", 10),
            level: number(settings, "security_level", 2),
            partial: settings.bool("partial_chain").unwrap_or(given),
            self_signed: if is_on(settings, "insecure_allow_self_signed") {
                SelfSigned::Accepted
            } else {
                SelfSigned::Refused
            },
            ca_leaf: if is_on(settings, "insecure_ca_leaf") {
                CaLeaf::Accepted
            } else {
                CaLeaf::Refused
            },
            profile: match settings.text("chain_profile") {
                Some("rfc5280") => Profile::Rfc5280,
                Some("webpki") => Profile::WebPki,
                _ => Profile::Auto,
            },
            crls,
        }
    }
}

fn has_anchors(settings: &Settings) -> bool {
    let texts = ["cafile", "capath"].into_iter().any(|name| settings.texts(name).next().is_some());
    texts || ["ca_pem", "ca_der"].into_iter().any(|name| settings.bytes(name).next().is_some())
}

impl NameRules {
    fn freeze(settings: &Settings) -> Result<NameRules> {
        let idna = match settings.text("idna") {
            Some("refuse") => Idna::Refuse,
            _ => Idna::Convert,
        };
        let peer_name = settings.text("peer_name").map(|name| ReferenceId::from_host(name, idna));
        Ok(NameRules {
            need: need(settings, "insecure_no_name"),
            peer_name: peer_name.transpose()?,
            wildcards: match settings.text("wildcards") {
                Some("none") => Wildcards::None,
                Some("partial-label") => Wildcards::PartialLabel,
                _ => Wildcards::LeftMostLabel,
            },
            common_name: if is_on(settings, "insecure_cn_fallback") {
                CommonName::FallbackInsecure
            } else {
                CommonName::Never
            },
            san: if is_on(settings, "insecure_lenient_san") {
                SanRule::LenientInsecure
            } else {
                SanRule::Strict
            },
            idna,
            suffixes: settings.text("public_suffix_file").map(suffix_list).transpose()?,
            sts: StsMode::freeze(settings),
        })
    }

    /// The rules as the matcher takes them.
    pub fn policy(&self) -> NamePolicy<'_> {
        NamePolicy {
            wildcards: self.wildcards,
            common_name: self.common_name,
            san: self.san,
            suffixes: self.suffixes.as_ref(),
        }
    }

    /// Every name that the certificate may be for: the peer's host, or peer_name in its place, and
    /// what was added. A host that the DNS named speaks for what the user named only where that is
    /// proven; the domain always does.
    pub fn references(&self, peer: &Peer) -> Vec<ReferenceId> {
        let first = self.peer_name.as_ref().or_else(|| provenance::host(self.sts, peer));
        let of_domain = first.map_or_else(Vec::new, |name| domain_references(peer, name));
        let named = first.into_iter().chain(&of_domain).chain(peer.origin());
        named.chain(peer.references()).cloned().collect()
    }
}

/// RFC 6120 §13.7.1: where the protocol is about a domain, an SRV-ID of its service and an XmppAddr
/// speak for it too.
fn domain_references(peer: &Peer, name: &ReferenceId) -> Vec<ReferenceId> {
    let (ReferenceId::Dns(domain), Identity::Domain) = (name, peer.protocol().row().identity)
    else {
        return Vec::new();
    };
    let service = peer.protocol().row().srv_id;
    let tagged = [format!("srv:{service}.{domain}"), format!("xmpp:{domain}")];
    tagged.iter().filter_map(|text| ReferenceId::parse_tagged(text, Idna::Refuse).ok()).collect()
}

fn suffix_list(path: &str) -> Result<SuffixList> {
    let contents = read_file("option public_suffix_file", path)?;
    let list = SuffixList::parse(&String::from_utf8_lossy(&contents));
    if list.is_empty() {
        return Err(Error::new(
            Status::FileEmpty,
            format!("option public_suffix_file: {path} holds no suffix"),
        ));
    }
    Ok(list)
}

impl PinRules {
    fn freeze(settings: &Settings) -> Result<PinRules> {
        let parse = |name, parse: fn(&str, Spelling) -> Result<Pin>| {
            let pins = settings.texts(name).map(|(text, spelling)| parse(text, spelling));
            pins.collect::<Result<Vec<Pin>>>()
                .map_err(|error| Error::new(error.status, format!("option {name}: {}", error.what)))
        };
        let rules = PinRules {
            any_of: parse("pin", Pin::parse)?,
            all_of: parse("peer_fingerprint", Pin::parse_fingerprint)?,
            mode: match settings.text("pin_mode") {
                Some("pin-instead-of-pkix") => PinMode::PinInsteadOfPkix,
                _ => PinMode::PinAndPkix,
            },
        };
        if rules.mode == PinMode::PinInsteadOfPkix
            && rules.any_of.is_empty()
            && rules.all_of.is_empty()
        {
            let what = "option pin_mode: pin-instead-of-pkix needs a pin; set the option pin";
            return Err(Error::new(Status::OptionValue, what));
        }
        Ok(rules)
    }
}

impl DaneRules {
    fn freeze(settings: &Settings) -> DaneRules {
        DaneRules {
            mode: match settings.text("dane") {
                Some("off") => DaneMode::Off,
                Some("require") => DaneMode::Require,
                _ => DaneMode::Opportunistic,
            },
            ee_name: if is_on(settings, "dane_ee_name") {
                EeName::Checked
            } else {
                EeName::Ignored
            },
        }
    }
}

impl TlsRules {
    fn freeze(settings: &Settings) -> Result<TlsRules> {
        let version = |name, default| settings.text(name).map_or(default, version_of);
        let (min, max) =
            (version("min_tls", TlsVersion::V1_2), version("max_tls", TlsVersion::V1_3));
        if min > max {
            return Err(Error::new(Status::OptionValue, "option min_tls is newer than max_tls"));
        }
        let context = LateContext::new(&ContextSettings {
            min,
            max,
            ciphers: settings.text("ciphers"),
            suites: settings.text("ciphersuites"),
            groups: settings.text("groups"),
            level: number(settings, "security_level", 2).unsigned_abs(),
            identity: client::identity(settings)?,
            key_log: settings.text("insecure_keylog_file"),
            ocsp: OcspMode::freeze(settings).ask(),
            scts: CtRules::ask(settings),
        })?;
        let server_name = match settings.bool("SNI_enabled") {
            Some(false) => ServerName::Withheld,
            Some(true) | None => ServerName::Sent,
        };
        let alpn = match settings.bool("alpn") {
            Some(false) => Alpn::Withheld,
            Some(true) | None => Alpn::Offered,
        };
        Ok(TlsRules { oldest: min, context, server_name, alpn })
    }
}

/// The table accepts no other words.
fn version_of(word: &str) -> TlsVersion {
    match word {
        "1.0" => TlsVersion::V1_0,
        "1.1" => TlsVersion::V1_1,
        "1.3" => TlsVersion::V1_3,
        _ => TlsVersion::V1_2,
    }
}

fn deadlines(settings: &Settings) -> Deadlines {
    let of = |name, default: Duration| {
        let given = settings.int(name).and_then(|value| u64::try_from(value).ok());
        given.map_or(default, Duration::from_millis)
    };
    Deadlines {
        connect: of("connect_timeout_ms", Deadlines::DEFAULT.connect),
        negotiation: of("negotiation_timeout_ms", Deadlines::DEFAULT.negotiation),
        handshake: of("handshake_timeout_ms", Deadlines::DEFAULT.handshake),
        io: of("io_timeout_ms", Deadlines::DEFAULT.io),
    }
}

fn terms(settings: &Settings) -> Result<Terms> {
    let of = |name, default: usize| {
        settings.int(name).and_then(|value| usize::try_from(value).ok()).unwrap_or(default)
    };
    let limits = Limits {
        line: Limits::DEFAULT.line,
        lines: of("max_lines", Limits::DEFAULT.lines),
        octets: of("max_negotiation_bytes", Limits::DEFAULT.octets),
    };
    Ok(Terms {
        ehlo_name: ehlo_name(settings.text("ehlo_name").unwrap_or("localhost"))?,
        limits,
        line: settings.int("max_line").and_then(|line| usize::try_from(line).ok()),
    })
}

/// RFC 5321 §4.1.1.1: a domain or an address literal. Anything else could carry a second command.
fn ehlo_name(name: &str) -> Result<String> {
    let literal = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let sound = match literal {
        Some(address) => address.trim_start_matches("IPv6:").parse::<std::net::IpAddr>().is_ok(),
        None => ReferenceId::from_host(name, Idna::Refuse).is_ok_and(|id| id.as_dns().is_some()),
    };
    if sound {
        return Ok(name.to_owned());
    }
    let shown = crate::report::quote(name.as_bytes());
    Err(Error::new(
        Status::OptionValue,
        format!(
            "option ehlo_name: '{shown}' is neither a domain nor an address literal such as [192.0.2.1]"
        ),
    ))
}
