"""Prototypes and constants of libstarttls_verify for ctypes.

Generated from src/ffi by `make abi`. Do not edit.

Handles are `c_void_p`. Text goes in as `bytes` with its length, so that an embedded NUL arrives.
"""

from __future__ import annotations

import ctypes
import enum
from typing import Any, Dict, Tuple

ABI_LEVEL = 1


class Status(enum.IntEnum):
    """Statuses: did the call do its job? The hundreds say whose fault it is."""

    OK = 0
    WANT_READ = 1
    WANT_WRITE = 2
    CLOSED = 3
    OPEN_UNVERIFIED = 4
    E_NULL = 100
    E_ARGUMENT = 101
    E_STATE = 102
    E_PANIC = 103
    E_MEMORY = 104
    E_OPTION_UNKNOWN = 105
    E_OPTION_TYPE = 106
    E_OPTION_VALUE = 107
    E_INSECURE = 108
    E_FILE_MISSING = 109
    E_FILE_UNREADABLE = 110
    E_FILE_EMPTY = 111
    E_CONFIG = 112
    E_CERTIFICATE = 113
    E_NAME = 114
    E_PIN = 115
    E_ENCODING = 116
    E_UNSUPPORTED = 117
    E_TLSA = 118
    E_FILE_DAMAGED = 120
    E_FILE_UNSAFE = 121
    E_FILE_UNWRITABLE = 122
    E_FILE_BUSY = 123
    E_NOT_OFFERED = 200
    E_REFUSED = 201
    E_REFUSED_TEMPORARILY = 202
    E_INJECTED = 203
    E_PIPELINED = 204
    E_PROTOCOL = 205
    E_LINE_TOO_LONG = 206
    E_TOO_MANY_LINES = 207
    E_TOO_MUCH_DATA = 208
    E_GREETING_REJECTED = 209
    E_GREETING_REJECTED_TEMPORARILY = 210
    E_SERVER_BYE = 211
    E_PREAUTH = 212
    E_UNEXPECTED_DATA = 213
    E_TLS_ON_PLAIN_PORT = 214
    E_TLS_HANDSHAKE = 300
    E_TLS_VERSION = 301
    E_TLS_ALERT = 302
    E_TLS_TRUNCATED = 303
    E_TLS_PROTOCOL = 304
    E_TLS_ALPN = 305
    E_IO = 310
    E_IO_CLOSED = 311
    E_TIMEOUT = 312
    E_RESOLVE = 313
    E_CONNECT = 314
    E_NO_SERVICE = 315
    E_DNS_BOGUS = 316
    E_DNS_FAILED = 317
    E_REJECTED = 400


class Verdict(enum.IntEnum):
    """Verdicts. UNKNOWN is 0, so that zeroed memory never reads as trust."""

    UNKNOWN = 0
    TRUSTED = 1
    REJECTED = 2
    UNAUTHENTICATED = 3


class Check(enum.IntEnum):
    """What a finding checked."""

    STARTTLS = 0
    TLS = 1
    IO = 2
    CHAIN = 3
    NAME = 4
    PIN = 5
    REVOCATION = 6
    TRANSPARENCY = 7
    KNOWN = 8
    DANE = 9
    MTA_STS = 10
    EVIDENCE = 11


class Outcome(enum.IntEnum):
    """How a check came out. 'Could not check' is SKIP and never counts as PASS."""

    PASS = 1
    FAIL = 2
    SKIP = 0
    NOTE = 3


class TlsaState(enum.IntEnum):
    """How TLSA records came from the DNS, or why there are none."""

    GIVEN = 0
    SECURE = 1
    INSECURE = 2
    BOGUS = 3
    LOOKUP_FAILED = 4


class Provenance(enum.IntEnum):
    """How the host of a peer came to be the one that is meant."""

    USER = 0
    SECURE = 1
    INSECURE = 2


class Protocol(enum.IntEnum):
    """Protocols that a peer is spoken to in."""

    TLS = 0
    SMTP = 1
    SUBMISSION = 2
    LMTP = 3
    IMAP = 4
    POP3 = 5
    SIEVE = 6
    FTP = 7
    XMPP = 8
    XMPP_SERVER = 9
    LDAP = 10
    NNTP = 11
    IRC = 12
    POSTGRES = 13
    MYSQL = 14
    NUT = 15
    NBD = 16
    RDP = 17
    VNC = 18
    AMQP = 19
    NATS = 20
    SUBMISSIONS = 21
    IMAPS = 22
    POP3S = 23
    FTPS = 24
    XMPPS = 25
    XMPPS_SERVER = 26
    LDAPS = 27
    NNTPS = 28
    IRCS = 29
    POSTGRES_DIRECT = 30


