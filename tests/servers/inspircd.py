"""InspIRCd: the deprecated STARTTLS of IRC, and implicit TLS."""

from __future__ import annotations

from server import Command, Kind, Place

INSPIRCD_CONF = """\
<server name="irc.example.test" description="test" network="test">
<admin name="a" nick="a" email="a@example.test">
<bind address="127.0.0.1" port="{ports[irc]}" type="clients">
<bind address="127.0.0.1" port="{ports[ircs]}" type="clients" ssl="gnutls">
<module name="ssl_gnutls">
<module name="cap">
<module name="starttls">
<sslprofile name="gnutls" provider="gnutls" cafile="{cafile}" certfile="{certificate.chain}" \
keyfile="{certificate.key}" hash="sha256">
<starttls provider="gnutls">
<connect allow="*" timeout="30" resolvehostnames="no" localmax="1000" globalmax="1000">
<path datadir="{base}/data" logdir="{base}/data" runtimedir="{base}/data">
<options prefixquit="Quit: " customversion="test">
<performance nouserdns="yes">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="{base}/data/log">
<pid file="{base}/data/pid">
"""


def configure(place: Place) -> Command:
    """Runs as Debian's user for it."""
    place.own("data", "irc")
    text = INSPIRCD_CONF.format(
        base=place.directory,
        ports=place.ports,
        certificate=place.authority.certificate("irc"),
        cafile=place.authority.cafile,
    )
    config = place.file("inspircd.conf", text)
    return Command(["/usr/sbin/inspircd", "--nofork", f"--config={config}"], user="irc")


INSPIRCD = Kind("inspircd", ("irc", "ircs"), configure)
