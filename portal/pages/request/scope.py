"""The scope of a saved window as rows of its form."""

from __future__ import annotations

from typing import Any

from windows.catalogue.queries import expand_scope
from windows.errors import Invalid
from windows.scheduling.commands.editing import ScopeRow, expanded
from windows.scheduling.models import Window
from windows.scheduling.queries import WindowView
from windows.scheduling.scope_rows import EVERY, grouped, sayable


def scope_in_form(view: WindowView) -> list[dict[str, Any]]:
    """As somebody said it where that still means the places the window has; else those places, in as few rows as say them."""
    said = sayable(Window.objects.values_list("scope_said", flat=True).get(pk=view.id))
    rows = said if said is not None and still_means(said, view) else as_it_stands(view)
    return [{**one, "region": "" if one["region"] == EVERY else one["region"]} for one in rows]


def still_means(said: list[dict[str, Any]], view: WindowView) -> bool:
    try:
        meant = expanded([ScopeRow(**{**one, "layers": tuple(one["layers"])}) for one in said])
    except Invalid:
        return False
    return {row.told for row in meant} == {f"{row.service}/{row.environment}/{row.region}/{row.layer}" for row in view.scope}


def as_it_stands(view: WindowView) -> list[dict[str, Any]]:
    places = [(row.service, row.environment, row.region, row.layer) for row in view.scope]
    regions = {pair: every_region(*pair) for pair in {(service, environment) for service, environment, _, _ in places}}
    return grouped(places, regions)


def every_region(service: str, environment: str) -> frozenset[str]:
    """None where it no longer runs there."""
    try:
        return frozenset(place.region for place in expand_scope(service, environment))
    except Invalid:
        return frozenset()
