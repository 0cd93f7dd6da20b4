"""A window's places as few rows as a form can say them in: a service, an environment, one region or every one, layers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

EVERY = "*"
Placed = tuple[str, str, str, str]  # service, environment, region, layer
Row = dict[str, Any]


def grouped(places: Iterable[Placed], regions: Mapping[tuple[str, str], frozenset[str]]) -> list[Row]:
    """One row where places differ in layer only, and where they are all `regions` that there are of a service with the same layers."""
    layers: dict[tuple[str, str, str], list[str]] = {}
    for service, environment, region, layer in places:
        layers.setdefault((service, environment, region), []).append(layer)
    found: dict[tuple[str, str, str], list[str]] = {}
    for (service, environment, region), told in layers.items():
        there = regions.get((service, environment), frozenset())
        alike = {name for name in there if sorted(layers.get((service, environment, name), [])) == sorted(told)}
        found[service, environment, EVERY if len(there) > 1 and alike == there else region] = told
    return [row(*where, told) for where, told in found.items()]


def sayable(said: Sequence[Row]) -> list[Row] | None:
    """Rows as somebody said them, alike but for their layers as one; None where a form has no word for one of them."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for one in said:
        if EVERY in (one["service"], one["environment"]):
            return None
        layers = found.setdefault((one["service"], one["environment"], one["region"]), [])
        layers += [layer for layer in one["layers"] if layer not in layers]
    return [row(*where, told) for where, told in found.items()] or None


def row(service: str, environment: str, region: str, layers: Sequence[str]) -> Row:
    return {"service": service, "environment": environment, "region": region, "layers": list(layers)}
