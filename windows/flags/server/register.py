"""Receipts: the one thing that is written here, and the one that needs the database."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import psycopg

from windows.flags.receipts import WRITE, Outcome, digest_of, outcome_of
from windows.lifecycle.states import Mode

PATIENCE = 3.0  # seconds for one receipt, waiting in line included
MODES = frozenset(mode.value for mode in Mode)


class Invalid(Exception):
    """A receipt that can never be right, however often it is sent."""


class Register:
    """One connection, one receipt at a time: a thousand a second, and the database sees one client."""

    def __init__(self, dsn: str) -> None:
        self.dsn, self.line = dsn, asyncio.Lock()
        self.db: psycopg.AsyncConnection[Any] | None = None

    async def write(self, token: bytes, body: bytes) -> Outcome:
        """psycopg.Error, OSError or TimeoutError when the database is away; Invalid for what is no receipt."""
        claim = claim_of(token, body)
        async with asyncio.timeout(PATIENCE), self.line:
            try:
                return await self.attempt(claim)
            except psycopg.OperationalError:  # the connection had died unnoticed: once more on a new one
                await self.hang_up()
                return await self.attempt(claim)
            except BaseException:
                await self.hang_up()
                raise

    async def attempt(self, claim: dict[str, Any]) -> Outcome:
        if self.db is None or self.db.closed:
            self.db = await psycopg.AsyncConnection.connect(
                self.dsn, autocommit=True, connect_timeout=2, application_name="roadworks receipts"
            )
        row = await (await self.db.execute(WRITE, claim)).fetchone()
        return outcome_of(*row) if row else Outcome.UNPROVEN

    async def hang_up(self) -> None:
        db, self.db = self.db, None
        if db is not None:
            await db.close()


def claim_of(token: bytes, body: bytes) -> dict[str, Any]:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Invalid("The body is no JSON.") from None
    if not isinstance(told, dict):
        raise Invalid("A receipt is an object: node, environment, version, mode, echo.")
    version, mode = told.get("version"), told.get("mode")
    if not isinstance(version, int) or isinstance(version, bool) or not 0 <= version < 2**63:
        raise Invalid("version must be a whole number.")
    if mode not in MODES:
        raise Invalid(f"mode must be one of {', '.join(sorted(MODES))}.")
    texts = {"name": told.get("node", ""), "environment": told.get("environment", ""), "echo": told.get("echo", "")}
    if not all(isinstance(text, str) and len(text) <= 120 and "\x00" not in text for text in texts.values()):
        raise Invalid("node, environment and echo must be texts; echo is the one served with the version.")
    return {"digest": digest_of(token.decode("latin-1")), "version": version, "mode": mode, **texts}
