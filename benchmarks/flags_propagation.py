"""P-A2: from "the change is asked for" to "200 subscribers have read it": our event stream, Valkey's pub/sub, unleash-server if named.

    .venv/bin/python benchmarks/flags_propagation.py [--subscribers 200] [--changes 20] [--unleash URL --unleash-admin TOKEN]

Ours begins before the command (`set_flag`: a durable commit with history and audit) and ends when a stream's bytes are read; Valkey's
begins before PUBLISH and stores nothing. Both have the same plain socket readers in this process, whose cost is part of both.
unleash has no stream: the lag until its own client endpoint shows a change, asked every 10 ms; its SDK polls every 15 s by default.
Targets: p99 at most 50 ms and at most 5x Valkey; at least 20x faster than unleash's lag.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from flags_peers import TOKEN, bench, change

GAP = 0.1  # seconds between two changes
WRITER = ThreadPoolExecutor(1)  # one thread, so one database connection


class Readers:
    """Notes when each subscriber has read the latest change: bytes with `mark` in them count."""

    def __init__(self, port: int, greeting: bytes, mark: bytes) -> None:
        self.port, self.greeting, self.mark = port, greeting, mark
        self.seen: list[float] = []
        self.ready = 0
        self.tasks: set[asyncio.Task[None]] = set()

    async def open(self, count: int) -> None:
        for _ in range(count):
            self.tasks.add(asyncio.create_task(self.read()))
        async with asyncio.timeout(20):
            while self.ready < count:
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)

    async def read(self) -> None:
        source, sink = await asyncio.open_connection("127.0.0.1", self.port)
        sink.write(self.greeting)
        await source.read(65536)
        self.ready += 1
        try:
            while data := await source.read(65536):
                now = time.perf_counter()
                self.seen.extend([now] * data.count(self.mark))
        finally:
            sink.close()

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


async def spans(readers: Readers, subscribers: int, changes: int, act: Callable[[int], Awaitable[None]]) -> list[float]:
    """Milliseconds for each (change, subscriber); RuntimeError when one of them did not get it within 5 s."""
    await readers.open(subscribers)
    found: list[float] = []
    for number in range(changes):
        readers.seen.clear()
        began = time.perf_counter()
        await act(number)
        while len(readers.seen) < subscribers:
            if time.perf_counter() - began > 5:
                raise RuntimeError(f"{len(readers.seen)} of {subscribers} after 5 s")
            await asyncio.sleep(0.001)
        found += [(at - began) * 1000 for at in readers.seen]
        await asyncio.sleep(GAP)
    await readers.close()
    return found


async def roadworks(url: str, subscribers: int, changes: int, committed: list[float]) -> list[float]:
    port = int(url.rsplit(":", 1)[1])
    greeting = f"GET /stream HTTP/1.1\r\nHost: flags\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode()

    async def act(number: int) -> None:
        began = time.perf_counter()
        await asyncio.get_running_loop().run_in_executor(WRITER, change, 0, "read_only" if number % 2 else "offline", f"change {number}")
        committed.append((time.perf_counter() - began) * 1000)

    return await spans(Readers(port, greeting, b"\ndata: "), subscribers, changes, act)


async def valkey(port: int, subscribers: int, changes: int) -> list[float]:
    _, publisher = await asyncio.open_connection("127.0.0.1", port)

    async def act(number: int) -> None:
        publisher.write(b"PUBLISH bench %d\r\n" % (1000 + number))
        await publisher.drain()

    try:
        return await spans(Readers(port, b"SUBSCRIBE bench\r\n", b"$7\r\nmessage\r\n"), subscribers, changes, act)
    finally:
        publisher.close()


def unleash_lag(url: str, client: str, admin: str, changes: int) -> list[float]:
    """Milliseconds until one asker sees each change; a flag is switched on and off."""
    name = json.loads(call(f"{url}/api/client/features", {"Authorization": client})[2])["features"][0]["name"]
    found = []
    for number in range(changes):
        _, etag, _ = call(f"{url}/api/client/features", {"Authorization": client})
        verb = "on" if number % 2 else "off"
        began = time.perf_counter()
        switch = f"{url}/api/admin/projects/default/features/{name}/environments/development/{verb}"
        call(switch, {"Authorization": admin, "Content-Type": "application/json"}, b"{}")
        while call(f"{url}/api/client/features", {"Authorization": client, "If-None-Match": etag})[0] == 304:
            if time.perf_counter() - began > 8:
                break
            time.sleep(0.01)
        found.append((time.perf_counter() - began) * 1000)
        time.sleep(0.37 + number * 0.13 % 1)
    return found


def call(url: str, headers: dict[str, str], body: bytes | None = None) -> tuple[int, str, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers, data=body), timeout=10) as answer:
            return answer.status, answer.headers.get("ETag", ""), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, "", error.read()


def p99(found: list[float]) -> float:
    return sorted(found)[min(len(found) - 1, int(len(found) * 0.99))]


def show(name: str, found: list[float]) -> None:
    print(f"{name:20} n={len(found):5}  p50 {statistics.median(found):8.2f}  p99 {p99(found):8.2f}  max {max(found):8.2f} ms", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subscribers", type=int, default=200)
    parser.add_argument("--changes", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--unleash")
    parser.add_argument("--unleash-token", default="default:development.bench-client-token")
    parser.add_argument("--unleash-admin", default="*:*.bench-admin-token")
    options = parser.parse_args()
    ours: list[float] = []
    theirs: list[float] = []
    committed: list[float] = []
    with bench() as here:
        port = here.start_valkey()
        WRITER.submit(change, 0, "offline", "the connection is opened before the clock runs").result()
        for _ in range(options.rounds):  # interleaved: a busy moment meets both
            ours += asyncio.run(roadworks(here.flags_url, options.subscribers, options.changes, committed))
            theirs += asyncio.run(valkey(port, options.subscribers, options.changes))
        show("roadworks stream", ours)
        show("  the command alone", committed)
        show("valkey pub/sub", theirs)
        print(f"p99: {p99(ours):.0f} ms (target 50), {p99(ours) / p99(theirs):.2f} x valkey  (target at most 5 x)")
        if options.unleash:
            lag = unleash_lag(options.unleash, options.unleash_token, options.unleash_admin, 10)
            show("unleash server lag", lag)
            print(f"{statistics.median(lag) / statistics.median(ours):.0f} x faster than unleash at p50  (target 20 x)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
