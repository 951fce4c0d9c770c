"""The first door: a chain of certificates that the caller has."""

from __future__ import annotations

import ctypes
from typing import Iterable, Union

from .errors import failure
from .handle import Handle, make, own
from .library import lib, words
from .peer import Peer
from .report import Report, read
from .text import Bytes, raw
from .verifier import Verifier


def verify_chain(
    verifier: Verifier,
    peer: Peer,
    certificates: Union[Bytes, Iterable[Bytes]],
    *,
    ocsp: Bytes = b"",
) -> Report:
    """Judges certificates: is this the peer who was meant? No network, no disk. Any thread.

    `certificates` are those of the peer, leaf first: an iterable of DER, or PEM in one piece of
    bytes. `ocsp` is the OCSP response that the server staples to them, DER, where there is one.
    The report of a trusted peer is returned; for any other `RejectedError` is raised, which carries
    its own.
    """
    chain = chain_of(certificates)
    if ocsp:
        staple = raw(ocsp, "an OCSP response")
        check(chain, lib.stv_chain_set_ocsp(chain.pointer, staple, len(staple)))
    judge, expected, out = verifier.handle(), peer.handle(), ctypes.c_void_p()
    status = lib.stv_verifier_judge(
        judge.pointer, expected.pointer, chain.pointer, ctypes.byref(out)
    )
    if out.value is None:
        raise failure(status, "")
    report = read(own("report", out))
    if status >= 100:
        raise failure(status, report.summary, report)
    return report


def chain_of(certificates: Union[Bytes, Iterable[Bytes]]) -> Handle:
    """A chain of the library from PEM in one piece, or from DER one by one."""
    chain = make("chain")
    if isinstance(certificates, str):
        raise TypeError("certificates are bytes (PEM) or an iterable of bytes (DER), not str")
    if isinstance(certificates, (bytes, bytearray, memoryview)):
        pem = bytes(certificates)
        check(chain, lib.stv_chain_add_pem(chain.pointer, pem, len(pem)))
        return chain
    for certificate in certificates:
        der = raw(certificate, "a certificate")
        check(chain, lib.stv_chain_add_der(chain.pointer, der, len(der)))
    return chain


def check(chain: Handle, status: int) -> None:
    """Raises what the last call on a chain complained about."""
    if status != 0:
        raise failure(status, words(lib.stv_chain_error(chain.pointer)))
