"""Series as surfaces show them, and as the pure evaluator takes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from windows.access.roles import Actor, Subject, Verb, require, visible
from windows.catalogue.models import Service
from windows.errors import NotFound
from windows.scheduling.conflicts import ConflictFinding
from windows.scheduling.models import Series, Window
from windows.scheduling.queries.conflicts_ahead import conflicts_ahead
from windows.scheduling.queries.listing import for_eyes_of
from windows.scheduling.recurrence import Recurrence, read

AHEAD = {"draft", "requested", "approved"}
HORIZON = timedelta(days=396)  # 13 months; what lies beyond is not known yet
STEP = timedelta(days=31)  # occurrences are made so much further than that, so that it is done once a month


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesView:
    """`starts` is the wall-clock time of its first occurrence; `ahead` counts those that have not ended."""

    id: int
    title: str
    team: str
    starts: str
    timezone: str
    minutes: int
    rrule: str
    rdates: tuple[str, ...]
    exdates: tuple[str, ...]
    known_until: datetime | None
    follows: int | None
    stalled: str
    version: int
    uid: str
    confidential: bool
    is_example: bool
    subject: Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceView:
    """One occurrence. `strayed` says that it was changed alone."""

    id: int
    reference: str
    recurrence_id: str
    title: str
    status: str
    starts_at: datetime
    ends_at: datetime
    version: int
    strayed: bool
    confidential: bool


def recurrence_of(series: Series) -> Recurrence:
    return read(
        datetime.fromisoformat(series.starts),
        series.timezone,
        series.rrule or None,
        [datetime.fromisoformat(day) for day in series.rdates],
        [datetime.fromisoformat(day) for day in series.exdates],
    )


def subject_of_series(series: Series) -> Subject:
    """What a series is to the role table: as its occurrences are."""
    services = {row["service"] for row in series.said["scope"]}
    return Subject(
        team=series.team.slug,
        affected_teams=frozenset(Service.objects.filter(slug__in=services).values_list("team__slug", flat=True)),
        coordinator_id=series.said["coordinator_id"],
        deputy_id=series.said["deputy_id"],
        owner_id=series.said["owner_id"],
        confidential=series.said["confidential"],
        called=f"series {series.pk}",
    )


def series_view(series_id: int, viewer: Actor) -> SeriesView:
    """One series for this viewer; NotFound where there is none or it is not for their eyes."""
    series = Series.objects.select_related("team").filter(pk=series_id).first() if series_id < 2**63 else None
    if series is None:
        raise NotFound("There is no such series.")
    subject = subject_of_series(series)
    require(viewer, Verb.READ, subject)
    return view_of(series, subject)


def view_of(series: Series, subject: Subject) -> SeriesView:
    return SeriesView(
        id=series.pk,
        title=series.said["title"],
        team=series.team.slug,
        starts=series.starts,
        timezone=series.timezone,
        minutes=round(series.lasts / timedelta(minutes=1)),
        rrule=series.rrule,
        rdates=tuple(series.rdates),
        exdates=tuple(series.exdates),
        known_until=series.known_until,
        follows=series.follows_id,
        stalled=series.stalled,
        version=series.version,
        uid=str(series.uid),
        confidential=series.said["confidential"],
        is_example=series.is_example,
        subject=subject,
    )


def series_list(viewer: Actor, *, limit: int, after: int | None = None) -> list[SeriesView]:
    """The newest series first; those that are not for the viewer's eyes are left out. One more than `limit` says that there is more."""
    rows = Series.objects.select_related("team").order_by("-id")
    found: list[SeriesView] = []
    for series in (rows.filter(pk__lt=after) if after is not None else rows).iterator(chunk_size=200):
        subject = subject_of_series(series) if series.said["confidential"] else Subject()
        if visible(viewer, subject):
            found.append(view_of(series, subject))
        if len(found) > limit:
            break
    return found


def occurrences_of(series_id: int, viewer: Actor, *, limit: int, after: str = "", since: datetime | None = None) -> list[OccurrenceView]:
    """The occurrences of a series by their own names; confidential ones only for who may see them. One more than `limit` says "more"."""
    rows = Window.objects.filter(for_eyes_of(viewer), series=series_id, recurrence_id__gt=after).defer("vevent").order_by("recurrence_id")
    if since is not None:
        rows = rows.filter(ends_at__gt=since)
    return [occurrence_of(window) for window in rows[: limit + 1]]


def occurrence_of(window: Window) -> OccurrenceView:
    return OccurrenceView(
        id=window.pk,
        reference=window.reference,
        recurrence_id=window.recurrence_id,
        title=window.title,
        status=window.status,
        starts_at=window.starts_at,
        ends_at=window.ends_at,
        version=window.version,
        strayed=window.strayed_at is not None,
        confidential=window.confidential,
    )


def conflicts_of_coming(rows: list[OccurrenceView], viewer: Actor, now: datetime) -> dict[int, list[ConflictFinding]]:
    """What stands in the way of each occurrence that is still to come, by window id. The queries do not follow their number."""
    return conflicts_ahead([one.id for one in rows if one.status in AHEAD and one.ends_at > now], viewer, now)


def due_series(now: datetime) -> list[int]:
    """The series whose occurrences are not made as far as the horizon, by id; at most a thousand a tick, those that are
    stalled after all others."""
    rows = Series.objects.filter(known_until__lte=now + HORIZON).order_by("stalled", "known_until", "id")
    return list(rows.values_list("pk", flat=True)[:1000])
