"""Brings a version into force: written whole, tested, reloaded, and proved at every worker that accepts users. Or nothing has changed."""

from __future__ import annotations

import http.client
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from windows.flags.client import Reading
from windows.flags.edge.configuration import CannotApply, Edge, files

KEPT = 5  # versions that lie beside the one in force: requests under way still read them
PROOFS = 5  # answers in a row, each on a connection of its own
WORKER = "nginx: worker process"


class Nginx:
    """`folder` is the agent's own: nginx's http block includes `<folder>/current/*.http.conf`, the service's server block
    `<folder>/current/<service>.server.conf`. `command` is nginx with its `-c`; `probe` an address at which it listens; `pid` its pid
    file."""

    def __init__(self, edge: Edge, folder: Path, command: list[str], *, probe: str, pid: Path, patience: float = 10.0) -> None:
        self.edge, self.folder, self.command, self.pid, self.patience = edge, folder, command, pid, patience
        self.probe = urlsplit(probe)
        if not (folder / "current").exists():  # nginx cannot start on files that are missing
            self.write("normal", {}, "0 normal never")

    def __call__(self, reading: Reading) -> None:
        """What a MaintenanceFlag calls at each change; raises, and so leaves unacknowledged, what did not come into force."""
        mark = f"{reading.version} {reading.mode} {reading.epoch or 'never'} {secrets.token_hex(4)}"
        before = str((self.folder / "current").readlink())
        self.write(reading.mode, reading.value, mark)
        try:
            self.tell(f"nginx refuses version {reading.version}", "-t", "-q")
            old = self.accepting()
            self.tell("nginx was not reloaded", "-s", "reload")
        except Exception:
            self.point(before)  # or whoever reloads nginx next, logrotate say, would bring it into force, and nobody would know
            raise
        self.wait(lambda: not old & self.accepting(), "old workers still accept users")
        self.wait(lambda: all(self.answered() == mark for _ in range(PROOFS)), "nginx does not answer with the new version")

    def tell(self, trouble: str, *words: str) -> None:
        """One command to nginx; CannotApply where it refuses, does not end or is not there."""
        try:
            done = subprocess.run([*self.command, *words], capture_output=True, text=True, timeout=self.patience, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CannotApply(f"{trouble}: {error}")
        if done.returncode:
            raise CannotApply(f"{trouble}: {done.stderr.strip()[:500]}")

    def write(self, mode: str, value: dict[str, object], mark: str) -> None:
        """A folder of its own for each version; one rename brings all its files into force at once."""
        versions = self.folder / "versions"
        versions.mkdir(parents=True, exist_ok=True)
        name = f"{time.time_ns()}"
        unfinished = versions / f".{name}"
        unfinished.mkdir(mode=0o755)
        for file, text in files(self.edge, mode, value, folder=str(versions / name), mark=mark).items():
            with (unfinished / file).open("w") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
        unfinished.rename(versions / name)
        self.point(f"versions/{name}")
        for old in sorted(versions.iterdir())[: -KEPT - 1]:
            shutil.rmtree(old, ignore_errors=True)

    def point(self, target: str) -> None:
        beside = self.folder / ".current"
        beside.unlink(missing_ok=True)
        beside.symlink_to(target)
        beside.rename(self.folder / "current")

    def accepting(self) -> set[int]:
        """The workers that take new users; empty where the system does not tell (then the answers alone must prove it)."""
        try:
            master = int(self.pid.read_text())
            children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        except (OSError, ValueError):
            return set()
        return {int(child) for child in children if title(child) == WORKER}

    def answered(self) -> str:
        connection = http.client.HTTPConnection(self.probe.hostname or "", self.probe.port or 80, timeout=2)
        try:
            connection.request("GET", f"/.roadworks/{self.edge.service}.version", headers={"Host": self.probe.hostname or ""})
            return connection.getresponse().read(1000).decode(errors="replace")
        except OSError as error:
            return str(error)
        finally:
            connection.close()

    def wait(self, until: Callable[[], bool], trouble: str) -> None:
        end = time.monotonic() + self.patience
        while not until():
            if time.monotonic() > end:
                raise CannotApply(f"{trouble} after {self.patience:g} s.")
            time.sleep(0.02)


def title(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return ""
