//! A file that several processes share and only its owner may change: read whole, replaced whole.
//!
//! A reader never waits: it sees the old file or the new one, because an update is a new file that is
//! renamed over the old. Writers take turns with a lock on a file beside it.
//!
//! ```text
//! lock FILE.lock            held for the update alone, given up by the kernel when its holder dies
//! read FILE                 under the lock, so that no update of another process is lost
//! write FILE.new, fsync     a leftover of a process that was killed is removed first
//! rename FILE.new FILE      the one moment at which the update happens
//! fsync the directory       so that the rename survives a power failure
//! ```
//!
//! What can be made again at any time is offered and not updated: without a fsync, and not at all while
//! somebody else is at it.
//!
//! Q: Why is the lock file never removed?
//! A: Two processes could then hold locks on two files of the same name. Empty, it disturbs nobody.
//!
//! Q: Why is a symbolic link refused?
//! A: The rename would replace the link, and the file that it leads to would be left behind unchanged:
//!    two stores where the administrator sees one.
//!
//! Q: Who may own the file?
//! A: The user whose process it is, or root. Whoever else can write to the file or its directory could
//!    put a peer of his choice into it.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, FileType, FlockOperation, Mode, OFlags, RawMode, Stat};
use rustix::io::Errno;

use crate::error::{Error, Result};
use crate::limits::FILE_OCTETS;
use crate::status::Status;

/// How long an update waits for its turn.
const TURN: Duration = Duration::from_secs(30);
/// How long between two looks at the lock.
const LOOK: Duration = Duration::from_millis(2);
/// The owner may read and write, nobody else anything.
const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);
/// Bits that let others write.
const OTHERS_WRITE: RawMode = Mode::WGRP.union(Mode::WOTH).bits();

/// Where the file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PrivateFile {
    directory: PathBuf,
    name: String,
    /// How long an update waits for its turn.
    patience: Duration,
}

/// Whether what is written must survive a power failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lasting {
    Yes,
    No,
}

/// The directory of the file, open and found safe.
struct Room<'a> {
    file: &'a PrivateFile,
    directory: OwnedFd,
}

/// The lock, given up at the end of the update. It is given up by name and not by closing: a child that
/// another thread forked in this very moment has the descriptor too.
struct Turn(OwnedFd);

impl Drop for Turn {
    fn drop(&mut self) {
        // Nothing can be done about a failure, and the end of the process gives the lock up anyway.
        let _ = rustix::fs::flock(&self.0, FlockOperation::Unlock);
        // Those who wait look every now and then, and a process that goes on updating would always be
        // there first: with thirty of them somebody's patience would end.
        thread::sleep(2 * LOOK);
    }
}

impl PrivateFile {
    /// The file with this path; a relative one is fixed to the directory of now.
    pub(crate) fn at(path: &str) -> Result<PrivateFile> {
        let wrong = |why: &str| Error::new(Status::Argument, format!("'{path}' {why}"));
        let whole = std::path::absolute(path).map_err(|_| wrong("is no path"))?;
        let name = whole.file_name().and_then(|name| name.to_str());
        match (whole.parent(), name) {
            (Some(directory), Some(name)) if !path.ends_with('/') => Ok(PrivateFile {
                directory: directory.to_owned(),
                name: name.to_owned(),
                patience: TURN,
            }),
            _ => Err(wrong("names no file")),
        }
    }

