//! Lines of standard input, bounded: a batch may run for days and must not grow.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};

/// Octets of one line. A chain of a hundred certificates of a megabyte each is no case.
pub const LINE_OCTETS: usize = 64 << 20;
const BUFFER_OCTETS: usize = 64 << 10;

/// One line without its end.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// Within the limit.
    Whole(Vec<u8>),
    /// Beyond it, and passed over.
    TooLong,
}

/// A source of lines.
pub struct Lines<R> {
    reader: BufReader<R>,
    limit: usize,
}

impl<R: Read> Lines<R> {
    /// Lines of this source.
    pub fn of(source: R) -> Lines<R> {
        Lines { reader: BufReader::with_capacity(BUFFER_OCTETS, source), limit: LINE_OCTETS }
    }

    /// Whether the next line may have to be waited for: the time to flush answers.
    pub fn may_wait(&self) -> bool {
        !self.reader.buffer().contains(&b'\n')
    }

    /// The next line; `None` at the end. The last line needs no line end.
    pub fn read(&mut self) -> io::Result<Option<Line>> {
        let mut line = Line::Whole(Vec::new());
        let mut begun = false;
        loop {
            let chunk = match self.reader.fill_buf() {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                chunk => chunk?,
            };
            if chunk.is_empty() {
                return Ok(begun.then_some(line.trimmed()));
            }
            begun = true;
            let end = chunk.iter().position(|octet| *octet == b'\n');
            line.grow(&chunk[..end.unwrap_or(chunk.len())], self.limit);
            let used = end.map_or(chunk.len(), |end| end + 1);
            self.reader.consume(used);
            if end.is_some() {
                return Ok(Some(line.trimmed()));
            }
        }
    }
}

impl Line {
    fn grow(&mut self, octets: &[u8], limit: usize) {
        if let Line::Whole(line) = self {
            if line.len() + octets.len() > limit {
                *self = Line::TooLong;
            } else {
                line.extend_from_slice(octets);
            }
        }
    }

    /// Without the CR of a CRLF.
    fn trimmed(mut self) -> Line {
        if let Line::Whole(line) = &mut self
            && line.last() == Some(&b'\r')
        {
            line.pop();
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives one octet at a time.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let length = into.len().min(1);
            self.0.read(&mut into[..length])
        }
    }

    fn all(source: impl Read, limit: usize) -> Vec<Line> {
        let mut lines = Lines { limit, ..Lines::of(source) };
        std::iter::from_fn(|| lines.read().expect("memory can be read")).collect()
    }

    #[test]
    fn a_long_line_is_passed_over_and_the_next_one_read() {
        let text = b"one\r\n\nmuch too long\ntwo\nend";
        let whole = |text: &[u8]| Line::Whole(text.to_vec());
        let wanted = [whole(b"one"), whole(b""), Line::TooLong, whole(b"two"), whole(b"end")];
        assert_eq!(all(&text[..], 8), wanted);
        assert_eq!(all(Drip(text), 8), wanted);
        assert_eq!(all(&b""[..], 8), []);
        assert_eq!(all(&b"123456789"[..], 8), [Line::TooLong]);
    }
}
