"""How each client is upgraded, and logs in afterwards: the recipes of the documentation.

A function connects to a scenario, starts TLS with our context, asks `require`, and sends a password.
It gives the report; whatever goes wrong is raised, and the password has not been sent.
"""

from __future__ import annotations

import asyncio
import ftplib
import imaplib
import poplib
import smtplib
from typing import Callable, Dict, Tuple

import aiosmtplib

from starttls_verify import Report, Verifier, VerifyingContext, open_connection, require

from lab import Scenario

USER, PASSWORD = "alice", "sesame"
HERE = "127.0.0.1"

Upgrade = Callable[[Scenario, Verifier], Report]


def seconds(scenario: Scenario) -> float:
    return scenario.deadline_ms / 1000


def with_smtplib(scenario: Scenario, verifier: Verifier) -> Report:
    timeout = seconds(scenario)
    with smtplib.SMTP(HERE, scenario.port, local_hostname="c.test", timeout=timeout) as client:
        client.starttls(context=VerifyingContext(verifier, client, scenario.peer))
        report = require(client)
        client.ehlo()
        client.login(USER, PASSWORD)
        return report


def with_imaplib(scenario: Scenario, verifier: Verifier) -> Report:
    with imaplib.IMAP4(HERE, scenario.port, timeout=seconds(scenario)) as client:
        client.starttls(VerifyingContext(verifier, client, scenario.peer))
        report = require(client)
        client.login(USER, PASSWORD)
        return report


def with_poplib(scenario: Scenario, verifier: Verifier) -> Report:
    client = poplib.POP3(HERE, scenario.port, timeout=seconds(scenario))
    try:
        client.stls(VerifyingContext(verifier, client, scenario.peer))
        report = require(client)
        client.user(USER)
        client.pass_(PASSWORD)
        return report
    finally:
        client.close()


def with_ftplib(scenario: Scenario, verifier: Verifier) -> Report:
    with ftplib.FTP_TLS(timeout=seconds(scenario)) as client:
        client.connect(HERE, scenario.port)
        client.context = VerifyingContext(verifier, client, scenario.peer)
        client.auth()
        report = require(client)
        client.prot_p()
        client.login(USER, PASSWORD)
        return report


def with_aiosmtplib(scenario: Scenario, verifier: Verifier) -> Report:
    async def upgrade() -> Report:
        client = aiosmtplib.SMTP(
            hostname=HERE,
            port=scenario.port,
            local_hostname="c.test",
            timeout=seconds(scenario),
            start_tls=False,
        )
        try:
            await client.connect()
            await client.ehlo()
            await client.starttls(tls_context=VerifyingContext(verifier, client, scenario.peer))
            report = require(client)
            await client.ehlo()
            await client.login(USER, PASSWORD)
            return report
        finally:
            client.close()

    return asyncio.run(upgrade())


def with_start_tls(scenario: Scenario, verifier: Verifier) -> Report:
    """The streams of asyncio, upgraded by a program that says the words itself."""

    async def upgrade() -> Report:
        reader, writer = await asyncio.open_connection(HERE, scenario.port)
        try:
            await answer(reader, b"220")
            writer.write(b"EHLO c.test\r\n")
            await answer(reader, b"250")
            context = VerifyingContext(verifier, reader, scenario.peer)
            writer.write(b"STARTTLS\r\n")
            await answer(reader, b"220")
            await writer.start_tls(
                context, server_hostname=HERE, ssl_handshake_timeout=seconds(scenario)
            )
            report = require(writer)
            await log_in(reader, writer)
            return report
        finally:
            writer.close()

    return asyncio.run(asyncio.wait_for(upgrade(), seconds(scenario)))


def with_open_connection(scenario: Scenario, verifier: Verifier) -> Report:
    async def upgrade() -> Report:
        reader, writer = await open_connection(
            verifier, scenario.peer, timeout=seconds(scenario)
        )
        try:
            report = require(writer)
            await log_in(reader, writer)
            return report
        finally:
            writer.close()

    return asyncio.run(upgrade())


async def answer(reader: asyncio.StreamReader, code: bytes) -> None:
    """A whole reply of SMTP."""
    while True:
        line = await reader.readline()
        if not line.startswith(code):
            raise ConnectionError(f"{line!r} in place of {code!r}")
        if line[3:4] != b"-":
            return


async def log_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"AUTH PLAIN AGFsaWNlAHNlc2FtZQ==\r\n")
    await writer.drain()
    await answer(reader, b"235")


UPGRADES: Dict[str, Tuple[str, Upgrade]] = {
    "smtplib": ("smtp", with_smtplib),
    "imaplib": ("imap", with_imaplib),
    "poplib": ("pop3", with_poplib),
    "ftplib": ("ftp", with_ftplib),
    "aiosmtplib": ("smtp", with_aiosmtplib),
    "start_tls": ("smtp", with_start_tls),
    "open_connection": ("smtp", with_open_connection),
}
