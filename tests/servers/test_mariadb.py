"""MariaDB: a login with what only the plaintext said, and a query inside TLS."""

from __future__ import annotations

import hashlib
import struct
from typing import Any, Dict

import pytest

from dialogue import Dialogue, dialogue
from fleet import Fleet
from mariadb import PASSWORD, USER
from server import Server

QUERY = 3
OK = 0
# The greeting has 0, SSLRequest 1.
SEQUENCE = 2


@pytest.fixture
def server(fleet: Fleet) -> Server:
    return fleet["mariadb"]


def send(inside: Dialogue, sequence: int, payload: bytes) -> None:
    """One packet."""
    inside.say(struct.pack("<I", len(payload))[:3] + bytes([sequence]) + payload)


def receive(inside: Dialogue) -> bytes:
    """What is in the next packet."""
    length = int.from_bytes(inside.octets(4)[:3], "little")
    return inside.octets(length)


def native_password(password: bytes, scramble: bytes) -> bytes:
    """The proof of mysql_native_password."""
    once = hashlib.sha1(password).digest()
    mask = hashlib.sha1(scramble + hashlib.sha1(once).digest()).digest()
    return bytes(ours ^ theirs for ours, theirs in zip(once, mask))


def handshake_response(facts: Dict[str, Any]) -> bytes:
    """HandshakeResponse41, which begins as the SSLRequest that the library sent."""
    proof = native_password(PASSWORD.encode(), bytes.fromhex(facts["scramble"]))
    same = struct.pack(
        "<IIB23x", facts["client_flags"], facts["client_max_packet"], facts["client_charset"]
    )
    plugin = str(facts["auth_plugin"]).encode()
    return same + USER.encode() + b"\0" + bytes([len(proof)]) + proof + plugin + b"\0"


def test_a_query(server: Server) -> None:
    with dialogue(server, "mysql") as inside:
        assert not inside.session.server_speaks_first
        facts = inside.session.report.json["untrusted_facts"]
        assert "MariaDB" in facts["server_version"]
        assert facts["auth_plugin"] == "mysql_native_password"
        send(inside, SEQUENCE, handshake_response(facts))
        answer = receive(inside)
        assert answer[0] == OK, answer
        send(inside, 0, bytes([QUERY]) + b"SHOW STATUS LIKE 'Ssl_version'")
        # One column count, two columns, their end, one row, the end.
        packets = [receive(inside) for _ in range(6)]
        assert packets[0] == b"\2", packets
        assert packets[4] == b"\x0bSsl_version\x07TLSv1.3"
