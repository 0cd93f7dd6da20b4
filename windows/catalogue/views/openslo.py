"""Objectives as OpenSLO files: uploaded with their faults beside the lines, downloaded as they are in force."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from slo.errors import Missing
from windows.access.pages import reads, signed_in
from windows.access.requests import actor_of
from windows.access.sheets import MENDED, sheet
from windows.access.uploads import numbered, text_in
from windows.catalogue.commands.objectives import define_as_written
from windows.catalogue.openslo import Read, read
from windows.catalogue.report import document
from windows.errors import NotFound, Refused
from windows.texts.problems import SpecError

BLANK = """apiVersion: openslo/v1
kind: SLO
metadata:
  name: short-name
  displayName: What is promised
  annotations:
    roadworks.internal/environment: production
    roadworks.internal/maintenance: allow
spec:
  service: its-service
  indicator:
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource: {type: prometheus, spec: {query: 'requests_total{code!~"5.."}'}}
        total:
          metricSource: {type: prometheus, spec: {query: requests_total}}
  timeWindow:
    - {duration: 28d, isRolling: true}
  budgetingMethod: Occurrences
  objectives:
    - target: 0.999
"""


def shown(request: HttpRequest, text: str, error: Refused | None = None, checked: list[Read] | None = None) -> HttpResponse:
    problems = error.problems if isinstance(error, SpecError) else ()
    context = {"lines": numbered(text, error), "problems": problems, "checked": checked}
    return sheet(request, "catalogue/openslo.html", {"text": text}, context, error)


@signed_in
def upload_objectives(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return shown(request, BLANK)
    text = request.POST.get("text", "")
    try:
        text = text_in(request)
        if request.POST.get("act") == "check":
            return shown(request, text, checked=read(text))
        found = define_as_written(actor_of(request), text)
    except MENDED as error:
        return shown(request, text, error)
    services = {one.service for one, _ in found}
    return HttpResponseRedirect(reverse("service", args=[services.pop()]) if len(services) == 1 else reverse("services"))


@reads
def objective_file(request: HttpRequest, slug: str) -> HttpResponse:
    try:
        return document(slug)
    except Missing as error:
        raise NotFound(f"There is no objective {slug[:120]} here.") from error
