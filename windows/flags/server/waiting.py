"""Those who wait for the next change: event streams and long polls. Each costs one future, not a task per wait."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from windows.flags.routing import FlagKey
from windows.flags.server.board import Board
from windows.flags.server.snapshot import View
from windows.flags.server.wire import Header, Receive, Send

KEEP_AWAKE = 15.0  # seconds between comments that keep proxies from closing a quiet stream


class Caller:
    """One open request; learns of a change, of the clock, and of the caller's hanging up, by the same future."""

    def __init__(self, board: Board, receive: Receive) -> None:
        self.board, self.gone = board, False
        self.bell: asyncio.Future[None] | None = None
        self.ear = asyncio.create_task(self.listen(receive))

    async def listen(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        self.ring()

    def ring(self) -> None:
        if self.bell and not self.bell.done():
            self.bell.set_result(None)

    async def wait(self, seconds: float) -> None:
        """Until something changed (perhaps elsewhere), the caller left, the server stops, or the time is over."""
        if self.gone or self.board.stopping:
            return
        loop = asyncio.get_running_loop()
        self.bell = loop.create_future()
        self.board.waiting.add(self.bell)
        timer = loop.call_later(seconds, self.ring)
        try:
            await self.bell
        finally:
            timer.cancel()
            self.board.waiting.discard(self.bell)

    @property
    def over(self) -> bool:
        return self.gone or self.board.stopping

    def close(self) -> None:
        self.ear.cancel()


def view_of(board: Board, place: FlagKey | None) -> View | None:
    return board.snapshot.view(place) if board.snapshot else None


async def stream(board: Board, place: FlagKey | None, receive: Receive, send: Send, headers: Iterable[Header], *, with_body: bool) -> None:
    """Server-sent events as OFREP has them (`refetchEvaluation`): the state at once, then each change that concerns the place."""
    kind = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store"), (b"x-accel-buffering", b"no"), *headers]
    await send({"type": "http.response.start", "status": 200, "headers": kind})
    await send({"type": "http.response.body", "body": b"retry: 1000\n\n", "more_body": True})
    caller, seen = Caller(board, receive), b""
    loop = asyncio.get_running_loop()
    quiet_since = loop.time()
    try:
        while not caller.over:
            view = view_of(board, place)
            if view and view.etag != seen:
                seen, quiet_since = view.etag, loop.time()
                await send({"type": "http.response.body", "body": view.event_with_body if with_body else view.event, "more_body": True})
                continue
            await caller.wait(max(0.0, quiet_since + KEEP_AWAKE - loop.time()))
            if loop.time() - quiet_since >= KEEP_AWAKE:
                quiet_since = loop.time()
                await send({"type": "http.response.body", "body": b": still here\n\n", "more_body": True})
        if not caller.gone:
            await send({"type": "http.response.body", "body": b""})
    finally:
        caller.close()


async def long_poll(board: Board, place: FlagKey | None, receive: Receive, seconds: float, known: bytes) -> View | None:
    """The view as soon as its ETag is another one than `known`, or the unchanged one when the time is over."""
    caller = Caller(board, receive)
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    try:
        while not caller.over and loop.time() < until:
            view = view_of(board, place)
            if view and view.etag != known:
                break
            await caller.wait(until - loop.time())
    finally:
        caller.close()
    return view_of(board, place)
