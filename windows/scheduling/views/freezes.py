"""Change freezes: the list, one with what it lands on, its form, its end, its exceptions."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse

from windows.access.pages import Question, decided, reads, signed_in
from windows.access.requests import actor_of
from windows.access.roles import Verb, somewhere
from windows.access.sheets import MENDED, sheet, typed
from windows.audit.clock import clock
from windows.catalogue.models import Environment, Service, Team
from windows.errors import Forbidden, NotFound, Refused
from windows.scheduling.commands.freeze_series import create_freeze_series, except_from_freeze, lift_freeze_series, withdraw_exception
from windows.scheduling.commands.freezes import create_freeze, lift_freeze, require_over
from windows.scheduling.models import Freeze
from windows.scheduling.queries import window_id_of
from windows.scheduling.queries.freezes import views
from windows.scheduling.queries.landing import landing
from windows.scheduling.recurrence.phrases import spoken
from windows.scheduling.views.freeze_form import LISTS, TEXTS, draft_in, rule_in, would_land

FREEZES = 100
SEVERITIES = [
    ("hard", "Hard: nothing starts"),
    ("soft", "Soft: needs a reason and a second yes"),
    ("advisory", "Advisory: for information"),
]
ON_RUNNING = [
    ("hold", "hold at the next step"), ("finish_step", "finish the step, then hold"), ("roll_back", "roll back"), ("continue", "go on"),
]  # fmt: skip
RECURS = [
    ("", "Once"), ("daily", "Every day"), ("weekly", "Every week"), ("monthly_day", "Every month, on that day"),
    ("monthly_weekday", "Every month, on such a weekday"), ("yearly", "Every year"), ("own", "By a rule of your own"),
]  # fmt: skip
TIERS = [("1", "1, most critical"), ("2", "2"), ("3", "3"), ("4", "4")]


@reads
def freeze_list(request: HttpRequest) -> HttpResponse:
    """What holds and what comes, by begin; what is over, the newest first. Of one that recurs, its next time."""
    actor, now = actor_of(request), clock()
    over = Q(ends_at__lte=now) | Q(lifted_at__isnull=False)
    coming = Freeze.objects.exclude(over).select_related("series")
    first = coming.exclude(series=None).order_by("series", "starts_at").distinct("series").values("pk")
    ahead = list(coming.filter(Q(series=None) | Q(pk__in=first)).order_by("starts_at", "id")[: FREEZES + 1])
    context = {
        "ahead": [(one, spoken(one.series.rrule) if one.series else "") for one in ahead[:FREEZES]],
        "more": len(ahead) > FREEZES,
        "past": Freeze.objects.filter(over).order_by("-ends_at", "-id")[:20],
        "now": now,
        "may_add": somewhere(actor, Verb.EDIT_FREEZE),
    }
    return render(request, "scheduling/freezes.html", context)


@reads
def freeze_page(request: HttpRequest, freeze_id: int) -> HttpResponse:
    """One freeze: its scope, whom it does not bind, the windows it lands on and what can be done about each."""
    actor, now = actor_of(request), clock()
    row = one_of(freeze_id)
    (freeze,) = views([row])
    context = {
        "freeze": freeze,
        "words": spoken(row.series.rrule) if row.series else "",
        "series": row.series,
        "exceptions": [one for one in freeze.exceptions if not one.is_secret],
        "secret": sum(one.is_secret for one in freeze.exceptions),
        "landing": landing([freeze], actor) if row.lifted_at is None and row.ends_at > now else None,
        "over": row.lifted_at is not None or row.ends_at <= now,
        "may_add": somewhere(actor, Verb.EDIT_FREEZE),
        "now": now,
    }
    return render(request, "scheduling/freeze.html", context)


def one_of(freeze_id: int) -> Freeze:
    freeze = Freeze.objects.select_related("series").filter(pk=freeze_id).first()
    if freeze is None:
        raise NotFound("There is no such freeze.")
    return freeze


@signed_in
def new_freeze(request: HttpRequest) -> HttpResponse:
    """“Show what it lands on” brings the same page back with the windows it would meet; the panel asks by itself where it can."""
    actor, zone = actor_of(request), getattr(request.user, "timezone", "UTC")
    if not somewhere(actor, Verb.EDIT_FREEZE):
        raise Forbidden(f"{actor.name} may not freeze anything. Allowed: owner, sre.", verb=Verb.EDIT_FREEZE.value)
    if request.method != "POST":
        given = dict.fromkeys(TEXTS, "") | {"severity": "hard", "on_running": "hold", "timezone": zone}
        given |= {name: request.GET[name].replace("\0", "") for name in TEXTS if name in request.GET}
        return freeze_sheet(request, given | lists_in(request.GET))
    given = typed(request, *TEXTS, lists=LISTS)
    given["timezone"] = given["timezone"] or zone
    try:
        draft, rrule = draft_in(given), rule_in(given)
        made = create_freeze_series(actor, draft, rrule, given["timezone"]) if rrule else create_freeze(actor, draft)
    except MENDED as error:
        return freeze_sheet(request, given, error)
    return HttpResponseRedirect(reverse("freeze", args=[made.pk]))


@reads
def freeze_landing(request: HttpRequest) -> HttpResponse:
    """The panel beside the form: the windows that a freeze as it stands there would meet. Changes nothing."""
    given: dict[str, Any] = {name: request.GET.get(name, "").replace("\0", "").strip() for name in TEXTS} | lists_in(request.GET)
    return render(request, "scheduling/_landing.html", landed(request, given))


def lists_in(sent: QueryDict) -> dict[str, list[str]]:
    return {name: [value.replace("\0", "") for value in sent.getlist(name)] for name in LISTS}


def landed(request: HttpRequest, given: dict[str, Any]) -> dict[str, Any]:
    if not (given["starts_at"] and given["ends_at"]):
        return {"landing": None}
    try:
        return {"landing": would_land(given, actor_of(request)), "now": clock()}
    except MENDED as refused:
        return {"landing": None, "refused": refused}


def freeze_sheet(request: HttpRequest, given: dict[str, Any], error: Refused | None = None) -> HttpResponse:
    context = {
        "severities": SEVERITIES,
        "on_running": ON_RUNNING,
        "recurs": RECURS,
        "tiers": TIERS,
        "teams": list(Team.objects.order_by("name").values_list("slug", "name")),
        "services": list(Service.objects.order_by("name").values_list("slug", "name")[:500]),
        "environments": list(Environment.objects.order_by("name").values_list("slug", "name")),
    }
    return sheet(request, "scheduling/freeze_form.html", given, context | landed(request, given), error)


@signed_in
def end_freeze(request: HttpRequest, freeze_id: int) -> HttpResponse:
    actor, page = actor_of(request), reverse("freeze", args=[freeze_id])
    freeze = one_of(freeze_id)
    require_over(actor, freeze)
    recurs = freeze.series is not None
    question = Question(
        title=f"End the freeze “{freeze.title}”",
        consequence="Windows in its scope may be approved and started again. It stays on record.",
        button="End the freeze",
        icon="freeze",
        back=page,
        tone="danger",
        reason="required",
        choices=(("one", "This time only"), ("all", "This time and all that follow")) if recurs else (),
    )
    lift = lift_freeze_series if recurs and request.POST.get("choice") == "all" else lift_freeze
    return decided(request, question, lambda reason: lift(actor, freeze_id, reason), page)


@signed_in
def except_from(request: HttpRequest, freeze_id: int) -> HttpResponse:
    """A window or a team that it shall not bind, and why."""
    actor, freeze = actor_of(request), one_of(freeze_id)
    require_over(actor, freeze)
    given: dict[str, Any] = {"window": request.GET.get("window", "").replace("\0", "")[:30], "team": "", "reason": "", "whole_series": ""}
    context = {"freeze": freeze, "teams": list(Team.objects.order_by("name").values_list("slug", "name"))}
    if request.method != "POST":
        return sheet(request, "scheduling/freeze_exception.html", given, context)
    given = typed(request, *given)
    try:
        window = window_id_of(given["window"]) if given["window"] else None
        except_from_freeze(actor, freeze_id, given["reason"], window=window, team=given["team"], whole_series=bool(given["whole_series"]))
    except MENDED as error:
        return sheet(request, "scheduling/freeze_exception.html", given, context, error)
    return HttpResponseRedirect(reverse("freeze", args=[freeze_id]))


@signed_in
def end_exception(request: HttpRequest, freeze_id: int, exception_id: int) -> HttpResponse:
    actor, freeze, page = actor_of(request), one_of(freeze_id), reverse("freeze", args=[freeze_id])
    require_over(actor, freeze)
    question = Question(
        title="Let the freeze bind again",
        consequence="What was excepted may no longer start while the freeze holds.",
        button="Take the exception back",
        icon="freeze",
        back=page,
        reason="none",
        about=freeze.title,
    )
    return decided(request, question, lambda _: withdraw_exception(actor, freeze_id, exception_id), page)
