//! The builder: settings of the handle over those of a configuration file.

use std::fmt;

use crate::error::Result;
use crate::name::{Idna, ReferenceId};
use crate::options::{Mode, Settings, Value, lookup};

/// Settings that are still being made.
#[derive(Clone, Debug, Default)]
pub struct Config {
    handle: Settings,
    file: FileLayers,
    precedence: Precedence,
}

/// Which of the two goes before the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precedence {
    /// The handle: the file holds what is usual.
    #[default]
    Handle,
    /// The file: it holds rules.
    File,
}

/// What a configuration file holds.
#[derive(Clone, Debug, Default)]
pub struct FileLayers {
    /// For every peer.
    pub defaults: Settings,
    /// For some peers.
    pub hosts: Vec<(HostPattern, Settings)>,
    /// The file itself, to see later whether it changed.
    pub path: Option<String>,
}

/// Which peers a section is for: `mail.bob.test`, `*.bob.test`, each also with `:PORT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPattern {
    name: String,
    port: Option<u16>,
}

impl Config {
    /// Nothing set.
    pub fn new() -> Config {
        Config::default()
    }

    /// Sets or adds a typed value.
    pub fn put(&mut self, mode: Mode, name: &str, value: Value) -> Result<()> {
        self.handle.put(mode, name, value)
    }

    /// Sets or adds a value given as text, which is read by the option's type.
    pub fn put_text(&mut self, mode: Mode, name: &str, text: &str) -> Result<()> {
        let (row, _) = lookup(name)?;
        self.handle.put(mode, name, row.value_of(text)?)
    }

    /// Takes over what a configuration file holds, in place of an earlier one.
    pub fn set_file(&mut self, layers: FileLayers, precedence: Precedence) {
        self.file = layers;
        self.precedence = precedence;
    }

    /// Handle and file, in their order.
    fn merged(&self, file: &Settings) -> Settings {
        match self.precedence {
            Precedence::Handle => self.handle.over(file),
            Precedence::File => file.over(&self.handle),
        }
    }

    /// The settings for peers without a section: handle and defaults.
    pub fn settings(&self) -> Settings {
        self.merged(&self.file.defaults)
    }

    /// The settings per section: handle, and section over defaults.
    pub fn sections(&self) -> impl Iterator<Item = (&HostPattern, Settings)> {
        let merged = |section: &Settings| self.merged(&section.over(&self.file.defaults));
        self.file.hosts.iter().map(move |(pattern, section)| (pattern, merged(section)))
    }

    /// The configuration file, if one was loaded.
    pub fn file_path(&self) -> Option<&str> {
        self.file.path.as_deref()
    }
}

impl HostPattern {
    /// Reads `NAME[:PORT]`; the name may begin with `*.`, an IPv6 address with a port stands in
    /// brackets. The name is kept as a peer's host is, so that the two can be compared: A-labels,
    /// lower case, addresses in their shortest form. `None` if it is none: a section that can never
    /// fit would leave its pins unchecked without a word.
    pub fn parse(text: &str) -> Option<HostPattern> {
        let (name, port) = split(text)?;
        let (star, bare) = name.strip_prefix("*.").map_or(("", name), |bare| ("*.", bare));
        let reference = ReferenceId::from_host(bare, Idna::Convert).ok()?;
        let canonical = match (reference.as_dns(), reference.as_ip()) {
            (Some(name), _) => name.as_str().to_owned(),
            (None, Some(address)) if star.is_empty() => address.to_string(),
            (None, _) => return None,
        };
        Some(HostPattern { name: format!("{star}{canonical}"), port })
    }

    /// How well it fits: the greater the better, `None` if not at all. A name beats a wildcard, a
    /// longer wildcard a shorter one, and with a port beats without.
    pub fn fit(&self, host: &str, port: u16) -> Option<(usize, bool)> {
        if self.port.is_some_and(|own| own != port) {
            return None;
        }
        let weight = match self.name.strip_prefix('*') {
            None => (self.name == host).then_some(usize::MAX)?,
            Some(suffix) => {
                (host.len() > suffix.len() && host.ends_with(suffix)).then_some(suffix.len())?
            }
        };
        Some((weight, self.port.is_some()))
    }
}

/// Name and port. More than one colon without brackets is an IPv6 address, which has no port here.
fn split(text: &str) -> Option<(&str, Option<u16>)> {
    let (name, port) = match (text.rfind(']'), text.rsplit_once(':')) {
        (Some(end), Some((name, port))) if name.len() == end + 1 => (name, Some(port)),
        (None, Some((name, port))) if !name.contains(':') => (name, Some(port)),
        _ => (text, None),
    };
    let port = port.map(str::parse::<u16>).transpose().ok()?;
    (port != Some(0)).then_some((name, port))
}

impl fmt::Display for HostPattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(out, "{}:{port}", self.name),
            None => out.write_str(&self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_section_fits_best() {
        let fit = |text: &str| HostPattern::parse(text).unwrap().fit("mail.bob.test", 25);
        assert!(fit("mail.bob.test:25") > fit("mail.bob.test"));
        assert!(fit("mail.bob.test") > fit("*.bob.test:25"));
        assert!(fit("*.bob.test") > fit("*.test"));
        for other in
            ["mail.bob.test:587", "bob.test", "*.mail.bob.test", "ail.bob.test", "*.eve.test"]
        {
            assert_eq!(fit(other), None, "{other}");
        }
    }

    #[test]
    fn a_pattern_is_written_as_a_host_may_be() {
        for (text, host) in [
            ("Mail.Bob.test", "mail.bob.test"),
            ("mail.bob.test.", "mail.bob.test"),
            ("b\u{fc}cher.test", "xn--bcher-kva.test"),
            ("2001:db8:0::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:25", "2001:db8::1"),
            ("192.0.2.1:25", "192.0.2.1"),
        ] {
            assert!(HostPattern::parse(text).unwrap().fit(host, 25).is_some(), "{text}");
        }
    }

    #[test]
    fn a_pattern_is_a_name() {
        for bad in [
            "",
            "*",
            "*.",
            "a*.b",
            "host:99999",
            "host:0",
            "a b",
            "*.192.0.2.1",
            "[::1",
            "[host]:1",
        ] {
            assert_eq!(HostPattern::parse(bad), None, "{bad}");
        }
    }
}
