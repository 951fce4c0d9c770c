"""Connects to an SMTP server, upgrades to TLS, judges it, and says EHLO and QUIT to it inside TLS.

    smtp_check.py HOST CONNECT CAFILE [DEADLINE_MS]

HOST is who is meant; CONNECT is where to connect, such as 127.0.0.1:2525. The library does all the
reading and writing. Prints the report; its first line is the whole answer. Exit code: 0 trusted, 1
not trusted, 2 wrong usage or configuration, 3 could not check, 4 encrypted but not trusted, as an
option allowed.
"""

from __future__ import annotations

import sys

from starttls_verify import Peer, Session, StarttlsVerifyError, Status, Verifier


def exit_code(status: int) -> int:
    """What the shell is told."""
    if status == Status.OK:
        return 0
    if status == Status.OPEN_UNVERIFIED:
        return 4
    if 100 <= status < 200:
        return 2
    if 300 <= status < 400 and status != Status.E_TLS_VERSION:
        return 3
    return 1


def make_verifier(cafile: str, deadline_ms: int) -> Verifier:
    """Each part of the conversation may take this long."""
    return Verifier(
        cafile=cafile,
        connect_timeout_ms=deadline_ms,
        negotiation_timeout_ms=deadline_ms,
        handshake_timeout_ms=deadline_ms,
        io_timeout_ms=deadline_ms,
    )


def read_reply(session: Session) -> str:
    """A reply of the server: its last line has a blank behind the code."""
    reply = ""
    while not (reply.endswith("\n") and reply.splitlines()[-1][3:4] in ("", " ")):
        data = session.read()
        if not data:
            break
        reply += data.decode("ascii", "replace")
    return reply


def talk(session: Session) -> None:
    """EHLO and QUIT inside TLS."""
    for command in ("EHLO client.test", "QUIT"):
        session.sendall(command.encode() + b"\r\n")
        for line in read_reply(session).splitlines():
            print(f"inside TLS: {line!r}")


def check(host: str, connect: str, cafile: str, deadline_ms: int) -> int:
    """Connects, prints, talks."""
    verifier = make_verifier(cafile, deadline_ms)
    with Session(verifier, Peer(host, connect=connect)) as session:
        try:
            status = session.connect()
        finally:
            print(session.report.text, end="")
        talk(session)
    return exit_code(status)


def main(arguments: list[str]) -> int:
    """Reads the command line."""
    if len(arguments) not in (3, 4) or not "".join(arguments[3:] or "1").isdecimal():
        print("usage: smtp_check.py HOST CONNECT CAFILE [DEADLINE_MS]", file=sys.stderr)
        return 2
    host, connect, cafile = arguments[:3]
    try:
        return check(host, connect, cafile, int([*arguments, "30000"][3]))
    except StarttlsVerifyError as error:
        print(f"smtp_check.py: {error}", file=sys.stderr)
        return exit_code(error.status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
