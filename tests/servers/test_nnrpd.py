"""INN's nnrpd: capabilities and the list of groups inside TLS."""

from __future__ import annotations

import pytest

from dialogue import dialogue
from fleet import Fleet


@pytest.mark.parametrize(("name", "scheme"), [("nnrpd", "nntp"), ("nnrpd-tls", "nntps")])
def test_the_groups(fleet: Fleet, name: str, scheme: str) -> None:
    with dialogue(fleet[name], scheme) as inside:
        # RFC 4642 §2.2.2: no greeting after STARTTLS.
        assert inside.session.server_speaks_first is (scheme == "nntps")
        if inside.session.server_speaks_first:
            assert inside.until(rb"\n").startswith(b"200")
        inside.line(b"CAPABILITIES")
        capabilities = inside.until(rb"^\.$\n")
        assert capabilities.startswith(b"101")
        assert b"VERSION 2" in capabilities
        assert b"STARTTLS" not in capabilities
        inside.line(b"LIST ACTIVE")
        assert b"test.starttls" in inside.until(rb"^\.$\n")
        inside.line(b"QUIT")
        assert inside.until(rb"\n").startswith(b"205")
