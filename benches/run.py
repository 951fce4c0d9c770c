"""make bench: every figure beside its opponent, in one run.

run.py PROGRAMS MATERIAL LIBRARY COMMAND-LINE RESULTS
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import figures
import processes
from figures import Figure
from processes import Server

HERE = Path(__file__).parent
CHAINS = ["rsa3", "ec3", "mix4"]
SESSIONS = 1000


class Bench:
    """What the figures are made with."""

    def __init__(self, programs: str, material: str, library: str, command_line: str) -> None:
        self.programs = Path(programs)
        self.material = Path(material)
        self.library = library
        self.command_line = command_line
        self.bundle = str(self.material / "bundle.pem")

    def program(self, name: str) -> str:
        return str(self.programs / name)

    def lines(self, *command: str) -> Iterator[Figure]:
        """What a C program measures by itself."""
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        return map(Figure.from_line, done.stdout.splitlines())

    def in_process(self) -> Iterator[Figure]:
        for name in ("verdicts", "questions"):
            yield from self.lines(self.program(name), str(self.material))

    def fresh(self) -> Iterator[Figure]:
        """A process that judges once. What it pays before main is in it."""
        for chain in CHAINS:
            programs = map(self.program, ("fresh_ours", "fresh_theirs"))
            pair = [[program, str(self.material), chain] for program in programs]
            ours, theirs = processes.interleaved(pair, 15)
            opponent = "libcrypto, bundle loaded"
            yield Figure("fresh process, one verdict", chain, ours, theirs, opponent, "ms", ">=14")

    def connections(self) -> Iterator[Figure]:
        for chain in CHAINS:
            with Server(self.programs / "server", self.material, chain) as port:
                client = self.program("handshakes")
                yield from self.lines(client, str(self.material), chain, str(port))
                yield from self.other_languages(chain, port)

    def other_languages(self, chain: str, port: int) -> Iterator[Figure]:
        host, count = f"mail.{chain}.test", "40"
        ours = [self.program("handshakes"), str(self.material), chain, str(port), count]
        smtplib = ["/usr/bin/python3", str(HERE / "client_smtplib.py"), host, str(port), count]
        opponents = [("Python smtplib, fresh context", smtplib, ">=20")]
        if processes.installed("php"):
            stream = ["php", str(HERE / "client_stream.php"), host, str(port), count]
            opponents.append(("PHP stream, cafile", [*stream, self.bundle], ">=20"))
            opponents.append(("PHP stream, not verified", stream, "<=1.0"))
        mine, *others = processes.printed([ours, *(command for _, command, _ in opponents)], 3)
        for (name, _, goal), theirs in zip(opponents, others):
            yield Figure("connection, known chain", chain, mine, theirs, name, "us", goal)

    def checks(self) -> Iterator[Figure]:
        """The command line against the programs that people use for the same."""
        for chain in CHAINS:
            with Server(self.programs / "server", self.material, chain) as port:
                probes = self.probes(chain, port)
                opponents = [probe for probe in probes if processes.installed(probe[1][0])]
                ours = [self.command_line, "check", "--connect", f"127.0.0.1:{port}"]
                ours += [f"smtp://mail.{chain}.test"]
                commands = [ours, *(command for _, command, _ in opponents)]
                mine, *others = processes.interleaved(commands, 9)
                for (name, _, goal), theirs in zip(opponents, others):
                    yield Figure("check, process", chain, mine, theirs, name, "ms", goal)

    def probes(self, chain: str, port: int) -> list[tuple[str, list[str], str]]:
        host, where = f"mail.{chain}.test", f"127.0.0.1:{port}"
        s_client = f"openssl s_client -starttls smtp -connect {where} -servername {host} -brief"
        curl = (
            f"curl -s --ssl-reqd --cacert {self.bundle} --resolve {host}:{port}:127.0.0.1"
            f" smtp://{host}:{port}"
        )
        finger = f"posttls-finger -c -l secure -F {self.bundle} -t 10 [127.0.0.1]:{port} {host}"
        gnutls = (
            f"gnutls-cli --starttls-proto=smtp --x509cafile {self.bundle} --sni-hostname {host}"
            f" --verify-hostname {host} -p {port} 127.0.0.1"
        )
        strict = ["-verify_hostname", host, "-verify_return_error", "-CAfile", self.bundle]
        return [
            ("openssl s_client", s_client.split() + strict, ">=4.5"),
            ("curl", curl.split(), "-"),
            ("posttls-finger", finger.split(), "-"),
            ("gnutls-cli", gnutls.split(), "-"),
        ]

    def batches(self) -> Iterator[Figure]:
        """Many sessions at once, the whole process shared out among them."""
        for chain in CHAINS:
            with Server(self.programs / "server", self.material, chain) as port:
                targets = self.programs / "targets.jsonl"
                target = {"target": f"smtp://mail.{chain}.test", "connect": f"127.0.0.1:{port}"}
                targets.write_text(f"{json.dumps(target)}\n" * SESSIONS)
                batch = [self.command_line, "check", "--batch", "--parallel", str(SESSIONS)]
                bare = [self.program("sessions"), str(self.material), chain]
                bare += [str(port), str(SESSIONS)]
                runs = [
                    (processes.cpu_and_memory(batch, targets), processes.cpu_and_memory(bare))
                    for _ in range(3)
                ]
                yield from self.per_session(chain, runs)

    def per_session(
        self, chain: str, runs: list[tuple[tuple[float, int], tuple[float, int]]]
    ) -> Iterator[Figure]:
        """From the milliseconds and KB of a process to a session's share."""
        for which, name, scale, unit, goal in (
            (0, "batch, CPU per session", SESSIONS / 1000, "us", "<=1.05"),
            (1, "batch, memory per session", SESSIONS, "KB", "-"),
        ):
            ours, theirs = (
                statistics.median(run[side][which] / scale for run in runs) for side in (0, 1)
            )
            yield Figure(name, chain, ours, theirs, "bare libssl epoll loop", unit, goal)
        # That of the whole process, shared out: the last one.
        yield Figure(name, chain, ours, 28, "what was aimed at", unit, "<=1.0")

    def open_sessions(self) -> Iterator[Figure]:
        for chain in CHAINS:
            with Server(self.programs / "server", self.material, chain) as port:
                heap = self.program("heap")
                yield from self.lines(heap, str(self.material), chain, str(port), "400")

    def library_itself(self) -> Iterator[Figure]:
        opening = self.program("opening")
        ours, theirs = processes.printed([[opening, self.library], [opening, "libssl.so.3"]], 41)
        yield Figure("dlopen", "", ours, theirs, "libssl.so.3 alone", "us", "<=1.3")
        size = os.stat(self.library).st_size / 1000
        yield Figure("size of the library", "", size, 700, "what was aimed at", "KB", "<=1.0")


def main() -> None:
    *where, results = sys.argv[1:]
    bench = Bench(*where)
    os.environ |= {"SSL_CERT_FILE": bench.bundle, "SSL_CERT_DIR": "/nonexistent"}
    # As in a home: the index of the bundle is there from the second process on.
    caches = bench.programs / "caches"
    caches.mkdir(mode=0o700, exist_ok=True)
    os.environ["XDG_CACHE_HOME"] = str(caches.absolute())
    measured: list[Figure] = []
    first = (bench.library_itself, bench.in_process, bench.fresh)
    many = (bench.batches, bench.open_sessions)
    for part in (*first, bench.connections, bench.checks, *many):
        print(f"bench: {part.__name__.replace('_', ' ')}", file=sys.stderr)
        measured += part()
        figures.write(measured, Path(results))
    print(figures.table(measured))
    missed = [figure for figure in measured if figure.met is False]
    print(f"\n{len(measured)} figures, {len(missed)} goals missed; {results}")


main()
