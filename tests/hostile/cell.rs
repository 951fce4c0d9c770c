//! The table: every protocol, every stage, every kind of hostility, and the one code that ends it.
//!
//! | kind | what the server does | code |
//! |---|---|---|
//! | slow-loris | the honest answer, its last octet behind the deadline | `io.timeout` |
//! | stall | nothing | `io.timeout` |
//! | half | half of the honest answer, then the end | `io.closed` |
//! | close, reset | the end, in order or not | `io.closed` |
//! | endless ..., lying ... | what the [`Flood`] says | that of the flood |
//! | drip | an honest handshake, or a record, octet by octet | `io.timeout` |
//! | endless tickets | an honest handshake and session tickets behind it | `tls.protocol` |
//! | cut | inside TLS: the end without a word | `tls.truncated` |
//!
//! What TLS carries once it stands hangs on no protocol, so the stage `open` is visited through one
//! that upgrades and one that does not.
//!
//! Q: Why is a reset no `io.error`? A: A peer that is gone is a closed connection, whichever way it
//! went; which of our calls meets the reset first is a matter of microseconds, and a code that hangs
//! on it would not be stable.

use std::time::Duration;

use starttls_verify::proto::{Protocol, REGISTRY, Upgrade};

use crate::DEADLINE;
use crate::conversation::{self, Conversation, Flood, Turn};
use crate::server::Act;
use crate::visitor::Door;

/// A flood is noticed long before the deadline.
const FLOOD: &str = "tls.protocol";
const TIMEOUT: &str = "io.timeout";
const CLOSED: &str = "io.closed";
const TRUNCATED: &str = "tls.truncated";
const HANDSHAKE: &str = "tls.handshake";
const INJECTED: &str = "starttls.plaintext_injection";

/// When the last octet of a slow-loris comes: behind the deadline and its tolerance.
const LORIS: Duration = DEADLINE.saturating_mul(2);
/// Between two octets of a handshake, or of a record; there are more than a hundred.
const DRIP: Duration = Duration::from_millis(20);
/// Session tickets that servers send (OpenSSL's default).
const TICKETS: usize = 2;

/// Whether TLS records may follow the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ahead {
    Denied,
    Granted,
}

/// One hostile server and what has to become of it.
pub struct Cell {
    pub protocol: Protocol,
    pub stage: &'static str,
    pub kind: &'static str,
    pub door: Door,
    pub acts: Vec<Act>,
    pub ahead: Ahead,
    pub code: &'static str,
}

/// Every cell of every protocol of the registry.
pub fn all() -> Vec<Cell> {
    REGISTRY.iter().flat_map(|row| of(row.protocol)).collect()
}

/// What was done so far, and where.
struct Scene {
    protocol: Protocol,
    stage: &'static str,
    ahead: Ahead,
    acts: Vec<Act>,
}

impl Scene {
    /// The acts so far and then these.
    fn cell(
        &self,
        kind: &'static str,
        rest: impl IntoIterator<Item = Act>,
        code: &'static str,
    ) -> Cell {
        let Scene { protocol, stage, ahead, .. } = *self;
        let acts: Vec<Act> = self.acts.iter().cloned().chain(rest).collect();
        // An end that comes first of all must not meet the session while it still connects.
        let door = match acts.first() {
            Some(Act::Close | Act::Reset) => Door::Later,
            _ => Door::Connect,
        };
        Cell { protocol, stage, kind, door, acts, ahead, code }
    }

    fn flood(&self, flood: &Flood) -> Cell {
        let then = if flood.unit.is_empty() { Act::Hold } else { Act::Flood(flood.unit.clone()) };
        self.cell(flood.kind, [Act::Say(flood.head.clone()), then], flood.code)
    }

    fn hear(&mut self, word: &[u8]) {
        if !word.is_empty() {
            self.acts.push(Act::Hear(word.to_vec()));
        }
    }

    /// All that can be done in place of an answer; then the answer.
    fn take_turn(&mut self, turn: &Turn, cells: &mut Vec<Cell>) {
        self.stage = turn.stage;
        self.hear(&turn.word);
        cells.push(self.cell("stall", [Act::Hold], TIMEOUT));
        cells.extend(self.partly(&turn.reply));
        cells.extend(self.ends());
        cells.extend(turn.floods.iter().map(|flood| self.flood(flood)));
        self.acts.push(Act::Say(turn.reply.clone()));
    }

    /// What needs an answer of more than one octet.
    fn partly(&self, reply: &[u8]) -> Vec<Cell> {
        let Some(gaps) = u32::try_from(reply.len()).ok().and_then(|octets| octets.checked_sub(1))
        else {
            return Vec::new();
        };
        let Some(every) = LORIS.checked_div(gaps) else {
            return Vec::new();
        };
        let half = Act::Say(reply[..reply.len() / 2].to_vec());
        let closed = if self.is_inside() { TRUNCATED } else { CLOSED };
        vec![
            self.cell("slow-loris", [Act::Drip(reply.to_vec(), every)], TIMEOUT),
            self.cell("half", [half, Act::Cut], closed),
        ]
    }

    /// Inside TLS the end has to be announced: one that is not may be an attacker's.
    fn ends(&self) -> Vec<Cell> {
        let gone = if self.is_inside() { TRUNCATED } else { CLOSED };
        let mut ends =
            vec![self.cell("close", [Act::Close], CLOSED), self.cell("reset", [Act::Reset], gone)];
        if self.is_inside() {
            ends.push(self.cell("cut", [Act::Cut], TRUNCATED));
        }
        ends
    }

