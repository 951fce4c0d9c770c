"""OpenLDAP's slapd: StartTLS and ldaps."""

from __future__ import annotations

from server import Command, Kind, Place

SLAPD_CONF = """\
include /etc/ldap/schema/core.schema
pidfile {base}/run/pid
argsfile {base}/run/args
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile {certificate.chain}
TLSCertificateKeyFile {certificate.key}
TLSCACertificateFile {cafile}
TLSVerifyClient never
database mdb
suffix "dc=example,dc=test"
rootdn "cn=admin,dc=example,dc=test"
rootpw secret
directory {base}/db
"""


def configure(place: Place) -> Command:
    """Runs as Debian's user for it."""
    place.own("db", "openldap")
    place.own("run", "openldap")
    text = SLAPD_CONF.format(
        base=place.directory,
        certificate=place.authority.certificate("openldap"),
        cafile=place.authority.cafile,
    )
    urls = " ".join(f"{scheme}://127.0.0.1:{port}/" for scheme, port in place.ports.items())
    config = str(place.file("slapd.conf", text))
    command = ["/usr/sbin/slapd", "-d", "0", "-f", config, "-h", urls]
    return Command(command, user="openldap")


SLAPD = Kind("slapd", ("ldap", "ldaps"), configure)