    /// The path, for words.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.join(&self.name)
    }

    /// What is in it; `None` where there is none.
    pub(crate) fn read(&self) -> Result<Option<Vec<u8>>> {
        self.read_within(FILE_OCTETS)
    }

    /// What is in it, unless that is more than so many octets.
    pub(crate) fn read_within(&self, most: usize) -> Result<Option<Vec<u8>>> {
        self.room()?.read(most)
    }

    /// Whether its directory is there, and safe.
    pub(crate) fn check_room(&self) -> Result<()> {
        self.room().map(drop)
    }

    /// Replaces the contents, unless somebody else does so at this moment. A power failure may leave
    /// anything behind.
    pub(crate) fn offer(&self, contents: &[u8]) -> Result<()> {
        let impatient = PrivateFile { patience: Duration::ZERO, ..self.clone() };
        let room = impatient.room()?;
        let _turn = room.lock()?;
        room.replace(contents, Lasting::No)
    }

    /// Replaces the contents by what `change` makes of them, in one step. Where it answers `None`, or
    /// fails, nothing is written.
    pub(crate) fn update(
        &self,
        change: impl FnOnce(Option<Vec<u8>>) -> Result<Option<Vec<u8>>>,
    ) -> Result<()> {
        let room = self.room()?;
        let _turn = room.lock()?;
        match change(room.read(FILE_OCTETS)?)? {
            Some(contents) => room.replace(&contents, Lasting::Yes),
            None => Ok(()),
        }
    }

    fn room(&self) -> Result<Room<'_>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let directory = rustix::fs::open(&self.directory, flags, Mode::empty())
            .map_err(|error| unreadable(&self.directory, error))?;
        let state =
            rustix::fs::fstat(&directory).map_err(|error| unreadable(&self.directory, error))?;
        check_owner(&self.directory, &state)?;
        Ok(Room { file: self, directory })
    }
}

impl Room<'_> {
    fn read(&self, most: usize) -> Result<Option<Vec<u8>>> {
        let path = self.file.path();
        // Not blocking, for the case that somebody put a FIFO there.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(&self.directory, &self.file.name, flags, Mode::empty())
        {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => {
                return Err(no_file(&path, "is a symbolic link; name the file itself"));
            }
            Err(error) => return Err(unreadable(&path, error)),
        };
        let state = rustix::fs::fstat(&file).map_err(|error| unreadable(&path, error))?;
        if FileType::from_raw_mode(state.st_mode) != FileType::RegularFile {
            return Err(no_file(&path, "is no regular file"));
        }
        check_owner(&path, &state)?;
        contents(&path, file, most).map(Some)
    }

    /// Waits for its turn.
    fn lock(&self) -> Result<Turn> {
        let path = self.beside(".lock");
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let lock = rustix::fs::openat(&self.directory, self.name(".lock"), flags, PRIVATE)
            .map_err(|error| unwritable(&path, error))?;
        let end = Instant::now() + self.file.patience;
        loop {
            match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Turn(lock)),
                Err(Errno::WOULDBLOCK | Errno::INTR) if Instant::now() < end => thread::sleep(LOOK),
                Err(Errno::WOULDBLOCK | Errno::INTR) => {
                    return Err(busy(&path, self.file.patience));
                }
                Err(error) => return Err(unwritable(&path, error)),
            }
        }
    }

    /// Puts a new file in the place of the old one.
    fn replace(&self, contents: &[u8], lasting: Lasting) -> Result<()> {
        let path = self.beside(".new");
        if contents.len() > FILE_OCTETS {
            let what = format!("{} would be larger than {FILE_OCTETS} octets", path.display());
            return Err(Error::new(Status::FileUnwritable, what));
        }
        self.remove_leftover().map_err(|error| unwritable(&path, error))?;
        if let Err(error) = self.write_new(contents, lasting) {
            // What cannot be removed now is removed by the next update.
            let _ = self.remove_leftover();
            return Err(unwritable(&path, error));
        }
        rustix::fs::renameat(&self.directory, self.name(".new"), &self.directory, &self.file.name)
            .map_err(|error| unwritable(&self.file.path(), error))?;
        if lasting == Lasting::No {
            return Ok(());
        }
        rustix::fs::fsync(&self.directory).map_err(|error| unsynced(&self.file.path(), error))
    }

    fn write_new(&self, contents: &[u8], lasting: Lasting) -> rustix::io::Result<()> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&self.directory, self.name(".new"), flags, PRIVATE)?;
        // A umask may have taken even the owner's rights.
        rustix::fs::fchmod(&file, PRIVATE)?;
        let mut file = File::from(file);
        file.write_all(contents).map_err(|error| errno_of(&error))?;
        if lasting == Lasting::Yes { rustix::fs::fsync(&file) } else { Ok(()) }
    }

    fn remove_leftover(&self) -> rustix::io::Result<()> {
        match rustix::fs::unlinkat(&self.directory, self.name(".new"), AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn name(&self, suffix: &str) -> String {
        format!("{}{suffix}", self.file.name)
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        self.file.directory.join(self.name(suffix))
    }
}

/// Makes a file that was not there, for its owner alone. What was there is not touched.
pub(crate) fn create_new(path: &str, contents: &[u8]) -> Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    let path = Path::new(path);
    let file = rustix::fs::open(path, flags, PRIVATE).map_err(|error| unwritable(path, error))?;
    let written = File::from(file).write_all(contents);
    written.map_err(|error| unwritable(path, errno_of(&error)))
}

