"""A throw-away CA and the certificates of the servers, made with the openssl command."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import List

HOST = "mail.example.test"
DOMAIN = "example.test"
# A domain whose certificate has no dNSName: XmppAddr and SRVName are all there is.
XMPP_DOMAIN = "talk.example.test"
# A domain that is served with the certificate of another.
MISTAKEN_DOMAIN = "mistaken.example.test"

HOST_NAMES = "DNS:mail.example.test, DNS:localhost, DNS:example.test, IP:127.0.0.1"
XMPP_NAMES = (
    "otherName:1.3.6.1.5.5.7.8.5;UTF8:{domain}, "
    "otherName:1.3.6.1.5.5.7.8.7;IA5:_xmpp-client.{domain}, "
    "otherName:1.3.6.1.5.5.7.8.7;IA5:_xmpp-server.{domain}"
)

OPENSSL_CNF = """\
[req]
distinguished_name = name
prompt = no
[name]
CN = libstarttls_verify test
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature, keyEncipherment
extendedKeyUsage = serverAuth, clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = {names}
"""


@dataclass(frozen=True)
class Certificate:
    """What a server is configured with."""

    chain: Path
    key: Path


class Authority:
    """A CA of its own in a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.cafile = directory / "ca.pem"
        (directory / "openssl.cnf").write_text(OPENSSL_CNF.format(names="DNS:unused.example.test"))
        ec = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        self._make("ca", ec, ["-extensions", "ca", "-subj", "/CN=Servers test CA"])

    def certificate(self, owner: str) -> Certificate:
        """That of the host and its domain, for a server that runs as `owner`."""
        names = f"{HOST_NAMES}, {XMPP_NAMES.format(domain=DOMAIN)}"
        return self.issue("server", names, owner)

    def issue(self, name: str, names: str, owner: str) -> Certificate:
        """NAME.pem, the CA behind it, and NAME.key, readable by `owner` only."""
        (self._directory / "openssl.cnf").write_text(OPENSSL_CNF.format(names=names))
        by_ca = ["-CA", "ca.pem", "-CAkey", "ca.key"]
        self._make(name, ["rsa:2048"], ["-extensions", "leaf", "-subj", "/CN=a server", *by_ca])
        chain, key = self._directory / f"{name}.pem", self._directory / f"{name}.key"
        chain.write_bytes(chain.read_bytes() + self.cafile.read_bytes())
        user = pwd.getpwnam(owner)
        os.chown(key, user.pw_uid, user.pw_gid)
        key.chmod(0o600)
        return Certificate(chain, key)

    def _make(self, name: str, key: List[str], arguments: List[str]) -> None:
        """Makes NAME.key and NAME.pem."""
        command = ["openssl", "req", "-x509", "-config", "openssl.cnf", "-days", "2", "-nodes"]
        command += ["-newkey", *key, "-keyout", f"{name}.key", "-out", f"{name}.pem", *arguments]
        done = subprocess.run(
            command, cwd=self._directory, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"openssl req failed: {done.stderr.strip()}")
