"""Two sites of one database, real PostgreSQL servers of which one follows the other, who steers them, and the users they have."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import psycopg
from prometheus_client import CollectorRegistry, Counter, Summary

from portal.bootstrap.postgres import Cluster
from tests.given_templates import Node
from tests.measured import until
from tests.servers import Server, folder, needed

QUICK = ("fsync=off", "full_page_writes=off", "wal_receiver_status_interval=1s", "wal_retrieve_retry_interval=200ms", "shared_buffers=16MB")
SITE = """#!{python}
import sys, urllib.request
told = urllib.request.Request("http://127.0.0.1:{port}/" + "/".join(sys.argv[1:]), method="POST")
urllib.request.build_opener(urllib.request.ProxyHandler({{}})).open(told, timeout=120).close()
"""


class Site:
    def __init__(self, base: Path, name: str, user: object) -> None:
        self.name, self.pause = name, 0.0
        self.cluster = Cluster(base / name / "postgres", Path("/usr/lib/postgresql/15/bin"), user, base / name / "run")
        self.server: Server | None = None
        self.inside = 0

    @property
    def url(self) -> str:
        return self.cluster.url

    def start(self) -> None:
        if self.server is None:
            self.server = Server(self.url, self.cluster.home, self.cluster.child(*QUICK, name=self.name))
        else:
            self.server.start()

    def stop(self) -> None:
        if self.server and self.server.is_running():
            os.kill(self.server.pid, signal.SIGINT)
            self.server.child.process.wait()

    def follow(self, leader: Site) -> None:
        """Its data thrown away and taken from the leader anew."""
        self.stop()
        shutil.rmtree(self.cluster.data, ignore_errors=True)
        self.cluster.run("pg_basebackup", "-h", leader.cluster.sockets, "-U", "roadworks", "-D", self.cluster.data, "-R", "-c", "fast")
        self.start()

    def ask(self, query: str) -> int:
        with psycopg.connect(self.url, autocommit=True) as own:
            found = own.execute(query).fetchone()
            return int(found[0]) if found else 0


class Sites(HTTPServer):
    """`used` is where users are led. Its one thread starts the servers: they end with the thread that started them."""

    def __init__(self) -> None:
        needed("/usr/lib/postgresql/15/bin/postgres", "postgresql-15")
        super().__init__(("127.0.0.1", 0), Steering)
        self.base, user = folder("sites")
        self.old, self.new = Site(self.base, "old-site", user), Site(self.base, "new-site", user)
        self.used, self.ready, self.choosing = self.old, threading.Event(), threading.Lock()
        self.metrics = CollectorRegistry()
        self.requests = Counter("client_requests", "Of users", registry=self.metrics)
        self.errors = Counter("client_errors", "Of users", registry=self.metrics)
        self.seconds = Summary("client_seconds", "Taken", ["site"], registry=self.metrics)
        self.written, self.failed = 0, list[str]()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self) -> None:
        self.old.cluster.create()
        with (self.old.cluster.data / "pg_hba.conf").open("a") as rules:
            rules.write("local replication all trust\n")
        self.old.start()
        self.old.cluster.create_database()
        with psycopg.connect(self.old.url) as own:
            own.execute("create table orders (id bigint generated always as identity primary key, note text)")
        self.new.cluster.create()
        self.new.follow(self.old)
        self.ready.set()
        self.serve_forever(0.05)

    def steer(self, verb: str, name: str) -> None:
        site, other = (self.old, self.new) if name == "old-site" else (self.new, self.old)
        if verb == "use":
            with self.choosing:
                self.used = site
            until(lambda: not other.inside, f"that nobody is at {other.name} any more")
        elif verb == "follow":
            site.follow(other)
        elif verb == "lead" and site.ask("select pg_is_in_recovery()::int"):
            end = f"select pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '{self.end_of(other)}')::bigint"
            until(lambda: site.ask(end) >= 0, f"that {name} has every byte")
            site.ask("select pg_promote(true)::int")

    def end_of(self, site: Site) -> str:
        with psycopg.connect(site.url) as own:
            return str(own.execute("select pg_current_wal_lsn()").fetchone()[0])

    def use(self, query: str) -> bool:
        """One user's request, and whether it went well."""
        with self.choosing:
            site = self.used
            site.inside += 1
        begun = time.monotonic()
        self.requests.inc()
        try:
            time.sleep(site.pause)
            site.ask(query)
            return True
        except psycopg.Error as error:
            self.errors.inc()
            self.failed.append(f"{site.name}: {error}")
            return False
        finally:
            self.seconds.labels(site.name).observe(time.monotonic() - begun)
            with self.choosing:
                site.inside -= 1

    def write(self, node: Calm) -> None:
        with node.writing:
            if node.mode == "normal":
                self.written += self.use("insert into orders (note) values ('moved along') returning id")

    def read(self) -> None:
        self.use("select count(*) from orders")

    def commands(self, folder: Path) -> Path:
        (folder / "site").write_text(SITE.format(python=sys.executable, port=self.server_address[1]))
        (folder / "site").chmod(0o755)
        return folder


class Steering(BaseHTTPRequestHandler):
    server: Sites

    def do_POST(self) -> None:
        verb, name = self.path.strip("/").split("/")
        self.server.steer(verb, name)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Calm(Node):
    """Takes a mode up, and says so, only when no request of before is under way."""

    def __init__(self, service: str, region: str = "r1") -> None:
        self.writing = threading.Lock()
        super().__init__(service, region)

    @property
    def mode(self) -> str:
        return self.held

    @mode.setter
    def mode(self, mode: str) -> None:
        with self.writing:
            self.held = mode


@contextmanager
def sites() -> Iterator[Sites]:
    made = Sites()
    try:
        until(made.ready.is_set, "the two sites")
        yield made
    finally:
        if made.ready.is_set():
            made.shutdown()
        made.old.stop()
        made.new.stop()
        made.server_close()
        shutil.rmtree(made.base, ignore_errors=True)
