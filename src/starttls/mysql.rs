//! MySQL and MariaDB: Handshake v10 and SSLRequest (MySQL source documentation, "Connection Phase
//! Packets"; MariaDB documentation, "Connecting").
//!
//! ```text
//! S: length(3) 00  0a version NUL, thread id 4, scramble 8, 00, capabilities 2, charset 1,
//!                  status 2, capabilities 2, scramble length 1, reserved 10, scramble 13 or more,
//!                  plugin NUL
//! C: 20 00 00 01   capabilities 4, longest packet 4, charset 1, zeros 23
//! ```
//!
//! All numbers are little-endian. There is no answer: TLS begins behind the request, so the go-ahead
//! is the next step, once the request is on its way. The greeting never comes again inside TLS, and
//! the server holds the client to the capabilities of SSLRequest. [`Negotiator::facts`] therefore
//! gives the program what it needs for HandshakeResponse41 (sequence number 2, the same
//! `client_flags`, `client_max_packet` and `client_charset`, zeros as here). Whoever sits on the path
//! may have written it: a scramble that was replaced makes the login fail, no more.
//!
//! A server without CLIENT_SSL is left: a client that goes on sends its password's hash in clear
//! (BACKRONYM, CVE-2015-3152). An error packet in place of the greeting (blocked host, too many
//! connections) is quoted as what it is, the word of somebody unknown.

use data_encoding::HEXLOWER;
use serde::Serialize;

use crate::line::Input;
use crate::report::Code;

use super::{Move, Negotiator, Occasion, Refusal, Terms};

/// Length and sequence number.
const HEADER_OCTETS: usize = 4;
/// Greetings have about 100 octets; the longest known part, the version, may have 60 in practice.
const GREETING_OCTETS: usize = 4096;
const PROTOCOL_VERSION: u8 = 10;
const ERROR: u8 = 0xff;

const CLIENT_PROTOCOL_41: u32 = 0x0200;
const CLIENT_SSL: u32 = 0x0800;
const CLIENT_SECURE_CONNECTION: u32 = 0x8000;
const CLIENT_PLUGIN_AUTH: u32 = 0x0008_0000;
/// What a client of our days asks for if the server has it: LONG_PASSWORD (which a MariaDB server
/// leaves out to be known as one), LONG_FLAG, TRANSACTIONS and the above. Nothing that would change
/// the layout of HandshakeResponse41 beyond the plugin's name.
const WANTED: u32 = 0x0001
    | 0x0004
    | CLIENT_PROTOCOL_41
    | CLIENT_SSL
    | 0x2000
    | CLIENT_SECURE_CONNECTION
    | CLIENT_PLUGIN_AUTH;
/// 16 MiB, the longest packet that is not split.
const MAX_PACKET: u32 = 1 << 24;
/// utf8mb4_general_ci; a server that does not know it uses its default.
const CHARSET: u8 = 45;

/// What is awaited.
#[derive(Debug)]
enum State {
    Greeting,
    /// SSLRequest was said.
    Asked(Facts),
}

/// What the greeting said and SSLRequest settled.
#[derive(Debug, Serialize)]
struct Facts {
    server_version: String,
    thread_id: u32,
    /// In hexadecimal, without the NUL at its end.
    scramble: String,
    capabilities: u32,
    charset: u8,
    status: u16,
    auth_plugin: String,
    client_flags: u32,
    client_max_packet: u32,
    client_charset: u8,
}

/// The words of MySQL.
#[derive(Debug)]
pub struct Mysql {
    state: State,
}

impl Mysql {
    /// SSLRequest hangs on the greeting alone.
    pub fn new(_terms: &Terms, _occasion: &Occasion) -> Mysql {
        Mysql { state: State::Greeting }
    }

    fn greeted(&mut self, packet: &Packet) -> Result<Move, Refusal> {
        match packet.payload.split_first() {
            Some((&ERROR, error)) => return Err(rejected(error)),
            Some((&PROTOCOL_VERSION, _)) if packet.sequence == 0 => {}
            _ => return Err(malformed(&packet.payload)),
        }
        let Some(facts) = parse_greeting(&packet.payload) else {
            return Err(malformed(&packet.payload));
        };
        if facts.capabilities & CLIENT_SSL == 0 {
            return Err(Refusal::new(Code::StarttlsNotOffered, "the server does not offer TLS"));
        }
        if facts.capabilities & CLIENT_PROTOCOL_41 == 0 {
            let words = "the server does not speak protocol 4.1, which SSLRequest belongs to";
            return Err(Refusal::new(Code::StarttlsNotOffered, words));
        }
        let request = ssl_request(facts.client_flags);
        self.state = State::Asked(facts);
        Ok(Move::Say(request))
    }
}

impl Negotiator for Mysql {
    fn step(&mut self, input: &mut Input) -> Result<Move, Refusal> {
        match self.state {
            State::Greeting => match take_packet(input)? {
                Some(packet) => self.greeted(&packet),
                None => Ok(Move::Wait),
            },
            State::Asked(_) => Ok(Move::GoAhead),
        }
    }

