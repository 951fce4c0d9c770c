//! Trust anchors: where they come from, and whose they are.
//!
//! A wrong path, a file that cannot be read and a file without a certificate are three different
//! errors, each with the path: the usual "certificate verify failed" for all of them is how people
//! come to switch verification off.

mod anchors;
mod bundle;
mod crls;
mod identity;
mod index;
mod index_cache;
mod logs;
mod open_file;

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::limits::FILE_OCTETS;
use crate::ossl::{Certificate, Chain, Store, StoreBuilder, default_file};
use crate::status::Status;

use anchors::{Anchors, Part};
use bundle::Bundle;
use identity::Identity;

pub use crls::{CrlSources, Crls};
pub use index_cache::IndexCache;
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
    /// How files are read.
    pub reading: Reading,
    /// Where indexes are written down.
    pub cache: Option<IndexCache>,
}

/// How files of anchors are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// By an index, where they are plain; an anchor is parsed when its name is asked for.
    #[default]
    Indexed,
    /// Every anchor is parsed. The answers are the same; this is what tests compare with.
    Whole,
}

/// Anchors, ready for use.
pub struct Trust {
    store: Store,
    given: Vec<Part>,
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
    state: Option<Identity>,
}

impl Trust {
    /// Reads all sources.
    pub fn load(sources: &Sources) -> Result<Trust> {
        let mut loader = Loader::new(sources);
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
        let store = match origin {
            Origin::System | Origin::Both => loader.store_with_system()?,
            Origin::Caller | Origin::Nobody => loader.store(&[])?.build(),
        };
        Ok(Trust { store, given: loader.given, origin, watched: loader.watched })
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
            Origin::Both => self.given.iter().any(|part| part.contains(anchor)),
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
    reading: Reading,
    cache: Option<IndexCache>,
    given: Vec<Part>,
    directories: Vec<String>,
    watched: Vec<Watched>,
}

impl Loader {
    fn new(sources: &Sources) -> Loader {
        Loader {
            reading: sources.reading,
            cache: sources.cache.clone(),
            given: Vec::new(),
            directories: Vec::new(),
            watched: Vec::new(),
        }
    }

    /// A store of what was given, and these anchors after it.
    fn store(&self, more: &[Part]) -> Result<StoreBuilder> {
        let mut builder = StoreBuilder::new()?;
        let parts = [self.given.as_slice(), more].concat();
        match self.reading {
            Reading::Indexed => builder.add_source(Box::new(Anchors(parts)))?,
            Reading::Whole => add_all(&mut builder, &parts)?,
        }
        self.directories.iter().try_for_each(|path| builder.add_directory(path))?;
        Ok(builder)
    }

    /// The system's file by its index, or all of it where it has none.
    fn store_with_system(&mut self) -> Result<Store> {
        let path = default_file();
        self.watched.extend(path.iter().map(|path| Watched::now(&path.to_string_lossy())));
        let bundle = path.and_then(|path| self.bundle(&path));
        let Some(bundle) = bundle else {
            // OpenSSL puts the file's anchors into the store, where they hide their namesakes.
            self.reading = Reading::Whole;
            let mut builder = self.store(&[])?;
            builder.add_system()?;
            return Ok(builder.build());
        };
        let mut builder = self.store(&[Part::Indexed(bundle)])?;
        builder.add_system_directory()?;
        Ok(builder.build())
    }

    fn bundle(&self, path: &Path) -> Option<Arc<Bundle>> {
        match self.reading {
            Reading::Indexed => Bundle::open(path, self.cache.as_ref()),
            Reading::Whole => None,
        }
    }

    fn add_file(&mut self, path: &str) -> Result<()> {
        self.watched.push(Watched::now(path));
        let part = match self.bundle(Path::new(path)) {
            Some(bundle) => Part::Indexed(bundle),
            None => Part::Parsed(certificates_of_file(path)?),
        };
        self.given.push(part);
        Ok(())
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
        self.directories.push(path.to_owned());
        Ok(())
    }

    fn add_pem(&mut self, pem: &[u8]) -> Result<()> {
        let mut chain = Chain::new();
        chain
            .add_pem(pem)
            .map_err(|error| Error::new(error.status, format!("option ca_pem: {}", error.what)))?;
        self.given.push(Part::Parsed(chain.iter().cloned().collect()));
        Ok(())
    }

    fn add_der(&mut self, der: &[u8]) -> Result<()> {
        let anchor = Certificate::from_der(der)
            .map_err(|error| Error::new(error.status, format!("option ca_der: {}", error.what)))?;
        self.given.push(Part::Parsed(vec![anchor]));
        Ok(())
    }
}

fn add_all(builder: &mut StoreBuilder, parts: &[Part]) -> Result<()> {
    parts.iter().flat_map(Part::all).try_for_each(|anchor| builder.add(&anchor))
}

/// Every certificate of a file that has no index; at least one.
fn certificates_of_file(path: &str) -> Result<Vec<Certificate>> {
    let contents = read_file("option cafile", path)?;
    let found = certificates(&contents).map_err(|error| {
        Error::new(error.status, format!("option cafile: {path}: {}", error.what))
    })?;
    if found.is_empty() {
        let what = format!(
            "option cafile: {path} holds no certificate (neither BEGIN CERTIFICATE nor DER)"
        );
        return Err(Error::new(Status::FileEmpty, what));
    }
    Ok(found)
}

/// One certificate in DER, or all of a PEM text. A bundle may be longer than a chain may be.
fn certificates(contents: &[u8]) -> Result<Vec<Certificate>> {
    // 0x30 begins a DER SEQUENCE and no PEM text.
    if contents.first() == Some(&0x30) {
        return Ok(vec![Certificate::from_der(contents)?]);
    }
    crate::ossl::certificates_of_pem(contents)
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
        let state = fs::metadata(Path::new(path)).ok().map(|data| Identity::of(&data));
        Watched { path: path.to_owned(), state }
    }

    /// Whether it is no more what it was.
    pub fn has_changed(&self) -> bool {
        *self != Watched::now(&self.path)
    }
}
