"""What a receipt must prove and how it is written: one SQL statement, used by the flag server and by the command alike.

A receipt says "I applied everything up to global version V that touches me", not "I saw it". It is accepted from the node's own
token only, for a version that exists, with the word (`echo`) that was served with exactly that version: nobody can
acknowledge what they were never given. A node *holds* flag version v when its receipt's version is at least v.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum

# Parameters: digest, name, environment (of the node, or '' when not told), version, mode, echo.
# Falling below what it once acknowledged is a split brain: audited when it happens, not each time it is repeated.
WRITE = """
with node as (
    select id, name, service, environment, region from flags_node
    where digest = %(digest)s and retired_at is null and %(name)s in ('', name) and %(environment)s in ('', environment)
), proven as (
    select exists (select from flags_flagversion where global_version = %(version)s and echo = %(echo)s)
        or (%(version)s = 0 and %(echo)s = '') as ok
), before as (
    select receipt.version, receipt.highest from flags_flagreceipt receipt join node on receipt.node_id = node.id
), written as (
    insert into flags_flagreceipt as receipt (node_id, version, mode, at, highest)
    select node.id, %(version)s, %(mode)s, clock_timestamp(), %(version)s from node, proven where proven.ok
    on conflict (node_id) do update set version = excluded.version, mode = excluded.mode, at = excluded.at,
        highest = greatest(receipt.highest, excluded.highest)
    returning node_id
), split as (
    insert into audit_auditentry (at, kind, actor, actor_id, via, subject, "window", run_id, data, request_id)
    select clock_timestamp(), 'flag.split_brain', 'node ' || node.name, null, 'receipt',
        left('node:' || node.service || '/' || node.name, 120), '', null,
        jsonb_build_object('environment', node.environment, 'region', node.region, 'mode', %(mode)s::text,
            'version', %(version)s, 'highest', before.highest), ''
    from node, before, written where before.version = before.highest and %(version)s < before.highest
    returning id
)
select exists (select from node), exists (select from written), exists (select from split)
"""


class Outcome(StrEnum):
    ACCEPTED = "accepted"
    SPLIT_BRAIN = "split brain"  # written, and an alarm: the node went back
    UNKNOWN_NODE = "unknown node"  # no such token, a retired node, or another node's name
    UNPROVEN = "unproven"  # no such version, or not its echo


def digest_of(raw_token: str) -> str:
    """What is stored of a token: tokens are 256 random bits, so a plain SHA-256 is enough."""
    return hashlib.sha256(raw_token.encode()).hexdigest()


def outcome_of(known: bool, written: bool, split: bool) -> Outcome:
    """What WRITE's one row means."""
    if not known:
        return Outcome.UNKNOWN_NODE
    if not written:
        return Outcome.UNPROVEN
    return Outcome.SPLIT_BRAIN if split else Outcome.ACCEPTED
