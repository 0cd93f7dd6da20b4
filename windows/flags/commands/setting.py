"""Verbs: set a flag, clear it."""

from __future__ import annotations

import json
import math
import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from windows.access.roles import Actor, Subject, Verb, require
from windows.audit.commands import record
from windows.catalogue.models import Service
from windows.errors import Conflict, Invalid
from windows.flags.commands.counter import next_version
from windows.flags.models import Flag, FlagVersion, OnExpiry
from windows.flags.routing import ANY, PARTS, FlagKey
from windows.lifecycle.states import Mode
from windows.lifecycle.words import mode_in_words

SLUG = re.compile(r"[a-z0-9]([a-z0-9_.-]{0,61}[a-z0-9])?")
LAYER = re.compile(r"L[0-9]")
ALARMING = frozenset({Mode.READ_ONLY, Mode.OFFLINE, Mode.REROUTED})  # clearing these unasked could corrupt data


@transaction.atomic
def set_flag(
    actor: Actor,
    key: FlagKey,
    mode: Mode | str,
    payload: Mapping[str, Any] | None = None,
    *,
    expected: int | None = None,
    window: str = "",
    confidential: bool = False,
    lease: timedelta | None = None,
    reason: str = "",
    on_expiry: OnExpiry | None = None,
) -> FlagVersion:
    """Set the flag's value and give the change the next global version; the flag servers hear of it at commit.

    `expected` is the flag's own version as last seen (0: never set): another one in force raises Conflict with `version`;
    None sets unconditionally. `payload`: message (text), retry_after (s), until (RFC 3339), exempt (see routing), and further
    scalars. `lease` is how long the flag holds unless renewed; without one it is the longest window of the settings: no flag is
    for ever. `confidential` keeps the window's name from those who read flags. People give a reason.
    Invalid names the field; Forbidden and NotFound by the role table.
    """
    check_key(key)
    mode = check_mode(mode)
    values = check_payload(payload or {})
    require(actor, Verb.SET_FLAG, subject_of(key))
    if not actor.is_system and not reason.strip():
        raise Invalid("Say why the flag is set by hand.", field="reason")
    if lease is not None and lease <= timedelta(0):
        raise Invalid("A lease must be longer than nothing.", field="lease")
    number, now = next_version()
    flag, _ = Flag.objects.get_or_create(**key.columns)
    if expected is not None and flag.version != expected:
        raise Conflict(
            f"The flag {key} is at version {flag.version} ({mode_in_words(flag.mode)}, set by {flag.set_by or 'nobody'}), not {expected}.",
            field="version",
            version=flag.version,
            mode=flag.mode,
        )
    before = flag.mode
    flag.mode, flag.payload, flag.window, flag.set_by, flag.set_at, flag.alarmed_at = mode.value, values, window, actor.name, now, None
    flag.version, flag.global_version, flag.confidential = flag.version + 1, number, confidential
    flag.lease_until = None if mode is Mode.NORMAL else now + (lease or settings.ROADWORKS.longest_window)
    flag.on_expiry = (on_expiry or (OnExpiry.ALARM if mode in ALARMING else OnExpiry.CLEAR)).value
    flag.save()
    change = FlagVersion.objects.create(
        global_version=number,
        flag=flag,
        version=flag.version,
        mode=flag.mode,
        payload=values,
        window=window,
        confidential=confidential,
        actor=actor.name,
        reason=reason[:500],
        echo=secrets.token_hex(16),
        at=now,
    )
    facts = {
        "from": before,
        "mode": flag.mode,
        "payload": values,
        "version": flag.version,
        "global_version": number,
        "reason": reason,
    }
    record("flag.set", actor, f"flag:{key}"[:120], window=window, data=facts)
    return change


def clear_flag(
    actor: Actor, key: FlagKey, *, expected: int | None = None, window: str = "", confidential: bool = False, reason: str = ""
) -> FlagVersion:
    """Set the flag to normal: it says nothing any more, and broader flags count again."""
    return set_flag(actor, key, Mode.NORMAL, {}, expected=expected, window=window, confidential=confidential, reason=reason)


def subject_of(key: FlagKey, called: str = "") -> Subject:
    """Whose flag it is: the team of the service it names. A flag on all services belongs to SRE alone."""
    service = Service.objects.select_related("team").filter(slug=key.target).first() if key.target != ANY else None
    return Subject(team=service.team.slug if service else None, called=called or f"the flag {key}")


def check_key(key: FlagKey) -> None:
    for name, part in zip(PARTS, key.parts, strict=True):
        rule = LAYER if name == "layer" else SLUG
        if part != ANY and not rule.fullmatch(part):
            raise Invalid(f"“{part}” is no {name}: a slug or * is expected.", field=name)


def check_mode(mode: Mode | str) -> Mode:
    try:
        return Mode(mode)
    except ValueError:
        raise Invalid(f"“{mode}” is no mode. Known: {', '.join(Mode)}.", field="mode") from None


def check_payload(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Scalars only, 4 kB at most: every node receives it with every change."""
    for name, value in payload.items():
        finite = not isinstance(value, float) or math.isfinite(value)
        if not isinstance(value, str | int | float | bool | None) or not finite or "\x00" in str(value):
            raise Invalid(f"“{name}” must be a text, a number, true or false.", field=f"payload.{name}")
    retry_after = payload.get("retry_after")
    if retry_after is not None and (not isinstance(retry_after, int) or isinstance(retry_after, bool) or not 0 <= retry_after <= 86400):
        raise Invalid("retry_after is whole seconds, 0 to 86400.", field="payload.retry_after")
    if (until := payload.get("until")) is not None:
        check_until(until)
    if len(json.dumps(dict(payload))) > 4096:
        raise Invalid("The payload is larger than 4 kB.", field="payload")
    return {name: value for name, value in payload.items() if value is not None}


def check_until(until: Any) -> None:
    try:
        zoned = datetime.fromisoformat(until).tzinfo is not None
    except (TypeError, ValueError):
        zoned = False
    if not zoned:
        raise Invalid("until is a time with its zone, as 2026-03-01T04:00:00Z.", field="payload.until")
