"""Freezes and one's own calendar addresses, as settings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from windows.access.pages import Question, decided, reads, signed_in
from windows.access.requests import actor_of
from windows.access.roles import TABLE, Actor, Verb
from windows.access.sheets import MENDED, once, sheet, typed
from windows.audit.clock import clock
from windows.catalogue.models import Environment, Service, Team
from windows.errors import Forbidden, Invalid, NotFound, Refused
from windows.scheduling.commands.feeds import issue_feed, revoke_feed
from windows.scheduling.commands.freezes import FreezeDraft, create_freeze, lift_freeze, require_over
from windows.scheduling.models import Feed, Freeze
from windows.scheduling.times import from_wall

SHOWN, FREEZES = 100, 100
KINDS = [
    ("person", "My windows"),
    ("queue", "What waits for approval in my teams"),
    ("team", "A team’s windows"),
    ("service", "A service’s windows"),
    ("all", "All windows"),
]
OWN = {"queue": "what waits for approval in my teams"}
SEVERITIES = [
    ("hard", "Hard: nothing starts"),
    ("soft", "Soft: needs a reason and a second yes"),
    ("advisory", "Advisory: for information"),
]
ON_RUNNING = [
    ("hold", "hold at the next step"), ("finish_step", "finish the step, then hold"), ("roll_back", "roll back"), ("continue", "go on"),
]  # fmt: skip


def may_freeze(actor: Actor) -> bool:
    return any(role in TABLE[Verb.EDIT_FREEZE] for _, role in actor.roles)


@reads
def freeze_list(request: HttpRequest) -> HttpResponse:
    """What holds and what comes, by begin; what is over, the newest first."""
    actor, now = actor_of(request), clock()
    over = Q(ends_at__lte=now) | Q(lifted_at__isnull=False)
    ahead = list(Freeze.objects.exclude(over).order_by("starts_at", "id")[: FREEZES + 1])
    context = {
        "ahead": ahead[:FREEZES],
        "more": len(ahead) > FREEZES,
        "past": Freeze.objects.filter(over).order_by("-ends_at", "-id")[:20],
        "now": now,
        "may_add": may_freeze(actor),
    }
    return render(request, "scheduling/freezes.html", context)


@signed_in
def new_freeze(request: HttpRequest) -> HttpResponse:
    actor, zone = actor_of(request), getattr(request.user, "timezone", "UTC")
    if not may_freeze(actor):
        raise Forbidden(f"{actor.name} may not freeze anything. Allowed: owner, sre.", verb=Verb.EDIT_FREEZE.value)
    given: dict[str, Any] = {"title": "", "starts_at": "", "ends_at": "", "severity": "hard", "on_running": "hold", "reason": ""}
    given |= {"services": [], "teams": [], "environments": []}
    if request.method != "POST":
        return freeze_sheet(request, given, zone)
    given = typed(request, "title", "starts_at", "ends_at", "severity", "on_running", "reason", lists=("services", "teams", "environments"))
    try:
        times: dict[str, Any] = {name: from_wall(given[name], zone, name) for name in ("starts_at", "ends_at")}
        lists: dict[str, Any] = {name: tuple(given[name]) for name in ("services", "teams", "environments")}
        create_freeze(actor, FreezeDraft(**(given | times | lists)))
    except MENDED as error:
        return freeze_sheet(request, given, zone, error)
    return HttpResponseRedirect(reverse("freezes"))


def freeze_sheet(request: HttpRequest, given: dict[str, Any], zone: str, error: Refused | None = None) -> HttpResponse:
    context = {
        "zone_name": zone,
        "severities": SEVERITIES,
        "on_running": ON_RUNNING,
        "teams": list(Team.objects.order_by("name").values_list("slug", "name")),
        "services": list(Service.objects.order_by("name").values_list("slug", "name")[:500]),
        "environments": list(Environment.objects.order_by("name").values_list("slug", "name")),
    }
    return sheet(request, "scheduling/freeze_form.html", given, context, error)


@signed_in
def end_freeze(request: HttpRequest, freeze_id: int) -> HttpResponse:
    actor, page = actor_of(request), reverse("freezes")
    freeze = Freeze.objects.filter(pk=freeze_id).first()
    if freeze is None:
        raise NotFound("There is no such freeze.")
    require_over(actor, freeze)
    question = Question(
        title=f"End the freeze “{freeze.title}”",
        consequence="Windows in its scope may be approved and started again. It stays on record.",
        button="End the freeze",
        icon="freeze",
        back=page,
        tone="danger",
        reason="required",
    )
    return decided(request, question, lambda reason: lift_freeze(actor, freeze_id, reason), page)


@signed_in
def feed_list(request: HttpRequest) -> HttpResponse:
    """One's own addresses; a POST makes one, shown once."""
    actor = actor_of(request)
    rows = list(Feed.objects.filter(person=actor.person_id or 0).order_by("-id")[:SHOWN])
    context = {
        "rows": rows,
        "kinds": KINDS,
        "teams": list(Team.objects.order_by("name").values_list("slug", "name")),
        "services": list(Service.objects.order_by("name").values_list("slug", "name")[:500]),
        "now": clock(),
        "recently": clock() - timedelta(days=1),
    }
    given = {"kind": "person", "team": "", "service": ""}
    if request.method == "POST":
        given = typed(request, *given)
        kind = given["kind"]
        try:
            if kind in ("team", "service") and not given[kind]:
                raise Invalid(f"Choose a {kind}.", field=kind)
            feed, raw = issue_feed(actor, kind, given.get(kind, "") if kind in ("team", "service") else "")
        except MENDED as error:
            return sheet(request, "scheduling/feeds.html", given, context, error)
        use = "Add it to a calendar program as a subscription. Whoever has the address reads what you may: revoke it when it got about."
        what = f"The calendar of {feed.target or OWN.get(kind, 'all windows')}" if kind != "person" else "The calendar of my windows"
        return once(request, what, f"{settings.PORTAL_URL}/feeds/{raw}.ics", use, back=reverse("feeds"), label="Address")
    return sheet(request, "scheduling/feeds.html", given, context)


@signed_in
def end_feed(request: HttpRequest, feed_id: int) -> HttpResponse:
    actor, page = actor_of(request), reverse("feeds")
    feed = Feed.objects.filter(pk=feed_id).first()
    if feed is None or not (actor.administrator or feed.person_id == actor.person_id):
        raise NotFound("There is no such calendar address.")
    question = Question(
        title="Revoke this calendar address",
        consequence="Calendar programs that have it get nothing any more. It cannot be brought back.",
        button="Revoke the address",
        icon="close",
        back=page,
        tone="danger",
        reason="none",
        about=f"{feed.kind} {feed.target if feed.kind != 'person' else ''}".strip(),
    )
    return decided(request, question, lambda _: revoke_feed(actor, feed_id), page)
