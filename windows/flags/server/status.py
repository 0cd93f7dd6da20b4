"""The public status page's last copy, served from memory and disk while database, portal and workers are down.

Not the flags' business, but their server is what is still there then. It asks on a connection of its own: whatever goes wrong with the
page, the flags do not wait for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import random
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psycopg

from windows.flags.server import wire
from windows.flags.server.wire import Header, Scope, Send, header

EVERY = 2.0  # seconds between two looks
PATIENCE = 5.0
OLD = 120.0  # seconds without a new rendering until the page says how old it is
HEAD = "select digest, extract(epoch from clock_timestamp() - rendered_at)::float8 from announcements_edition where id = 1"
COPIES = "select copies from announcements_edition where id = 1 and digest = %s"
MARK = b"<!--age-->"
OPEN: Header = (b"access-control-allow-origin", b"*")  # the page is for anybody, whatever site shows it
POLICY = b"default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
STRICT: Header = (b"content-security-policy", POLICY)


@dataclass(frozen=True, slots=True)
class Copy:
    kind: bytes
    body: bytes
    etag: bytes


class StatusCopies:
    """`known` is empty until a page was ever seen. `on_disk` lets a server that starts without the database show the last one."""

    def __init__(self, on_disk: Path | None = None) -> None:
        self.on_disk = on_disk
        self.digest, self.known = "", dict[str, Copy]()
        self.rendered_at = 0.0  # time.time() of the last rendering, by our clock

    @property
    def age(self) -> float:
        return max(0.0, time.time() - self.rendered_at)

    def take(self, digest: str, copies: dict[str, list[str]], age: float) -> None:
        self.digest, self.known = digest, {path: copy_of(*told) for path, told in copies.items()}
        self.rendered_at = time.time() - age
        if self.on_disk:
            beside = self.on_disk.with_suffix(".new")
            with contextlib.suppress(OSError):  # a full disk: the page is served all the same
                beside.write_bytes(orjson.dumps({"digest": digest, "copies": copies}))
                beside.replace(self.on_disk)

    def confirm(self, age: float) -> None:
        self.rendered_at = time.time() - age
        if self.on_disk:
            with contextlib.suppress(OSError):
                os.utime(self.on_disk)

    def read(self) -> None:
        """Take up what an earlier server left, as old as its file. A damaged file counts as none."""
        if self.on_disk is None:
            return
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            told, written = orjson.loads(self.on_disk.read_bytes()), self.on_disk.stat().st_mtime
            self.known = {path: copy_of(*one) for path, one in told["copies"].items()}
            self.digest, self.rendered_at = told["digest"], written

    async def follow(self, dsn: str) -> None:
        """For ever; the database may come and go, and may know nothing of the page yet."""
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    dsn, autocommit=True, connect_timeout=3, application_name="roadworks status"
                ) as db:
                    while True:
                        await asyncio.wait_for(self.look(db), PATIENCE)
                        await asyncio.sleep(EVERY)
            except (psycopg.Error, OSError, TimeoutError):
                pass
            except Exception:  # a page of ours that is of no use costs the page, never the flags
                traceback.print_exc(file=sys.stderr)
            await asyncio.sleep(EVERY + random.random())  # noqa: S311

    async def look(self, db: psycopg.AsyncConnection[Any]) -> None:
        head = await (await db.execute(HEAD)).fetchone()
        if head is None:
            return
        digest, age = head
        if digest == self.digest:
            self.confirm(age)
        elif row := await (await db.execute(COPIES, [digest])).fetchone():  # none: it was rendered anew in between
            self.take(digest, row[0], age)

    async def serve(self, path: str, scope: Scope, send: Send) -> None:
        """`path` below /status/. 404 for what is no part of the page, 503 before any was ever seen."""
        if not self.known:
            return await wire.come_back(send, "The status page was never seen here: the database was never reached.", [OPEN])
        copy = self.known.get(path)
        if copy is None:
            return await wire.problem(send, 404, "There is no such page.", [OPEN])
        marks: list[Header] = [OPEN, (b"etag", copy.etag)]
        if self.age > OLD:
            marks = [OPEN, (wire.AGE, b"%d" % self.age)]  # and no ETag: the age is part of what is shown
        elif header(scope, b"if-none-match") == copy.etag:
            return await wire.not_modified(send, marks)
        body = copy.body.replace(MARK, age_note(self.rendered_at, time.time())) if self.age > OLD else copy.body
        strict = [STRICT] if copy.kind.startswith(b"text/html") else []
        return await wire.answer(send, 200, body, [*marks, *strict, (b"x-content-type-options", b"nosniff")], kind=copy.kind)


def age_note(rendered_at: float, now: float) -> bytes:
    """What stands in the place of MARK on a page that is older than OLD; both in seconds of the epoch."""
    minutes = int((now - rendered_at) // 60)
    ago = f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"
    at = time.strftime("%d %b %Y, %H:%M UTC", time.gmtime(rendered_at))
    return f'<p class="age" role="status">This page is as of {at}, {ago} ago: newer facts cannot be had right now.</p>'.encode()


def copy_of(kind: str, text: str) -> Copy:
    body = text.encode()
    return Copy(kind.encode(), body, b'"%s"' % hashlib.sha256(body).hexdigest()[:20].encode())


def path_below(path: str) -> str | None:
    """What of the page is asked for, below /status/ or at the root of a status host; None for anything else."""
    if path in ("/", "/status"):
        return ""
    if path.startswith("/status/"):
        return path.removeprefix("/status/")
    return path.removeprefix("/") if path.startswith("/api/v2/") else None
