"""The client's side of FastCGI 1.0, as much as it takes to ask PHP for a page.

A record is version, type, request, length, padding; parameters are pairs with their lengths before
them (FastCGI specification §3.3, §3.4).
"""

from __future__ import annotations

import socket
import struct
from pathlib import Path
from typing import Dict, Iterator, Tuple

BEGIN, PARAMS, STDIN, STDOUT, END = 1, 4, 5, 6, 3
RESPONDER = 1
REQUEST = 1


def record(kind: int, content: bytes) -> bytes:
    return struct.pack("!BBHHBx", 1, kind, REQUEST, len(content), 0) + content


def pair(name: str, value: str) -> bytes:
    words = [name.encode(), value.encode()]
    # A length of 128 and more has four octets, the first bit set.
    lengths = [bytes([len(w)]) if len(w) < 128 else struct.pack("!I", len(w) | 1 << 31) for w in words]
    return b"".join(lengths + words)


def records(connection: socket.socket) -> Iterator[Tuple[int, bytes]]:
    stream = connection.makefile("rb")
    while True:
        header = stream.read(8)
        if len(header) < 8:
            raise ConnectionError("the worker has gone")
        _, kind, _, length, padding = struct.unpack("!BBHHBx", header)
        content = stream.read(length)
        stream.read(padding)
        yield kind, content
        if kind == END:
            return


def ask(address: Path, script: Path, query: Dict[str, str]) -> str:
    """The body of a page."""
    parameters = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_FILENAME": str(script),
        "QUERY_STRING": "&".join(f"{name}={value}" for name, value in query.items()),
    }
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(30)
        connection.connect(str(address))
        connection.sendall(
            record(BEGIN, struct.pack("!HB5x", RESPONDER, 0))
            + record(PARAMS, b"".join(pair(*item) for item in parameters.items()))
            + record(PARAMS, b"")
            + record(STDIN, b"")
        )
        answer = b"".join(content for kind, content in records(connection) if kind == STDOUT)
    return answer.partition(b"\r\n\r\n")[2].decode()