    fn facts(&self) -> Option<String> {
        match &self.state {
            State::Greeting => None,
            State::Asked(facts) => serde_json::to_string(facts).ok(),
        }
    }
}

/// One packet.
struct Packet {
    sequence: u8,
    payload: Vec<u8>,
}

/// The next packet; `None` while it is incomplete. One beyond the limit is not waited for.
fn take_packet(input: &mut Input) -> Result<Option<Packet>, Refusal> {
    let Some(&[low, middle, high, sequence]) = input.rest().first_chunk::<HEADER_OCTETS>() else {
        return Ok(None);
    };
    let length = u32::from_le_bytes([low, middle, high, 0]) as usize;
    if length > GREETING_OCTETS {
        let words = format!("the server's greeting has more than {GREETING_OCTETS} octets");
        return Err(Refusal::new(Code::StarttlsTooMuchData, words));
    }
    let whole = HEADER_OCTETS + length;
    let Some(payload) = input.first(whole)?.and_then(|packet| packet.get(HEADER_OCTETS..)) else {
        return Ok(None);
    };
    let packet = Packet { sequence, payload: payload.to_vec() };
    input.take(whole);
    Ok(Some(packet))
}

/// Handshake v10. The second part of the scramble has at least 13 octets, whatever its length says.
fn parse_greeting(payload: &[u8]) -> Option<Facts> {
    let mut octets = Octets(payload);
    let [PROTOCOL_VERSION] = *octets.array::<1>()? else { return None };
    let version = octets.until_nul()?;
    let thread_id = u32::from_le_bytes(*octets.array()?);
    let mut scramble = octets.array::<8>()?.to_vec();
    let [_filler, low, middle] = *octets.array()?;
    let [charset, status_low, status_high] = *octets.array()?;
    let [high, highest, scramble_octets] = *octets.array()?;
    let _reserved = octets.array::<10>()?;
    let capabilities = u32::from_le_bytes([low, middle, high, highest]);
    if capabilities & (CLIENT_SECURE_CONNECTION | CLIENT_PLUGIN_AUTH) != 0 {
        scramble.extend(octets.slice(usize::from(scramble_octets).saturating_sub(8).max(13))?);
    }
    let plugin =
        if capabilities & CLIENT_PLUGIN_AUTH == 0 { &[] } else { octets.until_nul_or_end() };
    Some(Facts {
        server_version: String::from_utf8_lossy(version).into_owned(),
        thread_id,
        scramble: HEXLOWER.encode(scramble.strip_suffix(&[0]).unwrap_or(&scramble)),
        capabilities,
        charset,
        status: u16::from_le_bytes([status_low, status_high]),
        auth_plugin: String::from_utf8_lossy(plugin).into_owned(),
        client_flags: capabilities & WANTED,
        client_max_packet: MAX_PACKET,
        client_charset: CHARSET,
    })
}

/// Fields one behind the other.
struct Octets<'a>(&'a [u8]);

impl<'a> Octets<'a> {
    fn slice(&mut self, octets: usize) -> Option<&'a [u8]> {
        let (field, rest) = self.0.split_at_checked(octets)?;
        self.0 = rest;
        Some(field)
    }

    fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        self.slice(N)?.first_chunk()
    }

    fn until_nul(&mut self) -> Option<&'a [u8]> {
        let length = self.0.iter().position(|&octet| octet == 0)?;
        self.slice(length + 1)?.get(..length)
    }

    /// The last field; MySQL 5.5 before 5.5.10 forgot its NUL.
    fn until_nul_or_end(&mut self) -> &'a [u8] {
        self.until_nul().unwrap_or(self.0)
    }
}

/// SSLRequest: sequence number 1, and the beginning of HandshakeResponse41 up to the user's name.
fn ssl_request(flags: u32) -> Vec<u8> {
    let mut request = vec![32, 0, 0, 1];
    request.extend(flags.to_le_bytes());
    request.extend(MAX_PACKET.to_le_bytes());
    request.push(CHARSET);
    request.extend([0; 23]);
    request
}

/// An error packet: a number, and a text (before authentication without SQL state).
fn rejected(error: &[u8]) -> Refusal {
    let Some((&[low, high], text)) = error.split_first_chunk::<2>() else {
        return malformed(error);
    };
    let number = u16::from_le_bytes([low, high]);
    let words = format!("the server greets with error {number}");
    Refusal::quoting(Code::StarttlsServerBye, words, text)
}

fn malformed(bytes: &[u8]) -> Refusal {
    let words = "the server's greeting is not that of MySQL";
    Refusal::quoting(Code::StarttlsProtocol, words, bytes)
}

#[cfg(test)]
mod tests {
    use super::super::ldap::mutation::batter;
    use super::super::transcript::play;
    use super::*;
    use crate::proto::Protocol;

