//! A regular file that stays open, in the state in which it was opened.
//!
//! Programs close descriptors that they do not know (closefrom, daemons), and the number then belongs to
//! another file. So the state is looked at behind every read, and before the descriptor is closed.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::fd::IntoRawFd;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use memmap2::{Mmap, MmapMut};

use crate::limits::FILE_OCTETS;
use crate::pem::{self, Place};

use super::identity::Identity;

/// The file.
pub struct OpenFile {
    /// There until it is closed.
    file: Option<File>,
    state: Identity,
}

impl OpenFile {
    /// Opens it, if it is a regular file within the limit that is not empty.
    pub fn open(path: &Path) -> io::Result<OpenFile> {
        // Opening a FIFO for reading would wait for its writer.
        let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
        let data = file.metadata()?;
        let state = Identity::of(&data);
        if !data.is_file() || state.size() == 0 || state.size() > FILE_OCTETS as u64 {
            return Err(io::Error::other("it is no regular file, empty or too large"));
        }
        Ok(OpenFile { file: Some(file), state })
    }

    /// The state in which it was opened.
    pub fn state(&self) -> &Identity {
        &self.state
    }

    /// All of it, if nobody changed it meanwhile.
    pub fn text(&self) -> io::Result<Mmap> {
        let size = usize::try_from(self.state.size()).map_err(io::Error::other)?;
        let mut text = MmapMut::map_anon(size)?;
        self.read(&mut text, 0)?;
        text.make_read_only()
    }

    /// What the PEM block at this place holds, if nobody changed the file.
    pub fn block(&self, Place { start, end }: Place) -> Option<Vec<u8>> {
        // With what tells whether the block stands alone on its lines.
        let before = start.saturating_sub(1);
        let behind = end.saturating_add(2).min(usize::try_from(self.state.size()).ok()?);
        let mut text = vec![0; behind.checked_sub(before)?];
        self.read(&mut text, before).ok()?;
        pem::contents(&text, Place { start: start - before, end: end - before }).ok()
    }

    fn read(&self, text: &mut [u8], from: usize) -> io::Result<()> {
        let file = self.file.as_ref().ok_or(io::ErrorKind::NotFound)?;
        file.read_exact_at(text, from as u64)?;
        if !self.is_unchanged(&file.metadata()?) {
            return Err(io::Error::other("the file has changed since it was opened"));
        }
        Ok(())
    }

    /// Another file in its place takes its name from it, and leaves it as it was.
    fn is_unchanged(&self, data: &Metadata) -> bool {
        let now = Identity::of(data);
        now == self.state || (data.nlink() == 0 && now.has_contents_of(&self.state))
    }

    fn is_still_ours(&self, file: &File) -> bool {
        file.metadata().is_ok_and(|data| Identity::of(&data).is_same_file(&self.state))
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        let Some(file) = self.file.take() else { return };
        if !self.is_still_ours(&file) {
            // Whoever closed ours may have opened another one in its place.
            let _ = file.into_raw_fd();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;

    use super::*;

    #[test]
    fn a_descriptor_that_became_somebody_elses_is_not_read_and_not_closed() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let other = File::open("/etc/passwd").unwrap();
        let ours = OpenFile::open(&path).unwrap();
        let mut octets = [0; 4];
        ours.read(&mut octets, 0).unwrap();
        let replaced = OpenFile { file: Some(other.try_clone().unwrap()), state: *ours.state() };
        assert!(replaced.read(&mut octets, 0).is_err());
        let number = replaced.file.as_ref().unwrap().as_raw_fd();
        drop(replaced);
        let still = std::fs::read_link(format!("/proc/self/fd/{number}")).unwrap();
        assert_eq!(still, Path::new("/etc/passwd"));
    }

    #[test]
    fn what_is_no_regular_file_is_not_waited_for() {
        for path in ["/", "/dev/null", "/nonexistent"] {
            assert!(OpenFile::open(Path::new(path)).is_err(), "{path}");
        }
    }
}
