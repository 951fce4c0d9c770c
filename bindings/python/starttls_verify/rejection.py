"""The exception for a peer who is not who was meant.

It is an `ssl.SSLCertVerificationError`, so that code which handles that of Python's own ssl handles
this one too. It has a module of its own because ssl takes longer to import than all the rest.
"""

from __future__ import annotations

import ssl
from typing import Optional

from .errors import StarttlsVerifyError
from .report import Report

# X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_APPLICATION_VERIFICATION of OpenSSL.
HOSTNAME_MISMATCH = 62
APPLICATION_VERIFICATION = 50


class RejectedError(StarttlsVerifyError, ssl.SSLCertVerificationError):
    """The peer is not trusted; `report` says why."""

    def __init__(self, status: int, message: str, report: Optional[Report] = None) -> None:
        super().__init__(status, message, report)
        self.reason = "CERTIFICATE_VERIFY_FAILED"
        self.library = "SSL"
        self.verify_message = message
        is_name = self.code.startswith("name.")
        self.verify_code = HOSTNAME_MISMATCH if is_name else APPLICATION_VERIFICATION