fn contents(path: &Path, file: OwnedFd, limit: usize) -> Result<Vec<u8>> {
    let mut contents = Vec::new();
    let most = limit as u64 + 1;
    File::from(file)
        .take(most)
        .read_to_end(&mut contents)
        .map_err(|error| unreadable(path, errno_of(&error)))?;
    if contents.len() > limit {
        let what = format!("{} is larger than {limit} octets", path.display());
        return Err(Error::new(Status::FileUnreadable, what));
    }
    Ok(contents)
}

fn check_owner(path: &Path, state: &Stat) -> Result<()> {
    let path = path.display();
    let unsafe_because = |what| Err(Error::new(Status::FileUnsafe, what));
    if state.st_mode & OTHERS_WRITE != 0 {
        let mode = state.st_mode & 0o7777;
        return unsafe_because(format!(
            "{path} can be written by others (mode {mode:04o}); run chmod go-w on it"
        ));
    }
    let own = rustix::process::geteuid();
    if state.st_uid != 0 && state.st_uid != own.as_raw() {
        let (owner, own) = (state.st_uid, own.as_raw());
        return unsafe_because(format!(
            "{path} belongs to user {owner}; this process is user {own} and trusts its own files and root's"
        ));
    }
    Ok(())
}

fn no_file(path: &Path, why: &str) -> Error {
    Error::new(Status::FileUnsafe, format!("{} {why}", path.display()))
}

fn unreadable(path: &Path, error: Errno) -> Error {
    let (path, words) = (path.display(), std::io::Error::from(error));
    match error {
        Errno::NOENT => Error::new(Status::FileMissing, format!("{path} does not exist")),
        _ => Error::new(Status::FileUnreadable, format!("{path} cannot be read: {words}")),
    }
}

fn unwritable(path: &Path, error: Errno) -> Error {
    let (path, words) = (path.display(), std::io::Error::from(error));
    Error::new(Status::FileUnwritable, format!("{path} cannot be written: {words}"))
}

/// The one failure after the update has happened.
fn unsynced(path: &Path, error: Errno) -> Error {
    let (path, words) = (path.display(), std::io::Error::from(error));
    let what = format!("{path} was written, but may not survive a power failure: {words}");
    Error::new(Status::FileUnwritable, what)
}

fn busy(path: &Path, patience: Duration) -> Error {
    let (path, waited) = (path.display(), patience.as_millis());
    let what = format!("somebody else held {path} for {waited} ms; nothing was written");
    Error::new(Status::FileBusy, what)
}

