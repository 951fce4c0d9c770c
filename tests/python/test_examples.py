"""The example programs: what they print and what the shell is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Tuple

import pytest

from lab import Lab

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "python"


def run(program: str, *arguments: str) -> Tuple[int, str, str]:
    command = [sys.executable, str(EXAMPLES / program), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("program", ["smtp_check.py", "smtplib_check.py"])
@pytest.mark.parametrize(
    ("name", "exit_code"),
    [("honest", 0), ("eve", 1), ("stripped", 1), ("injected", 1), ("tls-1.0", 1), ("alert", 3)],
)
def test_exit_codes(lab: Lab, program: str, name: str, exit_code: int) -> None:
    scenario = lab[name]
    done, said, errors = run(program, scenario.host, scenario.connect, lab.cafile, "2000")
    assert done == exit_code, said + errors
    assert ("TRUSTED" in said) == (exit_code == 0)
    assert ("inside TLS: " in said) == (exit_code == 0)


@pytest.mark.parametrize("program", ["smtp_check.py", "smtplib_check.py", "verify_chain.py"])
@pytest.mark.parametrize("arguments", [[], ["mail.bob.test"], ["1", "2", "3", "4", "5"]])
def test_wrong_usage(program: str, arguments: list[str]) -> None:
    assert run(program, *arguments)[0] == 2


def test_wrong_configuration(lab: Lab) -> None:
    assert run("smtplib_check.py", "mail.bob.test", "127.0.0.1:", lab.cafile)[0] == 2
    connect = lab["honest"].connect
    for host, cafile in (("mail.bob.test", "/nonexistent.pem"), (".bob.test", lab.cafile)):
        done, said, errors = run("smtp_check.py", host, connect, cafile)
        assert (done, said) == (2, "")
        assert errors.startswith("smtp_check.py: ")


@pytest.mark.parametrize(("name", "exit_code"), [("honest", 0), ("eve", 1), ("expired", 1)])
def test_verify_chain(lab: Lab, name: str, exit_code: int) -> None:
    chain = str(lab.directory / name / "chain.pem")
    done, said, _ = run("verify_chain.py", "mail.bob.test", chain, lab.cafile)
    assert done == exit_code
    assert said.startswith("TRUSTED " if exit_code == 0 else "REJECTED ")
    assert run("verify_chain.py", "mail.bob.test", lab.cafile + ".none", lab.cafile)[0] == 2
