//! A server's part: in clear, at the handshake, and inside TLS.

use std::time::Duration;

use stv_lab::notation;
use stv_lab::script::{Framing, Script, Step};
use stv_lab::tls::Endpoint;

use super::packets;
use super::suite::Attack;

/// What a server does, in three acts.
#[derive(Clone)]
pub struct Play {
    pub framing: Framing,
    /// Up to the handshake.
    pub clear: Vec<Step>,
    /// The handshake, and what the library itself agrees on inside TLS.
    pub handshake: Vec<Step>,
    /// What the program then hears and says.
    pub inside: Vec<Step>,
}

/// A server that is silent longer than this listens until the client goes.
const SILENCE: Duration = Duration::from_secs(10);

impl Play {
    /// Text in the notation of the corpus, one act.
    pub fn read(proto: &str, steps: &[&str], tls: &Endpoint) -> Result<Play, String> {
        let script = notation::parse(steps, notation::framing_of(proto), tls)?;
        Ok(Play::of(proto, script.framing, script.steps))
    }

    /// Cuts steps into acts.
    pub fn of(proto: &str, framing: Framing, steps: Vec<Step>) -> Play {
        let mut clear: Vec<Step> = steps.into_iter().map(patiently).collect();
        let at = clear.iter().position(|step| matches!(step, Step::Tls(_)));
        let mut handshake = clear.split_off(at.unwrap_or(clear.len()));
        let inside = handshake.split_off(handshake.len().min(1));
        if !handshake.is_empty() {
            handshake.extend(agreed(proto));
        }
        Play { framing, clear, handshake, inside }
    }

    /// The play of an attack: its steps, or what is built by hand where they are prose.
    pub fn of_attack(row: &Attack, tls: &Endpoint) -> Result<Play, String> {
        if let Some(play) = by_hand(&row.id, tls) {
            return Ok(play);
        }
        let steps: Vec<&str> = row.steps.iter().flatten().map(String::as_str).collect();
        Play::read(&row.proto, &steps, tls)
    }

    pub fn script(&self) -> Script {
        let steps = [&self.clear[..], &self.handshake, &self.inside].concat();
        Script { framing: self.framing, steps }
    }

    /// Does the server speak before it is spoken to?
    pub fn server_first(&self) -> bool {
        matches!(self.clear.first(), Some(Step::Send(_) | Step::SendSlowly { .. }))
    }

    /// Everything that the program may read.
    pub fn for_the_program(&self) -> Vec<u8> {
        let sent = self.inside.iter().filter_map(|step| match step {
            Step::Send(bytes) => Some(bytes.as_slice()),
            _ => None,
        });
        sent.collect::<Vec<_>>().concat()
    }
}

fn patiently(step: Step) -> Step {
    match step {
        Step::Hold(time) if time >= SILENCE => Step::hold(),
        step => step,
    }
}

/// FTP's data connections are protected inside TLS before the program takes over (RFC 4217 §9).
fn agreed(proto: &str) -> Vec<Step> {
    match proto {
        "FTP" => vec![
            Step::expect("PBSZ 0"),
            Step::send("200 ok\r\n"),
            Step::expect("PROT P"),
            Step::send("200 ok\r\n"),
        ],
        _ => Vec::new(),
    }
}

/// Rows that are prose, or whose bytes are described.
fn by_hand(id: &str, tls: &Endpoint) -> Option<Play> {
    let ftp = |rest: &[Step]| {
        let mut steps = vec![Step::send("220 ready\r\n"), Step::expect("AUTH TLS")];
        steps.extend([Step::send("234 go\r\n"), Step::serve(tls)]);
        let play = Play::of("FTP", Framing::Lines, steps);
        Play { inside: rest.to_vec(), ..play }
    };
    let play = match id {
        "A060" => {
            let answer = packets::ldap_response(0, Some("1.3.6.1.4.1.1466.99999"));
            let steps = vec![Step::Expect(vec![0x30]), Step::Send(answer)];
            Play::of("LDAP", Framing::Chunks, steps)
        }
        // The row's second ">" begins a second segment.
        "A124" => {
            let steps = vec![Step::send("120 ready in 1 minute\r\n"), Step::send("220 hi\r\n")];
            Play::of("FTP", Framing::Lines, [steps, vec![Step::expect("AUTH TLS")]].concat())
        }
        "A158" => mysql(packets::mysql_greeting(9)),
        "A159" => mysql(packets::mysql_truncated()),
        "A270" => {
            ftp(&[Step::expect("PASV"), Step::send("227 Entering Passive Mode (10,0,0,1,4,1)\r\n")])
        }
        "A271" => unprotected(ftp(&[])),
        "A273" => ftp(&[Step::expect("CCC"), Step::Cut]),
        "A274" => apop(tls),
        _ => return None,
    };
    Some(play)
}

fn mysql(greeting: Vec<u8>) -> Play {
    Play::of("MYSQL", Framing::Packets, vec![Step::Send(greeting)])
}

/// The same server, which has no protection for data connections.
fn unprotected(play: Play) -> Play {
    let mut handshake = play.handshake;
    handshake.pop();
    handshake.push(Step::send("536 no\r\n"));
    Play { handshake, ..play }
}

fn apop(tls: &Endpoint) -> Play {
    let steps = vec![
        Step::send("+OK hi <1.2@evil>\r\n"),
        Step::expect("CAPA"),
        Step::send("+OK\r\nSTLS\r\n.\r\n"),
        Step::expect("STLS"),
        Step::send("+OK go\r\n"),
        Step::serve(tls),
    ];
    Play::of("POP3", Framing::Lines, steps)
}
