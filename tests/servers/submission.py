"""Postfix, configured by postfix.py, with two services more.

They are submission, with STARTTLS that it insists on, and submissions, with implicit TLS.
"""

from __future__ import annotations

from postfix import MASTER, MASTER_CF, check_machine, make_directories
from server import Command, Kind, Place

SERVICES = """\
127.0.0.1:{submission} inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
127.0.0.1:{submissions} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
"""


def configure(place: Place) -> Command:
    """All three in one master."""
    check_machine()
    make_directories(place.directory)
    # main.cf names the files that this makes.
    place.authority.certificate("root")
    etc = place.directory / "etc"
    services = MASTER_CF.format(port=place.ports["smtp"]) + SERVICES.format(**place.ports)
    (etc / "master.cf").write_text(services)
    return Command([MASTER, "-c", etc, "-d"], environment={"MAIL_CONFIG": str(etc)})


POSTFIX = Kind("postfix", ("smtp", "submission", "submissions"), configure)
