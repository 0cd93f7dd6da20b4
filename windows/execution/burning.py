"""The burn hold (N11): a run is held while what its window touches burns its error budget too fast, and rolled back beyond HARD.

Every critical objective of the scope is asked, by the minutes as users felt them, with its own paging rules (those of the SRE workbook
where it has none): the long and the short window burn, and what was measured since the run went on burns too, so that trouble of before
holds nobody, and who resumes is not held again for what is over. Left alone is what was agreed: minutes that are excluded, and a slack
as long as the window has not used it up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from slo.budget import Policy, Ratio
from slo.burn_rate import TOLERANCE, WINDOWS, Rule, burn_rate, judge
from slo.intervals import Interval
from slo.maintenance import minute_after, minute_of
from slo.objectives.queries import Account, Promise, accounts, promises
from slo.telemetry.queries import ratios
from windows.execution.commands.watches import answer_gate
from windows.execution.models import Run
from windows.execution.states import RunStatus
from windows.scheduling.models import WindowScope

HARD = 10  # times the factor of the fastest rule: of the workbook's 14.4 a fifth of a month's budget in an hour; then nobody is asked first
WATCHED = [RunStatus.RUNNING.value, RunStatus.VALIDATING.value]


@dataclass(frozen=True, slots=True)
class Burning:
    """One objective under one run. `rates` by window name; `since`: the rate since the run went on; None: no events."""

    run: Run
    promise: Promise
    rates: Mapping[str, float | None]
    since: float | None
    account: Account

    @property
    def rule(self) -> Rule | None:
        """The paging rule that calls for a hold, if one does."""
        agreed, felt = self.account.policy, self.account.felt or 0.0
        if agreed is Policy.EXCLUDE or (agreed is Policy.ALLOW and felt <= self.account.slack):
            return None
        paging = tuple(rule for rule in self.promise.alerts if rule.urgency == "page")
        worst = judge(self.rates, paging).worst
        return worst if worst and self.since is not None and self.since >= worst.factor - TOLERANCE else None

    @property
    def is_hard(self) -> bool:
        """Beyond asking, by the fastest of the paging rules: both its windows, and what was measured since the run went on."""
        return self.rule is not None and min(
            self.rates[self.fastest.long] or 0.0, self.rates[self.fastest.short] or 0.0, self.since or 0.0
        ) >= (HARD * self.fastest.factor - TOLERANCE)

    @property
    def fastest(self) -> Rule:
        return max((rule for rule in self.promise.alerts if rule.urgency == "page"), key=lambda rule: rule.factor)

    @property
    def told(self) -> str:
        rule = self.rule
        assert rule is not None
        return (
            f"{self.promise.slug} burns its error budget {self.rates[rule.long]:.1f} times faster than allowed over {rule.long} and"
            f" {self.rates[rule.short]:.1f} times over {rule.short}; {rule.factor:g} is the limit of a window"
            + (f", and from {HARD * self.fastest.factor:g} times on it is rolled back." if self.is_hard else ".")
        )


def watch_burning(now: datetime) -> list[int]:
    """Hold what burns, and roll back what burns beyond the hard threshold; the ids of those runs. Six statements, however many runs are
    under way, and what a hold costs."""
    held: list[int] = []
    for one in sorted(burning_now(now), key=lambda one: not one.is_hard):
        if one.run.pk not in held and one.rule:
            action: Literal["hold", "roll_back"] = "roll_back" if one.is_hard else "hold"
            answer_gate(one.run.pk, f"burn rate of {one.promise.slug}"[:120], action, one.told, readings=[], otherwise="hold")
            held.append(one.run.pk)
    return held


def burning_now(now: datetime) -> list[Burning]:
    """Every critical objective under every run that is under way."""
    runs = list(Run.objects.filter(status__in=WATCHED, rehearsal="").select_related("window").order_by("pk"))
    places: dict[int, set[tuple[str, str]]] = {}
    for window, service, environment in WindowScope.objects.filter(window__in=[run.window_id for run in runs]).values_list(
        "window_id", "service__slug", "environment"
    ):
        places.setdefault(window, set()).add((service, environment))
    wanted = [one for one in promises(services={name for told in places.values() for name, _ in told}) if one.is_critical] if places else []
    pairs = [(run, one) for run in runs for one in wanted if (one.service, one.environment) in places.get(run.window_id, ())]
    spans = [Interval(now - span, now) for span in WINDOWS.values()]
    asked = [(one.series, piece) for run, one in pairs for piece in (*spans, since(run, now))]
    answers = iter(ratios(asked))
    told = accounts([(run.window.reference, Interval(min(run.window.started_at or now, now), now), one) for run, one in pairs])
    return [rated(run, one, [next(answers) for _ in (*WINDOWS, "since")], account) for (run, one), account in zip(pairs, told, strict=True)]


def rated(run: Run, one: Promise, sums: Sequence[Ratio], account: Account) -> Burning:
    rates = [burn_rate(inside, one.target) for inside in sums]
    return Burning(run, one, dict(zip(WINDOWS, rates, strict=False)), rates[-1], account)


def since(run: Run, now: datetime) -> Interval:
    """Since the run went on: the minute it began in; after a hold the first whole one."""
    began = run.watched_since or run.started_at or now
    first = minute_of(began) if run.watched_since == run.started_at else minute_after(began)
    return Interval(min(first, now), now)
