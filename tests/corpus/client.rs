//! A client program of the C ABI, in three modes.
//!
//! | mode | who moves the bytes | when it steps |
//! |---|---|---|
//! | `Driven` | the library (`stv_session_connect`, `stv_session_run_fd`) | its own business |
//! | `Bytewise` | we do, feeding one byte at a time | at the end of what the socket gave |
//! | `EveryByte` | we do, feeding one byte at a time | after every byte |
//!
//! A server sends each of its turns in one segment, so what the socket gives at once is a turn. A
//! session that we drive knows no time: when our patience is over and it still wants to read, that
//! is what `io.timeout` is here.

use std::collections::VecDeque;
use std::ffi::c_int;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use stv_lab::script::{Framing, Step};

use super::abi::{Report, Session, status};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Driven,
    Bytewise,
    EveryByte,
}

impl Mode {
    pub const ALL: [Mode; 3] = [Mode::Driven, Mode::Bytewise, Mode::EveryByte];
}

/// Who is expected to say the first word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    Server,
    Client,
}

pub struct Client {
    session: Session,
    address: SocketAddr,
    mode: Mode,
    first: First,
    link: Option<Link>,
}

/// Our own connection, when the session has none.
struct Link {
    stream: TcpStream,
    /// What the socket gave and the session has not got yet.
    stock: VecDeque<u8>,
    until: Instant,
}

/// What listening brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    Something,
    Nothing,
}

impl Client {
    pub fn new(session: Session, address: SocketAddr, mode: Mode, first: First) -> Client {
        Client { session, address, mode, first, link: None }
    }

    /// Until the session is open or dead, or `patience` is over: the last status.
    pub fn open(&mut self, patience: Duration) -> c_int {
        match (self.mode, self.first) {
            (Mode::Driven, First::Client) => self.session.connect(),
            (Mode::Driven, First::Server) => self.run_on_a_greeted_socket(patience),
            (Mode::Bytewise | Mode::EveryByte, _) => self.step_through(patience),
        }
    }

    /// The server's first turn has arrived before the session looks.
    fn run_on_a_greeted_socket(&mut self, patience: Duration) -> c_int {
        let stream = self.reach(patience);
        // Nothing to peek at is the session's to find out.
        let _ = stream.peek(&mut [0]);
        self.session.run_fd(stream.as_fd())
    }

