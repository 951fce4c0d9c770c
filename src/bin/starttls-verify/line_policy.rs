//! What a line of a batch says about trust, over the settings of the command line.

use std::fmt;

use data_encoding::BASE64;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value as Json;
use starttls_verify::error::{Error, Result};
use starttls_verify::options::{Kind, Mode, Value, lookup};
use starttls_verify::report::quote;
use starttls_verify::status::Status;
use starttls_verify::verify::Config;

use crate::base::{ANCHORS, Base};

/// The keys about trust, as they stand in the line.
#[derive(Debug, Default, PartialEq, Serialize)]
pub struct LinePolicy {
    pub time: Option<i64>,
    pub anchors: Vec<String>,
    pub crls: Vec<String>,
    pub pins: Vec<String>,
    pub options: Options,
}

/// Options by name, in the order in which they were given.
#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Options(Vec<(String, Json)>);

impl LinePolicy {
    /// The configuration for this line: the line over the command line over the file.
    pub fn config(&self, base: &Base) -> Result<Config> {
        let mut config = if self.anchors.is_empty() { base.config() } else { self.anchored(base)? };
        add_bytes(&mut config, "crl_der", "crls", &self.crls)?;
        for pin in &self.pins {
            config.put(Mode::Append, "pin", Value::Text(pin.clone()))?;
        }
        if let Some(time) = self.time {
            config.put(Mode::Replace, "time", Value::Int(time))?;
        }
        self.options.set(&mut config)?;
        Ok(config)
    }

    /// The line's own anchors and no other.
    fn anchored(&self, base: &Base) -> Result<Config> {
        let contradicts =
            |name: &str, value: &Json| ANCHORS.contains(&name) && *value != Json::Bool(false);
        if let Some((name, _)) =
            self.options.0.iter().find(|(name, value)| contradicts(name, value))
        {
            let what = format!("option {name}: the line has anchors, which are then the only ones");
            return Err(Error::new(Status::Argument, what));
        }
        let mut config = base.config_without_anchors()?;
        config.put(Mode::Replace, "system_ca", Value::Bool(false))?;
        add_bytes(&mut config, "ca_der", "anchors", &self.anchors)?;
        Ok(config)
    }
}

impl Options {
    fn set(&self, config: &mut Config) -> Result<()> {
        for (name, value) in &self.0 {
            let (row, _) = lookup(name)?;
            let values = match value {
                Json::Array(values) => values.as_slice(),
                single => std::slice::from_ref(single),
            };
            for value in values {
                let mode = if row.kind.is_list() { Mode::Append } else { Mode::Replace };
                config.put(mode, name, typed(&row.kind, name, value)?)?;
            }
        }
        Ok(())
    }
}

/// A value by the type of its option; whether it fits is the library's to say.
fn typed(kind: &Kind, name: &str, value: &Json) -> Result<Value> {
    match (kind, value) {
        (Kind::Bytes | Kind::BytesList, Json::String(text)) => {
            Ok(Value::Bytes(text.as_bytes().to_vec()))
        }
        (_, Json::String(text)) => Ok(Value::Text(text.clone())),
        (_, Json::Bool(value)) => Ok(Value::Bool(*value)),
        (_, Json::Number(number)) if number.is_i64() => {
            Ok(Value::Int(number.as_i64().unwrap_or_default()))
        }
        (_, Json::Null | Json::Number(_) | Json::Array(_) | Json::Object(_)) => {
            let what = format!("option {name} takes a value of type {}", kind.word());
            Err(Error::new(Status::OptionType, what))
        }
    }
}

fn add_bytes(config: &mut Config, option: &str, key: &str, values: &[String]) -> Result<()> {
    for (position, text) in values.iter().enumerate() {
        let der = decode(key, position, text)?;
        config.put(Mode::Append, option, Value::Bytes(der))?;
    }
    Ok(())
}

/// Base64 of one element of a list.
pub fn decode(key: &str, position: usize, text: &str) -> Result<Vec<u8>> {
    BASE64.decode(text.as_bytes()).map_err(|error| {
        Error::new(Status::Argument, format!("{key}[{position}] is no base64: {error}"))
    })
}

impl<'de> Deserialize<'de> for Options {
    fn deserialize<D: Deserializer<'de>>(from: D) -> std::result::Result<Options, D::Error> {
        from.deserialize_map(OptionsVisitor)
    }
}

struct OptionsVisitor;

impl<'de> Visitor<'de> for OptionsVisitor {
    type Value = Options;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object of options")
    }

    /// As serde does for a struct: the same key twice is an error, not the last one's victory.
    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> std::result::Result<Options, M::Error> {
        let mut options: Vec<(String, Json)> = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Json>()? {
            if options.iter().any(|(known, _)| *known == name) {
                let shown = quote(name.as_bytes());
                return Err(serde::de::Error::custom(format!("duplicate option '{shown}'")));
            }
            options.push((name, value));
        }
        Ok(Options(options))
    }
}
