"""A policy host of MTA-STS on loopback, port 443, with a CA of its own."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, List

from relay import PATIENCE, openssl
from zones import POLICY_HOST

EXTENSIONS = """\
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:{name}
"""


@dataclass
class PolicyHost:
    """What it answers with, the requests that it got, and the CA that vouches for it."""

    ca: Path
    answer: bytes
    requests: List[bytes]


def page(policy: bytes, status: str = "200 OK", kind: str = "text/plain") -> bytes:
    """An answer with that body."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(policy)}\r\n\r\n"
    return head.encode() + policy


@contextlib.contextmanager
def policy_host(
    directory: Path, answer: bytes, name: str = "mta-sts.sts.test", days: int = 2
) -> Iterator[PolicyHost]:
    """Works as long as the block does. With days below 0 its certificate is expired."""
    ca, key, leaf = directory / "ca.pem", directory / "policy.key", directory / "policy.pem"
    ca_key, request, extensions = directory / "ca.key", directory / "csr", directory / "ext"
    curve = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
    openssl(
        f"req -x509 {curve} -days 9 -subj /CN=ca -keyout {ca_key} -out {ca}"
        " -addext keyUsage=critical,keyCertSign".split()
    )
    openssl(f"req -new {curve} -subj /CN=policy -keyout {key} -out {request}".split())
    extensions.write_text(EXTENSIONS.format(name=name))
    openssl(
        f"x509 -req -in {request} -CA {ca} -CAkey {ca_key} -CAcreateserial -days {days}"
        f" -extfile {extensions} -out {leaf}".split()
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf, key)
    host = PolicyHost(ca, answer, [])
    with socket.create_server((POLICY_HOST, 443)) as listener:
        thread = threading.Thread(target=serve, args=(listener, context, host), daemon=True)
        thread.start()
        try:
            yield host
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(PATIENCE)


def serve(listener: socket.socket, context: ssl.SSLContext, host: PolicyHost) -> None:
    """One client after the other; without an answer it waits until the client is gone."""
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        with client, contextlib.suppress(OSError):
            client.settimeout(PATIENCE)
            with context.wrap_socket(client, server_side=True) as inside:
                host.requests.append(inside.recv(4096))
                inside.sendall(host.answer)
                if not host.answer:
                    inside.recv(1)
