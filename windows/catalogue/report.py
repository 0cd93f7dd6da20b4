"""Objectives as files."""

from __future__ import annotations

from dataclasses import asdict

from django.http import HttpResponse

from slo.objectives.queries import promise
from windows.catalogue.openslo import write

YAML = "application/yaml"


def document(slug: str) -> HttpResponse:
    """The objective in force, as OpenSLO. slo.errors.Missing where there is none."""
    response = HttpResponse(write(asdict(promise(slug))), content_type=f"{YAML}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slug}.openslo.yaml"'
    return response
