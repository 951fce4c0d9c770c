"""slapd: a bind and a question inside TLS (RFC 4511; BER by hand)."""

from __future__ import annotations

import pytest

from dialogue import Dialogue, dialogue
from fleet import Fleet
from server import Server

WHO_AM_I = b"1.3.6.1.4.1.4203.1.11.3"
SUCCESS = b"\x0a\x01\x00"


@pytest.fixture
def server(fleet: Fleet) -> Server:
    return fleet["slapd"]


def element(tag: int, content: bytes) -> bytes:
    """A BER element with a short length."""
    assert len(content) < 128
    return bytes([tag, len(content)]) + content


def ask(inside: Dialogue, number: int, operation: bytes) -> bytes:
    """Sends a request; the operation of the response."""
    inside.say(element(0x30, element(0x02, bytes([number])) + operation))
    tag, length = inside.octets(2)
    assert tag == 0x30
    response = inside.octets(length)
    assert response.startswith(element(0x02, bytes([number])))
    return response[3:]


def bind(name: bytes, password: bytes) -> bytes:
    """A simple bind of LDAPv3."""
    return element(0x60, b"\x02\x01\x03" + element(0x04, name) + element(0x80, password))


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
def test_an_anonymous_bind(server: Server, scheme: str) -> None:
    with dialogue(server, scheme) as inside:
        assert not inside.session.server_speaks_first
        assert ask(inside, 1, bind(b"", b"")) == element(0x61, SUCCESS + b"\x04\x00\x04\x00")


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
def test_a_bind_with_a_password(server: Server, scheme: str) -> None:
    name = b"cn=admin,dc=example,dc=test"
    with dialogue(server, scheme) as inside:
        assert ask(inside, 1, bind(name, b"secret"))[2:5] == SUCCESS
        answer = ask(inside, 2, element(0x77, element(0x80, WHO_AM_I)))
        assert answer[2:5] == SUCCESS
        assert answer.endswith(b"dn:" + name)
