"""An outside system that remembers every call: one door honours idempotency keys and fences, the other does as it is told, each time."""

from __future__ import annotations

import select
import socket
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATIENCE = 300  # seconds: who waits longer waits for something that never comes


@dataclass
class Call:
    key: str  # run:position:direction
    fence: int
    door: str
    began: float
    ended: float = 0.0
    was_cut: bool = False  # the caller died before the answer
    was_refused: bool = False  # an older fence than one seen before
    took_effect: bool = False

    @property
    def run(self) -> int:
        return int(self.key.split(":")[0])

    @property
    def position(self) -> int:
        return int(self.key.split(":")[1])

    @property
    def direction(self) -> str:
        return self.key.split(":")[2]


class Trap:
    """Keeps the call after the next `skip` ones, at one point of its way, until it is sprung."""

    def __init__(self, point: str, skip: int, direction: str) -> None:
        self.point, self.skip, self.direction = point, skip, direction
        self.caught, self.sprung, self.answered = threading.Event(), threading.Event(), threading.Event()
        self.call: Call | None = None

    def spring(self) -> None:
        self.sprung.set()

    @property
    def was_cut(self) -> bool:
        return self.call is not None and self.call.was_cut


class Ledger:
    """`pause` seconds pass before the effect and again before the answer. Doors: /honours, /plain, /broken (404), /hang."""

    def __init__(self, pause: float = 0.03) -> None:
        self.pause, self.calls, self.lock = pause, list[Call](), threading.Lock()
        self.fences: dict[int, int] = {}
        self.keys: set[str] = set()
        self.failing: set[str] = set()  # keys that are answered with 500
        self.thawed = threading.Event()
        self.trap: Trap | None = None
        ledger = self

        class Door(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status = ledger.answer(self.path.strip("/"), self.headers, self.connection)
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    self.wfile.flush()
                except OSError:
                    pass

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                pass  # a killed caller

        self.server = Server(("127.0.0.1", 0), Door)
        self.thread = threading.Thread(target=self.server.serve_forever, args=[0.05], daemon=True)
        self.thread.start()

    def url(self, door: str) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/{door}"

    def close(self) -> None:
        self.thawed.set()
        if self.trap is not None:
            self.trap.spring()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def set_trap(self, point: str, skip: int = 0, direction: str = "") -> Trap:
        """`point` is before (the effect) or between (the effect and the answer)."""
        with self.lock:
            self.trap = Trap(point, skip, direction)
            return self.trap

    def snag(self, point: str, call: Call) -> None:
        with self.lock:
            trap = self.trap
            if trap is None or trap.point != point or trap.call is not None or trap.direction not in ("", call.direction):
                return
            if trap.skip:
                trap.skip -= 1
                return
            trap.call = call
        trap.caught.set()
        trap.sprung.wait(PATIENCE)

    def answer(self, door: str, headers: Any, connection: socket.socket) -> int:
        call = Call(headers["Idempotency-Key"], int(headers["Roadworks-Fence"]), door, time.monotonic())
        with self.lock:
            self.calls.append(call)
        time.sleep(self.pause)
        if door == "hang":
            self.thawed.wait(PATIENCE)
        self.snag("before", call)
        status = self.take_effect(call)
        self.snag("between", call)
        time.sleep(self.pause)
        with self.lock:
            call.was_cut = is_gone(connection)
            call.ended = time.monotonic()
            if self.trap is not None and self.trap.call is call:
                self.trap.answered.set()
        return status

    def take_effect(self, call: Call) -> int:
        with self.lock:
            if call.fence < self.fences.get(call.run, 0):
                call.was_refused = True
                return 409
            self.fences[call.run] = call.fence
            if call.door == "broken":
                return 404
            if call.key in self.failing:
                return 500
            call.took_effect = call.door != "honours" or call.key not in self.keys
            self.keys.add(call.key)
            return 200

    def in_flight(self, run: int | None = None) -> list[Call]:
        with self.lock:
            return [call for call in self.calls if not call.ended and run in (None, call.run)]

    def effects(self, run: int, direction: str) -> list[int]:
        """Positions in the order in which they took effect."""
        with self.lock:
            return [call.position for call in self.calls if call.took_effect and call.run == run and call.direction == direction]

    def cuts(self) -> int:
        with self.lock:
            return sum(call.was_cut for call in self.calls)


def is_gone(connection: socket.socket) -> bool:
    """Whether the caller has closed, or the system closed for it when it died."""
    readable, _, _ = select.select([connection], [], [], 0)
    try:
        return bool(readable) and connection.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return True
