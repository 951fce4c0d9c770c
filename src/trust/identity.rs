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

    /// Whether a change from now on would show.
    pub fn is_settled(&self) -> bool {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(now.saturating_sub(TICK).as_secs()).unwrap_or(i64::MAX);
        self.modified.0 < now
    }
}
