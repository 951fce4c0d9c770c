"""Exim: SMTP, with GnuTLS."""

from __future__ import annotations

from extracted import extracted
from server import Command, Kind, Place

OWNER = "Debian-exim"

EXIM_CONF = """\
exim_path = {program}
spool_directory = {base}/spool
log_file_path = {base}/spool/%slog
pid_file_path = {base}/spool/pid
primary_hostname = mail.example.test
domainlist local_domains = example.test
daemon_smtp_ports = {ports[smtp]} : {ports[submissions]}
tls_on_connect_ports = {ports[submissions]}
local_interfaces = 127.0.0.1
never_users =
tls_advertise_hosts = *
tls_certificate = {certificate.chain}
tls_privatekey = {certificate.key}
host_lookup =
rfc1413_query_timeout = 0s
keep_environment =
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = acl_data
begin acl
acl_rcpt:
  accept
acl_data:
  discard
begin routers
drop:
  driver = redirect
  data = :blackhole:
"""


def configure(place: Place) -> Command:
    """Takes every letter and throws it away."""
    place.own("spool", OWNER)
    program = extracted("exim") / "usr/sbin/exim4"
    text = EXIM_CONF.format(
        program=program,
        base=place.directory,
        ports=place.ports,
        certificate=place.authority.certificate(OWNER),
    )
    return Command([program, "-bdf", "-C", place.file("exim.conf", text)])


EXIM = Kind("exim", ("smtp", "submissions"), configure)
