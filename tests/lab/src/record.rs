//! What the server heard: every unit that a client sent in clear, and notes that a script made.
//!
//! The test behind it: before TLS nothing but EHLO, STARTTLS and QUIT may leave a client, and a
//! password only inside a verified session.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::script::{Framing, packet_end};

/// Shared by all connections of one scenario.
#[derive(Debug, Default)]
pub struct Record {
    heard: Mutex<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    cleartext: Vec<String>,
    notes: Vec<Note>,
    log: Option<Log>,
}

/// The same on disk, for tests in other languages.
#[derive(Debug)]
struct Log {
    cleartext: File,
    notes: File,
}

/// A remark of a rule: which, and the line that caused it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub name: &'static str,
    pub line: String,
}

impl Record {
    /// Keeps what it hears in memory, and appends the clear lines to `DIR/cleartext.log` and the
    /// notes to `DIR/notes.log`, which begin empty: what an earlier lab heard in the same
    /// directory proves nothing about this one.
    pub fn logging_to(dir: &Path) -> io::Result<Self> {
        let cleartext = File::create(dir.join("cleartext.log"))?;
        let log = Log { cleartext, notes: File::create(dir.join("notes.log"))? };
        Ok(Self { heard: Mutex::new(Heard { log: Some(log), ..Heard::default() }) })
    }

    /// Clear lines of all connections so far, unprintable bytes escaped.
    pub fn cleartext(&self) -> Vec<String> {
        self.lock().cleartext.clone()
    }

    pub fn notes(&self) -> Vec<Note> {
        self.lock().notes.clone()
    }

    pub fn note(&self, name: &'static str, line: &[u8]) {
        let line = printable(line);
        let mut heard = self.lock();
        if let Some(log) = &mut heard.log {
            let _ = writeln!(log.notes, "{name} {line}");
        }
        heard.notes.push(Note { name, line });
    }

    fn clear_line(&self, line: &[u8]) {
        let line = printable(line);
        let mut heard = self.lock();
        if let Some(log) = &mut heard.log {
            // A full disk must not end the conversation; the list in memory has the line.
            let _ = writeln!(log.cleartext, "{line}");
        }
        heard.cleartext.push(line);
    }

    fn lock(&self) -> MutexGuard<'_, Heard> {
        // A thread that panicked while it held the lock left whole entries behind.
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn printable(line: &[u8]) -> String {
    line.trim_ascii_end().escape_ascii().to_string()
}

/// One connection's ear: cuts what arrives before TLS into units and leaves TLS records out.
#[derive(Debug)]
pub struct Ear<'a> {
    record: &'a Record,
    framing: Framing,
    partial: Vec<u8>,
}

impl<'a> Ear<'a> {
    pub fn new(record: &'a Record, framing: Framing) -> Self {
        Self { record, framing, partial: Vec::new() }
    }

    pub fn hear(&mut self, bytes: &[u8]) {
        self.partial.extend_from_slice(bytes);
        while let Some(unit) = first_unit(self.framing, &self.partial) {
            let unit: Vec<u8> = self.partial.drain(..unit).collect();
            if !is_tls(&unit) {
                self.record.clear_line(&unit);
            }
        }
    }
}

impl Drop for Ear<'_> {
    /// A line that never ended was said all the same.
    fn drop(&mut self) {
        if !self.partial.is_empty() && !is_tls(&self.partial) {
            self.record.clear_line(&self.partial);
        }
    }
}

/// Length of the unit or TLS record that stands first, if all of it is there.
fn first_unit(framing: Framing, bytes: &[u8]) -> Option<usize> {
    let ended_by = |mark: u8| bytes.iter().position(|b| *b == mark).map(|at| at + 1);
    if !is_tls(bytes) {
        return match framing {
            Framing::Lines | Framing::TaggedLines => ended_by(b'\n'),
            Framing::Elements => ended_by(b'>'),
            Framing::Packets => packet_end(bytes),
            Framing::Chunks => (!bytes.is_empty()).then(|| hello_at(bytes).unwrap_or(bytes.len())),
        };
    }
    let length = bytes.get(3..5)?;
    let whole = 5 + usize::from(u16::from_be_bytes([length[0], length[1]]));
    (bytes.len() >= whole).then_some(whole)
}

/// Where a ClientHello begins that arrived together with what stands before it.
fn hello_at(bytes: &[u8]) -> Option<usize> {
    // RFC 8446 §5.1: handshake, and the version that every first record has.
    bytes.windows(3).position(|window| window == b"\x16\x03\x01")
}

/// Content types 20 to 23 (RFC 8446 §5.1); no text protocol begins a line with one of them.
pub(crate) fn is_tls(bytes: &[u8]) -> bool {
    matches!(bytes, [20..=23]) || matches!(bytes, [20..=23, 3, ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_kept_and_tls_is_not() {
        let record = Record::default();
        let mut ear = Ear::new(&record, Framing::Lines);
        ear.hear(b"EHLO x\r\nSTART");
        ear.hear(b"TLS\r\n\x16\x03\x01\x00\x02");
        ear.hear(b"abAUTH PLAIN secret");
        drop(ear);
        assert_eq!(record.cleartext(), ["EHLO x", "STARTTLS", "AUTH PLAIN secret"]);
    }

    #[test]
    fn units_are_cut_as_the_protocol_cuts_them() {
        let heard = |framing, bytes: &[u8]| {
            let record = Record::default();
            Ear::new(&record, framing).hear(bytes);
            record.cleartext()
        };
        let hello = b"\x16\x03\x01\0\x01a";
        let elements = [b"<a b=c><d/>".as_slice(), hello].concat();
        assert_eq!(heard(Framing::Elements, &elements), ["<a b=c>", "<d/>"]);
        let packet = [b"\x01\0\0\x01x".as_slice(), hello].concat();
        assert_eq!(heard(Framing::Packets, &packet), ["\\x01\\x00\\x00\\x01x"]);
        let chunk = [b"\0\x08".as_slice(), hello].concat();
        assert_eq!(heard(Framing::Chunks, &chunk), ["\\x00\\x08"]);
    }
}
