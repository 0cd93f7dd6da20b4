"""Verbs: renew leases, and what becomes of a flag whose lease ran out."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Func
from django.db.models.functions import Greatest

from windows.access.roles import SCHEDULE, Actor, Verb, require
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.errors import Conflict
from windows.flags.commands.setting import clear_flag, subject_of
from windows.flags.models import Flag, OnExpiry
from windows.flags.routing import FlagKey
from windows.lifecycle.states import Mode


@transaction.atomic
def renew_lease(actor: Actor, key: FlagKey, *, lease: timedelta, window: str = "") -> datetime:
    """Keep the flag for another `lease` from now; answers until when. No new version, no audit entry: nothing changed.

    Conflict when the flag is cleared, or belongs to another window. A lease is never shortened.
    """
    require(actor, Verb.SET_FLAG, subject_of(key))
    mine = Flag.objects.filter(**key.columns, window=window).exclude(mode=Mode.NORMAL.value)
    until = clock() + lease
    if not mine.update(lease_until=Greatest(F("lease_until"), until), alarmed_at=None):
        raise Conflict(f"The flag {key} is not held by {window or 'you'} any more.", field="window")
    return until


@transaction.atomic
def renew_leases_of(actor: Actor, window: str, lease: timedelta) -> int:
    """Renew every flag the window holds; answers how many. For the engine's heartbeat. A flag that is being changed at this
    very moment is passed over: the next heartbeat finds it."""
    require(actor, Verb.SET_FLAG, subject_of(FlagKey()))
    held = Flag.objects.select_for_update(skip_locked=True).filter(window=window).exclude(mode=Mode.NORMAL.value)
    ids = list(held.values_list("pk", flat=True))
    return Flag.objects.filter(pk__in=ids).update(lease_until=Greatest(F("lease_until"), clock() + lease), alarmed_at=None)


def expire_leases() -> int:
    """Alarm once for each flag whose lease ran out, or clear it, as it was set; answers how many were dealt with."""
    due = Flag.objects.filter(lease_until__lt=Func(function="clock_timestamp"), alarmed_at=None).exclude(mode=Mode.NORMAL.value)
    return sum(expire(flag) for flag in due.order_by("pk"))


@transaction.atomic
def expire(flag: Flag) -> bool:
    """False when somebody renewed or changed it meanwhile."""
    due = Flag.objects.filter(pk=flag.pk, version=flag.version, lease_until=flag.lease_until, alarmed_at=None)
    facts = {"mode": flag.mode, "set_by": flag.set_by, "lease_until": f"{flag.lease_until:%Y-%m-%dT%H:%M:%SZ}", "on_expiry": flag.on_expiry}
    if flag.on_expiry == OnExpiry.CLEAR.value:
        try:
            clear_flag(SCHEDULE, flag.key, expected=flag.version, window=flag.window, reason="its lease ran out")
        except Conflict:
            return False
    elif not due.update(alarmed_at=clock()):
        return False
    record("flag.lease_expired", SCHEDULE, f"flag:{flag}"[:120], window=flag.window, data=facts)
    return True
