//! A place in a message that is read from front to back.

use super::DnsError;

/// Reads one message. Compressed names need all of it, so it is kept whole.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    message: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(message: &'a [u8]) -> Reader<'a> {
        Reader { message, at: 0, end: message.len() }
    }

    pub(super) fn message(&self) -> &'a [u8] {
        self.message
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    pub(super) fn is_empty(&self) -> bool {
        self.at == self.end
    }

    pub(super) fn take(&mut self, octets: usize) -> Result<&'a [u8], DnsError> {
        let end = self.at.checked_add(octets).filter(|end| *end <= self.end);
        let end = end.ok_or(DnsError::Cut)?;
        let taken = self.message.get(self.at..end).ok_or(DnsError::Cut)?;
        self.at = end;
        Ok(taken)
    }

    /// What is left.
    pub(super) fn rest(&mut self) -> &'a [u8] {
        let rest = self.message.get(self.at..self.end).unwrap_or_default();
        self.at = self.end;
        rest
    }

    pub(super) fn u8(&mut self) -> Result<u8, DnsError> {
        self.take(1).map(|octets| octets[0])
    }

    pub(super) fn u16(&mut self) -> Result<u16, DnsError> {
        self.take(2).map(|octets| u16::from_be_bytes([octets[0], octets[1]]))
    }

    /// The next octets as a reader of their own, which still sees the whole message.
    pub(super) fn part(&mut self, octets: usize) -> Result<Reader<'a>, DnsError> {
        let at = self.at;
        self.take(octets)?;
        Ok(Reader { message: self.message, at, end: self.at })
    }
}