    fn reach(&self, patience: Duration) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("the server listens");
        stream.set_nodelay(true).expect("a TCP socket");
        stream.set_read_timeout(Some(patience)).expect("a TCP socket");
        stream
    }

    fn step_through(&mut self, patience: Duration) -> c_int {
        let (stream, until) = (self.reach(patience), Instant::now() + patience);
        self.link = Some(Link { stream, stock: VecDeque::new(), until });
        if self.first == First::Server {
            self.listen();
        }
        loop {
            let status = self.session.step();
            self.send();
            match status {
                status::WANT_WRITE => {}
                status::WANT_READ if self.listen() == Heard::Something => {}
                status => return status,
            }
        }
    }

    /// Sends what waits; a peer that has gone is noticed when listening.
    fn send(&mut self) {
        let bytes = self.session.take();
        if let Some(link) = &mut self.link {
            let _ = link.stream.write_all(&bytes);
        }
    }

    /// Feeds the next piece, one byte at a time.
    fn listen(&mut self) -> Heard {
        let Some(link) = &mut self.link else { return Heard::Nothing };
        match link.piece(self.mode) {
            None => return Heard::Nothing,
            Some(piece) if piece.is_empty() => {
                self.session.feed_eof();
            }
            Some(piece) => piece.iter().for_each(|byte| {
                self.session.feed(&[*byte]);
            }),
        }
        Heard::Something
    }

    pub fn read(&mut self) -> (c_int, Vec<u8>) {
        loop {
            let (status, bytes) = self.session.read();
            match status {
                status::WANT_WRITE if self.link.is_some() => self.send(),
                status::WANT_READ if self.listen() == Heard::Something => {}
                status => return (status, bytes),
            }
        }
    }

    pub fn write(&mut self, bytes: &[u8]) -> c_int {
        let status = self.session.write(bytes);
        self.send();
        status
    }

    /// What a program does inside TLS: the other half of the server's steps. The last status, which
    /// is CLOSED when all is well, and everything that was read.
    pub fn converse(&mut self, framing: Framing, inside: &[Step]) -> (c_int, Vec<u8>) {
        let (mut all, mut wanted) = (Vec::new(), 0);
        for step in inside {
            match step {
                Step::Expect(prefix) => {
                    self.write(&command(framing, prefix));
                }
                Step::Send(bytes) => wanted += bytes.len(),
                _ => {}
            }
            if let Err(status) = self.read_up_to(wanted, &mut all) {
                return (status, all);
            }
        }
        match self.read_up_to(usize::MAX, &mut all) {
            Ok(()) => unreachable!("nobody reads so much"),
            Err(status) => (status, all),
        }
    }

    /// Until so much was read in all, or the status that came before.
    fn read_up_to(&mut self, wanted: usize, all: &mut Vec<u8>) -> Result<(), c_int> {
        while all.len() < wanted {
            let (status, bytes) = self.read();
            all.extend(bytes);
            if status != status::OK {
                return Err(status);
            }
        }
        Ok(())
    }

    pub fn report(&self) -> Report {
        self.session.report()
    }

    /// Every call that could move a byte, on a session that failed with `status`: what answered
    /// anything else. A handle that is dead says so in every call (RFC 8314 §5.2).
    pub fn signs_of_life(&mut self, status: c_int) -> Vec<String> {
        let (read, bytes) = self.session.read();
        let answers = [
            ("read", read),
            ("write", self.session.write(b"AUTH PLAIN AGJvYgBzZWNyZXQ=\r\n")),
            ("feed", self.session.feed(b"220 go\r\n")),
            ("feed_eof", self.session.feed_eof()),
            ("step", self.session.step()),
            ("connect", self.session.connect()),
            ("close", self.session.close()),
        ];
        let alive = answers.iter().filter(|(_, answer)| *answer != status);
        let mut signs: Vec<String> =
            alive.map(|(call, answer)| format!("{call} answers {answer}, not {status}")).collect();
        if !bytes.is_empty() {
            signs.push(format!("read gives '{}'", bytes.escape_ascii()));
        }
        signs
    }

    /// Before it is open, nothing is read or written.
    pub fn leaks_before_open(&mut self) -> bool {
        self.session.read() != (status::STATE, Vec::new())
            || self.session.write(b"AUTH PLAIN AGJvYgBzZWNyZXQ=\r\n") != status::STATE
    }

    pub fn close(&mut self) -> c_int {
        let status = self.session.close();
        self.send();
        status
    }
}

impl Link {
    /// What the session gets next: empty at the end of the stream, `None` when patience is over.
    fn piece(&mut self, mode: Mode) -> Option<Vec<u8>> {
        if self.stock.is_empty() {
            let left = self.until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            self.stream.set_read_timeout(Some(left)).expect("a TCP socket");
            let mut room = vec![0; 64 * 1024];
            match self.stream.read(&mut room) {
                Ok(octets) => self.stock.extend(&room[..octets]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {}
                Err(_) => return None,
            }
        }
        let octets = if mode == Mode::EveryByte { 1 } else { self.stock.len() };
        Some(self.stock.drain(..octets.min(self.stock.len())).collect())
    }
}

/// Something that begins with `prefix` and is a whole unit.
fn command(framing: Framing, prefix: &[u8]) -> Vec<u8> {
    match framing {
        Framing::Lines => [prefix, b" x\r\n"].concat(),
        Framing::TaggedLines => [b"a1 ", prefix, b" x\r\n"].concat(),
        Framing::Elements => [prefix, b" x='y'>"].concat(),
        Framing::Chunks | Framing::Packets => prefix.to_vec(),
    }
}
