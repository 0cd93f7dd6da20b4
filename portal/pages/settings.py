"""The role table and the defaults, shown as they stand in the code that uses them."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.defaults import Defaults
from portal.templatetags.signs import lasting
from windows.access.pages import reads
from windows.access.roles import TABLE, Part, Role, Verb
from windows.access.words import VERBS

ROLES = tuple(Role)
WORDS = {  # what stands on the page for a default; its name in words where it is not here
    "lease": "A worker’s lease on a run",
    "heartbeat": "How often the lease is renewed",
    "sweep": "How often lost work is looked for",
    "stop_check": "How soon a step in flight learns to stop",
    "inconclusive_timeout": "How long a gate may be without a verdict",
    "flag_lease": "How long the engine’s flags hold unless renewed",
    "turn_back_warning": "Warning before the turn-back time",
    "request_grace": "How long after its start a request still waits",
    "latest_start": "How late an approved window may still begin",
    "preflight_retry": "Between two preflights of the same start",
    "longest_window": "Longest window",
    "rollback_reserve_factor": "Rollback reserve, times what was measured",
    "gate_timeout": "How long a gate waits for its source",
    "reconcile": "How often what is outside is compared with what was wanted",
    "silence_ttl": "How long a silence outlives the worker that renews it",
    "silence_renew": "How often a silence is renewed",
    "sealer": "How often the trail is sealed",
}


@reads
def role_table(request: HttpRequest) -> HttpResponse:
    """A row for each verb; parts of a window (its coordinator, its owner) in words."""
    rows = []
    for verb in Verb:
        allowed = TABLE.get(verb, frozenset())
        parts = sorted(part.value for part in allowed if isinstance(part, Part))
        name, allows = VERBS[verb]
        rows.append({"verb": name, "allows": allows, "cells": [(role, role in allowed) for role in ROLES], "parts": parts})
    return render(request, "portal/role_table.html", {"rows": rows, "roles": ROLES})


@reads
def defaults(request: HttpRequest) -> HttpResponse:
    standard, now = Defaults(), settings.ROADWORKS
    rows = [
        {
            "word": WORDS.get(item.name, item.name.replace("_", " ").capitalize()),
            "variable": f"ROADWORKS_{item.name.upper()}",
            "value": said(getattr(now, item.name)),
            "standard": said(getattr(standard, item.name)),
            "changed": getattr(now, item.name) != getattr(standard, item.name),
        }
        for item in fields(Defaults)
    ]
    return render(request, "portal/defaults.html", {"rows": rows})


def said(value: Any) -> str:
    if isinstance(value, timedelta):
        return lasting(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