    /// Everything but LONG_PASSWORD, as MariaDB has it.
    const MARIADB: u32 = 0x81ff_fffe;

    fn packet(sequence: u8, payload: &[u8]) -> Vec<u8> {
        let length = (payload.len() as u32).to_le_bytes();
        [&length[..3], &[sequence], payload].concat()
    }

    fn handshake(version: u8, capabilities: u32) -> Vec<u8> {
        let caps = capabilities.to_le_bytes();
        let mut payload = vec![version];
        payload.extend(b"5.5.5-10.11.19-MariaDB-0+deb12u1\0");
        payload.extend(b"\x2a\0\0\0abcdefgh\0");
        payload.extend([caps[0], caps[1], 45, 2, 0, caps[2], caps[3], 21]);
        payload.extend(b"\0\0\0\0\0\0\x1d\0\0\0ijklmnopqrst\0mysql_native_password\0");
        payload
    }

    fn greeting(capabilities: u32) -> Vec<u8> {
        packet(0, &handshake(10, capabilities))
    }

    fn run(turn: &[u8]) -> (Vec<Vec<u8>>, Option<Code>) {
        play(Protocol::Mysql, &[turn])
    }

    #[test]
    fn an_honest_server_gets_ssl_request_and_nothing_else() {
        let (said, end) = run(&greeting(MARIADB));
        let mut wanted = b"\x20\0\0\x01\x04\xaa\x08\0\0\0\0\x01\x2d".to_vec();
        wanted.extend([0; 23]);
        assert_eq!(said, [wanted]);
        assert_eq!(end, None);
    }

    #[test]
    fn the_program_learns_what_tls_never_repeats() {
        let mut mysql = Mysql { state: State::Greeting };
        assert_eq!(mysql.facts(), None);
        mysql.greeted(&Packet { sequence: 0, payload: handshake(10, MARIADB) }).unwrap();
        let facts: serde_json::Value = serde_json::from_str(&mysql.facts().unwrap()).unwrap();
        assert_eq!(facts["server_version"], "5.5.5-10.11.19-MariaDB-0+deb12u1");
        assert_eq!(facts["thread_id"], 42);
        assert_eq!(facts["scramble"], HEXLOWER.encode(b"abcdefghijklmnopqrst"));
        assert_eq!(facts["auth_plugin"], "mysql_native_password");
        assert_eq!(
            (facts["capabilities"].as_u64(), facts["status"].as_u64()),
            (Some(MARIADB.into()), Some(2))
        );
        assert_eq!(
            (facts["charset"].as_u64(), facts["client_charset"].as_u64()),
            (Some(45), Some(45))
        );
        assert_eq!(facts["client_flags"].as_u64(), Some((MARIADB & WANTED).into()));
        assert_eq!(facts["client_max_packet"].as_u64(), Some(1 << 24));
    }

    #[test]
    fn the_plugin_may_lack_its_nul() {
        let mut payload = handshake(10, MARIADB);
        payload.pop();
        assert_eq!(parse_greeting(&payload).unwrap().auth_plugin, "mysql_native_password");
    }

    #[test]
    fn every_attack_has_its_code() {
        use Code::*;
        let truncated = packet(0, &handshake(10, MARIADB)[..48]);
        let error = b"\x17\0\0\0\xff\x10\x04#08004EVIL server msg";
        let cases: &[(&str, &[u8], Code)] = &[
            ("stripped (CVE-2015-3152)", &greeting(MARIADB & !CLIENT_SSL), StarttlsNotOffered),
            ("before 4.1", &greeting(MARIADB & !CLIENT_PROTOCOL_41), StarttlsNotOffered),
            ("A066 error packet", error, StarttlsServerBye),
            ("A157 endless greeting", b"\xff\xff\xff\0\x0a", StarttlsTooMuchData),
            ("A158 version 9", &packet(0, &handshake(9, MARIADB)), StarttlsProtocol),
            ("A159 truncated inside the capabilities", &truncated, StarttlsProtocol),
            ("no scramble", &packet(0, &handshake(10, MARIADB)[..65]), StarttlsProtocol),
            ("no NUL at all", &packet(0, &[10; 80]), StarttlsProtocol),
            ("sequence number", &packet(1, &handshake(10, MARIADB)), StarttlsProtocol),
            ("empty packet", b"\0\0\0\0", StarttlsProtocol),
            ("empty error", b"\x01\0\0\0\xff", StarttlsProtocol),
            (
                "pipelined OK",
                &[greeting(MARIADB), packet(2, b"\0\0\0\x02\0\0\0")].concat(),
                StarttlsPipelined,
            ),
            ("not MySQL", b"220 mx ESMTP\r\n", StarttlsTooMuchData),
        ];
        for (attack, turn, code) in cases {
            assert_eq!(run(turn).1, Some(*code), "{attack}");
        }
    }

    #[test]
    fn damaged_transcripts_end_well() {
        batter(Protocol::Mysql, &[&greeting(MARIADB)]);
    }
}
