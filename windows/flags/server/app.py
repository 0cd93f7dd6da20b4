"""The ASGI application: which path gets which answer."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import traceback
from urllib.parse import unquote

import orjson
import psycopg

from windows.flags.receipts import Outcome
from windows.flags.routing import FlagKey
from windows.flags.server import ofrep, wire
from windows.flags.server.board import Board
from windows.flags.server.follow import follow
from windows.flags.server.gate import Gate, Verdict, token_of
from windows.flags.server.register import Invalid, Register
from windows.flags.server.settings import Settings
from windows.flags.server.snapshot import Snapshot
from windows.flags.server.status import StatusCopies, path_below
from windows.flags.server.waiting import long_poll, stream
from windows.flags.server.wire import Header, Receive, Scope, Send, answer, come_back, header, not_modified, problem, query

BULK = "/ofrep/v1/evaluate/flags"
LONGEST_POLL = 60.0  # seconds
METHODS = {"/flags": "GET", "/stream": "GET", "/healthz": "GET", "/flags/receipts": "POST", BULK: "POST"}


class Application:
    def __init__(self, settings: Settings) -> None:
        self.settings, self.board = settings, Board(settings.snapshot)
        self.gate, self.register = Gate(self.board, settings.read_tokens), Register(settings.dsn)
        self.status = StatusCopies(settings.snapshot.with_suffix(".status") if settings.snapshot else None)
        self.open_streams = 0
        self.cross: list[Header] = [
            (b"access-control-allow-origin", settings.portal.encode()),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-expose-headers", b"ETag, Roadworks-Snapshot-Age"),
            (b"vary", b"Origin"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self.live(receive, send)
        try:
            await self.dispatch(scope, receive, send)
        except ofrep.Rejected as wrong:
            named = {"errorCode": wrong.code} | ({"key": key_of(scope)} if key_of(scope) else {})
            await problem(send, 400, wrong.details, self.marks(scope), **named)
        except wire.TooLarge:
            await problem(send, 413, f"At most {wire.BODY} bytes.", self.marks(scope))
        except Exception:
            traceback.print_exc(file=sys.stderr)
            with contextlib.suppress(RuntimeError):  # a stream had begun: it just ends
                await problem(send, 500, "The flag server failed at this; its log says why.", self.marks(scope))

    async def dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if method in ("GET", "HEAD") and (page := path_below(path)) is not None:
            return await self.status.serve(page, scope, send)
        wanted = METHODS.get(path) or ("POST" if path.startswith(f"{BULK}/") else None)
        if wanted is None:
            return await problem(send, 404, "There is nothing here.", self.marks(scope))
        if method == "OPTIONS":
            allowed = [(b"access-control-allow-methods", wanted.encode()), (b"access-control-max-age", b"600")]
            allowed.append((b"access-control-allow-headers", b"authorization, content-type, if-none-match, x-api-key"))
            return await answer(send, 200, b"", [*self.marks(scope), *allowed])
        if method != wanted and not (wanted == "GET" and method == "HEAD"):
            return await problem(send, 405, f"Use {wanted}.", [*self.marks(scope), (b"allow", wanted.encode())])
        if path == "/healthz":
            return await self.health(send)
        if path == "/flags/receipts":
            return await self.receipt(scope, receive, send)
        if not self.gate.lets(scope):
            verdict = await self.gate.judge(scope)
            if verdict is Verdict.WRONG:
                return await problem(send, 401, "Send a read token.", [*self.marks(scope), (b"www-authenticate", b"Bearer")])
            if verdict is Verdict.UNSURE:
                return await come_back(send, "This token is not known here, and the database cannot be asked.", self.marks(scope))
        snapshot = self.board.snapshot
        if snapshot is None:
            return await come_back(send, "No flag is known yet: the database was never reached.", self.marks(scope))
        if path == "/flags":
            return await self.flags(snapshot, scope, receive, send)
        if path == "/stream":
            return await self.stream(scope, receive, send)
        return await self.evaluate(snapshot, scope, receive, send)

    def marks(self, scope: Scope) -> list[Header]:
        """Headers of every answer: the age while the database is away, and what a browser of the portal needs."""
        marks = list(self.cross) if header(scope, b"origin") is not None else []
        if self.board.stale and self.board.snapshot is not None:
            marks.append((wire.AGE, b"%d" % min(self.board.age, 10**9)))
        return marks

    async def flags(self, snapshot: Snapshot, scope: Scope, receive: Receive, send: Send) -> None:
        """All flags, or with ?service=&environment=[&region=…] what one place needs. With &wait=seconds: answer at the next change."""
        place, known = None, header(scope, b"if-none-match")
        view = None
        if scope["query_string"]:
            asked = query(scope)
            place = place_in(asked)
            if "wait" in asked and (seconds := seconds_of(asked["wait"])):
                if known is None and asked.get("version", "").isdigit():
                    known = snapshot.etag_of(int(asked["version"]), place).encode()
                if not self.admits():
                    return await come_back(send, "Too many wait already; ask without waiting.", self.marks(scope))
                self.open_streams += 1
                try:
                    view = await long_poll(self.board, place, receive, seconds, known or b"")
                finally:
                    self.open_streams -= 1
        view = view or snapshot.view(place)
        tag: Header = (b"etag", view.etag)
        if known == view.etag:
            return await not_modified(send, [tag, *self.marks(scope)])
        return await answer(send, 200, view.body, [tag, *self.marks(scope)])

    async def stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.admits():
            return await come_back(send, "Too many streams are open; poll instead.", self.marks(scope), seconds=30)
        asked = query(scope)
        place = place_in(asked)
        self.open_streams += 1
        try:
            await stream(self.board, place, receive, send, self.marks(scope), with_body=asked.get("snapshot") == "1")
        finally:
            self.open_streams -= 1

    def admits(self) -> bool:
        return self.open_streams < self.settings.streams and not self.board.stopping

    async def evaluate(self, snapshot: Snapshot, scope: Scope, receive: Receive, send: Send) -> None:
        """OFREP, single and bulk."""
        body, key = await wire.read(receive), key_of(scope)
        if key and key != ofrep.KEY:
            facts = {"key": key, "errorCode": "FLAG_NOT_FOUND"}
            return await problem(send, 404, f"The only flag here is “{ofrep.KEY}”.", self.marks(scope), **facts)
        place = ofrep.place_of(body)
        if key:
            age = self.board.age if self.board.stale else None
            return await answer(send, 200, ofrep.single(snapshot, place, age), self.marks(scope))
        tag = ofrep.etag(snapshot, place)
        if header(scope, b"if-none-match") == tag:
            return await not_modified(send, [(b"etag", tag), *self.marks(scope)])
        return await answer(send, 200, ofrep.bulk(snapshot, place), [(b"etag", tag), *self.marks(scope)])

    async def receipt(self, scope: Scope, receive: Receive, send: Send) -> None:
        token, body = token_of(scope), await wire.read(receive)
        if not token:
            return await problem(send, 401, "Send the node's token.", [*self.marks(scope), (b"www-authenticate", b"Bearer")])
        try:
            outcome = await self.register.write(token, body)
        except Invalid as wrong:
            return await problem(send, 422, str(wrong), self.marks(scope))
        except (psycopg.Error, OSError, TimeoutError):
            return await come_back(send, "The database is away; keep the receipt and send it again.", self.marks(scope))
        if outcome is Outcome.UNKNOWN_NODE:
            return await problem(send, 401, "This is not the token of that node.", [*self.marks(scope), (b"www-authenticate", b"Bearer")])
        if outcome is Outcome.UNPROVEN:
            return await problem(send, 422, "The echo does not belong to this version.", self.marks(scope))
        return await answer(send, 200, orjson.dumps({"outcome": outcome.value}), self.marks(scope))

    async def health(self, send: Send) -> None:
        """200 as soon as anything is known; `age` in seconds tells how long the database has been silent."""
        board = self.board
        if board.snapshot is None:
            return await come_back(send, "No flag is known yet: the database was never reached.")
        told = {"version": board.snapshot.version, "epoch": board.snapshot.epoch, "age": round(board.age, 1), "stale": board.stale}
        return await answer(send, 200, orjson.dumps(told | {"streams": self.open_streams}))

    async def live(self, receive: Receive, send: Send) -> None:
        """Start and end. The listeners are held here: the loop keeps only weak references, and a collected one serves stale flags."""
        tasks: list[asyncio.Task[None]] = []
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.board.read()
                self.status.read()
                tasks = [asyncio.create_task(one) for one in (follow(self.board, self.settings.dsn), self.status.follow(self.settings.dsn))]
                tasks[0].add_done_callback(ended)
                await send({"type": "lifespan.startup.complete"})
            else:
                self.board.stop()
                for task in tasks:
                    task.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await task
                await self.register.hang_up()
                await send({"type": "lifespan.shutdown.complete"})
                return


def ended(task: asyncio.Task[None]) -> None:
    """A server whose listener died by a mistake of ours must not go on serving old flags as new."""
    if not task.cancelled():
        traceback.print_exception(task.exception())
        os._exit(70)


def key_of(scope: Scope) -> str:
    path: str = scope["path"]
    return unquote(path[len(BULK) + 1 :]) if path.startswith(f"{BULK}/") else ""


def place_in(asked: dict[str, str]) -> FlagKey | None:
    """None for everything; Rejected when a place is named by halves."""
    named = {name: asked[name] for name in ("service", "environment", "region", "layer", "component") if asked.get(name)}
    return ofrep.place_from(named) if named else None


def seconds_of(text: str) -> float:
    try:
        return min(max(float(text), 0.0), LONGEST_POLL)
    except ValueError:
        raise ofrep.Rejected("GENERAL", "wait must be a number of seconds.") from None
