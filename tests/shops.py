"""The whole of Roadworks with its example, started by `manage.py up` as a person would, and driven from outside over HTTP."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx

from tests.workers import children_of

ROOT = Path(__file__).resolve().parents[1]
T = TypeVar("T")
SHORT = {
    "ROADWORKS_LEASE": "5", "ROADWORKS_HEARTBEAT": "1", "ROADWORKS_SWEEP": "1", "ROADWORKS_STOP_CHECK": "0.3",
    "ROADWORKS_PREFLIGHT_RETRY": "2", "SHOP_WAITS": "short",
}  # fmt: skip


class Shop:
    """One `manage.py up` on a state folder of its own; everybody's token at hand."""

    def __init__(self, home: Path) -> None:
        self.home, self.port = home, free_base()
        self.output = home.parent / "up.txt"
        self.process: subprocess.Popen[bytes] | None = None
        self.clients: dict[str, httpx.Client] = {}

    def start(self) -> None:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("ROADWORKS_") and name != "SECRET_KEY"}
        environ = {**ours, **SHORT, "ROADWORKS_HOME": str(self.home), "ROADWORKS_ENVIRONMENT": "given"}
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--port", str(self.port)],
                env=environ, cwd=ROOT, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        process = self.process
        try:
            until(lambda: "Roadworks is at" in self.said() or process.poll() is not None, "up to say where it is", 300)
            assert process.poll() is None, self.said()
        except AssertionError:
            self.stop()
            raise

    def stop(self) -> None:
        for client in self.clients.values():
            client.close()
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(120)

    def said(self) -> str:
        return self.output.read_text(errors="replace")

    def as_(self, account: str) -> httpx.Client:
        """The API as this person."""
        if account not in self.clients:
            tokens = json.loads((self.home / "shop" / "tokens.json").read_text())
            headers = {"Authorization": f"Bearer {tokens[f'{account}@shop.example']}"}
            base = f"http://127.0.0.1:{self.port}/api/v1"
            self.clients[account] = httpx.Client(base_url=base, headers=headers, timeout=60, trust_env=False)
        return self.clients[account]

    def get(self, account: str, path: str, **asked: str) -> Any:
        answer = self.as_(account).get(path, params=asked)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def post(self, account: str, path: str, **body: Any) -> Any:
        answer = self.as_(account).post(path, json=body)
        assert answer.status_code < 300, f"{path}: {answer.status_code} {answer.text[:800]}"
        return answer.json() if answer.content else None

    def visits(self) -> dict[str, Any]:
        """What the visitors saw so far: {"orders": {"read": {"served", "refused", "failed"}, "write": …}, …}."""
        report: dict[str, Any] = httpx.get(f"http://127.0.0.1:{self.port + 13}/", timeout=60, trust_env=False).json()
        return report

    def replica(self, name: str) -> int:
        """The process of a replica."""
        assert self.process
        (supervisor,) = children_of(self.process.pid)
        for pid in children_of(supervisor):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if b"examples.shop.replica" in words and name.encode() in words:
                return pid
        raise AssertionError(f"{name} does not run: {self.said()}")

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A management command beside the running portal, with its settings."""
        environ = {**os.environ, **self.settings(), "ROADWORKS_ENVIRONMENT": "given"}
        return subprocess.run([sys.executable, "manage.py", *arguments], env=environ, cwd=ROOT, capture_output=True, text=True, check=False)

    def settings(self) -> dict[str, str]:
        """What the local portal's processes are told."""
        return dict(json.loads((self.home / "local.json").read_text()))

    def log(self, name: str) -> str:
        path = self.home / "log" / f"{name}.log"
        return path.read_text(errors="replace")[-3000:] if path.exists() else ""


def until(holds: Callable[[], T | None], what: str, seconds: float = 240.0, every: float = 0.2) -> T:
    """The first true answer; AssertionError after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        found = holds()
        if found:
            return found
        assert time.monotonic() < end, f"waited {seconds:.0f} s for {what}"
        time.sleep(every)


def ready(shop: Shop, service: str) -> dict[str, Any]:
    """The window that stands ready for this service, once it may begin."""

    def found() -> dict[str, Any] | None:
        rows = shop.get("ben", "/windows", service=service, status="approved")["items"]
        ours = [row for row in rows if str(row["external_ref"]).startswith("example:ready:")]
        began = [row for row in ours if datetime.fromisoformat(row["starts_at"]) <= datetime.now(UTC)]
        return began[0] if began else None

    return until(found, f"a window of {service} to stand ready; {shop.log('shop-load')}", 90)


def begun(shop: Shop, reference: str) -> None:
    """Waits until an approved window may start."""
    starts_at = datetime.fromisoformat(shop.get("ben", f"/windows/{reference}")["starts_at"])
    until(lambda: datetime.now(UTC) > starts_at, f"{reference} to begin", 150)


def sign_in(page: Any, account: str = "gwen") -> None:
    """In a browser."""
    page.goto("/sign-in/")
    page.get_by_label("E-mail address").fill(f"{account}@shop.example")
    page.get_by_label("Password").fill("roadworks-example")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()


def free_base() -> int:
    """A port with those beside it that `up` and the shop want."""
    wanted = (0, 1, 10, 11, 12, 13)
    for base in range(20_000 + os.getpid() % 5_000, 32_000, 20):
        sockets = [socket.socket() for _ in wanted]
        try:
            for offset, one in zip(wanted, sockets, strict=True):
                one.bind(("127.0.0.1", base + offset))
            return base
        except OSError:
            continue
        finally:
            for one in sockets:
                one.close()
    raise AssertionError("no free ports")
