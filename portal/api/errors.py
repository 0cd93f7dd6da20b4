"""DRF hands its exceptions here, so that an API view answers exactly as any other view does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connections
from django.http import HttpResponse

from portal.problems import answer, problem_of


def handle(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    for connection in connections.all(initialized_only=True):
        if connection.settings_dict["ATOMIC_REQUESTS"] and connection.in_atomic_block:
            connection.set_rollback(True)
    return answer(context["request"]._request, problem_of(error))
