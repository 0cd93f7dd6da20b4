"""What was agreed about the error budgets of past windows in which writes were frozen: the record of adjustments, marked as made up."""

from __future__ import annotations

from datetime import timedelta

from examples.shop.data.people import PEOPLE
from slo.budget import Policy
from slo.maintenance import minute_after, minute_of
from slo.objectives.models import Adjustment, Objective
from windows.scheduling.models import Window

AUTHORITY = "Made up by the example: as request 1 would be signed under the policy “Production, tier 1 and 2: the owner and an SRE”."
SLACK = 0.05  # of the whole budget, where the objective allows one
MINUTE = timedelta(minutes=1)


def load() -> None:
    """As `excuse` and `give_back` would have written it. Once: the record never changes."""
    if Adjustment.objects.filter(is_example=True).exists():
        return
    rows = []
    policies = dict(Objective.objects.filter(slug__endswith="-writes", is_example=True).values_list("service", "maintenance"))
    frozen = Window.objects.filter(external_ref__startswith="example:past:", mode="read_only").order_by("started_at")
    for window in frozen.select_related("owner").prefetch_related("scopes__service"):
        service = window.scopes.all()[0].service.slug
        if window.started_at is None or window.ended_at is None or (policy := policies.get(service, Policy.COUNT)) == Policy.COUNT:
            continue
        about = {"objective": f"{service}-writes", "window": window.reference, "is_example": True}
        left, until = minute_after(window.ended_at), minute_after(window.ends_at)
        rows.append(
            Adjustment(
                **about, starts_at=minute_of(window.started_at), ends_at=until, policy=policy, authority=AUTHORITY,
                slack=SLACK if policy == Policy.ALLOW else 0.0, approvers=[window.owner.name, PEOPLE["chiara"][0]],
                recorded_at=window.started_at,
            )
        )  # fmt: skip
        if left + MINUTE <= until:
            told = {"authority": "The window ended before its time.", "recorded_at": window.ended_at}
            rows.append(Adjustment(**about, **told, starts_at=left, ends_at=until, policy=Policy.COUNT.value))
    Adjustment.objects.bulk_create(rows)
