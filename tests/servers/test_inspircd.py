"""InspIRCd: capabilities and a registration inside TLS."""

from __future__ import annotations

import pytest

from dialogue import dialogue
from fleet import Fleet
from server import Server


@pytest.mark.parametrize("scheme", ["irc", "ircs"])
def test_a_registration(fleet: Fleet, scheme: str) -> None:
    server: Server = fleet["inspircd"]
    with dialogue(server, scheme) as inside:
        assert not inside.session.server_speaks_first
        inside.line(b"CAP LS 302")
        # It lists "tls" here too; that is no offer, as the end of this test shows.
        inside.until(rb" CAP \S+ LS [^\n]*\n")
        inside.line(b"NICK alice")
        inside.line(b"USER alice 0 * :Alice")
        inside.line(b"CAP END")
        assert b"alice" in inside.until(rb"^:irc\.example\.test 001 [^\n]*\n")
        # The server knows that it is TLS.
        inside.line(b"STARTTLS")
        inside.until(rb"^:irc\.example\.test 691 [^\n]*\n")
        inside.line(b"QUIT")
