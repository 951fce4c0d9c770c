//! The engine: acts a [`Script`] out on one connection.
//!
//! Errors are the normal end here: a client that found the server out hangs up in the middle of a
//! step. They end this connection and nothing else.

use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use openssl::ssl::SslStream;

use crate::record::{Ear, Record, is_tls};
use crate::script::{
    Dialogue, Framing, Rule, Script, Step, Then, TlsBehaviour, begins_with, packet_end,
};
use crate::tls::Endpoint;
use crate::wire::{Clock, Wire};

/// A client that sends more than this in one unit is not listening to us.
const UNIT_LIMIT: usize = 64 * 1024;
/// How long a connection that is over is still listened to.
const AFTERWARDS: Duration = Duration::from_secs(1);

/// Play `script` to the end, or until the peer or the clock ends it.
pub fn play(script: &Script, wire: Wire, record: &Record) -> io::Result<()> {
    let mut steps = &script.steps[..];
    let mut clear = Talk::new(wire, script.framing, record);
    clear.ear = Some(Ear::new(record, script.framing));
    let Some((endpoint, pace)) = clear.run(&mut steps)? else {
        return clear.farewell();
    };
    let mut wire = clear.into_stream();
    wire.set_pace(pace);
    let mut sealed = Talk::new(endpoint.accept(wire)?, script.framing, record);
    while sealed.run(&mut steps)?.is_some() {
        // TLS inside TLS: there is no such thing in any of the protocols. Skip the step.
    }
    sealed.farewell()
}

/// A stream that can be ended politely.
trait Line: Read + Write {
    fn clock(&self) -> &Clock;
    /// What carries the stream: itself in clear.
    fn carrier(&mut self) -> &mut Wire;
    fn end(&mut self);
}

impl Line for Wire {
    fn clock(&self) -> &Clock {
        Wire::clock(self)
    }

    fn carrier(&mut self) -> &mut Wire {
        self
    }

    fn end(&mut self) {
        Wire::end(self);
    }
}

impl Line for SslStream<Wire> {
    fn clock(&self) -> &Clock {
        self.get_ref().clock()
    }

    fn carrier(&mut self) -> &mut Wire {
        self.get_mut()
    }

    fn end(&mut self) {
        // No close_notify can be sent to a peer that has gone; nothing is lost by that.
        let _ = self.shutdown();
        self.get_ref().end();
    }
}

/// A conversation, in clear or inside TLS.
struct Talk<'a, S> {
    stream: S,
    framing: Framing,
    record: &'a Record,
    /// Set while the conversation is in clear.
    ear: Option<Ear<'a>>,
    buffer: Vec<u8>,
    /// The client's last tag, for [`Framing::TaggedLines`].
    tag: Vec<u8>,
}

type Handover = Option<(Endpoint, Option<Duration>)>;

impl<'a, S: Line> Talk<'a, S> {
    fn new(stream: S, framing: Framing, record: &'a Record) -> Self {
        Self { stream, framing, record, ear: None, buffer: Vec::new(), tag: Vec::new() }
    }

    /// Until the script ends, or reaches a handshake: then `steps` is what follows it.
    fn run(&mut self, steps: &mut &[Step]) -> io::Result<Handover> {
        while let [step, rest @ ..] = *steps {
            *steps = rest;
            match step {
                Step::Close => *steps = &[],
                Step::Cut => {
                    self.stream.carrier().end();
                    *steps = &[];
                }
                Step::Tls(TlsBehaviour::Serve(endpoint)) => {
                    return Ok(Some((endpoint.clone(), None)));
                }
                Step::Tls(TlsBehaviour::Drip { endpoint, every }) => {
                    return Ok(Some((endpoint.clone(), Some(*every))));
                }
                Step::Dialogue(dialogue) => {
                    if self.dialogue(dialogue)? == Then::End {
                        *steps = &[];
                    }
                }
                other => self.act(other)?,
            }
        }
        Ok(None)
    }

