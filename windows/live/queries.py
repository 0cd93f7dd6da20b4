"""Nouns: what is open right now."""

from __future__ import annotations

from windows.live.models import LiveScope


def live_scopes(*, window: str = "", service: str = "", environment: str = "") -> list[LiveScope]:
    """The rows of open windows, in a stable order; of one window, service or environment where named."""
    given = {"window": window, "service": service, "environment": environment}
    rows = LiveScope.objects.filter(**{name: value for name, value in given.items() if value})
    return list(rows.order_by("window", "service", "environment", "region", "layer"))
