"""The judgement about conflicts, by tables."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windows.scheduling.conflicts import Candidate, ConflictFinding, FreezeFacts, Place, find, neighbours

T = datetime(2027, 3, 1, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)
ORDERS = Place("orders", "production", "r1", "shop")
NEEDS = {
    "orders": frozenset({"payments"}),
    "payments": frozenset({"bank"}),
    "bank": frozenset({"vault"}),
    "web": frozenset({"orders", "search"}),
    "vault": frozenset({"orders"}),  # a cycle
}


def at(reference: str, place: Place | None = None, begins: float = 0, hours: float = 1, **more: object) -> Candidate:
    start = T + begins * HOUR
    return Candidate(reference=reference, begins=start, ends=start + hours * HOUR, places=frozenset({place or ORDERS}), **more)  # type: ignore[arg-type]


def asked(
    candidate: Candidate, *others: Candidate, freezes: tuple[FreezeFacts, ...] = (), now: datetime = T - HOUR
) -> list[tuple[str, str, str]]:
    return [(f.kind, f.severity, f.who) for f in find(candidate, others, freezes, NEEDS, now)]


ME = at("MW-1")
SAME = [("scope", "hard", "MW-2")]
SOFT = [("dependency", "soft", "MW-2")]
CASES = {
    "the same place at the same time": (at("MW-2"), SAME),
    "an hour later touches": (at("MW-2", begins=1), []),
    "an hour earlier touches": (at("MW-2", begins=-1), []),
    "half an hour into ours": (at("MW-2", begins=0.5), SAME),
    "around ours": (at("MW-2", begins=-1, hours=3), SAME),
    "another region": (at("MW-2", replace(ORDERS, region="r2")), []),
    "another environment": (at("MW-2", replace(ORDERS, environment="staging")), []),
    "itself": (at("MW-1"), []),
    "what we need": (at("MW-2", Place("payments", "production", "r1")), SOFT),
    "what we need, elsewhere": (at("MW-2", Place("payments", "production", "r2")), SOFT),
    "what we need, in staging": (at("MW-2", Place("payments", "staging", "r1")), []),
    "what we need needs": (at("MW-2", Place("bank", "production", "r1")), SOFT),
    "who needs us": (at("MW-2", Place("web", "production", "r1")), SOFT),
    "a sibling below the same parent": (at("MW-2", Place("search", "production", "r1")), []),
    "a stranger": (at("MW-2", Place("mail", "production", "r1")), []),
    "an emergency there": (at("MW-2", emergency=True), [("scope", "soft", "MW-2")]),
}


@pytest.mark.parametrize("case", CASES)
def test_against_one_other_window(case: str) -> None:
    other, expected = CASES[case]
    assert asked(ME, other) == expected


def test_an_emergency_is_never_refused() -> None:
    freeze = FreezeFacts(title="Peak", begins=T, ends=T + HOUR, severity="hard")
    findings = asked(at("MW-1", emergency=True), at("MW-2"), freezes=(freeze,))
    assert findings == [("freeze", "soft", "Peak"), ("scope", "soft", "MW-2")]


def test_depth_is_a_limit_and_cycles_end() -> None:
    assert set(neighbours({"orders"}, NEEDS, 1)) == {"payments", "web", "vault"}
    assert set(neighbours({"orders"}, NEEDS, 2)) == {"payments", "bank", "web", "vault"}
    assert neighbours({"orders"}, NEEDS, 2)["bank"] == ("orders", "needs payments", "needs bank")
    assert set(neighbours({"orders"}, NEEDS, 50)) == {"payments", "bank", "web", "vault"}


def test_r_e03_a_finding_names_the_path_and_the_way_out() -> None:
    (finding,) = find(ME, [at("MW-2", Place("bank", "production", "r1"))], [], NEEDS, T)
    assert finding.why == "orders needs payments, which needs bank, and bank is under MW-2 then."
    assert finding.resolve == "Begin after 2027-03-01 23:00 UTC, when MW-2 ends.", "before it there is no time left"
    (finding,) = find(ME, [at("MW-2", Place("bank", "production", "r1"))], [], NEEDS, T - timedelta(hours=2))
    assert finding.resolve == "Begin after 2027-03-01 23:00 UTC, when MW-2 ends, or end before 2027-03-01 22:00 UTC."


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ({"coordinator": (1, "Ada")}, {"coordinator": (1, "Ada")}, [("person", "soft", "MW-2")]),
        ({"coordinator": (1, "Ada")}, {"deputy": (1, "Ada")}, [("person", "advisory", "MW-2")]),
        ({"deputy": (1, "Ada")}, {"deputy": (1, "Ada")}, [("person", "advisory", "MW-2")]),
        ({"coordinator": (1, "Ada")}, {"coordinator": (2, "Ada")}, []),
        ({}, {}, []),
    ],
)
def test_people_in_two_places(ours: dict[str, object], theirs: dict[str, object], expected: list[tuple[str, str, str]]) -> None:
    assert asked(at("MW-1", **ours), at("MW-2", Place("mail", "production", "r1"), **theirs)) == expected


WHOLE = FreezeFacts(title="Peak", begins=T, ends=T + HOUR, severity="hard")


@pytest.mark.parametrize(
    ("freeze", "expected"),
    [
        (WHOLE, "hard"),
        (replace(WHOLE, severity="soft"), "soft"),
        (replace(WHOLE, severity="advisory"), "advisory"),
        (replace(WHOLE, services=frozenset({"orders"})), "hard"),
        (replace(WHOLE, services=frozenset({"search"})), None),
        (replace(WHOLE, teams=frozenset({"shop"})), "hard"),
        (replace(WHOLE, teams=frozenset({"data"})), None),
        (replace(WHOLE, environments=frozenset({"staging"})), None),
        (replace(WHOLE, services=frozenset({"orders"}), teams=frozenset({"data"})), None),
        (replace(WHOLE, begins=T + HOUR, ends=T + 2 * HOUR), None),
        (replace(WHOLE, begins=T - HOUR, ends=T), None),
    ],
)
def test_freezes(freeze: FreezeFacts, expected: str | None) -> None:
    assert asked(ME, freezes=(freeze,)) == ([("freeze", expected, "Peak")] if expected else [])


def test_what_is_over_stands_in_nobodys_way() -> None:
    assert asked(ME, at("MW-2", hours=0.5), freezes=(replace(WHOLE, ends=T + HOUR / 2),), now=T + HOUR / 2) == []


def test_the_gravest_comes_first() -> None:
    findings = asked(ME, at("MW-3", Place("web", "production", "r1")), at("MW-2"), freezes=(replace(WHOLE, severity="advisory"),))
    assert [severity for _, severity, _ in findings] == ["hard", "soft", "advisory"]


places = st.builds(
    Place, st.sampled_from(["orders", "payments", "mail"]), st.sampled_from(["production", "staging"]), st.sampled_from(["r1", "r2"])
)
windows = st.builds(
    lambda n, begins, length, where, urgent: Candidate(
        reference=f"MW-{n}", begins=T + begins * HOUR, ends=T + (begins + length) * HOUR, places=where, emergency=urgent
    ),
    st.integers(1, 9), st.integers(-3, 3), st.integers(1, 3), st.frozensets(places, min_size=1, max_size=3), st.booleans(),
)  # fmt: skip


@given(one=windows, other=windows)
def test_hard_conflicts_are_symmetric(one: Candidate, other: Candidate) -> None:
    def hard(a: Candidate, b: Candidate) -> list[ConflictFinding]:
        return [f for f in find(a, [b], [], NEEDS, T - 9 * HOUR) if f.severity == "hard"]

    assert bool(hard(one, other)) == bool(hard(other, one))
