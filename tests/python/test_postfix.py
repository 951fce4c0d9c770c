"""A real Postfix: trusted under its own name, refused under another."""

from __future__ import annotations

import smtplib
from typing import Iterator

import pytest

from starttls_verify import (
    Peer,
    RejectedError,
    Session,
    Status,
    Verdict,
    Verifier,
    VerifyingContext,
)

from postfix import Postfix, postfix


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postfix]:
    with postfix(tmp_path_factory.mktemp("postfix")) as running:
        yield running


def test_under_its_own_name(server: Postfix) -> None:
    peer = Peer(server.host, connect=server.connect)
    with Session(Verifier(cafile=server.cafile), peer) as session:
        assert session.connect() is Status.OK
        assert session.report.verdict is Verdict.TRUSTED
        session.sendall(b"EHLO client.test\r\n")
        answer = session.read()
        assert answer is not None
        assert answer.startswith(b"250-mail.bob.test")
        # Inside TLS the offer is gone (RFC 3207 section 4.2).
        assert b"STARTTLS" not in answer
        session.sendall(b"QUIT\r\n")
        assert (session.read() or b"").startswith(b"221")


def test_under_another_name(server: Postfix) -> None:
    peer = Peer("mail.eve.test", connect=server.connect)
    with Session(Verifier(cafile=server.cafile), peer) as session:
        with pytest.raises(RejectedError) as caught:
            session.connect()
        assert caught.value.code == "name.mismatch"
        assert session.report.verdict is Verdict.REJECTED


def test_of_an_unknown_ca(server: Postfix) -> None:
    peer = Peer(server.host, connect=server.connect)
    with Session(Verifier(system_ca=True), peer) as session:
        with pytest.raises(RejectedError) as caught:
            session.connect()
        assert caught.value.code == "chain.unknown_issuer"


def test_smtplib_delivers_a_letter(server: Postfix) -> None:
    with smtplib.SMTP(local_hostname="client.test", timeout=20) as client:
        client.connect("127.0.0.1", server.port)
        client._host = server.host  # type: ignore[attr-defined]
        context = VerifyingContext(Verifier(cafile=server.cafile), client)
        client.starttls(context=context)
        assert context.report is not None
        assert context.report.trusted
        letter = "Subject: upgraded\r\n\r\n" + "a line of the letter\r\n" * 5000
        assert not client.sendmail("alice@client.test", ["bob@bob.test"], letter)
