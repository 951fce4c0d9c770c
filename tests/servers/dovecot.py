"""Dovecot: IMAP, POP3, ManageSieve and LMTP, with STARTTLS and with implicit TLS."""

from __future__ import annotations

from server import Command, Kind, Place

USER = "alice"
PASSWORD = "secret"

DOVECOT_CONF = """\
base_dir = {base}/run
state_dir = {base}/state
log_path = /dev/stderr
protocols = imap pop3 lmtp sieve
listen = 127.0.0.1
ssl = required
ssl_cert = <{chain}
ssl_key = <{key}
disable_plaintext_auth = yes
auth_mechanisms = plain login
mail_location = maildir:{base}/mail/%u
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={base}/mail/%u
}}
first_valid_uid = 1
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {ports[imap]}
  }}
  inet_listener imaps {{
    port = {ports[imaps]}
    ssl = yes
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {ports[pop3]}
  }}
  inet_listener pop3s {{
    port = {ports[pop3s]}
    ssl = yes
  }}
}}
service managesieve-login {{
  chroot =
  inet_listener sieve {{
    port = {ports[sieve]}
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {ports[lmtp]}
  }}
}}
"""


def configure(place: Place) -> Command:
    """All protocols in one master."""
    certificate = place.authority.certificate("root")
    place.own("mail", "nobody")
    text = DOVECOT_CONF.format(
        base=place.directory,
        chain=certificate.chain,
        key=certificate.key,
        password=PASSWORD,
        ports=place.ports,
    )
    return Command(["/usr/sbin/dovecot", "-F", "-c", place.file("dovecot.conf", text)])


DOVECOT = Kind("dovecot", ("imap", "imaps", "pop3", "pop3s", "sieve", "lmtp"), configure)
