"""Prosody: the stream inside TLS, of clients and of servers."""

from __future__ import annotations

import base64

import pytest

from certificates import DOMAIN, MISTAKEN_DOMAIN, XMPP_DOMAIN
from dialogue import dialogue, verifier
from fleet import Fleet
from server import Server
from starttls_verify import Peer, RejectedError, Session

NAMESPACES = {
    "xmpp": "jabber:client",
    "xmpps": "jabber:client",
    "xmpp-server": "jabber:server",
    "xmpps-server": "jabber:server",
}
# With direct TLS, Prosody has one certificate for all domains.
CLIENTS = [("xmpp", DOMAIN), ("xmpp", XMPP_DOMAIN), ("xmpps", DOMAIN)]
SERVERS = [(f"{scheme}-server", domain) for scheme, domain in CLIENTS]
LOGIN = (
    b"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>"
    + base64.b64encode(b"\0nobody\0wrong")
    + b"</auth>"
)


@pytest.fixture
def server(fleet: Fleet) -> Server:
    return fleet["prosody"]


def header(scheme: str, domain: str) -> bytes:
    """The beginning of a new stream (RFC 6120 §5.4.3.3: no end of the old one)."""
    more = " from='peer.test' xmlns:db='jabber:server:dialback'" if "server" in scheme else ""
    return (
        f"<?xml version='1.0'?><stream:stream to='{domain}' version='1.0'{more} "
        f"xmlns='{NAMESPACES[scheme]}' xmlns:stream='http://etherx.jabber.org/streams'>"
    ).encode()


@pytest.mark.parametrize(("scheme", "domain"), CLIENTS)
def test_of_clients(server: Server, scheme: str, domain: str) -> None:
    with dialogue(server, scheme, domain) as inside:
        assert not inside.session.server_speaks_first
        inside.say(header(scheme, domain))
        features = inside.until(rb"</stream:features>")
        assert f"from='{domain}'".encode() in features
        assert b"<mechanism>PLAIN</mechanism>" in features
        # Not offered again.
        assert b"urn:ietf:params:xml:ns:xmpp-tls" not in features
        inside.say(LOGIN)
        assert b"not-authorized" in inside.until(rb"</failure>")


@pytest.mark.parametrize(("scheme", "domain"), SERVERS)
def test_of_servers(server: Server, scheme: str, domain: str) -> None:
    with dialogue(server, scheme, domain) as inside:
        inside.say(header(scheme, domain))
        features = inside.until(rb"</stream:features>")
        assert f"from='{domain}'".encode() in features
        assert b"urn:xmpp:features:dialback" in features
        assert b"urn:ietf:params:xml:ns:xmpp-tls" not in features


@pytest.mark.parametrize("scheme", ["xmpp", "xmpp-server"])
def test_an_xmpp_address_of_another_domain_is_refused(server: Server, scheme: str) -> None:
    # The stream is for a domain with the certificate of another, which has names of all types.
    peer = Peer(MISTAKEN_DOMAIN, protocol=scheme, connect=server.connect(scheme))
    with Session(verifier(server), peer) as session:
        with pytest.raises(RejectedError) as caught:
            session.connect()
        assert caught.value.code == "name.mismatch"
