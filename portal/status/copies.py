"""Everything the public page consists of, as text by path: HTML, its sheet, JSON, Atom, iCalendar."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from icalendar import Calendar, Event

from portal.status.document import UNDER_WAY, Page, documents, name_of
from windows.announcements.queries import PublicComponent, PublicMaintenance
from windows.announcements.states import PublicStatus

Copies = dict[str, tuple[str, str]]  # path below /status/ → (content type, text)
PAST = timedelta(days=30)  # what is past is on the page so long
SHEETS = ("portal/tokens.css", "portal/status.css")
CANNOT_BE_KNOWN = datetime(2000, 1, 1, tzinfo=UTC)  # nothing was ever published


def copies(components: Sequence[PublicComponent], maintenances: Sequence[PublicMaintenance], now: datetime) -> Copies:
    """The same facts give the same text, but for what leaves the page with age."""
    changed = max([*(one.updated_at for one in components), *(one.updated_at for one in maintenances)], default=CANNOT_BE_KNOWN)
    page = Page(settings.STATUS_PAGE_NAME, f"{settings.FLAGS_URL}/status", changed)
    told = documents(page, components, maintenances)
    found = {f"api/v2/{path}": ("application/json", json.dumps(document, ensure_ascii=False)) for path, document in told.items()}
    return found | {
        "": ("text/html; charset=utf-8", html(page, components, maintenances, now)),
        "status.css": ("text/css; charset=utf-8", static(*SHEETS)),
        "icon.svg": ("image/svg+xml", static("portal/favicon.svg")),
        "history.atom": ("application/atom+xml; charset=utf-8", atom(page, maintenances)),
        "maintenance.ics": ("text/calendar; charset=utf-8", calendar(page, maintenances)),
    }


def html(page: Page, components: Sequence[PublicComponent], maintenances: Sequence[PublicMaintenance], now: datetime) -> str:
    names = {one.id: one.name for one in components}
    under_way = [one for one in maintenances if one.status in UNDER_WAY]
    busy = {number for one in under_way for number in one.components}
    rows = {
        "now": under_way,
        "upcoming": sorted((one for one in maintenances if one.status is PublicStatus.SCHEDULED), key=lambda one: one.starts_at),
        "past": [one for one in maintenances if one.status is PublicStatus.COMPLETED and one.ends_at > now - PAST],
    }
    shown = {name: [row(one, names, now) for one in some] for name, some in rows.items()}
    context = {"page": page, "components": [(one, one.id in busy) for one in components], "past_days": PAST.days, **shown}
    with timezone.override(UTC):
        return render_to_string("status/page.html", context)


def row(one: PublicMaintenance, names: dict[int, str], now: datetime) -> dict[str, object]:
    touched = [names[number] for number in one.components if number in names]
    is_late = one.status is PublicStatus.SCHEDULED and one.starts_at < now
    said = "delayed, not begun yet" if is_late else one.called(one.status)
    return {"code": name_of("maintenance", one.uid.hex), "told": one, "components": touched, "status": said}


def static(*names: str) -> str:
    return "\n".join(Path(found).read_text() for name in names if isinstance(found := finders.find(name), str))


def atom(page: Page, maintenances: Sequence[PublicMaintenance]) -> str:
    """One entry for each update, the newest first."""
    feed = Atom1Feed(page.name, f"{page.url}/", "Planned maintenance", feed_url=f"{page.url}/history.atom", language="en")
    updates = sorted(((update, one) for one in maintenances for update in one.updates), key=lambda pair: pair[0].at, reverse=True)
    for update, one in updates[:50]:
        link = f"{page.url}/#{name_of('maintenance', one.uid.hex)}"
        number = name_of("update", update.id)
        feed.add_item(
            f"{one.title} ({one.called(update.status)})", link, update.body, pubdate=update.at, updateddate=update.at,
            unique_id=f"{page.url}/updates/{number}", unique_id_is_permalink=False,
        )  # fmt: skip
    return str(feed.writeString("utf-8"))


def calendar(page: Page, maintenances: Sequence[PublicMaintenance]) -> str:
    """RFC 5545. One that is called off stays, as CANCELLED; SEQUENCE counts what was said of it."""
    told = Calendar()
    told.add("prodid", "-//Roadworks//Status page//EN")
    told.add("version", "2.0")
    told.add("x-wr-calname", page.name)
    for one in maintenances:
        event = Event()
        event.add("uid", f"{name_of('maintenance', one.uid.hex)}@status")
        event.add("dtstamp", one.updated_at.astimezone(UTC))
        event.add("last-modified", one.updated_at.astimezone(UTC))
        event.add("dtstart", one.starts_at.astimezone(UTC))
        event.add("dtend", one.ends_at.astimezone(UTC))
        event.add("summary", one.title)
        event.add("description", "\n\n".join(update.body for update in one.updates))
        event.add("url", f"{page.url}/#{name_of('maintenance', one.uid.hex)}")
        event.add("sequence", len(one.updates))
        event.add("status", "CANCELLED" if one.is_called_off else "CONFIRMED")
        event.add("transp", "TRANSPARENT")
        told.add_component(event)
    return bytes(told.to_ical()).decode()
