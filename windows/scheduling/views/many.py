"""Filing many windows from CSV in the browser, and one like another."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from windows.access.pages import Question, ask, signed_in
from windows.access.requests import actor_of
from windows.errors import Conflict, Invalid
from windows.scheduling.commands.many import copy_window, file_rows
from windows.scheduling.queries import window_id_of, window_view
from windows.scheduling.rows_in import ENDS, LARGEST, MOST_ROWS, NEEDED, OTHERS, report


@signed_in
def upload(request: HttpRequest) -> HttpResponse:
    """A file or pasted text. “Check only” files nothing; the report can be had as CSV."""
    context: dict[str, Any] = {"needed": [*NEEDED, " or ".join(ENDS)], "others": OTHERS, "most": MOST_ROWS, "largest": LARGEST // 1024}
    if request.method != "POST":
        return render(request, "scheduling/many.html", context)
    only_checked = request.POST.get("act") != "file"
    try:
        text = text_in(request)
        rows = file_rows(actor_of(request), text, validate_only=only_checked)
    except Invalid as error:
        return render(
            request, "scheduling/many.html", context | {"error": error, "text": request.POST.get("text", "")}, status=error.status
        )
    if request.POST.get("act") == "report":
        answer = HttpResponse(
            report([(row.line, row.reference, row.field, row.wrong) for row in rows]), content_type="text/csv; charset=utf-8"
        )
        answer["Content-Disposition"] = 'attachment; filename="checked.csv"'
        return answer
    wrong = sum(bool(row.wrong) for row in rows)
    told = {"rows": rows, "good": len(rows) - wrong, "bad": wrong, "only_checked": only_checked, "text": text if only_checked else ""}
    return render(request, "scheduling/many.html", context | told)


def text_in(request: HttpRequest) -> str:
    sent = request.FILES.get("file")
    if sent is None:
        return request.POST.get("text", "")
    if (sent.size or 0) > LARGEST:
        raise Invalid(f"At most {LARGEST // 1024} KiB of text.", field="text")
    try:
        return str(sent.read(LARGEST + 1), "utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("Save the file as CSV in UTF-8.", field="text") from None


@signed_in
def copy(request: HttpRequest, reference: str) -> HttpResponse:
    actor = actor_of(request)
    view = window_view(window_id_of(reference), actor)
    question = Question(
        title="The same again",
        consequence="A new draft with the same scope, runbook and people, whole weeks later at the same local time. Nothing is reserved.",
        button="Make the draft",
        icon="plus",
        back=reverse("window", args=[reference]),
        reason="none",
        about=f"{view.reference} {view.title}",
    )
    if request.method != "POST":
        return ask(request, question)
    try:
        window = copy_window(actor, view.id)
    except Conflict as error:
        return ask(request, question, Invalid(error.detail, field="reason"))
    return HttpResponseRedirect(reverse("window", args=[window.reference]))
