//! One loopback port that plays one hostile part to the first who comes, and keeps every octet that
//! it hears, whatever it does meanwhile.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use openssl::ssl::{Ssl, SslContext, SslStream};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::conversation::TAG;

/// No part lasts longer, whatever the client does: a client that is still there then is wrong.
pub const LIFE: Duration = Duration::from_secs(4);
/// How long a blocking call may sleep before it looks at the clock again.
const TICK: Duration = Duration::from_millis(50);
/// Characters of a random tag.
const TAG_OCTETS: usize = 16;

/// One thing that the server does.
#[derive(Clone)]
pub enum Act {
    /// Waits for this word.
    Hear(Vec<u8>),
    /// Waits for a whole TLS record.
    HearHello,
    /// In one segment.
    Say(Vec<u8>),
    /// Octet by octet, the time between them.
    Drip(Vec<u8>, Duration),
    /// Again and again, as fast as it can.
    Flood(Vec<u8>),
    /// Nothing, until the client has gone.
    Hold,
    /// From now on one octet per interval, below TLS too.
    Slow(Duration),
    /// Goes over to TLS with so many session tickets; what follows is inside.
    Seal(usize),
    /// The end, announced also inside TLS.
    Close,
    /// The end of the connection, and inside TLS no word of it.
    Cut,
    /// The end as a reset.
    Reset,
}

/// A part that is being played.
pub struct Server {
    port: u16,
    thread: JoinHandle<Vec<u8>>,
}

impl Server {
    pub fn start(acts: Vec<Act>, identity: SslContext) -> io::Result<Server> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let thread = thread::spawn(move || serve(&listener, &acts, &identity).unwrap_or_default());
        Ok(Server { port, thread })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Everything that the client sent, once it has gone.
    pub fn heard(self) -> Vec<u8> {
        self.thread.join().expect("the server does not panic")
    }
}

fn serve(listener: &TcpListener, acts: &[Act], identity: &SslContext) -> io::Result<Vec<u8>> {
    if !readable(listener, Instant::now() + LIFE)? {
        return Ok(Vec::new());
    }
    let line = Arc::new(Line::new(listener.accept()?.0)?);
    let listening = Arc::clone(&line);
    let ear = thread::spawn(move || listening.listen());
    // However the part ends, what was heard is what counts.
    let _ = Player::new(&line).perform(acts, identity);
    line.wait_beyond(usize::MAX);
    // Fails where the connection is gone already.
    let _ = line.stream.shutdown(Shutdown::Both);
    ear.join().expect("the ear does not panic");
    Ok(line.heard().octets.clone())
}

/// Whether something is there to be read before this time.
fn readable(socket: &impl rustix::fd::AsFd, until: Instant) -> io::Result<bool> {
    let left = until.saturating_duration_since(Instant::now());
    let timeout = Timespec::try_from(left).map_err(io::Error::other)?;
    Ok(poll(&mut [PollFd::new(socket, PollFlags::IN)], Some(&timeout))? > 0)
}

/// A connection whose every octet is kept.
struct Line {
    stream: TcpStream,
    end: Instant,
    heard: Mutex<Heard>,
    more: Condvar,
}

#[derive(Default)]
struct Heard {
    octets: Vec<u8>,
    ended: bool,
}

impl Line {
    fn new(stream: TcpStream) -> io::Result<Line> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(TICK))?;
        let end = Instant::now() + LIFE;
        Ok(Line { stream, end, heard: Mutex::default(), more: Condvar::new() })
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Until the client has gone or the time is over. Waits outside of the read: a reset is not made
    /// while somebody sits in one.
    fn listen(&self) {
        let mut piece = [0; 4096];
        while Instant::now() < self.end {
            match readable(&self.stream, Instant::now() + TICK) {
                Ok(false) => continue,
                Ok(true) => {}
                Err(_) => break,
            }
            match (&self.stream).read(&mut piece) {
                Ok(octets @ 1..) => self.heard().octets.extend_from_slice(&piece[..octets]),
                Ok(0) | Err(_) => break,
            }
            self.more.notify_all();
        }
        self.heard().ended = true;
        self.more.notify_all();
    }

    /// What was heard beyond this place, as soon as there is something; nothing at the end.
    fn wait_beyond(&self, place: usize) -> Vec<u8> {
        let mut heard = self.heard();
        while heard.octets.len() <= place && !heard.ended {
            heard = self.more.wait(heard).unwrap_or_else(PoisonError::into_inner);
        }
        heard.octets.get(place..).unwrap_or_default().to_vec()
    }
}

