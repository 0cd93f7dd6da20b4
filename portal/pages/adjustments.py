"""The record of adjustments as a document of one month: what was agreed about error budgets, by whom, and what it came to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from slo.budget import Policy
from slo.maintenance import Entry
from slo.objectives.queries import Account, Promise, promises
from windows.access.pages import reads
from windows.access.requests import actor_of
from windows.audit.clock import clock
from windows.reviews.periods import around, named
from windows.scheduling.queries import window_id_of
from windows.scheduling.queries.accounts import accounts_of, record_for


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the record, and, with the first of its window, what the window came to; None with the rest."""

    entry: Entry
    account: Account | None

    @property
    def gives_back(self) -> bool:
        return self.entry.policy is Policy.COUNT


@dataclass(frozen=True, slots=True)
class Section:
    """One objective in one month. The sums are of bad events: `raw` = `excused` + `charged`; None where nothing was measured."""

    promise: Promise
    lines: Sequence[Line]

    @property
    def known(self) -> list[Account]:
        return [line.account for line in self.lines if line.account is not None and line.account.is_known]

    @property
    def raw(self) -> int | None:
        return sum(one.raw for one in self.known) if self.known else None

    @property
    def excused(self) -> Decimal | None:
        return sum((one.excused for one in self.known), Decimal(0)) if self.known else None

    @property
    def charged(self) -> Decimal | None:
        return sum((one.charged for one in self.known), Decimal(0)) if self.known else None


@reads
def adjustments_page(request: HttpRequest) -> HttpResponse:
    """The month asked for (2027-03), else the one under way; of one service, or one objective, where named."""
    now, asked = clock(), request.GET.get("month", "")
    period = named("month", asked) if asked else around("month", now)
    about = {name: request.GET.get(name, "").replace("\0", "")[:120] for name in ("service", "objective")}
    entries, _ = record_for(actor_of(request), **about, since=period.since, until=period.until)
    chosen = {name: value for name, value in about.items() if value}
    exported = urlencode({**chosen, "since": period.since.isoformat(), "until": period.until.isoformat()})
    known = promises()
    return render(
        request,
        "portal/adjustments.html",
        {
            "sections": sections(entries, known, now),
            "period": period,
            "about": about,
            "services": sorted({one.service for one in known}),
            "earlier": f"?{urlencode({**chosen, 'month': period.before.name})}",
            "later": f"?{urlencode({**chosen, 'month': period.after.name})}" if period.until <= now else "",
            "exported": exported,
            "now": now,
        },
    )


def sections(entries: Iterable[Entry], known: Sequence[Promise], now: datetime) -> list[Section]:
    """By service and objective; an objective that is no more is left to the CSV. As many statements for one line as for all."""
    told = list(entries)
    accounts = {(one.window, one.objective): one for one in accounts_of({window_id_of(one.window) for one in told}, now)}
    found: dict[str, list[Line]] = {}
    for one in told:  # with the first line of its window, so that nothing is summed twice
        found.setdefault(one.objective, []).append(Line(one, accounts.pop((one.window, one.objective), None)))
    return [Section(one, found[one.slug]) for one in known if one.slug in found]
