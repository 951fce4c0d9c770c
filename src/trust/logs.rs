//! Public logs of certificates (RFC 6962), from a list on disk.
//!
//! Two formats: the JSON that Chrome and Apple publish (version 3, `operators[].logs[]` and
//! `tiled_logs[]`), which says from when and until when a log counts, and OpenSSL's `ct_log_list.cnf`,
//! which names keys only.

use std::collections::HashMap;

use serde::Deserialize;

use crate::der::{Tlv, epoch, tag};
use crate::error::{Error, Result};
use crate::ossl::{PublicKey, digest};
use crate::pin::Algorithm;
use crate::status::Status;

use super::{Watched, read_file};

/// One log.
pub struct Log {
    /// What people call it.
    pub name: String,
    /// The key that it signs with.
    pub key: PublicKey,
    /// Which of its promises count.
    pub standing: Standing,
    /// notAfter of the certificates that it takes: from, and before; seconds since 1970.
    pub interval: Option<(i64, i64)>,
}

/// Which promises of a log count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// All.
    Good,
    /// Those from before this time, seconds since 1970.
    Until(i64),
    /// None: it was rejected, or not accepted yet.
    None,
}

/// The logs of a list, by the SHA-256 of their key.
pub struct Logs {
    /// The logs.
    pub by_id: HashMap<Vec<u8>, Log>,
    /// The list's file.
    pub watched: Watched,
}

impl Logs {
    /// Reads a list.
    pub fn load(path: &str) -> Result<Logs> {
        let contents = read_file("option ct_log_file", path)?;
        let watched = Watched::now(path);
        let named = |error: Error| {
            Error::new(error.status, format!("option ct_log_file: {path}: {}", error.what))
        };
        let logs = match contents.trim_ascii_start().first() {
            Some(b'{') => of_json(&contents),
            _ => of_text(&String::from_utf8_lossy(&contents)),
        };
        let by_id: HashMap<Vec<u8>, Log> = logs.map_err(named)?.into_iter().collect();
        if by_id.is_empty() {
            return Err(named(Error::new(Status::FileEmpty, "it names no log")));
        }
        Ok(Logs { by_id, watched })
    }
}

#[derive(Deserialize)]
struct List {
    operators: Vec<Operator>,
}

#[derive(Deserialize)]
struct Operator {
    #[serde(default)]
    logs: Vec<Entry>,
    #[serde(default)]
    tiled_logs: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    description: String,
    key: String,
    log_id: String,
    #[serde(default)]
    state: HashMap<String, State>,
    temporal_interval: Option<Interval>,
}

#[derive(Deserialize)]
struct State {
    timestamp: Option<String>,
}

#[derive(Deserialize)]
struct Interval {
    start_inclusive: String,
    end_exclusive: String,
}

fn of_json(contents: &[u8]) -> Result<Vec<(Vec<u8>, Log)>> {
    let list: List = serde_json::from_slice(contents)
        .map_err(|error| broken(format!("this is no list of logs in JSON: {error}")))?;
    let operators = list.operators.into_iter();
    operators
        .flat_map(|operator| operator.logs.into_iter().chain(operator.tiled_logs))
        .map(log)
        .collect()
}

fn log(entry: Entry) -> Result<(Vec<u8>, Log)> {
    let name = entry.description;
    let (id, key) = key(&name, &entry.key)?;
    if data_encoding::BASE64.encode(&id) != entry.log_id {
        return Err(broken(format!("the log_id of '{name}' is not that of its key")));
    }
    let interval = match &entry.temporal_interval {
        Some(Interval { start_inclusive, end_exclusive }) => {
            Some((seconds(start_inclusive)?, seconds(end_exclusive)?))
        }
        None => None,
    };
    let standing = standing(&entry.state)?;
    Ok((id, Log { name, key, standing, interval }))
}

/// A log that says nothing of its state, or something that is not known, does not count.
fn standing(state: &HashMap<String, State>) -> Result<Standing> {
    match state.iter().next() {
        Some((word, _)) if ["usable", "qualified", "readonly"].contains(&word.as_str()) => {
            Ok(Standing::Good)
        }
        Some((word, State { timestamp: Some(time) })) if word == "retired" => {
            seconds(time).map(Standing::Until)
        }
        _ => Ok(Standing::None),
    }
}

/// `2025-01-01T00:00:00Z` (RFC 3339 §5.6), in UTC.
fn seconds(text: &str) -> Result<i64> {
    let digits: String = text.chars().filter(|c| !"-:T".contains(*c)).collect();
    let time = Tlv { tag: tag::GENERALIZED_TIME, value: digits.as_bytes(), whole: &[] };
    epoch(time).map_err(|_| broken(format!("'{text}' is no time such as 2025-01-01T00:00:00Z")))
}

/// OpenSSL's format: `enabled_logs = a, b`, and a section per log with `description` and `key`.
fn of_text(text: &str) -> Result<Vec<(Vec<u8>, Log)>> {
    let mut sections: HashMap<&str, HashMap<&str, &str>> = HashMap::new();
    let mut section = "";
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or("").trim();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.trim();
        } else if let Some((name, value)) = line.split_once('=') {
            sections.entry(section).or_default().insert(name.trim(), value.trim());
        }
    }
    let of = |section, name| sections.get(section).and_then(|values| values.get(name)).copied();
    let enabled = of("", "enabled_logs").unwrap_or("").split(',').map(str::trim);
    enabled
        .filter(|name| !name.is_empty())
        .map(|section| {
            let name = of(section, "description").unwrap_or(section);
            let base64 = of(section, "key")
                .ok_or_else(|| broken(format!("the log '{section}' has no key")))?;
            let (id, key) = key(name, base64)?;
            let name = name.to_owned();
            Ok((id, Log { name, key, standing: Standing::Good, interval: None }))
        })
        .collect()
}

fn key(name: &str, base64: &str) -> Result<(Vec<u8>, PublicKey)> {
    let spki = data_encoding::BASE64
        .decode(base64.as_bytes())
        .map_err(|_| broken(format!("the key of '{name}' is no base64")))?;
    let key = PublicKey::from_spki(&spki)
        .map_err(|error| broken(format!("the key of '{name}': {}", error.what)))?;
    Ok((digest(Algorithm::Sha256, &spki)?, key))
}

fn broken(what: String) -> Error {
    Error::new(Status::FileUnreadable, what)
}
