"""Verb of time: read in the audit trail what became of windows, and tell those whom they touch, once for each entry.

The chain of the trail is read from where the last reading ended: a tick that is lost or doubled tells nothing twice and leaves nothing out.
Windows of a series that share one fate, all called off in one act, say, are told in one message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import OperationalError, transaction
from structlog import get_logger

from windows.access.roles import SCHEDULE
from windows.audit.clock import clock
from windows.audit.commands import record_each
from windows.audit.queries import TrailEntry, chain_standing, sealed
from windows.delivery.commands import Saying, reach
from windows.delivery.models import Urgency
from windows.notices.commands.telling import told_of
from windows.notices.deciding import KINDS, PERIOD, What, hearers, what
from windows.notices.queries import SENT, around, keys_of
from windows.notices.words import ENDS, Change, body, heading_of, period
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.models import TrailReader, Window
from windows.scheduling.queries import scopes_of, subject_of, window_id_of

READER = "notices"
log = get_logger(__name__)
ENTRIES = 200  # read at a time
Heard = tuple[TrailEntry, Window, What]


@one_transaction
def read_changes(limit: int = ENTRIES) -> int:
    """Tell what the next entries of the trail say of windows; answers how many entries were read. One reader at a time; the first time
    it begins from here on. What cannot be told holds up nothing else; where the database has a rival first, all of it is read anew."""
    reader = TrailReader.objects.select_for_update().filter(name=READER).first()
    if reader is None:
        TrailReader.objects.get_or_create(name=READER, defaults={"position": chain_standing().position})
        return 0
    entries = sealed(after=reader.position, limit=limit)
    for group in together(heard_in(entries, clock())):
        try:
            with transaction.atomic():
                tell_change(group)
        except OperationalError:
            raise  # nothing was sent yet: the next tick begins here again
        except Exception:
            log.exception("failed", act="tell what became of a window", window=group[0][1].pk)
    if entries:
        reader.position = entries[-1].position or reader.position
        reader.save(update_fields=["position"])
    return len(entries)


def heard_in(entries: Iterable[TrailEntry], now: datetime) -> list[Heard]:
    """What of them those whom a window touches hear of. One query."""
    wanted = [one for one in entries if one.kind in KINDS and one.window]
    rows = (
        Window.objects.filter(pk__in={window_id_of(one.window) for one in wanted})
        .select_related("team", "owner", "coordinator")
        .defer("vevent")
    )
    windows = {row.reference: row for row in rows} if wanted else {}
    found = [(one, windows[one.window]) for one in wanted if one.window in windows]
    told = [(one, row, what(one.kind, one.data, row.status, row.starts_at, now)) for one, row in found]
    return [(one, row, about) for one, row, about in told if about is not None]


def together(heard: list[Heard]) -> list[list[Heard]]:
    """Those that go into one message: of one series, by one act, touching the same teams. A confidential window stands alone."""
    scopes = scopes_of({row.pk for _, row, _ in heard if row.series_id}) if heard else {}
    groups: dict[Any, list[Heard]] = {}
    for entry, row, about in heard:
        alone = row.confidential or row.series_id is None
        teams = frozenset(place.team for place in scopes.get(row.pk, ()))
        key = entry.id if alone else (row.series_id, about, entry.actor_id, entry.kind, teams)
        groups.setdefault(key, []).append((entry, row, about))
    return list(groups.values())


def tell_change(group: list[Heard]) -> int:
    """One message for each who hears of it; how many ways it goes. The trail says so for each window."""
    entry, window, about = group[0]
    near, teams = around(window, entry.actor_id)
    people = hearers(about, near)
    told, change = told_of(window), change_of(about, entry)
    others = [f"{row.reference}, {period(row.starts_at, row.ends_at)}" for _, row, _ in group[1:]]
    fact = f"{keys_of(window.pk)}{about.value}:{entry.id}"
    said = Saying(
        fact, Urgency.NOTICE, heading_of(told, change, len(others)), body(told, change, others), window.reference, about=subject_of(window),
        timezone=window.timezone, heard_as=Urgency.PAGE if about is What.OVERRAN else None,
    )  # fmt: skip
    ways = reach(said, people, [] if window.confidential else teams)
    if ways:
        facts = {"fact": fact, "what": about.value, "people": len(people), "ways": ways, "teams": teams}
        acts = [(SENT, row.reference, row.reference, facts | beside(row, window)) for _, row, _ in group]
        record_each(acts, SCHEDULE)
    return ways


def beside(row: Window, first: Window) -> dict[str, str]:
    return {} if row.pk == first.pk else {"with": first.reference}


def change_of(about: What, entry: TrailEntry) -> Change:
    data, because = entry.data, str(entry.data.get("reason", ""))
    if about is What.MOVED:
        because = "It must be approved anew." if data.get("approvals") == "lapsed" else because
        return Change(about, because, before=before(data))
    if about is What.LONGER:
        return Change(about, because, until=datetime.fromisoformat(data["until"]))
    return Change(about, because, ended=ENDS.get(entry.kind, ""))


def before(data: Mapping[str, Any]) -> tuple[datetime, datetime] | None:
    """The period from which it was moved; None where that cannot be told."""
    told = [str(data["changed"][name][0] if name in data["changed"] else data.get(name, "")) for name in PERIOD]
    return (datetime.fromisoformat(told[0]), datetime.fromisoformat(told[1])) if all(told) else None
