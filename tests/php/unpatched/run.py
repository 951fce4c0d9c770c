#!/usr/bin/env python3
"""Debian's PHP mail programs against every scenario of the lab, with the extension and without.

    run.py ROUNDCUBE LAB DIRECTORY [--extension FILE] [--program NAME]... [--rows]

ROUNDCUBE is where Roundcube lies, LAB the program stv-lab, DIRECTORY for the labs' files.
What a program did is judged from the server's side: whether it heard a password, and in clear or inside
TLS. With the extension every row must be right, and the exit code says so.
"""

from __future__ import annotations

import argparse
import base64
import concurrent.futures
import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional

CLIENT = Path(__file__).with_name("client.php")
PROGRAMS = {
    "bare": "smtp",
    "PHPMailer": "smtp",
    "Symfony Mailer": "smtp",
    "Net_SMTP": "smtp",
    "Net_Sieve": "sieve",
    "Horde SMTP": "smtp",
    "Horde IMAP": "imap",
    "Horde POP3": "pop3",
    "Roundcube IMAP": "imap",
    "Roundcube SMTP": "smtp",
}
PASSWORD = "open-sesame"
SECRETS = re.compile(
    "|".join(
        [r"^(\S+ )?(AUTH|AUTHENTICATE|LOGIN|USER|PASS|APOP)\b", PASSWORD]
        # base64 of the password at each of the three places where it may stand
        + [base64.b64encode(b"x" * pad + PASSWORD.encode()).decode()[4:12] for pad in range(3)]
    ),
    re.IGNORECASE,
)
# These end before the go-ahead for TLS: the program's own words are a reason too.
BEFORE_TLS = {
    "stripped", "refused", "refused-454", "wrong-go-ahead", "greeting-554", "greeting-421", "tls-first",
    "endless-greeting", "endless-reply", "slow-greeting", "closed",
}  # fmt: skip
GRACE = 5.0
LOG = "starttls_verify: "
SETTINGS = ["starttls_verify.ports=1-65535", "starttls_verify.require_tls=*", "starttls_verify.log=php"]


@dataclass
class Answer:
    """What one program did in one scenario."""

    scenario: Dict[str, Any]
    output: str
    seconds: float
    clear: List[str]
    notes: List[str]

    @property
    def faults(self) -> List[str]:
        found = []
        if any(SECRETS.search(line) for line in self.clear):
            found.append("password in clear")
        elif self.notes and self.scenario["expect"] != "trusted":
            found.append("password to somebody else")
        elif not self.notes and self.scenario["expect"] == "trusted":
            found.append("refused though trusted")
        if self.seconds > self.scenario["deadline_ms"] / 1000 + GRACE:
            found.append("hangs")
        if "Allowed memory size" in self.output:
            found.append("memory exhausted")
        return found

    @property
    def has_reason(self) -> bool:
        """In what the program says, in PHP's warnings, or in the log."""
        code = self.scenario["code"]
        if code is None or code in self.output:
            return True
        return self.scenario["id"] in BEFORE_TLS and bool(self.output.strip())

    @property
    def is_told(self) -> bool:
        """By the program itself: its message or a warning."""
        own = [line for line in self.output.splitlines() if not line.startswith(LOG)]
        return self.scenario["code"] is not None and any(self.scenario["code"] in line for line in own)


@dataclass
class Lab:
    """The lab for one program: what is heard in it, that program said."""

    process: subprocess.Popen
    directory: Path
    scenarios: List[Dict[str, Any]] = field(default_factory=list)

    @classmethod
    def start(cls, binary: str, directory: Path, protocol: str) -> Lab:
        directory.mkdir(parents=True, exist_ok=True)
        command = [binary, "serve", "--dir", str(directory), "--protocol", protocol]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout is not None
        if process.stdout.readline() != b"ready\n":
            raise RuntimeError("the lab does not start")
        scenarios = json.loads((directory / "scenarios.json").read_text())
        return cls(process, directory, scenarios)

    def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()

    def heard(self, scenario: str, file: str) -> List[str]:
        path = self.directory / scenario / file
        return path.read_bytes().decode(errors="replace").splitlines() if path.exists() else []


def ask(lab: Lab, scenario: Dict[str, Any], program: str, roundcube: str, extension: Optional[str]) -> Answer:
    seconds = scenario["deadline_ms"] // 1000
    flags = ["-d", "display_errors=stderr", "-d", "log_errors=0", "-d", "error_log="]
    if extension:
        flags += ["-d", f"extension={extension}"]
        for setting in [*SETTINGS, f"starttls_verify.handshake_timeout={seconds}"]:
            flags += ["-d", setting]
    command = ["php", *flags, str(CLIENT), roundcube, program, scenario["host"], str(scenario["port"])]
    command += [str(lab.directory / "ca.pem"), str(seconds)]
    begun = time.monotonic()
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=40)
        output = done.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired as expired:
        output = (expired.stdout or b"").decode(errors="replace")
    took = time.monotonic() - begun
    # The server is a moment behind.
    time.sleep(0.1)
    return Answer(
        scenario, output, took,
        lab.heard(scenario["id"], "cleartext.log"), lab.heard(scenario["id"], "notes.log"),
    )  # fmt: skip


def run(program: str, arguments: argparse.Namespace) -> List[Answer]:
    directory = Path(arguments.directory) / program.replace(" ", "-")
    lab = Lab.start(arguments.lab, directory, PROGRAMS[program])
    try:
        return [ask(lab, scenario, program, arguments.roundcube, arguments.extension) for scenario in lab.scenarios]
    finally:
        lab.stop()


def table(answers: Dict[str, List[Answer]]) -> str:
    kinds = ["password in clear", "password to somebody else", "hangs", "memory exhausted", "refused though trusted"]
    lines = ["| program | scenarios | " + " | ".join(kinds) + " | no reason anywhere | reason shown by the program |"]
    lines.append("|---" * (len(kinds) + 4) + "|")
    for program, all_of_it in answers.items():
        counts = [sum(kind in answer.faults for answer in all_of_it) for kind in kinds]
        silent = sum(not answer.has_reason for answer in all_of_it)
        told = sum(answer.is_told for answer in all_of_it)
        lines.append(f"| {program} | {len(all_of_it)} | " + " | ".join(map(str, [*counts, silent, told])) + " |")
    return "\n".join(lines)


def wrong(answers: Dict[str, List[Answer]]) -> List[str]:
    found = []
    for program, all_of_it in answers.items():
        for answer in all_of_it:
            faults = answer.faults + ([] if answer.has_reason else ["no reason"])
            if faults:
                words = answer.output.strip().replace("\n", " ")[:200]
                found.append(f"{program}, {answer.scenario['id']}: {', '.join(faults)} ({answer.seconds:.1f} s): {words}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("roundcube")
    parser.add_argument("lab")
    parser.add_argument("directory")
    parser.add_argument("--extension")
    parser.add_argument("--program", action="append", choices=list(PROGRAMS))
    parser.add_argument("--rows", action="store_true", help="print what is wrong, also without the extension")
    arguments = parser.parse_args()
    programs = arguments.program or list(PROGRAMS)
    with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
        answers = dict(zip(programs, pool.map(lambda program: run(program, arguments), programs)))
    print(table(answers))
    rows = wrong(answers)
    if arguments.extension or arguments.rows:
        print("\n".join(rows))
    return 1 if arguments.extension and rows else 0


if __name__ == "__main__":
    sys.exit(main())
