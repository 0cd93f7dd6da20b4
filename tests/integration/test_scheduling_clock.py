"""Decisions follow the database's clock: a process whose own clock is wrong decides the same."""

import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection

from tests import given_windows as given
from windows.access.roles import Role
from windows.approvals.commands import decide, expire_requests, request_window
from windows.approvals.queries import standing
from windows.audit.clock import clock
from windows.errors import Invalid
from windows.scheduling.commands.drafts import create_draft
from windows.scheduling.commands.freezes import FreezeDraft, create_freeze
from windows.scheduling.commands.occurrences import extend_series
from windows.scheduling.commands.series import Pattern, create_series
from windows.scheduling.models import Window
from windows.scheduling.queries import conflicts_of
from windows.scheduling.queries.series import HORIZON, STEP

ROOT = Path(__file__).resolve().parents[2]
SKEWS = [timedelta(minutes=10), timedelta(minutes=-10), timedelta(hours=-1)]


@pytest.mark.django_db
@pytest.mark.parametrize("skew", SKEWS, ids=str)
def test_r_e07_a_wrong_clock_decides_the_same(skew: timedelta) -> None:
    """Five minutes before and after an instant, on a process that is ten minutes fast or slow, or an hour behind."""
    ada, olga = given.actor("ada", ("shop", Role.MEMBER)), given.actor("olga", ("shop", Role.OWNER))
    sam = given.actor("sam", ("platform", Role.SRE))
    given.service("orders")
    now, minute = clock(), timedelta(minutes=1)
    soon, past = (given.draft_of(ada, starts_at=now + offset * minute) for offset in (5, -5))
    over = given.window(ada, starts_at=now + 9 * minute)
    Window.objects.filter(pk=over.pk).update(starts_at=now - 9 * minute)
    with time_machine.travel(datetime.now(UTC) + skew, tick=True):
        with pytest.raises(Invalid) as refused:
            create_draft(ada, past)
        assert refused.value.field == "starts_at"
        window = request_window(ada, create_draft(ada, soon).pk)
        assert expire_requests() == []
        assert abs(window.updated_at - now) < minute
        assert decide(olga, window.pk, "approved").status == "approved" and standing(window.pk).valid
        with pytest.raises(Invalid):
            create_freeze(sam, FreezeDraft(title="Over", starts_at=now - 9 * minute, ends_at=now - 5 * minute))
        create_freeze(sam, FreezeDraft(title="Ends soon", starts_at=now - 9 * minute, ends_at=now + 5 * minute))
        assert [finding.who for finding in conflicts_of(over.pk) if finding.kind == "freeze"] == ["Ends soon"]
        waiting = request_window(sam, given.window(ada, "mail", starts_at=now + 7 * minute).pk, reason="One room.")
        Window.objects.filter(pk=waiting.pk).update(starts_at=now - minute)
        assert expire_requests() == [waiting.reference]


@pytest.mark.django_db
@pytest.mark.parametrize("skew", [timedelta(days=40), timedelta(days=-40)], ids=str)
def test_r_e07_a_series_is_made_as_far_ahead_as_the_database_says(skew: timedelta) -> None:
    """A worker whose clock is weeks off makes neither an occurrence too many nor one too few."""
    ada = given.actor("ada", ("shop", Role.OWNER))
    window = given.window(ada, starts_at=given.soon(72))
    with time_machine.travel(datetime.now(UTC) + skew, tick=True):
        series = create_series(ada, window.pk, Pattern(rrule="FREQ=WEEKLY"), window.version)
        assert extend_series(series.pk) == []
    last = Window.objects.filter(series=series).latest("starts_at").starts_at
    assert clock() + HORIZON - timedelta(days=7) < last <= clock() + HORIZON + STEP


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(shutil.which("faketime") is None, reason="needs the Debian package faketime")
@pytest.mark.parametrize("skew", ["+10 minutes", "-10 minutes"])
def test_r_e07_a_process_under_faketime_expires_nothing_early_or_late(skew: str) -> None:
    ada: Any = given.actor("ada", ("shop", Role.MEMBER))
    olga: Any = given.actor("olga", ("shop", Role.OWNER))
    due, early = (request_window(olga, given.window(ada, slug).pk, reason="One room.") for slug in ("orders", "mail"))
    Window.objects.filter(pk=due.pk).update(starts_at=clock() - timedelta(minutes=5))
    Window.objects.filter(pk=early.pk).update(starts_at=clock() + timedelta(minutes=5))
    base = settings.DATABASES["default"]
    url = f"postgresql://{base['USER']}@/{connection.settings_dict['NAME']}?host={base['HOST']}"
    act = "from windows.approvals.commands import expire_requests; print(int(time.time()), *expire_requests())"
    script = f"import django, time; django.setup(); {act}"
    environ = {
        "PATH": "/usr/bin:/bin",
        "DATABASE_URL": url,
        "ROADWORKS_LOCAL": "1",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        ["faketime", "-f", skew.split(maxsplit=1)[0] + "m", sys.executable, "-W", "ignore", "-c", script],
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told, *expired = done.stdout.split()
    assert abs(int(told) - clock().timestamp()) > 500, "the process's clock was not moved"
    assert expired == [due.reference]


def test_r_e07_planning_never_asks_its_own_clock() -> None:
    sources = [
        path for slice_ in ("scheduling", "approvals") for path in (ROOT / "windows" / slice_).rglob("*.py") if "api" not in path.parts
    ]
    own = re.compile(r"timezone\.now|datetime\.now|time\.time\(|utcnow|date\.today")
    assert len(sources) > 30 and not [path.name for path in sources if own.search(path.read_text())]
