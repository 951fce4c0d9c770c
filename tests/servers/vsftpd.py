"""vsftpd: data connections have to resume the TLS session of their control connection."""

from __future__ import annotations

from extracted import extracted
from server import Command, Kind, Place

FILE = "letter.txt"
CONTENT = b"a line of the letter\r\n" * 5000

VSFTPD_CONF = """\
listen=YES
listen_address=127.0.0.1
listen_port={ports[ftp]}
background=NO
anonymous_enable=YES
no_anon_password=YES
local_enable=NO
ssl_enable=YES
allow_anon_ssl=YES
force_anon_logins_ssl=YES
force_anon_data_ssl=YES
rsa_cert_file={certificate.chain}
rsa_private_key_file={certificate.key}
secure_chroot_dir={base}/empty
anon_root={base}/files
require_ssl_reuse=YES
ssl_tlsv1=YES
ssl_ciphers=HIGH
seccomp_sandbox=NO
"""


def configure(place: Place) -> Command:
    """One file for everybody."""
    place.own("empty", "root", 0o755)
    files = place.own("files", "root", 0o755)
    (files / FILE).write_bytes(CONTENT)
    (files / FILE).chmod(0o644)
    text = VSFTPD_CONF.format(
        base=place.directory,
        ports=place.ports,
        certificate=place.authority.certificate("root"),
    )
    program = extracted("vsftpd") / "usr/sbin/vsftpd"
    return Command([program, place.file("vsftpd.conf", text)])


VSFTPD = Kind("vsftpd", ("ftp",), configure)
