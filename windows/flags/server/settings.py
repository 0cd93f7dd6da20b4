"""What the environment says, and what is refused, by the name of the variable."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


class Refused(Exception):
    """An insecure or missing setting. The message begins with its name."""


@dataclass(frozen=True, slots=True)
class Settings:
    dsn: str
    port: int
    host: str = "127.0.0.1"
    snapshot: Path | None = None  # where the last known state is kept for a start without a database
    read_tokens: tuple[bytes, ...] = field(default=(), repr=False)  # SHA-256 digests; none: whoever reaches the port may read
    portal: str = "http://127.0.0.1:8000"  # the one origin that browsers may call from
    streams: int = 10_000  # event streams and long polls held open at once


def settings_from(environ: Mapping[str, str], port: int, host: str = "127.0.0.1") -> Settings:
    """DATABASE_URL, FLAGS_SNAPSHOT, FLAGS_READ_TOKENS (comma-separated), PORTAL_URL, FLAGS_MAX_STREAMS; Refused names the culprit."""
    dsn = environ.get("DATABASE_URL", "")
    if not dsn.startswith(("postgresql://", "postgres://")):
        raise Refused("DATABASE_URL must be a postgresql:// address: the flags live there.")
    tokens = [token.strip() for token in environ.get("FLAGS_READ_TOKENS", "").split(",") if token.strip()]
    if any(len(token) < 20 for token in tokens):
        raise Refused("FLAGS_READ_TOKENS: each token needs at least 20 characters (`openssl rand -hex 32` makes a good one).")
    if not tokens and not is_loopback(host):
        raise Refused(f"FLAGS_READ_TOKENS must be set: {host} is no loopback address, and without a token everybody could read.")
    portal = environ.get("PORTAL_URL", "http://127.0.0.1:8000").rstrip("/")
    if portal == "*":
        raise Refused("PORTAL_URL must be one origin, not *: browsers send credentials along.")
    streams = environ.get("FLAGS_MAX_STREAMS", "10000")
    if not streams.isdigit():
        raise Refused(f"FLAGS_MAX_STREAMS must be a whole number, not {streams!r}.")
    path = environ.get("FLAGS_SNAPSHOT")
    digests = tuple(hashlib.sha256(token.encode()).digest() for token in tokens)
    return Settings(dsn, port, host, Path(path) if path else None, digests, portal, int(streams))


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
