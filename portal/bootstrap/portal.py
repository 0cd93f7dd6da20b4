"""The portal's own processes, as children of `up`."""

import sys

from portal.bootstrap.environment import STATE
from portal.bootstrap.ports import answers
from portal.bootstrap.processes import Child

# name:queues:processes. What talks to others' servers has processes of its own, two: one that hangs leaves silences to be renewed.
ROLES = ("worker:execute:2", "sweeper:sweep:1", "measure:measure:1", "notify:notify:1", "outside:outside:2", "beat")
COUNTS = {"PROMETHEUS_MULTIPROC_DIR": str(STATE / "metrics")}  # of these alone: the example counts for itself


def web(port: int) -> Child:
    # granian's workers outlive a killed parent for the kill timeout: short, or the next start meets a taken port
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "2",
        "--respawn-failed-workers", "--workers-kill-timeout", "2s", "--no-ws", "portal.wsgi:application",
    ]  # fmt: skip
    return Child("web", command, environ=COUNTS, ready=answers(f"http://127.0.0.1:{port}/healthz"))


def flags(port: int) -> Child:
    return Child("flags", [sys.executable, "-m", "portal.flags", str(port)], ready=answers(f"http://127.0.0.1:{port}/healthz"))


def workers() -> Child:
    """All roles in one process group, forked from one import of Django: it is the dearest part of a start."""
    mark = STATE / "ready" / "workers"
    marks = [mark.with_name(f"{mark.name}.{role.partition(':')[0]}") for role in ROLES]

    def prepare() -> None:
        for one in marks:
            one.unlink(missing_ok=True)

    command = [sys.executable, "-m", "portal.worker", *ROLES]
    return Child(
        "workers", command, ready=lambda: all(one.exists() for one in marks), environ={**COUNTS, "READY_FILE": str(mark)}, prepare=prepare
    )
