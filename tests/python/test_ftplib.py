"""ftplib's data connections: for the peer of the control connection and nobody else."""

from __future__ import annotations

import ftplib
import io
import socket
import ssl
from pathlib import Path
from typing import Callable, Type

import pytest

from starttls_verify import (
    RejectedError,
    StarttlsVerifyError,
    StateError,
    TlsError,
    Verifier,
    VerifyingContext,
    require,
)

from postfix import HOST, make_certificates
from served import Script, served

FILE = b"a line of the letter\r\n" * 5000

Transfer = Callable[[ssl.SSLSocket], None]


@pytest.fixture(scope="module")
def bob(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory: Path = tmp_path_factory.mktemp("ftp")
    make_certificates(directory)
    return directory


def server_context(directory: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "server.pem", directory / "server.key")
    return context


def send(data: ssl.SSLSocket) -> None:
    data.sendall(FILE)
    with data.unwrap():
        pass


def cut_off(data: ssl.SSLSocket) -> None:
    """The connection ends without goodbye, as anybody on the way can make it."""
    data.sendall(FILE)
    with socket.socket(fileno=data.detach()):
        pass


def script(control: ssl.SSLContext, data: ssl.SSLContext, transfer: Transfer) -> Script:
    """One transfer in passive mode."""

    def play(plain: socket.socket) -> None:
        plain.sendall(b"220 ready\r\n")
        assert plain.recv(100) == b"AUTH TLS\r\n"
        plain.sendall(b"234 go\r\n")
        with control.wrap_socket(plain, server_side=True) as sealed, socket.create_server(
            ("127.0.0.1", 0)
        ) as listener:
            port = listener.getsockname()[1]
            said = {
                b"PASV": f"227 at (127,0,0,1,{port // 256},{port % 256})\r\n".encode(),
                b"RETR": b"150 here it comes\r\n",
                b"STOR": b"150 go on\r\n",
                b"CCC": b"200 as you like\r\n",
                b"QUIT": b"221 bye\r\n",
            }
            for line in sealed.makefile("rb"):
                sealed.sendall(said.get(line.split()[0], b"200 ok\r\n"))
                if line.startswith((b"RETR", b"STOR")):
                    serve(listener, data, transfer)
                    sealed.sendall(b"226 done\r\n")

    return play


def serve(listener: socket.socket, data: ssl.SSLContext, transfer: Transfer) -> None:
    connection, _ = listener.accept()
    try:
        with data.wrap_socket(connection, server_side=True) as sealed:
            transfer(sealed)
    except OSError:
        # The client has found this server out.
        connection.close()


def logged_in(port: int, verifier: Verifier) -> ftplib.FTP_TLS:
    client = ftplib.FTP_TLS(timeout=10)
    client.connect("127.0.0.1", port)
    client.host = HOST
    client.context = VerifyingContext(verifier, client)
    # It says AUTH TLS by itself, and once.
    client.login("alice", "sesame")
    client.prot_p()
    require(client)
    return client


def test_a_file_comes_and_another_goes(bob: Path) -> None:
    verifier, tls, got = Verifier(cafile=bob / "ca.pem"), server_context(bob), io.BytesIO()

    def receive(data: ssl.SSLSocket) -> None:
        while piece := data.recv(65536):
            got.write(piece)

    for transfer in (send, receive):
        with served(script(tls, tls, transfer)) as port, logged_in(port, verifier) as client:
            came = io.BytesIO()
            if transfer is send:
                client.retrbinary("RETR letter", came.write)
                assert came.getvalue() == FILE
            else:
                client.storbinary("STOR letter", io.BytesIO(FILE))
                assert got.getvalue() == FILE
            assert client.context.report.trusted  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("stranger", "transfer", "error", "code"),
    [(True, send, RejectedError, "tls.other_peer"), (False, cut_off, TlsError, "tls.truncated")],
)
def test_a_transfer_that_is_refused(
    bob: Path,
    tmp_path: Path,
    stranger: bool,
    transfer: Transfer,
    error: Type[StarttlsVerifyError],
    code: str,
) -> None:
    # The stranger has a good certificate of the same name, by another CA that is trusted as well.
    make_certificates(tmp_path)
    both = (bob / "ca.pem").read_bytes() + (tmp_path / "ca.pem").read_bytes()
    (tmp_path / "both.pem").write_bytes(both)
    verifier = Verifier(cafile=tmp_path / "both.pem")
    data = server_context(tmp_path if stranger else bob)
    play = script(server_context(bob), data, transfer)
    with served(play) as port, logged_in(port, verifier) as client:
        with pytest.raises(error) as caught:
            client.retrbinary("RETR letter", lambda _: None)
        assert caught.value.code == code


def test_nothing_is_said_in_clear_after_tls(bob: Path) -> None:
    tls = server_context(bob)
    verifier = Verifier(cafile=bob / "ca.pem")
    with served(script(tls, tls, send)) as port, logged_in(port, verifier) as client:
        client.ccc()
        with pytest.raises(StateError):
            client.voidcmd("NOOP")
        client.close()


def test_a_context_is_for_one_client(bob: Path) -> None:
    tls, verifier = server_context(bob), Verifier(cafile=bob / "ca.pem")
    with served(script(tls, tls, send)) as port, logged_in(port, verifier) as client:
        context = client.context
    with served(script(tls, tls, send)) as port, ftplib.FTP_TLS(timeout=10) as client:
        client.connect("127.0.0.1", port)
        client.context = context
        with pytest.raises(StateError):
            client.auth()