/// A line with a place up to which it was read, and a pace.
struct Wire {
    line: Arc<Line>,
    place: usize,
    pace: Option<Duration>,
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let octets = self.line.wait_beyond(self.place).as_slice().read(into)?;
        self.place += octets;
        Ok(octets)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bytes = match (self.pace, bytes) {
            (Some(pace), [first, ..]) => {
                thread::sleep(pace);
                std::slice::from_ref(first)
            }
            _ => bytes,
        };
        while Instant::now() < self.line.end {
            match (&self.line.stream).write(bytes) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                done => return done,
            }
        }
        Err(ErrorKind::TimedOut.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How one speaks: in clear or inside TLS.
enum Voice {
    Clear(Wire),
    Sealed(Box<SslStream<Wire>>),
}

impl Voice {
    fn wire(&mut self) -> &mut Wire {
        match self {
            Voice::Clear(wire) => wire,
            Voice::Sealed(stream) => stream.get_mut(),
        }
    }

    fn read_exact(&mut self, into: &mut [u8]) -> io::Result<()> {
        match self {
            Voice::Clear(wire) => wire.read_exact(into),
            Voice::Sealed(stream) => stream.read_exact(into),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Voice::Clear(wire) => wire.write_all(bytes),
            Voice::Sealed(stream) => stream.write_all(bytes),
        }
    }
}

struct Player {
    line: Arc<Line>,
    voice: Voice,
    /// The tag that was heard last.
    tag: Vec<u8>,
}

impl Player {
    fn new(line: &Arc<Line>) -> Player {
        let wire = Wire { line: Arc::clone(line), place: 0, pace: None };
        Player { line: Arc::clone(line), voice: Voice::Clear(wire), tag: Vec::new() }
    }

    fn perform(mut self, acts: &[Act], identity: &SslContext) -> io::Result<()> {
        for act in acts {
            match act {
                Act::Hear(word) => self.hear(word)?,
                Act::HearHello => self.hear_hello()?,
                Act::Say(bytes) => self.voice.write_all(&with_tag(bytes, &self.tag))?,
                Act::Drip(bytes, every) => self.drip(bytes, *every)?,
                Act::Flood(unit) => self.flood(unit)?,
                Act::Hold => drop(self.line.wait_beyond(usize::MAX)),
                Act::Slow(pace) => self.voice.wire().pace = Some(*pace),
                Act::Seal(tickets) => self = self.sealed(*tickets, identity)?,
                Act::Close => self.close()?,
                Act::Cut => self.line.stream.shutdown(Shutdown::Write)?,
                // Dissolving the association of a connected socket sends a reset.
                Act::Reset => rustix::net::connect_unspec(&self.line.stream)?,
            }
        }
        Ok(())
    }

    fn hear(&mut self, word: &[u8]) -> io::Result<()> {
        let mut octets = vec![0; word_octets(word)];
        self.voice.read_exact(&mut octets)?;
        if word.starts_with(TAG) {
            self.tag = octets[..TAG_OCTETS].to_vec();
        }
        if says(word, &octets) { Ok(()) } else { Err(ErrorKind::InvalidData.into()) }
    }

    fn hear_hello(&mut self) -> io::Result<()> {
        let mut header = [0; 5];
        self.voice.read_exact(&mut header)?;
        let length = u16::from_be_bytes([header[3], header[4]]);
        self.voice.read_exact(&mut vec![0; usize::from(length)])
    }

    fn drip(&mut self, bytes: &[u8], every: Duration) -> io::Result<()> {
        for byte in with_tag(bytes, &self.tag) {
            self.voice.write_all(&[byte])?;
            thread::sleep(every);
        }
        Ok(())
    }

    fn flood(&mut self, unit: &[u8]) -> io::Result<()> {
        let unit = with_tag(unit, &self.tag);
        let piece = unit.repeat((16 * 1024 / unit.len()).max(1));
        loop {
            self.voice.write_all(&piece)?;
        }
    }

    fn sealed(self, tickets: usize, identity: &SslContext) -> io::Result<Player> {
        let Voice::Clear(wire) = self.voice else {
            return Err(ErrorKind::InvalidInput.into());
        };
        let mut ssl = Ssl::new(identity)?;
        ssl.set_num_tickets(tickets)?;
        let stream = ssl.accept(wire).map_err(|_| io::Error::from(ErrorKind::InvalidData))?;
        Ok(Player { voice: Voice::Sealed(Box::new(stream)), ..self })
    }

    fn close(&mut self) -> io::Result<()> {
        if let Voice::Sealed(stream) = &mut self.voice {
            stream.shutdown().map_err(io::Error::other)?;
        }
        self.line.stream.shutdown(Shutdown::Write)
    }
}

/// Octets that a word has when it is said.
pub fn word_octets(word: &[u8]) -> usize {
    word.strip_prefix(TAG).map_or(word.len(), |rest| rest.len() + TAG_OCTETS)
}

/// Whether these octets are the word.
pub fn says(word: &[u8], octets: &[u8]) -> bool {
    let Some(rest) = word.strip_prefix(TAG) else {
        return word == octets;
    };
    octets.split_at_checked(TAG_OCTETS).is_some_and(|(tag, said)| {
        said == rest && tag.iter().all(|octet| matches!(octet, b'A'..=b'Z' | b'2'..=b'7'))
    })
}

/// The tag, where the bytes have a place for it.
fn with_tag(bytes: &[u8], tag: &[u8]) -> Vec<u8> {
    let place = bytes.windows(TAG.len()).position(|window| window == TAG);
    match place {
        Some(at) => [&bytes[..at], tag, &bytes[at + TAG.len()..]].concat(),
        None => bytes.to_vec(),
    }
}
