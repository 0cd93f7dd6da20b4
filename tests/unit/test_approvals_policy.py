"""The judgement about approvals, by tables: which row decides, what is missing, what a digest is bound to."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windows.approvals.policy import (
    FALLBACK,
    Place,
    PolicyRow,
    Requirement,
    Signature,
    checked_match,
    checked_requires,
    differences,
    digest,
    fits,
    match,
    missing,
    places,
    told,
    told_by_turn,
    turn_of,
)
from windows.errors import Invalid

FACTS: dict[str, Any] = {
    "tier": [1, 3],
    "change_type": ["normal"],
    "mode": ["read_only"],
    "environment": ["production"],
    "service": ["orders"],
    "layer": ["L5"],
    "team": ["shop"],
    "expected_users": 500,
}


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, True),
        ({"tier": [1]}, True),
        ({"tier": [2, 4]}, False),
        ({"tier": [1], "change_type": ["standard"]}, False),
        ({"tier": [1], "change_type": ["standard", "normal"]}, True),
        ({"environment": ["staging"]}, False),
        ({"layer": ["L5"], "mode": ["read_only"], "team": ["shop"], "service": ["orders"]}, True),
        ({"expected_users_at_least": 500}, True),
        ({"expected_users_at_least": 501}, False),
        ({"unheard_of": [1]}, False),
    ],
)
def test_what_a_row_fits(wanted: dict[str, Any], expected: bool) -> None:
    assert fits(wanted, FACTS) is expected


def test_unknown_users_are_not_many() -> None:
    assert not fits({"expected_users_at_least": 0}, FACTS | {"expected_users": None})


def test_the_first_row_decides_and_none_means_the_owner_signs() -> None:
    strict, loose = PolicyRow("strict", {"tier": [1]}, (Requirement("sre"),)), PolicyRow("loose", {}, ())
    assert match([strict, loose], FACTS) is strict
    assert match([strict, loose], FACTS | {"tier": [3]}) is loose
    assert match([], FACTS) is FALLBACK and FALLBACK.requires == (Requirement("owner", 1, "owner"),)


def test_each_affected_team_signs_for_itself() -> None:
    wanted = places([Requirement("owner", 1, "affected"), Requirement("sre", 2, "any")], "shop", {"shop", "data"})
    assert wanted == [Place("owner", "data"), Place("owner", "shop"), Place("sre", None), Place("sre", None)]
    assert told(wanted) == ["owner of data", "owner of shop", "2 × sre"]
    assert places([Requirement("owner", 1, "affected")], "shop", set()) == [Place("owner", "shop")]


def yes(person: int, *roles: str) -> Signature:
    return Signature(person, f"P{person}", frozenset((pair.split("/")[0], pair.split("/")[1]) for pair in roles))


TWO = [Place("owner", "shop"), Place("sre", None)]


@pytest.mark.parametrize(
    ("signatures", "barred", "empty"),
    [
        ([], (), ["owner of shop", "sre"]),
        ([yes(1, "shop/owner")], (), ["sre"]),
        ([yes(1, "data/owner")], (), ["owner of shop", "sre"]),
        ([yes(1, "shop/owner", "shop/sre")], (), ["sre"]),  # one person fills one place
        ([yes(1, "shop/owner", "shop/sre"), yes(1, "shop/sre")], (), ["owner of shop"]),  # … under whatever role
        ([yes(1, "shop/owner", "shop/sre"), yes(2, "shop/owner")], (), []),  # seated so that both count
        ([yes(2, "data/sre"), yes(1, "shop/owner")], (), []),  # an SRE is one everywhere
        ([yes(1, "shop/owner"), yes(2, "x/sre")], (2,), ["sre"]),
    ],
)
def test_what_is_missing(signatures: list[Signature], barred: tuple[int, ...], empty: list[str]) -> None:
    assert told(missing(TWO, signatures, barred)) == empty


@given(st.lists(st.tuples(st.integers(1, 5), st.sets(st.sampled_from(["shop/owner", "shop/sre", "data/owner"]), min_size=1)), max_size=6))
def test_seats_never_exceed_people(found: list[tuple[int, set[str]]]) -> None:
    signatures = [yes(person, *sorted(roles)) for person, roles in found]
    wanted = [*TWO, Place("owner", "data")]
    empty = missing(wanted, signatures)
    assert len(wanted) - len(empty) <= len({person for person, _ in found})
    assert missing(wanted, signatures, {person for person, _ in found}) == wanted


@pytest.mark.parametrize(
    ("signatures", "now", "then"),
    [
        ([], ["owner of shop"], ["sre"]),
        ([yes(1, "shop/owner")], ["sre"], []),
        ([yes(1, "shop/owner", "shop/sre")], ["sre"], []),  # who could fill both fills the first
        ([yes(1, "shop/owner"), yes(2, "x/sre")], [], []),
    ],
)
def test_a_later_turn_waits_for_the_earlier_ones(signatures: list[Signature], now: list[str], then: list[str]) -> None:
    wanted = places([Requirement("sre", 1, "any", 2), Requirement("owner", 1, "owner", 1)], "shop", set())
    assert [place.turn for place in wanted] == [1, 2]
    empty = missing(wanted, signatures)
    assert told_by_turn(wanted, empty) == (now, then)
    assert turn_of(wanted, empty) == (empty[0].turn if empty else None)
    assert turn_of(TWO, TWO) is None, "the same turn for all is no order"


MATERIAL: dict[str, Any] = {
    "starts_at": "2027-01-01T10:00:00.000000+00:00",
    "slack": 0.5,
    "parameters": {"batch": 500, "name": "é"},
    "scope": ["a/b/c/L3"],
}


def test_a_digest_is_of_values_not_of_spelling() -> None:
    shuffled = dict(reversed(MATERIAL.items()))
    assert digest(shuffled) == digest(MATERIAL) and len(digest(MATERIAL)) == 64
    assert digest({"a": 1}) != digest({"a": "1"}) != digest({"a": True})


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"starts_at": "x"}, ["starts_at"]),
        ({"parameters": {"batch": 501, "name": "é"}}, ["parameters.batch"]),
        ({"parameters": {"batch": 500, "name": "é", "new": None}}, ["parameters.new"]),
        ({"parameters": {"batch": True, "name": "é"}}, ["parameters.batch"]),
        ({"scope": [], "slack": 0.6}, ["scope", "slack"]),
    ],
)
def test_differences_name_the_field(change: dict[str, Any], fields: list[str]) -> None:
    found = differences(MATERIAL, MATERIAL | change)
    assert [entry["field"] for entry in found] == fields
    assert all(set(entry) == {"field", "before", "after"} for entry in found)


@pytest.mark.parametrize(
    ("given_match", "field"),
    [([], "match"), ({"tiers": [1]}, "match"), ({"tier": 1}, "match.tier"), ({"tier": [9]}, "match.tier"), ({"tier": [True]}, "match.tier"),
     ({"mode": ["half"]}, "match.mode"), ({"tier": []}, "match.tier"), ({"expected_users_at_least": -1}, "match.expected_users_at_least")],
)  # fmt: skip
def test_a_bad_match_names_its_key(given_match: Any, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked_match(given_match)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("requires", "field"),
    [({}, "requires"), ([1], "requires[0]"),
     ([{"role": "viewer"}], "requires[0].role"), ([{"role": "sre", "quorum": 0}], "requires[0].quorum"),
    ([{"role": "sre", "turn": 10}], "requires[0].turn"),
     ([{"role": "sre"}, {"role": "owner", "team": "mine"}], "requires[1].team"), ([{"role": "sre", "people": 2}], "requires[0]")],
)  # fmt: skip
def test_a_bad_requirement_names_its_place(requires: Any, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked_requires(requires)
    assert refused.value.field == field


def test_good_rows_pass() -> None:
    assert checked_match({"tier": (1, 2)}) == {"tier": [1, 2]}
    assert checked_requires([{"role": "sre"}]) == (replace(Requirement("sre"), team="owner"),)
