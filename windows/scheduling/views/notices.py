"""A provider's notice that could not be taken: what it lacks, the form that completes it, and setting it aside."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from windows.access.pages import Question, decided, signed_in
from windows.access.requests import actor_of
from windows.access.roles import Verb, somewhere
from windows.access.sheets import MENDED, sheet, typed
from windows.ical_in.notices import Notice
from windows.ical_in.states import Impact, NoticeStatus
from windows.scheduling.commands.calendars_in.completing import Completed, complete_notice, one_of, written
from windows.scheduling.commands.calendars_in.keeping import settle_notice
from windows.scheduling.commands.calendars_in.rights import require_calendars
from windows.scheduling.models import IncompleteNotice
from windows.scheduling.times import from_wall, wall

FIELDS = ("provider", "title", "starts_at", "ends_at", "timezone", "status", "impact", "objects")
STATUSES = [(one.value, one.value.replace("_", " ").capitalize()) for one in NoticeStatus]
IMPACTS = [(one.value, one.value.replace("_", " ").capitalize()) for one in Impact]


@signed_in
def notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Everybody may read it; who may bring calendars in completes it. What the notice does say stands in the form already."""
    actor, row = actor_of(request), one_of(notice_id)
    zone = getattr(request.user, "timezone", "UTC")
    if request.method != "POST":
        given = said_by(written(row), row, zone)
        return notice_sheet(request, row, given, may=somewhere(actor, Verb.EDIT_CALENDARS))
    require_calendars(actor)
    given = typed(request, *FIELDS)
    given["timezone"] = given["timezone"] or zone
    try:
        complete_notice(actor, notice_id, completed(given))
    except MENDED as error:
        return notice_sheet(request, row, given, error)
    return HttpResponseRedirect(reverse("calendars-in"))


def notice_sheet(
    request: HttpRequest, row: IncompleteNotice, given: dict[str, Any], error: Any = None, *, may: bool = True
) -> HttpResponse:
    context = {"notice": row, "statuses": STATUSES, "impacts": IMPACTS, "may_edit": may and row.settled_at is None}
    return sheet(request, "scheduling/notice.html", given, context, error)


def said_by(found: Notice, row: IncompleteNotice, zone: str) -> dict[str, Any]:
    """What the notice does say, as the form's fields."""
    times = {name: local(getattr(found, name), zone) for name in ("starts_at", "ends_at")}
    if found.wall_start and not found.starts_at:
        times["starts_at"], zone = found.wall_start[:16], found.zone or "UTC"
    return times | {
        "provider": row.source.provider if row.source else found.provider or row.provider,
        "title": found.title or row.title,
        "timezone": zone,
        "status": found.status or NoticeStatus.CONFIRMED.value,
        "impact": found.impact,
        "objects": "\n".join(found.objects),
    }


def local(at: str, zone: str) -> str:
    return wall(datetime.fromisoformat(at), zone)[:16] if at else ""


def completed(given: dict[str, Any]) -> Completed:
    return Completed(
        **{name: given[name] for name in ("provider", "title", "status", "impact")},
        starts_at=from_wall(given["starts_at"], given["timezone"], "starts_at"),
        ends_at=from_wall(given["ends_at"], given["timezone"], "ends_at"),
        objects=tuple(given["objects"].splitlines()),
    )


@signed_in
def set_aside(request: HttpRequest, notice_id: int) -> HttpResponse:
    actor, page = actor_of(request), reverse("calendars-in")
    require_calendars(actor)
    row = one_of(notice_id)
    question = Question(
        title="Set this notice aside",
        consequence="It is not taken and no longer waits for anybody. It stays on record with your reason.",
        button="Set it aside",
        icon="close",
        back=reverse("notice", args=[notice_id]),
        tone="danger",
        reason="required",
        about=f"{row.provider or 'An unknown provider'}: {row.title or row.uid or 'untitled'}",
    )
    return decided(request, question, lambda reason: settle_notice(actor, notice_id, reason), page)
