"""Sessions in wrong moments, wrong threads and wrong processes."""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import threading
import time
from typing import Callable, List

import pytest

from starttls_verify import (
    ArgumentError,
    Peer,
    RejectedError,
    Session,
    StarttlsVerifyError,
    StateError,
    Status,
    TimedOutError,
    TlsError,
    Verdict,
    Verifier,
    verify_chain,
)

from conversation import dial
from lab import Lab


def test_use_after_failure_fails_in_the_same_way(lab: Lab) -> None:
    with lab.session("eve") as session:
        with pytest.raises(RejectedError) as first:
            session.connect()
        for call in (session.connect, session.step, session.read, lambda: session.write(b"x")):
            with pytest.raises(RejectedError) as again:
                call()
            assert again.value.status == first.value.status
            assert again.value.code == "name.mismatch"
        assert session.fileno() == -1


def test_close_twice_and_use_after_close(lab: Lab) -> None:
    session = lab.session("honest")
    session.connect()
    descriptor = session.fileno()
    os.fstat(descriptor)
    session.close()
    session.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
    assert session.report.verdict is Verdict.TRUSTED
    assert session.fileno() == -1
    for call in (session.step, session.read, session.take, session.goodbye, session.connect):
        with pytest.raises(StateError, match="closed"):
            call()


def test_a_session_that_is_dropped_frees_its_descriptor(lab: Lab) -> None:
    session = lab.session("honest")
    session.connect()
    descriptor = session.fileno()
    del session
    gc.collect()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


@pytest.mark.parametrize("timeout", [None, 0, 0.001])
def test_run_leaves_the_socket_to_the_caller(lab: Lab, verifier: Verifier, timeout: float) -> None:
    scenario = lab["honest"]
    with dial(scenario) as sock:
        sock.settimeout(timeout)
        with Session(verifier, scenario.peer) as session:
            assert session.run(sock) is Status.OK
            assert session.fileno() not in (-1, sock.fileno())
            with pytest.raises(StateError):
                session.run(sock)
        assert sock.fileno() != -1
        assert sock.gettimeout() == timeout


def test_run_on_what_is_no_socket(verifier: Verifier) -> None:
    closed = socket.socket()
    closed.close()
    with Session(verifier, Peer("mail.bob.test")) as session:
        for nothing in (closed, -1, 2**32):
            with pytest.raises(ArgumentError):
                session.run(nothing)


def test_nobody_listens(verifier: Verifier) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with Session(verifier, Peer("mail.bob.test", connect=f"127.0.0.1:{port}")) as session:
        with pytest.raises(TlsError) as caught:
            session.connect()
        assert isinstance(caught.value, OSError)
        assert caught.value.status == Status.E_CONNECT
        assert caught.value.code == "io.connect"
        assert session.report.verdict is Verdict.UNKNOWN


def test_a_deadline_is_a_timeout_error(lab: Lab) -> None:
    with lab.session("stalled-handshake", handshake_timeout_ms=200) as session:
        with pytest.raises(TimeoutError) as caught:
            session.connect()
        assert isinstance(caught.value, TimedOutError)
        assert caught.value.code == "io.timeout"


def test_audit_opens_and_stays_rejected(lab: Lab) -> None:
    with lab.session("eve", audit=True) as session:
        assert session.connect() is Status.OPEN_UNVERIFIED
        assert session.report.verdict is Verdict.REJECTED
        assert not session.report.trusted
        assert session.report.code == "name.mismatch"


def test_sizes(lab: Lab) -> None:
    with lab.session("honest") as session:
        session.connect()
        for size in (0, -1):
            with pytest.raises(ArgumentError):
                session.read(size)
        session.sendall(b"EHLO client.test\r\n")
        assert session.read(1) == b"2"
        assert session.pending > 0
        assert session.read(2) == b"50"
        with pytest.raises(TypeError):
            session.sendall("text")  # type: ignore[arg-type]


def child_says(lab: Lab, session: Session, verifier: Verifier) -> int:
    """What a forked child finds: 0, or the number of what is wrong."""
    calls: List[Callable[[], object]] = [session.step, session.read, session.take, session.connect]
    for number, call in enumerate(calls, 1):
        try:
            call()
        except StateError:
            continue
        return number
    try:
        _ = session.report
        return 5
    except StateError:
        pass
    if session.fileno() != -1:
        return 6
    session.close()
    # Verifiers survive a fork.
    trusted = verify_chain(verifier, Peer("mail.bob.test"), lab.chain("honest")).trusted
    return 0 if trusted else 7


def test_a_forked_child_has_no_session(lab: Lab, verifier: Verifier) -> None:
    with Session(verifier, lab["honest"].peer) as session:
        session.connect()
        child = os.fork()
        if child == 0:
            try:
                os._exit(child_says(lab, session, verifier))
            finally:
                os._exit(99)
        _, status = os.waitpid(child, 0)
        assert os.WEXITSTATUS(status) == 0
        # The child sent nothing: the conversation goes on.
        session.sendall(b"EHLO client.test\r\n")
        assert (session.read() or b"").startswith(b"250")


def test_threads_share_one_verifier(lab: Lab, verifier: Verifier) -> None:
    wrong: List[str] = []

    def converse() -> None:
        for name, expected in (("honest", ""), ("eve", "name.mismatch"), ("injected", None)):
            with Session(verifier, lab[name].peer) as session:
                with contextlib.suppress(StarttlsVerifyError):
                    session.connect()
                code = session.report.code
                if code != (expected if expected is not None else "starttls.plaintext_injection"):
                    wrong.append(f"{name}: {session.report.summary}")

    threads = [threading.Thread(target=converse) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_call_lets_other_threads_run_but_not_into_the_session(lab: Lab) -> None:
    scenario = lab["stalled-handshake"]
    verifier = lab.verifier(handshake_timeout_ms=1000)
    session = Session(verifier, scenario.peer)
    codes: List[str] = []

    def stall() -> None:
        try:
            session.connect()
        except StarttlsVerifyError as error:
            codes.append(error.code)

    thread = threading.Thread(target=stall)
    thread.start()
    time.sleep(0.3)
    assert thread.is_alive()
    for call in (session.step, session.read, session.close, session.take):
        with pytest.raises(StateError, match="thread"):
            call()
    # What the call works on stays alive, whoever lets go of it.
    verifier.close()
    thread.join()
    assert codes == ["io.timeout"]
    session.close()


def test_only_ftp_has_data_connections(lab: Lab, verifier: Verifier) -> None:
    scenario = lab["honest"]
    peer = Peer(scenario.host, connect=f"127.0.0.1:{scenario.port}")
    with Session(verifier, peer) as session:
        with pytest.raises(StateError, match="not open"):
            session.data()
        session.connect()
        with pytest.raises(StateError, match="smtp has no data connections"):
            session.data()
