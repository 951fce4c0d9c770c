//! The suites: where their rows come from, and what one row asks.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use data_encoding::BASE64;

/// Who shows the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shower {
    Server,
    Client,
}

/// One row of a suite: a chain, and whether it may pass.
pub struct Row {
    pub suite: &'static str,
    pub id: String,
    pub may_pass: bool,
    pub shower: Shower,
    /// Host or address; `None`: the row names nobody.
    pub name: Option<String>,
    /// Seconds since 1970; `None`: now.
    pub time: Option<i64>,
    pub depth: Option<i64>,
    /// The column of inputs that only some suites have, by comma.
    pub features: String,
    pub leaf: Vec<u8>,
    pub intermediates: Vec<Vec<u8>>,
    pub anchors: Vec<Vec<u8>>,
    pub crls: Vec<Vec<u8>>,
}

/// A suite of chains, and what its user would set for all of its rows.
pub struct Suite {
    pub name: &'static str,
    pub file: &'static str,
    /// Options of every row.
    pub settings: &'static [(&'static str, &'static str)],
}

/// The suites of the table. Limbo and Better TLS ask for what public CAs must keep, and their anchors
/// stand for public ones; the other two are about RFC 5280, and PKITS' end certificates are now and
/// then CAs.
pub const SUITES: &[Suite] = &[
    Suite { name: "limbo", file: "limbo.tsv", settings: &[("chain_profile", "webpki")] },
    Suite { name: "bettertls", file: "bettertls.tsv.xz", settings: &[("chain_profile", "webpki")] },
    Suite { name: "bssl_chain", file: "bssl_chain.tsv", settings: &[] },
    Suite { name: "pkits", file: "pkits.tsv", settings: &[("insecure_ca_leaf", "true")] },
];

impl Suite {
    /// Every row; `None` where there is no such file.
    pub fn rows(&self) -> Option<Vec<Row>> {
        let text = data(self.file)?;
        Some(text.lines().map(|line| self.row(line)).collect())
    }

    fn row(&self, line: &str) -> Row {
        let columns: Vec<&str> = line.split('\t').collect();
        let [id, expected, shower, _, name, time, _, depth, _, features, chain @ ..] = &columns[..]
        else {
            panic!("{}: a row of {} columns", self.file, columns.len());
        };
        Row {
            suite: self.name,
            id: (*id).to_owned(),
            may_pass: *expected == "SUCCESS",
            shower: if *shower == "CLIENT" { Shower::Client } else { Shower::Server },
            name: given(name).map(str::to_owned),
            time: given(time).map(|seconds| seconds.parse().unwrap()),
            depth: given(depth).map(|depth| depth.parse().unwrap()),
            features: (*features).to_owned(),
            leaf: certificates(chain[0]).remove(0),
            intermediates: certificates(chain[1]),
            anchors: certificates(chain[2]),
            crls: certificates(chain[3]),
        }
    }
}

/// `-` is nothing.
fn given(column: &str) -> Option<&str> {
    (column != "-").then_some(column)
}

fn certificates(column: &str) -> Vec<Vec<u8>> {
    let list = given(column).into_iter().flat_map(|list| list.split(','));
    list.map(|text| BASE64.decode(text.as_bytes()).unwrap()).collect()
}

/// The folder of the suites: beside the package, or `$STV_CONFORMANCE`.
pub fn folder() -> PathBuf {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/conformance");
    std::env::var_os("STV_CONFORMANCE").map_or(beside, PathBuf::from)
}

/// The text of a file, unpacked by xz(1) where its name says so, or of the same file unpacked.
fn data(file: &str) -> Option<String> {
    let path = folder().join(file);
    let Some(unpacked) = file.strip_suffix(".xz") else { return fs::read_to_string(path).ok() };
    if !path.exists() {
        return fs::read_to_string(folder().join(unpacked)).ok();
    }
    let output = Command::new("xz").arg("-dc").arg(&path).output().expect("xz(1) is installed");
    assert!(output.status.success(), "xz -dc {file}");
    Some(String::from_utf8(output.stdout).unwrap())
}
