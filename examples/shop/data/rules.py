"""Who signs what, when nothing may be changed, what users were promised, and the runbooks."""

from __future__ import annotations

from decimal import Decimal

from slo.objectives.models import Objective
from windows.approvals.models import Policy

POLICIES = (
    ("Standard changes are pre-authorised", {"change_type": ["standard"]}, []),
    ("Production, tier 1 and 2", {"tier": [1, 2], "environment": ["production"]}, [
        {"role": "owner", "quorum": 1, "team": "owner"}, {"role": "sre", "quorum": 1, "team": "any"}]),
    ("Everything else", {}, [{"role": "owner", "quorum": 1, "team": "owner"}]),
)  # fmt: skip
OBJECTIVES = {  # share that must be good over 28 days
    "orders-reads": ("Orders can be read", "0.999"),
    "orders-writes": ("Orders can be placed, freezes included", "0.99"),
    "orders-served": ("What orders took on, it served", "0.999"),
    "baskets-reads": ("Baskets can be read", "0.998"),
    "baskets-writes": ("Baskets can be filled, freezes included", "0.99"),
    "baskets-served": ("What baskets took on, it served", "0.998"),
}


def load() -> None:
    for position, (name, match, requires) in enumerate(POLICIES, start=1):
        values = {"position": position, "match": match, "requires": requires, "is_example": True}
        Policy.objects.get_or_create(name=name, defaults=values)
    for slug, (title, target) in OBJECTIVES.items():
        values = {
            "service": slug.split("-")[0],
            "title": title,
            "target": Decimal(target),
            "is_critical": not slug.endswith("-writes"),
            "is_example": True,
        }
        Objective.objects.get_or_create(slug=slug, defaults=values)
