"""Servers that tests start, kill and start again: embedded ones, and Debian's as unprivileged children on free ports.

Each lives in a folder of its own, in the foreground, and carries a death signal: nothing outlives a killed test run.
"""

import json
import os
import pwd
import shutil
import signal
import socket
import tempfile
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portal.bootstrap.postgres import Cluster
from portal.bootstrap.processes import Child, Supervisor
from portal.bootstrap.programs import server_user


class Server:
    """One server process under test: `kill()`, `start()`, `freeze()`, `thaw()`, `stop()`."""

    def __init__(self, url: str, logs: Path, child: Child, *before: Child, lock: int | None = None):
        self.url, self.child = url, child
        self.supervisor = Supervisor(logs, say=lambda text: None, signals=False, lock=lock)
        self.supervisor.start(*before)
        self.supervisor.start(child)

    @property
    def pid(self) -> int:
        return self.child.process.pid

    def kill(self) -> None:
        """SIGKILL for the whole group, and wait until it is gone."""
        os.killpg(self.pid, signal.SIGKILL)
        self.child.process.wait()

    def start(self) -> None:
        """Again, after kill(); returns when it answers."""
        self.supervisor.spawn(self.child)
        self.supervisor.await_ready(self.child)

    def freeze(self) -> None:
        os.killpg(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.killpg(self.pid, signal.SIGCONT)

    def is_running(self) -> bool:
        return self.child.process.poll() is None

    def stop(self) -> None:
        self.supervisor.stop()


def needed(program: str, package: str) -> str:
    """The path of a program, or a skip that names its Debian package (a failure in `.ci/run`, which installs them)."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/lib/postgresql/15/bin")
    if not found:
        pytest.skip(f"needs the Debian package {package}")
    return found


def folder(name: str) -> tuple[Path, pwd.struct_passwd | None]:
    """A new folder that belongs to whoever the server runs as: these servers refuse root, or should not be it."""
    base, user = Path(tempfile.mkdtemp(prefix=f"roadworks-{name}-")), server_user()
    if user:
        os.chown(base, user.pw_uid, user.pw_gid)
    return base, user


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now; all are held until all are chosen."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def postgres_15() -> tuple[Cluster, Server]:
    needed("/usr/lib/postgresql/15/bin/postgres", "postgresql-15")
    base, user = folder("pg15")
    cluster = Cluster(base / "postgres-15", Path("/usr/lib/postgresql/15/bin"), user, base / "run")
    cluster.create()
    server = Server(cluster.url, base, cluster.child("fsync=off", "synchronous_commit=off", "full_page_writes=off"))
    cluster.create_role()
    cluster.create_database()
    return cluster, server


def rabbitmq() -> Server:
    """epmd first and as a child of its own: RabbitMQ would otherwise start one that outlives it."""
    mapper_program = needed("epmd", "rabbitmq-server")
    # The script under /usr/sbin refuses anybody but root and rabbitmq; the one in the library folder does not.
    scripts = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"))
    if not scripts:
        pytest.skip("needs the Debian package rabbitmq-server")
    base, user = folder("rabbitmq")
    port, distribution, mapper = free_ports(3)
    for name in ("mnesia", "log"):
        (base / name).mkdir()
    (base / "enabled_plugins").write_text("[].\n")
    (base / "rabbitmq.conf").write_text(
        f"listeners.tcp.1 = 127.0.0.1:{port}\nloopback_users = none\ndisk_free_limit.absolute = 50MB\n"
        "log.file = false\nlog.console = true\nlog.console.level = error\n"
    )
    if user:
        for path in base.iterdir():
            os.chown(path, user.pw_uid, user.pw_gid)
    environ = {
        "HOME": str(base), "ERL_EPMD_PORT": str(mapper), "ERL_EPMD_ADDRESS": "127.0.0.1", "RABBITMQ_NODENAME": "test@localhost",
        "RABBITMQ_DIST_PORT": str(distribution), "RABBITMQ_MNESIA_BASE": f"{base}/mnesia", "RABBITMQ_LOG_BASE": f"{base}/log",
        "RABBITMQ_ENABLED_PLUGINS_FILE": f"{base}/enabled_plugins", "RABBITMQ_CONFIG_FILE": f"{base}/rabbitmq.conf",
        "RABBITMQ_CONF_ENV_FILE": "/dev/null", "RABBITMQ_PID_FILE": f"{base}/pid",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none -start_epmd false",
    }  # fmt: skip
    uid = user.pw_uid if user else None
    names = Child("epmd", [mapper_program, "-port", str(mapper), "-address", "127.0.0.1"], ready=listens(mapper), user=uid)
    broker = Child("rabbitmq", [str(scripts[-1])], environ=environ, ready=speaks_amqp(port), user=uid, patience=240)
    return Server(f"amqp://guest:guest@127.0.0.1:{port}//", base, broker, names)


class Prometheus(Server):
    """`url`, and `scrape("127.0.0.1:1234")` to watch one more address every second."""

    def __init__(self, program: str, base: Path, port: int, uid: int | None):
        self.targets = base / "targets.json"
        options = [f"--config.file={base}/prometheus.yml", f"--storage.tsdb.path={base}/tsdb", f"--web.listen-address=127.0.0.1:{port}"]
        ready = answers(f"http://127.0.0.1:{port}/-/ready")
        super().__init__(
            f"http://127.0.0.1:{port}", base, Child("prometheus", [program, *options, "--log.level=warn"], ready=ready, user=uid)
        )

    def scrape(self, *addresses: str) -> None:
        known = json.loads(self.targets.read_text())[0]["targets"]
        beside = self.targets.with_suffix(".new")
        beside.write_text(json.dumps([{"targets": sorted({*known, *addresses})}]))
        beside.chmod(0o644)
        beside.rename(self.targets)


def prometheus() -> Prometheus:
    program = needed("prometheus", "prometheus")
    base, user = folder("prometheus")
    (base / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\n"
        f"rule_files: ['{base}/rules/*.yml']\n"
        f"scrape_configs: [{{job_name: test, file_sd_configs: [{{files: ['{base}/targets.json'], refresh_interval: 1s}}]}}]\n"
    )
    shutil.copytree(Path(__file__).parents[1] / "examples" / "prometheus", base / "rules")
    (base / "targets.json").write_text('[{"targets": []}]')
    return Prometheus(program, base, free_ports(1)[0], user.pw_uid if user else None)


def remove(server: Server) -> None:
    """Stop it and take its folder away."""
    server.stop()
    shutil.rmtree(server.supervisor.logs, ignore_errors=True)


def listens(port: int) -> Callable[[], bool]:
    def ready() -> bool:
        with socket.socket() as connection:
            connection.settimeout(1)
            return connection.connect_ex(("127.0.0.1", port)) == 0

    return ready


def speaks_amqp(port: int) -> Callable[[], bool]:
    def ready() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(b"AMQP\0\0\x09\x01")
                return len(connection.recv(8)) == 8
        except OSError:
            return False

    return ready


def answers(address: str) -> Callable[[], bool]:
    def ready() -> bool:
        try:
            with urllib.request.urlopen(address, timeout=2) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    return ready


class Alertmanager(Server):
    """Debian's Alertmanager, alone: `silences()` as its API tells them."""

    def __init__(self) -> None:
        program = needed("prometheus-alertmanager", "prometheus-alertmanager")
        base, user = folder("alertmanager")
        (base / "alertmanager.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
        port = free_ports(1)[0]
        url = f"http://127.0.0.1:{port}"
        options = [f"--config.file={base}/alertmanager.yml", f"--storage.path={base}/data", f"--web.listen-address=127.0.0.1:{port}"]
        alone = ["--cluster.listen-address=", "--log.level=warn"]
        child = Child("alertmanager", [program, *options, *alone], ready=answers(f"{url}/-/ready"), user=user.pw_uid if user else None)
        super().__init__(url, base, child)

    def silences(self, *states: str) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{self.url}/api/v2/silences", timeout=60) as response:
            found: list[dict[str, Any]] = json.load(response)
        return [each for each in found if not states or each["status"]["state"] in states]

    def sends_to(self, url: str, token: str) -> None:
        """From now on every alert goes to this webhook, as soon as it is heard of."""
        route = "{receiver: hook, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}"
        hook = f"{{url: '{url}', max_alerts: 500, http_config: {{authorization: {{credentials: '{token}'}}}}}}"
        (self.supervisor.logs / "alertmanager.yml").write_text(f"route: {route}\nreceivers: [{{name: hook, webhook_configs: [{hook}]}}]\n")
        self.post("/-/reload", None)

    def sends_nowhere(self) -> None:
        (self.supervisor.logs / "alertmanager.yml").write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
        self.post("/-/reload", None)

    def fire(self, *alerts: dict[str, Any]) -> None:
        """As Prometheus does; an alert with an `endsAt` in the past is resolved."""
        self.post("/api/v2/alerts", alerts)

    def post(self, path: str, body: Any) -> Any:
        sent = b"" if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", sent, {"Content-Type": "application/json"}, method="POST")
        with urllib.request.urlopen(request, timeout=60) as response:
            said = response.read()
        return json.loads(said) if said.startswith((b"{", b"[")) else None

    def take_away(self, name: str) -> None:
        """As a person does by hand."""
        request = urllib.request.Request(f"{self.url}/api/v2/silence/{name}", method="DELETE")
        urllib.request.urlopen(request, timeout=60).close()
