"""One feed with every case that calendars quarrel about, and five programs of strangers that must see the same occurrences (R-E15)."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction

from tests import given_windows as given
from windows.access.roles import Role
from windows.approvals.commands import amend_window
from windows.lifecycle.states import WindowStatus
from windows.scheduling import ical, vevent
from windows.scheduling.commands.drafts import cancel_window, discard_draft
from windows.scheduling.commands.feeds import issue_feed
from windows.scheduling.commands.series import Pattern, create_series
from windows.scheduling.commands.transitions import move
from windows.scheduling.models import Window

pytestmark = pytest.mark.django_db(transaction=True)
CONSUMERS = Path(__file__).parent.parent / "consumers"
BERLIN = ZoneInfo("Europe/Berlin")
HOUR = timedelta(hours=1)
Occurrence = tuple[str, str, str]  # begin and end in UTC, title
# A backslash before an n is left out: khal's library and node-ical read the escaped one as a line break.
HOSTILE = 'a;b,c:d\\ "e" \\x BEGIN:VALARM; é🚧 ' + "Größe 🚧 " * 18


def publish(window: Window, actor: Any) -> Window:
    with transaction.atomic():
        return move(window.pk, WindowStatus.REQUESTED, actor, "window.requested", expected=WindowStatus.DRAFT)


def clock_changes(zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The local midnights before the next jump forward and the next jump back."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=3)
    found = {}
    for moment in vevent.transitions(zone, now, now + timedelta(days=380)):
        after, before = moment.astimezone(zone).utcoffset(), (moment - HOUR).astimezone(zone).utcoffset()
        found.setdefault(after > before, moment.astimezone(zone).replace(hour=0, minute=0, second=0, fold=0))  # type: ignore[operator]
    return found[True], found[False]


def series(ada: Any, slug: str, first: datetime, rule: str, count: int, **said: Any) -> list[Window]:
    """A published series but for one draft, which is thrown away: the feed must leave it out."""
    window = given.window(ada, slug, starts_at=first.astimezone(UTC), timezone=str(first.tzinfo), **said)
    create_series(ada, window.pk, Pattern(rrule=f"{rule};COUNT={count}"), window.version)
    made = list(Window.objects.filter(series__isnull=False, scopes__service__slug=slug).order_by("starts_at"))
    assert len(made) == count
    discard_draft(ada, made[2].pk)
    for one in made[:2] + made[3:]:
        publish(one, ada)
    return made


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    """Moved, cancelled, midnight to morning, both clock changes, half-hour zones, folded and hostile text, and three series."""
    ada, olga = given.actor("ada", ("shop", Role.OWNER)), given.actor("olga", ("shop", Role.OWNER))
    spring, autumn = clock_changes(BERLIN)
    moved = publish(given.window(ada, "s1", title="moved"), ada)
    later = moved.starts_at + 3 * HOUR
    amend_window(ada, moved.pk, {"starts_at": later, "ends_at": later + HOUR}, Window.objects.get(pk=moved.pk).version)
    cancel_window(ada, publish(given.window(ada, "s2", title="cancelled"), ada).pk, "Not needed.")
    midnight = (given.soon(60).astimezone(BERLIN)).replace(hour=0)
    publish(given.window(ada, "s3", title="night", starts_at=midnight.astimezone(UTC), hours=8, timezone="Europe/Berlin"), ada)
    for number, change in enumerate((spring, autumn)):
        begins = change.replace(hour=1, minute=30).astimezone(UTC)
        publish(given.window(ada, f"c{number}", title=f"change {number}", starts_at=begins, hours=3, timezone="Europe/Berlin"), ada)
    for number, zone in enumerate(("Asia/Kolkata", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")):
        publish(given.window(ada, f"z{number}", title=zone, starts_at=given.soon(100, 15), hours=1.5, timezone=zone), ada)
    publish(given.window(ada, "h", title=HOSTILE[:200], reason=HOSTILE, expected_impact="\n" + HOSTILE), ada)
    made = series(ada, "r1", (spring - timedelta(days=2)).replace(hour=22, minute=30), "FREQ=DAILY", 6, title="nightly")
    one = Window.objects.get(pk=made[3].pk)
    amend_window(
        ada, one.pk, {"starts_at": one.starts_at + 2 * HOUR, "ends_at": one.ends_at + 2 * HOUR, "title": "nightly, later"}, one.version
    )
    cancel_window(ada, made[4].pk, "Not needed.")
    series(ada, "r2", (autumn - timedelta(days=14)).replace(hour=22, minute=15), "FREQ=WEEKLY;BYDAY=SA,SU", 9, title="weekends")
    series(ada, "r3", given.soon(48).astimezone(ZoneInfo("Australia/Lord_Howe")).replace(hour=21), "FREQ=MONTHLY", 12, title="monthly")
    row, _ = issue_feed(olga, "all")
    (tmp_path / "feed.ics").write_bytes(ical.feed(row, olga, datetime.now(UTC)))
    return tmp_path / "feed.ics"


def at(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def expected(*, cancelled: bool = True) -> list[Occurrence]:
    rows = Window.objects.exclude(published_at=None)
    rows = rows if cancelled else rows.exclude(status="cancelled")
    return sorted((at(one.starts_at), at(one.ends_at), f"{one.reference}: {one.title}") for one in rows)


def lines(text: str) -> list[Occurrence]:
    """What a consumer printed, one JSON list a line; times in any ISO form."""
    found = [json.loads(line) for line in text.splitlines()]
    return sorted((moment(one[0]), moment(one[1]), one[2]) for one in found if isinstance(one, list))


def moment(text: str) -> str:
    return at(datetime.fromisoformat(text.replace("Z", "+00:00")))


def run(*words: str, home: Path, **more: str) -> str:
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", "TZ": "UTC", **more}
    done = subprocess.run(words, env=environ, capture_output=True, text=True, timeout=120, input="y\ny\n")
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def khal(home: Path, store: Path) -> list[Occurrence]:
    (home / "khal.conf").write_text(
        f"[calendars]\n[[all]]\npath = {store}\n[sqlite]\npath = {home}/khal.db\n"
        "[locale]\nlocal_timezone = UTC\ndefault_timezone = UTC\ntimeformat = %H:%M\ndateformat = %Y-%m-%d\n"
        "longdateformat = %Y-%m-%d\ndatetimeformat = %Y-%m-%dT%H:%MZ\nlongdatetimeformat = %Y-%m-%dT%H:%MZ\n"
    )
    words = ("list", "--format", "{start-long}|{end-long}|{title}", "--day-format", "", f"{datetime.now(UTC):%Y-%m-%d}", "500d")
    told = run("khal", "-c", str(home / "khal.conf"), *words, home=home)
    found = {tuple(line.split("|", 2)) for line in told.splitlines() if line}  # once for each day it touches
    return sorted((begins, ends, title) for begins, ends, title in found)


needs_khal = pytest.mark.skipif(
    not (shutil.which("khal") and shutil.which("vdirsyncer")), reason="needs the Debian packages khal and vdirsyncer"
)


@needs_khal
def test_r_e15_vdirsyncer_fetches_and_khal_agrees(feed: Path, tmp_path: Path, live_server: Any) -> None:
    """vdirsyncer reads the real address and splits the feed; khal lists what it stored."""
    ada = given.actor("ada", ("shop", Role.OWNER))
    _, raw = issue_feed(ada, "all")
    (tmp_path / "vdirsyncer.conf").write_text(
        f'[general]\nstatus_path = "{tmp_path}/status"\n[pair p]\na = "web"\nb = "disk"\ncollections = null\n'
        f'[storage web]\ntype = "http"\nurl = "{live_server.url}/feeds/{raw}.ics"\n'
        f'[storage disk]\ntype = "filesystem"\npath = "{tmp_path}/store"\nfileext = ".ics"\n'
    )
    for verb in ("discover", "sync", "sync"):
        run("vdirsyncer", "-c", str(tmp_path / "vdirsyncer.conf"), verb, home=tmp_path)
    stored = list((tmp_path / "store").glob("*.ics"))
    uids = set(re.findall(r"(?m)^UID:(.*?)\r?$", feed.read_text()))
    assert len(stored) == len(uids)
    assert khal(tmp_path, tmp_path / "store") == expected()


@needs_khal
def test_r_e15_khal_agrees(feed: Path, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    khal(tmp_path, tmp_path / "store")
    run("khal", "-c", str(tmp_path / "khal.conf"), "import", "--batch", "-a", "all", str(feed), home=tmp_path)
    assert khal(tmp_path, tmp_path / "store") == expected()


def has_module(name: str) -> bool:
    return bool(shutil.which("node")) and subprocess.run(["node", "-e", f"require.resolve({name!r})"], capture_output=True).returncode == 0


@pytest.mark.parametrize(("module", "script"), [("node-ical", "node_ical.cjs"), ("ical.js", "ical_js.cjs")])
def test_r_e15_programs_of_the_web_agree(feed: Path, tmp_path: Path, module: str, script: str) -> None:
    if not has_module(module):
        pytest.skip(f"needs {module} from npm where NODE_PATH points, as .ci/run installs it")
    period = (f"{datetime.now(UTC):%Y-%m-%d}", f"{datetime.now(UTC) + timedelta(days=500):%Y-%m-%d}")
    told = run("node", str(CONSUMERS / script), str(feed), *period, home=tmp_path, NODE_PATH=os.environ["NODE_PATH"])
    assert lines(told) == expected()


def has_libical() -> bool:
    asked = 'import gi; gi.require_version("ICalGLib", "3.0"); from gi.repository import ICalGLib'
    return subprocess.run(["/usr/bin/python3", "-c", asked], capture_output=True).returncode == 0


@pytest.mark.skipif(not has_libical(), reason="needs the Debian packages python3-gi and gir1.2-ical-3.0")
def test_r_e15_libical_agrees_and_finds_no_error(feed: Path, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    period = (f"{now:%Y%m%dT%H%M%SZ}", f"{now + timedelta(days=500):%Y%m%dT%H%M%SZ}")
    told = run("/usr/bin/python3", str(CONSUMERS / "libical.py"), str(feed), *period, home=tmp_path)
    assert json.loads(told.splitlines()[-1]) == 0
    assert lines(told) == expected()
