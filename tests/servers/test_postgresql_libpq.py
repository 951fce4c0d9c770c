"""libpq, a library that negotiates by itself: its connections at the second door."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from typing import Iterator

import pytest

from dialogue import verifier
from fleet import Fleet
from server import Server
from starttls_verify import Peer, Status

sys.path.append(str(Path(__file__).resolve().parents[1] / "python"))

from caller_ssl import judge  # noqa: E402

CONNECTION_OK = 0


class Libpq:
    """The few functions that are needed."""

    def __init__(self) -> None:
        self._lib = ctypes.CDLL("libpq.so.5")
        self._lib.PQconnectdb.restype = ctypes.c_void_p
        self._lib.PQsslStruct.restype = ctypes.c_void_p
        self._lib.PQerrorMessage.restype = ctypes.c_char_p

    def connect(self, settings: str) -> int:
        """A connection that is open."""
        connection = self._lib.PQconnectdb(settings.encode())
        status = self._lib.PQstatus(ctypes.c_void_p(connection))
        words = self._lib.PQerrorMessage(ctypes.c_void_p(connection))
        assert status == CONNECTION_OK, words
        return int(connection)

    def ssl(self, connection: int) -> int:
        """Its SSL."""
        return int(self._lib.PQsslStruct(ctypes.c_void_p(connection), b"OpenSSL"))

    def finish(self, connection: int) -> None:
        """Closes it."""
        self._lib.PQfinish(ctypes.c_void_p(connection))


@pytest.fixture
def server(fleet: Fleet) -> Server:
    return fleet["postgresql"]


@pytest.fixture
def libpq_ssl(server: Server) -> Iterator[int]:
    """What libpq has after its handshake, which verifies nothing (sslmode=require)."""
    libpq = Libpq()
    connection = libpq.connect(
        f"host=127.0.0.1 port={server.ports['postgres']} user=postgres dbname=postgres"
        " sslmode=require gssencmode=disable"
    )
    yield libpq.ssl(connection)
    libpq.finish(connection)


def test_its_own_name_is_trusted(server: Server, libpq_ssl: int) -> None:
    peer = Peer(server.host, protocol="postgres")
    status, code, text = judge(verifier(server), peer, libpq_ssl)
    assert (status, code) == (Status.OK, ""), text
    assert "TLSv1.3" in text


def test_another_name_is_refused(server: Server, libpq_ssl: int) -> None:
    peer = Peer("mail.wrong.test", protocol="postgres")
    status, code, text = judge(verifier(server), peer, libpq_ssl)
    assert (status, code) == (Status.E_REJECTED, "name.mismatch"), text
