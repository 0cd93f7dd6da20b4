"""The JSON Schema of runbooks at an address that stays, open to every editor: it holds nothing but the language."""

from __future__ import annotations

from functools import cache

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from windows.runbooks.spec.schema import schema

written = cache(schema)  # kinds do not change while a process runs


@require_safe
@cache_control(public=True, max_age=300)
def runbook_schema(request: HttpRequest) -> HttpResponse:
    return JsonResponse(written(), content_type="application/schema+json", json_dumps_params={"indent": 1})
