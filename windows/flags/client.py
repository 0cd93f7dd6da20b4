"""The node client: a service's instance follows its maintenance flag and acknowledges what it applied. Standard library and httpx only.

    flag = MaintenanceFlag(url, token, "orders", "production", "eu", "orders-1", on_change=apply).start()
    if flag.mode in ("read_only", "offline"): answer 503 with Retry-After: flag.value.get("retry_after", 30)

One thread asks and is answered at the change (long poll with ETag). The order is: the new mode is readable, `on_change` has returned,
then the receipt is posted, and posted again until it arrives. `python -m windows.flags.client --help` follows a flag from a shell.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import httpx

log = logging.getLogger("roadworks.flag")
CURRENT, STALE, UNKNOWN = "current", "stale", "unknown"
RECEIPT_EVERY = 30.0  # seconds: says that the node is still there, and where it stands


@dataclass(frozen=True, slots=True)
class Reading:
    """What is in force here. `state`: current; stale (the flag server has lost its database: the last known mode still holds);
    unknown (nobody answered for max-age seconds, or never: `mode` is the declared safe one)."""

    mode: str
    version: int = 0
    value: dict[str, Any] = field(default_factory=dict)  # mode, version, window, and message, retry_after (s), until (RFC 3339)
    state: str = UNKNOWN
    epoch: str = ""
    echo: str = ""
    tag: dict[str, str] = field(default_factory=dict)  # of the window that is open here, flag or no flag: window, owner, step, scope

    @property
    def window(self) -> str:
        """What telemetry is tagged with: the flag's window, else the one that is open here; "" where there is neither."""
        return str(self.value.get("window") or self.tag.get("window") or "")


