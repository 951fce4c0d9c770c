"""Prosody: XMPP, clients and servers, with STARTTLS and with direct TLS (XEP-0368).

Three domains. The certificate of the second has no dNSName, as RFC 6120 §13.7 allows, and the third
has that of the first. A domain that is not there at all would be refused in clear, before TLS.
"""

from __future__ import annotations

from certificates import DOMAIN, MISTAKEN_DOMAIN, XMPP_DOMAIN, XMPP_NAMES
from server import Command, Kind, Place

PROSODY_CFG = """\
daemonize = false
run_as_root = false
pidfile = "{base}/run/prosody.pid"
data_path = "{base}/data"
interfaces = {{ "127.0.0.1" }}
local_interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {ports[xmpp]} }}
s2s_ports = {{ {ports[xmpp-server]} }}
c2s_direct_tls_ports = {{ {ports[xmpps]} }}
s2s_direct_tls_ports = {{ {ports[xmpps-server]} }}
modules_enabled = {{ "roster", "saslauth", "tls", "disco", "dialback" }}
modules_disabled = {{ "posix" }}
c2s_require_encryption = true
s2s_require_encryption = true
authentication = "internal_hashed"
log = {{ info = "*console" }}
ssl = {{ certificate = "{host.chain}"; key = "{host.key}"; }}
c2s_direct_tls_ssl = {{ certificate = "{host.chain}"; key = "{host.key}"; }}
s2s_direct_tls_ssl = {{ certificate = "{host.chain}"; key = "{host.key}"; }}
VirtualHost "{domain}"
VirtualHost "{mistaken_domain}"
VirtualHost "{xmpp_domain}"
ssl = {{ certificate = "{xmpp.chain}"; key = "{xmpp.key}"; }}
"""


def configure(place: Place) -> Command:
    """Runs as Debian's user for it."""
    place.own("data", "prosody")
    place.own("run", "prosody")
    text = PROSODY_CFG.format(
        base=place.directory,
        ports=place.ports,
        host=place.authority.certificate("prosody"),
        xmpp=place.authority.issue("xmpp", XMPP_NAMES.format(domain=XMPP_DOMAIN), "prosody"),
        domain=DOMAIN,
        mistaken_domain=MISTAKEN_DOMAIN,
        xmpp_domain=XMPP_DOMAIN,
    )
    config = place.file("prosody.cfg.lua", text)
    return Command(["/usr/bin/prosody", "--config", config, "-F"], user="prosody")


PROSODY = Kind("prosody", ("xmpp", "xmpp-server", "xmpps", "xmpps-server"), configure)
