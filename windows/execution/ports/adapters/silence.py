"""A silence in Alertmanager: placed for a few minutes and renewed while its window lives, so that it lapses when nobody of us does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings

from windows.actions.ports import Observed
from windows.audit.clock import clock
from windows.execution.models import Surface
from windows.execution.ports.alertmanager import Alertmanager
from windows.execution.ports.limits import Limits

MOMENT = timedelta(seconds=1)


def observe(row: Surface, limits: Limits) -> Observed:
    found = alertmanager(limits).silence(row.handle) if row.handle else None
    if found is None:
        return Observed(False, {"state": "missing"}, "There is no such silence.")
    state, until = found["status"]["state"], datetime.fromisoformat(found["endsAt"].replace("Z", "+00:00"))
    if state == "expired":
        return Observed(False, {"state": state}, f"It ended at {until:%H:%M:%S} UTC.", row.handle)
    if not same(found["matchers"], row.desired["matchers"]):
        return Observed(False, {"state": state, "matchers": found["matchers"]}, "Somebody changed what it covers.", row.handle)
    return Observed(True, {"state": state}, f"In force until {until:%H:%M:%S} UTC unless renewed.", row.handle, until)


def mend(row: Surface, limits: Limits) -> Observed:
    """The one we know is prolonged; one whose placing was not heard of is found by its mark; else a new one. What bears our mark and
    covers something else was made out of ours by hand, and goes."""
    there, name = alertmanager(limits), row.handle
    for each in there.marked(mark(row), row.desired["matchers"][0]):
        if not same(each["matchers"], row.desired["matchers"]):
            there.expire(each["id"])
        else:
            name = each["id"]
    now = clock()
    until = min(now + settings.ROADWORKS.silence_ttl, row.run.window_ends_at)
    if until <= now + MOMENT:
        return Observed(False, {"state": "over"}, "The window's end has come: nothing is silenced beyond it.", name)
    comment = f"{row.desired['comment']} {mark(row)}"
    name = there.place(row.desired["matchers"], since=now, until=until, comment=comment, name=name)
    return Observed(True, {"state": "active"}, f"In force until {until:%H:%M:%S} UTC unless renewed.", name, until)


def keep(row: Surface, seen: Observed, limits: Limits) -> Observed:
    """Renewed every silence_renew. At the window's end there is nothing to renew: it ends with it."""
    defaults, now = settings.ROADWORKS, clock()
    end = min(now + defaults.silence_ttl, row.run.window_ends_at)
    if seen.lapses_at is None or seen.lapses_at >= min(end, now + defaults.silence_ttl - defaults.silence_renew) - MOMENT:
        return seen
    return replace(mend(row, limits), state=dict(seen.state))


def end(row: Surface, limits: Limits) -> str:
    there = alertmanager(limits)
    names = {each["id"] for each in there.marked(mark(row), row.desired["matchers"][0])}
    for name in sorted(names | ({row.handle} if row.handle else set())):
        there.expire(name)
    return "The silence is taken away."


def alertmanager(limits: Limits) -> Alertmanager:
    return Alertmanager(settings.ALERTMANAGER_URL, limits)


def mark(row: Surface) -> str:
    """By this it is found again when the answer to its placing was lost."""
    return f"[{row.window.reference} {row.pk}]"


def same(theirs: list[dict[str, object]], ours: list[dict[str, object]]) -> bool:
    def told(all_: list[dict[str, object]]) -> list[tuple[object, ...]]:
        return sorted((str(each["name"]), str(each["value"]), bool(each.get("isRegex")), bool(each.get("isEqual", True))) for each in all_)

    return told(theirs) == told(ours)
