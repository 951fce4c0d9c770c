"""A mail relay on every loopback address, with STARTTLS and nothing else; no CA signed its certificate."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import ssl
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

PATIENCE = 10.0


@dataclass(frozen=True)
class Relay:
    """Where it listens, the SHA-256 of its key as TLSA 3 1 1 has it, and its certificate."""

    port: int
    digest: str
    certificate: Path


@contextlib.contextmanager
def relay(directory: Path) -> Iterator[Relay]:
    """The relay works as long as the block does."""
    certificate, key = directory / "relay.pem", directory / "relay.key"
    request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=relay"
    name = ["-addext", "subjectAltName=DNS:mail.signed.test"]
    openssl([*request.split(), *name, "-keyout", str(key), "-out", str(certificate)])
    spki = openssl(["pkey", "-in", str(key), "-pubout", "-outform", "DER"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("0.0.0.0", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener, context), daemon=True)
        thread.start()
        try:
            digest = hashlib.sha256(spki).hexdigest()
            yield Relay(listener.getsockname()[1], digest, certificate)
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(PATIENCE)


def openssl(words: list[str]) -> bytes:
    """Runs the openssl command."""
    return subprocess.run(["openssl", *words], capture_output=True, check=True).stdout


def serve(listener: socket.socket, context: ssl.SSLContext) -> None:
    """Takes one client after the other until the listener is closed."""
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        # What a client does wrong is the client's affair.
        with client, contextlib.suppress(OSError):
            client.settimeout(PATIENCE)
            converse(client, context)


def converse(client: socket.socket, context: ssl.SSLContext) -> None:
    """RFC 3207, then QUIT inside TLS."""
    client.sendall(b"220 mail.signed.test ESMTP\r\n")
    client.recv(1024)
    client.sendall(b"250-mail.signed.test\r\n250 STARTTLS\r\n")
    if not client.recv(1024).upper().startswith(b"STARTTLS"):
        return
    client.sendall(b"220 go ahead\r\n")
    with context.wrap_socket(client, server_side=True) as inside:
        if inside.recv(1024):
            inside.sendall(b"221 bye\r\n")
