//! The builder: settings of the handle over those of a configuration file.

use crate::error::Result;
use crate::options::{Mode, Settings, Value, lookup};

/// Settings that are still being made.
#[derive(Clone, Debug, Default)]
pub struct Config {
    handle: Settings,
    file: FileLayers,
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
    pub fn set_file(&mut self, layers: FileLayers) {
        self.file = layers;
    }

    /// The settings for peers without a section: handle over defaults.
    pub fn settings(&self) -> Settings {
        self.handle.over(&self.file.defaults)
    }

    /// The settings per section: handle over section over defaults.
    pub fn sections(&self) -> impl Iterator<Item = (&HostPattern, Settings)> {
        let merged = |section: &Settings| self.handle.over(&section.over(&self.file.defaults));
        self.file.hosts.iter().map(move |(pattern, section)| (pattern, merged(section)))
    }

    /// The configuration file, if one was loaded.
    pub fn file_path(&self) -> Option<&str> {
        self.file.path.as_deref()
    }
}

impl HostPattern {
    /// Reads `NAME[:PORT]`; the name may begin with `*.`. `None` if it is neither.
    pub fn parse(text: &str) -> Option<HostPattern> {
        // More than one colon is an IPv6 address, which has no port here.
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) if !name.contains(':') => (name, Some(port.parse().ok()?)),
            _ => (text, None),
        };
        let bare = name.strip_prefix("*.").unwrap_or(name);
        let sound = !bare.is_empty() && !bare.contains(['*', ' ']);
        sound.then(|| HostPattern { name: name.to_ascii_lowercase(), port })
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
    fn a_pattern_is_a_name() {
        for bad in ["", "*", "*.", "a*.b", "host:99999", "a b"] {
            assert_eq!(HostPattern::parse(bad), None, "{bad}");
        }
    }
}
