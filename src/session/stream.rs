//! The open session: plaintext in and out, and the goodbye.

use crate::error::{Error, Result};
use crate::ossl::{Received, Tls};
use crate::status::Status;

use super::failure::{Phase, finding_of_cause};
use super::{Session, State};

/// Plaintext that waits for the peer before `write` takes no more.
const WRITE_AHEAD: usize = 256 * 1024;

impl Session {
    /// Plaintext of the open session: how much, or what is needed for some. A driven session waits
    /// for it, up to the option io_timeout_ms.
    pub fn read(&mut self, into: &mut [u8]) -> Result<(Status, usize)> {
        let end = self.read_driven(into);
        self.hang_up_if_dead();
        end
    }

    /// A dead session holds no connection.
    fn hang_up_if_dead(&mut self) {
        if matches!(self.state, State::Dead { .. }) {
            self.hang_up();
        }
    }

    fn read_driven(&mut self, into: &mut [u8]) -> Result<(Status, usize)> {
        let deadline = self.io_deadline();
        loop {
            match self.read_moving(into)? {
                (wanted @ (Status::WantRead | Status::WantWrite), _) if self.is_driven() => {
                    self.pause(wanted, deadline)?;
                }
                end => return Ok(end),
            }
        }
    }

    /// As `read`, without waiting: a driven session also answers `WantRead` or `WantWrite`.
    pub fn read_now(&mut self, into: &mut [u8]) -> Result<(Status, usize)> {
        let end = self.read_moving(into);
        self.hang_up_if_dead();
        end
    }

    /// Reads, and moves bytes as far as that goes without waiting.
    fn read_moving(&mut self, into: &mut [u8]) -> Result<(Status, usize)> {
        loop {
            let end = self.read_stored(into)?;
            let wants = matches!(end.0, Status::WantRead | Status::WantWrite);
            if !wants || !self.is_driven() {
                return Ok(end);
            }
            if !self.send_waiting()? {
                return Ok((Status::WantWrite, 0));
            }
            if !self.receive()? {
                return Ok((Status::WantRead, 0));
            }
        }
    }

    fn read_stored(&mut self, into: &mut [u8]) -> Result<(Status, usize)> {
        let State::Open { tls, .. } = &mut self.state else {
            return self.not_open();
        };
        match tls.read(into) {
            Received::Octets(octets) => Ok((Status::Ok, octets)),
            Received::Wait => Ok((self.want(), 0)),
            Received::Closed => {
                self.keep();
                Ok((Status::Closed, 0))
            }
            Received::Failed(cause) => Err(self.fail(finding_of_cause(cause, Phase::Open))),
        }
    }

    /// Takes plaintext for the peer: how much, or `WantWrite` with 0 when too much waits already. A
    /// driven session also sends it.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(Status, usize)> {
        let end = self.write_driven(bytes);
        self.hang_up_if_dead();
        end
    }

    fn write_driven(&mut self, bytes: &[u8]) -> Result<(Status, usize)> {
        let deadline = self.io_deadline();
        let end = self.write_stored(bytes)?;
        while self.is_driven() && !self.send_waiting()? {
            self.pause(Status::WantWrite, deadline)?;
        }
        Ok(end)
    }

    /// As `write`, without waiting: what finds no room goes out with what is read or written next.
    pub fn write_now(&mut self, bytes: &[u8]) -> Result<(Status, usize)> {
        let end = self.write_moving(bytes);
        self.hang_up_if_dead();
        end
    }

    fn write_moving(&mut self, bytes: &[u8]) -> Result<(Status, usize)> {
        let end = self.write_stored(bytes)?;
        if self.is_driven() {
            self.send_waiting()?;
        }
        Ok(end)
    }

    fn write_stored(&mut self, bytes: &[u8]) -> Result<(Status, usize)> {
        let State::Open { tls, .. } = &mut self.state else {
            return self.not_open();
        };
        if tls.output() > WRITE_AHEAD {
            return Ok((Status::WantWrite, 0));
        }
        match tls.write(bytes) {
            Ok(octets) => Ok((Status::Ok, octets)),
            Err(cause) => Err(self.fail(finding_of_cause(cause, Phase::Open))),
        }
    }

    fn not_open(&self) -> Result<(Status, usize)> {
        match &self.state {
            State::Dead { error, .. } => Err(error.clone()),
            State::Closed { .. } => Ok((Status::Closed, 0)),
            State::Negotiating { .. }
            | State::Handshaking { .. }
            | State::Agreeing { .. }
            | State::Open { .. } => {
                Err(Error::new(Status::State, "the session is not open yet: step until it is"))
            }
        }
    }

    /// Says close_notify. A driven session sends it and gives its descriptor up.
    pub fn close(&mut self) -> Result<Status> {
        let State::Open { tls, .. } = &mut self.state else {
            return self.not_open().map(|(status, _)| status);
        };
        tls.close();
        self.keep();
        let dead =
            State::Dead { error: Error::new(Status::State, "the session is closed"), tls: None };
        if let State::Open { tls, .. } = std::mem::replace(&mut self.state, dead) {
            self.state = State::Closed { tls };
        }
        self.hang_up();
        Ok(Status::Closed)
    }

    /// Plaintext that `read` gives without more bytes of the peer.
    pub fn pending(&self) -> usize {
        self.tls().map_or(0, Tls::pending)
    }
}
