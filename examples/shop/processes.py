"""The shop's processes for `manage.py up`. Standard library only, started with the portal and never imported by it otherwise."""

from __future__ import annotations

from pathlib import Path

from examples.shop.layout import REPLICAS, load_port

Process = tuple[str, list[str], dict[str, str], str]  # name, command, environment, address that answers 200 once it works ("" for none)


def children(python: str, portal_url: str, flags_url: str, state_dir: Path, first_port: int) -> list[Process]:
    """Three replicas on first_port and the two after it, and their visitors on the port after those.

    `state_dir` is where `manage.py load_example` left the tokens; the environment must hold TARGET_DATABASE_ORDERS, and that
    database must exist. Working folder: the project's. All may start at once and before the portal: they wait for each other.
    """
    environ = {"PORTAL_URL": portal_url, "FLAGS_URL": flags_url, "SHOP_STATE": str(state_dir)}
    started: list[Process] = [
        (name, [python, "-m", "examples.shop.replica", name, region, str(port)], environ, f"http://127.0.0.1:{port}/healthz")
        for port, (name, region) in enumerate(REPLICAS, first_port)
    ]
    port = load_port(first_port)
    return [*started, ("shop-load", [python, "-m", "examples.shop.load", str(first_port)], environ, f"http://127.0.0.1:{port}/healthz")]