class MaintenanceFlag:
    """`safe_mode` counts before the first answer and when the flag server was silent for `max_age` seconds. `wait` is how long
    one question may stay open. Versions only grow: a lower one of the same store is refused and counted in `refused`."""

    def __init__(  # noqa: PLR0917 - where it is, who it is
        self,
        flags_url: str,
        token: str,
        service: str,
        environment: str,
        region: str,
        node: str,
        *,
        safe_mode: str = "read_only",
        max_age: float = 30.0,
        wait: float = 10.0,
        on_change: Callable[[Reading], None] | None = None,
    ) -> None:
        self.place = {"service": service, "environment": environment, "region": region}
        self.node, self.safe_mode, self.max_age = node, safe_mode, max_age
        self.wait = min(wait, max_age / 3)
        self.on_change = on_change or (lambda reading: None)
        headers = {"Authorization": f"Bearer {token}", "User-Agent": f"roadworks-node/{node}"}
        self.http = httpx.Client(base_url=flags_url, headers=headers, trust_env=False)
        self.refused = 0
        self._told = Reading(safe_mode)  # by the server
        self._applied: Reading | None = None  # what on_change last returned from
        self._etag, self._heard_at = "", float("-inf")
        self._receipt_at = 0.0  # when the next one is due, by time.monotonic()
        self._acknowledged: tuple[str, int, str] | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._follow, name=f"flag {service}", daemon=True)

    @property
    def reading(self) -> Reading:
        """Judged now, by the clock: a process that was stopped and goes on does not trust what it knew."""
        told = self._told
        if self.age > self.max_age:
            return Reading(
                self.safe_mode, told.version, {"mode": self.safe_mode, "version": told.version, "window": ""}, UNKNOWN, told.epoch
            )
        return told

    @property
    def mode(self) -> str:
        return self.reading.mode

    @property
    def value(self) -> dict[str, Any]:
        return self.reading.value

    @property
    def version(self) -> int:
        return self._told.version

    @property
    def state(self) -> str:
        return self.reading.state

    @property
    def age(self) -> float:
        """Seconds since the flag server last answered."""
        return time.monotonic() - self._heard_at

    def start(self) -> MaintenanceFlag:
        self._thread.start()
        return self

    def stop(self) -> None:
        """The thread ends with its open question, at the latest after `wait` seconds; nobody has to wait for that."""
        self._ending.set()
        self._thread.join(0.5)

    def __enter__(self) -> MaintenanceFlag:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def _follow(self) -> None:
        failures = 0
        with self.http:
            while not self._ending.is_set():
                try:
                    self.ask()
                    failures = 0
                except Exception as error:  # whatever comes over the wire: a dead thread would leave the node with its last mode
                    failures += 1
                    log.log(logging.WARNING if failures == 1 else logging.DEBUG, "flag server: %r", error)
                done = self.apply() and self.acknowledge()
                rest = 0.05 if done and not failures else min(0.25 * 2 ** min(failures, 3), 2.0)
                self._ending.wait(rest * (0.5 + random.random()))  # noqa: S311 - jitter: a thousand nodes do not call in step

    def ask(self) -> None:
        """One question. It stays open only when nothing else is to be done meanwhile."""
        reading = self.reading
        idle = reading.state != UNKNOWN and self._applied == reading and self._acknowledged == self._mark(reading)
        wait = self.wait if idle else 0.0
        asked_at = time.monotonic()
        patience, left = wait + 3.0, self.max_age - self.age
        if left > 0:  # never longer than until max-age: then on_change must learn that nothing is known any more
            patience = min(patience, max(0.2, left))
        headers = {"If-None-Match": self._etag} if self._etag else {}
        answer = self.http.get("/flags", params={**self.place, "wait": f"{wait:g}"}, headers=headers, timeout=patience)
        if answer.status_code not in (200, 304):
            raise ValueError(f"{answer.status_code} from the flag server")
        # an answer found long after it must have come lay waiting while this process did not run
        heard_at = min(time.monotonic(), asked_at + wait + 1.0)
        self.take(answer, heard_at)

    def take(self, answer: httpx.Response, heard_at: float) -> None:
        """Believe an answer, unless it is older than what is known."""
        state = STALE if "roadworks-snapshot-age" in answer.headers else CURRENT
        told = self._told
        if answer.status_code == 200:
            body = answer.json()
            said, tag = dict(body["value"]), dict(body.get("tag") or {})
            new = Reading(str(said["mode"]), int(body["version"]), said, state, str(body["epoch"]), str(body["echo"]), tag)
            if new.epoch == told.epoch and new.version < told.version:
                self.refused += 1
                raise ValueError(f"version {new.version} is older than {told.version}: refused")
            self._etag = answer.headers.get("etag", "")
        else:
            new = Reading(told.mode, told.version, told.value, state, told.epoch, told.echo, told.tag)
        self._told, self._heard_at = new, heard_at

    def apply(self) -> bool:
        """Tell on_change what is in force, if it does not know; False when it failed: then nothing is acknowledged."""
        reading = self.reading
        if self._applied == reading:
            return True
        known = self._applied
        if known is None or (known.value, known.mode, known.state) != (reading.value, reading.mode, reading.state):
            try:
                self.on_change(reading)
            except Exception:
                log.exception("applying version %s failed; it is not acknowledged", reading.version)
                return False
        self._applied = reading
        return True

    def acknowledge(self) -> bool:
        """Post the receipt for what was applied, if it is due; False when it must be tried again soon."""
        applied = self._applied
        if applied is None or applied.state == UNKNOWN:
            self._acknowledged = None  # what was said no longer holds: say it anew once something is known again
            return True
        now = time.monotonic()
        mark = self._mark(applied)
        if mark == self._acknowledged and now < self._receipt_at:
            return True
        body = {
            "node": self.node,
            "environment": self.place["environment"],
            "version": applied.version,
            "mode": applied.mode,
            "echo": applied.echo,
        }
        try:
            answer = self.http.post("/flags/receipts", json=body, timeout=5.0)
        except httpx.HTTPError as error:
            log.debug("receipt: %r", error)
            return False
        if answer.status_code == 200:
            self._acknowledged, self._receipt_at = mark, now + RECEIPT_EVERY * (0.8 + 0.4 * random.random())  # noqa: S311
            return True
        if answer.status_code == 422:
            self._etag = ""  # not what the store holds: read everything again
        log.warning("receipt for version %s refused: %s %s", applied.version, answer.status_code, answer.text[:200])
        return False

    @staticmethod
    def _mark(reading: Reading) -> tuple[str, int, str]:
        return reading.epoch, reading.version, reading.mode


def main(arguments: list[str]) -> int:
    """Print each change as a line of JSON; acknowledges it. The token comes from FLAGS_NODE_TOKEN, never from the command line."""
    parser = argparse.ArgumentParser(prog="python -m windows.flags.client", description=main.__doc__)
    parser.add_argument("url")
    for name in ("service", "environment", "region", "node"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--safe-mode", default="read_only")
    parser.add_argument("--max-age", type=float, default=30.0)
    told = vars(parser.parse_args(arguments))

    def say(reading: Reading) -> None:
        print(json.dumps({"state": reading.state, "version": reading.version, **reading.value, "mode": reading.mode}), flush=True)  # noqa: T201

    flag = MaintenanceFlag(told.pop("url"), os.environ.get("FLAGS_NODE_TOKEN", ""), on_change=say, **told)
    with flag:
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