# Name: result, arguments.
PROTOTYPES: Dict[str, Tuple[Any, Tuple[Any, ...]]] = {
    "stv_abi_level": (ctypes.c_uint32, ()),
    "stv_version": (ctypes.c_char_p, ()),
    "stv_status_name": (
        ctypes.c_char_p,
        (
            ctypes.c_int,
        ),
    ),
    "stv_status_text": (
        ctypes.c_char_p,
        (
            ctypes.c_int,
        ),
    ),
    "stv_config_new": (
        ctypes.c_int,
        (
            ctypes.POINTER(ctypes.c_void_p),
        ),
    ),
    "stv_config_free": (
        None,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_config_set_str": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_config_set_int": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_int64,
        ),
    ),
    "stv_config_set_bool": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_int,
        ),
    ),
    "stv_config_set_bytes": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_void_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_config_add_str": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_config_add_bytes": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_void_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_config_set_text": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_config_add_text": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_config_load_file": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_config_load_rules_file": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_config_error": (
        ctypes.c_char_p,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_verifier_new": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.POINTER(ctypes.c_void_p),
        ),
    ),
    "stv_verifier_dup": (
        ctypes.c_void_p,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_verifier_free": (
        None,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_verifier_stale": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_verifier_judge": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.POINTER(ctypes.c_void_p),
        ),
    ),
    "stv_peer_new": (
        ctypes.c_int,
        (
            ctypes.POINTER(ctypes.c_void_p),
        ),
    ),
    "stv_peer_free": (
        None,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_peer_set_protocol": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_int,
        ),
    ),
    "stv_peer_set_host": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_peer_set_port": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_int,
        ),
    ),
    "stv_peer_add_reference": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_peer_set_connect": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_peer_set_sni": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_peer_set_known": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
        ),
    ),
    "stv_peer_add_tlsa": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_peer_add_tlsa_wire": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_peer_set_tlsa_state": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_int,
        ),
    ),
    "stv_peer_set_tlsa_base": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_peer_set_mta_sts": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_peer_set_origin": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_int,
        ),
    ),
    "stv_peer_add_evidence": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_peer_discover": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
        ),
    ),
    "stv_peer_error": (
        ctypes.c_char_p,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_servers_discover": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.POINTER(ctypes.c_void_p),
        ),
    ),
    "stv_servers_free": (
        None,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_servers_count": (
        ctypes.c_size_t,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_servers_host": (
        ctypes.c_char_p,
        (
            ctypes.c_void_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_servers_port": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_servers_peer": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_size_t,
            ctypes.POINTER(ctypes.c_void_p),
        ),
    ),
    "stv_chain_new": (
        ctypes.c_int,
        (
            ctypes.POINTER(ctypes.c_void_p),
        ),
    ),
    "stv_chain_free": (
        None,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_chain_add_der": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_chain_add_pem": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_chain_set_ocsp": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_chain_count": (
        ctypes.c_size_t,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_chain_error": (
        ctypes.c_char_p,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_known_peers_new": (
        ctypes.c_int,
        (
            ctypes.POINTER(ctypes.c_void_p),
        ),
    ),
    "stv_known_peers_free": (
        None,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_known_peers_open_file": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_known_peers_create_file": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_known_peers_announce": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_known_peers_withdraw": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_known_peers_forget": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
        ),
    ),
    "stv_known_peers_export": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_known_peers_text": (
        ctypes.c_char_p,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_known_peers_export_file": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_known_peers_import_mem": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_known_peers_import_file": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_known_peers_remember": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
        ),
    ),
    "stv_known_peers_error": (
        ctypes.c_char_p,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_session_new": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.POINTER(ctypes.c_void_p),
        ),
    ),
    "stv_session_new_upgraded": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.POINTER(ctypes.c_void_p),
        ),
    ),
    "stv_session_give_up": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_session_certificate": (
        ctypes.c_void_p,
        (
            ctypes.c_void_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_session_certificate_len": (
        ctypes.c_size_t,
        (
            ctypes.c_void_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_session_free": (
        None,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_session_feed": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_session_new_data": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.POINTER(ctypes.c_void_p),
        ),
    ),
    "stv_session_feed_eof": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_session_step": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_session_take": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_size_t,
            ctypes.POINTER(ctypes.c_size_t),
        ),
    ),
    "stv_session_read": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_size_t,
            ctypes.POINTER(ctypes.c_size_t),
        ),
    ),
    "stv_session_write": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_size_t,
            ctypes.POINTER(ctypes.c_size_t),
        ),
    ),
    "stv_session_close": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_session_pending": (
        ctypes.c_size_t,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_session_run_fd": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_int,
        ),
    ),
    "stv_session_connect": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_session_fd": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_session_report": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.POINTER(ctypes.c_void_p),
        ),
    ),
    "stv_session_server_speaks_first": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_session_error": (
        ctypes.c_char_p,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_ssl_judge": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.POINTER(ctypes.c_void_p),
        ),
    ),
    "stv_ssl_attach": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
            ctypes.c_void_p,
        ),
    ),
    "stv_ssl_result": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.POINTER(ctypes.c_void_p),
        ),
    ),
    "stv_report_dup": (
        ctypes.c_void_p,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_report_free": (
        None,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_report_verdict": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_report_status": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_report_code": (
        ctypes.c_char_p,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_report_summary": (
        ctypes.c_char_p,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_report_untrusted_facts": (
        ctypes.c_char_p,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_report_text": (
        ctypes.c_char_p,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_report_json": (
        ctypes.c_char_p,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_report_count": (
        ctypes.c_size_t,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_report_finding_check": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_report_finding_outcome": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_report_finding_code": (
        ctypes.c_char_p,
        (
            ctypes.c_void_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_report_finding_depth": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_report_finding_wanted": (
        ctypes.c_char_p,
        (
            ctypes.c_void_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_report_finding_found": (
        ctypes.c_char_p,
        (
            ctypes.c_void_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_report_finding_detail": (
        ctypes.c_char_p,
        (
            ctypes.c_void_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_report_finding_hint": (
        ctypes.c_char_p,
        (
            ctypes.c_void_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_report_finding_source": (
        ctypes.c_char_p,
        (
            ctypes.c_void_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_tls_rpt_new": (
        ctypes.c_int,
        (
            ctypes.POINTER(ctypes.c_void_p),
        ),
    ),
    "stv_tls_rpt_free": (
        None,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_tls_rpt_begin": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_tls_rpt_set_organization": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_tls_rpt_set_contact": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_tls_rpt_set_range": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_int64,
            ctypes.c_int64,
        ),
    ),
    "stv_tls_rpt_set_sending_ip": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_tls_rpt_add": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_void_p,
        ),
    ),
    "stv_tls_rpt_successes": (
        ctypes.c_size_t,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_tls_rpt_failures": (
        ctypes.c_size_t,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_tls_rpt_write": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_tls_rpt_json": (
        ctypes.c_char_p,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_tls_rpt_gzip": (
        ctypes.c_void_p,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_tls_rpt_gzip_len": (
        ctypes.c_size_t,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_tls_rpt_file_name": (
        ctypes.c_char_p,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_tls_rpt_set_record": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_tls_rpt_destination_count": (
        ctypes.c_size_t,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_tls_rpt_destination": (
        ctypes.c_char_p,
        (
            ctypes.c_void_p,
            ctypes.c_size_t,
        ),
    ),
    "stv_tls_rpt_error": (
        ctypes.c_char_p,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_report_tls_rpt_result": (
        ctypes.c_char_p,
        (
            ctypes.c_void_p,
        ),
    ),
    "stv_cert_names_host": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_size_t,
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.POINTER(ctypes.c_int),
        ),
    ),
    "stv_cert_matches_pin": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_size_t,
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.POINTER(ctypes.c_int),
        ),
    ),
    "stv_cert_matches_tlsa": (
        ctypes.c_int,
        (
            ctypes.c_void_p,
            ctypes.c_size_t,
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.POINTER(ctypes.c_int),
        ),
    ),
    "stv_verdict_name": (
        ctypes.c_char_p,
        (
            ctypes.c_int,
        ),
    ),
    "stv_check_name": (
        ctypes.c_char_p,
        (
            ctypes.c_int,
        ),
    ),
    "stv_outcome_name": (
        ctypes.c_char_p,
        (
            ctypes.c_int,
        ),
    ),
    "stv_protocol_name": (
        ctypes.c_char_p,
        (
            ctypes.c_int,
        ),
    ),
    "stv_protocol_from_scheme": (
        ctypes.c_int,
        (
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.POINTER(ctypes.c_int),
        ),
    ),
    "stv_protocol_port": (
        ctypes.c_int,
        (
            ctypes.c_int,
        ),
    ),
    "stv_code_count": (ctypes.c_size_t, ()),
    "stv_code_name": (
        ctypes.c_char_p,
        (
            ctypes.c_size_t,
        ),
    ),
    "stv_code_meaning": (
        ctypes.c_char_p,
        (
            ctypes.c_size_t,
        ),
    ),
    "stv_code_hint": (
        ctypes.c_char_p,
        (
            ctypes.c_size_t,
        ),
    ),
    "stv_option_count": (ctypes.c_size_t, ()),
    "stv_option_name": (
        ctypes.c_char_p,
        (
            ctypes.c_size_t,
        ),
    ),
    "stv_option_type": (
        ctypes.c_char_p,
        (
            ctypes.c_size_t,
        ),
    ),
    "stv_option_help": (
        ctypes.c_char_p,
        (
            ctypes.c_size_t,
        ),
    ),
    "stv_option_insecure_name": (
        ctypes.c_char_p,
        (
            ctypes.c_size_t,
        ),
    ),
}


def declare(library: ctypes.CDLL) -> None:
    """Sets the result and argument types of every function.

    A function that the library lacks raises AttributeError, so compare `stv_abi_level()` with
    `ABI_LEVEL` first.
    """
    for name, (result, arguments) in PROTOTYPES.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = list(arguments)