    /// The steps that do not change the course of the script.
    fn act(&mut self, step: &Step) -> io::Result<()> {
        match step {
            Step::Send(bytes) => self.send(bytes),
            Step::SendSlowly { bytes, every } => self.send_slowly(bytes, *every),
            Step::Flood { unit, total } => self.flood(unit, *total),
            Step::Expect(prefix) => self.expect(prefix),
            Step::Hold(time) => self.hold(*time),
            Step::SendBelow(bytes) => self.stream.carrier().write_all(bytes),
            Step::Tls(TlsBehaviour::ReadHello) => self.read_hello(),
            Step::Close | Step::Cut | Step::Dialogue(_) | Step::Tls(_) => Ok(()),
        }
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.framing != Framing::TaggedLines {
            return self.stream.write_all(bytes);
        }
        let bytes = replace(bytes, b"<T>", &self.tag);
        let bytes = replace(&bytes, b"<N>", &next_tag(&self.tag));
        self.stream.write_all(&bytes)
    }

    fn send_slowly(&mut self, bytes: &[u8], every: Duration) -> io::Result<()> {
        for byte in bytes {
            self.stream.write_all(std::slice::from_ref(byte))?;
            self.stream.clock().sleep(every)?;
        }
        Ok(())
    }

    fn flood(&mut self, unit: &[u8], total: usize) -> io::Result<()> {
        let chunk = unit.repeat((16 * 1024 / unit.len().max(1)).max(1));
        for _ in 0..total / chunk.len().max(1) {
            self.stream.clock().check()?;
            self.stream.write_all(&chunk)?;
        }
        Ok(())
    }

    fn expect(&mut self, prefix: &[u8]) -> io::Result<()> {
        let unit = self.unit(prefix)?;
        if begins_with(self.command(&unit), prefix) {
            return Ok(());
        }
        Err(ErrorKind::InvalidData.into())
    }

    fn dialogue(&mut self, dialogue: &Dialogue) -> io::Result<Then> {
        loop {
            let unit = self.unit(b"")?;
            let command = self.command(&unit);
            let known = |rule: &&Rule| begins_with(command, rule.prefix.as_bytes());
            let Some(rule) = dialogue.rules.iter().find(known) else {
                self.send(&dialogue.otherwise)?;
                continue;
            };
            if let Some(name) = rule.note {
                self.record.note(name, &unit);
            }
            self.send(&rule.reply)?;
            if rule.then != Then::Stay {
                return Ok(rule.then);
            }
        }
    }

    fn hold(&mut self, time: Duration) -> io::Result<()> {
        if time < Step::FOREVER {
            return self.stream.clock().sleep(time);
        }
        // A client that talks on is heard, whatever it says.
        loop {
            self.more()?;
            self.buffer.clear();
        }
    }

    /// One whole TLS record. Text in its place is heard, and ends the connection.
    fn read_hello(&mut self) -> io::Result<()> {
        self.at_least(5)?;
        if !is_tls(&self.buffer) {
            return Err(ErrorKind::InvalidData.into());
        }
        let whole = 5 + usize::from(u16::from_be_bytes([self.buffer[3], self.buffer[4]]));
        self.at_least(whole)?;
        self.buffer.drain(..whole);
        Ok(())
    }

    fn at_least(&mut self, n: usize) -> io::Result<()> {
        while self.buffer.len() < n {
            self.more()?;
        }
        Ok(())
    }

    /// The next unit, taken out of the buffer.
    fn unit(&mut self, wanted: &[u8]) -> io::Result<Vec<u8>> {
        loop {
            if let Some(end) = unit_end(self.framing, &self.buffer, wanted) {
                let unit: Vec<u8> = self.buffer.drain(..end).collect();
                return Ok(self.note_tag(unit, wanted));
            }
            if self.buffer.len() > UNIT_LIMIT {
                return Err(ErrorKind::InvalidData.into());
            }
            self.more()?;
        }
    }

