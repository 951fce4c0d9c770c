//! Trust anchors: where they come from, and whose they are.
//!
//! A wrong path, a file that cannot be read and a file without a certificate are three different
//! errors, each with the path: the usual "certificate verify failed" for all of them is how people
//! come to switch verification off.

mod crls;
mod logs;

use std::collections::HashSet;
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::time::SystemTime;

use crate::error::{Error, Result};
use crate::limits::FILE_OCTETS;
use crate::ossl::{Certificate, Chain, Store, StoreBuilder, digest};
use crate::pin::Algorithm;
use crate::status::Status;

pub use crls::{CrlSources, Crls};
pub use logs::{Log, Logs, Standing};

/// Where anchors come from.
#[derive(Default)]
pub struct Sources<'a> {
    /// PEM files, or DER files of one certificate.
    pub files: Vec<&'a str>,
    /// Hashed directories.
    pub directories: Vec<&'a str>,
    /// PEM texts.
    pub pem: Vec<&'a [u8]>,
    /// DER certificates.
    pub der: Vec<&'a [u8]>,
    /// Whether the system's anchors count; `None`: only where nothing else is given.
    pub system: Option<bool>,
}

/// Anchors, ready for use.
pub struct Trust {
    store: Store,
    given: HashSet<Vec<u8>>,
    origin: Origin,
    watched: Vec<Watched>,
}

/// Whose anchors there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The caller's only.
    Caller,
    /// The system's only.
    System,
    /// Both.
    Both,
    /// None: every chain is refused.
    Nobody,
}

/// A file as it was when it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    path: String,
    state: Option<(u64, SystemTime)>,
}

impl Trust {
    /// Reads all sources.
    pub fn load(sources: &Sources) -> Result<Trust> {
        let mut loader =
            Loader { builder: StoreBuilder::new()?, given: HashSet::new(), watched: Vec::new() };
        for path in &sources.files {
            loader.add_file(path)?;
        }
        for path in &sources.directories {
            loader.add_directory(path)?;
        }
        for pem in &sources.pem {
            loader.add_pem(pem)?;
        }
        for der in &sources.der {
            loader.add_der(der)?;
        }
        let origin = sources.origin();
        if matches!(origin, Origin::System | Origin::Both) {
            loader.builder.add_system()?;
        }
        Ok(Trust {
            store: loader.builder.build(),
            given: loader.given,
            origin,
            watched: loader.watched,
        })
    }

    /// OpenSSL's store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Whose anchors there are.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Whether the caller gave this anchor: it may then be less than a public CA must be.
    pub fn is_callers(&self, anchor: &Certificate) -> bool {
        match self.origin {
            Origin::Caller => true,
            Origin::System | Origin::Nobody => false,
            // Anchors of a hashed directory are not known beforehand and count as the system's: the
            // stricter of the two.
            Origin::Both => key(anchor).is_ok_and(|key| self.given.contains(&key)),
        }
    }

    /// Files that were read, to see later whether they changed.
    pub fn watched(&self) -> &[Watched] {
        &self.watched
    }
}

impl Sources<'_> {
    fn origin(&self) -> Origin {
        let any = !(self.files.is_empty()
            && self.directories.is_empty()
            && self.pem.is_empty()
            && self.der.is_empty());
        match (any, self.system) {
            (true, None | Some(false)) => Origin::Caller,
            (true, Some(true)) => Origin::Both,
            (false, None | Some(true)) => Origin::System,
            (false, Some(false)) => Origin::Nobody,
        }
    }
}

struct Loader {
    builder: StoreBuilder,
    given: HashSet<Vec<u8>>,
    watched: Vec<Watched>,
}

impl Loader {
    fn add(&mut self, anchor: &Certificate) -> Result<()> {
        self.given.insert(key(anchor)?);
        self.builder.add(anchor)
    }

    fn add_file(&mut self, path: &str) -> Result<()> {
        let contents = read_file("option cafile", path)?;
        self.watched.push(Watched::now(path));
        let found = certificates(&contents).map_err(|error| {
            Error::new(error.status, format!("option cafile: {path}: {}", error.what))
        })?;
        if found.is_empty() {
            let what = format!(
                "option cafile: {path} holds no certificate (neither BEGIN CERTIFICATE nor DER)"
            );
            return Err(Error::new(Status::FileEmpty, what));
        }
        found.iter().try_for_each(|anchor| self.add(anchor))
    }

    fn add_directory(&mut self, path: &str) -> Result<()> {
        let entries =
            fs::read_dir(path).map_err(|error| io_error("option capath", path, &error))?;
        self.watched.push(Watched::now(path));
        let hashed =
            entries.flatten().any(|entry| is_hash_name(&entry.file_name().to_string_lossy()));
        if !hashed {
            let what = format!(
                "option capath: {path} holds no certificate under a hash name; run 'openssl rehash {path}'"
            );
            return Err(Error::new(Status::FileEmpty, what));
        }
        self.builder.add_directory(path)
    }

    fn add_pem(&mut self, pem: &[u8]) -> Result<()> {
        let mut chain = Chain::new();
        chain
            .add_pem(pem)
            .map_err(|error| Error::new(error.status, format!("option ca_pem: {}", error.what)))?;
        chain.iter().try_for_each(|anchor| self.add(anchor))
    }

    fn add_der(&mut self, der: &[u8]) -> Result<()> {
        let anchor = Certificate::from_der(der)
            .map_err(|error| Error::new(error.status, format!("option ca_der: {}", error.what)))?;
        self.add(&anchor)
    }
}

/// One certificate in DER, or all of a PEM text. A bundle may be longer than a chain may be.
fn certificates(contents: &[u8]) -> Result<Vec<Certificate>> {
    // 0x30 begins a DER SEQUENCE and no PEM text.
    if contents.first() == Some(&0x30) {
        return Ok(vec![Certificate::from_der(contents)?]);
    }
    crate::ossl::certificates_of_pem(contents)
}

fn key(certificate: &Certificate) -> Result<Vec<u8>> {
    digest(Algorithm::Sha256, certificate.der())
}

/// `5ed36f99.0`: the name under which OpenSSL looks a subject up.
fn is_hash_name(name: &str) -> bool {
    let Some((hash, number)) = name.split_once('.') else { return false };
    hash.len() == 8
        && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
        && number.parse::<u32>().is_ok()
}

/// The contents of a regular file within the limit; the error says what it is for, and the path.
pub fn read_file(what: &str, path: &str) -> Result<Vec<u8>> {
    let file = fs::File::open(path).map_err(|error| io_error(what, path, &error))?;
    let mut contents = Vec::new();
    let most = FILE_OCTETS as u64 + 1;
    file.take(most).read_to_end(&mut contents).map_err(|error| io_error(what, path, &error))?;
    if contents.len() > FILE_OCTETS {
        let words = format!("{what}: {path} is larger than {FILE_OCTETS} octets");
        return Err(Error::new(Status::FileUnreadable, words));
    }
    Ok(contents)
}

fn io_error(what: &str, path: &str, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => {
            Error::new(Status::FileMissing, format!("{what}: {path} does not exist"))
        }
        _ => Error::new(Status::FileUnreadable, format!("{what}: {path} cannot be read: {error}")),
    }
}

impl Watched {
    /// The file as it is now.
    pub fn now(path: &str) -> Watched {
        let state = fs::metadata(Path::new(path)).ok();
        let state = state.and_then(|data| data.modified().ok().map(|time| (data.len(), time)));
        Watched { path: path.to_owned(), state }
    }

    /// Whether it is no more what it was.
    pub fn has_changed(&self) -> bool {
        *self != Watched::now(&self.path)
    }
}
