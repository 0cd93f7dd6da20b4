"""Regions that speak TLS, each a real nginx with a certificate of its own, a probe that shakes hands with them, and users who need them."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge

from portal.bootstrap.processes import Child
from tests.measured import until
from tests.servers import Server, free_ports, listens, needed, remove
from tests.sites import Calm
from tests.workers import children_of

NAME = "shop.example"
NGINX = """daemon off;
worker_processes 1;
pid {base}/nginx.pid;
error_log {base}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off;
  {temporary}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {base}/live.pem;
    ssl_certificate_key {base}/live.pem;
    location / {{ return 200 "{name}\\n"; }}
  }}
}}
"""
INSTALL = """#!/bin/sh
set -e
cd {folder}/"$1"
[ -e before.pem ] || cp -p live.pem before.pem
cp -p new.pem live.pem
nginx=$(cat nginx.pid)
before=$(cat /proc/$nginx/task/$nginx/children)
kill -HUP $nginx
for worker in $before; do # it is done when nobody shows the other certificate any more
  tries=0
  while kill -0 $worker 2>/dev/null && [ $tries -lt 300 ]; do sleep 0.05; tries=$((tries + 1)); done
done
"""
RESTORE = """#!/bin/sh
set -e
cd {folder}/"$1"
[ -e before.pem ] || exit 0
cp -p before.pem live.pem
nginx=$(cat nginx.pid)
before=$(cat /proc/$nginx/task/$nginx/children)
kill -HUP $nginx
for worker in $before; do # it is done when nobody shows the other certificate any more
  tries=0
  while kill -0 $worker 2>/dev/null && [ $tries -lt 300 ]; do sleep 0.05; tries=$((tries + 1)); done
