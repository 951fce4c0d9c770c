"""The second door: a handshake that Python's own ssl has finished."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Union

from ._abi import Status
from .chain import verify_chain
from .errors import failure
from .peer import Peer
from .report import Report
from .verifier import Verifier

if TYPE_CHECKING:
    import ssl

# `_ssl.ENCODING_DER`
DER = 2


def judge_ssl_socket(
    verifier: Verifier, peer: Peer, sslsock: Union[ssl.SSLSocket, ssl.SSLObject]
) -> Report:
    """Judges the peer of a finished handshake, before the first application byte.

    For programs whose TLS is Python's: handshake with `check_hostname = False` and
    `verify_mode = ssl.CERT_NONE`, then ask here, and close the socket on any exception. Plaintext
    that was injected behind the go-ahead for TLS cannot be seen from here; a `Session` refuses it.

    Python gives the chain from 3.10 on; on an older one this is an `ArgumentError`
    (E_UNSUPPORTED).
    """
    if sslsock.server_side:
        raise failure(Status.E_ARGUMENT, "the socket is a server's; the peer of a client is judged")
    return verify_chain(verifier, peer, presented_chain(sslsock))


def presented_chain(sslsock: Union[ssl.SSLSocket, ssl.SSLObject]) -> List[bytes]:
    """The chain as the peer sent it, in DER, leaf first."""
    # Public from 3.13 on; in 3.10 to 3.12 only the object inside has it.
    inside: Any = getattr(sslsock, "_sslobj", None)
    if inside is None:
        raise failure(Status.E_STATE, "the socket has no TLS yet, or no more")
    if inside.cipher() is None:
        raise failure(Status.E_STATE, "the handshake is not done")
    public = getattr(sslsock, "get_unverified_chain", None)
    if public is not None:
        return list(public() or ())
    private = getattr(inside, "get_unverified_chain", None)
    if private is None:
        raise failure(
            Status.E_UNSUPPORTED,
            "this Python's ssl cannot give the chain of the peer: use Python 3.10 or newer, "
            "or a Session of this package",
        )
    return [certificate.public_bytes(DER) for certificate in private() or ()]
