"""Tag and route (N3): which window an alert falls into, by tag, time and scope, and whether it pages, is a ticket or an annotation.
Pure; every answer carries its reasons. Whatever is not known counts against silence: it pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from windows.alerts.expected import Expected
from windows.alerts.states import Action
from windows.alerts.wire import Heard

ALWAYS = {"rollback_required": "says that a rollback is required", "security_critical": "is critical for security",
          "capacity_exhausted": "says that capacity is exhausted"}  # fmt: skip
LOUD, QUIET, SILENT = {"critical", "page", "emergency", "fatal"}, {"warning", "ticket", "minor"}, {"info", "none", "informational"}
LOOK = timedelta(minutes=10)  # a silence not seen for so long is taken for gone
AGAIN = timedelta(minutes=10)  # calls arrive shuffled within minutes; after that a firing one is no echo


@dataclass(frozen=True, slots=True)
class Scope:
    service: str
    environment: str
    region: str


@dataclass(frozen=True, slots=True)
class Open:
    """A window as alerts see it. `until` is None while it is open, else when it ended."""

    reference: str
    since: datetime
    scopes: tuple[Scope, ...]
    until: datetime | None = None
    step: str = ""
    expected: tuple[Expected, ...] = ()
    confidential: bool = False

    @property
    def called(self) -> str:
        """As it is named where another's alerts are told of."""
        return "a confidential window" if self.confidential else self.reference


@dataclass(frozen=True, slots=True)
class Judgement:
    """`window` is "" where it belongs to none. `expected_until`: when an expected alert is judged anew if it still fires."""

    action: Action
    reasons: tuple[str, ...]
    group: str
    window: str = ""
    step: str = ""
    is_expected: bool = False
    expected_until: datetime | None = None


def judge(alert: Heard, windows: Sequence[Open], now: datetime) -> Judgement:
    """One alert against what is open, or ended not long ago."""
    window, why = place(alert, windows)
    action, severe = by_severity(alert)
    if alert.ends_at is not None:
        return told(alert, Action.ANNOTATE, [*why, "It was over when it was first heard of."], window)
    if alert.kind in ALWAYS:
        return told(alert, Action.PAGE, [*why, f"It {ALWAYS[alert.kind]}: such alerts always page."], window)
    if alert.withheld and not (window and window.reference == alert.withheld_by):
        return told(
            alert, Action.ANNOTATE, [*why, f"{alert.withheld} That is no silence of this window: it was somebody’s decision."], window
        )
    if window is None:
        return told(alert, action, [*why, severe], None)
    if alert.withheld:
        return told(alert, Action.TICKET, [*why, f"{alert.withheld} A step of the runbook expects it."], window, expected_until=now + LOOK)
    if window.until is not None:
        return told(alert, louder(action), [*why, f"{window.reference} has ended and it still fires."], window)
    for one in window.expected:
        if one.covers(alert.name, alert.service, alert.environment):
            if one.holds(window.since, now) and alert.starts_at >= window.since + timedelta(minutes=one.begin):
                said = f"It is expected until {one.until(window.since):%Y-%m-%d %H:%M} UTC: {one.because}."
                return told(alert, Action.TICKET, [*why, said], window, expected_until=one.until(window.since))
            why = [*why, f"It was expected from minute {one.begin} to {one.end} only."]
    return told(alert, action, [*why, "It is not expected.", severe], window)


def told(alert: Heard, action: Action, why: list[str], window: Open | None, expected_until: datetime | None = None) -> Judgement:
    place_ = window.reference if window else "/".join(part for part in (alert.service, alert.environment) if part) or "nowhere"
    by_itself = f":{alert.kind}:{alert.name}" if alert.kind in ALWAYS else ""  # never waits behind another's message
    over = ":over" if window and window.until else ""
    return Judgement(
        action, tuple(why), f"{place_}:{action.value}{over}{by_itself}"[:300], window.reference if window else "",
        window.step if window and not window.until else "", expected_until is not None, expected_until,
    )  # fmt: skip


def place(alert: Heard, windows: Sequence[Open]) -> tuple[Open | None, list[str]]:
    """The window it falls into and why; by tag first, then by scope; always by time."""
    for window in windows:
        if alert.tag and alert.tag == window.reference and in_time(alert, window):
            return window, [f"It carries the tag of {window.reference}."]
    fitting = [window for window in windows if touches(alert, window)]
    inside = [window for window in fitting if in_time(alert, window)]
    if inside:
        best = max(inside, key=lambda window: (window.until is None, precision(alert, window), window.since, window.reference))
        others = sorted(window.called for window in inside if window is not best and window.until is None)
        beside = [f"So it does of {', '.join(others)}."] if others else []
        return best, [f"It began inside {best.reference} and lies in its scope ({alert.service}).", *beside]
    before = [window for window in fitting if alert.starts_at < window.since and window.until is None]
    if before:
        return None, [f"It began before {before[0].called}, so that is not its cause."]
    if not alert.service:
        return None, ["It names no service: no window can answer for it."]
    return None, ["It lies in no window’s scope."] if windows else ["No window is open."]


def in_time(alert: Heard, window: Open) -> bool:
    return window.since <= alert.starts_at and (window.until is None or alert.starts_at <= window.until)


def touches(alert: Heard, window: Open) -> bool:
    return any(fits(alert, scope) for scope in window.scopes)


def fits(alert: Heard, scope: Scope) -> bool:
    """An environment or region that the alert does not name could be any: it is tagged, and only what names them is ever expected."""
    return alert.service == scope.service and alert.environment in ("", scope.environment) and alert.region in ("", scope.region)


def precision(alert: Heard, window: Open) -> int:
    return max((bool(alert.environment) + bool(alert.region) for scope in window.scopes if fits(alert, scope)), default=0)


def by_severity(alert: Heard) -> tuple[Action, str]:
    """An alert without a severity, or with one that nobody here knows, pages."""
    if alert.severity in SILENT:
        return Action.ANNOTATE, f"Its severity is {alert.severity}."
    if alert.severity in QUIET:
        return Action.TICKET, f"Its severity is {alert.severity}."
    if alert.severity in LOUD:
        return Action.PAGE, f"Its severity is {alert.severity}."
    return Action.PAGE, f"Its severity “{alert.severity}” is not known here." if alert.severity else "It names no severity."


def louder(action: Action) -> Action:
    """What still fires when nobody works on it any more wakes somebody, unless it was only for information."""
    return action if action is Action.ANNOTATE else Action.PAGE


def is_louder(action: Action, before: Action) -> bool:
    """Whether people must be told again."""
    order = [Action.ANNOTATE, Action.TICKET, Action.PAGE]
    return order.index(action) > order.index(before)


def fires_again(over_since: datetime, now: datetime) -> bool:
    """Whether a firing alert that had been told to be over is no late echo of an earlier call."""
    return now - over_since > AGAIN
