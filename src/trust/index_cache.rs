//! Indexes of bundles, written down, so that the next process need not read a bundle to ask for one anchor.
//!
//! A file here says where in the bundle each certificate stands, and a hash of its subject. It holds no
//! certificate: an anchor is what stands in the bundle itself, at that place, as a plain CERTIFICATE
//! block, and OpenSSL compares its name once more. So whoever tampers with the file can hide an anchor, and
//! can add none.
//!
//! ```text
//! "stvindex"  version of the format (4)  number of entries (4)    numbers are little-endian
//! device, inode, size, mtime, ctime of the bundle (7 x 8)         another state is another bundle
//! start (4)  end (4)  hash of the subject (8)                     for each entry
//! FNV-1a of all that, and of the version of this library (8)      against torn files, not against people
//! ```
//!
//! Q: Against whom is it private, if tampering adds nothing?
//! A: Whoever hides an anchor has connections refused. The directory and the file belong to the user whose
//!    process it is, or to root, and nobody else can write to them; else they are not read.
//!
//! Q: Why so few files?
//! A: A program may give its CAs in a temporary file each time. The path chooses one of sixteen names; who
//!    comes later takes the place.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::limits::CACHED_ANCHORS;
use crate::ossl::variable;
use crate::private_file::PrivateFile;
use crate::status::Status;

use super::identity::Identity;
use super::index::{Entry, Index, hash};

const MAGIC: &[u8; 8] = b"stvindex";
/// To be raised with every change of the format, of `dn::canonical` and of what `pem` takes for plain.
const FORMAT: u32 = 1;
const HEAD_OCTETS: usize = 16 + 56;
const ENTRY_OCTETS: usize = 16;
const SUM_OCTETS: usize = 8;
/// How many files one directory holds.
const PLACES: u64 = 16;
/// Bits of a mode that let others write.
const OTHERS_WRITE: u32 = 0o022;

/// A directory of indexes. Several processes may share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexCache {
    directory: PathBuf,
    /// The user's directory of caches, in which ours is made when there is something to write.
    parent: Option<PathBuf>,
}

impl IndexCache {
    /// This directory, which must be there, and which nobody else may write to.
    pub fn at(directory: &str) -> Result<IndexCache> {
        let named =
            |error: Error| Error::new(error.status, format!("option trust_cache: {}", error.what));
        if directory.is_empty() {
            let what = "option trust_cache: it is auto, off, or a directory";
            return Err(Error::new(Status::OptionValue, what));
        }
        let path = std::path::absolute(directory).map_err(|error| {
            Error::new(Status::OptionValue, format!("option trust_cache: {directory}: {error}"))
        })?;
        let cache = IndexCache { directory: path, parent: None };
        let file = cache.file(Path::new("/")).ok_or_else(|| {
            Error::new(Status::Encoding, "option trust_cache: the path is not UTF-8")
        })?;
        file.check_room().map_err(named)?;
        Ok(cache)
    }

    /// The user's own: `starttls_verify` in $XDG_CACHE_HOME, or in ~/.cache, where that is there. A
    /// program that has more rights than its user has none.
    pub fn of_user() -> Option<IndexCache> {
        let named = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = || named(c"HOME").map(|home| home.join(".cache"));
        let parent = named(c"XDG_CACHE_HOME").or_else(home)?;
        let is_own = fs::metadata(&parent).is_ok_and(|state| {
            state.is_dir()
                && state.uid() == rustix::process::geteuid().as_raw()
                && state.mode() & OTHERS_WRITE == 0
        });
        let directory = parent.join("starttls_verify");
        is_own.then_some(IndexCache { directory, parent: Some(parent) })
    }

    /// The index of the bundle at this path in this state, if it was written down.
    pub(super) fn read(&self, path: &Path, identity: &Identity) -> Option<Index> {
        let most = HEAD_OCTETS + CACHED_ANCHORS * ENTRY_OCTETS + SUM_OCTETS;
        let octets = self.file(path)?.read_within(most).ok()??;
        parse(&octets, identity)
    }

