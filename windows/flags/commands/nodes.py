"""Verbs: register a node, retire it, and its receipt."""

from __future__ import annotations

import secrets

from django.db import connection, transaction

from windows.access.roles import Actor, Verb, require
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.errors import Conflict, Forbidden, Invalid, NotFound
from windows.flags.commands.counter import tokens_changed
from windows.flags.commands.setting import SLUG, check_mode, subject_of
from windows.flags.models import FlagReceipt, Node
from windows.flags.receipts import WRITE, Outcome, digest_of, outcome_of
from windows.flags.routing import FlagKey


@transaction.atomic
def register_node(actor: Actor, *, service: str, environment: str, region: str, name: str) -> tuple[Node, str]:
    """A node that must acknowledge from now on, and its token, which is shown this once (only its SHA-256 is kept).

    A node that was retired comes back with a new token; one that is in service raises Conflict.
    """
    for field, part in {"service": service, "environment": environment, "region": region}.items():
        if not SLUG.fullmatch(part):
            raise Invalid(f"“{part}” is no {field}: a node stands in exactly one.", field=field)
    if not name or len(name) > 120 or not name.isprintable():
        raise Invalid("A node's name has 1 to 120 printable characters.", field="name")
    require(actor, Verb.EDIT_CATALOGUE, subject_of(FlagKey(service), f"the nodes of {service}"))
    tokens_changed()
    raw = f"rwn_{secrets.token_urlsafe(32)}"
    node, made = Node.objects.get_or_create(
        service=service, environment=environment, region=region, name=name, defaults={"digest": digest_of(raw)}
    )
    if not made:
        if node.retired_at is None:
            raise Conflict(f"The node {name} of {service} is registered already; retire it first.", field="name", rival=name)
        FlagReceipt.objects.filter(node=node).delete()  # what its predecessor held says nothing about it
        node.digest, node.retired_at = digest_of(raw), None
        node.save(update_fields=["digest", "retired_at"])
    record("node.registered", actor, f"node:{service}/{name}"[:120], data={"environment": environment, "region": region})
    return node, raw


@transaction.atomic
def retire_node(actor: Actor, node_id: int) -> Node:
    """The node is gone for good: nobody waits for its receipts, its token is refused. Retiring twice changes nothing."""
    node = Node.objects.filter(pk=node_id).first()
    if node is None:
        raise NotFound("There is no such node here.")
    require(actor, Verb.EDIT_CATALOGUE, subject_of(FlagKey(node.service), f"the nodes of {node.service}"))
    if node.retired_at is None:
        tokens_changed()
        node.retired_at = clock()
        node.save(update_fields=["retired_at"])
        record("node.retired", actor, f"node:{node}"[:120], data={"environment": node.environment, "region": node.region})
    return node


@transaction.atomic
def post_receipt(raw_token: str, version: int, mode: str, *, echo: str, name: str = "", environment: str = "") -> Outcome:
    """The node behind the token applied everything up to this global version. See receipts.py for what it must prove.

    Forbidden for an unknown token, Invalid for a version without its echo. A node that fell back is accepted and audited.
    """
    claim: dict[str, str | int] = {
        "digest": digest_of(raw_token),
        "name": name,
        "environment": environment,
        "version": version,
        "mode": check_mode(mode).value,
        "echo": echo,
    }
    with connection.cursor() as cursor:
        cursor.execute(WRITE, claim)
        outcome = outcome_of(*cursor.fetchone())
    if outcome is Outcome.UNKNOWN_NODE:
        raise Forbidden("This is not the token of that node.", verb="acknowledge")
    if outcome is Outcome.UNPROVEN:
        raise Invalid("The echo does not belong to this version: acknowledge what was served, as it was served.", field="echo")
    return outcome
