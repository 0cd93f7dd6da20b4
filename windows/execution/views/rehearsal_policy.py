"""Which work must have been rehearsed, as a page: everybody reads it, administrators write it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from windows.access.pages import signed_in
from windows.access.requests import actor_of
from windows.access.roles import Verb, permitted, require
from windows.access.sheets import MENDED, number, sheet, typed
from windows.catalogue.models import Environment
from windows.errors import Invalid
from windows.execution.commands.rehearsal_policy import LONGEST, POLICY, save_rehearsal_policy
from windows.execution.queries.rehearsals import rule

TIERS = [("0", "No work must be rehearsed"), ("1", "Tier 1"), *((str(tier), f"Tiers 1 to {tier}") for tier in (2, 3, 4))]
TEMPLATE = "execution/rehearsal_policy.html"


@signed_in
def rehearsal_policy_page(request: HttpRequest) -> HttpResponse:
    actor, found = actor_of(request), rule()
    context: dict[str, Any] = {
        "rule": found,
        "may_edit": permitted(actor, Verb.EDIT_POLICY, POLICY),
        "tiers": TIERS,
        "known": list(Environment.objects.order_by("name").values_list("slug", "name")),
    }
    if request.method == "POST":
        require(actor, Verb.EDIT_POLICY, POLICY)
        given = typed(request, "tier", "good_for_days", "since", lists=("environments",))
        try:
            save_rehearsal_policy(
                actor, tier=number(given["tier"], "tier", most=4), environments=given["environments"],
                good_for_days=number(given["good_for_days"], "good_for_days", least=1, most=LONGEST), since=moment_in(given["since"]),
            )  # fmt: skip
        except MENDED as error:
            return sheet(request, TEMPLATE, given, context, error)
        return HttpResponseRedirect(reverse("rehearsal-policy"))
    told = {
        "tier": str(found.tier), "environments": sorted(found.environments), "good_for_days": str(found.good_for.days),
        "since": f"{found.since:%Y-%m-%dT%H:%M}" if found.since else "",
    }  # fmt: skip
    return sheet(request, TEMPLATE, told, context)


def moment_in(text: str) -> datetime | None:
    """As the form sends it, in UTC."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise Invalid("Write a day and a time, such as 2027-03-01T10:00.", field="since") from None
