"""Which flag counts: by table and by property."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windows.flags.routing import ANY, STRICTNESS, FlagKey, FlagRow, newest, resolve
from windows.lifecycle.states import Mode

SYSTEM = FlagKey()
ORDERS = FlagKey("orders")
PROD = FlagKey(environment="production")
ORDERS_PROD = FlagKey("orders", "production")
ORDERS_PROD_EU = FlagKey("orders", "production", "eu")
NODE = FlagKey("orders", "production", "eu")


def flags(*settings: tuple[FlagKey, Mode] | tuple[FlagKey, Mode, dict]) -> list[FlagRow]:
    return [FlagRow(key, mode.value, number, payload=dict(*rest)) for number, (key, mode, *rest) in enumerate(settings, start=1)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], None),
        (flags((SYSTEM, Mode.OFFLINE)), "offline"),
        (flags((ORDERS, Mode.READ_ONLY), (SYSTEM, Mode.OFFLINE)), "read_only"),  # the more specific, though milder
        (flags((ORDERS, Mode.DEGRADED), (PROD, Mode.OFFLINE)), "offline"),  # one part each: the strictest
        (flags((PROD, Mode.OFFLINE), (ORDERS, Mode.DEGRADED)), "offline"),  # in whatever order
        (flags((ORDERS_PROD, Mode.DEGRADED), (ORDERS, Mode.OFFLINE)), "degraded"),
        (flags((FlagKey("billing"), Mode.OFFLINE)), None),
        (flags((FlagKey("orders", "staging"), Mode.OFFLINE)), None),
        (flags((FlagKey("orders", layer="L5"), Mode.OFFLINE)), None),  # a layer the asker did not name
        (flags((ORDERS_PROD_EU, Mode.NORMAL), (SYSTEM, Mode.OFFLINE)), "offline"),  # cleared: says nothing
        (flags((ORDERS_PROD_EU, Mode.NORMAL, {"exempt": True}), (SYSTEM, Mode.OFFLINE)), "normal"),  # a declared exemption
    ],
)
def test_the_most_specific_then_the_strictest(rows: list[FlagRow], expected: str | None) -> None:
    found = resolve(rows, NODE)
    assert (found.mode if found else None) == expected


def test_a_layer_and_a_component_are_heard_by_those_who_name_them() -> None:
    rows = flags((FlagKey("orders", "production", ANY, "L5"), Mode.READ_ONLY), (FlagKey("orders", component="cart"), Mode.OFFLINE))
    assert resolve(rows, NODE) is None
    assert resolve(rows, FlagKey("orders", "production", "eu", "L5")) is rows[0]
    assert resolve(rows, FlagKey("orders", "production", "eu", ANY, "cart")) is rows[1]
    assert newest(rows, NODE) is rows[1], "but the node hosts both and must acknowledge them"


part = st.sampled_from([ANY, "a", "b"])
keys = st.builds(FlagKey, part, part, part, part, part)
places = st.builds(FlagKey, st.sampled_from("ab"), st.sampled_from("ab"), st.sampled_from("ab"), part, part)
stores = st.lists(st.tuples(keys, st.sampled_from(Mode)), unique_by=lambda pair: pair[0], max_size=12).map(lambda pairs: flags(*pairs))


@given(stores, places)
def test_the_winner_touches_and_nobody_who_touches_outranks_it(rows: list[FlagRow], place: FlagKey) -> None:
    won = resolve(rows, place)
    speaking = [row for row in rows if row.key.touches(place) and row.mode != "normal"]
    if won is None:
        assert not speaking
        return
    assert won in speaking
    for row in speaking:
        assert row.key.specificity <= won.key.specificity
        if row.key.specificity == won.key.specificity:
            assert STRICTNESS[row.mode] <= STRICTNESS[won.mode]


@given(stores, places, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rows: list[FlagRow], place: FlagKey, random) -> None:
    shuffled = rows[:]
    random.shuffle(shuffled)
    assert resolve(rows, place) == resolve(shuffled, place)
    assert newest(rows, place) == newest(shuffled, place)


@given(stores, places)
def test_rows_that_do_not_touch_change_nothing(rows: list[FlagRow], place: FlagKey) -> None:
    assert resolve([row for row in rows if row.key.touches(place)], place) == resolve(rows, place)


@given(stores, places)
def test_what_decides_is_never_newer_than_what_must_be_acknowledged(rows: list[FlagRow], place: FlagKey) -> None:
    won, last = resolve(rows, place), newest(rows, place)
    assert won is None or (last is not None and won.global_version <= last.global_version)


@given(keys, places)
def test_what_touches_also_concerns(key: FlagKey, place: FlagKey) -> None:
    assert not key.touches(place) or key.concerns(place)


def test_strictness_is_the_declared_order() -> None:
    assert all(STRICTNESS[a.value] < STRICTNESS[b.value] for a, b in itertools.pairwise(Mode))
