"""The judgement about groups, pairs, limits, providers and people, by tables and by property."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windows.scheduling.conflicts import Candidate, ConflictFinding, External, FreezeFacts, Group, Limit, Place, Rules, find

T = datetime(2027, 3, 1, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)
R1, R2, R3 = (Place("orders", "production", region, "shop", 1) for region in ("r1", "r2", "r3"))
GROUP = Group(name="Orders anywhere", minimum=2, members=frozenset(place.deployed for place in (R1, R2, R3)))
PAIR = frozenset({frozenset({"r1", "r2"})})
NEEDS = {"orders": frozenset({"payments"}), "payments": frozenset({"bank"})}


def at(reference: str, *places: Place, begins: float = 0, hours: float = 1, **more: object) -> Candidate:
    start = T + begins * HOUR
    return Candidate(reference=reference, begins=start, ends=start + hours * HOUR, places=frozenset(places), **more)  # type: ignore[arg-type]


def judged(me: Candidate, *others: Candidate, externals: tuple[External, ...] = (), **rules: object) -> list[ConflictFinding]:
    return find(me, others, [], NEEDS, T - HOUR, rules=Rules(**rules), externals=externals)  # type: ignore[arg-type]


def short(found: list[ConflictFinding]) -> list[tuple[str, str, str]]:
    return [(f.kind, f.severity, f.who) for f in found]


GROUPS: dict[str, tuple[tuple[Candidate, ...], list[tuple[str, str, str]]]] = {
    "one of three is down": ((at("MW-1", R1),), []),
    "a second one at the same time": ((at("MW-1", R1), at("MW-2", R2)), [("redundancy", "hard", "MW-2")]),
    "a second one afterwards": ((at("MW-1", R1), at("MW-2", R2, begins=1)), []),
    "a second one whose users notice nothing": ((at("MW-1", R1), at("MW-2", R2, takes_down=False)), []),
    "ours, whose users notice nothing": ((at("MW-1", R1, takes_down=False), at("MW-2", R2)), []),
    "two by ourselves": ((at("MW-1", R1, R2),), [("redundancy", "soft", "this window itself")]),
    "two by ourselves, and a rival takes the third": ((at("MW-1", R1, R2), at("MW-2", R3)), [
        ("redundancy", "hard", "MW-2"), ("redundancy", "soft", "this window itself"),
    ]),
    "an emergency goes first": ((at("MW-1", R1, emergency=True), at("MW-2", R2)), [("redundancy", "soft", "MW-2")]),
    "two, but never at once": ((at("MW-1", R1, hours=4), at("MW-2", R2, hours=1), at("MW-3", R3, begins=2)), [
        ("redundancy", "hard", "MW-2"),
    ]),
}  # fmt: skip


@pytest.mark.parametrize("case", GROUPS)
def test_x11_a_group_keeps_its_minimum(case: str) -> None:
    (me, *others), expected = GROUPS[case]
    assert short(judged(me, *others, groups=(GROUP,))) == expected


def test_a_group_says_how_many_are_left_and_when_it_would_do() -> None:
    (found,) = judged(at("MW-1", R1), at("MW-2", R2), groups=(GROUP,))
    assert found.what == "Orders anywhere: orders in production/r1"
    assert found.why == "With MW-2 only 1 of 3 of Orders anywhere would be left then; 2 must stay."
    assert found.resolve == "Begin after 2027-03-01 23:00 UTC, when MW-2 ends."


PAIRS: dict[str, tuple[tuple[Candidate, ...], list[tuple[str, str, str]]]] = {
    "the partner is down": ((at("MW-1", R1), at("MW-2", R2)), [("region_pair", "hard", "MW-2")]),
    "another region is down": ((at("MW-1", R1), at("MW-2", R3)), []),
    "another service in the partner": ((at("MW-1", R1), at("MW-2", replace(R2, service="mail"))), []),
    "the partner in staging": ((at("MW-1", R1), at("MW-2", replace(R2, environment="staging"))), []),
    "both by ourselves, said once": ((at("MW-1", R1, R2),), [("region_pair", "soft", "this window itself")]),
}


@pytest.mark.parametrize("case", PAIRS)
def test_x11_a_pair_of_regions_is_never_down_together(case: str) -> None:
    (me, *others), expected = PAIRS[case]
    assert short(judged(me, *others, pairs=PAIR)) == expected


MAIL = Place("mail", "production", "r1", "post")
LIMIT = Limit(title="Two of shop", at_most=2, severity="soft", team="shop")
LIMITS: dict[str, tuple[Limit, tuple[Candidate, ...], list[tuple[str, str, str]]]] = {
    "room for one more": (LIMIT, (at("MW-2", R2),), []),
    "full": (LIMIT, (at("MW-2", R2), at("MW-3", R3)), [("limit", "soft", "MW-2, MW-3")]),
    "full of others": (LIMIT, (at("MW-2", MAIL), at("MW-3", MAIL)), []),
    "one after the other": (LIMIT, (at("MW-2", R2, hours=0.5), at("MW-3", R3, begins=0.5)), []),
    "elsewhere": (replace(LIMIT, environment="staging"), (at("MW-2", R2), at("MW-3", R3)), []),
    "a platform": (
        Limit(title="Bank", at_most=1, severity="hard", platform=frozenset({"bank", "orders", "mail"})),
        (at("MW-2", MAIL),),
        [("limit", "hard", "MW-2")],
    ),
}


@pytest.mark.parametrize("case", LIMITS)
def test_x11_no_more_at_once_than_agreed(case: str) -> None:
    limit, others, expected = LIMITS[case]
    assert short(judged(at("MW-1", R1), *others, limits=(limit,))) == expected


NOTICE = External(
    provider="Telco", title="Fibre", begins=T, ends=T + HOUR, impact="outage", places=frozenset({("orders", "production", "r1")})
)
EXTERNALS = {
    "our very place": (NOTICE, [("external", "soft", "Telco: Fibre")]),
    "no impact": (replace(NOTICE, impact="no_impact"), [("external", "advisory", "Telco: Fibre")]),
    "any region": (replace(NOTICE, places=frozenset({("orders", "", "")})), [("external", "soft", "Telco: Fibre")]),
    "another region": (replace(NOTICE, places=frozenset({("orders", "production", "r2")})), []),
    "what we need needs": (replace(NOTICE, places=frozenset({("bank", "", "")})), [("external", "soft", "Telco: Fibre")]),
    "it is over": (replace(NOTICE, begins=T - HOUR, ends=T), []),
}


@pytest.mark.parametrize("case", EXTERNALS)
def test_a_providers_maintenance(case: str) -> None:
    external, expected = EXTERNALS[case]
    assert short(judged(at("MW-1", R1), externals=(external,))) == expected


def test_r_e03_a_provider_is_found_through_the_dependencies() -> None:
    (found,) = judged(at("MW-1", R1), externals=(replace(NOTICE, places=frozenset({("bank", "", "")})),))
    assert found.why.startswith("orders needs payments, which needs bank, and Telco works on what bank rests on from ")


ADA, BO = (1, "Ada"), (2, "Bo")


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ({"owner": ADA}, {"owner": ADA}, "Ada is owner here and owner of MW-2 at the same time."),
        ({"owner": ADA, "coordinator": ADA}, {"deputy": ADA}, "Ada is coordinator here and deputy of MW-2 at the same time."),
        ({"on_call": frozenset({ADA})}, {"coordinator": ADA}, "Ada is on call here and coordinator of MW-2 at the same time."),
        ({"on_call": frozenset({ADA})}, {"coordinator": BO}, None),
    ],
)
def test_who_is_wanted_twice_is_pointed_out(ours: dict[str, object], theirs: dict[str, object], expected: str | None) -> None:
    found = judged(at("MW-1", R1, **ours), at("MW-2", MAIL, **theirs))
    assert [(f.severity, f.why) for f in found] == ([("advisory", expected)] if expected else [])


FREEZE = FreezeFacts(title="Peak", begins=T, ends=T + HOUR, severity="hard")


@pytest.mark.parametrize(
    ("freeze", "met"),
    [
        (replace(FREEZE, tiers=frozenset({1, 2})), True),
        (replace(FREEZE, tiers=frozenset({3})), False),
        (replace(FREEZE, excepted_windows=frozenset({"MW-1"})), False),
        (replace(FREEZE, excepted_windows=frozenset({"MW-2"})), True),
        (replace(FREEZE, excepted_teams=frozenset({"shop"})), False),
        (replace(FREEZE, excepted_teams=frozenset({"post"})), True),
    ],
)
def test_a_freeze_binds_tiers_and_knows_exceptions(freeze: FreezeFacts, met: bool) -> None:
    assert bool(find(at("MW-1", R1), [], [freeze], {}, T - HOUR)) is met


def test_a_key_changes_with_the_facts_and_not_with_the_clock() -> None:
    needed = Place("payments", "production", "r1")
    rival = at("MW-2", needed, running=True, planned=(T, T + HOUR))

    def key(other: Candidate, now: datetime = T) -> str:
        (found,) = find(at("MW-1", R1, hours=4), [other], [], NEEDS, now)
        return found.key

    assert key(rival) == key(replace(rival, ends=T + 2 * HOUR), T + 1.5 * HOUR)  # it runs on: nobody edited it
    assert key(rival) != key(replace(rival, planned=(T, T + 2 * HOUR)))


places = st.builds(
    Place,
    st.sampled_from(["orders", "mail"]),
    st.just("production"),
    st.sampled_from(["r1", "r2", "r3"]),
    st.sampled_from(["shop", "post"]),
)
windows = st.builds(
    lambda n, begins, length, where: Candidate(
        reference=f"MW-{n}", begins=T + begins * HOUR, ends=T + (begins + length) * HOUR, places=where
    ),
    st.integers(1, 9), st.integers(-3, 3), st.integers(1, 3), st.frozensets(places, min_size=1, max_size=2),
)  # fmt: skip


@given(me=windows, others=st.lists(windows, max_size=5, unique_by=lambda one: one.reference))
def test_x11_what_is_found_is_exactly_what_a_walk_minute_by_minute_finds(me: Candidate, others: list[Candidate]) -> None:
    rivals = [other for other in others if other.reference != me.reference]
    found = find(me, others, [], {}, T - 9 * HOUR, rules=Rules(groups=(GROUP,), limits=(LIMIT,)))
    hours = [me.begins + n * HOUR for n in range(int((me.ends - me.begins) / HOUR))]
    there = [[one for one in rivals if one.begins <= hour < one.ends] for hour in hours]
    ours = me.deployed & GROUP.members
    left = min(len(GROUP.members - ours.union(*(one.deployed for one in some))) for some in there)
    assert ("redundancy" in {f.kind for f in found}) == bool(ours and left < GROUP.minimum)
    shop = [sum(any(place.team == "shop" for place in one.places) for one in some) for some in there]
    under = any(place.team == "shop" for place in me.places)
    assert ("limit" in {f.kind for f in found}) == (under and max(shop) >= LIMIT.at_most)
