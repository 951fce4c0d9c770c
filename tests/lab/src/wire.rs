//! A TCP connection that ends in time, whatever the peer does.
//!
//! Every read and write looks at one [`Clock`] (RFC 5321's per-command timeouts would let a
//! client hold a thread for ever). A wire can be slowed down to one byte per interval, below TLS
//! too, and gives back bytes that were read too far.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long a blocking call may sleep before it looks at the clock again.
const TICK: Duration = Duration::from_millis(100);
/// How long a closed connection is still read, so that the close is not a reset.
const LINGER: Duration = Duration::from_millis(500);

/// When a connection ends at the latest.
#[derive(Clone, Debug)]
pub struct Clock {
    deadline: Instant,
    stop: Arc<AtomicBool>,
}

impl Clock {
    pub fn new(limit: Duration, stop: Arc<AtomicBool>) -> Self {
        Self { deadline: Instant::now() + limit, stop }
    }

    /// An error once the time is over or the server stops.
    pub fn check(&self) -> io::Result<()> {
        if self.stop.load(Ordering::Relaxed) || Instant::now() >= self.deadline {
            return Err(ErrorKind::TimedOut.into());
        }
        Ok(())
    }

    pub fn sleep(&self, time: Duration) -> io::Result<()> {
        let until = Instant::now() + time;
        loop {
            self.check()?;
            let rest = until.saturating_duration_since(Instant::now());
            if rest.is_zero() {
                return Ok(());
            }
            thread::sleep(rest.min(TICK));
        }
    }
}

/// The connection.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    clock: Clock,
    pushed_back: Vec<u8>,
    pace: Option<Duration>,
}

impl Wire {
    pub fn new(stream: TcpStream, clock: Clock) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TICK))?;
        stream.set_write_timeout(Some(TICK))?;
        Ok(Self { stream, clock, pushed_back: Vec::new(), pace: None })
    }

    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// `bytes` are read again, before what is still to come.
    pub fn push_back(&mut self, bytes: Vec<u8>) {
        self.pushed_back.splice(0..0, bytes);
    }

    /// From now on one byte per interval.
    pub fn set_pace(&mut self, pace: Option<Duration>) {
        self.pace = pace;
    }

    /// No more bytes from us; the peer sees the end of the stream.
    pub fn end(&self) {
        // Fails only when the peer has gone already.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    fn take_back(&mut self, into: &mut [u8]) -> usize {
        let n = into.len().min(self.pushed_back.len());
        into[..n].copy_from_slice(&self.pushed_back[..n]);
        self.pushed_back.drain(..n);
        n
    }

    /// Repeat a blocking call until it does something or the time is over.
    fn patiently(
        &mut self,
        mut call: impl FnMut(&mut TcpStream) -> io::Result<usize>,
    ) -> io::Result<usize> {
        loop {
            self.clock.check()?;
            match call(&mut self.stream) {
                Err(e) if is_tick(&e) => {}
                done => return done,
            }
        }
    }
}

fn is_tick(e: &io::Error) -> bool {
    matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if !self.pushed_back.is_empty() {
            return Ok(self.take_back(into));
        }
        self.patiently(|stream| stream.read(into))
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bytes = match (self.pace, bytes) {
            (Some(pace), [first, ..]) => {
                self.clock.sleep(pace)?;
                std::slice::from_ref(first)
            }
            _ => bytes,
        };
        self.patiently(|stream| stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Wire {
    /// A socket that is closed with unread bytes sends a reset, and a reset can overtake the last
    /// line that the client should see. So: say the end, and read on for a moment.
    fn drop(&mut self) {
        self.end();
        let until = Instant::now() + LINGER;
        let mut sink = [0; 4096];
        while Instant::now() < until {
            match self.stream.read(&mut sink) {
                Ok(1..) => {}
                Err(e) if is_tick(&e) => {}
                Ok(0) | Err(_) => return,
            }
        }
    }
}
