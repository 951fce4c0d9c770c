//! A session that gets its connection itself: resolves the host, tries its addresses, IPv6 and IPv4
//! in turn, all within one deadline (`reach`).

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use crate::error::{Error, Result};
use crate::report::{Code, Finding, Source};
use crate::status::Status;

use super::Session;
use super::link::Connection;
use super::reach::Reach;

/// Addresses that are tried; a name with more is misconfigured or hostile.
const MOST_ADDRESSES: usize = 16;

impl Session {
    /// Connects, then negotiates, handshakes and judges.
    pub fn connect(&mut self) -> Result<Status> {
        self.begin()?;
        self.run()
    }

    /// Begins to connect, for `advance`. The resolver is waited for where it is needed, and nothing
    /// else.
    pub fn begin(&mut self) -> Result<()> {
        self.check_unconnected()?;
        let (host, port) = self.endpoint()?;
        let end = self.deadline(self.policy.deadlines.connect).at;
        let addresses = resolve(&host, port, end).map_err(|finding| self.fail(finding))?;
        self.connection = Connection::Sought(Box::new(Reach::new(host, addresses, end)));
        Ok(())
    }

    fn endpoint(&self) -> Result<(String, u16)> {
        match self.peer.endpoint() {
            None => Err(Error::new(Status::State, "the peer has no host to connect to")),
            Some((_, 0)) => Err(Error::new(
                Status::State,
                "the peer has no port, and its protocol has none either",
            )),
            Some(endpoint) => Ok(endpoint),
        }
    }
}

fn system(code: Code, words: String) -> Finding {
    Finding::fail(code, words).from_source(Source::System)
}

/// The resolver knows no deadline, so it works in a thread of its own, which is left behind when it
/// takes too long: it ends by itself when the resolver gives up.
fn resolve(host: &str, port: u16, end: Instant) -> std::result::Result<Vec<SocketAddr>, Finding> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (sender, receiver) = mpsc::channel();
    let name = host.to_owned();
    let resolver = move || {
        let found = (name.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>);
        // Nobody listens any more once the deadline has passed.
        let _ = sender.send(found);
    };
    thread::Builder::new()
        .name("stv-resolver".to_owned())
        .spawn(resolver)
        .map_err(|error| system(Code::IoResolve, format!("no thread for the resolver: {error}")))?;
    match receiver.recv_timeout(end.saturating_duration_since(Instant::now())) {
        Ok(Ok(addresses)) if !addresses.is_empty() => Ok(interleaved(addresses)),
        Ok(Ok(_)) => Err(system(Code::IoResolve, format!("{host} has no address"))),
        Ok(Err(error)) => Err(system(Code::IoResolve, format!("{host} has no address: {error}"))),
        Err(_) => {
            Err(system(Code::IoTimeout, format!("the resolver did not answer for {host} in time")))
        }
    }
}

/// The families in turn, beginning with the one that the system prefers (RFC 8305 §4): when one of
/// them is broken, the other is tried second and not last.
fn interleaved(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let prefers_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == prefers_v6);
    let longest = first.len().max(second.len());
    let pairs = (0..longest).flat_map(|index| [first.get(index), second.get(index)]);
    pairs.flatten().copied().take(MOST_ADDRESSES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let parse = |text: &str| text.parse::<SocketAddr>().unwrap();
        let given = ["[::1]:1", "[::2]:1", "127.0.0.1:1", "127.0.0.2:1", "127.0.0.3:1"];
        let wanted = ["[::1]:1", "127.0.0.1:1", "[::2]:1", "127.0.0.2:1", "127.0.0.3:1"];
        assert_eq!(interleaved(given.map(parse).to_vec()), wanted.map(parse));
    }
}
