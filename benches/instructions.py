"""make bench-instructions: callgrind's count for some operations, against the committed one.

instructions.py PROGRAM MATERIAL BASELINE [--rebase]

Counts hold for the library versions that the baseline names. With others nothing is compared. Before it
says anything, it checks on doctored baselines that it would find a regression.
"""

import contextlib
import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ALLOWED = 1.05
TIMES = 10


def output(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def versions() -> str:
    """What the counts depend on beside our own code."""
    openssl = output("openssl", "version").split()[1]
    rustc = output("rustc", "--version").split()[1]
    libc = output("getconf", "GNU_LIBC_VERSION").split()[1]
    return f"openssl {openssl}, rustc {rustc}, glibc {libc}"


def count(program: str, material: str, operation: str) -> int:
    """Instructions of one run of the operation."""
    valgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    valgrind += ["--collect-atstart=no", "--toggle-collect=counted"]
    done = subprocess.run(
        [*valgrind, program, material, operation], check=True, stderr=subprocess.PIPE, text=True
    )
    collected = re.search(r"Collected : (\d+)", done.stderr)
    if not collected:
        raise RuntimeError(f"callgrind said no count for {operation}: {done.stderr}")
    return int(collected[1]) // TIMES


def read(baseline: Path) -> tuple[str, dict[str, int]]:
    """Its versions, and its counts."""
    first, *rows = baseline.read_text().splitlines()
    pairs = (row.split("\t") for row in rows)
    return first.removeprefix("# "), {name: int(number) for name, number in pairs}


def write(baseline: Path, counts: dict[str, int]) -> None:
    rows = [f"# {versions()}", *(f"{name}\t{number}" for name, number in counts.items())]
    baseline.write_text("\n".join(rows) + "\n")


def compare(counts: dict[str, int], before: dict[str, int]) -> bool:
    """Prints each beside its baseline; whether none has grown too much, and none is missing."""
    good = counts.keys() == before.keys()
    for name in sorted(counts.keys() ^ before.keys()):
        print(f"{name:20} is in the baseline or in the program only")
    for name in (name for name in counts if name in before):
        ratio = counts[name] / before[name]
        verdict = "" if ratio <= ALLOWED else "  REGRESSION"
        good = good and not verdict
        print(f"{name:20} {before[name]:>12} {counts[name]:>12}  {ratio:.3f}{verdict}")
    return good


def judge(counts: dict[str, int], baseline: Path) -> int:
    """The exit code."""
    of, before = read(baseline)
    if of != versions():
        print(f"the baseline is of {of}, and this is {versions()}: nothing is compared")
        print("make bench-instructions REBASE=--rebase writes a new one")
        return 0
    return 0 if compare(counts, before) else 1


def check_itself(counts: dict[str, int]) -> None:
    """A baseline that is doctored must be found out, for each operation; an honest one must pass."""
    honest = {"the same": counts, "4 % less": {name: int(n / 1.04) for name, n in counts.items()}}
    less = {f"{name}, 6 % less": counts | {name: int(n / 1.06)} for name, n in counts.items()}
    gone = {f"{name} gone": counts.keys() - {name} for name in counts}
    doctored = less | {case: {name: counts[name] for name in kept} for case, kept in gone.items()}
    with tempfile.TemporaryDirectory() as scratch:
        baseline = Path(scratch) / "baseline.tsv"
        for cases, wanted in ((honest, 0), (doctored, 1)):
            for case, before in cases.items():
                write(baseline, before)
                with contextlib.redirect_stdout(io.StringIO()):
                    code = judge(counts, baseline)
                if code != wanted:
                    raise RuntimeError(f"a baseline with {case} gives {code} and not {wanted}")


def main() -> int:
    program, material, baseline = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    counts = {name: count(program, material, name) for name in output(program).split()}
    check_itself(counts)
    if "--rebase" in sys.argv[4:]:
        write(baseline, counts)
        print(f"{baseline}: {len(counts)} counts, {versions()}")
        return 0
    return judge(counts, baseline)


sys.exit(main())
