"""Real flag servers for tests, and a wire to PostgreSQL that can be cut, frozen and listened to."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
import threading
from pathlib import Path
from urllib.parse import quote

from portal.bootstrap.processes import Child
from tests.servers import Server, answers, free_ports, listens


class Wire:
    """A socket that leads to the test database: `cut()`, `freeze()` (packets vanish), `heal()`; `sent` counts what clients said."""

    def __init__(self, settings: dict[str, object]):
        self.host, self.port = str(settings["HOST"] or "/var/run/postgresql"), str(settings["PORT"] or 5432)
        self.folder = Path(tempfile.mkdtemp(prefix="rw-wire-"))
        secret = f":{quote(str(settings['PASSWORD']))}" if settings.get("PASSWORD") else ""
        self.dsn = f"postgresql://{settings['USER']}{secret}@/{settings['NAME']}?host={quote(str(self.folder), safe='')}"
        self.sent, self.connections = 0, 0
        self.flows: set[asyncio.Task[None]] = set()
        self.serving: set[asyncio.Task[None]] = set()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.server: asyncio.Server | None = None
        self.open = asyncio.Event()
        self.open.set()
        self.gates = [self.open]
        self.heal()

    def run(self, work) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def heal(self) -> None:
        self.run(self._heal())

    def cut(self) -> None:
        """Connections break and new ones are refused."""
        self.run(self._cut())

    def freeze(self) -> None:
        """On the connections there are, nothing arrives any more, and nobody is told. New ones work."""
        self.open = asyncio.Event()
        self.open.set()
        for frozen in self.gates:
            self.loop.call_soon_threadsafe(frozen.clear)
        self.gates = [self.open]

    def close(self) -> None:
        self.cut()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(60)
        self.loop.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def _heal(self) -> None:
        if self.server is None:
            self.server = await asyncio.start_unix_server(self._serve, self.folder / ".s.PGSQL.5432")

    async def _cut(self) -> None:
        if self.server is not None:
            self.server.close()
            self.server = None
        (self.folder / ".s.PGSQL.5432").unlink(missing_ok=True)
        for flow in list(self.flows):
            flow.cancel()
        await asyncio.gather(*self.flows, return_exceptions=True)
        await asyncio.gather(*self.serving, return_exceptions=True)

    async def _serve(self, near_in: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        self.connections += 1
        if (task := asyncio.current_task()) is not None:
            self.serving.add(task)
            task.add_done_callback(self.serving.discard)
        if self.host.startswith("/"):
            far_in, far_out = await asyncio.open_unix_connection(f"{self.host}/.s.PGSQL.{self.port}")
        else:
            far_in, far_out = await asyncio.open_connection(self.host, int(self.port))
        both = [asyncio.create_task(self._pump(near_in, far_out, True)), asyncio.create_task(self._pump(far_in, near_out, False))]
        self.flows.update(both)
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for flow in both:
            flow.cancel()
        await asyncio.gather(*both, return_exceptions=True)
        self.flows.difference_update(both)
        for out in (near_out, far_out):
            out.transport.abort()
        await asyncio.sleep(0)  # lets the transports close

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, said: bool) -> None:
        gate = self.open
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65536):
                await gate.wait()
                self.sent += said
                sink.write(data)
                await sink.drain()


def flag_server(dsn: str, folder: Path, *, knows_something: bool = True, port: int | None = None, **environ: str) -> Server:
    """A flag server on a free port; its snapshot file is `folder`/flags.json. Answers when it is ready."""
    port = port or free_ports(1)[0]
    url = f"http://127.0.0.1:{port}"
    told = {"DATABASE_URL": dsn, "FLAGS_SNAPSHOT": str(folder / "flags.json"), "PYTHONPATH": str(Path(__file__).parents[1]), **environ}
    child = Child(
        "flags",
        [sys.executable, "-m", "windows.flags.server", str(port)],
        ready=answers(f"{url}/healthz") if knows_something else listens(port),
        environ={**{name: "" for name in os.environ if name.startswith("FLAGS_")}, **told},
    )
    return Server(url, folder, child)