    fn is_inside(&self) -> bool {
        self.acts.iter().any(|act| matches!(act, Act::Seal(_)))
    }
}

fn of(protocol: Protocol) -> Vec<Cell> {
    let conversation = conversation::of(protocol);
    let begun = match protocol.row().upgrade {
        Upgrade::InBand => Ahead::Denied,
        Upgrade::Implicit => Ahead::Granted,
    };
    let mut scene = Scene { protocol, stage: "connect", ahead: begun, acts: Vec::new() };
    let mut cells = at_connect(&scene, &conversation);
    for turn in &conversation.turns {
        scene.take_turn(turn, &mut cells);
    }
    scene.hear(&conversation.last_word);
    scene.ahead = Ahead::Granted;
    cells.extend(handshake(&mut scene));
    cells.extend(tickets(&mut scene, &conversation));
    scene.acts.push(Act::Seal(TICKETS));
    for turn in &conversation.inside {
        scene.take_turn(turn, &mut cells);
    }
    if matches!(protocol, Protocol::Smtp | Protocol::Tls) {
        cells.extend(open(&mut scene));
    }
    cells
}

/// Where the client speaks first, the server may be gone before the first word.
fn at_connect(scene: &Scene, conversation: &Conversation) -> Vec<Cell> {
    if conversation.turns.first().is_some_and(|turn| turn.word.is_empty()) {
        return Vec::new();
    }
    scene.ends()
}

/// The go-ahead was given. Leaves the acts as they were, before ClientHello.
fn handshake(scene: &mut Scene) -> Vec<Cell> {
    scene.stage = "handshake";
    let mut cells = vec![scene.cell("drip", [Act::Slow(DRIP), Act::Seal(TICKETS)], TIMEOUT)];
    if !scene.acts.is_empty() {
        cells.push(scene.cell("close before", [Act::Close], CLOSED));
        cells.push(scene.cell("reset before", [Act::Reset], CLOSED));
    }
    scene.acts.push(Act::HearHello);
    cells.push(scene.cell("stall", [Act::Hold], TIMEOUT));
    cells.extend(scene.ends());
    cells.extend(records(scene.protocol).iter().map(|flood| scene.flood(flood)));
    scene.acts.pop();
    cells
}

/// Tickets come before anything can be agreed inside TLS.
fn tickets(scene: &mut Scene, conversation: &Conversation) -> Option<Cell> {
    let first = conversation.inside.first()?;
    scene.stage = first.stage;
    Some(scene.cell("endless tickets", [Act::Seal(usize::MAX)], FLOOD))
}

/// The session is open and its program reads.
fn open(scene: &mut Scene) -> Vec<Cell> {
    scene.stage = "open";
    let record = Act::Say(vec![b'x'; 256]);
    let mut cells = vec![
        scene.cell("stall", [Act::Hold], TIMEOUT),
        scene.cell("drip", [Act::Slow(DRIP), record], TIMEOUT),
        scene.cell("cut", [Act::Cut], TRUNCATED),
        scene.cell("reset", [Act::Reset], TRUNCATED),
    ];
    scene.acts.pop();
    cells.push(scene.cell("endless tickets", [Act::Seal(usize::MAX)], FLOOD));
    cells
}

/// Floods in place of the ServerHello.
fn records(protocol: Protocol) -> Vec<Flood> {
    let plaintext = match protocol.row().upgrade {
        Upgrade::InBand => INJECTED,
        Upgrade::Implicit => HANDSHAKE,
    };
    let flood = |kind, head: &[u8], unit: &[u8], code| Flood {
        kind,
        head: head.to_vec(),
        unit: unit.to_vec(),
        code,
    };
    vec![
        flood("endless plaintext", b"", b"A", plaintext),
        // RFC 5246 §7.4.1.1: a client that is in a handshake ignores a HelloRequest, and the next.
        flood("endless requests", b"", b"\x16\x03\x03\x00\x04\x00\x00\x00\x00", TIMEOUT),
        flood("endless warnings", b"", b"\x15\x03\x03\x00\x02\x01\x5a", HANDSHAKE),
        flood("lying record", b"\x16\x03\x03\xff\xff", b"A", HANDSHAKE),
        flood("lying message", b"\x16\x03\x03\x40\x00\x02\xff\xff\xff", b"\0", HANDSHAKE),
        flood("lying chain", &certificate(b"\xff\xff\xff"), b"\0", HANDSHAKE),
        flood("endless chain", &certificate(b"\x01\x80\x00"), &chain_record(), HANDSHAKE),
    ]
}

/// A ServerHello of TLS 1.2 and the beginning of a Certificate message of this length.
fn certificate(length: &[u8; 3]) -> Vec<u8> {
    let mut hello = b"\x02\x00\x00\x2d\x03\x03".to_vec();
    hello.extend([0x5a; 32]);
    // No session, ECDHE-RSA-AES128-GCM-SHA256, no compression, secure renegotiation (RFC 5746).
    hello.extend(b"\x00\xc0\x2f\x00\x00\x05\xff\x01\x00\x01\x00");
    let message = [b"\x0b".as_slice(), length].concat();
    [record(&hello), record(&message)].concat()
}

fn chain_record() -> Vec<u8> {
    record(&[0; 4096])
}

/// A handshake record (RFC 5246 §6.2.1).
fn record(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).expect("a record's length").to_be_bytes();
    [b"\x16\x03\x03".as_slice(), &length, content].concat()
}
