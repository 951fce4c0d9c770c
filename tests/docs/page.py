"""A page of the documentation as the tests read it: files that it shows, and a terminal.

A code block is one of three things:

- `<!-- file: NAME -->` stands before it: the file NAME, written as it stands;
- its language is `console`: lines that begin with `$ ` are commands (`> ` goes on with one), and
  what follows is what they print; a line `...` stands for any number of lines, and `...` in a line
  for any part of it;
- `<!-- fragment -->` stands before it: shown and not run. What is left over without one of these
  is an error, so that nothing is forgotten.

The first lines may say what the page needs: `<!-- world: mail.bob.test=honest ca=system -->`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Union

FENCE = re.compile(r"^```(\S*)\s*$")
REMARK = re.compile(r"^<!-- (file|world|fragment):? ?(.*?) ?-->$")


class PageError(Exception):
    """A page that cannot be read. It says where."""


@dataclass
class File:
    """A file that the page shows."""

    name: str
    text: str


@dataclass
class Command:
    """A command at the terminal, and what it shall print."""

    line: int
    words: str
    output: List[str] = field(default_factory=list)


@dataclass
class Page:
    """What is to be done, in the order of the page."""

    path: Path
    world: Dict[str, str]
    steps: List[Union[File, Command]]


def read(path: Path) -> Page:
    """Reads a page. PageError where a block is neither run nor declared a fragment."""
    lines = path.read_text(encoding="utf-8").splitlines()
    page = Page(path, {}, [])
    remark: Optional[re.Match[str]] = None
    at = 0
    while at < len(lines):
        opening = FENCE.match(lines[at])
        if opening is None:
            found = REMARK.match(lines[at])
            if found and found[1] == "world":
                page.world.update(pair.split("=", 1) for pair in found[2].split())
            elif found or lines[at].strip():
                remark = found
            at += 1
            continue
        end = closing(path, lines, at)
        page.steps.extend(block(path, at, opening[1], remark, lines[at + 1 : end]))
        remark, at = None, end + 1
    return page


def closing(path: Path, lines: List[str], at: int) -> int:
    for end in range(at + 1, len(lines)):
        if lines[end].rstrip() == "```":
            return end
    raise PageError(f"{path}:{at + 1}: a block that does not end")


def block(
    path: Path, at: int, language: str, remark: Optional[re.Match[str]], lines: List[str]
) -> Iterator[Union[File, Command]]:
    if remark is not None and remark[1] == "fragment":
        return
    if remark is not None:
        yield File(remark[2], "\n".join(lines) + "\n")
    elif language == "console":
        yield from commands(path, at + 2, lines)
    else:
        raise PageError(f"{path}:{at + 1}: a block of {language or 'nothing'} that nobody runs")


def commands(path: Path, first: int, lines: List[str]) -> Iterator[Command]:
    current: Optional[Command] = None
    for number, line in enumerate(lines, first):
        if line.startswith("$ "):
            if current is not None:
                yield current
            current = Command(number, line[2:])
        elif current is None:
            raise PageError(f"{path}:{number}: output before any command")
        elif line.startswith("> ") and not current.output:
            current.words += "\n" + line[2:]
        else:
            current.output.append(line)
    if current is not None:
        yield current


def agrees(wanted: List[str], printed: List[str]) -> bool:
    """Is that what the page says? See above for `...`."""
    if not wanted:
        return not printed
    first, rest = wanted[0], wanted[1:]
    if first == "...":
        return any(agrees(rest, printed[skip:]) for skip in range(len(printed) + 1))
    return bool(printed) and same(first, printed[0]) and agrees(rest, printed[1:])


def same(wanted: str, printed: str) -> bool:
    parts = [re.escape(part) for part in wanted.rstrip().split("...")]
    return re.fullmatch(".*".join(parts), printed.rstrip()) is not None