done
"""


class Authority:
    """Signs for the name of the shop, for so many days."""

    def __init__(self, folder: Path, name: str) -> None:
        needed("openssl", "openssl")
        self.folder, self.name = folder, name
        openssl(folder, f"req -x509 -newkey rsa:2048 -nodes -keyout {name}.key -out {name}.crt -days 2 -subj /CN={name}")

    def sign(self, into: Path, days: int) -> None:
        """Key and certificate in one file."""
        (self.folder / "names").write_text(f"subjectAltName=DNS:{NAME}\n")
        openssl(self.folder, f"req -newkey rsa:2048 -nodes -keyout its.key -out its.csr -subj /CN={NAME}")
        its = f"-in its.csr -out its.crt -days {days} -extfile names"
        openssl(self.folder, f"x509 -req {its} -CA {self.name}.crt -CAkey {self.name}.key -CAcreateserial")
        into.write_text((self.folder / "its.key").read_text() + (self.folder / "its.crt").read_text())

    @property
    def file(self) -> str:
        return str(self.folder / f"{self.name}.crt")


def openssl(folder: Path, order: str) -> None:
    subprocess.run(["openssl", *order.split()], cwd=folder, check=True, capture_output=True)


def ending(pem: str) -> float:
    """When the certificate ends, in seconds since 1970."""
    ended = subprocess.run(["openssl", "x509", "-noout", "-enddate"], input=pem.encode(), check=True, capture_output=True).stdout
    return float(ssl.cert_time_to_seconds(ended.decode().strip().removeprefix("notAfter=")))


class Regions:
    """`names` by themselves; `metrics` is what probe and users have seen; `served` how many users each region has served."""

    def __init__(self, folder: Path, names: tuple[str, ...]) -> None:
        self.folder, self.names = folder, names
        self.ours, self.strange = Authority(folder, "ours"), Authority(folder, "strange")
        self.ports = dict(zip(names, free_ports(len(names)), strict=True))
        self.servers = [self.started(name) for name in names]
        self.served = dict.fromkeys(names, 0)
        self.failed: list[str] = []
        self.metrics = CollectorRegistry()  # read in this order: an expiry never goes with an older success
        self.expiry = Gauge("probe_ssl_earliest_cert_expiry", "When the certificate ends", ["region"], registry=self.metrics)
        self.success = Gauge("probe_success", "Whether hands were shaken", ["region"], registry=self.metrics)
        self.requests = Counter("client_requests", "Of users", registry=self.metrics)
        self.errors = Counter("client_errors", "Of users", registry=self.metrics)

    def started(self, name: str) -> Server:
        base = self.folder / name
        base.mkdir()
        self.ours.sign(base / "live.pem", days=10)
        shutil.copy(base / "live.pem", base / "original.pem")
        parts = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = " ".join(f"{part}_temp_path {base}/{part};" for part in parts)
        (base / "nginx.conf").write_text(NGINX.format(base=base, temporary=temporary, port=self.ports[name], name=name))
        program = needed("nginx", "nginx-light")
        child = Child("nginx", [program, "-c", str(base / "nginx.conf")], ready=listens(self.ports[name]), stop_signal=signal.SIGQUIT)
        return Server(f"https://{NAME}:{self.ports[name]}/", base, child)

    def prepare(self, strange: str = "") -> None:
        """As before a rotation: the old certificate served, a new one ready; that of the region `strange` by an unknown authority."""
        for name in self.names:
            base = self.folder / name
            shutil.copy(base / "original.pem", base / "live.pem")
            (base / "before.pem").unlink(missing_ok=True)
            (self.strange if name == strange else self.ours).sign(base / "new.pem", days=90)
            master = int((base / "nginx.pid").read_text())
            before = children_of(master)
            os.kill(master, signal.SIGHUP)
            until(lambda master=master, before=before: not {*before} & {*children_of(master)}, f"{name}'s old certificate")  # type: ignore[misc]
            assert self.expires_at(name) == ending((base / "original.pem").read_text())

    def commands(self, folder: Path) -> Path:
        for name, text in {"install-certificate": INSTALL, "restore-certificate": RESTORE}.items():
            (folder / name).write_text(text.format(folder=self.folder))
            (folder / name).chmod(0o755)
        return folder

    def expires_at(self, name: str) -> float:
        """When the certificate ends that is served now, whoever signed it."""
        return ending(ssl.get_server_certificate(("127.0.0.1", self.ports[name]), timeout=60))

    def probe(self) -> None:
        for name in self.names:
            try:
                self.ask(name)
                self.success.labels(name).set(1)
            except (OSError, http.client.HTTPException):
                self.success.labels(name).set(0)
            self.expiry.labels(name).set(self.expires_at(name))

    def use(self, nodes: dict[str, Calm]) -> None:
        """One user's request, to the next region that is not left; its node says that it is left when nobody is on the way there."""
        first = sum(self.served.values())
        for turn in range(len(self.names)):
            name = self.names[(first + turn) % len(self.names)]
            with nodes[name].writing:
                if nodes[name].mode != "rerouted":
                    return self.served_by(name)
        return None

    def served_by(self, name: str) -> None:
        self.requests.inc()
        try:
            self.ask(name)
            self.served[name] += 1
        except (OSError, http.client.HTTPException) as error:
            self.errors.inc()
            self.failed.append(f"{name}: {error!r}")

    def ask(self, name: str) -> None:
        trusting = ssl.create_default_context(cafile=self.ours.file)
        with (
            socket.create_connection(("127.0.0.1", self.ports[name]), timeout=60) as plain,
            trusting.wrap_socket(plain, server_hostname=NAME) as secure,
        ):
            secure.sendall(f"GET / HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n".encode())
            answer = http.client.HTTPResponse(secure)
            answer.begin()
            if answer.status != 200 or answer.read().decode().strip() != name:
                raise http.client.HTTPException(f"{answer.status} of {name}")


@contextmanager
def regions(*names: str) -> Iterator[Regions]:
    folder = Path(tempfile.mkdtemp(prefix="roadworks-tls-"))
    folder.chmod(0o755)
    made = Regions(folder, names)
    try:
        yield made
    finally:
        for server in made.servers:
            remove(server)
        shutil.rmtree(folder, ignore_errors=True)
