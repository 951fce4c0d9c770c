//! Which file it was, and in which state.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, SystemTime};

/// How old a change must be before the time of a file says that there was none since: file systems keep
/// it in ticks, and a second change within one tick leaves it as it is.
const TICK: Duration = Duration::from_secs(2);

/// A file in one state: whoever replaces it or writes into it makes another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Identity {
    /// The identity that the metadata tell.
    pub fn of(data: &Metadata) -> Identity {
        Identity {
            device: data.dev(),
            inode: data.ino(),
            size: data.size(),
            modified: (data.mtime(), data.mtime_nsec()),
            changed: (data.ctime(), data.ctime_nsec()),
        }
    }

    /// Octets of the file.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether a change from now on would show. Whoever changes the contents can set their time back,
    /// and not the time of the change.
    pub fn is_settled(&self) -> bool {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(now.saturating_sub(TICK).as_secs()).unwrap_or(i64::MAX);
        self.modified.0.max(self.changed.0) < now
    }

    /// Whether it is the same file, in whatever state.
    pub fn is_same_file(&self, other: &Identity) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }

    /// Whether nothing was written into it since that state: a file that has lost its name has another
    /// time of change.
    pub fn has_contents_of(&self, earlier: &Identity) -> bool {
        (self.size, self.modified) == (earlier.size, earlier.modified) && self.is_same_file(earlier)
    }

    /// All of it, to be written down.
    pub fn octets(&self) -> [u8; 56] {
        let times = [self.modified.0, self.modified.1, self.changed.0, self.changed.1];
        let numbers = [self.device, self.inode, self.size].map(u64::to_le_bytes);
        let mut octets = [0; 56];
        let all = numbers.into_iter().chain(times.map(i64::to_le_bytes));
        octets.chunks_exact_mut(8).zip(all).for_each(|(to, from)| to.copy_from_slice(&from));
        octets
    }
}
