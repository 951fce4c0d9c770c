"""MariaDB."""

from __future__ import annotations

from server import Command, Kind, Place, run_as

# The server alone, as it is installed here, has no user of its own.
OWNER = "nobody"
USER = "alice"
PASSWORD = "secret"

MY_CNF = """\
[mariadbd]
datadir={base}/data
tmpdir={base}/tmp
socket={base}/tmp/socket
pid-file={base}/tmp/pid
init-file={init}
bind-address=127.0.0.1
port={ports[mysql]}
ssl_cert={certificate.chain}
ssl_key={certificate.key}
ssl_ca={cafile}
innodb_buffer_pool_size=16M
innodb_log_file_size=4M
innodb_flush_log_at_trx_commit=0
skip-name-resolve
"""
INIT_SQL = "CREATE USER '{user}'@'127.0.0.1' IDENTIFIED BY '{password}' REQUIRE SSL;\n"


def configure(place: Place) -> Command:
    """New system tables, and a user who may log in over TLS only."""
    data = place.own("data", OWNER)
    place.own("tmp", OWNER)
    install = ["/usr/bin/mariadb-install-db", "--no-defaults", f"--datadir={data}"]
    install += ["--auth-root-authentication-method=normal", "--skip-test-db"]
    run_as(OWNER, install, place.directory)
    text = MY_CNF.format(
        base=place.directory,
        ports=place.ports,
        init=place.file("init.sql", INIT_SQL.format(user=USER, password=PASSWORD)),
        certificate=place.authority.certificate(OWNER),
        cafile=place.authority.cafile,
    )
    config = place.file("my.cnf", text)
    return Command(["/usr/sbin/mariadbd", f"--defaults-file={config}"], user=OWNER)


MARIADB = Kind("mariadb", ("mysql",), configure)
