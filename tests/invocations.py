"""The functions of tests/functions.py as a child, their callers, the program that steers them, and the node that follows their flags."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.bootstrap.processes import Child
from tests import given_windows as given
from tests.clusters import KUBE, asked
from tests.given_templates import Node
from tests.servers import Prometheus, Server, folder, free_ports, listens, remove
from windows.flags.models import FlagVersion

PROGRAM = Path(__file__).with_name("functions.py")
NAMES = ("thumbnail", "invoice")


class Functions:
    def __init__(self) -> None:
        base, _ = folder("functions")
        self.port = free_ports(1)[0]
        self.server = Server("", base, Child("functions", [sys.executable, str(PROGRAM), str(self.port)], ready=listens(self.port)))
        self.failed, self.put_off = list[str](), 0

    def order(self, **said: object) -> None:
        told = "&".join(f"{name}={value}" for name, value in said.items())
        assert asked(self.port, "POST", f"/order?{told}") == (200, "done")

    def prepare(self) -> None:
        """All of it on the first runtime, which is warm."""
        self.failed.clear()
        self.order(verb="unshare", runtime=2, of=1, percent=100)
        for name in NAMES:
            self.order(verb="cool", function=name, runtime=2)
            self.order(verb="warm", function=name, runtime=1, count=4)
            self.order(verb="throttle", function=name, rate=0)

    def commands(self, folder: Path) -> Path:
        (folder / "functions").write_text(KUBE.format(python=sys.executable, port=self.port))
        (folder / "functions").chmod(0o755)
        return folder

    def cool(self) -> None:
        """No instance of the new runtime stays warm."""
        for name in NAMES:
            self.order(verb="cool", function=name, runtime=2)

    def use(self) -> None:
        for name in NAMES:
            status, text = asked(self.port, "GET", f"/invoke/{name}")
            self.put_off += status == 429
            if (status, text) not in ((200, "olleh"), (429, "later")):
                self.failed.append(f"{name}: {status} {text}")

    def measured(self, start: str) -> float:
        lines = [line for line in asked(self.port, "GET", "/metrics")[1].splitlines() if line.startswith(start)]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)


class Gateway(Node):
    """Throttles the function its flag names, and then says so."""

    def __init__(self, functions: Functions) -> None:
        given.service("functions", regions=("r1",))
        self.functions, self.told = functions, list[tuple[str, str]]()
        super().__init__("functions")

    def apply(self, newest: FlagVersion) -> None:
        self.functions.order(verb="throttle", function=newest.flag.component, rate=newest.payload.get("rate", 0))
        self.told.append((newest.flag.component, newest.mode))


@contextmanager
def functions(prometheus: Prometheus) -> Iterator[Functions]:
    """Scraped by this Prometheus."""
    made = Functions()
    prometheus.scrape(f"127.0.0.1:{made.port}")
    try:
        yield made
    finally:
        remove(made.server)
