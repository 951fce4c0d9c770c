"""Judges a chain that is on disk.

    verify_chain.py HOST CHAIN.pem CAFILE

CHAIN.pem has the certificates as the server sends them, its own first. Prints the report; its first
line is the whole answer. Exit code: 0 trusted, 1 not trusted, 2 wrong usage or configuration.
"""

from __future__ import annotations

import sys
from pathlib import Path

from starttls_verify import ArgumentError, Peer, RejectedError, Verifier, verify_chain


def check(host: str, chain: str, cafile: str) -> int:
    """Judges and prints."""
    try:
        peer = Peer(host, protocol="tls")
        report = verify_chain(Verifier(cafile=cafile), peer, Path(chain).read_bytes())
    except RejectedError as error:
        print(error.report.text if error.report else error, end="")
        return 1
    print(report.text, end="")
    return 0 if report.trusted else 1


def main(arguments: list[str]) -> int:
    """Reads the command line."""
    if len(arguments) != 3:
        print("usage: verify_chain.py HOST CHAIN.pem CAFILE", file=sys.stderr)
        return 2
    try:
        return check(*arguments)
    except (ArgumentError, OSError) as error:
        print(f"verify_chain.py: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
