"""Postfix and Exim: a letter is delivered over each of SMTP, submission and submissions."""

from __future__ import annotations

import pytest

from dialogue import dialogue
from fleet import Fleet


@pytest.mark.parametrize(
    ("name", "scheme"),
    [
        ("postfix", "smtp"),
        ("postfix", "submission"),
        ("postfix", "submissions"),
        ("exim", "smtp"),
        ("exim", "submissions"),
    ],
)
def test_a_letter(fleet: Fleet, name: str, scheme: str) -> None:
    with dialogue(fleet[name], scheme) as inside:
        # Only implicit TLS has a greeting inside TLS.
        assert inside.session.server_speaks_first is (scheme == "submissions")
        if inside.session.server_speaks_first:
            inside.reply(b"220")
        inside.line(b"EHLO client.test")
        # The offer of STARTTLS is gone (RFC 3207 §4.2).
        assert b"STARTTLS" not in inside.reply(b"250")
        inside.line(b"MAIL FROM:<alice@client.test>")
        inside.reply(b"250")
        inside.line(b"RCPT TO:<bob@bob.test>")
        inside.reply(b"250")
        inside.line(b"DATA")
        inside.reply(b"354")
        inside.line(b"Subject: upgraded\r\n\r\n" + b"a line of the letter\r\n" * 5000 + b".")
        inside.reply(b"250")
        inside.line(b"QUIT")
        inside.reply(b"221")
