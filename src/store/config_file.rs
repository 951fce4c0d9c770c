//! The configuration file: TOML, the names of the options table, defaults and per-host sections.
//!
//! ```toml
//! cafile = "/etc/ssl/private-ca.pem"
//!
//! [host."mail.bob.test"]
//! pin = ["spki-sha256:...", "spki-sha256:..."]      # the second is the backup
//!
//! [host."*.eve.test:587"]
//! peer_name = "mail.eve.test"
//! ```
//!
//! Precedence: what is set on the handle, then the section that fits best, then the defaults. A
//! list given further up takes the place of the whole list below.

use std::path::Path;

use serde_json::{Map, Value as Toml};

use crate::error::{Error, Result};
use crate::options::{Kind, Mode, Settings, Value, lookup};
use crate::status::Status;
use crate::trust::read_file;
use crate::verify::{FileLayers, HostPattern};

/// Reads a file. The error names file, section and option.
pub fn read(path: &Path) -> Result<FileLayers> {
    let path = path.to_str().ok_or_else(|| {
        Error::new(Status::Encoding, "the configuration file's path is not UTF-8")
    })?;
    let contents = read_file("configuration file", path)?;
    let text = String::from_utf8(contents).map_err(|_| malformed(path, "it is not UTF-8"))?;
    let layers = parse(&text)
        .map_err(|error| Error::new(error.status, format!("{path}: {}", error.what)))?;
    Ok(FileLayers { path: Some(path.to_owned()), ..layers })
}

fn parse(text: &str) -> Result<FileLayers> {
    let mut table: Map<String, Toml> = basic_toml::from_str(text)
        .map_err(|error| Error::new(Status::Config, error.to_string()))?;
    let sections = match table.remove("host") {
        None => Map::new(),
        Some(Toml::Object(sections)) => sections,
        Some(_) => {
            return Err(Error::new(Status::Config, "'host' is a table: write [host.\"NAME\"]"));
        }
    };
    let hosts = sections.into_iter().map(|(name, section)| host_section(&name, section));
    let hosts = hosts.collect::<Result<Vec<_>>>()?;
    refuse_twins(&hosts)?;
    Ok(FileLayers { hosts, defaults: settings(table)?, path: None })
}

/// Two sections for the same peers: one of them would count for nothing.
fn refuse_twins(hosts: &[(HostPattern, Settings)]) -> Result<()> {
    for (index, (pattern, _)) in hosts.iter().enumerate() {
        if hosts[..index].iter().any(|(other, _)| other == pattern) {
            let what = format!("two sections are for the same host, {pattern}");
            return Err(Error::new(Status::Config, what));
        }
    }
    Ok(())
}

fn host_section(name: &str, section: Toml) -> Result<(HostPattern, Settings)> {
    let inside =
        |error: Error| Error::new(error.status, format!("section host.\"{name}\": {}", error.what));
    let pattern = HostPattern::parse(name).ok_or_else(|| {
        inside(Error::new(
            Status::Config,
            "this is no host; write NAME, *.NAME, each also with :PORT",
        ))
    })?;
    let Toml::Object(table) = section else {
        return Err(inside(Error::new(Status::Config, "this is a table of options")));
    };
    Ok((pattern, settings(table).map_err(inside)?))
}

fn settings(table: Map<String, Toml>) -> Result<Settings> {
    let mut settings = Settings::default();
    for (name, value) in table {
        // Also finds a name that is unknown before its value can be.
        let (row, _) = lookup(&name)?;
        let mut mode = Mode::Replace;
        for single in singles(&name, value)? {
            settings.put(mode, &name, typed(&row.kind, &name, single)?)?;
            mode = Mode::Append;
        }
    }
    Ok(settings)
}

/// The elements of an array, or the one value. Without elements the option would be as if it were not
/// there, which is not what a person means who writes `pin = []`.
fn singles(name: &str, value: Toml) -> Result<Vec<Toml>> {
    match value {
        Toml::Array(values) if values.is_empty() => {
            let what = format!("option {name}: the list is empty; leave the option out");
            Err(Error::new(Status::OptionValue, what))
        }
        Toml::Array(values) => Ok(values),
        single => Ok(vec![single]),
    }
}

fn typed(kind: &Kind, name: &str, value: Toml) -> Result<Value> {
    match (kind, value) {
        (Kind::Bytes | Kind::BytesList, Toml::String(text)) => Ok(Value::Bytes(text.into_bytes())),
        (_, Toml::String(text)) => Ok(Value::Text(text)),
        (_, Toml::Bool(value)) => Ok(Value::Bool(value)),
        (_, Toml::Number(number)) if number.is_i64() => {
            Ok(Value::Int(number.as_i64().unwrap_or_default()))
        }
        (_, Toml::Null | Toml::Number(_) | Toml::Array(_) | Toml::Object(_)) => {
            let what = format!("option {name} takes a value of type {}", kind.word());
            Err(Error::new(Status::OptionType, what))
        }
    }
}

fn malformed(path: &str, why: &str) -> Error {
    Error::new(Status::Config, format!("configuration file {path}: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_and_sections() {
        let layers = parse(
            "verify_depth = 3\npin = ['a', 'b']\n[host.\"mail.bob.test\"]\nwildcards = 'none'\n[host.\"*.eve.test:587\"]\nverify_depth = 5\n",
        )
        .unwrap();
        assert_eq!(layers.defaults.int("verify_depth"), Some(3));
        assert_eq!(layers.defaults.texts("pin").count(), 2);
        assert_eq!(layers.hosts.len(), 2);
    }

    #[test]
    fn errors_say_where() {
        for (text, status, words) in [
            ("cafil = 'x'", Status::OptionUnknown, "did you mean 'cafile'"),
            ("verify_depth = 'x'", Status::OptionType, "type int"),
            ("verify_depth = [1, 2]", Status::OptionType, "takes one value"),
            ("verify_depth = 1.5", Status::OptionType, "type int"),
            // Somebody meant to pin, or to trust nobody.
            ("pin = []", Status::OptionValue, "option pin: the list is empty"),
            ("cafile = []", Status::OptionValue, "leave the option out"),
            ("verify_depth = []", Status::OptionValue, "the list is empty"),
            (
                "[host.\"mail.bob.test\"]\npin = []",
                Status::OptionValue,
                "section host.\"mail.bob.test\": option pin",
            ),
            ("verify_peer = false", Status::Insecure, "insecure_no_chain"),
            ("[host.\"a b\"]", Status::Config, "no host"),
            (
                "[host.\"mail.bob.test\"]\npim = 'x'",
                Status::OptionUnknown,
                "section host.\"mail.bob.test\"",
            ),
            ("[hots.\"mail.bob.test\"]", Status::OptionUnknown, "'hots'"),
            ("[host.\"a.test\"]\n[host.\"A.test\"]", Status::Config, "two sections"),
            ("a = ", Status::Config, "line 1"),
            ("verify_depth = 1\nverify_depth = 2", Status::Config, "duplicate"),
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!(error.status, status, "{text}: {}", error.what);
            assert!(error.what.contains(words), "{text}: {}", error.what);
        }
    }
}
