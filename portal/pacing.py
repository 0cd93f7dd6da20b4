"""How many requests a token, or a secret feed address, may make: a bucket each, so that one program gone wild does not slow people down.

Each web process counts for itself: a limit needs no agreement, and losing the count costs nothing.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from portal.problems import Problem, answer

MOST = 10_000  # buckets; the longest unused is forgotten, and full again


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is `left` at the monotonic time `at`."""

    left: float
    at: float


def take(bucket: Bucket | None, rate: float, burst: int, now: float) -> tuple[Bucket, float]:
    """The bucket after one request, and in how many seconds it may be made: 0 where it may now; then only it was taken. Pure.
    `rate` requests a second for ever, `burst` at once."""
    left = float(burst) if bucket is None else min(burst, bucket.left + max(0.0, now - bucket.at) * rate)
    if left < 1:
        return Bucket(left, now), (1 - left) / rate
    return Bucket(left - 1, now), 0.0


class Pacing:
    """Middleware, inside Actors. People in browsers are not counted."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.buckets: OrderedDict[str, Bucket] = OrderedDict()
        self.lock = threading.Lock()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = counted_as(request)
        if name and (wait := self.wait(name, time.monotonic())):
            seconds = math.ceil(wait)
            told = f"These are more requests than {settings.ROADWORKS.api_rate:g} a second; go on in {seconds} s."
            return answer(request, Problem(429, "too-many", told, {"retry_after": seconds}, {"Retry-After": str(seconds)}))
        return self.get_response(request)

    def wait(self, name: str, now: float) -> float:
        with self.lock:
            self.buckets[name], wait = take(self.buckets.get(name), settings.ROADWORKS.api_rate, settings.ROADWORKS.api_burst, now)
            self.buckets.move_to_end(name)
            if len(self.buckets) > MOST:
                self.buckets.popitem(last=False)
        return wait


def counted_as(request: HttpRequest) -> str:
    """Whose bucket a request is taken from; empty where nobody counts."""
    via = getattr(getattr(request, "actor", None), "via", "")
    if via.startswith("api:"):
        return str(via)
    return request.path if request.path.startswith("/feeds/") else ""
