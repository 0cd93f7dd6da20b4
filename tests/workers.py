"""Real Celery processes on the test database, for tests that kill them."""

import os
import signal
import sys
import time
from pathlib import Path

from portal.bootstrap.processes import Child, Supervisor

# Seconds: what a kill story waits for. A test may set others in the environment it hands on.
SHORT = {
    "ROADWORKS_LEASE": "2", "ROADWORKS_HEARTBEAT": "0.5", "ROADWORKS_SWEEP": "1", "ROADWORKS_STOP_CHECK": "0.2",
    "ROADWORKS_PREFLIGHT_RETRY": "1", "ROADWORKS_INCONCLUSIVE_TIMEOUT": "5", "ROADWORKS_FLAG_LEASE": "5",
}  # fmt: skip


class Workers:
    """`start("worker", "execute", 2)`, `start("sweeper", "sweep")`, `start("beat")`; then kill, restart, freeze by role.

    A role is any name; the role `beat` is beat. `queue` may name several, separated by commas. All die with the test run.
    """

    def __init__(self, folder: Path, environ: dict[str, str]):
        self.folder, self.environ = folder, environ
        self.supervisor = Supervisor(folder, say=lambda text: None, signals=False)
        self.roles: dict[str, Child] = {}

    def start(self, role: str, queue: str = "execute", processes: int = 1, *, wait: bool = True, **environ: str) -> Child:
        """Returns when the worker consumes its queue; with wait=False at once (then call `ready()`: starts overlap)."""
        mark = self.folder / f"{role}.ready"
        what = "beat" if role == "beat" else f"{role}:{queue}:{processes}"
        child = Child(
            role, [sys.executable, "-m", "portal.worker", what], environ={**self.environ, **environ, "READY_FILE": str(mark)},
            ready=mark.exists, prepare=lambda: mark.unlink(missing_ok=True), grace=15, patience=240,
        )  # fmt: skip
        self.roles[role] = child
        self.supervisor.children.append(child)
        self.supervisor.spawn(child)
        if wait:
            self.supervisor.await_ready(child)
        return child

    def ready(self) -> None:
        """Return when every role that was started is ready."""
        for child in self.roles.values():
            self.supervisor.await_ready(child)

    def pid(self, role: str) -> int:
        """The main process, which leads the group."""
        return self.roles[role].process.pid

    def pool(self, role: str) -> list[int]:
        """The pool processes, oldest first."""
        return children_of(self.pid(role))

    def kill(self, role: str) -> None:
        """SIGKILL for the main process and its pool; returns when both are gone."""
        pool = self.pool(role)
        os.killpg(self.pid(role), signal.SIGKILL)
        self.roles[role].process.wait()
        wait_until_gone(pool)

    def kill_pool_process(self, role: str) -> int:
        """SIGKILL for one pool process only; Celery replaces it. Returns its pid."""
        pid = self.pool(role)[0]
        os.kill(pid, signal.SIGKILL)
        wait_until_gone([pid])
        return pid

    def restart(self, role: str, *, wait: bool = True) -> None:
        """Again, after kill() or stop()."""
        self.supervisor.spawn(self.roles[role])
        if wait:
            self.supervisor.await_ready(self.roles[role])

    def stop(self, role: str, patience: float = 240) -> float:
        """SIGTERM, as an upgrade does; seconds until it has ended by itself."""
        began = time.monotonic()
        self.roles[role].process.send_signal(signal.SIGTERM)
        self.roles[role].process.wait(patience)
        return time.monotonic() - began

    def freeze(self, role: str) -> None:
        os.killpg(self.pid(role), signal.SIGSTOP)

    def thaw(self, role: str) -> None:
        os.killpg(self.pid(role), signal.SIGCONT)

    def is_running(self, role: str) -> bool:
        return self.roles[role].process.poll() is None

    def log(self, role: str) -> str:
        return (self.folder / f"{role}.log").read_text(errors="replace")

    def end(self) -> None:
        """All at once and hard: nobody waits for a warm shutdown that no test looks at."""
        for role, child in self.roles.items():
            if child.process.poll() is None:
                self.kill(role)


def children_of(pid: int) -> list[int]:
    """By parent, from /proc: `task/children` may be incomplete."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rsplit(")", 1)[1].split()[:2]
        except OSError:
            continue
        if int(parent) == pid and state not in "ZX":
            found.append(int(stat.parent.name))
    return sorted(found)


def wait_until_gone(pids: list[int], patience: float = 240) -> None:
    """Gone or a zombie: it runs no more code and holds no connection."""
    until = time.monotonic() + patience
    while any(is_alive(pid) for pid in pids):
        assert time.monotonic() < until, f"still alive after SIGKILL: {[p for p in pids if is_alive(p)]}"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False
