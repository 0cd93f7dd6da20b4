"""P-B: a calendar feed of 10,000 events, read whole, read again unchanged, and read after one change.

    .venv/bin/python benchmarks/feeds.py [--events 10000] [--rounds 5] [--radicale PYTHON]

A store of its own; one granian worker each for the portal and for our own peers (feeds_django.py), a static file of nginx where it is
installed, and Radicale where --radicale names a Python that has it (`python3 -m venv …; pip install radicale`), holding the same events.
One reader, a connection for each request; rounds are interleaved, medians shown; only the ratios of one run mean anything.
Targets: 200 >= 20x Radicale and >= 60x icalendar from the ORM; 304 >= 200x Radicale's re-poll; after one change <= 2x the joined blocks.
"""

from __future__ import annotations

import argparse
import http.client
import os
import secrets
import shutil
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from conflicts import ROOT, store
from flags_peers import connects, free_port
from pages import serve

from portal.bootstrap.ports import answers
from portal.bootstrap.processes import Child, Supervisor

EVERY = timedelta(minutes=37)
REASON = "Planned maintenance of the storage behind it; read-only for a while; ask the team that owns it; the runbook can be undone."
SLOW = 0.1  # seconds: who takes longer is asked once a round


@dataclass
class Reader:
    """`before` runs, unmeasured, before each request."""

    name: str
    url: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    before: Callable[[], object] | None = None
    times: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        host, _, path = self.url.removeprefix("http://").partition("/")
        self.path, self.line = f"/{path}", http.client.HTTPConnection(host, timeout=600)

    def ask(self) -> tuple[float, int, http.client.HTTPMessage]:
        """Seconds until the last byte, how many bytes, and the headers."""
        if self.before:
            self.before()
        self.line.close()
        begun = time.perf_counter()
        self.line.request("GET", self.path, headers=self.headers)
        answer = self.line.getresponse()
        size = len(answer.read())
        took = time.perf_counter() - begun
        assert answer.status == self.status, f"{self.name}: {answer.status}"
        return took, size, answer.headers

    def round(self, calls: int) -> None:
        took, *_ = self.ask()
        self.times += [took, *(self.ask()[0] for _ in range(0 if took > SLOW else calls - 1))]

    @property
    def median(self) -> float:
        return statistics.median(self.times)


def fill(events: int) -> str:
    """Approved windows of one service each, their blocks written as every edit writes them; the secret of a feed of all."""
    from windows.access.roles import Actor, Role
    from windows.catalogue.models import Membership, Person, Service, Team
    from windows.scheduling.commands.feeds import issue_feed
    from windows.scheduling.commands.transitions import facts_of
    from windows.scheduling.models import Window, WindowScope
    from windows.scheduling.vevent import block

    team = Team.objects.create(slug="shop", name="Shop")
    person = Person.objects.create(email="ada@example.org", name="Ada")
    Membership.objects.create(person=person, team=team, role=Role.OWNER.value)
    services = [Service(pk=n, slug=f"service-{n}", name=f"Service {n}", team=team) for n in range(1, 501)]
    Service.objects.bulk_create(services)
    first, now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0), datetime.now(UTC)
    people = {"team": team, "owner": person, "coordinator": person, "created_by": person}
    for n in range(events):
        at, service = first + n * EVERY, services[n % 500]
        window = Window(
            pk=1001 + n, title=f"Maintenance {n} of {service.name}", reason=REASON, status="approved", starts_at=at,
            ends_at=at + timedelta(hours=1), uid=uuid.uuid4(), created_at=now, updated_at=now, published_at=now, sequence=n % 5, **people,
        )  # fmt: skip
        place = {"service": service, "environment": "production", "region": "r1", "layer": "L3"}
        scope = WindowScope(window=window, reserved=(at, window.ends_at), **place)
        window.vevent = block(facts_of(window, [scope]))
        window.save(force_insert=True)
        scope.save(force_insert=True)
    actor = Actor(name=person.name, person_id=person.pk, roles=frozenset({("shop", Role.OWNER)}), via="browser")
    return issue_feed(actor, "all")[1]


def change() -> None:
    """One window, as a command would: the row's numbers move, its block is written again, and the trail has an entry."""
    from django.db import transaction

    from windows.access.roles import ENGINE
    from windows.audit.commands import record
    from windows.scheduling.commands.transitions import facts_of
    from windows.scheduling.models import Window
    from windows.scheduling.vevent import block

    window = Window.objects.select_related("team", "coordinator", "series").get(pk=1001)
    window.version, window.sequence, window.updated_at = window.version + 1, window.sequence + 1, datetime.now(UTC)
    window.vevent = block(facts_of(window))
    with transaction.atomic():
        window.save(update_fields=["version", "sequence", "updated_at", "vevent"])
        record("window.edited", ENGINE, window.reference, window=window.reference, data={})


