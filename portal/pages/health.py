"""Is this process alive (healthz), and can it work (readyz)? Both answer without a session and tell nothing else.

A web process works without workers, so a queue that nobody consumes is said beside "ready" and takes nobody out of a balancer.
"""

from __future__ import annotations

from django.db import connection
from django.db.utils import Error
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from portal.dashboards.queues import QUEUES
from windows.delivery.consuming import unconsumed


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
        alone = unconsumed(QUEUES)
    except Error:
        return HttpResponse("the database does not answer\n", content_type="text/plain", status=503, headers={"Retry-After": "2"})
    said = f"nobody consumes: {', '.join(alone)}\n" if alone else ""
    return HttpResponse(f"ready\n{said}", content_type="text/plain")
