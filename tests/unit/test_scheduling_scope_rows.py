"""A scope in as few rows as a form can say it in, and never another scope."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from windows.scheduling.scope_rows import grouped, sayable

REGIONS = {("orders", "production"): frozenset({"eu", "us"}), ("mail", "production"): frozenset({"eu"})}
PLACES = [(service, environment, region, layer) for (service, environment), names in sorted(REGIONS.items()) for region in sorted(names)
          for layer in ("L3", "L4", "L5")]  # fmt: skip


def test_every_region_and_every_layer_is_one_row() -> None:
    both = [("orders", "production", region, layer) for region in ("eu", "us") for layer in ("L3", "L5")]
    assert grouped(both, REGIONS) == [{"service": "orders", "environment": "production", "region": "*", "layers": ["L3", "L5"]}]
    assert [row["region"] for row in grouped(both[:2], REGIONS)] == ["eu"], "one of two regions is itself"
    assert [row["region"] for row in grouped([("mail", "production", "eu", "L3")], REGIONS)] == ["eu"]
    assert len(grouped([*both, ("orders", "production", "us", "L4")], REGIONS)) == 2, "no row says two layers here and three there"


@given(st.sets(st.sampled_from(PLACES), min_size=1))
def test_the_rows_mean_the_very_places(places: set[tuple[str, str, str, str]]) -> None:
    meant = [
        (row["service"], row["environment"], region, layer)
        for row in grouped(sorted(places), REGIONS)
        for region in (REGIONS[row["service"], row["environment"]] if row["region"] == "*" else [row["region"]])
        for layer in row["layers"]
    ]
    assert sorted(meant) == sorted(places)


def said(region: str, *layers: str, service: str = "orders") -> dict[str, Any]:
    return {"service": service, "environment": "production", "region": region, "layers": list(layers)}


def test_what_was_said_is_kept_where_a_form_has_words_for_it() -> None:
    assert sayable([said("*", "L3"), said("*", "L5", "L3")]) == [said("*", "L3", "L5")]
    assert sayable([said("eu", "L3"), said("us", "L3")]) == [said("eu", "L3"), said("us", "L3")], "who named each region meant each"
    assert sayable([said("*", "L3", service="*")]) is None and sayable([]) is None
