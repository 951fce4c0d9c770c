//! The enums of the header: they only name numbers, and are made from the library's own tables.

use std::fs;
use std::path::Path;

use starttls_verify::ffi::names::{CHECKS, OUTCOMES, VERDICTS};
use starttls_verify::proto::REGISTRY;
use starttls_verify::status;
use starttls_verify::tlsa::STATES;
use starttls_verify::verify::PROVENANCES;

use crate::Result;

/// One enum.
pub struct Enumeration {
    /// Tag in C, such as `stv_verdict`.
    pub tag: &'static str,
    /// Name in Python, such as `Verdict`.
    pub class: &'static str,
    /// Begins the name of every constant.
    pub prefix: &'static str,
    /// What it is, for the comment.
    pub doc: &'static str,
    /// The constants.
    pub constants: Vec<Constant>,
}

/// One constant.
pub struct Constant {
    /// Name in C.
    pub name: String,
    /// The number.
    pub number: i32,
    /// One line.
    pub doc: String,
}

/// All of them, in the order of the header.
pub fn all(root: &Path) -> Result<Vec<Enumeration>> {
    let files = ["src/report/mod.rs", "src/tlsa.rs", "src/verify/provenance.rs"];
    let sources = files
        .map(|file| source(root, file))
        .into_iter()
        .collect::<std::result::Result<Vec<_>, _>>()?
        .concat();
    let words = |tag: &str, prefix: &str, pairs: Vec<(&str, i32)>| {
        let constant = |(word, number): (&str, i32)| {
            let name = format!("{prefix}{}", word.to_uppercase());
            let doc = doc_of(&sources, tag, word);
            Constant { name, number, doc }
        };
        pairs.into_iter().map(constant).collect::<Vec<_>>()
    };
    let provenances = PROVENANCES.iter().map(|one| (one.word(), *one as i32)).collect();
    let states = STATES.iter().map(|one| (one.word(), *one as i32)).collect();
    let verdicts = VERDICTS.iter().map(|one| (one.word(), *one as i32)).collect();
    let checks = CHECKS.iter().map(|one| (one.word(), *one as i32)).collect();
    let outcomes = OUTCOMES.iter().map(|one| (one.word(), *one as i32)).collect();
    Ok(vec![
        Enumeration {
            tag: "stv_status_code",
            class: "Status",
            prefix: "STV_",
            doc: "Statuses: did the call do its job? The hundreds say whose fault it is.",
            constants: statuses(),
        },
        Enumeration {
            tag: "stv_verdict",
            class: "Verdict",
            prefix: "STV_VERDICT_",
            doc: "Verdicts. UNKNOWN is 0, so that zeroed memory never reads as trust.",
            constants: words("Verdict", "STV_VERDICT_", verdicts),
        },
        Enumeration {
            tag: "stv_check",
            class: "Check",
            prefix: "STV_CHECK_",
            doc: "What a finding checked.",
            constants: words("Check", "STV_CHECK_", checks),
        },
        Enumeration {
            tag: "stv_outcome",
            class: "Outcome",
            prefix: "STV_OUTCOME_",
            doc: "How a check came out. \"Could not check\" is SKIP and never counts as PASS.",
            constants: words("Outcome", "STV_OUTCOME_", outcomes),
        },
        Enumeration {
            tag: "stv_tlsa_state",
            class: "TlsaState",
            prefix: "STV_TLSA_",
            doc: "How TLSA records came from the DNS, or why there are none.",
            constants: words("State", "STV_TLSA_", states),
        },
        Enumeration {
            tag: "stv_provenance",
            class: "Provenance",
            prefix: "STV_PROVENANCE_",
            doc: "How the host of a peer came to be the one that is meant.",
            constants: words("Provenance", "STV_PROVENANCE_", provenances),
        },
        Enumeration {
            tag: "stv_protocol",
            class: "Protocol",
            prefix: "STV_PROTOCOL_",
            doc: "Protocols that a peer is spoken to in.",
            constants: protocols(),
        },
    ])
}

fn source(root: &Path, file: &str) -> std::result::Result<String, String> {
    fs::read_to_string(root.join(file)).map_err(|error| format!("{file}: {error}"))
}

fn statuses() -> Vec<Constant> {
    let constant = |status: &status::Status| Constant {
        name: status.name().to_owned(),
        number: status.number(),
        doc: status.text().to_owned(),
    };
    status::ALL.iter().map(constant).collect()
}

fn protocols() -> Vec<Constant> {
    let doc = |scheme: &str, port: u16| match port {
        0 => format!("{scheme}://"),
        _ => format!("{scheme}://, port {port}"),
    };
    let constant = |row: &starttls_verify::proto::Row| Constant {
        name: row.name.to_owned(),
        number: row.protocol as i32,
        doc: doc(row.scheme, row.port),
    };
    REGISTRY.iter().map(constant).collect()
}

/// The doc comment of a variant in the source; empty when the source is not written that way.
fn doc_of(source: &str, tag: &str, word: &str) -> String {
    let start = format!("pub enum {tag} {{");
    let lines = source.lines().skip_while(|line| *line != start).skip(1);
    let mut doc = Vec::new();
    // LookupFailed is lookup_failed as a word.
    let variant = word.replace('_', "");
    for line in lines.take_while(|line| *line != "}").map(str::trim) {
        if let Some(words) = line.strip_prefix("///") {
            doc.push(words.trim());
        } else if line.to_lowercase().starts_with(&format!("{variant} ")) {
            return doc.join(" ");
        } else {
            doc.clear();
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_comment_of_a_variant_is_found() {
        let source =
            "pub enum A {\n    /// x\n    Other = 0,\n    /// one\n    /// two\n    Pass = 1,\n}\n";
        assert_eq!(doc_of(source, "A", "pass"), "one two");
        assert_eq!(doc_of(source, "A", "fail"), "");
        assert_eq!(doc_of(source, "B", "pass"), "");
    }
}
