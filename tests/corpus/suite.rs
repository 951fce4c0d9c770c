//! The rows of the corpus, as they stand in the files.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A row of `attacks.json`.
#[derive(Clone, Debug, Deserialize)]
pub struct Attack {
    pub id: String,
    pub proto: String,
    #[serde(rename = "cls")]
    pub class: String,
    pub expect: String,
    /// In the notation of the lab; nothing where the row is prose.
    pub steps: Option<Vec<String>>,
}

/// A row of `starttls_scripts.json`: a server that differs from an honest one in a few answers.
#[derive(Clone, Debug, Deserialize)]
pub struct Transcript {
    pub id: String,
    pub proto: String,
    pub greeting: String,
    /// Whether STARTTLS stands in the list of capabilities.
    pub offers: bool,
    /// Answers by command.
    #[serde(rename = "override")]
    pub overrides: BTreeMap<String, String>,
    /// Commands that the server pretends not to know.
    pub hidden: Vec<String>,
    pub starttls_reply: Option<String>,
    /// Whether the server goes over to TLS behind its answer.
    pub transition: bool,
    pub expect: String,
    pub why: String,
}

/// The rows of a file of the corpus; nothing where there is no corpus.
pub fn rows<T: DeserializeOwned>(file: &str) -> Option<Vec<T>> {
    let path = directory().join(file);
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => panic!("{}: {error}", path.display()),
    };
    let rows = serde_json::from_slice(&text);
    Some(rows.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

fn directory() -> PathBuf {
    let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/conformance"));
    std::env::var_os("STV_CONFORMANCE").map_or_else(beside, PathBuf::from)
}
