"""What a Prometheus answer proves: one finite value of one series, or why not. Pure.

Source: prometheus docs/querying/api.md. An empty result, NaN and +Inf are all "success" there; here they are no value.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

from slo.telemetry.readings import Reading


def read(status: int, body: bytes) -> Reading:
    """The reading in an answer of /api/v1/query; `newest_at` is the evaluation's time, to be replaced by the samples' own."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return Reading(None, error=f"Prometheus answered {status} with something that is not JSON")
    if status != 200 or not isinstance(answer, dict) or answer.get("status") != "success":
        told = str(answer.get("error", ""))[:200] if isinstance(answer, dict) else ""
        return Reading(None, error=f"Prometheus answered {status}{': ' + told if told else ''}")
    warnings = [str(text) for text in answer.get("warnings") or [] if not str(text).startswith("PromQL info")]
    if warnings:  # Thanos and others answer in part when a store is away
        return Reading(None, reason=f"Prometheus warned: {warnings[0][:200]}")
    data = answer.get("data")
    kind, result = (data.get("resultType"), data.get("result")) if isinstance(data, dict) else (None, None)
    if kind != "vector" or not isinstance(result, list):
        return Reading(None, error=f"the query yields {kind or 'nothing'}, not an instant vector")
    if len(result) != 1:
        return Reading(None, reason="no series" if not result else f"{len(result)} series, exactly one is needed")
    return _sample(result[0])


def labels(status: int, body: bytes, name: str) -> list[str]:
    """The values of a label in the answer's series, sorted; none in an answer that is no vector."""
    try:
        found = {str(one["metric"].get(name, "")) for one in json.loads(body)["data"]["result"]} if status == 200 else set()
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return []
    return sorted(found - {""})


def _sample(series: Any) -> Reading:
    sample = series.get("value") if isinstance(series, dict) else None
    if not (isinstance(sample, list) and len(sample) == 2 and isinstance(sample[0], int | float) and isinstance(sample[1], str)):
        return Reading(None, error="the series has no plain value")
    try:
        at, value = datetime.fromtimestamp(sample[0], UTC), float(sample[1])
    except (ValueError, OverflowError, OSError):
        return Reading(None, error="the series' time or value is malformed")
    if not math.isfinite(value):
        return Reading(None, newest_at=at, reason=f"Prometheus answered {sample[1]}")
    return Reading(value, newest_at=at)