    /// Writes the index down. Where that does not work, the next process reads the bundle.
    pub(super) fn write(&self, path: &Path, identity: &Identity, index: &Index) {
        let Some(file) = self.file(path) else { return };
        let octets = written(identity, index);
        if index.entries().len() > CACHED_ANCHORS || !may_write(octets.len()) {
            return;
        }
        if self.parent.is_some() {
            // It is there already, as a rule; whose it is, `PrivateFile` looks.
            let _ = fs::DirBuilder::new().mode(0o700).create(&self.directory);
        }
        // A full disk, or somebody who is writing the same.
        let _ = file.offer(&octets);
    }

    fn file(&self, bundle: &Path) -> Option<PrivateFile> {
        let place = hash(bundle.as_os_str().as_bytes()) % PLACES;
        let path = self.directory.join(format!("anchors-{place}"));
        PrivateFile::at(path.to_str()?).ok()
    }
}

/// Whether a file may become so long: a process with a limit (setrlimit(2)) is killed by SIGXFSZ if it tries.
fn may_write(octets: usize) -> bool {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Fsize).current;
    limit.is_none_or(|limit| octets as u64 <= limit)
}

fn written(identity: &Identity, index: &Index) -> Vec<u8> {
    let count = u32::try_from(index.entries().len()).unwrap_or(u32::MAX);
    let head = [MAGIC.as_slice(), &FORMAT.to_le_bytes(), &count.to_le_bytes()].concat();
    let mut octets = [head.as_slice(), &identity.octets()].concat();
    index.entries().iter().for_each(|entry| octets.extend(entry.octets()));
    let sum = sum(&octets);
    octets.extend(sum);
    octets
}

fn parse(octets: &[u8], identity: &Identity) -> Option<Index> {
    let (text, end) = octets.split_last_chunk::<SUM_OCTETS>()?;
    let (head, body) = text.split_at_checked(HEAD_OCTETS)?;
    let (entries, rest) = body.as_chunks::<ENTRY_OCTETS>();
    let count = u32::try_from(entries.len()).ok()?;
    let wanted = [MAGIC.as_slice(), &FORMAT.to_le_bytes(), &count.to_le_bytes()].concat();
    let same = head == [wanted.as_slice(), &identity.octets()].concat();
    if !same || !rest.is_empty() || *end != sum(text) {
        return None;
    }
    let entries = entries.iter().map(|octets| Entry::from_octets(*octets)).collect();
    Index::of_entries(entries, identity.size())
}

/// Another version of this library may take other names for the same.
fn sum(octets: &[u8]) -> [u8; SUM_OCTETS] {
    let own = hash(env!("CARGO_PKG_VERSION").as_bytes());
    (hash(octets) ^ own).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> (Identity, Index) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let identity = Identity::of(&fs::metadata(path).unwrap());
        let entry = |start: u8| {
            let place = [start, 0, 0, 0, start + 3, 0, 0, 0];
            Entry::from_octets([place, [start; 8]].concat().try_into().unwrap())
        };
        let index = Index::of_entries([1, 5, 9].map(entry).into(), identity.size()).unwrap();
        (identity, index)
    }

    #[test]
    fn what_is_written_is_read() {
        let (identity, index) = some();
        assert_eq!(parse(&written(&identity, &index), &identity), Some(index));
    }

    #[test]
    fn a_torn_file_is_none() {
        let (identity, index) = some();
        let good = written(&identity, &index);
        for length in 0..good.len() {
            assert_eq!(parse(&good[..length], &identity), None, "{length}");
        }
        assert_eq!(parse(&[good.as_slice(), &[0]].concat(), &identity), None);
        assert_eq!(parse(&[good.as_slice(), &good].concat(), &identity), None);
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[at] ^= 1 << bit;
                assert_eq!(parse(&bad, &identity), None, "{at} {bit}");
            }
        }
    }

    #[test]
    fn another_bundles_file_is_none() {
        let (identity, index) = some();
        let other = Identity::of(&fs::metadata("/").unwrap());
        assert_eq!(parse(&written(&other, &index), &identity), None);
    }
}
