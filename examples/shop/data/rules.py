"""Who signs what, when nothing may be changed, and what users were promised."""

from __future__ import annotations

from datetime import UTC, timedelta
from decimal import Decimal

from examples.shop.data.people import acting
from slo.objectives.commands import Definition
from windows.access.roles import SETUP
from windows.approvals.commands.policies import PolicyDraft, save_policy
from windows.approvals.models import Policy
from windows.audit.clock import clock
from windows.catalogue.commands.objectives import define_objective
from windows.scheduling.commands.editing import ScopeRow
from windows.scheduling.commands.freezes import FreezeDraft, create_freeze
from windows.scheduling.commands.templates import TemplateDraft, make_template
from windows.scheduling.models import ChangeTemplate, Freeze

OWNER, SRE = {"role": "owner", "quorum": 1, "team": "owner"}, {"role": "sre", "quorum": 1, "team": "any"}
POLICIES = (
    PolicyDraft(name="Standard changes are pre-authorised", position=10, match={"change_type": ["standard"]}),
    PolicyDraft(
        name="Production, tier 1 and 2: the owner and an SRE",
        position=20,
        match={"tier": [1, 2], "environment": ["production"]},
        requires=[OWNER, SRE],
    ),
    PolicyDraft(name="Everything else: the owner", position=30, requires=[OWNER]),
)
OBJECTIVES = {  # share that must be good over 28 days
    "orders-reads": ("Orders can be read", "0.999"),
    "orders-writes": ("Orders can be placed, freezes included", "0.99"),
    "orders-served": ("What orders took on, it served", "0.999"),
    "baskets-reads": ("Baskets can be read", "0.998"),
    "baskets-writes": ("Baskets can be filled, freezes included", "0.99"),
    "baskets-served": ("What baskets took on, it served", "0.998"),
}
FREEZES = (  # title, severity, starts in days, lasts days, services
    ("Autumn sale", "hard", 16, 4, ("storefront", "checkout", "payments", "orders", "baskets")),
    ("Quarter-end closing", "soft", 9, 2, ("payments",)),
    ("Marketing sends its newsletter", "advisory", 5, 1, ("storefront", "search")),
)


def load() -> None:
    there = set(Policy.objects.values_list("name", flat=True))
    for policy in POLICIES:
        if policy.name not in there:
            save_policy(SETUP, policy, is_example=True)
    for slug, (title, target) in OBJECTIVES.items():
        service, what = slug.split("-")
        treated = "exclude" if slug == "orders-writes" else "allow"  # a freeze of its writes was agreed with those who order
        wanted = Definition(slug, service, title, Decimal(target), is_critical=what != "writes", maintenance=treated, is_example=True)
        define_objective(SETUP, wanted)
    midnight = clock().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    planned = set(Freeze.objects.values_list("title", flat=True))
    for title, severity, days, length, services in FREEZES:
        if title not in planned:
            starts_at = midnight + timedelta(days=days)
            draft = FreezeDraft(
                title=title, severity=severity, services=services, starts_at=starts_at, ends_at=starts_at + timedelta(days=length)
            )
            create_freeze(acting("chiara"), draft, is_example=True)
    count = TemplateDraft(
        name="Inventory count import", team="platform", reason="The warehouse counts; the figures are imported afterwards.",
        scope=(ScopeRow("inventory", "production", "*", "L4"),), minutes=60, opens="08:00", closes="22:00", timezone="Europe/Berlin",
    )  # fmt: skip
    if not ChangeTemplate.objects.filter(name=count.name).exists():
        make_template(acting("jun"), count, is_example=True)
