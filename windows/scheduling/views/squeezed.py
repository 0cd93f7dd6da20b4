"""Feeds of this process as they are sent, by what they hold: thousands of programs poll the same few."""

from __future__ import annotations

import gzip
import re
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from django.http import HttpRequest

LARGEST = 32 * 1024 * 1024  # bytes of all together
LEVEL = 4  # a feed is text that repeats itself: more effort saves little
_kept: OrderedDict[str, bytes] = OrderedDict()
_lock = Lock()


def takes_gzip(request: HttpRequest) -> bool:
    sent = request.headers.get("Accept-Encoding", "").lower()
    return re.search(r"(?:^|[\s,])gzip(?!\s*;\s*q=0(?:\.0*)?(?:\s*,|\s*$))", sent) is not None


def squeezed(digest: str, write: Callable[[], bytes], *, small: bool) -> bytes:
    """What `write` gives, compressed where asked for. Equal digests mean equal bytes."""
    key = f"{digest}-gzip" if small else digest
    with _lock:
        if (found := _kept.get(key)) is not None:
            _kept.move_to_end(key)
            return found
    made = gzip.compress(write(), LEVEL, mtime=0) if small else write()
    with _lock:
        _kept[key] = made
        while len(_kept) > 1 and sum(map(len, _kept.values())) > LARGEST:
            _kept.popitem(last=False)
    return made
