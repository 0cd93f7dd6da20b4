"""What the shop consists of, where it runs and what needs what. Orders and baskets are real processes; the others are only told of."""

from __future__ import annotations

from typing import Any

from windows.access.roles import SETUP
from windows.catalogue.commands.dependencies import declare_dependency
from windows.catalogue.commands.places import define_environment, define_region
from windows.catalogue.commands.services import define_service, deploy_service
from windows.catalogue.models import Service

REGIONS = {"eu-west": "Europe west", "eu-north": "Europe north"}
ENVIRONMENTS = {"production": "Production", "staging": "Staging"}
EVERYWHERE = (("production", "eu-west"), ("production", "eu-north"), ("staging", "eu-west"))
ONE_REGION = (("production", "eu-west"), ("staging", "eu-west"))
SERVICES: dict[str, dict[str, Any]] = {
    "storefront": {"name": "Storefront", "team": "storefront", "tier": 1, "monthly_active_users": 420_000, "revenue_per_hour": 18_000},
    "checkout": {"name": "Checkout", "team": "payments", "tier": 1, "monthly_active_users": 96_000, "revenue_per_hour": 16_500},
    "payments": {"name": "Payments", "team": "payments", "tier": 1, "monthly_active_users": 91_000, "revenue_per_hour": 15_800},
    "orders": {"name": "Orders", "team": "orders", "tier": 2, "monthly_active_users": 130_000, "revenue_per_hour": 9_500},
    "baskets": {"name": "Baskets", "team": "baskets", "tier": 2, "monthly_active_users": 260_000, "revenue_per_hour": 4_200},
    "accounts": {"name": "Accounts", "team": "platform", "tier": 2, "monthly_active_users": 180_000, "revenue_per_hour": 2_600},
    "search": {"name": "Search", "team": "discovery", "tier": 3, "monthly_active_users": 310_000, "revenue_per_hour": 3_100},
    "recommendations": {
        "name": "Recommendations",
        "team": "discovery",
        "tier": 4,
        "monthly_active_users": 250_000,
        "revenue_per_hour": 700,
    },
    "inventory": {"name": "Inventory", "team": "platform", "tier": 3, "monthly_active_users": 400, "revenue_per_hour": 0},
    "notifications": {"name": "Notifications", "team": "platform", "tier": 4, "monthly_active_users": 88_000, "revenue_per_hour": 0},
}
COSTS = {  # of an hour in the cloud
    "storefront": 42, "checkout": 31, "payments": 28, "orders": 24, "baskets": 19, "accounts": 16, "search": 37, "recommendations": 22,
    "inventory": 9, "notifications": 6,
}  # fmt: skip
NEEDS = {
    "storefront": ("search", "baskets", "accounts", "recommendations"),
    "checkout": ("baskets", "orders", "payments", "accounts"),
    "orders": ("inventory", "notifications"),
    "baskets": ("inventory",),
    "recommendations": ("search",),
}


def load() -> None:
    for slug, name in REGIONS.items():
        define_region(SETUP, slug, name)
    for slug, name in ENVIRONMENTS.items():
        define_environment(SETUP, slug, name, production=slug == "production")
    there = set(Service.objects.values_list("slug", flat=True))
    new = [slug for slug in SERVICES if slug not in there]
    for slug in new:
        details = dict(SERVICES[slug])
        define_service(SETUP, slug, details.pop("name"), details.pop("team"), example=True, cost_per_hour=COSTS[slug], **details)
        deploy_service(SETUP, slug, ONE_REGION if details["tier"] > 2 else EVERYWHERE)
    for service in new:
        for needed in NEEDS.get(service, ()):
            declare_dependency(SETUP, service, needed)
