"""The domain test. with signed, unsigned, forged and expired zones below it, as files for NSD.

ldns signs them; the key of test. is the trust anchor. What is wrong with a zone is done to the file
after it was signed, as whoever tampers with answers on their way would do it.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Dict, Optional, Sequence, Tuple

# A digest that no key has.
WRONG = "00" * 32

# Where the policy host of sts.test listens.
POLICY_HOST = "127.0.0.43"

# Becomes another host on the way.
FORGED_MX = """\
taken IN MX 10 mail.signed.test.
_submission._tcp.taken IN SRV 10 0 25 mail.signed.test.
"""

# 127.0.0.1 leads back, 127.0.0.3 has the name of another, and 127.0.0.4 has none.
REVERSE = """\
1.0.0 IN PTR mail.signed.test.
3.0.0 IN PTR mail.signed.test.
"""

HEAD = """\
$ORIGIN {origin}
$TTL 60
@ IN SOA ns hostmaster 1 3600 600 86400 60
@ IN NS ns
ns IN A 127.0.0.1
"""


@dataclass(frozen=True)
class Zone:
    """One zone: its records, how long it is signed for, and what is done to it afterwards."""

    origin: str
    records: str
    dates: Optional[Tuple[str, str]] = None
    is_signed: bool = True
    tamper: Callable[[str], str] = staticmethod(lambda text: text)  # type: ignore[assignment]


def zones(port: int, digest: str) -> Sequence[Zone]:
    """Every zone but test. itself, for a server on that port whose key has that SHA-256 digest."""
    at = f"_{port}._tcp"
    right = f"TLSA 3 1 1 {digest}"
    mail = f"mail IN A 127.0.0.1\n{at}.mail IN {right}\n"
    signed = f"""\
{mail}
wrong IN A 127.0.0.1
{at}.wrong IN TLSA 3 1 1 {WRONG}
none IN A 127.0.0.1
short IN A 127.0.0.1
{at}.short IN TLSA 3 1 1 00
wild IN A 127.0.0.1
*.wild IN {right}
alias IN CNAME mail
elsewhere IN CNAME mail.plain.test.
{at}.elsewhere IN {right}
bare IN CNAME none
good IN MX 20 wild
good IN MX 10 mail
mixed IN MX 10 mail
mixed IN MX 20 wrong
three IN MX 10 mail
three IN MX 20 wrong
three IN MX 30 none
_submission._tcp.serves IN SRV 10 0 {port} mail
_xmpp-client._tcp.serves IN SRV 10 0 {port} mail
_imap._tcp.serves IN SRV 0 0 0 .
over IN CNAME mail.other.test.
_smtp._tls.mixed IN TXT "v=TLSRPTv1; rua=mailto:tls@signed.test,https://signed.test/r"
_smtp._tls.good IN TXT "v=TLSRPTv1; rua="
abroad IN MX 10 mail.plain.test.
nomail IN MX 0 .
into-forged IN CNAME mail.forged.test.
{at}.into-forged IN {right}
"""
    abroad = f"_submission._tcp.serves IN SRV 10 0 {port} mail.signed.test.\n"
    return (
        Zone("signed.test.", signed),
        Zone("other.test.", mail),
        # Its letters go to a host whose certificate and TLSA record are perfect.
        Zone("plain.test.", f"{mail}@ IN MX 10 mail.signed.test.\n{abroad}", is_signed=False),
        # As plain.test, and it has an MTA-STS policy; the name of its policy host is an alias.
        Zone(
            "sts.test.",
            "@ IN MX 10 mail.signed.test.\n_mta-sts IN TXT \"v=STSv1; id=1;\"\n"
            f"mta-sts IN CNAME web\nweb IN A {POLICY_HOST}\n",
            is_signed=False,
        ),
        Zone(
            "forged.test.",
            mail.replace(digest, WRONG) + FORGED_MX,
            tamper=lambda text: forge(text, digest),
        ),
        Zone(
            "moved.test.",
            mail,
            tamper=lambda text: text.replace("\tA\t127.0.0.1", "\tA\t127.0.0.66"),
        ),
        Zone("expired.test.", mail, dates=("20200101", "20200201")),
        Zone("stripped.test.", mail, tamper=strip),
    )


def forge(text: str, digest: str) -> str:
    """Another key in place of the one that was signed."""
    assert WRONG in text
    return text.replace(WRONG, digest).replace("MX\t10", "MX\t1").replace("SRV\t10", "SRV\t1")


def strip(text: str) -> str:
    """The signatures, and the proof that there should be some, are gone."""
    gone = {"RRSIG", "NSEC", "DNSKEY"}
    kept = [line for line in text.splitlines() if not gone & set(line.split())]
    return "\n".join(kept) + "\n"


def write(directory: Path, all_zones: Sequence[Zone]) -> Dict[str, Path]:
    """Writes every zone and test. above them; the trust anchor goes to the file "anchor"."""
    files = {}
    delegations = ""
    for zone in all_zones:
        files[zone.origin], ds = write_zone(directory, zone)
        delegations += delegation(zone.origin) + ds
    delegations += delegation("silent.test.") + delegation("dead.test.")
    files["test."], ds = write_zone(directory, Zone("test.", delegations))
    (directory / "anchor").write_text(ds)
    reverse = Zone("127.in-addr.arpa.", REVERSE, is_signed=False)
    files[reverse.origin], _ = write_zone(directory, reverse)
    return files


def delegation(origin: str) -> str:
    """What test. says of a zone below it, but for its key."""
    return f"{origin} IN NS ns.{origin}\nns.{origin} IN A 127.0.0.1\n"


def write_zone(directory: Path, zone: Zone) -> Tuple[Path, str]:
    """Writes one zone; gives its file and its DS record, if it is signed."""
    path = directory / f"{zone.origin}zone"
    path.write_text(HEAD.format(origin=zone.origin) + zone.records)
    if not zone.is_signed:
        return path, ""
    key = run(directory, "ldns-keygen", "-a", "ECDSAP256SHA256", "-k", zone.origin).strip()
    dates = ["-i", zone.dates[0], "-e", zone.dates[1]] if zone.dates else []
    signed = directory / f"{zone.origin}signed"
    run(directory, "ldns-signzone", *dates, "-f", signed.name, path.name, key)
    signed.write_text(zone.tamper(signed.read_text()))
    return signed, (directory / f"{key}.ds").read_text()


def run(directory: Path, *words: str) -> str:
    """Runs a program to its end; gives what it printed."""
    done = subprocess.run(words, cwd=directory, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{words[0]} failed: {done.stderr[-2000:]}")
    return done.stdout
