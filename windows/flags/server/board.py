"""The newest snapshot, who waits for the next, and how old our knowledge is."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from pathlib import Path

from windows.flags.server.snapshot import Snapshot

STALE = 3.0  # seconds without a word from the database (the watchdog asks each second) until answers carry their age
TOUCH = 10.0  # seconds between two notes on disk that the snapshot still held
WRITE_AFTER = 0.05  # seconds: those who wait are told first, and a burst of changes is written once


class Board:
    """`snapshot` is None until anything was ever known: nobody is told "normal" by a server that knows nothing."""

    def __init__(self, on_disk: Path | None = None) -> None:
        self.snapshot: Snapshot | None = None
        self.fresh_at = float("-inf")  # time.monotonic() when the database last confirmed the snapshot
        self.stopping = False
        self.waiting: set[asyncio.Future[None]] = set()  # for a change
        self.asking: set[asyncio.Future[None]] = set()  # for the next word from the database, change or not
        self.on_disk = on_disk
        self.touched_at = 0.0
        self.writing: asyncio.TimerHandle | None = None

    @property
    def age(self) -> float:
        """Seconds since the database confirmed what we show; infinite when it never did."""
        return time.monotonic() - self.fresh_at

    @property
    def stale(self) -> bool:
        return time.monotonic() - self.fresh_at > STALE

    def confirm(self) -> None:
        """The database was asked, and what we show is what it holds."""
        self.fresh_at = time.monotonic()
        wake(self.asking)
        if self.on_disk and self.fresh_at - self.touched_at > TOUCH:
            self.touched_at = self.fresh_at
            with contextlib.suppress(OSError):
                os.utime(self.on_disk)

    def show(self, snapshot: Snapshot) -> None:
        """Replace what is shown. Within one epoch versions only grow: an older answer that arrives late is ignored."""
        shown = self.snapshot
        if shown and shown.epoch == snapshot.epoch and (snapshot.version, snapshot.nodes_version) < (shown.version, shown.nodes_version):
            return
        self.snapshot = snapshot
        wake(self.waiting)
        self.confirm()
        if self.on_disk and self.writing is None:
            self.writing = asyncio.get_running_loop().call_later(WRITE_AFTER, self.write)

    def write(self) -> None:
        """A full disk must not stop the flags: it is said, and the next change tries again."""
        self.writing = None
        if self.on_disk is None or self.snapshot is None:
            return
        beside = self.on_disk.with_suffix(".new")
        try:
            beside.unlink(missing_ok=True)
            beside.touch(mode=0o600)
            beside.write_bytes(self.snapshot.to_disk())
            beside.replace(self.on_disk)
        except OSError as error:
            print(f"flags: cannot write {self.on_disk}: {error.strerror}", file=sys.stderr, flush=True)  # noqa: T201

    def read(self) -> None:
        """Take up what an earlier server left, with the age of the file. A damaged file counts as none."""
        if self.on_disk is None:
            return
        try:
            content, written = self.on_disk.read_bytes(), self.on_disk.stat().st_mtime
            self.snapshot = Snapshot.from_disk(content)
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError) as error:
            print(f"flags: {self.on_disk} is of no use ({error!r})", file=sys.stderr, flush=True)  # noqa: T201
            return
        self.fresh_at = time.monotonic() - max(STALE, time.time() - written)

    def stop(self) -> None:
        self.stopping = True
        if self.writing is not None:
            self.writing.cancel()
            self.write()
        wake(self.waiting)
        wake(self.asking)


def wake(waiters: set[asyncio.Future[None]]) -> None:
    for future in waiters:
        if not future.done():
            future.set_result(None)
    waiters.clear()
