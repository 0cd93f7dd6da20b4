"""Verbs: take away what canaries leave: of each at once when it was looked for, and an hour later whatever came after that.

What is a canary's is known by the rows that it makes, noted before it is sent. Its name, its tag and its trace prove nothing: anybody may
send those, and whoever is called with its trace sends telemetry of their own under it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Q
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from slo.telemetry.retention import drop
from windows.signals.models import SentCanary, StoredLine, StoredSpan
from windows.signals.otlp.canary import Canary, log_of
from windows.signals.otlp.records import lines

LATE = timedelta(hours=1)  # its claim is worth nothing long before: what has not come by then never does
AT_ONCE, MOST = 100, 400  # canaries of one batch, batches of one call: the next tick goes on


def noted(one: Canary, now: datetime) -> SentCanary:
    """Before it is sent: a process that dies over it, or a door that answers late, leaves nothing that is not known."""
    line = lines(ExportLogsServiceRequest.FromString(log_of(one, now)), now).records
    told = {"service": one.service, "trace_id": one.trace_id, "span_id": one.span_id, "series": one.series}
    return SentCanary.objects.create(**told, line=line[0].digest if line else "")


def take_away(sent: Sequence[SentCanary]) -> int:
    """Their own rows and no others; how many went."""
    gone, _ = StoredLine.objects.filter(digest__in=[row.line for row in sent]).delete()
    spans = [Q(trace_id=row.trace_id, span_id=row.span_id, service=row.service) for row in sent]
    return gone + StoredSpan.objects.filter(reduce(or_, spans)).delete()[0] + drop([row.series for row in sent])


def sweep(now: datetime) -> int:
    """What came late of canaries that were sent an hour ago or earlier, and what was noted of them; how many rows went."""
    gone = 0
    for _ in range(MOST):
        sent = list(SentCanary.objects.filter(sent_at__lt=now - LATE).order_by("sent_at", "pk")[:AT_ONCE])
        if sent:
            gone += take_away(sent) + SentCanary.objects.filter(pk__in=[row.pk for row in sent]).delete()[0]
        if len(sent) < AT_ONCE:
            break
    return gone
