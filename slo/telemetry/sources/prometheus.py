"""Prometheus-compatible servers (Prometheus, Thanos, Mimir): POST /api/v1/query, within one deadline of our own.

Never raises for what the server does. A slow or dripping answer, a name that does not resolve, a body without end: all end at the
deadline, or at the cap, with a Reading that says so. Redirects are not followed and proxies of the environment not used.
"""

from __future__ import annotations

import asyncio
import math
import re
import ssl
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

import httpx
from django.conf import settings

from slo.budget import Ratio
from slo.errors import Invalid
from slo.telemetry import answers, carrying, promql
from slo.telemetry.readings import Reading

CAP = 1024 * 1024
TOLERANCE = 1e-9
TAG = "maintenance_window"  # the label
REFERENCE = re.compile(r"[\w.:-]{1,20}")
T = TypeVar("T")
MOST_TAGS = 5  # windows of one minute of one series
SHAPES = (frozenset({"good", "total"}), frozenset({"bad", "total"}), frozenset({"value", "op", "threshold"}))
HOLDS: Mapping[str, Callable[[float, float], bool]] = {  # within 1e-9 a value is on its threshold, so that float noise decides nothing
    "lte": lambda value, limit: value <= limit + TOLERANCE,
    "gte": lambda value, limit: value >= limit - TOLERANCE,
    "lt": lambda value, limit: value < limit - TOLERANCE,
    "gt": lambda value, limit: value > limit + TOLERANCE,
}


def check(query: Mapping[str, str]) -> None:
    """Invalid unless `query` holds PromQL for total and for good or bad, or for a value with its operator and threshold; placeholders
    only where values can do no harm."""
    if set(query) not in SHAPES or not all(isinstance(text, str) and 0 < len(text) <= 4000 for text in query.values()):
        raise Invalid(
            "query", "Give PromQL for “total” and for “good” or “bad” (or “value”, “op”, “threshold”), of at most 4000 characters."
        )
    for name in set(query) - {"op", "threshold"}:
        promql.render(query[name], {"series": "x"}, 60)
    if "value" in query:
        if query["op"] not in HOLDS:
            raise Invalid("query", f"A value is compared by one of {', '.join(HOLDS)}.")
        try:
            if not math.isfinite(float(query["threshold"])):
                raise ValueError
        except ValueError:
            raise Invalid("query", "The threshold is a finite number.") from None


def measure(series: str, query: Mapping[str, str], window_seconds: float, now: datetime, *, is_past: bool = False) -> Reading:
    """good ÷ total of the last seconds; `[{{ window }}]` in the templates is that long. Of a value with a threshold: 1 where it holds.
    Only the past is asked for by its time: what is now is Prometheus's own affair, whatever its clock says."""
    if "value" in query:
        (found,) = ask([promql.render(query["value"], {"series": series}, window_seconds)], at=now if is_past else None)
        return found if found.value is None else replace(found, value=float(holds(query, found.value)))
    name = "good" if "good" in query else "bad"
    texts = [promql.render(query[which], {"series": series}, window_seconds) for which in (name, "total")]
    some, total = ask(texts, at=now if is_past else None)
    for reading in (some, total):
        if reading.value is None:
            return reading
    newest = min(some.newest_at, total.newest_at) if some.newest_at and total.newest_at else None
    if not total.value:
        return Reading(None, 0, newest, reason=f"no events in the last {window_seconds:g} s")
    share = (some.value or 0.0) / total.value
    return Reading(share if name == "good" else 1 - share, round(total.value), newest)


def holds(query: Mapping[str, str], value: float) -> bool:
    return HOLDS[query["op"]](value, float(query["threshold"]))


def events(series: str, query: Mapping[str, str], minute: datetime) -> Ratio | Reading:
    """Good and total of the minute that began then, rounded to whole events; a value with a threshold is one event, good or bad."""
    end = minute + timedelta(minutes=1)
    if "value" in query:
        (found,) = ask([promql.render(query["value"], {"series": series}, 60)], at=end, ages=False)
        return found if found.value is None else Ratio(int(holds(query, found.value)), 1)
    name = "good" if "good" in query else "bad"
    some, total = ask([promql.render(query[which], {"series": series}, 60) for which in (name, "total")], at=end, ages=False)
    for reading in (some, total):
        if reading.value is None or reading.value < 0:
            return reading if reading.value is None else Reading(None, error=f"{reading.value:g} events cannot be")
    count = round(total.value or 0)
    part = min(round(some.value or 0), count)
    return Ratio(part if name == "good" else count - part, count)


def tags(series: str, query: Mapping[str, str], minute: datetime) -> Mapping[str, Ratio]:
    """What of the minute's events carries a window's tag: of the series that the query reads, those with the label `maintenance_window`,
    their own or joined onto them by a recording rule. Empty where none does, or where that cannot be asked."""
    end = minute + timedelta(minutes=1)
    texts = {name: promql.render(text, {"series": series}, 60) for name, text in query.items() if name not in {"op", "threshold"}}
    whole = "value" if "value" in query else "total"
    read = promql.selectors(promql.narrowed(texts[whole], TAG, "!=", ""))
    found = {}
    for window in _labels(f"group by ({TAG}) ({' or '.join(read)})", end) if read else ():
        narrow = {name: promql.narrowed(text, TAG, "=", window) for name, text in texts.items()}
        told = dict(zip(narrow, ask(list(narrow.values()), at=end, ages=False), strict=True))
        if (value := told[whole].value) is None:
            continue
        part = max(0, round(told["good" if "good" in told else "bad"].value or 0)) if whole == "total" else 0  # none of them: no series
        count = max(0, round(value)) if whole == "total" else 1
        good = int(holds(query, value)) if whole == "value" else part if "good" in told else count - part
        found[window] = Ratio(min(max(good, 0), count), count)
    return {window: share for window, share in found.items() if share.total}


