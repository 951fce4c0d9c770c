//! SMTP as the lab plays it: the honest server and the attacks on it, as scripts.
//!
//! Every script that ends without TLS goes on as a honeypot: it takes AUTH, so that a client that
//! falls back to clear text is caught with the password in hand. See RFC 3207 for the protocol
//! and `notation` for attacks that are kept as text.

use std::time::Duration;

use crate::script::{Dialogue, Rule, Script, Step, Then, TlsBehaviour};
use crate::tls::Endpoint;

/// The name of the note that a rule makes when somebody sends a password.
pub const PASSWORD: &str = "password";

const GREETING: &str = "220 mail.bob.test ESMTP stv-lab\r\n";
const OFFER: &str = "250-mail.bob.test\r\n250-PIPELINING\r\n250-SIZE 1000000\r\n250 STARTTLS\r\n";
const NO_OFFER: &str = "250-mail.bob.test\r\n250-PIPELINING\r\n250 AUTH PLAIN LOGIN\r\n";
const GO_AHEAD: &str = "220 2.0.0 Ready to start TLS\r\n";
const DRIP: Duration = Duration::from_millis(200);
const FLOOD: usize = 64 << 20;

/// May this line leave a client in clear?
pub fn may_be_clear(line: &str) -> bool {
    let word = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
    matches!(&word[..], "EHLO" | "STARTTLS" | "QUIT")
}

/// Greeting, EHLO with STARTTLS offered, STARTTLS, 220; `rest` follows the go-ahead.
fn upgraded(go_ahead: &str, rest: Vec<Step>) -> Script {
    let mut steps = vec![
        Step::send(GREETING),
        Step::expect("EHLO"),
        Step::send(OFFER),
        Step::expect("STARTTLS"),
        Step::send(go_ahead),
    ];
    steps.extend(rest);
    Script::lines(steps)
}

/// What a server says once nobody listens in, and a honeypot always.
fn session() -> Step {
    Step::Dialogue(Dialogue {
        rules: vec![
            Rule::new("EHLO", NO_OFFER, Then::Stay),
            Rule::new("NOOP", "250 2.0.0 OK\r\n", Then::Stay),
            Rule::new("AUTH", "235 2.7.0 Authentication successful\r\n", Then::Stay)
                .noting(PASSWORD),
            Rule::new("STARTTLS", "502 5.5.1 Not implemented\r\n", Then::Stay),
            Rule::new("QUIT", "221 2.0.0 Bye\r\n", Then::End),
        ],
        otherwise: b"250 2.0.0 OK\r\n".to_vec(),
    })
}

pub fn honest(tls: &Endpoint) -> Script {
    upgraded(GO_AHEAD, vec![Step::serve(tls), session()])
}

/// The line that offers STARTTLS is gone.
pub fn stripped(_: &Endpoint) -> Script {
    Script::lines(vec![Step::send(GREETING), Step::expect("EHLO"), Step::send(NO_OFFER), session()])
}

/// STARTTLS is offered, and answered with something else.
pub fn answering(reply: &str) -> Script {
    upgraded(reply, vec![session()])
}

/// A line of Eve's behind the go-ahead, in the same segment (CVE-2011-0411, client side).
pub fn injected(tls: &Endpoint) -> Script {
    upgraded(
        "220 2.0.0 Ready to start TLS\r\n250 evil.eve.test\r\n",
        vec![Step::serve(tls), session()],
    )
}

/// The go-ahead comes before it was asked for.
pub fn pipelined(tls: &Endpoint) -> Script {
    Script::lines(vec![
        Step::send(GREETING),
        Step::expect("EHLO"),
        Step::send(&format!("{OFFER}{GO_AHEAD}")),
        Step::expect("STARTTLS"),
        Step::serve(tls),
        session(),
    ])
}

/// The server greets with this and would go on without TLS.
pub fn greeting(line: &str) -> Script {
    Script::lines(vec![Step::send(line), session()])
}

/// Somebody else's protocol: a TLS handshake record where the greeting should be.
pub fn tls_first(_: &Endpoint) -> Script {
    let mut record = b"\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03".to_vec();
    record.extend([0x5a; 36]);
    Script::lines(vec![Step::Send(record), Step::hold()])
}

/// A greeting that takes longer than anybody waits, though a byte comes all the time.
pub fn slow_greeting(_: &Endpoint) -> Script {
    let bytes = format!("220 {}", "mail.bob.test ".repeat(20)).into_bytes();
    let every = Duration::from_millis(300);
    Script::lines(vec![Step::SendSlowly { bytes, every }])
}

pub fn endless_greeting(_: &Endpoint) -> Script {
    let flood = Step::Flood { unit: b"A".to_vec(), total: FLOOD };
    Script::lines(vec![Step::send("220 "), flood])
}

pub fn endless_reply(_: &Endpoint) -> Script {
    let flood = Step::Flood { unit: b"250-x\r\n".to_vec(), total: FLOOD };
    Script::lines(vec![Step::send(GREETING), Step::expect("EHLO"), flood])
}

/// Hangs up where the reply to EHLO should come.
pub fn closed(_: &Endpoint) -> Script {
    Script::lines(vec![Step::send(GREETING), Step::expect("EHLO"), Step::Close])
}

/// An honest go-ahead; the ClientHello is read; then this.
fn after_hello(then: Step) -> Script {
    upgraded(GO_AHEAD, vec![Step::Tls(TlsBehaviour::ReadHello), then])
}

pub fn closed_handshake(_: &Endpoint) -> Script {
    after_hello(Step::Close)
}

pub fn stalled_handshake(_: &Endpoint) -> Script {
    after_hello(Step::hold())
}

/// Text in place of the ServerHello.
pub fn late_injection(_: &Endpoint) -> Script {
    after_hello(Step::send("250 2.0.0 evil.eve.test at your service\r\n"))
}

/// A fatal unrecognized_name (RFC 6066 §3).
pub fn alert(_: &Endpoint) -> Script {
    after_hello(Step::Send(vec![0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x70]))
}

/// A handshake record of nonsense.
pub fn garbled_handshake(_: &Endpoint) -> Script {
    let mut record = vec![0x16, 0x03, 0x03, 0x00, 0x20];
    record.extend([0xff; 0x20]);
    after_hello(Step::Send(record))
}

pub fn dripped_handshake(tls: &Endpoint) -> Script {
    let drip = TlsBehaviour::Drip { endpoint: tls.clone(), every: DRIP };
    upgraded(GO_AHEAD, vec![Step::Tls(drip), session()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_may_be_clear() {
        assert!(may_be_clear("EHLO localhost") && may_be_clear("starttls"));
        assert!(!may_be_clear("AUTH PLAIN AGJvYgBzZWNyZXQ=") && !may_be_clear("EHLOX"));
    }
}
