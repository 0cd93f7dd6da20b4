"""Tag and route, row by row: which window, which action, and that it says why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windows.alerts.expected import Expected, as_lines, from_plain, in_lines, plain
from windows.alerts.routing import ALWAYS, Open, Scope, fires_again, is_louder, judge
from windows.alerts.states import Action
from windows.alerts.wire import Heard
from windows.alerts.words import About, Line, body, title
from windows.errors import Invalid

BEGAN = datetime(2026, 3, 1, 2, tzinfo=UTC)
PLACE = Scope("orders", "production", "r1")
SLOW = Expected("OrdersSlow", "orders", "production", 0, 30, "the index is rebuilt")


def window(reference: str = "MW-1", **facts: Any) -> Open:
    given: dict[str, Any] = {"since": BEGAN, "scopes": (PLACE,), "step": "Rebuild", "expected": (SLOW,)}
    return Open(reference, **(given | facts))


def heard(name: str = "OrdersDown", minutes: float = 5, *, over: bool = False, withheld: str = "", by: str = "", **labels: str) -> Heard:
    told = {"alertname": name, "service": "orders", "environment": "production", "severity": "critical"} | labels
    told = {key.rstrip("_"): value for key, value in told.items() if value}
    at = BEGAN + timedelta(minutes=minutes)
    return Heard("f", name, told, at, at if over else None, withheld=withheld, withheld_by=by)


def now(minutes: float = 6) -> datetime:
    return BEGAN + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("alert", "at", "action", "reference", "why"),
    [
        (heard(), 6, "page", "MW-1", "not expected"),
        (heard(severity="warning"), 6, "ticket", "MW-1", "not expected"),
        (heard(severity="info"), 6, "annotate", "MW-1", "severity is info"),
        (heard(severity=""), 6, "page", "MW-1", "names no severity"),
        (heard(severity="spicy"), 6, "page", "MW-1", "not known"),
        (heard("OrdersSlow"), 6, "ticket", "MW-1", "expected until 2026-03-01 02:30 UTC"),
        (heard("OrdersSlow", 31), 32, "page", "MW-1", "from minute 0 to 30 only"),
        (heard("OrdersSlow", environment=""), 6, "page", "MW-1", "not expected"),  # it could be of any environment
        (heard("OrdersSlow", class_="capacity-exhausted"), 6, "page", "MW-1", "always page"),
        (heard(class_="security_critical", severity="info"), 6, "page", "MW-1", "always page"),
        (heard(service="mail"), 6, "page", "", "no window’s scope"),
        (heard(service="mail", severity="warning"), 6, "ticket", "", "no window’s scope"),
        (heard(service=""), 6, "page", "", "names no service"),
        (heard(environment="staging"), 6, "page", "", "no window’s scope"),
        (heard(region="r2"), 6, "page", "", "no window’s scope"),
        (heard(minutes=-3), 6, "page", "", "began before MW-1"),
        (heard(service="", maintenance_window="MW-1"), 6, "page", "MW-1", "carries the tag"),
        (heard(service="mail", maintenance_window="MW-9"), 6, "page", "", "no window’s scope"),  # no such window is open
        (heard(over=True), 6, "annotate", "MW-1", "over when it was first heard of"),
        (heard(withheld="Withheld by x.", by="MW-1"), 6, "ticket", "MW-1", "A step of the runbook expects it"),
        (heard(withheld="Withheld by x."), 6, "annotate", "MW-1", "somebody’s decision"),
        (heard(withheld="Withheld by x.", by="MW-1", class_="rollback_required"), 6, "page", "MW-1", "always page"),
    ],
)  # fmt: skip
def test_n03_x10_every_alert_is_tagged_and_routed_with_its_reasons(alert: Heard, at: float, action: str, reference: str, why: str) -> None:
    found = judge(alert, [window()], now(at))
    assert (found.action.value, found.window) == (action, reference)
    assert why in " ".join(found.reasons)
    assert found.step == ("Rebuild" if reference else "")


def test_n04_what_began_inside_and_is_heard_of_after_the_end_pages_whatever_its_severity() -> None:
    over = window(until=BEGAN + timedelta(minutes=20), expected=())
    for severity in ("critical", "warning"):
        found = judge(heard(severity=severity), [over], now(25))
        assert (found.action, found.window, found.step) == (Action.PAGE, "MW-1", "") and "has ended" in found.reasons[-1]
    assert judge(heard(minutes=22), [over], now(25)).window == ""


def test_of_two_windows_the_one_that_says_more_is_meant_and_the_other_is_named() -> None:
    near, far = window("MW-2", scopes=(Scope("orders", "production", "r2"),)), window("MW-3", since=BEGAN + timedelta(minutes=1))
    assert judge(heard(region="r2"), [far, near], now()).window == "MW-2"
    both = judge(heard(), [near, far], now())
    assert both.window == "MW-3" and "MW-2" in both.reasons[1]


def test_a_confidential_window_is_not_named_to_those_whose_alert_is_not_its_own() -> None:
    secret, plain_ = window("MW-7", confidential=True), window("MW-8", since=BEGAN + timedelta(minutes=1))
    assert "MW-7" not in str(judge(heard(minutes=-3), [secret], now()).reasons)
    both = judge(heard(), [secret, plain_], now())
    assert both.window == "MW-8" and "a confidential window" in both.reasons[1]


def test_alerts_of_one_window_share_a_group_and_those_that_always_page_wait_for_nobody() -> None:
    groups = {judge(heard(name), [window()], now()).group for name in ("A", "B", "C")}
    assert groups == {"MW-1:page"}
    assert judge(heard("Full", class_="capacity_exhausted"), [window()], now()).group == "MW-1:page:capacity_exhausted:Full"
    assert judge(heard("A", severity="warning"), [], now()).group == "orders/production:ticket"


labels = st.dictionaries(
    st.sampled_from(["service", "environment", "region", "severity", "class", "maintenance_window"]),
    st.sampled_from(["orders", "production", "r1", "r2", "critical", "warning", "info", "MW-1", "", *ALWAYS]),
)


@given(labels, st.sampled_from(["OrdersSlow", "OrdersDown"]), st.integers(-60, 90), st.integers(0, 60))
def test_r_g01_only_what_is_named_whole_is_ever_quieter_inside_a_window_than_outside(
    given_labels: dict[str, str], name: str, began: int, later: int
) -> None:
    one = Heard("f", name, {"alertname": name} | given_labels, BEGAN + timedelta(minutes=began))
    inside, outside = judge(one, [window()], now(began + later)), judge(one, [], now(began + later))
    assert inside.reasons and outside.reasons
    if is_louder(outside.action, inside.action):
        assert inside.is_expected and (one.name, one.service, one.environment) == ("OrdersSlow", "orders", "production")
        assert one.kind not in ALWAYS and 0 <= began + later < 30
    if one.service and one.service != "orders" and one.tag != "MW-1":
        assert inside.window == "" and inside.action == outside.action


def test_a_firing_call_soon_after_a_resolved_one_is_an_echo_and_a_late_one_is_not() -> None:
    assert not fires_again(BEGAN, BEGAN + timedelta(minutes=9)) and fires_again(BEGAN, BEGAN + timedelta(minutes=11))


def test_expected_alerts_are_written_as_lines_and_come_back_the_same() -> None:
    text = "OrdersSlow orders/production 0-30 the index is rebuilt\n\n  QueueLong orders/production 5–20 it drains"
    found = in_lines(text)
    assert [one.end for one in found] == [30, 20]
    assert from_plain(plain(found)) == found == in_lines(as_lines(plain(found)))


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("OrdersSlow", "Line 1 cannot be read"),
        (".* orders/production 0-30 everything", "no alert's name"),
        ("Slow orders 0-30 where", "cannot be read"),
        ("Slow orders/production 30-30 never", "minutes run"),
        ("Slow orders/production 0-9999 ever", "minutes run"),
        ("\n".join(f"A{n} orders/production 0-1 x" for n in range(21)), "at most 20"),
    ],
)
def test_r_g01_x01_what_would_expect_everything_is_refused_with_its_line(line: str, why: str) -> None:
    with pytest.raises(Invalid, match=why) as refused:
        in_lines(line)
    assert refused.value.field == "expected_alerts"


@pytest.mark.parametrize("entry", [{}, "OrdersSlow", {"alert": 1}, {**plain([SLOW])[0], "end": True}, {**plain([SLOW])[0], "more": 1}])
def test_a_program_that_says_it_wrong_is_told_what_is_right(entry: Any) -> None:
    with pytest.raises(Invalid, match=r"Entry 1: (say|minutes)"):
        from_plain([entry])


def test_r_g06_a_message_names_the_window_first_and_twenty_alerts_at_most() -> None:
    lines = [Line(f"A{n % 30}", "orders", "production", "critical", "it is down", "02:05", ["It is not expected."]) for n in range(5000)]
    about = About("MW-1", "Reindex", "Rebuild", "Olga", "Carl", "https://x/windows/MW-1")
    said = body(about, lines, "https://x/alerts/")
    assert title(about, lines) == "MW-1 alert: A0 on orders/production and 4999 more"
    assert all(word in said for word in ("Step: Rebuild", "Coordinator: Carl", "And 4980 more", "A29 (166)", "https://x/windows/MW-1"))
    assert len(said) < 6000