    fn note_tag(&mut self, unit: Vec<u8>, wanted: &[u8]) -> Vec<u8> {
        match self.framing {
            Framing::TaggedLines => self.tag = first_word(&unit).to_vec(),
            // What stands before the wanted element (an XML declaration) does not matter.
            Framing::Elements => return unit[find(&unit, wanted).unwrap_or(0)..].to_vec(),
            Framing::Lines | Framing::Chunks | Framing::Packets => {}
        }
        unit
    }

    /// The part of a unit that a prefix is compared with.
    fn command<'u>(&self, unit: &'u [u8]) -> &'u [u8] {
        match self.framing {
            Framing::TaggedLines => unit[first_word(unit).len()..].trim_ascii_start(),
            Framing::Lines | Framing::Chunks | Framing::Packets | Framing::Elements => unit,
        }
    }

    fn more(&mut self) -> io::Result<()> {
        let mut chunk = [0; 4096];
        let n = self.stream.read(&mut chunk)?;
        if n == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        if let Some(ear) = &mut self.ear {
            ear.hear(&chunk[..n]);
        }
        self.buffer.extend_from_slice(&chunk[..n]);
        Ok(())
    }

    /// The script is over: end our side, and listen for what the client still has to say.
    fn farewell(&mut self) -> io::Result<()> {
        self.stream.end();
        let until = Instant::now() + AFTERWARDS;
        while Instant::now() < until {
            self.more()?;
            self.buffer.clear();
        }
        Ok(())
    }
}

impl Talk<'_, Wire> {
    /// For the handshake. Bytes that came too early belong to it.
    fn into_stream(mut self) -> Wire {
        self.stream.push_back(std::mem::take(&mut self.buffer));
        self.stream
    }
}

/// Where the first unit ends, if it is complete.
fn unit_end(framing: Framing, buffer: &[u8], wanted: &[u8]) -> Option<usize> {
    match framing {
        Framing::Lines | Framing::TaggedLines => find(buffer, b"\n").map(|at| at + 1),
        Framing::Chunks => (buffer.len() >= wanted.len().max(1)).then_some(buffer.len()),
        Framing::Packets => packet_end(buffer),
        Framing::Elements => {
            let start = find(buffer, wanted)?;
            find(&buffer[start..], b">").map(|at| start + at + 1)
        }
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    if needle.is_empty() {
        return Some(0);
    }
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn first_word(line: &[u8]) -> &[u8] {
    line.split(u8::is_ascii_whitespace).next().unwrap_or_default()
}

fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = find(rest, from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// `a001` is followed by `a002` in a client that counts.
fn next_tag(tag: &[u8]) -> Vec<u8> {
    let digits = tag.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let (word, number) = tag.split_at(tag.len() - digits);
    let number = String::from_utf8_lossy(number).parse::<u64>().map_or(1, |n| n.wrapping_add(1));
    [word, format!("{number:0digits$}").as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        let end = |framing, bytes: &[u8], wanted: &[u8]| unit_end(framing, bytes, wanted);
        assert_eq!(end(Framing::Lines, b"EHLO x\r\nQUIT", b"EHLO"), Some(8));
        assert_eq!(end(Framing::Lines, b"EHLO x", b"EHLO"), None);
        assert_eq!(end(Framing::Chunks, b"\x30\x01", b"\x30"), Some(2));
        assert_eq!(end(Framing::Chunks, b"", b""), None);
        assert_eq!(end(Framing::Packets, b"\x02\0\0\x01ab\x16\x03", b""), Some(6));
        assert_eq!(end(Framing::Packets, b"\x02\0\0\x01a", b""), None);
        assert_eq!(end(Framing::Elements, b"<?xml?><a b='c'>", b"<a"), Some(16));
    }

    #[test]
    fn tags() {
        assert_eq!(next_tag(b"a009"), b"a010");
        assert_eq!(next_tag(b"x"), b"x1");
        assert_eq!(replace(b"<T> OK <T>", b"<T>", b"a1"), b"a1 OK a1");
    }
}
