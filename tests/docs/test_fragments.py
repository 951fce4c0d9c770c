"""Code on the reference pages, which is shown in pieces: the compiler or the parser has seen it.

Pages below docs/start and docs/recipes are run (`test_pages`). Elsewhere a block of C or C++ is compiled as the
body of a function, PHP and Python are parsed, TOML and JSON read.
"""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Iterator, List, Tuple

import pytest

from page import FENCE, closing

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"]
PAGES += [ROOT / "bindings" / language / "README.md" for language in ("php", "python")]
CODE = ["c", "cpp", "php", "python", "json", "toml"]
# What a fragment leaves out.
LEFT_OUT = re.compile(r"\.\.\.$", re.MULTILINE)

# Every handle that a fragment of C may speak of.
C = """
#include <starttls_verify.h>
#include <stdio.h>
{includes}
void fragment(stv_peer *peer);
void fragment(stv_peer *peer)
{{
(void)peer;
{{
{body}
}}
}}
"""
CPP = """
#include <starttls_verify.hpp>
#include <iostream>
#include <string>
{includes}
void fragment()
{{
{body}
}}
"""

Block = Tuple[Path, int, str, str]


def blocks() -> Iterator[Block]:
    for path in PAGES:
        lines = path.read_text(encoding="utf-8").splitlines()
        at = 0
        while at < len(lines):
            opening = FENCE.match(lines[at])
            if opening is None:
                at += 1
                continue
            end = closing(path, lines, at)
            if opening[1] in CODE:
                yield path, at + 1, opening[1], "\n".join(lines[at + 1 : end])
            at = end + 1


def complain(command: List[str], source: str) -> str:
    """What a compiler says of a source on its standard input."""
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr + done.stdout


def fault(language: str, text: str) -> str:
    if language in ("c", "cpp"):
        return complain(compiler(language), wrapped(language, text))
    if language == "php":
        return complain(["php", "-l"], text if text.startswith("<?php") else "<?php\n" + text)
    try:
        {"json": json.loads, "toml": tomllib.loads, "python": parse}[language](text)
    except ValueError as error:
        return str(error)
    return ""


def parse(text: str) -> None:
    try:
        compile(text, "page", "exec")
    except SyntaxError as error:
        raise ValueError(str(error)) from error


def compiler(language: str) -> List[str]:
    program, standard = ("cc", "c99") if language == "c" else ("c++", "c++11")
    headers = [f"-I{ROOT}/include", f"-I{ROOT}/bindings/cpp"]
    return [program, f"-std={standard}", "-Wall", "-Werror", "-fsyntax-only", *headers, "-x", {"c": "c", "cpp": "c++"}[language], "-"]


def wrapped(language: str, text: str) -> str:
    includes = [line for line in text.splitlines() if line.startswith("#include")]
    body = "\n".join(line for line in text.splitlines() if line not in includes)
    return {"c": C, "cpp": CPP}[language].format(includes="\n".join(includes), body=LEFT_OUT.sub(";", body))


@pytest.mark.parametrize("block", list(blocks()), ids=lambda block: f"{block[0].name}:{block[1]}")
def test_fragment(block: Block) -> None:
    _, _, language, text = block
    assert fault(language, text) == ""


def test_faults_are_found() -> None:
    for language, text in [("c", "stv_peer_fre(peer);"), ("php", "new ;"), ("python", "a b"), ("toml", "a")]:
        assert fault(language, text) != ""
