//! One loopback port that plays one script to everybody who connects.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::player;
use crate::record::Record;
use crate::script::Script;
use crate::wire::{Clock, Wire};

/// No connection lasts longer, whatever the two sides do.
pub const CONNECTION_LIMIT: Duration = Duration::from_secs(20);

/// Listens until it is dropped.
pub struct Server {
    address: SocketAddr,
    stage: Arc<Stage>,
}

impl Server {
    /// On a free port of 127.0.0.1.
    pub fn start(script: Script, record: Record) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let stop = Arc::new(AtomicBool::new(false));
        let stage = Arc::new(Stage { script, record, stop, open: AtomicUsize::new(0) });
        let listening = Arc::clone(&stage);
        thread::Builder::new()
            .name(format!("lab {}", address.port()))
            .spawn(move || listen(&listening, &listener))?;
        Ok(Self { address, stage })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn record(&self) -> &Record {
        &self.stage.record
    }

    /// Is no conversation going on? Then the record has everything that was said.
    pub fn is_idle(&self) -> bool {
        self.stage.open.load(Ordering::Acquire) == 0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stage.stop.store(true, Ordering::Relaxed);
        // Wakes the listener, which then sees the flag. If nobody listens, it is gone already.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_millis(200));
    }
}

/// What the threads of a server share.
struct Stage {
    script: Script,
    record: Record,
    stop: Arc<AtomicBool>,
    /// Conversations that go on.
    open: AtomicUsize,
}

fn listen(stage: &Arc<Stage>, listener: &TcpListener) {
    for stream in listener.incoming() {
        if stage.stop.load(Ordering::Relaxed) {
            return;
        }
        match stream {
            Ok(stream) => serve(stage, stream),
            // Out of descriptors, or the peer left before we looked: neither is for ever.
            Err(_) => thread::sleep(Duration::from_millis(20)),
        }
    }
}

fn serve(stage: &Arc<Stage>, stream: TcpStream) {
    let conversation = Conversation::begin(stage);
    // When no thread can be made, the connection is closed: the lab lives on.
    let _ = thread::Builder::new()
        .name("lab connection".into())
        .spawn(move || conversation.play(stream));
}

/// One connection, counted as open for as long as this lives.
struct Conversation(Arc<Stage>);

impl Conversation {
    fn begin(stage: &Arc<Stage>) -> Self {
        stage.open.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(stage))
    }

    fn play(self, stream: TcpStream) {
        let stage = &self.0;
        let clock = Clock::new(CONNECTION_LIMIT, Arc::clone(&stage.stop));
        // How a conversation ended is the client's to tell; the server only plays.
        let _ = Wire::new(stream, clock)
            .and_then(|wire| player::play(&stage.script, wire, &stage.record));
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Release);
    }
}
