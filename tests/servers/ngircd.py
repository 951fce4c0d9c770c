"""ngIRCd: implicit TLS, and no STARTTLS: the command is passed over in silence."""

from __future__ import annotations

from server import Command, Kind, Place

NGIRCD_CONF = """\
[Global]
Name = irc.example.test
Info = test
Listen = 127.0.0.1
Ports = {ports[irc]}
[Limits]
MaxConnectionsIP = 0
[Options]
PAM = no
Ident = no
DNS = no
ChrootDir =
[SSL]
CertFile = {certificate.chain}
KeyFile = {certificate.key}
Ports = {ports[ircs]}
"""


def configure(place: Place) -> Command:
    """Runs as Debian's user for it."""
    certificate = place.authority.certificate("irc")
    text = NGIRCD_CONF.format(ports=place.ports, certificate=certificate)
    config = place.file("ngircd.conf", text)
    return Command(["/usr/sbin/ngircd", "-n", "-f", config], user="irc")


NGIRCD = Kind("ngircd", ("irc", "ircs"), configure)
