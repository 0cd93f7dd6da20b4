"""Users, backends and the real servers between them: HAProxy and nginx as children on free ports, load that counts who was failed."""

from __future__ import annotations

import shutil
import signal
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from portal.bootstrap.processes import Child
from tests.measured import until
from tests.servers import Server, folder, free_ports, listens, needed
from windows.flags.client import Reading
from windows.flags.edge import configuration
from windows.flags.edge.nginx import Nginx

TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
NGINX = """daemon off;
worker_processes 2;
pid {base}/nginx.pid;
error_log {base}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  {temporary}
  include {base}/edge/current/*.http.conf;
  upstream shop {{ server 127.0.0.1:{backend}; keepalive 16; }}
  server {{
    listen 127.0.0.1:{port};
    include {base}/edge/current/orders.server.conf;
    location / {{ proxy_pass http://shop; proxy_http_version 1.1; proxy_set_header Connection ''; }}
  }}
}}
"""


class Backend(ThreadingHTTPServer):
    """One instance of a service: says its name, takes `pause` seconds, remembers (method, path, when)."""

    daemon_threads, request_queue_size = True, 256

    def __init__(self, name: str, pause: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), Instance)
        self.name, self.pause, self.is_well = name, pause, True
        self.met: list[tuple[str, str, float]] = []
        self.thread = threading.Thread(target=self.serve_forever, args=[0.05], daemon=True)
        self.thread.start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: object, client_address: object) -> None:
        """A health check hangs up when it has seen enough."""

    def writes(self) -> int:
        return sum(method == "POST" for method, _, _ in self.met)

    def close(self) -> None:
        self.shutdown()
        self.server_close()
        self.thread.join()


class Instance(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Backend

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/healthz":
            self.server.met.append((self.command, self.path, time.monotonic()))
            time.sleep(self.server.pause)
        text = self.server.name.encode()
        self.send_response(200 if self.server.is_well else 503)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("Cache-Control", "max-age=60")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def backends(*names: str, pause: float = 0.0) -> Iterator[list[Backend]]:
    made = [Backend(name, pause) for name in names]
    try:
        yield made
    finally:
        for one in made:
            one.close()


class Users:
    """A few people who ask again and again, each on a connection of their own; `said` counts (status, body), `failed` who got nothing.

    As every browser does (RFC 9112, 9.3.1), they ask once more where a server has closed a connection it kept open before it read
    anything: a server that reloads does that, and nobody notices.
    """

    def __init__(self, url: str, count: int = 4, rest: float = 0.005) -> None:
        self.url, self.rest = url, rest
        self.said: Counter[tuple[int, str]] = Counter()
        self.failed: list[str] = []
        self.turn = 0  # who was asking already when a turn begins, is not counted in it
        self.lock, self.ended = threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self.ask, daemon=True) for _ in range(count)]

    def ask(self) -> None:
        with httpx.Client(trust_env=False, timeout=60) as client:
            while not self.ended.wait(self.rest):
                turn = self.turn
                try:
                    answer = asked(client, self.url)
                except httpx.HTTPError as error:
                    with self.lock:
                        self.failed.append(repr(error))
                    continue
                with self.lock:
                    self.said[answer.status_code, answer.text[:40]] += turn == self.turn
                    if answer.status_code >= 400:
                        self.failed.append(f"{answer.status_code} {answer.text[:100]}")

    def since(self) -> Counter[tuple[int, str]]:
        """What was said since this was last asked."""
        with self.lock:
            found, self.said = self.said, Counter()
            self.turn += 1
        return found

    def from_now(self, least: int) -> Counter[tuple[int, str]]:
        """What is said to those who ask from now on, once at least so many have."""
        self.since()
        until(lambda: sum(self.said.values()) >= least, f"{least} answers")
        return self.since()

    def __enter__(self) -> Users:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join(90)


def asked(client: httpx.Client, url: str) -> httpx.Response:
    """The answer; asked once more only where a kept connection was found closed, or was reset as we wrote, and nothing was read."""
    seen = set[str]()
    try:
        return client.get(url, extensions={"trace": lambda event, _: seen.add(event)})
    except (httpx.RemoteProtocolError, httpx.ReadError):
        if seen & {"connection.connect_tcp.started", "http11.receive_response_headers.complete"}:
            raise
        return client.get(url)


class Balancer(Server):
    """Debian's HAProxy: backend `shop` over `members`; `address` is its admin socket."""

    def __init__(self, members: dict[str, int], check: bool = True) -> None:
        program = needed("haproxy", "haproxy")
        base, user = folder("haproxy")
        port = free_ports(1)[0]
        self.address = f"unix://{base}/admin.sock"
        lines = "\n".join(
            f"  server {name} 127.0.0.1:{port_of} weight 100 {'check inter 200ms fall 2 rise 1' if check else ''}"
            for name, port_of in members.items()
        )
        (base / "haproxy.cfg").write_text(
            f"global\n  stats socket {base}/admin.sock mode 600 level admin\n  maxconn 500\n"
            "defaults\n  mode http\n  timeout connect 30s\n  timeout check 30s\n  timeout client 90s\n  timeout server 90s\n"
            "  retries 2\n  option redispatch\n"
            f"frontend users\n  bind 127.0.0.1:{port}\n  default_backend shop\n"
            f"backend shop\n  balance roundrobin\n  option httpchk GET /healthz\n{lines}\n"
        )
        uid = user.pw_uid if user else None
        if user:
            (base / "haproxy.cfg").chmod(0o644)
        child = Child("haproxy", [program, "-db", "-f", str(base / "haproxy.cfg")], ready=listens(port), user=uid)
        super().__init__(f"http://127.0.0.1:{port}/", base, child)

    def tell(self, command: str) -> str:
        """A command by hand, and its answer."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(self.address.removeprefix("unix://"))
            connection.sendall(f"{command}\n".encode())
            return connection.makefile().read()

    def weights(self) -> dict[str, int]:
        """As they are now, by server."""
        rows = [row.split() for row in self.tell("show servers state shop").splitlines() if row[:1].isdigit() and " " in row]
        return {row[3]: int(row[7]) for row in rows}


class Edge(Server):
    """Debian's nginx before one backend, with the edge agent's files; `agent` brings readings into force."""

    def __init__(self, backend: Backend, **options: Any) -> None:
        program = needed("nginx", "nginx-light")
        base = Path(tempfile.mkdtemp(prefix="roadworks-nginx-"))
        base.chmod(0o755)
        port = free_ports(1)[0]
        if options.pop("cached", False):
            options["cache"] = str(base / "cache")
            (base / "cache").mkdir()
            (base / "cache").chmod(0o777)
        conf = base / "nginx.conf"
        temporary = " ".join(f"{name}_temp_path {base}/{name};" for name in TEMPORARY)
        conf.write_text(NGINX.format(base=base, temporary=temporary, backend=backend.port, port=port))
        url = f"http://127.0.0.1:{port}"
        ours, command = configuration.Edge("orders", **options), [program, "-c", str(conf)]
        self.agent = Nginx(ours, base / "edge", command, probe=url, pid=base / "nginx.pid")
        child = Child("nginx", [program, "-c", str(conf)], ready=listens(port), stop_signal=signal.SIGQUIT)
        super().__init__(url, base, child)

    def set(self, mode: str, version: int = 1, **value: Any) -> None:
        self.agent(Reading(mode, version, {"mode": mode, **value}, "current", "e1"))


def remove(server: Server) -> None:
    server.stop()
    shutil.rmtree(server.supervisor.logs, ignore_errors=True)
