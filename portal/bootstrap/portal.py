"""The portal's own processes, as children of `up`."""

import sys

from portal.bootstrap.environment import STATE
from portal.bootstrap.ports import answers
from portal.bootstrap.processes import Child


def web(port: int) -> Child:
    # granian's workers outlive a killed parent for the kill timeout: short, or the next start meets a taken port
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "2",
        "--respawn-failed-workers", "--workers-kill-timeout", "2s", "--no-ws", "portal.wsgi:application",
    ]  # fmt: skip
    return Child("web", command, ready=answers(f"http://127.0.0.1:{port}/healthz"))


def flags(port: int) -> Child:
    return Child("flags", [sys.executable, "-m", "portal.flags", str(port)], ready=answers(f"http://127.0.0.1:{port}/healthz"))


def worker(name: str, queues: str, processes: int) -> Child:
    return celery(name, name, queues, str(processes))


def beat() -> Child:
    return celery("beat", "beat")


def celery(name: str, *arguments: str) -> Child:
    """Ready when it has touched its file, which goes before each start."""
    mark = STATE / "ready" / name
    return Child(
        name, [sys.executable, "-m", "portal.worker", *arguments], ready=mark.exists, environ={"READY_FILE": str(mark)},
        prepare=lambda: mark.unlink(missing_ok=True),
    )  # fmt: skip
