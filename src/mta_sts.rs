//! MTA-STS (RFC 8461): a domain's statement that mail for it is to be sent over verified TLS only,
//! and to which hosts.
//!
//! Two texts. The TXT record `_mta-sts.DOMAIN` says that there is a policy and, by its `id`, whether
//! it changed. The policy itself comes over HTTPS; it names a mode, the MX hosts, and how long it
//! holds. What does not parse is no policy at all (§3.2): a sender then goes on as if there were
//! none, so each refusal here says why, for the report.
//!
//! | MX pattern | MX host | covers? (§4.1) |
//! |---|---|---|
//! | `mail.bob.test` | `mail.bob.test`, `MAIL.bob.test.` | yes |
//! | `*.bob.test` | `mail.bob.test` | yes: one label |
//! | `*.bob.test` | `bob.test`, `a.mail.bob.test` | no |
//!
//! Q: Why are duplicate `id` fields refused, and duplicate fields of a policy not? A: For a policy
//! §3.2 says that all but the first are ignored. For the record it says nothing, and two ids say
//! nothing about whether the policy changed.

use std::fmt;

use crate::error::{self, Error};
use crate::name::{DnsName, Idna};
use crate::status::Status;
use crate::tag_list::{self, TagFault, check_extension, is_name};

/// How every record begins.
const RECORD_VERSION: &str = "v=STSv1";
/// Longest `id` (§3.1).
const ID_OCTETS: usize = 32;
/// Longest time that a policy holds: about a year (§3.2).
const LONGEST_AGE: u64 = 31_557_600;
/// Digits of `max_age` (§3.2).
const AGE_DIGITS: usize = 10;
/// MX patterns of a policy; a domain with more hosts uses a wildcard.
const MOST_PATTERNS: usize = 256;

/// The TXT record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Changes when the policy changes.
    pub id: String,
}

/// What a sender must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Only to hosts of the policy, and only over verified TLS.
    Enforce,
    /// As if it were enforced, but failures are only reported.
    Testing,
    /// Nothing: the domain has given MTA-STS up.
    None,
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StsPolicy {
    /// What a sender must do.
    pub mode: Mode,
    /// The MX hosts; not empty unless the mode is `None`.
    pub hosts: Vec<MxPattern>,
    /// Seconds for which it holds.
    pub max_age: u64,
}

/// An MX host of a policy, or all hosts one label below a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MxPattern {
    domain: DnsName,
    reach: Reach,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// The host itself.
    Host,
    /// `*.`: every host one label below.
    OneLabelBelow,
}

impl Record {
    /// Whether a TXT record is meant to be one; others at the same name do not count (§3.1).
    pub fn is_meant(text: &str) -> bool {
        tag_list::begins_with(text, RECORD_VERSION)
    }

    /// Reads a TXT record, its strings joined.
    pub fn parse(text: &str) -> Result<Record, TagFault> {
        let mut id = None;
        for (name, value) in tag_list::fields(text, RECORD_VERSION)? {
            match name {
                "id" if id.is_some() => return Err(TagFault::Twice("id")),
                "id" => id = Some(checked_id(value)?),
                _ => check_extension(name, value)?,
            }
        }
        Ok(Record { id: id.ok_or(TagFault::Missing("id"))? })
    }
}

fn checked_id(value: &str) -> Result<String, TagFault> {
    let good = (1..=ID_OCTETS).contains(&value.len())
        && value.bytes().all(|octet| octet.is_ascii_alphanumeric());
    if good { Ok(value.to_owned()) } else { Err(TagFault::Value("id".to_owned())) }
}

impl StsPolicy {
    /// Reads a policy as it came over HTTPS.
    pub fn parse(text: &str) -> Result<StsPolicy, TagFault> {
        let mut draft = Draft::default();
        // A line ends with LF or CRLF, the last may lack it; blank lines at the end harm nobody.
        for line in text.trim_end_matches(['\n', '\r', ' ', '\t']).split('\n') {
            draft.take(line.strip_suffix('\r').unwrap_or(line))?;
        }
        draft.finish()
    }

    /// The policy as it was understood, a line each: what it says beyond that counts for nobody.
    pub fn lines(&self) -> Vec<String> {
        let hosts = self.hosts.iter().map(|host| format!("mx: {host}"));
        let first = ["version: STSv1".to_owned(), format!("mode: {}", self.mode.word())];
        first.into_iter().chain(hosts).chain([format!("max_age: {}", self.max_age)]).collect()
    }

    /// The hosts in one line, for words.
    pub fn hosts_text(&self) -> String {
        let hosts: Vec<String> = self.hosts.iter().map(MxPattern::to_string).collect();
        hosts.join(", ")
    }

    /// Whether the policy lets mail go to this MX host.
    pub fn covers(&self, host: &DnsName) -> bool {
        self.hosts.iter().any(|pattern| pattern.covers(host))
    }
}

