//! Fetching an MTA-STS policy: `https://mta-sts.DOMAIN/.well-known/mta-sts.txt` (RFC 8461 §3.3).
//!
//! The host must show a certificate for `mta-sts.DOMAIN` from a trusted CA; the session of the house
//! sees to that. Redirects are not followed and the media type must be `text/plain` (§3.2, §3.3):
//! on a host where users put pages, another path or type could be theirs.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::mta_sts::{Lack, StsPolicy};
use crate::name::DnsName;
use crate::proto::Protocol;
use crate::report::quote;
use crate::session::Session;
use crate::status::Status;
use crate::verify::{Peer, Verifier};

use super::http_response::{HttpFault, Response, Stream};

/// Octets of a policy (§3.2 suggests 64 kilobytes).
const POLICY_OCTETS: usize = 64 * 1024;
/// Where policies are served.
pub(super) const HTTPS: u16 = 443;

/// Why there is no policy from its host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchFault {
    /// It has no address; why, in words.
    NoAddress(String),
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
            FetchFault::NoAddress(words) => write!(out, "it has no address: {words}"),
            FetchFault::Connection(error) => error.fmt(out),
            FetchFault::Answer(words) => out.write_str(words),
            FetchFault::TooSlow => out.write_str("it did not answer in time"),
            FetchFault::Policy(words) => write!(out, "its policy does not parse: {words}"),
        }
    }
}

impl FetchFault {
    /// What the domain lacks then.
    pub fn lack(&self) -> Lack {
        let words = format!("the policy host gave none: {self}");
        match self {
            FetchFault::Connection(error) => match error.status {
                Status::Rejected | Status::OpenUnverified => Lack::HostNotTrusted(words),
                _ => Lack::NotGot(words),
            },
            FetchFault::Policy(_) => Lack::Invalid(words),
            FetchFault::NoAddress(_) | FetchFault::Answer(_) | FetchFault::TooSlow => {
                Lack::NotGot(words)
            }
        }
    }
}

/// How policies are fetched.
pub struct PolicyHosts<'a> {
    /// Whose CAs are trusted. Its deadlines count for each step.
    pub verifier: &'a Verifier,
    /// For all of it, however many addresses there are; a host that drips its answer gains nothing.
    pub patience: Duration,
}

impl PolicyHosts<'_> {
    /// Fetches the policy of a domain from one of the addresses of its policy host: its text, which
    /// parses. The next address is tried where there is no verified connection to one.
    pub fn fetch(&self, domain: &DnsName, addresses: &[SocketAddr]) -> Result<String, FetchFault> {
        let end = Instant::now() + self.patience;
        let host = format!("mta-sts.{domain}");
        let mut session = self.reach(&host, addresses, end)?;
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

    fn reach(
        &self,
        host: &str,
        addresses: &[SocketAddr],
        end: Instant,
    ) -> Result<Session, FetchFault> {
        let mut fault = FetchFault::NoAddress("none was found".to_owned());
        for address in addresses {
            match open(self.verifier, host, *address, end) {
                Ok(session) => return Ok(session),
                Err(_) if end <= Instant::now() => return Err(FetchFault::TooSlow),
                Err(error) => fault = FetchFault::Connection(error),
            }
        }
        Err(fault)
    }
}

fn open(
    verifier: &Verifier,
    host: &str,
    address: SocketAddr,
    end: Instant,
) -> crate::error::Result<Session> {
    let mut peer = Peer::new();
    peer.set_protocol(Protocol::direct());
    peer.set_host(host)?;
    peer.set_port(HTTPS);
    peer.set_connect(&address.to_string())?;
    let mut session = Session::new(verifier, &peer)?;
    session.end_by(end);
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
        let (status, length) = session.read(&mut piece).map_err(|error| match error.status {
            Status::Timeout if end <= Instant::now() => FetchFault::TooSlow,
            _ => FetchFault::Connection(error),
        })?;
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
