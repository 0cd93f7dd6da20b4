"""The alert ledger as a page: every alert with what was made of it and why, what silences hold back, and what was not paged (F3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from windows.access.pages import reads
from windows.access.paging import cursor_of, cursor_to
from windows.access.requests import actor_of
from windows.alerts.models import Alert, AlertFact
from windows.alerts.queries import STATES, WHYS, Wanted, facts_of, ledger, tally
from windows.audit.clock import clock
from windows.execution.queries.surfaces import silences
from windows.playbooks.queries import guides_for
from windows.scheduling.queries.trail import hidden_from

PAGE, BESIDE = 50, 20
FILTERS = ("window", "service", "name", "action", "state", "why")
ACTIONS = (("", "Paged or not"), ("page", "Paged"), ("ticket", "Tickets"), ("annotate", "Only noted"))
STANDINGS = (("", "Firing or over"), ("firing", "Firing"), ("resolved", "Over"))
WHY = (
    ("", "For any reason"), ("not_paged", "Nobody was paged"), ("expected", "Expected by a window"), ("withheld", "Withheld by a silence"),
    ("handed_over", "Handed over at a window’s end"), ("outside", "In no window"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    alert: Alert
    facts: Sequence[AlertFact]


def rows_of(found: Sequence[Alert]) -> list[Row]:
    """Each with what was said of it since; one query for all."""
    facts = facts_of([alert.pk for alert in found])
    return [Row(alert, facts.get(alert.pk, [])) for alert in found]


@reads
def alerts_page(request: HttpRequest) -> HttpResponse:
    """Filtered, the newest first, a page at a time. Alerts of a confidential window are for its own people."""
    actor = actor_of(request)
    sent = {name: request.GET.get(name, "").replace("\0", "").strip()[:120] for name in FILTERS}
    sent["window"] = f"MW-{sent['window']}" if sent["window"].isdigit() else sent["window"].upper()
    hidden = hidden_from(actor)
    known = {"action": dict(ACTIONS), "state": STATES, "why": WHYS}
    given = {name: value for name, value in sent.items() if name not in known or value in known[name]}
    before = cursor_of(request.GET, int)
    found = ledger(Wanted(**given, hidden=hidden), before=before[0] if before else None, limit=PAGE + 1)
    kept = request.GET.copy()
    kept.pop("cursor", None)
    onward = kept.copy()
    if len(found) > PAGE:
        onward["cursor"] = cursor_to([found[PAGE - 1].pk])
    context = {
        "rows": rows_of(found[:PAGE]),
        "guides": guides_for((one.name, one.service) for one in found[:PAGE]),
        "sent": sent,
        "actions": ACTIONS,
        "standings": STANDINGS,
        "whys": WHY,
        "narrowed": any(sent.values()),
        "silences": silences(hidden),
        "first": f"?{kept.urlencode()}" if before else "",
        "more": f"?{onward.urlencode()}" if len(found) > PAGE else "",
        "now": clock(),
    }
    return render(request, "portal/alerts.html", context)


def alerts_in(reference: str) -> dict[str, Any]:
    """What a window's page shows of them."""
    found = ledger(Wanted(window=reference), limit=BESIDE + 1)
    guides = guides_for((one.name, one.service) for one in found[:BESIDE])
    return {"rows": rows_of(found[:BESIDE]), "guides": guides, "tally": tally(reference), "is_cut": len(found) > BESIDE}
