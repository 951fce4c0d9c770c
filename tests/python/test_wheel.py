"""pip install: what is in the wheel, what is said where it cannot be made, and that it works."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Dict

import pytest

from lab import program

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1] / "bindings" / "python"
CARRIED = "starttls_verify/libstarttls_verify.so.0"


def surroundings(**more: str) -> Dict[str, str]:
    """The environment without what the tests say about the library."""
    hidden = ("STARTTLS_VERIFY_LIBRARY", "PYTHONPATH")
    return {**{name: text for name, text in os.environ.items() if name not in hidden}, **more}


def build(directory: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Makes a wheel without network."""
    options = ["--no-build-isolation", "--no-index", "--no-deps", "--wheel-dir", str(directory)]
    return subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *options, str(SOURCE)],
        env=surroundings(**more),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def wheel_of(directory: Path, **more: str) -> Path:
    done = build(directory, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = directory.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that carries the library of these tests."""
    library = os.environ["STARTTLS_VERIFY_LIBRARY"]
    return wheel_of(tmp_path_factory.mktemp("wheel"), STARTTLS_VERIFY_LIBRARY=library)


def test_what_is_in_the_wheel(wheel: Path) -> None:
    assert wheel.name.startswith("starttls_verify-0.1.0-py3-none-linux_")
    with zipfile.ZipFile(wheel) as inside:
        library = Path(os.environ["STARTTLS_VERIFY_LIBRARY"])
        assert inside.read(CARRIED) == library.read_bytes()
        modules = {name for name in inside.namelist() if name.endswith((".py", ".typed"))}
    sources = [path.name for path in (SOURCE / "starttls_verify").iterdir() if path.is_file()]
    there = {f"starttls_verify/{name}" for name in sources}
    assert modules == there


def test_cargo_builds_what_is_not_named(tmp_path: Path) -> None:
    """As `make lib` does, whose target directory it shares."""
    with zipfile.ZipFile(wheel_of(tmp_path)) as inside:
        assert inside.read(CARRIED).startswith(b"\x7fELF")
    assert not list(SOURCE.glob("*.egg-info"))
    assert not (SOURCE / "build").exists()


@pytest.mark.parametrize(
    ("variable", "text", "words"),
    [
        ("CARGO", "/nonexistent/cargo", "cargo is missing: install Rust"),
        ("PKG_CONFIG_LIBDIR", "/nonexistent", "apt-get install libssl-dev"),
        ("STARTTLS_VERIFY_LIBRARY", "/nonexistent.so", "which is no file"),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, variable: str, text: str, words: str) -> None:
    done = build(tmp_path, **{variable: text})
    assert done.returncode != 0
    assert words in done.stdout + done.stderr
    assert not list(tmp_path.glob("*.whl"))


def test_the_readme_in_a_fresh_environment(wheel: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", fresh], check=True)
    python = fresh / "bin" / "python3"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*pip, "--no-index", "--no-deps", str(wheel)], env=surroundings(), check=True)
    (packages,) = fresh.glob("lib/python3.*/site-packages")
    import aiosmtplib  # noqa: PLC0415

    # Of what the tests have, this and nothing else.
    (packages / "aiosmtplib").symlink_to(Path(aiosmtplib.__file__).parent)
    page, scratch = SOURCE / "README.md", tmp_path / "scratch"
    scratch.mkdir()
    words = [str(HERE / "snippets.py"), str(page), str(scratch), str(python), program()]
    done = subprocess.run(
        ["unshare", "--net", "--mount", sys.executable, *words],
        env=surroundings(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
