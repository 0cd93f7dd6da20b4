"""P-F1 and P-F2: the API list of 100 windows with 10,000 stored, and the month page with 400 windows.

    .venv/bin/python benchmarks/pages.py [--rounds 3] [--seconds 3] [--windows 10000] [--peer NAME=URL|Header: value …]

Needs wrk (Debian: wrk). A store of its own; one granian worker each for the portal, our own peers (pages_django.py) and nothing else.
While all of it is measured a command edits one draft every second, but for the 304. Rounds are interleaved, medians shown; only the
ratios of one run mean anything. Name healthchecks with --peer hc-api=… and --peer hc-page=… where it runs.
`nop` answers behind the same server as we do; `nop-gunicorn` behind gunicorn with four threads, as the no-op view of the target was
measured, where gunicorn can be imported. A row with an error is no measurement.
Targets: list >= 5x `drf` and >= 4x hc-api; 304 >= 0.5x `nop-gunicorn`; month >= 4x hc-page (or, lacking it, beside the plain
template), <= 15 kB gzipped.
"""

from __future__ import annotations

import argparse
import gzip
import os
import secrets
import sys
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec

from conflicts import store
from flags_peers import free_port
from flags_read import SCRIPT, Target, get, measure

from portal.bootstrap.ports import answers
from portal.bootstrap.processes import Child, Supervisor

MONTH = 400  # windows of a month
PEERS = "benchmarks.pages_django:application"
FILL = """insert into scheduling_window (title, reason, team_id, owner_id, coordinator_id, created_by_id, status, mode, change_type,
    starts_at, ends_at, timezone, wall_start, wall_end, starts_itself, parameters, expected_impact, slack,
    confidential, is_example, version, sequence, uid, vevent, recurrence_id)
select 'Move service ' || n %% 200 || ' to the new tables', 'Because.', 1 + n %% 40, 1 + n %% 50, 1 + n %% 50, 1, 'approved', 'degraded',
    'normal', at, at + interval '90 minutes', 'UTC', '', '', true, '{}', '', 0, false, false, 1, 1, gen_random_uuid(), '', ''
from generate_series(0, %s) n, lateral (select %s::timestamptz + n * %s::interval as at) t"""
SCOPES = """insert into scheduling_windowscope (window_id, service_id, environment, region, layer, reserved, holds_slot)
select w.id, 1 + (w.id + k * 7) % 200, 'production', 'r' || k, 'L3', tstzrange(starts_at, ends_at), true
from scheduling_window w, generate_series(0, 2) k"""


def fill(windows: int, first: datetime) -> tuple[str, int]:
    """Windows evenly over months of 400, three places each; a reader's token and the id of a draft to edit."""
    from django.db import connection

    from windows.access.roles import Actor, Role
    from windows.catalogue.commands.tokens import issue_token
    from windows.catalogue.models import Deployment, Environment, Membership, Person, Region, Service, Team
    from windows.scheduling.commands.drafts import Draft, create_draft
    from windows.scheduling.commands.editing import ScopeRow

    Team.objects.bulk_create(Team(pk=n, slug=f"team-{n}", name=f"Team {n}") for n in range(1, 41))
    Person.objects.bulk_create(Person(pk=n, email=f"p{n}@example.org", name=f"Person {n}") for n in range(1, 51))
    Membership.objects.create(person_id=1, team_id=1, role=Role.OWNER.value)
    Service.objects.bulk_create(Service(pk=n, slug=f"service-{n}", name=f"Service {n}", team_id=1 + n % 40) for n in range(1, 201))
    here = Environment.objects.create(slug="production", name="Production"), Region.objects.create(slug="r0", name="R0")
    Deployment.objects.create(service_id=1, environment=here[0], region=here[1])
    person = Person.objects.get(pk=1)
    actor = Actor(name=person.name, person_id=1, roles=frozenset({("team-1", Role.OWNER)}), via="browser")
    with connection.cursor() as cursor:
        cursor.execute(FILL, [windows - 1, first, timedelta(days=30) / MONTH])
        cursor.execute(SCOPES)
        cursor.execute("analyze")
    now = datetime.now(UTC)
    times = {"starts_at": now + timedelta(days=3), "ends_at": now + timedelta(days=3, hours=1)}
    scope = (ScopeRow("service-1", "production"),)
    draft = create_draft(
        actor, Draft(title="Changes every second", reason="So.", team="team-1", owner_id=1, coordinator_id=1, scope=scope, **times)
    )
    return issue_token(actor, "benchmark", ["read"], now + timedelta(days=1))[1], draft.pk


def edit_each_second(draft: int, stop: threading.Event) -> None:
    from windows.access.roles import Actor, Role
    from windows.scheduling.commands.drafts import edit_draft

    actor, version = Actor(name="Person 1", person_id=1, roles=frozenset({("team-1", Role.OWNER)}), via="browser"), 1
    while not stop.wait(1):
        version = edit_draft(actor, draft, {"title": f"Changes every second: {version}"}, version).version


