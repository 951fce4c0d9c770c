//! The settings of the command line over those of the configuration file: what every line of a
//! batch starts from.

use std::path::Path;
use std::time::Duration;

use starttls_verify::error::{Error, Result};
use starttls_verify::options::{Mode, Row, Settings, Spelling, TABLE, Value, lookup};
use starttls_verify::report::quote;
use starttls_verify::status::Status;
use starttls_verify::store::config_file;
use starttls_verify::verify::{Config, FileLayers, Precedence};

use crate::arguments::{ConnectionArguments, PolicyArguments};
use crate::tlsa::Tlsa;

/// Options that say whom to trust.
pub const ANCHORS: &[&str] = &["cafile", "capath", "ca_pem", "ca_der", "system_ca"];
/// How long a server may take to say goodbye, unless `--set io_timeout_ms` says otherwise.
const FAREWELL: Duration = Duration::from_secs(5);

/// Settings of the command line and the file.
#[derive(Clone, Debug, Default)]
pub struct Base {
    own: Settings,
    file: FileLayers,
    tlsa: Tlsa,
}

impl Base {
    /// The settings that these arguments stand for; `--set` comes last and wins.
    pub fn of(arguments: &PolicyArguments) -> Result<Base> {
        let tlsa = Tlsa::of_arguments(&arguments.tlsa, arguments.tlsa_state.as_deref())?;
        let mut base = Base { tlsa, ..Base::default() };
        if let Some(path) = &arguments.config {
            base.read_file(path)?;
        }
        for (name, values) in [
            ("cafile", &arguments.cafile),
            ("capath", &arguments.capath),
            ("pin", &arguments.pins),
            ("crl_file", &arguments.crls),
        ] {
            values.iter().try_for_each(|value| base.set(name, Value::Text(value.clone())))?;
        }
        Ok(base)
    }

    /// The system's resolver is asked, unless a later option says otherwise.
    pub fn look_up(&mut self) -> Result<()> {
        self.set("dns", Value::Text("system".to_owned()))
    }

    /// The deadlines of a connection, and what is looked up before it.
    pub fn wait(&mut self, connection: &ConnectionArguments) -> Result<()> {
        if connection.dane {
            self.look_up()?;
        }
        let farewell = connection.timeout.unwrap_or(FAREWELL).min(FAREWELL);
        self.set("io_timeout_ms", Value::Int(milliseconds(farewell)))?;
        let Some(timeout) = connection.timeout else {
            return Ok(());
        };
        for name in ["connect_timeout_ms", "negotiation_timeout_ms", "handshake_timeout_ms"] {
            self.set(name, Value::Int(milliseconds(timeout)))?;
        }
        Ok(())
    }

    /// `OPTION=VALUE`, each.
    pub fn assign(&mut self, assignments: &[String]) -> Result<()> {
        for text in assignments {
            let (name, value) = text.split_once('=').ok_or_else(|| no_value(text))?;
            let (row, _) = lookup(name)?;
            self.set(name, row.value_of(value)?)?;
        }
        Ok(())
    }

    /// TLSA records, which are of a peer and no option.
    pub fn tlsa(&self) -> &Tlsa {
        &self.tlsa
    }

    /// Sets an option; a list grows.
    pub fn set(&mut self, name: &str, value: Value) -> Result<()> {
        put(&mut self.own, name, value)
    }

    /// All of it as a configuration, in the layers of a file, so that a line can be set over it.
    pub fn config(&self) -> Config {
        let hosts = self.file.hosts.iter();
        let hosts = hosts.map(|(pattern, section)| (pattern.clone(), self.own.over(section)));
        let mut config = Config::new();
        let file = FileLayers {
            defaults: self.own.over(&self.file.defaults),
            hosts: hosts.collect(),
            path: self.file.path.clone(),
        };
        config.set_file(file, Precedence::Handle);
        config
    }

