//! The lab as a whole: certificates on disk, and one server for each row of the table.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::Fault;
use crate::chains::{Chain, Pki};
use crate::dialect::{Dialect, PASSWORD, SMTP};
use crate::record::{Note, Record};
use crate::scenario::{Case, Outcome, Scenario};
use crate::server::Server;
use crate::table;
use crate::tls::Endpoint;

/// Runs until it is dropped.
pub struct Lab {
    ca_pem: PathBuf,
    pki: Pki,
    dialect: &'static Dialect,
    scenarios: Vec<Scenario>,
    /// In the order of `scenarios`.
    servers: Vec<Server>,
}

/// Something that a client should not have sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leak {
    pub id: &'static str,
    pub line: String,
}

impl Lab {
    /// Writes `DIR/ca.pem`, `DIR/ID/chain.pem` and where one is stapled `DIR/ID/ocsp.der`, and starts all servers.
    pub fn start(dir: &Path) -> Result<Self, Fault> {
        Self::start_some(dir, |_| true)
    }

    /// Only the cases that `wanted` says yes to.
    pub fn start_some(dir: &Path, wanted: impl Fn(&Case) -> bool) -> Result<Self, Fault> {
        Self::start_speaking(&SMTP, dir, wanted)
    }

    /// The same in another protocol, without the cases that it does not know.
    pub fn start_speaking(
        dialect: &'static Dialect,
        dir: &Path,
        wanted: impl Fn(&Case) -> bool,
    ) -> Result<Self, Fault> {
        let (pki, ca_pem) = write_anchor(dir)?;
        let mut lab = Self { ca_pem, pki, dialect, scenarios: Vec::new(), servers: Vec::new() };
        for case in table::cases().filter(|case| case.exists_in(dialect) && wanted(case)) {
            let chain = write_chain(dir, case, &lab.pki)?;
            let endpoint = Endpoint::new(&chain, case.strength)?;
            let record = Record::logging_to(&dir.join(case.id))?;
            let server = Server::start((case.play)(dialect, &endpoint), record)?;
            lab.scenarios.push(case.at(dialect, server.address().port()));
            lab.servers.push(server);
        }
        Ok(lab)
    }

    pub fn scenarios(&self) -> &[Scenario] {
        &self.scenarios
    }

    pub fn scenario(&self, id: &str) -> Option<&Scenario> {
        self.scenarios.iter().find(|scenario| scenario.id == id)
    }

    /// The trust anchor of all scenarios.
    pub fn ca_pem_path(&self) -> &Path {
        &self.ca_pem
    }

    /// Root and intermediate, to mint more below them.
    pub fn pki(&self) -> &Pki {
        &self.pki
    }

    /// Every line that arrived before TLS. Empty for an id that does not exist.
    pub fn cleartext(&self, id: &str) -> Vec<String> {
        self.record(id).map(Record::cleartext).unwrap_or_default()
    }

    /// Notes of the script, [`PASSWORD`] among them.
    pub fn notes(&self, id: &str) -> Vec<Note> {
        self.record(id).map(Record::notes).unwrap_or_default()
    }

    fn record(&self, id: &str) -> Option<&Record> {
        let at = self.scenarios.iter().position(|scenario| scenario.id == id)?;
        self.servers.get(at).map(Server::record)
    }

    /// Waits until all conversations are over, so that the records are whole. False when some
    /// still went on after `limit`.
    pub fn settle(&self, limit: Duration) -> bool {
        let until = Instant::now() + limit;
        while !self.servers.iter().all(Server::is_idle) {
            if Instant::now() >= until {
                return false;
            }
            thread::sleep(Duration::from_millis(5));
        }
        true
    }

    /// Lines that no client may send in clear, and passwords that Eve got to see.
    pub fn leaks(&self) -> Vec<Leak> {
        let mut leaks = Vec::new();
        for Scenario { id, outcome, .. } in &self.scenarios {
            let clear =
                self.cleartext(id).into_iter().filter(|line| !self.dialect.may_be_clear(line));
            leaks.extend(clear.map(|line| Leak { id, line }));
            if *outcome != Outcome::Trusted {
                let notes = self.notes(id).into_iter().filter(|note| note.name == PASSWORD);
                leaks.extend(notes.map(|note| Leak { id, line: note.line }));
            }
        }
        leaks
    }

    /// `scenarios.json`, whole or not at all: other programs wait for it.
    pub fn write_scenarios(&self, dir: &Path) -> Result<(), Fault> {
        let partial = dir.join("scenarios.json.partial");
        fs::write(&partial, serde_json::to_vec_pretty(&self.scenarios)?)?;
        fs::rename(partial, dir.join("scenarios.json"))?;
        Ok(())
    }
}

/// The certificates of all scenarios and nothing else.
pub fn write_certificates(dir: &Path) -> Result<(), Fault> {
    let (pki, _) = write_anchor(dir)?;
    for case in table::cases() {
        write_chain(dir, case, &pki)?;
    }
    Ok(())
}

fn write_anchor(dir: &Path) -> Result<(Pki, PathBuf), Fault> {
    fs::create_dir_all(dir)?;
    let pki = Pki::new()?;
    let ca_pem = dir.join("ca.pem");
    fs::write(&ca_pem, pki.root.cert.to_pem()?)?;
    Ok((pki, ca_pem))
}

fn write_chain(dir: &Path, case: &Case, pki: &Pki) -> Result<Chain, Fault> {
    let chain = (case.chain)(pki)?;
    let dir = dir.join(case.id);
    fs::create_dir_all(&dir)?;
    fs::write(dir.join("chain.pem"), chain.to_pem()?)?;
    if let Some(staple) = &chain.staple {
        fs::write(dir.join("ocsp.der"), staple)?;
    }
    Ok(chain)
}
