"""What the public knows of windows. The trail is read: announcements stand above us."""

from __future__ import annotations

from collections.abc import Collection

from windows.audit.models import AuditEntry
from windows.catalogue.models import Environment
from windows.lifecycle.states import Mode
from windows.scheduling.models import Window
from windows.scheduling.queries.windows import scopes_of

PUBLIC = ("component.published", "component.unpublished")
SAID = ("announcement.written", "announcement.withdrawn")


def unannounced(windows: Collection[Window]) -> dict[int, tuple[str, ...]]:
    """By window's id, those of its services that have a name on the public page, where users will notice it (so nowhere but in production)
    and no announcement tells them; windows without one are left out. Four statements at most, however many windows."""
    noticed = {window.pk: window.reference for window in windows if not window.confidential and window.mode != Mode.NORMAL}
    if not noticed:
        return {}
    production, scopes = in_production(), scopes_of(list(noticed))
    touched = {pk: sorted({row.service for row in scopes.get(pk, ()) if row.environment in production}) for pk in noticed}
    named = with_a_name({slug for slugs in touched.values() for slug in slugs})
    told = last(SAID, window__in=noticed.values(), by="window")
    found = {pk: tuple(slug for slug in slugs if slug in named) for pk, slugs in touched.items()}
    return {pk: slugs for pk, slugs in found.items() if slugs and told.get(noticed[pk]) != SAID[0]}


def known_in_public(places: Collection[tuple[str, str]]) -> tuple[str, ...]:
    """Of these places, (service, environment), the services that users meet in production under a public name. Two statements."""
    production = in_production()
    return tuple(sorted(with_a_name({service for service, environment in places if environment in production})))


def with_a_name(services: Collection[str]) -> set[str]:
    return {slug for slug, kind in last(PUBLIC, subject__in=services, by="subject").items() if kind == PUBLIC[0]}


def announced(reference: str) -> str:
    """The title under which the public is told of a window; empty where it is not, or no more. One statement."""
    entry = AuditEntry.objects.filter(window=reference, kind__in=SAID).order_by("-id").values_list("kind", "data").first()
    return str(entry[1].get("title") or reference) if entry and entry[0] == SAID[0] else ""


def in_production() -> set[str]:
    return set(Environment.objects.filter(is_production=True).values_list("slug", flat=True))


def last(kinds: Collection[str], *, by: str, **where: Collection[str]) -> dict[str, str]:
    """By what the entries are about: the kind of its last one."""
    return dict(AuditEntry.objects.filter(kind__in=kinds, **where).order_by("id").values_list(by, "kind"))