/// The one version that there is.
struct Version;

impl Version {
    fn parse(word: &str) -> Option<Version> {
        (word == "STSv1").then_some(Version)
    }
}

/// A policy as it was fetched, to be kept for as long as it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The id of the TXT record at that time.
    pub id: String,
    /// When, seconds since 1970.
    pub fetched: i64,
    /// The text.
    pub text: String,
    /// What it says.
    pub policy: StsPolicy,
}

impl Held {
    /// What was fetched now.
    pub fn new(record: &Record, text: String, now: i64) -> Result<Held, String> {
        let policy = StsPolicy::parse(&text).map_err(|fault| fault.to_string())?;
        Ok(Held { id: record.id.clone(), fetched: now, text, policy })
    }

    /// Whether it holds at this time. One that was fetched in the future was fetched under another
    /// clock, and nobody knows how old it is.
    pub fn holds(&self, now: i64) -> bool {
        let age = now.checked_sub(self.fetched).and_then(|age| u64::try_from(age).ok());
        age.is_some_and(|age| age <= self.policy.max_age)
    }
}

/// What is known of a domain's MTA-STS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Sts {
    /// Nobody asked.
    #[default]
    NotAsked,
    /// The domain has none.
    Nothing,
    /// It may have one. RFC 8461 §3.3 goes on as without.
    Unknown(Lack),
    /// Its policy.
    Policy(StsPolicy),
}

/// Why a policy that there may be is not known, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// DNS or the policy host failed.
    NotGot(String),
    /// The policy host is not who it should be.
    HostNotTrusted(String),
    /// What it has is no policy.
    Invalid(String),
}

impl Lack {
    /// The words.
    pub fn words(&self) -> &str {
        match self {
            Lack::NotGot(words) | Lack::HostNotTrusted(words) | Lack::Invalid(words) => words,
        }
    }
}

impl Sts {
    /// The policy of a text that the caller has; an empty one says that the domain has none.
    pub fn stated(text: &str) -> error::Result<Sts> {
        if text.is_empty() {
            return Ok(Sts::Nothing);
        }
        let refused = |fault| {
            Error::new(Status::Argument, format!("this is no MTA-STS policy (RFC 8461): {fault}"))
        };
        StsPolicy::parse(text).map(Sts::Policy).map_err(refused)
    }
}

/// A policy while its lines are read.
#[derive(Default)]
struct Draft {
    version: Option<Version>,
    mode: Option<Mode>,
    max_age: Option<u64>,
    hosts: Vec<MxPattern>,
}

impl Draft {
    fn take(&mut self, line: &str) -> Result<(), TagFault> {
        let quoted = || crate::report::quote(line.as_bytes());
        let (name, value) = line.split_once(':').ok_or_else(|| TagFault::Name(quoted()))?;
        let value = value.trim_matches([' ', '\t']);
        let wrong = || TagFault::Value(name.to_owned());
        match name {
            "version" => {
                let version = Version::parse(value).ok_or(TagFault::Version)?;
                self.version.get_or_insert(version);
            }
            "mode" => {
                let mode = mode_of(value).ok_or_else(wrong)?;
                self.mode.get_or_insert(mode);
            }
            "max_age" => {
                let age = age_of(value).ok_or_else(wrong)?;
                self.max_age.get_or_insert(age);
            }
            "mx" if self.hosts.len() < MOST_PATTERNS => {
                self.hosts.push(MxPattern::parse(value).ok_or_else(wrong)?);
            }
            "mx" => return Err(wrong()),
            _ if !is_name(name) => return Err(TagFault::Name(quoted())),
            _ if value.is_empty() || value.chars().any(char::is_control) => return Err(wrong()),
            _ => {}
        }
        Ok(())
    }

    fn finish(self) -> Result<StsPolicy, TagFault> {
        self.version.ok_or(TagFault::Version)?;
        let mode = self.mode.ok_or(TagFault::Missing("mode"))?;
        let max_age = self.max_age.ok_or(TagFault::Missing("max_age"))?;
        if self.hosts.is_empty() && mode != Mode::None {
            return Err(TagFault::Missing("mx"));
        }
        Ok(StsPolicy { mode, hosts: self.hosts, max_age })
    }
}

impl Mode {
    /// The word in a policy.
    pub const fn word(self) -> &'static str {
        match self {
            Mode::Enforce => "enforce",
            Mode::Testing => "testing",
            Mode::None => "none",
        }
    }
}

fn mode_of(word: &str) -> Option<Mode> {
    [Mode::Enforce, Mode::Testing, Mode::None].into_iter().find(|mode| mode.word() == word)
}

/// More than a year counts as a year.
fn age_of(digits: &str) -> Option<u64> {
    let good = (1..=AGE_DIGITS).contains(&digits.len())
        && digits.bytes().all(|octet| octet.is_ascii_digit());
    good.then(|| digits.parse::<u64>().ok().map(|age| age.min(LONGEST_AGE)))?
}

