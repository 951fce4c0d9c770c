"""Every page of the documentation that shows commands: they are run, and must print what it says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Dict, List

import pytest

from page import Command, File, PageError, agrees, read

HERE = Path(__file__).resolve().parent
DOCS = HERE.parents[1] / "docs"
PAGES = sorted([*(DOCS / "start").glob("*.md"), *(DOCS / "recipes").glob("*.md")])


def needed(name: str) -> str:
    """A run without it would test nothing, so it is a failure and not a skip."""
    path = os.environ.get(name, "")
    if not os.path.exists(path):
        raise RuntimeError(f"{name}={path!r} is not there: make test-docs")
    return path


@pytest.mark.parametrize("path", PAGES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_page(path: Path, tmp_path: Path) -> None:
    assert any(isinstance(step, Command) for step in read(path).steps), "nothing is run"
    words = [sys.executable, str(HERE / "world.py"), str(path), str(tmp_path)]
    done = subprocess.run(
        ["unshare", "--net", "--mount", *words, needed("STV_PREFIX"), needed("STV_LAB")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_there_are_pages() -> None:
    assert len(PAGES) >= 10


READ: Dict[str, List[object]] = {
    "<!-- file: a.txt -->\n```\nx\n```\n": [File("a.txt", "x\n")],
    "```console\n$ a\nb\n$ c <<E\n> d\n```\n": [Command(2, "a", ["b"]), Command(4, "c <<E\nd", [])],
    "<!-- fragment -->\n```c\nx\n```\n": [],
}


@pytest.mark.parametrize("text", list(READ))
def test_blocks(text: str, tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(text)
    assert read(path).steps == READ[text]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("```python\nx\n```\n", "nobody runs"),
        ("<!-- file: a -->\nwords\n```c\nx\n```\n", "nobody runs"),
        ("```console\nx\n```\n", "before any command"),
        ("```console\n$ x\n", "does not end"),
    ],
)
def test_a_block_that_nobody_runs_is_an_error(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(text)
    with pytest.raises(PageError, match=why):
        read(path)


def test_what_is_printed_is_compared() -> None:
    assert agrees(["a", "...", "z"], ["a", "b", "c", "z"])
    assert agrees(["a ... c"], ["a b c"])
    assert not agrees(["a"], ["a", "b"])
    assert not agrees(["a", "..."], ["b"])
    assert not agrees([], ["Traceback"])
