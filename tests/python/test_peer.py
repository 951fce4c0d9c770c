"""Peers: names arrive whole or not at all."""

from __future__ import annotations

import pickle

import pytest

from starttls_verify import ArgumentError, Peer, Status, Verifier, verify_chain

from lab import Lab


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("mail.bob.test\0.eve.test", Status.E_ENCODING),
        ("mail.bob.test\0", Status.E_ENCODING),
        ("mail.b\udcfcb.test", Status.E_ENCODING),
        (".bob.test", Status.E_NAME),
        ("*.bob.test", Status.E_NAME),
        ("mail..test", Status.E_NAME),
        ("", Status.E_NAME),
    ],
)
def test_what_is_no_host(host: str, status: Status) -> None:
    with pytest.raises(ArgumentError) as caught:
        Peer(host)
    assert caught.value.status == status


@pytest.mark.parametrize("port", [-1, 65536, 2**32 + 25, -(2**40)])
def test_what_is_no_port(port: int) -> None:
    with pytest.raises(ArgumentError):
        Peer("mail.bob.test", port=port)


@pytest.mark.parametrize(
    "arguments",
    [
        {"protocol": "gopher"},
        {"protocol": "smtp\0"},
        {"references": ["mail.bob.test"]},
        {"references": ["dns:mail.bob.test\0"]},
        {"connect": "127.0.0.1:0:1"},
        {"connect": "127.0.0.1\0:25"},
        {"server_name": "mail.bob.test\0"},
    ],
)
def test_what_is_no_peer(arguments: dict[str, object]) -> None:
    with pytest.raises(ArgumentError):
        Peer("mail.bob.test", **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "arguments",
    [
        {"host": b"mail.bob.test"},
        {"host": None},
        {"port": "25"},
        {"port": True},
        {"references": "dns:mail.bob.test"},
        {"references": [b"dns:mail.bob.test"]},
        {"protocol": 1},
    ],
)
def test_the_wrong_type(arguments: dict[str, object]) -> None:
    with pytest.raises(TypeError):
        Peer(**{"host": "mail.bob.test", **arguments})  # type: ignore[arg-type]


def test_a_peer_is_a_value() -> None:
    peer = Peer("mail.bob.test", "submission", 2525, ["dns:bob.test"], "127.0.0.1", "bob.test")
    same = Peer("mail.bob.test", "submission", 2525, ("dns:bob.test",), "127.0.0.1", "bob.test")
    assert peer == same
    assert hash(peer) == hash(same)
    assert pickle.loads(pickle.dumps(peer)) == peer
    with pytest.raises(AttributeError):
        peer.host = "mail.eve.test"  # type: ignore[misc]


def test_another_reference_is_enough(lab: Lab, verifier: Verifier) -> None:
    peer = Peer("mail.bob.test", references=["dns:mail.eve.test"])
    assert verify_chain(verifier, peer, lab.chain("eve")).trusted
