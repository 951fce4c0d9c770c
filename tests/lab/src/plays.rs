//! What honest and hostile servers do, as scripts in the words of any dialect.
//!
//! Every script that ends without TLS goes on as a honeypot: it takes passwords, so that a client
//! that falls back to clear text is caught with the password in hand. Attacks that are kept as
//! text are in `notation`.

use std::time::Duration;

use crate::dialect::Dialect;
use crate::script::{Script, Step, TlsBehaviour};
use crate::tls::Endpoint;

const DRIP: Duration = Duration::from_millis(200);
const FLOOD: usize = 64 << 20;

fn script(dialect: &Dialect, steps: Vec<Step>) -> Script {
    Script { framing: dialect.framing, steps }
}

/// The greeting; with the offer where the protocol has no question for it.
fn greeting(dialect: &Dialect, offer: &str) -> Step {
    match dialect.question {
        Some(_) => Step::send(dialect.greeting),
        None => Step::send(&format!("{}{offer}", dialect.greeting)),
    }
}

/// Until the client asks for TLS and hears `reply`; `rest` follows.
fn upgraded(dialect: &Dialect, offer: &str, reply: &str, rest: Vec<Step>) -> Script {
    let lobby = dialect.lobby(offer.to_owned(), reply);
    let mut steps = vec![greeting(dialect, offer), Step::Dialogue(lobby)];
    steps.extend(rest);
    script(dialect, steps)
}

/// The handshake, and an honest session inside.
fn served(dialect: &Dialect, tls: &Endpoint) -> Vec<Step> {
    vec![Step::serve(tls), Step::send(dialect.inside), Step::Dialogue(dialect.session())]
}

fn honeypot(dialect: &Dialect) -> Step {
    Step::Dialogue(dialect.session())
}

pub fn honest(dialect: &Dialect, tls: &Endpoint) -> Script {
    upgraded(dialect, dialect.offer, dialect.go_ahead, served(dialect, tls))
}

/// The line that offers TLS is gone.
pub fn stripped(dialect: &Dialect, _: &Endpoint) -> Script {
    script(dialect, vec![greeting(dialect, dialect.bare), honeypot(dialect)])
}

/// TLS is offered, and its command answered with something else.
pub fn answering(dialect: &Dialect, reply: &str) -> Script {
    upgraded(dialect, dialect.offer, reply, vec![honeypot(dialect)])
}

/// A line of Eve's behind the go-ahead, in the same segment (CVE-2011-0411, client side).
pub fn injected(dialect: &Dialect, tls: &Endpoint) -> Script {
    let reply = format!("{}{}", dialect.go_ahead, dialect.injected);
    upgraded(dialect, dialect.offer, &reply, served(dialect, tls))
}

/// The go-ahead comes before it was asked for.
pub fn pipelined(dialect: &Dialect, tls: &Endpoint) -> Script {
    let early = dialect.go_ahead.replace("<T>", "<N>");
    upgraded(dialect, &format!("{}{early}", dialect.offer), "", served(dialect, tls))
}

/// The server greets with this and would go on without TLS.
pub fn greeting_with(dialect: &Dialect, line: &str) -> Script {
    script(dialect, vec![Step::send(line), honeypot(dialect)])
}

/// Somebody else's protocol: a TLS handshake record where the greeting should be.
pub fn tls_first(dialect: &Dialect, _: &Endpoint) -> Script {
    let mut record = b"\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03".to_vec();
    record.extend([0x5a; 36]);
    script(dialect, vec![Step::Send(record), Step::hold()])
}

/// A greeting that takes longer than anybody waits, though a byte comes all the time.
pub fn slow_greeting(dialect: &Dialect, _: &Endpoint) -> Script {
    let bytes = format!("{}{}", dialect.beginning, "mail.bob.test ".repeat(20)).into_bytes();
    let every = Duration::from_millis(300);
    script(dialect, vec![Step::SendSlowly { bytes, every }])
}

pub fn endless_greeting(dialect: &Dialect, _: &Endpoint) -> Script {
    let flood = Step::Flood { unit: b"A".to_vec(), total: FLOOD };
    script(dialect, vec![Step::send(dialect.beginning), flood])
}

pub fn endless_reply(dialect: &Dialect, _: &Endpoint) -> Script {
    let (first, unit) = dialect.endless;
    let flood = Step::Flood { unit: unit.as_bytes().to_vec(), total: FLOOD };
    asked(dialect, vec![Step::send(first), flood])
}

/// Hangs up where the answer to the client's question should come.
pub fn closed(dialect: &Dialect, _: &Endpoint) -> Script {
    asked(dialect, vec![Step::Close])
}

/// `rest` comes in place of what the server can do: the answer to a question, or the greeting.
fn asked(dialect: &Dialect, rest: Vec<Step>) -> Script {
    let question =
        dialect.question.map(|question| vec![Step::send(dialect.greeting), Step::expect(question)]);
    let mut steps = question.unwrap_or_default();
    steps.extend(rest);
    script(dialect, steps)
}

/// An honest go-ahead; the ClientHello is read; then this.
fn after_hello(dialect: &Dialect, then: Step) -> Script {
    let rest = vec![Step::Tls(TlsBehaviour::ReadHello), then];
    upgraded(dialect, dialect.offer, dialect.go_ahead, rest)
}

pub fn closed_handshake(dialect: &Dialect, _: &Endpoint) -> Script {
    after_hello(dialect, Step::Close)
}

pub fn stalled_handshake(dialect: &Dialect, _: &Endpoint) -> Script {
    after_hello(dialect, Step::hold())
}

/// Text in place of the ServerHello.
pub fn late_injection(dialect: &Dialect, _: &Endpoint) -> Script {
    after_hello(dialect, Step::send(dialect.injected))
}

/// A fatal unrecognized_name (RFC 6066 §3).
pub fn alert(dialect: &Dialect, _: &Endpoint) -> Script {
    after_hello(dialect, Step::Send(vec![0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x70]))
}

/// A handshake record of nonsense.
pub fn garbled_handshake(dialect: &Dialect, _: &Endpoint) -> Script {
    let mut record = vec![0x16, 0x03, 0x03, 0x00, 0x20];
    record.extend([0xff; 0x20]);
    after_hello(dialect, Step::Send(record))
}

pub fn dripped_handshake(dialect: &Dialect, tls: &Endpoint) -> Script {
    let drip = TlsBehaviour::Drip { endpoint: tls.clone(), every: DRIP };
    let rest = vec![Step::Tls(drip), honeypot(dialect)];
    upgraded(dialect, dialect.offer, dialect.go_ahead, rest)
}
