"""Who signs in my place, and in whose I sign: a part of the settings."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from windows.access.pages import Question, decided, signed_in
from windows.access.requests import actor_of
from windows.access.sheets import MENDED, sheet, typed
from windows.approvals.commands.delegations import delegate, revoke_delegation
from windows.approvals.models import Delegation
from windows.approvals.queries.delegations import delegations_of, is_over
from windows.audit.clock import clock
from windows.errors import Invalid, NotFound

TYPED = ("delegate", "starts_at", "ends_at", "reason")


def moment_in(text: str, name: str, zone: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    except (ValueError, OverflowError):
        raise Invalid("Write a date and a time.", field=name) from None


@signed_in
def delegations(request: HttpRequest) -> HttpResponse:
    actor, now, zone = actor_of(request), clock(), getattr(request.user, "timezone", "UTC")
    rows = [
        {"row": row, "mine": row.delegator_id == actor.person_id, "over": is_over(row, now)} for row in delegations_of(actor.person_id or 0)
    ]
    context = {"rows": rows, "now": now, "zone_name": zone}
    given = dict.fromkeys(TYPED, "") | {"starts_at": f"{now.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}"}
    if request.method == "POST":
        given = typed(request, *TYPED)
        try:
            begins, ends = (moment_in(given[name], name, zone) for name in ("starts_at", "ends_at"))
            delegate(actor, given["delegate"], begins, ends, given["reason"])
        except MENDED as error:
            return sheet(request, "approvals/delegations.html", given, context, error)
        return HttpResponseRedirect(reverse("delegations"))
    return sheet(request, "approvals/delegations.html", given, context)


@signed_in
def end_delegation(request: HttpRequest, delegation_id: int) -> HttpResponse:
    actor, page = actor_of(request), reverse("delegations")
    row = Delegation.objects.select_related("delegator", "delegate").filter(pk=delegation_id).first()
    if row is None or not (actor.person_id in (row.delegator_id, row.delegate_id) or actor.administrator):
        raise NotFound("There is no such delegation here.")
    question = Question(
        title=f"{row.delegate.name} no longer signs for {row.delegator.name}",
        consequence="From now on they sign only in their own place. What they signed so far stays.",
        button="End it now",
        icon="close",
        back=page,
        tone="danger",
        reason="none",
    )
    return decided(request, question, lambda _: revoke_delegation(actor, delegation_id), page)
