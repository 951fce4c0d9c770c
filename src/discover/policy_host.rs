//! Fetching an MTA-STS policy: `https://mta-sts.DOMAIN/.well-known/mta-sts.txt` (RFC 8461 §3.3).
//!
//! The host must show a certificate for `mta-sts.DOMAIN` from a trusted CA; the session of the house
//! sees to that. Redirects are not followed and the media type must be `text/plain` (§3.2, §3.3):
//! on a host where users put pages, another path or type could be theirs.

use std::fmt;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::mta_sts::StsPolicy;
use crate::name::DnsName;
use crate::proto::Protocol;
use crate::report::quote;
use crate::session::Session;
use crate::status::Status;
use crate::verify::{Peer, Verifier};

use super::http_response::{HttpFault, Response, Stream};

/// Octets of a policy (§3.2 suggests 64 kilobytes).
const POLICY_OCTETS: usize = 64 * 1024;
const HTTPS: u16 = 443;

/// Why there is no policy from its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchFault {
    /// No verified connection; the error says why.
    Connection(Error),
    /// The answer is not a policy's: its status, type or framing.
    Answer(String),
    /// It took too long.
    TooSlow,
    /// What came does not parse.
    Policy(String),
}

impl fmt::Display for FetchFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FetchFault::Connection(error) => error.fmt(out),
            FetchFault::Answer(words) => out.write_str(words),
            FetchFault::TooSlow => out.write_str("it did not answer in time"),
            FetchFault::Policy(words) => write!(out, "its policy does not parse: {words}"),
        }
    }
}

/// How policies are fetched.
pub struct PolicyHosts<'a> {
    /// Whose CAs are trusted. Its deadlines count for each step.
    pub verifier: &'a Verifier,
    /// Where to connect, when that is not the policy host itself: a resolver of the caller's.
    pub connect: Option<&'a str>,
    /// For the whole answer; a host that drips it gains nothing.
    pub patience: Duration,
}

/// A minute, as §3.3 suggests.
pub const PATIENCE: Duration = Duration::from_secs(60);

impl PolicyHosts<'_> {
    /// Fetches the policy of a domain: its text, which parses.
    pub fn fetch(&self, domain: &DnsName) -> Result<String, FetchFault> {
        let end = Instant::now() + self.patience;
        let host = format!("mta-sts.{domain}");
        let mut session =
            open(self.verifier, &host, self.connect).map_err(FetchFault::Connection)?;
        let request = format!(
            "GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: {host}\r\nAccept: text/plain\r\nConnection: close\r\n\r\n"
        );
        write_all(&mut session, request.as_bytes()).map_err(FetchFault::Connection)?;
        let response = read_answer(&mut session, end)?;
        check(&response)?;
        let text = String::from_utf8(response.body)
            .map_err(|_| FetchFault::Policy("it is not UTF-8".to_owned()))?;
        let parsed = StsPolicy::parse(&text).map_err(|fault| FetchFault::Policy(fault.to_string()));
        parsed.map(|_| text)
    }
}

fn open(verifier: &Verifier, host: &str, connect: Option<&str>) -> crate::error::Result<Session> {
    let mut peer = Peer::new();
    peer.set_protocol(Protocol::direct());
    peer.set_host(host)?;
    peer.set_port(HTTPS);
    if let Some(address) = connect {
        peer.set_connect(address)?;
    }
    let mut session = Session::new(verifier, &peer)?;
    match session.connect()? {
        Status::Ok => Ok(session),
        // Audit mode or opportunism of the caller's mail must not let anybody state a policy.
        status => Err(Error::new(status, "the policy host is not trusted")),
    }
}

fn write_all(session: &mut Session, mut bytes: &[u8]) -> crate::error::Result<()> {
    while !bytes.is_empty() {
        let (status, written) = session.write(bytes)?;
        if written == 0 {
            return Err(Error::new(status, "the policy host takes no request"));
        }
        bytes = &bytes[written..];
    }
    Ok(())
}

fn read_answer(session: &mut Session, end: Instant) -> Result<Response, FetchFault> {
    let (mut octets, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        if Instant::now() > end {
            return Err(FetchFault::TooSlow);
        }
        let (status, length) = session.read(&mut piece).map_err(FetchFault::Connection)?;
        octets.extend_from_slice(&piece[..length]);
        let stream = if status == Status::Closed { Stream::Ended } else { Stream::Open };
        if let Some(response) = Response::parse(&octets, stream, POLICY_OCTETS).map_err(answer)? {
            return Ok(response);
        }
    }
}

fn check(response: &Response) -> Result<(), FetchFault> {
    let wrong = |words: String| Err(FetchFault::Answer(words));
    match response.status {
        200 if response.media_type == "text/plain" => Ok(()),
        200 => wrong(format!(
            "its media type is '{}', and text/plain is needed",
            quote(response.media_type.as_bytes())
        )),
        300..=399 => wrong(format!("it redirects ({}), which is not followed", response.status)),
        status => wrong(format!("its status is {status}")),
    }
}

fn answer(fault: HttpFault) -> FetchFault {
    let words = match fault {
        HttpFault::Malformed => "it does not speak HTTP/1.1".to_owned(),
        HttpFault::TooLarge => format!("it is larger than {POLICY_OCTETS} octets"),
        HttpFault::Truncated => "it ended before it was whole".to_owned(),
        HttpFault::Framing => "its length is ambiguous".to_owned(),
    };
    FetchFault::Answer(words)
}
