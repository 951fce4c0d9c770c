"""ngIRCd: a server that passes STARTTLS over in silence is a time-out, never a trusted one."""

from __future__ import annotations

import pytest

from dialogue import dialogue, verifier
from fleet import Fleet
from server import Server
from starttls_verify import Peer, Session, Status, TimedOutError


@pytest.fixture
def server(fleet: Fleet) -> Server:
    return fleet["ngircd"]


def test_silence_is_a_timeout(server: Server) -> None:
    peer = Peer(server.host, protocol="irc", connect=server.connect("irc"))
    with Session(verifier(server, wait_ms=500), peer) as session:
        with pytest.raises(TimedOutError) as caught:
            session.connect()
        assert caught.value.status is Status.E_TIMEOUT
        assert caught.value.code == "io.timeout"
        assert not session.report.trusted


def test_a_registration(server: Server) -> None:
    with dialogue(server, "ircs") as inside:
        inside.line(b"NICK alice")
        inside.line(b"USER alice 0 * :Alice")
        assert b"alice" in inside.until(rb"^:irc\.example\.test 001 [^\n]*\n")
        inside.line(b"QUIT")