    /// All of it but the trust anchors, for a line that brings its own.
    pub fn config_without_anchors(&self) -> Result<Config> {
        let hosts = self.file.hosts.iter();
        let hosts =
            hosts.map(|(pattern, section)| Ok((pattern.clone(), without_anchors(section)?)));
        let file = FileLayers {
            defaults: without_anchors(&self.file.defaults)?,
            hosts: hosts.collect::<Result<_>>()?,
            path: self.file.path.clone(),
        };
        Ok(Base { own: without_anchors(&self.own)?, file, tlsa: Tlsa::default() }.config())
    }

    fn read_file(&mut self, path: &Path) -> Result<()> {
        self.file = config_file::read(path)?;
        Ok(())
    }
}

/// Sets an option; a list grows.
pub fn put(settings: &mut Settings, name: &str, value: Value) -> Result<()> {
    let (row, _) = lookup(name)?;
    let mode = if row.kind.is_list() { Mode::Append } else { Mode::Replace };
    settings.put(mode, name, value)
}

fn no_value(text: &str) -> Error {
    let shown = quote(text.as_bytes());
    let what = format!("--set {shown}: write OPTION=VALUE, such as --set min_tls=1.3");
    Error::new(Status::Argument, what)
}

/// The largest deadline is ten minutes, which fits.
fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX).max(1)
}

/// A copy of all settings but the anchors.
fn without_anchors(settings: &Settings) -> Result<Settings> {
    let mut copy = Settings::default();
    for row in TABLE.iter().filter(|row| !ANCHORS.contains(&row.name)) {
        copy_option(&mut copy, settings, row)?;
    }
    Ok(copy)
}

fn copy_option(copy: &mut Settings, settings: &Settings, row: &'static Row) -> Result<()> {
    let risky = row.danger.map_or(row.name, |danger| danger.spelling);
    let switch = settings.bool(row.name).map(Value::Bool);
    for value in switch.into_iter().chain(settings.int(row.name).map(Value::Int)) {
        // A value that the plain name takes is a safe one, under whatever name it was given.
        put(copy, row.name, value.clone()).or_else(|_| put(copy, risky, value))?;
    }
    for (text, spelling) in settings.texts(row.name) {
        let name = if spelling == Spelling::Plain { row.name } else { risky };
        put(copy, name, Value::Text(text.to_owned()))?;
    }
    settings.bytes(row.name).try_for_each(|bytes| put(copy, row.name, Value::Bytes(bytes.to_vec())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_with_anchors_keeps_everything_else() {
        let given = [
            "cafile=/a",
            "system_ca=true",
            "verify_depth=3",
            "insecure_no_time=true",
            "insecure_security_level=0",
            "pin=sha256:x",
            "insecure_pin=sha1:y",
            "crl_der=z",
            "wildcards=none",
            "insecure_min_tls=1.0",
        ];
        let mut base = Base::default();
        base.assign(&given.map(str::to_owned)).expect("good options");
        let copy = without_anchors(&base.own).expect("a copy");
        assert!(ANCHORS.iter().all(|name| copy.texts(name).next().is_none()));
        assert_eq!((copy.bool("system_ca"), copy.int("verify_depth")), (None, Some(3)));
        assert_eq!(
            copy.texts("pin").collect::<Vec<_>>(),
            base.own.texts("pin").collect::<Vec<_>>()
        );
        assert_eq!(copy.bytes("crl_der").count(), 1);
        assert_eq!(copy.text("wildcards"), Some("none"));
        let mut insecure = [copy.insecure(), base.own.insecure()];
        insecure.iter_mut().for_each(|names| names.sort_unstable());
        assert_eq!(insecure[0], insecure[1]);
        assert_eq!(insecure[0].len(), 4);
    }

    #[test]
    fn an_assignment_has_a_value() {
        let refused =
            |text: &str| Base::default().assign(&[text.to_owned()]).expect_err(text).status;
        assert_eq!(refused("min_tls"), Status::Argument);
        assert_eq!(refused("min_tsl=1.3"), Status::OptionUnknown);
        assert_eq!(refused("min_tls=1.0"), Status::Insecure);
    }
}
