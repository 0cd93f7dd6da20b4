"""Keys of the example's programs: a token for each node, one to push measurements, one for each person; kept in private files."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from examples.shop.data.people import PEOPLE, acting, address
from examples.shop.layout import ENVIRONMENT, REPLICAS, SECRETS, SERVICES, TOKENS
from windows.access.roles import SETUP, Verb
from windows.audit.clock import clock
from windows.catalogue.commands.tokens import LONGEST, issue_token
from windows.catalogue.queries import authenticate_token, token_digest
from windows.errors import Conflict
from windows.flags.commands.nodes import register_node, retire_node
from windows.flags.models import Node

PUSHER = "jun"  # whose right to push measurements the replicas use


def load(state: Path) -> None:
    """Write the files where they are missing or their tokens are no longer good; keep them otherwise."""
    state.mkdir(parents=True, exist_ok=True)
    if not is_good(state / SECRETS, lambda told: [told["push"]]) or not nodes_are_known(state / SECRETS):
        nodes = {service: {name: register(service, region, name) for name, region in REPLICAS} for service in SERVICES}
        write_private(state / SECRETS, {"push": issue(PUSHER, "Shop replicas", [Verb.MEASURE]), "nodes": nodes})
    if not is_good(state / TOKENS, lambda told: list(told.values())):
        everything = list(Verb)
        write_private(state / TOKENS, {address(account): issue(account, "Example", everything) for account in PEOPLE})


def issue(account: str, name: str, scopes: list[Verb]) -> str:
    _, raw = issue_token(acting(account), name, [verb.value for verb in scopes], clock() + LONGEST - timedelta(hours=1))
    return raw


def register(service: str, region: str, name: str) -> str:
    place = {"service": service, "environment": ENVIRONMENT, "region": region, "name": name}
    try:
        return register_node(SETUP, **place)[1]
    except Conflict:  # of an earlier load whose file is gone: the token of the old one is worth nothing now
        retire_node(SETUP, Node.objects.get(**place).pk)
        return register_node(SETUP, **place)[1]


def nodes_are_known(path: Path) -> bool:
    told = json.loads(path.read_text())["nodes"]
    return all(
        Node.objects.filter(service=service, name=name, retired_at=None, digest=token_digest(raw)).exists()
        for service, nodes in told.items()
        for name, raw in nodes.items()
    )


def is_good(path: Path, tokens: Any) -> bool:
    """Whether the file is there and all its tokens open the door."""
    try:
        return all(authenticate_token(raw) for raw in tokens(json.loads(path.read_text())))
    except (OSError, ValueError, LookupError):
        return False


def write_private(path: Path, told: dict[str, Any]) -> None:
    """Whole or not at all, and for our own eyes."""
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(told, file, indent=1)
    beside.replace(path)
