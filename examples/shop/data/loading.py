"""All of it, in the order in which one thing needs the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from examples.shop.data import (
    access,
    agreed,
    alerts,
    measurements,
    past,
    people,
    plans,
    playbooks,
    public,
    rules,
    runbooks,
    services,
    troubles,
    vendors,
)


def load_all(state: Path) -> Iterator[str]:
    """Yield a line for each part that was seen to. Every part may be loaded again. `state` is the folder for the keys."""
    parts: dict[str, Callable[[], None]] = {
        "people": people.load,
        "services": services.load,
        "rules": rules.load,
        "playbooks": playbooks.load,
        "runbooks": runbooks.load,
        "the past": lambda: measurements.load(past.load()),
        "what was agreed": agreed.load,
        "alerts": alerts.load,
        "troubles": troubles.load,
        "vendors": vendors.load,
        "plans": plans.load,
        "the public": public.load,
        "keys": lambda: access.load(state),
    }
    for name, load in parts.items():
        began = time.monotonic()
        load()
        yield f"  {name:<10} {time.monotonic() - began:.1f} s"
