//! Every cell with what came of it, all of them run once, many at a time.

use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};
use std::thread;

use openssl::ssl::{SslContext, SslMethod};
use stv_lab::chains::Pki;

use crate::cell::{self, Ahead, Cell};
use crate::conversation::{self, HOST};
use crate::server::{Server, says, word_octets};
use crate::visitor::{Account, Errand};

/// All of the table.
pub static OUTCOMES: LazyLock<Vec<Outcome>> = LazyLock::new(run);
/// Visits at a time. Most of them wait for a deadline.
const LANES: usize = 16;

/// A cell and what came of it.
pub struct Outcome {
    pub cell: Cell,
    /// What the visitor tells, or why it tells nothing.
    pub account: Result<Account, String>,
    /// Everything that the server heard.
    heard: Vec<u8>,
}

impl Outcome {
    pub fn name(&self) -> String {
        let Cell { protocol, stage, kind, .. } = &self.cell;
        format!("{} {stage}, {kind}", protocol.row().scheme)
    }

    pub fn code(&self) -> &str {
        self.account.as_ref().map_or_else(String::as_str, |account| &account.code)
    }

    /// What left and is none of the protocol's words: they may come in their order, each whole, and
    /// TLS behind the last of them if the go-ahead was given.
    pub fn leak(&self) -> Option<String> {
        let words = conversation::of(self.cell.protocol).words();
        let (rest, unsaid) = behind_words(&self.heard, &words);
        let allowed = match self.cell.ahead {
            Ahead::Denied => rest.is_empty(),
            Ahead::Granted => rest.is_empty() || unsaid == 0 && is_tls(rest),
        };
        (!allowed).then(|| rest.escape_ascii().to_string())
    }
}

/// What follows the words that were said, and how many were not.
fn behind_words<'a>(heard: &'a [u8], words: &[Vec<u8>]) -> (&'a [u8], usize) {
    let mut rest = heard;
    for (said, word) in words.iter().enumerate() {
        match rest.split_at_checked(word_octets(word)) {
            Some((octets, behind)) if says(word, octets) => rest = behind,
            Some(_) | None => return (rest, words.len() - said),
        }
    }
    (rest, 0)
}

/// Records and nothing else; the last may be cut off by the end of the connection.
fn is_tls(mut octets: &[u8]) -> bool {
    while let [20..=23, 3, _, high, low, rest @ ..] = octets {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        octets = rest.get(length..).unwrap_or_default();
    }
    octets.is_empty()
}

/// The lab's CA as the sessions trust it, and Bob's certificate.
struct World {
    directory: PathBuf,
    identity: SslContext,
}

impl World {
    fn make() -> Result<World, stv_lab::Fault> {
        let directory = std::env::temp_dir().join(format!("stv-hostile-{}", std::process::id()));
        std::fs::create_dir_all(&directory)?;
        let pki = Pki::new()?;
        std::fs::write(directory.join("ca.pem"), pki.root.cert.to_pem()?)?;
        let chain = pki.leaf(&[HOST])?;
        let mut context = SslContext::builder(SslMethod::tls_server())?;
        context.set_private_key(&chain.key)?;
        for (place, certificate) in chain.certs.iter().enumerate() {
            match place {
                0 => context.set_certificate(certificate)?,
                _ => context.add_extra_chain_cert(certificate.clone())?,
            }
        }
        Ok(World { directory, identity: context.build() })
    }

    fn cafile(&self) -> PathBuf {
        self.directory.join("ca.pem")
    }

    fn outcome(&self, cell: Cell) -> Outcome {
        let server = Server::start(cell.acts.clone(), self.identity.clone()).expect("a port");
        let cafile = self.cafile();
        let errand = Errand {
            protocol: cell.protocol,
            port: server.port(),
            door: cell.door,
            cafile: text(&cafile),
        };
        let account = errand.run();
        Outcome { cell, account, heard: server.heard() }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // What is left in the temporary directory does no harm.
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a UTF-8 path")
}

fn run() -> Vec<Outcome> {
    let world = World::make().expect("the certificates of the lab");
    let waiting = Mutex::new(cell::all().into_iter().enumerate());
    let next = || waiting.lock().expect("no panic").next();
    let lane = || -> Vec<(usize, Outcome)> {
        std::iter::from_fn(next).map(|(place, cell)| (place, world.outcome(cell))).collect()
    };
    let mut outcomes: Vec<(usize, Outcome)> = thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES).map(|_| scope.spawn(lane)).collect();
        lanes.into_iter().flat_map(|lane| lane.join().expect("no panic")).collect()
    });
    outcomes.sort_by_key(|(place, _)| *place);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// One line per cell, for people.
pub fn print_table(outcomes: &[Outcome]) {
    println!(
        "{:<16} {:<13} {:<18} {:<30} {:>5} {:>5}",
        "protocol", "stage", "kind", "code", "ms", "KiB"
    );
    for outcome in outcomes {
        let Cell { protocol, stage, kind, code: wanted, .. } = &outcome.cell;
        let (ms, kib) = outcome
            .account
            .as_ref()
            .map_or((0, 0), |account| (account.elapsed.as_millis(), account.growth_kib));
        let mark = if outcome.code() == *wanted { "" } else { " (wrong)" };
        let scheme = protocol.row().scheme;
        println!(
            "{scheme:<16} {stage:<13} {kind:<18} {:<30} {ms:>5} {kib:>5}{mark}",
            outcome.code()
        );
    }
}
