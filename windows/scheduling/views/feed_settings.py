"""One's own calendar addresses, as settings."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from windows.access.pages import Question, decided, signed_in
from windows.access.requests import actor_of
from windows.access.sheets import MENDED, once, sheet, typed
from windows.audit.clock import clock
from windows.catalogue.models import Service, Team
from windows.errors import Invalid, NotFound
from windows.scheduling.commands.feeds import issue_feed, revoke_feed
from windows.scheduling.models import Feed

SHOWN = 100
KINDS = [
    ("person", "My windows"),
    ("queue", "What waits for approval in my teams"),
    ("team", "A team’s windows"),
    ("service", "A service’s windows"),
    ("all", "All windows"),
]
OWN = {"queue": "what waits for approval in my teams"}


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
