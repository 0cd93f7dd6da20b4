"""Pages of what recurs: the form on a draft with its preview, and one series with its occurrences."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from windows.access.pages import Question, decided, reads, signed_in
from windows.access.paging import cursor_of, cursor_to
from windows.access.requests import actor_of
from windows.access.roles import Verb, somewhere
from windows.audit.clock import clock
from windows.errors import Conflict, Invalid, Stale
from windows.scheduling.commands.series import Pattern, create_series, recurring, skip_following
from windows.scheduling.forms import whole
from windows.scheduling.queries import WindowView, window_id_of, window_view
from windows.scheduling.queries.preview import PreviewView, preview
from windows.scheduling.queries.series import conflicts_of_coming, occurrences_of, series_view
from windows.scheduling.recurrence.phrases import built, spoken
from windows.scheduling.times import wall

WEEK = timedelta(days=7)
PAGE = 26  # half a year of weeks
ASKED = ("how", "interval", "count", "until", "own", "exdates")
WEEKDAYS = (("MO", "Mon"), ("TU", "Tue"), ("WE", "Wed"), ("TH", "Thu"), ("FR", "Fri"), ("SA", "Sat"), ("SU", "Sun"))


def starts_of(view: WindowView) -> datetime:
    return datetime.fromisoformat(wall(view.starts_at, view.timezone))


def pattern_in(sent: QueryDict, view: WindowView) -> Pattern:
    """What the form says; Invalid names its field."""
    said = {name: sent.get(name, "") for name in ("interval", "count", "until", "own")}
    rrule = built(sent.get("how", "weekly"), starts_of(view), weekdays=sent.getlist("weekdays"), **said)
    return Pattern(rrule=rrule, exdates=tuple(line for line in sent.get("exdates", "").split() if line))


def previewed(sent: QueryDict, view: WindowView) -> PreviewView:
    of = recurring(starts_of(view), view.timezone, pattern_in(sent, view))
    return preview(of, view.ends_at - view.starts_at, clock())


@reads
def repeat_preview(request: HttpRequest, reference: str) -> HttpResponse:
    """The panel beside the form: the first occurrences that these choices make, or what is wrong with them."""
    view = window_view(window_id_of(reference), actor_of(request))
    return render(request, "scheduling/_repeat.html", shown_preview(request.GET, view))


def shown_preview(sent: QueryDict, view: WindowView) -> dict[str, Any]:
    try:
        pattern = pattern_in(sent, view)
        return {"window": view, "preview": previewed(sent, view), "words": spoken(pattern.rrule)}
    except Invalid as error:
        return {"window": view, "refused": error}


@signed_in
def repeat(request: HttpRequest, reference: str) -> HttpResponse:
    """Let a draft recur. Without JavaScript “Show the times” brings the same page with its preview."""
    actor = actor_of(request)
    view = window_view(window_id_of(reference), actor)
    sent, error = (request.POST if request.method == "POST" else request.GET), None
    if request.method == "POST":
        try:
            version = whole(sent.get("version", ""), "version", "the version") or 0
            series = create_series(actor, view.id, pattern_in(sent, view), version)
            return HttpResponseRedirect(reverse("series", args=[series.pk]))
        except (Invalid, Conflict, Stale) as refusal:
            error = refusal
    starts = starts_of(view)
    given = {name: sent.get(name, "") for name in ASKED} | {"weekdays": sent.getlist("weekdays") or [WEEKDAYS[starts.weekday()][0]]}
    context = {
        "window": view,
        "given": given,
        "error": error,
        "starts": starts,
        "weekdays": WEEKDAYS,
        "how": given["how"] or "weekly",
        "is_last": (starts + WEEK).month != starts.month,
    }
    return render(request, "scheduling/repeat.html", context | shown_preview(sent, view), status=error.status if error else 200)


@reads
def series_page(request: HttpRequest, series_id: int) -> HttpResponse:
    """One series: its rule in words, how far it is known, its occurrences with their states and what stands in their way."""
    actor, now = actor_of(request), clock()
    view = series_view(series_id, actor)
    after = cursor_of(request.GET, str)
    past = request.GET.get("show") == "all"
    rows = occurrences_of(series_id, actor, limit=PAGE, after=after[0] if after else "", since=None if past else now)
    shown, more = rows[:PAGE], len(rows) > PAGE
    found = conflicts_of_coming(shown, actor, now)
    onward = "?" + urlencode({**({"show": "all"} if past else {}), "cursor": cursor_to([shown[-1].recurrence_id])}) if more else ""
    context = {
        "series": view,
        "words": spoken(view.rrule) if view.rrule else "on further dates",
        "rows": [(one, found.get(one.id, [])) for one in shown],
        "more": onward,
        "past": past,
        "now": now,
        "first": starts_at(view.starts),
        "may_edit": somewhere(actor, Verb.DRAFT),
    }
    return render(request, "scheduling/series.html", context)


def starts_at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@signed_in
def skip_all_following(request: HttpRequest, reference: str) -> HttpResponse:
    actor = actor_of(request)
    view = window_view(window_id_of(reference), actor)
    back = reverse("window", args=[reference])
    question = Question(
        title="Take this and all that follow away",
        consequence="Drafts disappear, what was asked for or approved is called off, and nothing recurs any more from here on.",
        button="Take them away",
        icon="cancelled",
        back=back,
        tone="danger",
        reason="required",
        about=f"{view.reference} {view.title}",
    )
    onward = reverse("series", args=[view.series_id]) if view.series_id else back
    return decided(request, question, lambda reason: skip_following(actor, view.id, reason), onward)
