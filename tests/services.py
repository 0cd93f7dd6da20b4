"""Services of tests/patchable.py as children, the programs that patch them, their users, and somebody who tries the hole."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge

from portal.bootstrap.processes import Child
from tests.measured import until
from tests.servers import Server, free_ports, listens, remove

PROGRAM = Path(__file__).with_name("patchable.py")
AGAIN = 'kill -HUP "$(cat {folder}/"$1"/pid)"\n'
COMMANDS = {
    "patch": '#!/bin/sh\nset -e\ncd {folder}/"$1"\necho "${{2#level=}}" >next\ncp next brought\n'
    + "[ ! -e instead ] || cp instead next\nmv next level\n"
    + AGAIN,
    "unpatch": '#!/bin/sh\nset -e\ncd {folder}/"$1"\necho 1 >level\necho 1 >brought\n' + AGAIN,
    "patch-level": '#!/bin/sh\necho "level $(cat {folder}/"$1"/brought)"\n',
    "hold-jobs": '#!/bin/sh\ntouch {folder}/"$1"/hold\n',
    "release-jobs": '#!/bin/sh\nrm -f {folder}/"$1"/hold\n',
}


class Services:
    def __init__(self, folder: Path, names: tuple[str, ...]) -> None:
        self.folder, self.names = folder, names
        self.ports = dict(zip(names, free_ports(len(names)), strict=True))
        self.metrics = CollectorRegistry()
        self.exploited = Gauge("exploit_succeeded", "Whether the hole gave the secret away", ["service"], registry=self.metrics)
        self.failed: list[str] = []
        self.servers = [self.started(name) for name in names]

    def started(self, name: str) -> Server:
        base, port = self.folder / name, self.ports[name]
        base.mkdir()
        self.bring(name, 1)
        server = Server("", base, Child(name, [sys.executable, str(PROGRAM), name, str(port), str(base)], ready=listens(port)))
        (base / "pid").write_text(str(server.pid))
        return server

    def bring(self, name: str, level: int) -> None:
        """What is there once the service begins anew, and what is known to have been brought there."""
        for told in ("level", "brought"):
            (self.folder / name / told).write_text(str(level))

    def prepare(self, broken: str = "") -> None:
        """The patch of the service `broken` is level 3, whatever it is called."""
        for name in self.names:
            (self.folder / name / "instead").unlink(missing_ok=True)
            if name == broken:
                (self.folder / name / "instead").write_text("3")
        self.failed.clear()

    def restart(self, name: str) -> None:
        """As it was before any patch."""
        self.bring(name, 1)
        os.kill(int((self.folder / name / "pid").read_text()), signal.SIGHUP)
        until(lambda: self.levels()[name] == 1, f"level 1 of {name}")

    def commands(self, folder: Path) -> Path:
        for name, text in COMMANDS.items():
            (folder / name).write_text(text.format(folder=self.folder))
            (folder / name).chmod(0o755)
        return folder

    def scrapes(self) -> list[str]:
        return [f"127.0.0.1:{port}" for port in self.ports.values()]

    def levels(self) -> dict[str, int]:
        """As the processes say that run now."""
        said = {name: self.ask(name, "/metrics")[1] for name in self.names}
        return {name: int(text.rsplit(" ", 1)[1]) for name, text in said.items()}

    def ask(self, name: str, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[name], timeout=60)
        try:
            connection.request("GET", path, headers={"Authorization": "Bearer good"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def use(self) -> None:
        for name in self.names:
            try:
                status, _ = self.ask(name, "/")
                if status != 200:
                    self.failed.append(f"{name}: {status}")
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(f"{name}: {error!r}")

    def attack(self) -> None:
        for name in self.names:
            self.exploited.labels(name).set(self.ask(name, "/files/secret")[0] == 200)


@contextmanager
def services(*names: str) -> Iterator[Services]:
    folder = Path(tempfile.mkdtemp(prefix="roadworks-services-"))
    made = Services(folder, names)
    try:
        yield made
    finally:
        for server in made.servers:
            remove(server)
        shutil.rmtree(folder, ignore_errors=True)
