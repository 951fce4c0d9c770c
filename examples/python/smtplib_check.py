"""The same check for a program that uses smtplib: only the context given to starttls is ours.

    smtplib_check.py HOST CONNECT CAFILE [DEADLINE_MS]

smtplib speaks in clear up to the server's go-ahead. `VerifyingContext` then refuses what came
behind it, which smtplib would drop without a word, shakes hands, judges, and gives smtplib the
secured connection; imaplib and poplib take it in the same way. Arguments and exit codes are those
of smtp_check.py.
"""

from __future__ import annotations

import smtplib
import sys

from starttls_verify import StarttlsVerifyError, Status, Verifier, VerifyingContext


class NamedSMTP(smtplib.SMTP):
    """Connects to one place and means another name, which is what starttls asks for."""

    def __init__(self, meant: str, connect: str, seconds: float) -> None:
        host, _, port = connect.rpartition(":")
        # The greeting may already fail, before the name of the peer has replaced that of the place.
        super().__init__(host, int(port), local_hostname="client.test", timeout=seconds)
        self._host = meant


def exit_code(status: int) -> int:
    """What the shell is told."""
    if 100 <= status < 200:
        return 2
    if 300 <= status < 400 and status != Status.E_TLS_VERSION:
        return 3
    return 1


def check(host: str, connect: str, cafile: str, deadline_ms: int) -> None:
    """Connects, prints, talks."""
    verifier = Verifier(cafile=cafile, handshake_timeout_ms=deadline_ms)
    with NamedSMTP(host, connect, deadline_ms / 1000) as client:
        context = VerifyingContext(verifier, client)
        try:
            client.starttls(context=context)
        finally:
            if context.report:
                print(context.report.text, end="")
        client.ehlo()
        print(f"inside TLS: {client.ehlo_resp!r}")


def main(arguments: list[str]) -> int:
    """Reads the command line."""
    if len(arguments) not in (3, 4) or not "".join(arguments[3:] or "1").isdecimal():
        print("usage: smtplib_check.py HOST CONNECT CAFILE [DEADLINE_MS]", file=sys.stderr)
        return 2
    host, connect, cafile = arguments[:3]
    try:
        check(host, connect, cafile, int([*arguments, "30000"][3]))
    except StarttlsVerifyError as error:
        print(f"smtplib_check.py: {error}", file=sys.stderr)
        return exit_code(error.status)
    except (smtplib.SMTPNotSupportedError, smtplib.SMTPResponseException) as error:
        print(f"smtplib_check.py: no TLS, so nothing more is said: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"smtplib_check.py: {error}", file=sys.stderr)
        return 3
    except ValueError as error:
        print(f"smtplib_check.py: CONNECT is ADDRESS:PORT: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
