"""The audit trail: filtered, a page at a time, with where the chain stands; as CSV; and the chain walked when somebody asks."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from portal.charts.tables import plain
from portal.pages.calendar import zone_of
from windows.access.pages import reads, signed_in
from windows.access.paging import cursor_of, cursor_to
from windows.access.requests import actor_of
from windows.access.roles import Actor, Subject, Verb, require
from windows.audit.clock import clock
from windows.audit.models import AuditSeal
from windows.audit.queries import TrailEntry, Wanted, chain_standing, trail_page
from windows.audit.verification import verify
from windows.errors import Conflict, Invalid
from windows.scheduling.queries.trail import hidden_from

PAGE, EXPORTED, WALKED = 50, 20_000, 200_000
LATE = timedelta(minutes=1)  # the sealer works every second
FILTERS = ("kind", "who", "window", "subject", "since", "until")
KINDS = (
    ("", "Everything"), ("window.", "Windows"), ("approval.", "Approvals"), ("run.", "Runs"), ("step.", "Steps"), ("flag.", "Flags"),
    ("node.", "Nodes"), ("freeze.", "Freezes"), ("runbook.", "Runbooks"), ("service.", "Services"), ("objective.", "Objectives"),
    ("policy.", "Policies"), ("membership.", "Memberships"), ("person.", "Accounts"), ("token.", "Tokens"), ("feed.", "Feeds"),
)  # fmt: skip


class Echo:
    """What csv writes is what is sent."""

    def write(self, text: str) -> str:
        return text


def readers(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    require(actor, Verb.READ_AUDIT, Subject(team=next((team for team, _ in sorted(actor.roles)), None), called="the audit trail"))
    return actor


def wanted_in(request: HttpRequest, zone: ZoneInfo) -> tuple[Wanted, dict[str, str]]:
    """The filters and as they were typed. Days are the reader's: `until` is a whole day."""
    sent = {name: request.GET.get(name, "").replace("\0", "").strip()[:120] for name in FILTERS}
    since, until = (day_in(sent[name], name, zone) for name in ("since", "until"))
    if sent["window"].isdigit():
        sent["window"] = f"MW-{sent['window']}"
    wanted = Wanted(
        kind=sent["kind"],
        who=sent["who"],
        window=sent["window"].upper(),
        subject=sent["subject"],
        since=since,
        until=until + timedelta(days=1) if until and until.year < 9999 else None,
    )
    return wanted, sent


def day_in(text: str, name: str, zone: ZoneInfo) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.combine(date.fromisoformat(text), time(), zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid("Write a day as 2026-03-01.", field=name) from None


@reads
def audit_page(request: HttpRequest) -> HttpResponse:
    actor, zone = readers(request), zone_of(request)
    error = None
    try:
        wanted, sent = wanted_in(request, zone)
    except Invalid as refused:
        error, wanted = refused, Wanted()
        sent = {name: request.GET.get(name, "") for name in FILTERS}
    before = cursor_of(request.GET, int)
    found = trail_page(wanted, hidden=hidden_from(actor), before=before[0] if before else None, limit=PAGE + 1)
    onward, kept, chain, now = request.GET.copy(), request.GET.copy(), chain_standing(), clock()
    kept.pop("cursor", None)
    if len(found) > PAGE:
        onward["cursor"] = cursor_to([found[PAGE - 1].id])
    context = {
        "rows": [row_of(entry) for entry in found[:PAGE]],
        "kinds": KINDS if sent["kind"] in dict(KINDS) else (*KINDS, (sent["kind"], sent["kind"])),
        "sent": sent,
        "narrowed": any(sent.values()),
        "later": bool(before),
        "first": f"?{kept.urlencode()}",
        "more": f"?{onward.urlencode()}" if len(found) > PAGE else "",
        "csv": f"{reverse('audit-csv')}?{kept.urlencode()}",
        "chain": chain,
        "late": chain.waiting_since is not None and now - chain.waiting_since > LATE,
        "error": error,
        "now": now,
    }
    return render(request, "portal/audit.html", context, status=error.status if error else 200)


def row_of(entry: TrailEntry) -> dict[str, Any]:
    """An entry with where its subject leads and its facts as text."""
    facts = [(name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) for name, value in entry.data.items()]
    return {"entry": entry, "href": leads_to(entry), "facts": [(name, text[:2000]) for name, text in facts if text not in ("", "null")]}


def leads_to(entry: TrailEntry) -> str:
    """The page of what was acted on, where there is one."""
    kind, _, rest = entry.subject.partition(":")
    names = {"service": "service", "team": "team", "runbook": "runbook"}
    if entry.run_id:
        return reverse("run", args=[entry.run_id])
    if entry.window:
        return reverse("window", args=[entry.window])
    if kind in names and rest and "/" not in rest:
        return reverse(names[kind], args=[rest])
    parts = rest.split("/")
    return reverse("flag", args=parts[:2]) if kind == "flag" and len(parts) > 1 and all(parts[:2]) else ""


@reads
def audit_csv(request: HttpRequest) -> HttpResponse:
    """RFC 4180, the newest first, 20,000 entries at most: what a spreadsheet would run as a formula is text."""
    actor = readers(request)
    wanted, _ = wanted_in(request, zone_of(request))
    response = HttpResponse("".join(csv_lines(wanted, hidden_from(actor))), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return response


def csv_lines(wanted: Wanted, hidden: set[str]) -> Iterator[str]:
    writer = csv.writer(Echo(), lineterminator="\r\n")
    columns = ("position", "id", "at", "kind", "actor", "via", "subject", "window", "run_id", "request_id")
    yield writer.writerow((*columns, "data"))
    before: int | None = None
    for _ in range(EXPORTED // 500):
        rows = trail_page(wanted, hidden=hidden, before=before, limit=500)
        for entry in rows:
            data = json.dumps(entry.data, ensure_ascii=False, sort_keys=True)
            yield writer.writerow([*(plain(getattr(entry, name)) for name in columns), plain(data)])
        if len(rows) < 500:
            return
        before = rows[-1].id


@signed_in
def verify_page(request: HttpRequest) -> HttpResponse:
    """POST walks the chain from its beginning. A long one is walked on the server, by `manage.py audit verify`."""
    actor = readers(request)
    if not (actor.sre or actor.administrator):
        require(actor, Verb.EDIT_PEOPLE, Subject(called="the audit trail’s check"))
    report = None
    if request.method == "POST":
        last = AuditSeal.objects.order_by("-position").values_list("position", flat=True).first() or 0
        if last > WALKED:
            raise Conflict(f"{last:,} entries are too many to walk in a page: run manage.py audit verify on the server.", field="position")
        report = verify()
    return render(request, "portal/audit_verify.html", {"report": report, "chain": chain_standing(), "now": clock()})