GRANIAN = (
    "granian",
    "--interface",
    "wsgi",
    "--workers",
    "1",
    "--blocking-threads",
    "4",
    "--no-ws",
    "--host",
    "127.0.0.1",
    "--port",
    "{port}",
)
GUNICORN = ("gunicorn", "--workers", "1", "--threads", "4", "--log-level", "error", "--bind", "127.0.0.1:{port}")


def serve(supervisor: Supervisor, name: str, application: str, path: str, server: tuple[str, ...] = GRANIAN) -> str:
    port = free_port()
    command = [sys.executable, "-m", *(word.replace("{port}", str(port)) for word in server), application]
    supervisor.start(Child(name, command, ready=answers(f"http://127.0.0.1:{port}{path}")))
    return f"http://127.0.0.1:{port}"


def session_of(person_id: int) -> str:
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from windows.catalogue.models import Person

    session = SessionStore()
    session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(person_id), "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = Person.objects.get(pk=person_id).get_session_auth_hash()
    session.create()
    return str(session.session_key)


def peer_of(text: str) -> Target:
    name, _, rest = text.partition("=")
    url, *headers = rest.split("|")
    return Target(name, url, dict(header.split(": ", 1) for header in headers))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--windows", type=int, default=10_000)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--peer", action="append", default=[], type=peer_of)
    given = parser.parse_args()
    first = datetime(2027, 3, 1, tzinfo=UTC)
    os.environ["SECRET_KEY"] = secrets.token_urlsafe(50)  # the server must know our session
    os.environ["ROADWORKS_API_RATE"] = os.environ["ROADWORKS_API_BURST"] = "1000000"  # one token asks for everything
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script, tempfile.TemporaryDirectory() as folder, store():
        from pathlib import Path

        script.write(SCRIPT)
        script.flush()
        token, draft = fill(given.windows, first)
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH")]))
        supervisor = Supervisor(Path(folder))
        try:
            ours = serve(supervisor, "portal", "portal.wsgi:application", "/healthz")
            plain = serve(supervisor, "peers", PEERS, "/nop/")
            bearer, cookie = {"Authorization": f"Bearer {token}"}, {"Cookie": f"sessionid={session_of(1)}"}
            listed = f"{ours}/api/v1/windows?limit=100"
            page = f"{ours}/calendar/?view=month&on={first:%Y-%m-%d}"
            body, shown = get(listed, bearer)[2], get(page, cookie)[2]
            assert body.count(b'"reference"') == 100, body[:300]
            assert shown.count(b"MW-") > 50, shown[:300]
            print(f"list {len(body):,} bytes; month page {len(shown):,} bytes, {len(gzip.compress(shown)):,} gzipped (at most 15,000)")
            changing = [
                Target("list, one row changing", listed, bearer),
                Target("drf", f"{plain}/drf/", {}),
                Target("month", page, cookie),
                Target("month, plain template", f"{plain}/month/?year=2027&month=3", {}),
                *given.peer,
            ]
            stop = threading.Event()
            writer = threading.Thread(target=edit_each_second, args=(draft, stop))
            writer.start()
            rounds(changing, given, script.name)
            stop.set()
            writer.join()
            etag = get(listed, bearer)[1]
            still = [Target("list, unchanged 304", listed, bearer | {"If-None-Match": etag}, 304), Target("nop", f"{plain}/nop/", {})]
            if find_spec("gunicorn"):
                still.append(Target("nop-gunicorn", serve(supervisor, "gunicorn", PEERS, "/nop/", GUNICORN) + "/nop/", {}))
            rounds(still, given, script.name)
            report([*changing, *still])
        finally:
            supervisor.stop()
    return 0


def rounds(targets: list[Target], given: argparse.Namespace, script: str) -> None:
    for target in targets:
        assert get(target.url, target.headers)[0] == target.status, target.name
    for number in range(given.rounds):
        turn = number % len(targets)
        for target in targets[turn:] + targets[:turn]:
            measure(target, given.seconds, script, given.connections)


def report(targets: list[Target]) -> None:
    rate = {target.name: target.rate for target in targets}
    print(f"\n{'':28}{'req/s':>9}   errors")
    for target in targets:
        print(f"{target.name:28}{target.rate:9.0f}{target.errors if target.status == 200 else 0:9}")
    pairs = [("list, one row changing", "drf", 5), ("list, one row changing", "hc-api", 4), ("list, unchanged 304", "nop", None)]
    pairs += [("list, unchanged 304", "nop-gunicorn", 0.5), ("month", "hc-page", 4), ("month", "month, plain template", None)]
    print()
    for mine, peer, target in pairs:
        if peer in rate:
            print(f"{mine}: {rate[mine] / rate[peer]:.2f} x {peer}" + (f" (target {target})" if target else ""))


if __name__ == "__main__":
    with_store = main()
    sys.exit(with_store)
