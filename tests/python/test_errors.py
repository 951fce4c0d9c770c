"""Exceptions fit into what callers have: ssl, sockets, process pools."""

from __future__ import annotations

import pickle
import ssl
import subprocess
import sys
from typing import Dict, Tuple

import pytest

import starttls_verify
from starttls_verify import (
    ArgumentError,
    Peer,
    ProtocolError,
    RejectedError,
    StarttlsVerifyError,
    Status,
    TlsError,
    Verifier,
    verify_chain,
)
from starttls_verify.errors import failure, kind_of

from lab import Lab


def test_every_status_has_its_class() -> None:
    hundreds: Dict[int, Tuple[type, ...]] = {
        1: (ArgumentError, RuntimeError),
        2: (ProtocolError,),
        3: (TlsError,),
        4: (RejectedError,),
    }
    for status in Status:
        if status >= 100:
            error = failure(status, "")
            assert isinstance(error, hundreds[status // 100]), status
            assert error.status_name == "STV_" + status.name
            assert str(error)


@pytest.mark.parametrize("status", [199, 299, 399, 499, 999])
def test_a_status_of_a_newer_library(status: int) -> None:
    assert issubclass(kind_of(status), StarttlsVerifyError)
    assert failure(status, "words").status == status


def test_a_rejection_is_one_of_ssl_too(lab: Lab, verifier: Verifier) -> None:
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        verify_chain(verifier, Peer("mail.bob.test"), lab.chain("eve"))
    error = caught.value
    assert isinstance(error, RejectedError)
    assert error.verify_code == 62
    assert error.verify_message == str(error) == error.message
    assert error.reason == "CERTIFICATE_VERIFY_FAILED"


def test_errors_with_reports_can_be_pickled(lab: Lab, verifier: Verifier) -> None:
    with pytest.raises(RejectedError) as caught:
        verify_chain(verifier, Peer("mail.bob.test"), lab.chain("eve"))
    for error in (caught.value, failure(Status.E_TIMEOUT, "words"), failure(101, "")):
        copy = pickle.loads(pickle.dumps(error))
        assert type(copy) is type(error)
        assert (copy.status, str(copy), copy.report) == (error.status, str(error), error.report)


def test_the_names_of_the_package() -> None:
    for name in starttls_verify.__all__:
        assert getattr(starttls_verify, name) is not None
    with pytest.raises(AttributeError):
        _ = starttls_verify.Banana


def test_importing_the_package_does_not_import_ssl() -> None:
    code = "import sys, starttls_verify; sys.exit('ssl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
