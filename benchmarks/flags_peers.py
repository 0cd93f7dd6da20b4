"""What the two flag benchmarks share: a store of its own with 50 flags, the flag server on it, and the peers beside it."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from portal.bootstrap.ports import answers  # noqa: E402
from portal.bootstrap.postgres import Cluster  # noqa: E402
from portal.bootstrap.processes import Child, Supervisor  # noqa: E402
from portal.bootstrap.valkey import find_server  # noqa: E402

TOKEN = "a-read-token-for-the-benchmark-only"
FLAGS = 50


@dataclass
class Bench:
    folder: Path
    supervisor: Supervisor
    cluster: Cluster
    flags_url: str

    def start(self, child: Child) -> None:
        self.supervisor.start(child)

    def start_valkey(self) -> int:
        port = free_port()
        command = [find_server(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        self.start(Child("valkey", command, ready=lambda: connects(port)))
        return port

    def start_nginx(self, body: bytes) -> str | None:
        """A static file, one worker; None where nginx is not installed."""
        program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if not program:
            return None
        base, port = self.folder / "nginx", free_port()
        base.mkdir(mode=0o755)
        self.folder.chmod(0o755)
        (base / "flags.json").write_bytes(body)
        paths = "".join(f"{kind}_temp_path {base}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (base / "nginx.conf").write_text(
            f"worker_processes 1; pid {base}/pid; error_log stderr error; daemon off; events {{ worker_connections 4096; }}\n"
            f"http {{ access_log off; sendfile on; tcp_nodelay on; keepalive_requests 100000000; default_type application/json; etag on;\n"
            f"open_file_cache max=100; {paths} server {{ listen 127.0.0.1:{port}; root {base}; }} }}\n"
        )
        url = f"http://127.0.0.1:{port}/flags.json"
        command = [program, "-e", "stderr", "-p", str(base), "-c", str(base / "nginx.conf")]
        self.start(Child("nginx", command, ready=answers(url)))
        return url

    def start_django(self) -> str:
        """A plain Django view over the same rows, with Django's own ETag middleware, one granian worker."""
        port = free_port()
        url = f"http://127.0.0.1:{port}/flags"
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
                   "--blocking-threads", "4", "--no-ws", "benchmarks.flags_django:application"]  # fmt: skip
        self.start(Child("django", command, ready=answers(url)))
        return url


@contextmanager
def bench() -> Iterator[Bench]:
    """Everything in a temporary folder, on free ports; all of it is gone afterwards. Django is set up on the store."""
    folder = Path(tempfile.mkdtemp(prefix="roadworks-bench-"))
    cluster = Cluster.at(folder)
    supervisor = Supervisor(folder)
    try:
        cluster.create()
        supervisor.start(cluster.child())
        cluster.create_database()
        port = free_port()
        os.environ.update(
            DATABASE_URL=cluster.address("roadworks"), ROADWORKS_LOCAL="1", DJANGO_SETTINGS_MODULE="portal.settings", PYTHONPATH=str(ROOT),
            FLAGS_SNAPSHOT=str(folder / "flags.json"), FLAGS_READ_TOKENS=TOKEN, LOG_LEVEL="ERROR",
        )  # fmt: skip
        set_up()
        server = [sys.executable, "-m", "windows.flags.server", str(port)]
        supervisor.start(Child("flags", server, ready=answers(f"http://127.0.0.1:{port}/healthz")))
        yield Bench(folder, supervisor, cluster, f"http://127.0.0.1:{port}")
    finally:
        supervisor.stop()
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(cluster.home.parent if cluster.user else cluster.home, ignore_errors=True)


def set_up() -> None:
    """50 flags, about 20 kB as JSON."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0, interactive=False)
    for number in range(FLAGS):
        change(number, "read_only", f"Service {number} is read-only while its tables move. " * 4)


def change(number: int, mode: str, message: str) -> None:
    from windows.access.roles import ENGINE
    from windows.flags.commands import set_flag
    from windows.flags.routing import FlagKey

    payload = {"message": message, "retry_after": 30, "until": "2026-03-01T06:00:00Z"}
    set_flag(ENGINE, FlagKey(f"service-{number}", "production"), mode, payload, lease=timedelta(hours=1))


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def connects(port: int) -> bool:
    with socket.socket() as one:
        one.settimeout(0.5)
        return one.connect_ex(("127.0.0.1", port)) == 0
