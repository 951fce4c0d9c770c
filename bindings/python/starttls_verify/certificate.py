"""Cheap questions about one certificate. A yes is a match, not trust. Any thread."""

from __future__ import annotations

import ctypes
from typing import Any, Callable

from .errors import failure
from .library import lib
from .text import Bytes, octets, raw


def cert_names_host(der: Bytes, reference: str) -> bool:
    """Whether a certificate names a host; `reference` is tagged text: "dns:mail.example.com".

    No chain, no dates, no pins are looked at.
    """
    return ask(lib.stv_cert_names_host, der, reference, "reference")


def cert_matches_pin(der: Bytes, pin: str) -> bool:
    """Whether a certificate matches a pin: "spki-sha256:BASE64" or "sha256:HEX"."""
    return ask(lib.stv_cert_matches_pin, der, pin, "pin")


def cert_matches_tlsa(der: Bytes, record: str) -> bool:
    """Whether a certificate, or its key, is what a TLSA record says: "3 1 1 HEX".

    The usage, which says whose certificate it is about, is not looked at.
    """
    return ask(lib.stv_cert_matches_tlsa, der, record, "record")


def ask(question: Callable[..., Any], der: Bytes, text: str, what: str) -> bool:
    """Puts one of the questions."""
    data, words, match = raw(der, "a certificate"), octets(text, what), ctypes.c_int()
    status = question(data, len(data), words, len(words), ctypes.byref(match))
    if status != 0:
        raise failure(status, "")
    return match.value == 1
