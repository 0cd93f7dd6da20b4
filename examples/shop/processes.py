"""The shop's processes for `manage.py up`. Standard library only."""

from __future__ import annotations

import urllib.request
from pathlib import Path

from examples.shop.layout import REPLICAS, load_port
from portal.bootstrap.processes import Child


def children(python: str, portal_url: str, flags_url: str, state_dir: Path, first_port: int) -> list[Child]:
    """Three replicas on first_port and the two after it, and their visitors on the port after those.

    `state_dir` is where `manage.py load_example` left the tokens; the environment must hold TARGET_DATABASE_ORDERS, and that
    database must exist. Start the list in order, the visitors last: they would meet closed doors.
    """
    environ = {"PORTAL_URL": portal_url, "FLAGS_URL": flags_url, "SHOP_STATE": str(state_dir)}
    replicas = [
        Child(
            name, [python, "-m", "examples.shop.replica", name, region, str(first_port + offset)],
            ready=lambda port=first_port + offset: opens(port), environ=environ, grace=5.0,  # type: ignore[misc]
        )
        for offset, (name, region) in enumerate(REPLICAS)
    ]  # fmt: skip
    visitors = Child("shop-load", [python, "-m", "examples.shop.load", str(first_port)], environ=environ, grace=3.0)
    return [*replicas, visitors]


def ports(first_port: int) -> list[int]:
    """Every port the shop listens on, to be found free before anything starts."""
    return list(range(first_port, load_port(first_port) + 1))


def opens(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as response:
            return bool(response.status == 200)
    except OSError:
        return False
