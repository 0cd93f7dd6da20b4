"""Complaints as a page: the list, and taking them in from a CSV table or an e-mail file."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from windows.access.pages import signed_in
from windows.access.paging import cursor_of, cursor_to
from windows.access.requests import actor_of
from windows.access.roles import Verb, permitted
from windows.audit.clock import clock
from windows.errors import Invalid, Refused
from windows.incidents.commands.reporting import Told, reporter, take_many
from windows.incidents.queries import complaints, views_of
from windows.incidents.rows_in import COLUMNS, LARGEST, MOST, from_csv, from_mail
from windows.incidents.states import Via

PAGE = 50


@signed_in
def complaint_list(request: HttpRequest) -> HttpResponse:
    """The newest first; a POST takes a file in and says what became of each row."""
    actor = actor_of(request)
    may = permitted(actor, Verb.REPORT, reporter(actor))
    told, error = list[Told](), None
    if request.method == "POST":
        try:
            told = taken_in(request)
        except Refused as refused:
            error = refused
    sent = {name: request.GET.get(name, "").replace("\0", "").strip()[:63] for name in ("service", "window")}
    before = cursor_of(request.GET, int)
    found = complaints(actor, sent, before=before[0] if before else None, limit=PAGE + 1)
    onward = request.GET.copy()
    if len(found) > PAGE:
        onward["cursor"] = cursor_to([found[PAGE - 1].pk])
    context: dict[str, Any] = {
        "rows": [{"complaint": row, "links": views_of(row)} for row in found[:PAGE]], "sent": sent, "narrowed": any(sent.values()),
        "more": f"?{onward.urlencode()}" if len(found) > PAGE else "", "now": clock(), "may_report": may, "told": told, "error": error,
        "good": sum(bool(one.reference) for one in told), "columns": COLUMNS, "most": MOST, "largest": LARGEST // 1024,
    }  # fmt: skip
    return render(request, "incidents/complaints.html", context, status=error.status if error else 200)


def taken_in(request: HttpRequest) -> list[Told]:
    actor, sent = actor_of(request), request.FILES.get("file")
    if sent is None:
        return take_many(actor, from_csv(request.POST.get("text", "")), Via.CSV)
    raw = sent.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise Invalid(f"At most {LARGEST // 1024} KiB.", field="file")
    if str(sent.name or "").lower().endswith((".eml", ".mbox")):
        return take_many(actor, from_mail(raw), Via.EMAIL)
    try:
        return take_many(actor, from_csv(raw.decode("utf-8-sig")), Via.CSV)
    except UnicodeDecodeError:
        raise Invalid("Save the file as CSV in UTF-8, or send a .eml or .mbox file.", field="file") from None
