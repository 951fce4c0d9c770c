//! The secrets of sessions, written to a file for whoever debugs with a packet capture.
//!
//! Only where the option insecure_keylog_file names a file, and never because of the environment: a
//! variable SSLKEYLOGFILE that somebody sets must not open the sessions of a program. The file is made
//! for its owner alone; one that others can read, that is reached by a symbolic link, or that is no
//! regular file is refused.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

use openssl::ssl::SslContextBuilder;

use crate::error::{Error, Result};
use crate::status::Status;

/// Has the secrets of every connection of this context appended to a file.
pub(super) fn write_secrets(builder: &mut SslContextBuilder, path: &str) -> Result<()> {
    let file = open(path).map_err(|error| {
        let status = match error.kind() {
            io::ErrorKind::NotFound => Status::FileMissing,
            _ => Status::FileUnreadable,
        };
        Error::new(status, format!("option insecure_keylog_file: {path}: {error}"))
    })?;
    builder.set_keylog_callback(move |_, line| {
        // One write each, so that the lines of threads and processes do not mix (O_APPEND). A full disk
        // is no reason to end a session.
        let _ = (&file).write_all(format!("{line}\n").as_bytes());
    });
    Ok(())
}

fn open(path: &str) -> io::Result<File> {
    // Opening a FIFO for writing would wait for its reader.
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY;
    let file =
        OpenOptions::new().append(true).create(true).mode(0o600).custom_flags(flags).open(path)?;
    let state = file.metadata()?;
    if !state.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    if state.mode() & 0o077 != 0 {
        return Err(io::Error::other("others than its owner can read or write it (chmod 600)"));
    }
    Ok(file)
}
