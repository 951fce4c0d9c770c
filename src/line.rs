//! The bytes of a peer before TLS, bounded.
//!
//! `feed` only stores; a negotiator takes whole lines, or octets where the protocol has no lines.
//! Three limits hold for the negotiation as a whole: octets per line, lines, octets. The buffer remembers how far it searched for a line end,
//! so that a peer who sends byte by byte costs O(n).
//!
//! A line ends with CRLF. A bare LF, a bare CR and NUL are errors: what one side takes for one line
//! and the other for two is how commands are smuggled (CVE-2023-51764).

use crate::limits::Limits;
use crate::report::Code;
use crate::starttls::Refusal;

/// What the peer sent and nobody took yet.
#[derive(Debug)]
pub struct Input {
    bytes: Vec<u8>,
    taken: usize,
    searched: usize,
    lines: usize,
    octets: usize,
    limits: Limits,
}

impl Input {
    /// An empty buffer with its limits.
    pub fn new(limits: Limits) -> Input {
        Input { bytes: Vec::new(), taken: 0, searched: 0, lines: 0, octets: 0, limits }
    }

    /// The limits it was made with.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Stores what arrived, up to one octet beyond the limit: that is enough to know, and bounds
    /// the memory.
    pub fn feed(&mut self, bytes: &[u8]) {
        let room = (self.limits.octets + 1).saturating_sub(self.octets + self.rest().len());
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Whether every byte was taken.
    pub fn is_empty(&self) -> bool {
        self.taken == self.bytes.len()
    }

    /// What is left, for the report.
    pub fn rest(&self) -> &[u8] {
        &self.bytes[self.taken..]
    }

    /// The next line without its CRLF; `None` while it is incomplete.
    pub fn take_line(&mut self) -> Result<Option<Vec<u8>>, Refusal> {
        self.refuse_tls()?;
        let Some(end) = self.find_line_end()? else {
            return self.incomplete();
        };
        let line = self.bytes[self.taken..end].to_vec();
        self.taken = end + 2;
        self.searched = self.taken;
        self.lines += 1;
        self.octets += line.len() + 2;
        self.check_whole(&line)?;
        self.compact();
        Ok(Some(line))
    }

    /// The first octets, if that many are there: for protocols without lines. A demand beyond the
    /// limit is refused before anything is waited for.
    pub fn first(&self, octets: usize) -> Result<Option<&[u8]>, Refusal> {
        self.check_octets(self.octets.saturating_add(octets))?;
        Ok(self.rest().get(..octets))
    }

    /// Takes octets that `first` or `rest` showed.
    pub fn take(&mut self, octets: usize) {
        let octets = octets.min(self.rest().len());
        self.taken += octets;
        self.octets += octets;
        self.searched = self.taken;
        self.compact();
    }

    /// For protocols whose unit is neither a line nor counted: whether there is still room to wait
    /// for more of it.
    pub fn check_room(&self) -> Result<(), Refusal> {
        self.check_octets(self.octets + self.rest().len())
    }

    /// A TLS record in place of a line: the peer expects TLS from the first byte.
    pub fn refuse_tls(&self) -> Result<(), Refusal> {
        // Handshake (22) or alert (21), then the major version 3 of every TLS record (RFC 8446 §5.1).
        match self.rest() {
            [21 | 22, 3, ..] => Err(Refusal::tls_at_once()),
            _ => Ok(()),
        }
    }

    /// Position of the CR of the next CRLF.
    fn find_line_end(&mut self) -> Result<Option<usize>, Refusal> {
        let found = self.bytes[self.searched..].iter().position(|&byte| byte == b'\n');
        let Some(newline) = found.map(|offset| self.searched + offset) else {
            self.searched = self.bytes.len();
            return Ok(None);
        };
        if newline == self.taken || self.bytes[newline - 1] != b'\r' {
            let words = "the server ended a line with a bare LF";
            return Err(Refusal::quoting(Code::StarttlsProtocol, words, self.rest()));
        }
        Ok(Some(newline - 1))
    }

    fn incomplete(&self) -> Result<Option<Vec<u8>>, Refusal> {
        if self.rest().len() > self.limits.line {
            return Err(self.line_too_long());
        }
        self.check_octets(self.octets + self.rest().len())?;
        Ok(None)
    }

    fn check_whole(&self, line: &[u8]) -> Result<(), Refusal> {
        if line.len() + 2 > self.limits.line {
            return Err(self.line_too_long());
        }
        if self.lines > self.limits.lines {
            let words = format!("the server sent more than {} lines before TLS", self.limits.lines);
            return Err(Refusal::new(Code::StarttlsTooManyLines, words));
        }
        if let Some(byte) = line.iter().find(|byte| matches!(byte, b'\r' | 0)) {
            let words = format!("the server sent a line with the forbidden octet {byte:#04x}");
            return Err(Refusal::quoting(Code::StarttlsProtocol, words, line));
        }
        self.check_octets(self.octets)
    }

    /// Counted as they are taken, so that the way the bytes are cut into pieces changes nothing.
    fn check_octets(&self, octets: usize) -> Result<(), Refusal> {
        if octets <= self.limits.octets {
            return Ok(());
        }
        let words = format!("the server sent more than {} octets before TLS", self.limits.octets);
        Err(Refusal::new(Code::StarttlsTooMuchData, words))
    }

    fn line_too_long(&self) -> Refusal {
        let words = format!("the server sent a line of more than {} octets", self.limits.line);
        Refusal::new(Code::StarttlsLineTooLong, words)
    }

    /// Gives back what was taken, once it is the larger part.
    fn compact(&mut self) {
        if self.taken * 2 >= self.bytes.len() {
            self.bytes.drain(..self.taken);
            self.searched -= self.taken;
            self.taken = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Limits = Limits { line: 16, lines: 3, octets: 64 };

    fn lines(input: &[u8]) -> Result<Vec<Vec<u8>>, Code> {
        let mut buffer = Input::new(SMALL);
        buffer.feed(input);
        let mut lines = Vec::new();
        while let Some(line) = buffer.take_line().map_err(|refusal| refusal.code)? {
            lines.push(line);
        }
        Ok(lines)
    }

    #[test]
    fn lines_end_with_crlf_and_nothing_else() {
        assert_eq!(lines(b"a\r\nb\r\nc").unwrap(), [b"a", b"b"]);
        assert_eq!(lines(b"\r\n").unwrap(), [b""]);
        for (attack, input) in [
            ("bare LF", b"a\nb\r\n".as_slice()),
            ("bare LF first", b"\n"),
            ("LF after another line's CR", b"a\r\n\nb"),
            ("bare CR", b"a\rb\r\n"),
            ("NUL", b"a\0b\r\n"),
        ] {
            assert_eq!(lines(input), Err(Code::StarttlsProtocol), "{attack}");
        }
    }

    #[test]
    fn limits_hold() {
        assert_eq!(lines(&[b'x'; 17]), Err(Code::StarttlsLineTooLong));
        assert_eq!(lines(b"12345678901234\r\n").unwrap().len(), 1);
        assert_eq!(lines(b"123456789012345\r\n"), Err(Code::StarttlsLineTooLong));
        assert_eq!(lines(b"1\r\n2\r\n3\r\n4\r\n"), Err(Code::StarttlsTooManyLines));
        let mut buffer = Input::new(SMALL);
        for _ in 0..1000 {
            buffer.feed(&[b'y'; 1000]);
        }
        assert!(buffer.rest().len() <= SMALL.octets + 1, "memory is bounded");
    }

    #[test]
    fn a_tls_record_is_recognised() {
        assert_eq!(lines(b"\x16\x03\x01\x00\x10"), Err(Code::StarttlsTlsOnPlainPort));
        assert_eq!(lines(b"\x15\x03\x03\x00\x02"), Err(Code::StarttlsTlsOnPlainPort));
    }

    #[test]
    fn byte_by_byte_gives_the_same_lines() {
        let mut buffer = Input::new(SMALL);
        let mut lines = Vec::new();
        for byte in b"220 hi\r\n250 ok\r\n" {
            buffer.feed(&[*byte]);
            lines.extend(buffer.take_line().unwrap());
        }
        assert_eq!(lines, [b"220 hi", b"250 ok"]);
        assert!(buffer.is_empty());
    }
}