def radicale(supervisor: Supervisor, folder: Path, python: str) -> str:
    """The same blocks as one-event items of one collection."""
    from windows.scheduling.models import Window

    base, port = folder / "radicale", free_port()
    items = base / "collection-root/u/all"
    items.mkdir(parents=True)
    (items / ".Radicale.props").write_text('{"tag": "VCALENDAR", "D:displayname": "all"}')
    for pk, block in Window.objects.values_list("pk", "vevent"):
        (items / f"w{pk}.ics").write_bytes(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n" + bytes(block) + b"END:VCALENDAR\r\n")
    (folder / "radicale.conf").write_text(
        f"[server]\nhosts = 127.0.0.1:{port}\n[auth]\ntype = none\n[rights]\ntype = owner_write\n"
        f"[storage]\nfilesystem_folder = {base}\n[logging]\nlevel = error\n[web]\ntype = none\n"
    )
    url = f"http://127.0.0.1:{port}/u/all/"
    supervisor.start(Child("radicale", [python, "-m", "radicale", "--config", str(folder / "radicale.conf")], ready=lambda: connects(port)))
    return url


def nginx(supervisor: Supervisor, folder: Path, body: bytes) -> str | None:
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if not program:
        return None
    base, port = folder / "nginx", free_port()
    base.mkdir()
    folder.chmod(0o755)
    (base / "feed.ics").write_bytes(body)
    paths = "".join(f"{kind}_temp_path {base}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (base / "nginx.conf").write_text(
        f"worker_processes 1; pid {base}/pid; error_log stderr error; daemon off; events {{}}\n"
        f"http {{ access_log off; sendfile on; etag on; {paths} server {{ listen 127.0.0.1:{port}; root {base}; }} }}\n"
    )
    url = f"http://127.0.0.1:{port}/feed.ics"
    command = [program, "-e", "stderr", "-p", str(base), "-c", str(base / "nginx.conf")]
    supervisor.start(Child("nginx", command, ready=answers(url)))
    return url


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=20, help="of each that is quick, in a round")
    parser.add_argument("--radicale", help="a Python that has Radicale")
    given = parser.parse_args()
    os.environ["SECRET_KEY"] = secrets.token_urlsafe(50)
    with tempfile.TemporaryDirectory() as name, store():
        folder = Path(name)
        secret = fill(given.events)
        os.environ["PYTHONPATH"] = str(ROOT)
        supervisor = Supervisor(folder)
        try:
            ours = f"{serve(supervisor, 'portal', 'portal.wsgi:application', '/healthz')}/feeds/{secret}.ics"
            peers = serve(supervisor, "peers", "benchmarks.feeds_django:application", "/nop/")
            small = {"Accept-Encoding": "gzip"}
            readers = [
                Reader("roadworks 200", ours),
                Reader("roadworks 200, gzip", ours, headers=small),
                Reader("icalendar from the ORM", f"{peers}/orm.ics"),
                Reader("stored blocks joined", f"{peers}/joined.ics"),
            ]
            if given.radicale:
                readers.append(Reader("radicale", radicale(supervisor, folder, given.radicale)))
            if static := nginx(supervisor, folder, fetched(ours)):
                readers.append(Reader("nginx, a file", static))
            for reader in list(readers):
                _, size, headers = reader.ask()
                print(f"{reader.name:28}{size:12,} bytes")
                if reader.name.startswith("nginx") or reader.name == "roadworks 200":
                    known = reader.headers | {"If-None-Match": headers["ETag"]}
                    readers.append(Reader(f"{reader.name.removesuffix(' 200')}, unchanged 304", reader.url, 304, known))
            for _ in range(given.rounds):
                for reader in readers:
                    reader.round(given.calls)
            after = [
                Reader("roadworks after a change", ours, before=change),
                Reader("roadworks, gzip, after a change", ours, headers=small, before=change),
                Reader("joined after a change", f"{peers}/joined.ics", before=change),
            ]
            for _ in range(given.rounds):
                for reader in after:
                    reader.round(given.calls)
            report([*readers, *after])
        finally:
            supervisor.stop()
    return 0


def fetched(url: str) -> bytes:
    reader = Reader("once", url)
    reader.line.request("GET", reader.path)
    return reader.line.getresponse().read()


def report(readers: list[Reader]) -> None:
    print(f"\n{'':34}{'median ms':>10}{'worst ms':>10}")
    for one in readers:
        print(f"{one.name:34}{one.median * 1000:10.2f}{max(one.times) * 1000:10.2f}")
    took = {one.name: one.median for one in readers}
    print()
    for mine, peer, target in (
        ("roadworks 200", "radicale", "at least 20"),
        ("roadworks 200, gzip", "radicale", ""),
        ("roadworks 200", "icalendar from the ORM", "at least 60"),
        ("roadworks, unchanged 304", "radicale", "at least 200"),
        ("roadworks 200", "nginx, a file", ""),
        ("roadworks after a change", "joined after a change", "at least 0.5"),
    ):
        if peer in took:
            print(f"{mine}: {took[peer] / took[mine]:.2f} x as fast as {peer}" + (f" (target {target})" if target else ""))


if __name__ == "__main__":
    sys.exit(main())
