"""How a row of the ledger takes a judgement, the first and any later one. Inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from windows.alerts.models import Alert, AlertFact
from windows.alerts.queries import open_windows, past_windows
from windows.alerts.routing import Judgement, is_louder, judge
from windows.alerts.states import Action, FactKind
from windows.alerts.wire import Heard

JUDGED = ("window", "step", "action", "group", "reasons", "is_expected", "expected_until", "told_at")


def settle(row: Alert, judged: Judgement, now: datetime) -> None:
    """The row says what was judged. What is only annotated is told to nobody."""
    row.window, row.step, row.action, row.group = judged.window, judged.step[:120], judged.action.value, judged.group
    row.reasons, row.is_expected, row.expected_until = list(judged.reasons), judged.is_expected, judged.expected_until
    row.told_at = now if judged.action is Action.ANNOTATE else None


def judge_anew(rows: Sequence[tuple[Alert, Heard, FactKind]], now: datetime) -> set[str]:
    """Judge against what is open now. People are told again only of what has become louder, in the groups answered; a judgement never
    becomes quieter. The caller saves the rows and wakes the groups."""
    if not rows:
        return set()
    windows = [*open_windows()[0], *past_windows(now)]
    facts, louder = [], set[str]()
    for row, one, kind in rows:
        judged = judge(one, windows, now)
        row.is_expected, row.expected_until = judged.is_expected, judged.expected_until
        if is_louder(judged.action, Action(row.action)):
            settle(row, judged, now)
            louder.add(row.group)
        elif row.action == Action.ANNOTATE:
            row.told_at = now  # heard of again, and still told to nobody
        facts.append(AlertFact(alert=row, kind=kind.value, said=" ".join(judged.reasons), at=now))
    AlertFact.objects.bulk_create(facts)
    return louder


def as_heard(row: Alert) -> Heard:
    """The row as if it had just been heard of, with nothing that withholds it."""
    return Heard(row.fingerprint, row.name, row.labels, row.starts_at, row.ends_at, row.annotations, row.url)