def marked(series: str, query: Mapping[str, str], window: str) -> Ratio | Reading:
    """Of the series that the query reads now, those that carry this window's tag. A Reading says why it cannot be told."""
    text = promql.render(query["value" if "value" in query else "total"], {"series": series}, 60)
    read, ours = promql.selectors(text), promql.selectors(promql.narrowed(text, TAG, "=", window))
    if not read:
        return Reading(None, reason="the query reads no series")
    every, some = ask([" + ".join(f"(count({one}) or vector(0))" for one in which) for which in (read, ours)], ages=False)
    if every.value is None or some.value is None:
        return every if every.value is None else some
    return Ratio(round(some.value), round(every.value)) if every.value else Reading(None, reason="no series")


def instant(query: str, *, url: str = "", timeout: float | None = None, at: datetime | None = None) -> Reading:
    """The one value of a query now, or as of `at`, and when the newest of the samples behind it was taken."""
    return ask([query], url=url, timeout=timeout, at=at)[0]


def ask(
    queries: Sequence[str], *, at: datetime | None = None, ages: bool = True, url: str = "", timeout: float | None = None
) -> list[Reading]:
    """A reading for each query, all asked at once. `timeout` in seconds for everything together (default: gate_timeout).

    `newest_at` is the time of the oldest among the newest samples of each series a query reads: an instant query's own time is always now,
    also where the exporter died minutes ago.
    """
    url = (url or settings.PROMETHEUS_URL).rstrip("/")
    limit = settings.ROADWORKS.gate_timeout.total_seconds() if timeout is None else timeout
    if not url:
        return [Reading(None, error="no Prometheus is configured (PROMETHEUS_URL)")] * len(queries)
    return _within(limit, _ask(url, queries, at, ages, limit), lambda failed: [failed] * len(queries))


def _labels(query: str, at: datetime) -> list[str]:
    """The windows that an answer's series are tagged with; none where it cannot be asked."""
    url, limit = settings.PROMETHEUS_URL.rstrip("/"), settings.ROADWORKS.gate_timeout.total_seconds()
    found: list[str] = _within(limit, _tags(url, query, at, limit), lambda failed: []) if url else []
    return [window for window in found if REFERENCE.fullmatch(window)][:MOST_TAGS]


async def _tags(url: str, query: str, at: datetime, limit: float) -> list[str]:
    async with _client(limit) as client:
        body = await _body(client, url, query, at)
        return [] if isinstance(body, Reading) else answers.labels(*body, TAG)


def _within(limit: float, work: Coroutine[Any, Any, T], otherwise: Callable[[Reading], T]) -> T:
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(asyncio.wait_for(work, limit))
    except TimeoutError:
        return otherwise(Reading(None, error=f"Prometheus gave no whole answer within {limit:g} s"))
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return otherwise(Reading(None, error=f"Prometheus could not be asked: {type(error).__name__} {error}".strip()))
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()  # not asyncio.run(): it would wait for a name look-up that hangs in a thread


async def _ask(url: str, queries: Sequence[str], at: datetime | None, ages: bool, limit: float) -> list[Reading]:
    async with _client(limit) as client:
        return list(await asyncio.gather(*(_one(client, url, query, at, ages) for query in queries)))


def _client(limit: float) -> httpx.AsyncClient:
    return httpx.AsyncClient(verify=_trust(), timeout=limit, trust_env=False, headers={"Accept-Encoding": "identity", **carrying.headers()})


async def _one(client: httpx.AsyncClient, url: str, query: str, at: datetime | None, ages: bool) -> Reading:
    age_queries = [f"max(timestamp({series}))" for series in promql.selectors(query)] if ages else []
    reading, *times = await asyncio.gather(*(_post(client, url, text, at) for text in (query, *age_queries)))
    if not ages or reading.value is None:
        return reading
    known = [time.value for time in times if time.value is not None]
    if not times or len(known) < len(times):
        return replace(reading, newest_at=None)
    return replace(reading, newest_at=datetime.fromtimestamp(min(known), UTC))


async def _post(client: httpx.AsyncClient, url: str, query: str, at: datetime | None) -> Reading:
    body = await _body(client, url, query, at)
    return body if isinstance(body, Reading) else answers.read(*body)


async def _body(client: httpx.AsyncClient, url: str, query: str, at: datetime | None) -> tuple[int, bytes] | Reading:
    """Status and body of the answer; a Reading says why there is none to read."""
    data = {"query": query} | ({"time": f"{at.timestamp():.3f}"} if at else {})
    async with client.stream("POST", f"{url}/api/v1/query", data=data) as answer:
        if answer.headers.get("content-encoding", "identity") != "identity":
            return Reading(None, error="Prometheus answered compressed, which was not asked for")
        body = bytearray()
        async for chunk in answer.aiter_raw():
            body += chunk
            if len(body) > CAP:
                return Reading(None, error="Prometheus answered more than 1 MiB")
        return answer.status_code, bytes(body)


@cache
def _trust() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)
