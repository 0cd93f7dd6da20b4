"""Maintenance that is planned for the coming weeks: filed, asked for and signed by the people who would, through the commands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta

from examples.shop.data.people import acting, person_id
from windows.approvals.commands.decisions import decide
from windows.approvals.commands.requests import request_window
from windows.audit.clock import clock
from windows.scheduling.commands.drafts import Draft, create_draft
from windows.scheduling.commands.editing import ScopeRow
from windows.scheduling.models import Window

MARK = "example:plan:"


@dataclass(frozen=True, slots=True)
class Plan:
    title: str
    team: str
    owner: str
    coordinator: str
    service: str
    days: int  # from today
    hour: int  # UTC
    minutes: int
    mode: str = "degraded"
    layer: str = "L3"
    impact: str = ""
    environment: str = "production"
    change_type: str = "normal"
    signers: tuple[str, ...] | None = None  # None: a draft; empty: asked for, nobody signed yet


PLANS = (
    Plan("Payment provider API version 4", "payments", "farid", "lea", "payments", 2, 3, 60, "degraded", "L3",
         "One card scheme may be declined for up to a minute.", signers=("farid", "chiara")),
    Plan("Search cluster: node by node", "discovery", "hana", "kim", "search", 1, 22, 120, "degraded", "L6",
         "Results may be up to five minutes old.", signers=("hana",)),
    Plan("Storefront certificate", "storefront", "hana", "kim", "storefront", 3, 5, 30, "normal", "L9",
         "None is expected.", signers=("hana", "chiara")),
    Plan("Accounts: password hash upgrade", "platform", "jun", "chiara", "accounts", 4, 2, 90, "read_only", "L5",
         "Nobody can register or change their address.", signers=()),
    Plan("Order history partitions", "orders", "ada", "ben", "orders", 5, 3, 60, "read_only", "L5",
         "Orders cannot be placed for about ten minutes.", signers=("ada",)),
    Plan("Inventory count import", "platform", "jun", "chiara", "inventory", 6, 13, 45, "degraded", "L4",
         change_type="standard", signers=()),
    Plan("Checkout timeouts", "payments", "farid", "lea", "checkout", 7, 4, 45, "degraded", "L3",
         "Some visitors may have to press the button twice."),
    Plan("Basket cache replacement", "baskets", "dag", "elif", "baskets", 8, 3, 60, "degraded", "L6",
         "Baskets answer slower for an hour.", signers=("dag", "chiara")),
    Plan("Recommendations: new model", "discovery", "hana", "kim", "recommendations", 10, 11, 120, "degraded", "L10",
         "Visitors see best sellers instead.", signers=("hana",)),
    Plan("Mail relay: second region", "platform", "jun", "chiara", "notifications", 12, 9, 90, "degraded", "L2"),
    Plan("Orders migration, tried in staging", "orders", "ada", "ben", "orders", 1, 9, 60, "read_only", "L5",
         environment="staging", signers=("ada",)),
    Plan("Recommendations: index rebuild", "discovery", "hana", "kim", "recommendations", 10, 12, 90, "degraded", "L6",
         "Visitors see best sellers instead."),  # a draft that collides with the new model, so that a collision can be seen
)  # fmt: skip


def load() -> None:
    midnight = clock().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    there = set(Window.objects.filter(external_ref__startswith=MARK).values_list("external_ref", flat=True))
    for number, plan in enumerate(PLANS, start=1):
        mark = f"{MARK}{number}"
        if mark in there:
            continue
        starts_at = midnight + timedelta(days=plan.days, hours=plan.hour)
        draft = Draft(
            title=plan.title, reason=f"{plan.title}: due in this quarter.", team=plan.team, owner_id=person_id(plan.owner),
            coordinator_id=person_id(plan.coordinator), starts_at=starts_at, ends_at=starts_at + timedelta(minutes=plan.minutes),
            scope=(ScopeRow(plan.service, plan.environment, "*", plan.layer),), timezone="Europe/Berlin", mode=plan.mode,
            change_type=plan.change_type, starts_itself=False, expected_impact=plan.impact, external_ref=mark,
        )  # fmt: skip
        window = create_draft(acting(plan.coordinator), draft, is_example=True)
        if plan.signers is None:
            continue
        request_window(acting(plan.coordinator), window.pk, reason="Planned together with the teams concerned.")
        for signer in plan.signers:
            decide(acting(signer), window.pk, "approved")
