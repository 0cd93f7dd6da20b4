"""The weekly and the monthly review as pages."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from windows.access.pages import reads
from windows.access.requests import actor_of
from windows.audit.clock import clock
from windows.reviews.periods import around, named
from windows.reviews.queries.review import review_of


@reads
def first_review(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(reverse("weekly-review"))


@reads
def weekly_review(request: HttpRequest) -> HttpResponse:
    """The week asked for (2027-W09), else the one under way."""
    return reviewed(request, "week")


@reads
def monthly_review(request: HttpRequest) -> HttpResponse:
    """The month asked for (2027-03), else the one under way."""
    return reviewed(request, "month")


def reviewed(request: HttpRequest, kind: str) -> HttpResponse:
    now, asked = clock(), request.GET.get(kind, "")
    period = named(kind, asked) if asked else around(kind, now)
    return render(
        request,
        "reviews/review.html",
        {
            "review": review_of(actor_of(request), period, now),
            "period": period,
            "earlier": f"?{kind}={period.before.name}",
            "later": f"?{kind}={period.after.name}" if period.until <= now else "",
            "here": f"{kind}ly",
            "now": now,
            "today": now.date(),
        },
    )
