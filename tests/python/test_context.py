"""smtplib, imaplib and poplib with our session in the place of Python's ssl."""

from __future__ import annotations

import imaplib
import poplib
import smtplib
import socket
import ssl
from pathlib import Path
from typing import Callable, Tuple, Type, Union

import pytest

from starttls_verify import (
    ArgumentError,
    ProtocolError,
    RejectedError,
    StarttlsVerifyError,
    Status,
    TlsError,
    Verifier,
    VerifyingContext,
)

from lab import Lab, Scenario
from postfix import HOST, make_certificates
from served import Script, served

Client = Union[smtplib.SMTP, imaplib.IMAP4, poplib.POP3]


def smtp(scenario: Scenario) -> smtplib.SMTP:
    client = smtplib.SMTP("127.0.0.1", scenario.port, local_hostname="client.test", timeout=10)
    client._host = scenario.host  # type: ignore[attr-defined, unused-ignore]
    return client


def test_smtplib_with_an_honest_server(lab: Lab, verifier: Verifier) -> None:
    with smtp(lab["honest"]) as client:
        context = VerifyingContext(verifier, client)
        client.starttls(context=context)
        assert context.report is not None
        assert context.report.trusted
        assert client.ehlo()[0] == 250


@pytest.mark.parametrize(
    ("name", "error", "status"),
    [
        ("eve", RejectedError, Status.E_REJECTED),
        ("injected", ProtocolError, Status.E_INJECTED),
        ("injected-late", ProtocolError, Status.E_INJECTED),
        ("closed-handshake", TlsError, Status.E_IO_CLOSED),
    ],
)
def test_after_a_failure_smtplib_says_nothing_in_clear(
    lab: Lab, verifier: Verifier, name: str, error: Type[StarttlsVerifyError], status: Status
) -> None:
    client = smtp(lab[name])
    context = VerifyingContext(verifier, client)
    with pytest.raises(error) as caught:
        client.starttls(context=context)
    assert caught.value.status == status
    with pytest.raises(smtplib.SMTPServerDisconnected):
        client.docmd("AUTH PLAIN AGFsaWNlAHNlY3JldA==")
    client.close()
    assert "AUTH" not in lab.cleartext(name)


@pytest.mark.parametrize("client", [object(), smtplib.SMTP()])
def test_a_context_that_cannot_look_refuses(verifier: Verifier, client: object) -> None:
    with pytest.raises(ArgumentError, match="cannot be looked into"):
        VerifyingContext(verifier, client)


def test_what_is_set_in_a_context_and_would_not_be_obeyed_is_refused(
    lab: Lab, verifier: Verifier
) -> None:
    with smtp(lab["honest"]) as client:
        context = VerifyingContext(verifier, client)
        for setter in ("load_cert_chain", "load_verify_locations", "set_ciphers"):
            with pytest.raises(ArgumentError, match="options of the Verifier"):
                getattr(context, setter)("x")


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Tuple[Verifier, ssl.SSLContext]:
    """Who is trusted, and the server's side of that."""
    base: Path = tmp_path_factory.mktemp("mailbox")
    make_certificates(base)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(base / "server.pem", base / "server.key")
    return Verifier(cafile=base / "ca.pem", handshake_timeout_ms=5000), context


def imap_script(tls: ssl.SSLContext, behind: bytes) -> Script:
    def script(plain: socket.socket) -> None:
        plain.sendall(b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n")
        lines = plain.makefile("rb")
        tag = lines.readline().split()[0]
        plain.sendall(b"* CAPABILITY IMAP4rev1 STARTTLS\r\n" + tag + b" OK done\r\n")
        tag = lines.readline().split()[0]
        plain.sendall(tag + b" OK begin\r\n" + behind)
        with tls.wrap_socket(plain, server_side=True) as secured:
            for line in secured.makefile("rb"):
                answer = b"* CAPABILITY IMAP4rev1\r\n" if b"CAPABILITY" in line else b""
                secured.sendall(answer + line.split()[0] + b" OK done\r\n")

    return script


def pop_script(tls: ssl.SSLContext, behind: bytes) -> Script:
    def script(plain: socket.socket) -> None:
        plain.sendall(b"+OK ready\r\n")
        lines = plain.makefile("rb")
        lines.readline()
        plain.sendall(b"+OK\r\nSTLS\r\n.\r\n")
        lines.readline()
        plain.sendall(b"+OK begin\r\n" + behind)
        with tls.wrap_socket(plain, server_side=True) as secured:
            for line in secured.makefile("rb"):
                many = line.startswith(b"CAPA")
                secured.sendall(b"+OK\r\nUSER\r\n.\r\n" if many else b"+OK\r\n")

    return script


def imap(port: int, verifier: Verifier, host: str) -> imaplib.IMAP4:
    client = imaplib.IMAP4("127.0.0.1", port)
    client.host = host
    client.starttls(VerifyingContext(verifier, client))
    return client


def pop(port: int, verifier: Verifier, host: str) -> poplib.POP3:
    client = poplib.POP3("127.0.0.1", port, timeout=10)
    client.host = host
    client.stls(context=VerifyingContext(verifier, client))
    return client


def test_imaplib(mailbox: Tuple[Verifier, ssl.SSLContext]) -> None:
    verifier, tls = mailbox
    with served(imap_script(tls, b"")) as port:
        client = imap(port, verifier, HOST)
        assert client.noop()[0] == "OK"
        client.logout()


def test_poplib(mailbox: Tuple[Verifier, ssl.SSLContext]) -> None:
    verifier, tls = mailbox
    with served(pop_script(tls, b"")) as port:
        client = pop(port, verifier, HOST)
        assert client.noop().startswith(b"+OK")
        client.quit()


@pytest.mark.parametrize(("dial", "script"), [(imap, imap_script), (pop, pop_script)])
@pytest.mark.parametrize(
    ("host", "behind", "error"),
    [("mail.eve.test", b"", RejectedError), (HOST, b"* BYE evil\r\n", ProtocolError)],
)
def test_imaplib_and_poplib_refuse(
    mailbox: Tuple[Verifier, ssl.SSLContext],
    dial: Callable[[int, Verifier, str], Client],
    script: Callable[[ssl.SSLContext, bytes], Script],
    host: str,
    behind: bytes,
    error: Type[StarttlsVerifyError],
) -> None:
    verifier, tls = mailbox
    with served(script(tls, behind)) as port, pytest.raises(error):
        dial(port, verifier, host)
