//! What an open session costs: memory, and allocations while it is used.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::VecDeque;
use std::io::{self, Read, Write};

use openssl::ssl::{Ssl, SslContext, SslMethod, SslStream, SslVersion};
use starttls_verify::options::{Mode, Value};
use starttls_verify::proto::Protocol;
use starttls_verify::session::Session;
use starttls_verify::status::Status;
use starttls_verify::verify::{Config, Peer, Verifier};
use stv_lab::chains::{Chain, Pki};

const MAIL: &str = "mail.example.test";

/// Counts what the thread that asks has allocated.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: all the work is the system allocator's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
}

fn allocations() -> usize {
    ALLOCATIONS.with(Cell::get)
}

/// The server's end in memory.
#[derive(Debug, Default)]
struct Pipe {
    from_client: VecDeque<u8>,
    to_client: VecDeque<u8>,
}

impl Read for Pipe {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.from_client.read(into)? {
            0 => Err(io::ErrorKind::WouldBlock.into()),
            octets => Ok(octets),
        }
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to_client.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn server_context(chain: &Chain, version: SslVersion) -> SslContext {
    let mut context = SslContext::builder(SslMethod::tls_server()).unwrap();
    context.set_max_proto_version(Some(version)).unwrap();
    context.set_certificate(&chain.certs[0]).unwrap();
    context.set_private_key(&chain.key).unwrap();
    for other in &chain.certs[1..] {
        context.add_extra_chain_cert(other.clone()).unwrap();
    }
    context.build()
}

fn client() -> (Pki, Verifier, Peer) {
    let pki = Pki::new().unwrap();
    let mut config = Config::new();
    let anchor = Value::Bytes(pki.root.cert.to_der().unwrap());
    config.put(Mode::Append, "ca_der", anchor).unwrap();
    let mut peer = Peer::new();
    peer.set_protocol(Protocol::Imaps);
    peer.set_host(MAIL).unwrap();
    (pki, Verifier::new(&config).unwrap(), peer)
}

/// An open session and its server. What the server says last has been fed, tickets included.
fn open(verifier: &Verifier, peer: &Peer, context: &SslContext) -> (Session, SslStream<Pipe>) {
    let mut session = Session::new(verifier, peer).unwrap();
    let ssl = Ssl::new(context).unwrap();
    let mut server = SslStream::new(ssl, Pipe::default()).unwrap();
    loop {
        let status = session.step().expect("a trusted server");
        move_bytes(&mut session, &mut server);
        let _ = server.accept();
        move_bytes(&mut session, &mut server);
        if status == Status::Ok {
            return (session, server);
        }
    }
}

fn move_bytes(session: &mut Session, server: &mut SslStream<Pipe>) {
    let mut piece = [0; 4096];
    loop {
        let octets = session.take(&mut piece);
        server.get_mut().from_client.extend(&piece[..octets]);
        let fed = server.get_mut().to_client.read(&mut piece).unwrap();
        session.feed(&piece[..fed]).unwrap();
        if octets + fed == 0 {
            return;
        }
    }
}

/// Octets of the heap that are in use.
fn heap() -> usize {
    // SAFETY: it takes nothing and only reads.
    let info = unsafe { libc::mallinfo2() };
    info.uordblks + info.hblkhd
}

/// Octets of the heap for an open session, the session itself included. It was 16 KB more while OpenSSL
/// kept a read buffer that holds nothing.
const MOST: usize = 30 * 1024;

#[test]
fn an_open_session_is_small() {
    // mallinfo2 knows one arena only: there shall be no other.
    // SAFETY: a number for a number.
    assert_eq!(unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) }, 1);
    let (pki, verifier, peer) = client();
    let chain = pki.leaf(&[MAIL]).unwrap();
    for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        let context = server_context(&chain, version);
        let mut sessions = Vec::with_capacity(1100);
        let mut begun = 0;
        for number in 0..1100 {
            if number == 100 {
                begun = heap();
            }
            sessions.push(Box::new(open(&verifier, &peer, &context).0));
        }
        let each = (heap().saturating_sub(begun)) / 1000;
        assert!(each <= MOST, "{version:?}: {each} octets of an open session");
        drop(sessions);
    }
}

/// Lines in, lines out: nothing of ours is allocated for them.
#[test]
fn an_open_session_allocates_nothing() {
    let (pki, verifier, peer) = client();
    let chain = pki.leaf(&[MAIL]).unwrap();
    for version in [SslVersion::TLS1_2, SslVersion::TLS1_3] {
        let context = server_context(&chain, version);
        let (mut session, mut server) = open(&verifier, &peer, &context);
        let mut rounds = Vec::new();
        for _ in 0..20 {
            server.write_all(&[b'a'; 500]).unwrap();
            let mut wire = [0; 1024];
            let length = server.get_mut().to_client.read(&mut wire).unwrap();
            let before = allocations();
            session.feed(&wire[..length]).unwrap();
            let mut plain = [0; 1024];
            while session.read(&mut plain).unwrap().0 == Status::Ok {}
            assert_eq!(session.write(&[b'b'; 500]), Ok((Status::Ok, 500)));
            while session.take(&mut wire) > 0 {}
            rounds.push(allocations() - before);
        }
        assert_eq!(rounds[10..], [0; 10], "{version:?}: {rounds:?}");
    }
}
