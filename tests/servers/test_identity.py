"""Every server, every protocol: trusted under its own name, refused under another.

Through the library, and through the command line.
"""

from __future__ import annotations

import subprocess
from typing import Tuple

import pytest

from certificates import DOMAIN, MISTAKEN_DOMAIN
from dialogue import verifier
from fleet import Fleet, offers
from server import Server
from starttls_verify import Peer, RejectedError, Session, Status, Verdict, Verifier

Spoken = Tuple[Server, str]


@pytest.fixture(params=offers(), ids=lambda offer: f"{offer[0]}-{offer[1]}")
def spoken(fleet: Fleet, request: pytest.FixtureRequest) -> Spoken:
    """A server and one of its schemes."""
    name, scheme = request.param
    return fleet[name], scheme


def own_name(server: Server, scheme: str) -> str:
    """XMPP knows domains, the others hosts."""
    return DOMAIN if scheme.startswith("xmpp") else server.host


def wrong_name(scheme: str) -> str:
    """A name that the server answers to and its certificate is not for."""
    return MISTAKEN_DOMAIN if scheme.startswith("xmpp") else "mail.wrong.test"


def test_its_own_name_is_trusted(spoken: Spoken) -> None:
    server, scheme = spoken
    peer = Peer(own_name(server, scheme), protocol=scheme, connect=server.connect(scheme))
    with Session(verifier(server), peer) as session:
        assert session.connect() is Status.OK
        assert session.report.verdict is Verdict.TRUSTED
        assert session.report.json["verdict"] == "trusted"


def test_another_name_is_refused(spoken: Spoken) -> None:
    server, scheme = spoken
    peer = Peer(wrong_name(scheme), protocol=scheme, connect=server.connect(scheme))
    with Session(verifier(server), peer) as session:
        with pytest.raises(RejectedError) as caught:
            session.connect()
        assert caught.value.code == "name.mismatch", session.report.text
        assert caught.value.status is Status.E_REJECTED
        assert session.report.verdict is Verdict.REJECTED


def test_an_unknown_ca_is_refused(spoken: Spoken) -> None:
    server, scheme = spoken
    peer = Peer(own_name(server, scheme), protocol=scheme, connect=server.connect(scheme))
    with Session(Verifier(system_ca=True), peer) as session:
        with pytest.raises(RejectedError) as caught:
            session.connect()
        assert caught.value.code == "chain.unknown_issuer", session.report.text


def test_the_program_trusts_its_own_name(spoken: Spoken, program: str) -> None:
    server, scheme = spoken
    done = check(program, server, scheme, own_name(server, scheme))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(f"TRUSTED {scheme}://{own_name(server, scheme)}")


def test_the_program_refuses_another_name(spoken: Spoken, program: str) -> None:
    server, scheme = spoken
    done = check(program, server, scheme, wrong_name(scheme))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "[name.mismatch]" in done.stdout.splitlines()[0]


def check(program: str, server: Server, scheme: str, host: str) -> subprocess.CompletedProcess[str]:
    """Runs `starttls-verify check`."""
    connect = server.connect(scheme)
    command = [program, "check", "--cafile", server.cafile, "--connect", connect]
    return subprocess.run(
        [*command, f"{scheme}://{host}"], capture_output=True, text=True, timeout=60, check=False
    )
