"""Python's smtplib, a fresh default context for each connection: its CPU time.

client_smtplib.py HOST PORT COUNT      prints the median, in microseconds
"""

import smtplib
import socket
import ssl
import statistics
import sys
import time


class Loopback(smtplib.SMTP):
    """Connects to the loopback, whoever is meant."""

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return socket.create_connection(("127.0.0.1", port), timeout)


def connection(host: str, port: int) -> float:
    """One connection from connect to QUIT."""
    begin = time.process_time_ns()
    with Loopback(host, port, local_hostname="localhost", timeout=10) as client:
        client.starttls(context=ssl.create_default_context())
    return (time.process_time_ns() - begin) / 1000


def main() -> None:
    host, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    connection(host, port)
    print(statistics.median(connection(host, port) for _ in range(count)))


main()