/// What an error of the standard library was before; all that can happen here come from the system.
fn errno_of(error: &std::io::Error) -> Errno {
    Errno::from_io_error(error).unwrap_or(Errno::IO)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{DirBuilderExt, symlink};
    use std::sync::mpsc::channel;

    use super::*;

    struct Room(PathBuf);

    impl Room {
        fn new(name: &str) -> Room {
            let path = std::env::temp_dir().join(format!("stv-{name}-{}", std::process::id()));
            fs::DirBuilder::new().mode(0o700).create(&path).unwrap();
            Room(path)
        }

        fn file(&self) -> PrivateFile {
            PrivateFile::at(self.0.join("file").to_str().unwrap()).unwrap()
        }
    }

    impl Drop for Room {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).ok();
        }
    }

    #[test]
    fn an_update_waits_for_its_turn_and_not_for_ever() {
        let room = Room::new("turn");
        let file = room.file();
        let impatient = PrivateFile { patience: Duration::from_millis(100), ..file.clone() };
        let (entered, inside) = channel();
        let (leave, left) = channel::<()>();
        thread::scope(|scope| {
            let holder = file.clone();
            scope.spawn(move || {
                holder
                    .update(|_| {
                        entered.send(()).unwrap();
                        left.recv().unwrap();
                        Ok(Some(b"first".to_vec()))
                    })
                    .unwrap();
            });
            inside.recv().unwrap();
            let begun = Instant::now();
            let error = impatient.update(|_| Ok(Some(b"second".to_vec()))).unwrap_err();
            assert_eq!(error.status, Status::FileBusy, "{}", error.what);
            assert!((100..5000).contains(&begun.elapsed().as_millis()));
            assert_eq!(impatient.read(), Ok(None), "readers do not wait");
            leave.send(()).unwrap();
        });
        assert_eq!(file.read(), Ok(Some(b"first".to_vec())));
        impatient.update(|_| Ok(Some(b"second".to_vec()))).unwrap();
        assert_eq!(file.read(), Ok(Some(b"second".to_vec())));
    }

    #[test]
    fn a_change_that_fails_writes_nothing_and_gives_its_turn_up() {
        let room = Room::new("fail");
        let file = PrivateFile { patience: Duration::ZERO, ..room.file() };
        file.update(|_| Ok(Some(b"old".to_vec()))).unwrap();
        let refused = || Err(Error::new(Status::State, "no"));
        assert_eq!(file.update(|_| refused()).unwrap_err().status, Status::State);
        file.update(|old| Ok(old.map(|_| b"new".to_vec()))).unwrap();
        assert_eq!(file.read(), Ok(Some(b"new".to_vec())));
    }

    #[test]
    fn an_offer_waits_for_nobody() {
        let room = Room::new("offer");
        let file = room.file();
        file.offer(b"first").unwrap();
        let held = file.room().unwrap();
        let turn = held.lock().unwrap();
        assert_eq!(file.offer(b"second").unwrap_err().status, Status::FileBusy);
        drop(turn);
        assert_eq!(file.read_within(5), Ok(Some(b"first".to_vec())));
        assert_eq!(file.read_within(4).unwrap_err().status, Status::FileUnreadable);
    }

    #[test]
    fn paths_that_name_no_file() {
        for path in ["", "/", "..", "a/", "/tmp/.."] {
            assert!(PrivateFile::at(path).is_err(), "{path}");
        }
        let relative = PrivateFile::at("peers").unwrap();
        assert!(relative.path().is_absolute());
    }

    #[test]
    fn what_is_no_regular_file_is_refused_without_waiting_for_it() {
        let room = Room::new("kind");
        let file = room.file();
        rustix::fs::mknodat(rustix::fs::CWD, file.path(), FileType::Fifo, PRIVATE, 0).unwrap();
        assert_eq!(file.read().unwrap_err().status, Status::FileUnsafe, "FIFO");
        fs::remove_file(file.path()).unwrap();
        symlink("/nowhere", file.path()).unwrap();
        assert_eq!(file.read().unwrap_err().status, Status::FileUnsafe, "dangling link");
        assert!(file.update(|_| Ok(Some(Vec::new()))).is_err());
        fs::remove_file(file.path()).unwrap();
        fs::remove_file(room.0.join("file.lock")).unwrap();
        symlink("/nowhere", room.0.join("file.lock")).unwrap();
        let error = file.update(|_| Ok(Some(Vec::new()))).unwrap_err();
        assert_eq!(error.status, Status::FileUnwritable, "{}", error.what);
    }
}
