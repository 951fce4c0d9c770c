"""Fixtures of all tests. STARTTLS_VERIFY_LIBRARY names the library and STV_LAB the lab."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Iterator

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
for directory in (HERE, HERE.parent / "servers", ROOT / "bindings" / "python"):
    sys.path.insert(0, str(directory))

from starttls_verify import Verifier  # noqa: E402

from lab import Lab, Scenario, scenario_ids  # noqa: E402


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes a `scenario` runs for each."""
    if "scenario" in metafunc.fixturenames:
        metafunc.parametrize("scenario", scenario_ids(), indirect=True)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture
def scenario(lab: Lab, request: pytest.FixtureRequest) -> Scenario:
    return lab[request.param]


@pytest.fixture(scope="session")
def verifier(lab: Lab) -> Verifier:
    return lab.verifier()


@pytest.fixture(scope="session")
def bob_der(lab: Lab) -> bytes:
    """The honest server's own certificate."""
    return first_der(lab.chain("honest"))


@pytest.fixture(scope="session")
def eve_der(lab: Lab) -> bytes:
    return first_der(lab.chain("eve"))


def first_der(pem: bytes) -> bytes:
    import ssl  # noqa: PLC0415

    end = "-----END CERTIFICATE-----"
    return ssl.PEM_cert_to_DER_cert(pem.decode().partition(end)[0] + end)