impl MxPattern {
    /// Reads a host or `*.` and a domain. U-labels are no names here (§3.2 takes A-labels).
    pub fn parse(text: &str) -> Option<MxPattern> {
        let (reach, domain) = match text.strip_prefix("*.") {
            Some(domain) => (Reach::OneLabelBelow, domain),
            None => (Reach::Host, text),
        };
        let domain = DnsName::parse(domain, Idna::Refuse).ok()?;
        Some(MxPattern { domain, reach })
    }

    /// Whether it covers the host.
    pub fn covers(&self, host: &DnsName) -> bool {
        let (domain, host) = (self.domain.as_str(), host.as_str());
        match self.reach {
            Reach::Host => host == domain,
            Reach::OneLabelBelow => host
                .split_once('.')
                .is_some_and(|(label, rest)| !label.is_empty() && rest == domain),
        }
    }
}

impl fmt::Display for MxPattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reach {
            Reach::Host => write!(out, "{}", self.domain),
            Reach::OneLabelBelow => write!(out, "*.{}", self.domain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records() {
        assert_eq!(Record::parse("v=STSv1; id=2016Z;").unwrap().id, "2016Z");
        assert_eq!(Record::parse("v=STSv1; x.y=1; id=a").unwrap().id, "a");
        for bad in [
            "",
            "v=STSv1",
            "v=STSv1;",
            "v=STSv1; id=",
            "v=STSv1; id=a b",
            "v=STSv1; id=a-b",
            "v=STSv1; id=a; id=b",
            "v=STSv1; ID=a",
            "v=STSv1 id=a",
        ] {
            assert!(Record::parse(bad).is_err(), "{bad:?}");
        }
        assert!(Record::parse(&format!("v=STSv1; id={}", "a".repeat(33))).is_err());
        assert!(Record::is_meant("v=STSv1; broken"));
        assert!(!Record::is_meant("v=spf1 -all"));
    }

    #[test]
    fn a_policy() {
        let text = "version: STSv1\r\nmode: enforce\r\nmx: mail.bob.test\r\nmx: *.in.bob.test\r\nmax_age: 604800\r\n";
        let policy = StsPolicy::parse(text).unwrap();
        assert_eq!((policy.mode, policy.max_age, policy.hosts.len()), (Mode::Enforce, 604_800, 2));
        let lines = policy.lines().join("\n");
        assert_eq!(StsPolicy::parse(&lines), Ok(policy.clone()), "{lines}");
        let covers = |host| policy.covers(&DnsName::parse(host, Idna::Refuse).unwrap());
        for (host, wanted) in [
            ("mail.bob.test", true),
            ("MAIL.bob.test.", true),
            ("a.in.bob.test", true),
            ("in.bob.test", false),
            ("a.b.in.bob.test", false),
            ("mail.eve.test", false),
            ("xin.bob.test", false),
        ] {
            assert_eq!(covers(host), wanted, "{host}");
        }
    }

    #[test]
    fn the_first_of_duplicates_counts_but_for_mx() {
        let text = "mode: enforce\nmode: none\nversion: STSv1\nmax_age: 10\nmax_age: 20\nmx: a.test\nmx: b.test\n";
        let policy = StsPolicy::parse(text).unwrap();
        assert_eq!((policy.mode, policy.max_age, policy.hosts.len()), (Mode::Enforce, 10, 2));
    }

    #[test]
    fn what_is_no_policy() {
        let good = "version: STSv1\nmode: enforce\nmx: a.test\nmax_age: 10\n";
        assert!(StsPolicy::parse(good).is_ok());
        for (from, to) in [
            ("version: STSv1\n", ""),
            ("STSv1", "STSv2"),
            ("enforce", "Enforce"),
            ("enforce", ""),
            ("mx: a.test\n", ""),
            ("a.test", "*"),
            ("a.test", "*.*.test"),
            ("a.test", "m*.test"),
            ("a.test", "192.0.2.1"),
            ("10", "-1"),
            ("10", "1e3"),
            ("10", "12345678901"),
            ("max_age", "max age"),
            ("mode", "mode\0"),
            ("\nmx", "\n\nmx"),
            ("mx: a.test", "mx: a.test\nnote: a\tb\u{7}"),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_ne!(bad, good);
            assert!(StsPolicy::parse(&bad).is_err(), "{bad:?}");
        }
        assert_eq!(
            StsPolicy::parse(&good.replace("10", "9999999999")).unwrap().max_age,
            LONGEST_AGE
        );
        let many = good.replace("mx: a.test\n", &"mx: a.test\n".repeat(MOST_PATTERNS + 1));
        assert!(StsPolicy::parse(&many).is_err());
    }

    #[test]
    fn a_policy_that_was_given_up_needs_no_host() {
        assert!(StsPolicy::parse("version: STSv1\nmode: none\nmax_age: 0").is_ok());
    }
}
