"""`manage.py up`: everything Roadworks needs, as children of one process."""

import argparse
import fcntl
import hashlib
import os
import shutil
import socket
import sys
import time
import urllib.request
from pathlib import Path
from typing import TextIO

from portal.bootstrap import guardian, valkey
from portal.bootstrap.environment import ROOT
from portal.bootstrap.environment import STATE as VAR
from portal.bootstrap.postgres import Cluster
from portal.bootstrap.processes import Child, Failed, Stopped, Supervisor


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="manage.py up", description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--fresh", action="store_true", help="throw the local data away first")
    parser.add_argument("--no-example", action="store_true")
    parser.add_argument("--guardian-fd", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.guardian_fd is None:
        return guardian.main([sys.executable, str(ROOT / "manage.py"), "up", *arguments])
    for name in [n for n in os.environ if n.startswith("PG") and n not in ("PG_BINDIR", "PG_OS_USER")]:
        del os.environ[name]  # PGHOST, PGOPTIONS … are meant for other servers
    began = time.monotonic()
    supervisor = None
    try:
        logs = VAR / "log"
        try:
            logs.mkdir(parents=True, exist_ok=True)
            lock = open(VAR / "up.lock", "a+")
        except OSError as error:
            raise Failed(f"Cannot write to {VAR}: {error.strerror}. Roadworks keeps its data and logs there.") from error
        supervisor = Supervisor(logs, options.guardian_fd, say=lambda text: print(text, flush=True), lock=lock.fileno())
        take(lock, supervisor)
        lock.truncate(0)
        lock.write(f"{os.getpid()} http://127.0.0.1:{options.port}/")
        lock.flush()
        start_all(supervisor, options)
        print(f"Roadworks is at http://127.0.0.1:{options.port}/  ({time.monotonic() - began:.1f} s; Ctrl-C ends it)", flush=True)
        supervisor.watch()
    except Stopped as stopped:
        print(f"\n{stopped}: stopping …", flush=True)
        return 0
    except (Failed, OSError) as failed:
        print(f"\n{failed}", file=sys.stderr, flush=True)
        return 1
    finally:
        if supervisor:
            supervisor.stop()
    return 0


def take(lock: TextIO, supervisor: Supervisor) -> None:
    """One `up` per checkout. What a killed one left behind is waited for: its children still hold the lock."""
    until, told = time.monotonic() + 15, False
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            pid, _, address = lock.read().partition(" ")
            if pid.isdigit() and is_alive(int(pid)):
                raise Failed(f"Roadworks is already running from this folder: {address} (process {pid}).") from None
            if time.monotonic() > until:
                raise Failed(f"Something of an earlier run still holds {lock.name}; see `fuser {lock.name}`.") from None
            if not told:
                print("Waiting for the rest of an earlier run to end …", flush=True)
            told = True
            supervisor.pause()


def start_all(supervisor: Supervisor, options: argparse.Namespace) -> None:
    for port in (options.port, options.port + 1):
        check_free(port)
    cluster = Cluster.at(VAR)
    if options.fresh:
        for directory in (cluster.home, VAR / "valkey"):
            shutil.rmtree(directory, ignore_errors=True)
    cluster.create()
    supervisor.start(cluster.child(), valkey.child(VAR / "valkey", cluster.sockets))
    cluster.create_database()
    os.environ.update(
        DATABASE_URL=cluster.url, BROKER_URL=valkey.url(cluster.sockets), ROADWORKS_LOCAL="1",
        FLAGS_URL=f"http://127.0.0.1:{options.port + 1}", PORTAL_URL=f"http://127.0.0.1:{options.port}",
        FLAGS_SNAPSHOT=str(VAR / "flags.json"), PYTHONUNBUFFERED="1",
    )  # fmt: skip
    python = sys.executable
    ready = VAR / "ready"
    shutil.rmtree(ready, ignore_errors=True)
    ready.mkdir()
    os.environ["READY_DIR"] = str(ready)
    os.chdir(ROOT)
    migrate(supervisor, cluster)
    supervisor.start(
        Child(
            "web", [python, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(options.port),
                    "--workers", "2", "--respawn-failed-workers", "--workers-kill-timeout", "2s", "portal.wsgi:application"],
            ready=lambda: answers(f"http://127.0.0.1:{options.port}/healthz"),
        ),
        Child(
            "flags", [python, "-m", "windows.flags.server", str(options.port + 1)],
            ready=lambda: answers(f"http://127.0.0.1:{options.port + 1}/healthz"),
        ),
        worker("worker", "execute", 2, ready), worker("sweeper", "sweep", 1, ready),
        Child("beat", [python, "-m", "portal.worker", "beat"]),
    )  # fmt: skip


def migrate(supervisor: Supervisor, cluster: Cluster) -> None:
    """Importing Django to find nothing to do costs a second: skipped while no migration file has changed."""
    files = sorted(p for package in ("slo", "windows", "portal") for p in ROOT.glob(f"{package}/**/migrations/*.py"))
    state = hashlib.sha256(b"".join(p.name.encode() + p.read_bytes() for p in [*files, ROOT / "requirements.lock"])).hexdigest()
    stamp = VAR / "migrated"
    if stamp.exists() and stamp.read_text() == f"{cluster.identity()} {state}":
        return
    supervisor.run("migrate", [sys.executable, str(ROOT / "manage.py"), "migrate", "--noinput", "-v0"])
    stamp.write_text(f"{cluster.identity()} {state}")


def worker(name: str, queue: str, processes: int, ready: Path) -> Child:
    mark = ready / name
    command = [sys.executable, "-m", "portal.worker", name, queue, str(processes)]
    return Child(name, command, ready=mark.exists, environ={"READY_FILE": str(mark)}, prepare=lambda: mark.unlink(missing_ok=True))


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z" if Path("/proc/self").exists() else True
    except PermissionError:
        return True
    except OSError:
        return False


def check_free(port: int) -> None:
    """Binding is not enough: granian sets SO_REUSEPORT, so a second server would silently share the port."""
    with socket.socket() as connection:
        connection.settimeout(0.5)
        if connection.connect_ex(("127.0.0.1", port)) == 0:
            raise Failed(f"Port {port} is taken by another program. Choose another one: manage.py up --port {port + 100}")
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            raise Failed(f"Port {port} cannot be used: {error.strerror}.") from error


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False
