"""NSD with the zones, and Unbound as the validating resolver in front of it."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from relay import Relay, relay
from server import Command, Kind, Place, running
from zones import write, zones

NSD_CONF = """\
server:
    ip-address: 127.0.0.1@{port}
    server-count: 1
    username: ""
    chroot: ""
    zonesdir: "{directory}"
    database: ""
    pidfile: "{directory}/nsd.pid"
    xfrdfile: "{directory}/xfrd.state"
    zonelistfile: "{directory}/zone.list"
    xfrdir: "{directory}"
    rrl-ratelimit: 0
    hide-version: yes
remote-control:
    control-enable: no
"""
NSD_ZONE = """\
zone:
    name: "{origin}"
    zonefile: "{path}"
"""

# test. is Unbound's own by default (RFC 6761); the servers below it are on other ports than 53, so
# the zone that is not NSD's is named. An extended error tells bogus from failed.
UNBOUND_CONF = """\
server:
    interface: 127.0.0.1
    interface: ::1
    port: {port}
    num-threads: 1
    username: ""
    chroot: ""
    directory: "{directory}"
    pidfile: "{directory}/unbound.pid"
    use-syslog: no
    do-daemonize: no
    do-not-query-localhost: no
    local-zone: "test." nodefault
    local-zone: "127.in-addr.arpa." nodefault
    {lie}
    trust-anchor-file: "{anchor}"
    module-config: "validator iterator"
    ede: yes
remote-control:
    control-enable: no
stub-zone:
    name: "test."
    stub-addr: 127.0.0.1@{nsd}
stub-zone:
    name: "127.in-addr.arpa."
    stub-addr: 127.0.0.1@{nsd}
stub-zone:
    name: "silent.test."
    stub-addr: 127.0.0.1@{silent}
"""


@dataclass(frozen=True)
class Scene:
    """Everything that runs."""

    resolver: int
    # One that says another address of mail.signed.test.
    liar: int
    anchor: str
    relay: Relay


def nsd(directory: Path, peer: Relay) -> Kind:
    """The name server of all zones."""

    def configure(place: Place) -> Command:
        text = NSD_CONF.format(port=place.ports["dns"], directory=place.directory)
        for origin, path in write(directory, zones(peer.port, peer.digest)).items():
            text += NSD_ZONE.format(origin=origin, path=path)
        # A zone that could not be loaded is answered for with SERVFAIL.
        text += NSD_ZONE.format(origin="dead.test.", path=place.directory / "missing")
        return Command(["/usr/sbin/nsd", "-d", "-c", place.file("nsd.conf", text)])

    return Kind("nsd", ("dns",), configure)


LIE = 'local-data: "mail.signed.test. IN A 127.0.0.66"'


def unbound(anchor: Path, authority: int, silent: int, lie: str = "") -> Kind:
    """A resolver."""

    def configure(place: Place) -> Command:
        text = UNBOUND_CONF.format(
            port=place.ports["dns"],
            directory=place.directory,
            anchor=anchor,
            nsd=authority,
            silent=silent,
            lie=lie,
        )
        return Command(["/usr/sbin/unbound", "-d", "-c", place.file("unbound.conf", text)])

    return Kind("unbound", ("dns",), configure)


@contextlib.contextmanager
def scene(directory: Path) -> Iterator[Scene]:
    """Relay, name server and resolver, as long as the block runs."""
    with contextlib.ExitStack() as stack:
        peer = stack.enter_context(relay(directory))
        authority = stack.enter_context(running(nsd(directory, peer)))
        # Takes questions and never answers.
        silent = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        silent.bind(("127.0.0.1", 0))
        anchor = directory / "anchor"
        below = (anchor, authority.ports["dns"], silent.getsockname()[1])
        resolver = stack.enter_context(running(unbound(*below)))
        liar = stack.enter_context(running(unbound(*below, LIE)))
        yield Scene(resolver.ports["dns"], liar.ports["dns"], str(anchor), peer)
