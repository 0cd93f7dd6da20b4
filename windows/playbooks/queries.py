"""Nouns that read: playbooks, their versions, and those that an alert or a runbook leads to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q

from windows.errors import NotFound
from windows.playbooks.models import Playbook, PlaybookTrigger, PlaybookVersion
from windows.playbooks.text import Trigger

MOST = 500


@dataclass(frozen=True, slots=True)
class PlaybookRow:
    slug: str
    title: str
    team: str
    versions: int
    newest_at: datetime | None
    is_example: bool
    triggers: tuple[Trigger, ...]


@dataclass(frozen=True, slots=True)
class Guide:
    """A playbook as others link to it."""

    slug: str
    title: str


def playbooks(*, team: str = "", containing: str = "") -> list[PlaybookRow]:
    """By title; of one team, or with a word in title, slug or what opens it. Two queries."""
    found = Playbook.objects.all()
    if team:
        found = found.filter(team=team)
    if containing:
        opened = Q(triggers__alert__icontains=containing) | Q(triggers__when__icontains=containing) | Q(triggers__service=containing)
        found = found.filter(Q(title__icontains=containing) | Q(slug__icontains=containing) | opened)
    counted = Playbook.objects.filter(pk__in=found.values("pk")).annotate(count=Count("versions"), newest_at=Max("versions__created_at"))
    return [
        PlaybookRow(one.slug, one.title, one.team, one.count, one.newest_at, one.is_example, triggers_of(one))
        for one in counted.prefetch_related("triggers").order_by("title", "slug")[:MOST]
    ]


def triggers_of(one: Playbook) -> tuple[Trigger, ...]:
    return tuple(Trigger(row.alert, row.service, row.when) for row in sorted(one.triggers.all(), key=lambda row: row.pk))


def playbook(slug: str) -> Playbook:
    """NotFound where there is none."""
    found = Playbook.objects.filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no playbook {slug[:63]} here.")
    return found


def versions(slug: str) -> list[PlaybookVersion]:
    """The newest first; NotFound where there is no such playbook."""
    return list(playbook(slug).versions.select_related("playbook").order_by("-number"))


def version(slug: str, number: int | None = None) -> PlaybookVersion:
    """One version, or the newest; NotFound where there is none."""
    found = PlaybookVersion.objects.select_related("playbook").filter(playbook__slug=slug).order_by("-number")
    one = (found if number is None else found.filter(number=number)).first()
    if one is None:
        raise NotFound(f"There is no {'playbook' if number is None else f'version {number} of the playbook'} {slug[:63]} here.")
    return one


def guides_for(alerts: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], list[Guide]]:
    """For each (alert, service) the playbooks that it opens, those that name the service first. One query, none where none is asked."""
    wanted = set(alerts)
    if not wanted:
        return {}
    rows = PlaybookTrigger.objects.filter(alert__in={alert for alert, _ in wanted if alert}).select_related("playbook")
    ordered = sorted(rows, key=lambda row: (row.service == "", row.playbook.title, row.pk))
    found = {}
    for alert, service in wanted:
        fits = [row.playbook for row in ordered if Trigger(row.alert, row.service).fits(alert, service)]
        if fits:
            found[alert, service] = list(dict.fromkeys(Guide(one.slug, one.title) for one in fits))
    return found


def guides_named(slugs: Collection[str]) -> list[Guide]:
    """Those of these names that are here, as they are named. One query, none where none is named."""
    if not slugs:
        return []
    titles = dict(Playbook.objects.filter(slug__in=slugs).values_list("slug", "title"))
    return [Guide(slug, titles[slug]) for slug in slugs if slug in titles]
