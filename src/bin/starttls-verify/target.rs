//! A target: `HOST[:PORT]` or `SCHEME://HOST[:PORT]`.

use starttls_verify::error::{Error, Result};
use starttls_verify::name::{Idna, ReferenceId};
use starttls_verify::proto::{Protocol, REGISTRY};
use starttls_verify::report::quote;
use starttls_verify::status::Status;
use starttls_verify::verify::{Address, Peer};

/// The peer that a target names. Without a scheme it is an SMTP server.
pub fn peer_of(target: &str) -> Result<Peer> {
    let (protocol, rest) = match target.split_once("://") {
        Some((scheme, rest)) => (protocol_of(scheme)?, rest),
        None => (Protocol::Smtp, target),
    };
    let address = Address::parse(rest.strip_suffix('/').unwrap_or(rest))?;
    let mut peer = Peer::new();
    peer.set_protocol(protocol);
    peer.set_host(&address.host)?;
    if let Some(port) = address.port {
        peer.set_port(port);
    }
    Ok(peer)
}

/// A name that the certificate may be for, with its tag: what has none is a host.
pub fn tagged(name: &str) -> String {
    let tag = name.split_once(':').map(|(tag, _)| tag);
    // A bare IPv6 address has colons too.
    if tag.is_some_and(|tag| ReferenceId::TAGS.contains(&tag)) {
        return name.to_owned();
    }
    match ReferenceId::from_host(name, Idna::Convert) {
        Ok(ReferenceId::Ip(address)) => format!("ip:{address}"),
        Ok(_) | Err(_) => format!("dns:{name}"),
    }
}

/// The peer that a target names, with where to connect and what to call it there.
pub fn peer_at(target: &str, connect: Option<&str>, sni: Option<&str>) -> Result<Peer> {
    let mut peer = peer_of(target)?;
    connect.map_or(Ok(()), |address| peer.set_connect(address))?;
    sni.map_or(Ok(()), |name| peer.set_sni(name))?;
    check_port(&peer)?;
    Ok(peer)
}

/// Says so before the connection when there is no port to connect to.
fn check_port(peer: &Peer) -> Result<()> {
    if peer.endpoint().is_some_and(|(_, port)| port == 0) {
        let scheme = peer.protocol().row().scheme;
        let host = peer.host_text();
        let what = format!("{scheme}:// has no usual port; write {scheme}://{host}:PORT");
        return Err(Error::new(Status::Argument, what));
    }
    Ok(())
}

fn protocol_of(scheme: &str) -> Result<Protocol> {
    let lower = scheme.to_ascii_lowercase();
    Protocol::from_scheme(&lower).ok_or_else(|| unknown(&lower))
}

fn unknown(scheme: &str) -> Error {
    let known: Vec<&str> = REGISTRY.iter().map(|row| row.scheme).collect();
    let distance = |known: &&&str| strsim::damerau_levenshtein(scheme, known);
    // A longer one is no misspelling, and the distance costs the product of both lengths.
    let near = known.iter().filter(|_| scheme.len() <= 32).min_by_key(distance);
    let near = near.filter(|near| distance(near) <= 1 + near.len() / 4);
    let guess = near.map(|near| format!("; did you mean {near}://?")).unwrap_or_default();
    let shown = quote(scheme.as_bytes());
    let all = known.join(", ");
    let what = format!("'{shown}://' is no scheme that this build knows ({all}){guess}");
    Error::new(Status::Argument, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(target: &str) -> Option<(String, String, u16)> {
        let peer = peer_of(target).ok()?;
        let scheme = peer.protocol().row().scheme.to_owned();
        Some((scheme, peer.host_text(), peer.effective_port()))
    }

    #[test]
    fn targets() {
        for (target, scheme, host, port) in [
            ("mail.bob.test", "smtp", "mail.bob.test", 25),
            ("Mail.Bob.Test.:2525", "smtp", "mail.bob.test", 2525),
            ("smtp://mail.bob.test/", "smtp", "mail.bob.test", 25),
            ("SUBMISSION://mail.bob.test", "submission", "mail.bob.test", 587),
            ("tls://mail.bob.test:465", "tls", "mail.bob.test", 465),
            ("smtp://[2001:db8::1]:26", "smtp", "2001:db8::1", 26),
            ("::1", "smtp", "::1", 25),
            ("192.0.2.1:26", "smtp", "192.0.2.1", 26),
            ("mail.bücher.test", "smtp", "mail.xn--bcher-kva.test", 25),
        ] {
            assert_eq!(shown(target), Some((scheme.to_owned(), host.to_owned(), port)), "{target}");
        }
        for bad in ["", "smtp://", "smtp:///x", "a b", "host:0", "host:x", "http://a.test", "a/b"] {
            assert_eq!(shown(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_misspelt_scheme_is_named() {
        let what = peer_of("smpt://mail.bob.test").expect_err("a misspelling").what;
        assert!(what.contains("did you mean smtp://?"), "{what}");
    }

    #[test]
    fn names_are_tagged_or_bare() {
        for (name, wanted) in [
            ("mail.bob.test", "dns:mail.bob.test"),
            ("::1", "ip:::1"),
            ("[::1]", "ip:::1"),
            ("192.0.2.1", "ip:192.0.2.1"),
            ("srv:_imap.bob.test", "srv:_imap.bob.test"),
            ("dns:bob.test", "dns:bob.test"),
            ("cn:bob", "dns:cn:bob"),
        ] {
            assert_eq!(tagged(name), wanted);
        }
    }
}
