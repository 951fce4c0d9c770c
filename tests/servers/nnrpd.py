"""INN's nnrpd, which serves readers without the rest of INN: STARTTLS, and implicit TLS.

One process speaks one of the two, so there are two kinds.
"""

from __future__ import annotations

from server import Command, Kind, Place, run_as

PROGRAM = "/usr/lib/news/bin/nnrpd"
MAKEHISTORY = "/usr/lib/news/bin/makehistory"

INN_CONF = """\
mta: "/bin/false"
domain: example.test
pathhost: news.example.test
hismethod: hisv6
ovmethod: tradindexed
pathnews: /usr/lib/news
pathbin: /usr/lib/news/bin
pathetc: {base}/etc
pathfilter: {base}/etc
pathrun: {base}/db
pathdb: {base}/db
pathlog: {base}/db
pathspool: {base}/db
patharticles: {base}/db
pathoverview: {base}/db
pathtmp: {base}/db
tlscafile: {cafile}
tlscertfile: {certificate.chain}
tlskeyfile: {certificate.key}
"""

READERS_CONF = """\
auth "all" {
    hosts: "*"
    default: "<localhost>"
}
access "all" {
    users: "<localhost>"
    newsgroups: "*"
    access: RPA
}
"""

STORAGE_CONF = """\
method tradspool {
    newsgroups: *
    class: 0
}
"""

ACTIVE = """\
control 0000000000 0000000001 n
junk 0000000000 0000000001 n
test.starttls 0000000000 0000000001 y
"""


def configure(place: Place) -> Command:
    """A news server with one group and no article."""
    etc, database = place.own("etc", "news"), place.own("db", "news", 0o755)
    (etc / "storage.conf").write_text(STORAGE_CONF)
    for name, text in {"active": ACTIVE, "newsgroups": "", "history": ""}.items():
        (database / name).write_text(text)
    text = INN_CONF.format(
        base=place.directory,
        certificate=place.authority.certificate("news"),
        cafile=place.authority.cafile,
    )
    environment = {"INNCONF": str(place.file("inn.conf", text))}
    run_as("news", [MAKEHISTORY, "-O", "-x"], place.directory, environment)
    readers = place.file("readers.conf", READERS_CONF)
    ((scheme, port),) = place.ports.items()
    command = [PROGRAM, "-D", "-f", "-b", "127.0.0.1", "-p", str(port), "-c", str(readers)]
    return Command([*command, *IMPLICIT[scheme]], user="news", environment=environment)


IMPLICIT = {"nntp": [], "nntps": ["-S"]}

NNRPD = Kind("nnrpd", ("nntp",), configure)
NNRPD_TLS = Kind("nnrpd-tls", ("nntps",), configure)
