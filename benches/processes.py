"""Whole processes: what they cost, from exec to exit."""

import os
import shutil
import statistics
import subprocess
from collections.abc import Sequence
from pathlib import Path


def cpu_and_memory(command: Sequence[str], stdin: Path | None = None) -> tuple[float, int]:
    """CPU time in milliseconds, and the most memory it held, in KB. It must end well."""
    with open(stdin or os.devnull, "rb") as given, open(os.devnull, "wb") as sink:
        child = subprocess.Popen(command, stdin=given, stdout=sink, stderr=sink)
        _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit code {child.returncode}")
    return (used.ru_utime + used.ru_stime) * 1000, used.ru_maxrss


def interleaved(commands: Sequence[Sequence[str]], turns: int) -> list[float]:
    """The median CPU time of each, in milliseconds; they take turns."""
    costs: list[list[float]] = [[] for _ in commands]
    for _ in range(turns):
        for command, cost in zip(commands, costs):
            cost.append(cpu_and_memory(command)[0])
    return [statistics.median(cost) for cost in costs]


def printed(commands: Sequence[Sequence[str]], turns: int) -> list[float]:
    """The median of what each prints, a number; they take turns."""
    answers: list[list[float]] = [[] for _ in commands]
    for _ in range(turns):
        for command, answer in zip(commands, answers):
            answer.append(float(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))
    return [statistics.median(answer) for answer in answers]


def installed(program: str) -> str | None:
    """Where it is, also where only root looks."""
    return shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


class Server:
    """server.c with one chain, as long as the block lasts."""

    def __init__(self, program: Path, material: Path, chain: str) -> None:
        self.command = [str(program), str(material), chain]

    def __enter__(self) -> int:
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.process.stdout
        return int(self.process.stdout.readline())

    def __exit__(self, *_: object) -> None:
        self.process.communicate()
