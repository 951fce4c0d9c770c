"""The second door through ctypes: an `SSL *` that another module of this process owns.

Not part of the package: where CPython keeps the pointer is no interface, and a test may look where a
program should not.
"""

from __future__ import annotations

import ctypes
import ssl
from typing import Tuple

from starttls_verify import Peer, Verifier
from starttls_verify.library import lib, words

# PySSLSocket of CPython 3.11: the object's head, the socket, the SSL.
PLACE = object.__basicsize__ + ctypes.sizeof(ctypes.c_void_p)


def pointer_of(connection: ssl.SSLSocket) -> int:
    """The SSL of Python's own module; checked by the descriptor that it names."""
    inner = connection._sslobj  # type: ignore[attr-defined]
    found = ctypes.c_void_p.from_address(id(inner) + PLACE).value
    get_fd = ctypes.CDLL("libssl.so.3").SSL_get_fd
    get_fd.argtypes = [ctypes.c_void_p]
    assert found is not None
    assert get_fd(found) == connection.fileno()
    return found


def judge(verifier: Verifier, peer: Peer, ssl_pointer: int) -> Tuple[int, str, str]:
    """Status, code and text of stv_ssl_judge; without a report, the words."""
    frozen, expected, out = verifier.handle(), peer.handle(), ctypes.c_void_p()
    status = lib.stv_ssl_judge(
        frozen.pointer, expected.pointer, ctypes.c_void_p(ssl_pointer), ctypes.byref(out)
    )
    if out.value is None:
        return status, "", words(lib.stv_peer_error(expected.pointer))
    try:
        return status, words(lib.stv_report_code(out)), words(lib.stv_report_text(out))
    finally:
        lib.stv_report_free(out)
