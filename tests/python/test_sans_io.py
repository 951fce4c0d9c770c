"""The session whose bytes the caller moves, whole and octet by octet."""

from __future__ import annotations

import re

import pytest

from starttls_verify import ProtocolError, Session, StateError, Status, TlsError, Verdict, Verifier

from conversation import dial, open_session, read
from lab import Lab

PIECES = pytest.mark.parametrize("piece", [1, 65536])


@PIECES
def test_an_honest_server(lab: Lab, verifier: Verifier, piece: int) -> None:
    scenario = lab["honest"]
    with dial(scenario) as sock, Session(verifier, scenario.peer) as session:
        assert open_session(session, sock, piece) is Status.OK
        assert session.step() is Status.OK
        assert session.fileno() == -1
        assert session.write(b"EHLO client.test\r\n") == 18
        assert read(session, sock, piece).startswith(b"250")
        session.goodbye()
        assert session.take()
        assert session.report.verdict is Verdict.TRUSTED
        assert session.read() == b""
        with pytest.raises(StateError):
            session.write(b"QUIT\r\n")


@PIECES
@pytest.mark.parametrize("name", ["injected", "injected-late"])
def test_an_injected_line(lab: Lab, verifier: Verifier, piece: int, name: str) -> None:
    scenario = lab[name]
    with dial(scenario) as sock, Session(verifier, scenario.peer) as session:
        with pytest.raises(ProtocolError) as caught:
            open_session(session, sock, piece)
        assert caught.value.status == Status.E_INJECTED
        assert caught.value.code == "starttls.plaintext_injection"
        assert session.report.verdict is Verdict.REJECTED
    assert set(re.findall("[A-Z]{4,}", lab.cleartext(name))) <= {"EHLO", "STARTTLS", "QUIT"}


@PIECES
def test_a_refused_peer_is_told_and_gets_nothing_more(
    lab: Lab, verifier: Verifier, piece: int
) -> None:
    scenario = lab["eve"]
    with dial(scenario) as sock, Session(verifier, scenario.peer) as session:
        with pytest.raises(OSError, match=r"mail\.eve\.test"):
            open_session(session, sock, piece)
        assert session.take(), "an alert"
        assert session.take() == b""
        for call in (session.step, session.read, lambda: session.write(b"secret")):
            with pytest.raises(OSError, match=r"mail\.eve\.test"):
                call()
        assert session.take() == b""


def test_a_peer_that_hangs_up(verifier: Verifier, lab: Lab) -> None:
    with Session(verifier, lab["honest"].peer) as session:
        session.feed(b"220 mail.bob.test ESMTP\r\n")
        assert session.step() is Status.WANT_WRITE
        assert session.take().startswith(b"EHLO ")
        session.feed_eof()
        with pytest.raises(TlsError) as caught:
            session.step()
        assert caught.value.status == Status.E_IO_CLOSED


def test_nothing_is_read_or_written_before_trust(verifier: Verifier, lab: Lab) -> None:
    with Session(verifier, lab["honest"].peer) as session:
        assert session.pending == 0
        assert not session.server_speaks_first
        for call in (session.read, lambda: session.write(b"x"), lambda: session.sendall(b"x")):
            with pytest.raises(StateError):
                call()
        assert session.report.verdict is Verdict.UNKNOWN
