"""A server that plays a script to one client."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Callable, Iterator

Script = Callable[[socket.socket], None]


@contextlib.contextmanager
def served(script: Script) -> Iterator[int]:
    """The port of a server that plays a script to its one client."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def play() -> None:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.settimeout(10)
                script(connection)

        thread = threading.Thread(target=play)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()
