"""Cyrus: IMAP, POP3, ManageSieve, LMTP and NNTP, and IMAP with implicit TLS."""

from __future__ import annotations

from extracted import extracted
from server import Command, Kind, Place, Words

# Debian's user for it comes with the package, which is not installed.
OWNER = "nobody"
GROUP = "nogroup"

IMAPD_CONF = """\
configdirectory: {base}/data
defaultpartition: default
partition-default: {base}/mail
partition-news: {base}/mail
sievedir: {base}/sieve
cyrus_user: {user}
cyrus_group: {group}
admins: cyrus
allowanonymouslogin: no
allowplaintext: no
sasl_pwcheck_method: auxprop
sasl_mech_list: PLAIN
tls_server_cert: {certificate.chain}
tls_server_key: {certificate.key}
tls_client_ca_file: {cafile}
servername: mail.example.test
statuscache: 0
"""

SERVICE = '  {scheme} cmd="{program} -C {config}" listen="127.0.0.1:{port}" prefork=0\n'
PROGRAMS = {
    "imap": "imapd",
    "imaps": "imapd -s",
    "pop3": "pop3d",
    "sieve": "timsieved",
    "lmtp": "lmtpd",
    "nntp": "nntpd",
}


def configure(place: Place) -> Command:
    """An empty mail store."""
    for name in ("data", "mail", "sieve"):
        place.own(name, OWNER)
    for name in ("proc", "db", "socket", "log", "msg", "ptclient"):
        place.own(f"data/{name}", OWNER)
    text = IMAPD_CONF.format(
        base=place.directory,
        user=OWNER,
        group=GROUP,
        certificate=place.authority.certificate(OWNER),
        cafile=place.authority.cafile,
    )
    config = place.file("imapd.conf", text)
    root = extracted("cyrus")
    programs = root / "usr/lib/cyrus/bin"
    services = "".join(
        SERVICE.format(scheme=scheme, program=programs / PROGRAMS[scheme], config=config, port=port)
        for scheme, port in place.ports.items()
    )
    recover = f'START {{\n  recover cmd="{programs}/ctl_cyrusdb -C {config} -r"\n}}\n'
    text = f"{recover}SERVICES {{\n{services}}}\nEVENTS {{\n}}\n"
    pid = place.directory / "pid"
    master: Words = [programs / "master", "-C", config, "-M", place.file("cyrus.conf", text)]
    environment = {
        "LD_LIBRARY_PATH": str(root / "usr/lib/x86_64-linux-gnu"),
        "CYRUS_USER": OWNER,
        "CYRUS_GROUP": GROUP,
    }
    return Command([*master, "-p", pid], environment=environment)


CYRUS = Kind("cyrus", tuple(PROGRAMS), configure)
