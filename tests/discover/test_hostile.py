"""A resolver that lies, babbles or hangs up: the look-up fails, and nothing is gained by it."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
from dataclasses import replace
from typing import Callable, Dict, Iterator

import pytest

from servers import Scene
from test_dane import TRUSTED, check, dane

HOST = "mail.signed.test"
Answer = Callable[[bytes], bytes]


def head(query: bytes, flags: int, answers: int = 0) -> bytes:
    """A header that fits the query."""
    return query[:2] + struct.pack(">HHHHH", flags, 1, answers, 0, 0)


def question(query: bytes) -> bytes:
    """The question as it was asked."""
    return query[12 : query.index(b"\0", 12) + 5]


def record(owner: bytes, kind: int, data: bytes) -> bytes:
    return owner + struct.pack(">HHIH", kind, 1, 60, len(data)) + data


def loop(query: bytes) -> bytes:
    """A name that points to itself."""
    at = 12 + len(question(query))
    itself = record(struct.pack(">H", 0xC000 | at), 1, b"\x7f\0\0\1")
    return head(query, 0x81A0, 1) + question(query) + itself


def circle(query: bytes) -> bytes:
    """An alias of itself."""
    return head(query, 0x81A0, 1) + question(query) + record(b"\xc0\x0c", 5, b"\xc0\x0c")


def short(query: bytes) -> bytes:
    """An address of three octets."""
    return head(query, 0x81A0, 1) + question(query) + record(b"\xc0\x0c", 1, b"\x7f\0\0")


ANSWERS: Dict[str, Answer] = {
    "noise": lambda query: query[:2] + os.urandom(200),
    "nothing but a header": lambda query: query[:2] + b"\x81\xa0" + bytes(8),
    "one octet": lambda query: b"\0",
    "the query itself": lambda query: query,
    "refused": lambda query: head(query, 0x8185) + question(query),
    "not implemented": lambda query: head(query, 0x8184) + question(query),
    "failure that claims to be proven": lambda query: head(query, 0x81A2) + question(query),
    "cut off, and no TCP": lambda query: head(query, 0x83A0) + question(query),
    "more records promised": lambda query: head(query, 0x81A0, 0xFFFF) + question(query),
    "another question": lambda query: head(query, 0x81A0) + b"\4mail\3eve\4test\0\0\1\0\1",
    "a name that points to itself": loop,
    "an alias of itself": circle,
    "an address of three octets": short,
}


@contextlib.contextmanager
def resolver(answer: Answer) -> Iterator[int]:
    """Answers every query so, over UDP only."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        over = threading.Event()

        def serve() -> None:
            while True:
                query, client = server.recvfrom(4096)
                if over.is_set():
                    return
                server.sendto(answer(query), client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            over.set()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"\0", server.getsockname())
            thread.join(5)


@pytest.mark.parametrize("name", ["system", "unbound"])
@pytest.mark.parametrize("kind", ANSWERS)
def test_a_hostile_resolver(program: str, scene: Scene, kind: str, name: str) -> None:
    with resolver(ANSWERS[kind]) as port:
        lying = replace(scene, resolver=port)
        options = {
            "system": ["dns=system", "dns_trust_ad=loopback"],
            "unbound": ["dns=unbound", f"dnssec_anchor_file={lying.anchor}"],
        }[name]
        options += [f"dns_server=127.0.0.1:{port}", "dns_timeout_ms=2500"]
        report = check(program, lying, HOST, options)
    finding = dane(report)
    assert finding["outcome"] == "fail", finding
    assert finding["code"] in ("dane.lookup_failed", "dane.bogus"), finding
    assert report["verdict"] != TRUSTED


def test_a_lie_about_absence_is_seen_here_and_believed_from_there(
    program: str, scene: Scene
) -> None:
    """NXDOMAIN with the AD bit: proof to whoever trusts the resolver, forged to who validates."""
    with resolver(lambda query: head(query, 0x81A3) + question(query)) as port:
        server = f"dns_server=127.0.0.1:{port}"
        believing = ["dns=system", "dns_trust_ad=loopback", server]
        validating = ["dns=unbound", f"dnssec_anchor_file={scene.anchor}", server]
        codes = [
            dane(check(program, scene, HOST, [*options, "dns_timeout_ms=4000"]))["code"]
            for options in (believing, [server, "dns=system"], validating)
        ]
    assert codes[:2] == ["dane.not_checked", "dane.insecure"]
    assert codes[2] in ("dane.bogus", "dane.lookup_failed")
