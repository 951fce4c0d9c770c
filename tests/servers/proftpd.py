"""ProFTPD with mod_tls: AUTH TLS.

Data connections have to be protected and, by default, to resume the TLS session of the control
connection.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path

from server import Command, Kind, Place

# Of a file of its own, not of the system.
USER = "alice"
PASSWORD = "secret"
FILE = "letter.txt"
CONTENT = b"a line of the letter\r\n" * 5000

PROFTPD_CONF = """\
ServerName "test"
ServerType standalone
DefaultAddress 127.0.0.1
SocketBindTight on
UseIPv6 off
Port {ports[ftp]}
User nobody
Group nogroup
ModulePath /usr/lib/proftpd
LoadModule mod_tls.c
DelayEngine off
AuthOrder mod_auth_file.c
AuthUserFile {passwd}
RequireValidShell off
DefaultRoot {base}/files
ScoreboardFile {base}/run/scoreboard
PidFile {base}/run/pid
SystemLog {base}/run/log
TransferLog none
WtmpLog off
TLSEngine on
TLSRequired on
TLSLog {base}/run/tls.log
TLSRSACertificateFile {certificate.chain}
TLSRSACertificateKeyFile {certificate.key}
TLSProtocol TLSv1.2 TLSv1.3
"""


def configure(place: Place) -> Command:
    """One user with one file."""
    place.own("run", "root")
    files = place.own("files", "nobody", 0o755)
    (files / FILE).write_bytes(CONTENT)
    text = PROFTPD_CONF.format(
        base=place.directory,
        ports=place.ports,
        passwd=password_file(place),
        certificate=place.authority.certificate("root"),
    )
    config = place.file("proftpd.conf", text)
    return Command(["/usr/sbin/proftpd", "--nodaemon", "-c", config])


def password_file(place: Place) -> Path:
    """As /etc/passwd, with the hash inside; ProFTPD wants it readable by nobody else."""
    nobody = pwd.getpwnam("nobody")
    command = ["openssl", "passwd", "-6", PASSWORD]
    hashed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    ids = f"{nobody.pw_uid}:{nobody.pw_gid}"
    path = place.file("passwd", f"{USER}:{hashed}:{ids}::{place.directory}/files:/bin/false\n")
    os.chmod(path, 0o600)
    return path


PROFTPD = Kind("proftpd", ("ftp",), configure)
