"""PostgreSQL: a start-up and a query inside TLS; the server tells that it is TLS."""

from __future__ import annotations

import struct
from typing import Tuple

import pytest

from dialogue import Dialogue, dialogue
from fleet import Fleet
from server import Server

VERSION_3 = 196608
QUERY = b"SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()\0"


@pytest.fixture
def server(fleet: Fleet) -> Server:
    return fleet["postgresql"]


def message(inside: Dialogue) -> Tuple[bytes, bytes]:
    """The next message: its type and what is in it."""
    kind, length = struct.unpack(">cI", inside.octets(5))
    return kind, inside.octets(length - 4)


def until_ready(inside: Dialogue) -> dict[bytes, bytes]:
    """The messages up to ReadyForQuery, the last of each type."""
    messages: dict[bytes, bytes] = {}
    while b"Z" not in messages:
        kind, content = message(inside)
        assert kind != b"E", content
        messages[kind] = content
    return messages


def test_a_query(server: Server) -> None:
    with dialogue(server, "postgres") as inside:
        assert not inside.session.server_speaks_first
        start = struct.pack(">I", VERSION_3) + b"user\0postgres\0database\0postgres\0\0"
        inside.say(struct.pack(">I", len(start) + 4) + start)
        # AuthenticationOk: pg_hba.conf lets everybody in who comes over TLS, and nobody else.
        assert until_ready(inside)[b"R"] == b"\0\0\0\0"
        inside.say(b"Q" + struct.pack(">I", len(QUERY) + 4) + QUERY)
        # DataRow: two columns, "t" and the version.
        row = until_ready(inside)[b"D"]
        assert row == b"\0\2" + b"\0\0\0\1t" + b"\0\0\0\7TLSv1.3"
        inside.say(b"X\0\0\0\4")
