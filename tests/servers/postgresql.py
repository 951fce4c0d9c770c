"""PostgreSQL with SSLRequest. Direct TLS needs version 17."""

from __future__ import annotations

import signal
from pathlib import Path

from server import Command, Kind, Place, Words, run_as

POSTGRESQL_CONF = """
listen_addresses = '127.0.0.1'
port = {ports[postgres]}
unix_socket_directories = '{base}/run'
ssl = on
ssl_cert_file = '{certificate.chain}'
ssl_key_file = '{certificate.key}'
fsync = off
"""

# No password, so that a client needs no SCRAM, but nobody gets in without TLS.
PG_HBA_CONF = "hostssl all all 127.0.0.1/32 trust\n"


def configure(place: Place) -> Command:
    """A new cluster of the newest version that is installed."""
    place.own("run", "postgres")
    data = place.own("data", "postgres")
    programs = newest()
    initdb: Words = [programs / "initdb", "-D", data, "-N", "--auth=trust", "--username=postgres"]
    run_as("postgres", initdb, place.directory)
    (data / "pg_hba.conf").write_text(PG_HBA_CONF)
    text = POSTGRESQL_CONF.format(
        base=place.directory,
        ports=place.ports,
        certificate=place.authority.certificate("postgres"),
    )
    with (data / "postgresql.conf").open("a") as config:
        config.write(text)
    # SIGTERM would wait for the last client to leave.
    return Command([programs / "postgres", "-D", data], user="postgres", end=signal.SIGINT)


def newest() -> Path:
    """Debian keeps the programs of every version in a directory of its own."""
    found = Path("/usr/lib/postgresql").glob("*/bin")
    versions = sorted(found, key=lambda programs: int(programs.parent.name))
    if not versions:
        raise RuntimeError("there is no PostgreSQL: tests/servers/setup.sh")
    return versions[-1]


POSTGRESQL = Kind("postgresql", ("postgres",), configure)
