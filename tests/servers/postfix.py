"""A real Postfix on loopback, with a configuration, queue and throw-away CA of its own.

    python3 tests/servers/postfix.py --dir DIR

prints one line of JSON, {"host": ..., "port": ..., "cafile": ...}, and runs until its standard
input ends. DIR gets ca.pem and, at the end, Postfix's log. Needs root, because Postfix does, and
Debian's packages postfix and openssl. The system's own Postfix, running or not, is not touched.
"""

from __future__ import annotations

import argparse
import contextlib
import grp
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Iterator, List, Optional

HOST = "mail.bob.test"
MASTER = Path("/usr/lib/postfix/sbin/master")
READY_WITHIN = 15.0
STOPPED_WITHIN = 10.0
ATTEMPTS = 3

# Owner, group and mode of what Postfix expects to find in its queue directory.
LETTERS = ("active", "bounce", "corrupt", "defer", "deferred", "hold", "incoming", "saved", "trace")
QUEUE = {
    "pid": ("root", "root", 0o755),
    "private": ("postfix", "root", 0o700),
    "public": ("postfix", "postdrop", 0o710),
    "maildrop": ("postfix", "postdrop", 0o730),
    **dict.fromkeys((*LETTERS, "flush"), ("postfix", "root", 0o700)),
}

MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {base}/queue
data_directory = {base}/data
command_directory = /usr/sbin
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
myhostname = {host}
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
local_recipient_maps =
alias_maps =
alias_database =
default_transport = discard
relay_transport = discard
local_transport = discard
smtpd_tls_security_level = may
smtpd_tls_chain_files = {base}/server.key, {base}/server.pem
smtpd_tls_session_cache_database =
tls_random_source = dev:/dev/urandom
maillog_file = /dev/stdout
maillog_file_prefixes = /var, /dev/stdout, /tmp
"""

MASTER_CF = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""

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
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectAltName = DNS:{host}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


@dataclass(frozen=True)
class Postfix:
    """Where it listens and whom it proves to be."""

    host: str
    port: int
    cafile: str

    @property
    def connect(self) -> str:
        """Address and port."""
        return f"127.0.0.1:{self.port}"


@contextlib.contextmanager
def postfix(directory: Path) -> Iterator[Postfix]:
    """A Postfix that runs as long as the block does."""
    check_machine()
    directory.mkdir(parents=True, exist_ok=True)
    with workplace() as base:
        make_certificates(base)
        make_directories(base)
        cafile = shutil.copy(base / "ca.pem", directory.resolve() / "ca.pem")
        try:
            server = start(base)
            try:
                yield Postfix(HOST, server.port, str(cafile))
            finally:
                server.stop()
        finally:
            shutil.copy(base / "log", directory / "log")


@contextlib.contextmanager
def workplace() -> Iterator[Path]:
    """A directory that Postfix's own user can reach, which those of mktemp and pytest are not."""
    with tempfile.TemporaryDirectory(prefix="stv-postfix-") as name:
        base = Path(name).resolve()
        base.chmod(0o755)
        shut = [str(parent) for parent in base.parents if not parent.stat().st_mode & 0o001]
        if shut:
            raise RuntimeError(f"Postfix's user cannot reach {base}: {shut[0]} is shut; set TMPDIR")
        yield base


def check_machine() -> None:
    """Says what is missing, if anything is."""
    if not MASTER.exists():
        raise RuntimeError(f"{MASTER} is missing: apt-get install postfix")
    if os.geteuid() != 0:
        raise RuntimeError("Postfix is started by root only")


def make_certificates(base: Path) -> None:
    """A CA and the certificate of HOST; the CA's key is thrown away."""
    (base / "openssl.cnf").write_text(OPENSSL_CNF.format(host=HOST))
    openssl(base, "ca", ["-extensions", "ca", "-subj", "/CN=Postfix test CA"])
    by_ca = ["-CA", "ca.pem", "-CAkey", "ca.key"]
    openssl(base, "server", ["-extensions", "leaf", "-subj", f"/CN={HOST}", *by_ca])
    (base / "ca.key").unlink()
    (base / "server.key").chmod(0o600)


def openssl(base: Path, name: str, arguments: List[str]) -> None:
    """Makes NAME.key and NAME.pem."""
    kind = ["-days", "2", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    files = ["-config", "openssl.cnf", "-keyout", f"{name}.key", "-out", f"{name}.pem"]
    command = ["openssl", "req", "-x509", *kind, *files, *arguments]
    done = subprocess.run(command, cwd=base, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"openssl req failed: {done.stderr.strip()}")


def make_directories(base: Path) -> None:
    """Configuration, data and queue, owned as `postfix set-permissions` would."""
    own(base / "etc", "root", "root", 0o755)
    own(base / "data", "postfix", "root", 0o700)
    own(base / "queue", "root", "root", 0o755)
    for name, (user, group, mode) in QUEUE.items():
        own(base / "queue" / name, user, group, mode)
    main_cf = MAIN_CF.format(base=base, host=HOST, daemons=MASTER.parent)
    (base / "etc" / "main.cf").write_text(main_cf)


def own(directory: Path, user: str, group: str, mode: int) -> None:
    """Makes a directory with that owner and mode."""
    directory.mkdir(exist_ok=True)
    os.chown(directory, pwd.getpwnam(user).pw_uid, grp.getgrnam(group).gr_gid)
    directory.chmod(mode)


@dataclass(frozen=True)
class Server:
    """The running master and what it serves."""

    process: subprocess.Popen[bytes]
    port: int

    def stop(self) -> None:
        """Ends master, which ends its children, and waits for it."""
        self.process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(STOPPED_WITHIN)
        # Who is left. The session is its own, so the group is master and its children only.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def start(base: Path) -> Server:
    """Starts master on a free port; another one where somebody was faster."""
    for _ in range(ATTEMPTS):
        server = launch(base, free_port())
        ready = False
        try:
            ready = is_ready(server)
        finally:
            if not ready:
                server.stop()
        if ready:
            return server
    log = (base / "log").read_text(errors="replace").strip()
    raise RuntimeError(f"Postfix did not start: {log[-2000:] or 'it said nothing'}")


def launch(base: Path, port: int) -> Server:
    """Starts master on a port."""
    etc = base / "etc"
    (etc / "master.cf").write_text(MASTER_CF.format(port=port))
    with (base / "log").open("wb") as log:
        process = subprocess.Popen(
            [MASTER, "-c", etc, "-d"],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "MAIL_CONFIG": str(etc)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return Server(process, port)


def free_port() -> int:
    """A port that is free in this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def is_ready(server: Server) -> bool:
    """Waits for the greeting; false when master ends, or the time."""
    end = time.monotonic() + READY_WITHIN
    while time.monotonic() < end and server.process.poll() is None:
        if greeting(server.port) == b"220":
            return True
        time.sleep(0.05)
    return False


def greeting(port: int) -> Optional[bytes]:
    """The code of the greeting, and a polite goodbye."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            code = connection.recv(3)
            connection.sendall(b"QUIT\r\n")
            return code
    except OSError:
        return None


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--dir", type=Path, required=True, help="where ca.pem and the log go")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with postfix(arguments.dir) as server:
            print(json.dumps(asdict(server)), flush=True)
            while sys.stdin.buffer.read(4096):
                pass
    except RuntimeError as error:
        print(f"postfix.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
