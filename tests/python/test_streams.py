"""asyncio's streams over a session: how they end, and what `require` says of them and of others."""

from __future__ import annotations

import asyncio
import smtplib
import socket
import ssl
from pathlib import Path
from typing import Tuple

import pytest

from starttls_verify import (
    ArgumentError,
    Peer,
    ProtocolError,
    RejectedError,
    Status,
    TlsError,
    Verifier,
    VerifyingContext,
    open_connection,
    require,
)
from starttls_verify.unread import UnreadReply

from lab import Lab
from postfix import HOST, make_certificates
from served import Script, served

LETTER = b"a line of the letter\r\n" * 50_000


@pytest.fixture(scope="module")
def bob(tmp_path_factory: pytest.TempPathFactory) -> Tuple[Verifier, ssl.SSLContext]:
    directory: Path = tmp_path_factory.mktemp("streams")
    make_certificates(directory)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "server.pem", directory / "server.key")
    return Verifier(cafile=directory / "ca.pem"), context


def echo(tls: ssl.SSLContext, *, goodbye: bool) -> Script:
    """Gives back what it got, and ends with or without close_notify."""

    def play(plain: socket.socket) -> None:
        with tls.wrap_socket(plain, server_side=True) as sealed:
            left = len(LETTER)
            while left:
                piece = sealed.recv(65536)
                left -= len(piece)
                sealed.sendall(piece)
            # Whoever gives the descriptor away says no goodbye.
            end = sealed.unwrap() if goodbye else socket.socket(fileno=sealed.detach())
            end.close()

    return play


async def said_back(verifier: Verifier, port: int) -> bytes:
    peer = Peer(HOST, protocol="tls", connect=f"127.0.0.1:{port}")
    reader, writer = await open_connection(verifier, peer, timeout=10)
    assert require(writer).trusted
    sending = asyncio.ensure_future(send(writer))
    came = await reader.readexactly(len(LETTER))
    await sending
    assert await reader.read() == b""
    writer.close()
    return came


async def send(writer: asyncio.StreamWriter) -> None:
    for start in range(0, len(LETTER), 100_000):
        writer.write(LETTER[start : start + 100_000])
        await writer.drain()


def test_a_long_letter_and_a_proper_end(bob: Tuple[Verifier, ssl.SSLContext]) -> None:
    verifier, tls = bob
    with served(echo(tls, goodbye=True)) as port:
        assert asyncio.run(said_back(verifier, port)) == LETTER


def test_an_end_without_goodbye_is_no_end(bob: Tuple[Verifier, ssl.SSLContext]) -> None:
    verifier, tls = bob
    with served(echo(tls, goodbye=False)) as port:
        with pytest.raises(TlsError) as caught:
            asyncio.run(said_back(verifier, port))
        assert caught.value.status == Status.E_TLS_TRUNCATED


def test_nobody_listens_and_nobody_is_found(verifier: Verifier) -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        nowhere = Peer(HOST, connect=f"127.0.0.1:{unheard.getsockname()[1]}")
        with pytest.raises(TlsError) as caught:
            asyncio.run(open_connection(verifier, nowhere))
        assert caught.value.status == Status.E_CONNECT
    with pytest.raises(TlsError) as caught:
        asyncio.run(open_connection(verifier, Peer("nobody.invalid")))
    assert caught.value.status == Status.E_RESOLVE


def test_what_was_read_before_tls_is_refused(lab: Lab, verifier: Verifier) -> None:
    """A stream keeps what nobody has read, and would give it out as if it had come through TLS."""

    async def upgrade() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", lab["honest"].port)
        while not reader._buffer:  # type: ignore[attr-defined]
            await asyncio.sleep(0.01)
        try:
            VerifyingContext(verifier, reader)
        finally:
            writer.close()

    with pytest.raises(ProtocolError) as caught:
        asyncio.run(upgrade())
    assert caught.value.code == "starttls.pipelined_reply"


def test_a_server_is_no_client(lab: Lab, verifier: Verifier) -> None:
    with smtplib.SMTP("127.0.0.1", lab["honest"].port) as client:
        context = VerifyingContext(verifier, client)
        with pytest.raises(ArgumentError):
            context.wrap_socket(client.sock, server_side=True)


def test_require_refuses_what_is_not_ours(lab: Lab) -> None:
    with smtplib.SMTP("127.0.0.1", lab["honest"].port, local_hostname="c.test") as client:
        with pytest.raises(ProtocolError, match="in clear") as caught:
            require(client)
        assert caught.value.status == Status.E_NOT_OFFERED
        client.starttls(context=ssl._create_unverified_context())
        with pytest.raises(ProtocolError):
            require(client)


def test_require_refuses_what_an_option_has_let_pass(lab: Lab) -> None:
    verifier = lab.verifier(insecure_opportunistic=True)
    scenario = lab["eve"]
    with smtplib.SMTP("127.0.0.1", scenario.port, local_hostname="c.test") as client:
        client.starttls(context=VerifyingContext(verifier, client, scenario.peer))
        with pytest.raises(RejectedError) as caught:
            require(client)
        assert caught.value.report is not None
        assert not caught.value.report.trusted


def test_what_is_behind_a_reply_is_seen_however_long_the_reply_is() -> None:
    class Heard:
        """What an aiosmtplib.SMTP has that is looked at."""

        is_ehlo_or_helo_needed = False
        protocol = None

        def __init__(self) -> None:
            self.transport = self

        def get_protocol(self) -> Heard:
            return self

        def set_protocol(self, _protocol: object) -> None: ...

        def data_received(self, _data: bytes) -> None: ...

    for said, behind in [
        ([b"220 go\r\n"], b""),
        ([b"220-go\r\n22", b"0 on\r\n"], b""),
        ([b"220 go\r\n", b"250 evil\r\n"], b"250 evil\r\n"),
        ([b"220-go\r\n" * 4000, b"220-go\r\n" * 5000, b"220 go\r\n250 evil\r\n"], b"220-go\r\n" * 8),
    ]:
        unread = UnreadReply(Heard())
        for data in said:
            unread.data_received(data)
        assert unread.look() == behind
