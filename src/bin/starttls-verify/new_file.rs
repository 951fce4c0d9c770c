//! A file that is there whole or not at all: written beside its place, and renamed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use starttls_verify::error::{Error, Result};
use starttls_verify::ossl::random;
use starttls_verify::status::Status;

/// A file to be; what was in its place stays until it is whole.
pub struct NewFile {
    path: PathBuf,
    beside: PathBuf,
    file: File,
}

impl NewFile {
    /// Takes room for it beside its place. Whether it can be written is known from then on, as far as
    /// that can be known.
    pub fn at(path: &str) -> Result<NewFile> {
        let path = PathBuf::from(path);
        if path.file_name().is_none() || path.is_dir() {
            let what = format!("'{}' names no file; write a file's path", path.display());
            return Err(Error::new(Status::Argument, what));
        }
        // Nobody can have prepared a file of this name.
        let mut beside = path.clone().into_os_string();
        beside.push(format!(".{}.new", HEXLOWER.encode(&random::<8>()?)));
        let beside = PathBuf::from(beside);
        let file = OpenOptions::new().write(true).create_new(true).open(&beside);
        let file = file.map_err(|error| unwritable(&path, &error))?;
        Ok(NewFile { path, beside, file })
    }

    /// Puts it in its place, with these contents.
    pub fn finish(mut self, contents: &[u8]) -> Result<()> {
        let written = self.file.write_all(contents).and_then(|()| self.file.sync_all());
        written
            .and_then(|()| fs::rename(&self.beside, &self.path))
            .map_err(|error| unwritable(&self.path, &error))
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // Once it is in its place, there is nothing left beside it.
        let _ = fs::remove_file(&self.beside);
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Error {
    Error::new(Status::FileUnwritable, format!("{} cannot be written: {error}", path.display()))
}
