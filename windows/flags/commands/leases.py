"""Verbs: renew leases, and what becomes of a flag whose lease ran out."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection, transaction
from django.db.models import F, Func
from django.db.models.functions import Greatest

from windows.access.roles import SCHEDULE, Actor, Role, Verb, require
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.audit.going_on import going_on
from windows.catalogue.models import Team
from windows.catalogue.queries import holders, on_call_of
from windows.delivery.commands import Saying, reach
from windows.delivery.models import Urgency
from windows.flags.commands.counter import hold_counter
from windows.flags.commands.setting import clear_flag, subject_of
from windows.flags.models import Flag, OnExpiry
from windows.flags.routing import FlagKey
from windows.lifecycle.states import Mode
from windows.lifecycle.words import mode_in_words

SETTLE = timedelta(seconds=30)


@transaction.atomic
def renew_leases_of(actor: Actor, window: str, lease: timedelta) -> int:
    """Renew every flag the window holds; answers how many. For the engine's heartbeat. A flag that is being changed at this
    very moment is passed over: the next heartbeat finds it."""
    require(actor, Verb.SET_FLAG, subject_of(FlagKey()))
    held = Flag.objects.select_for_update(skip_locked=True).filter(window=window).exclude(mode=Mode.NORMAL.value)
    ids = list(held.values_list("pk", flat=True))
    return Flag.objects.filter(pk__in=ids).update(lease_until=Greatest(F("lease_until"), clock() + lease), alarmed_at=None)


def expire_leases() -> int:
    """Alarm once for each flag whose lease ran out, or clear it, as it was set; answers how many were dealt with.

    Not while the database has only just come back: then nobody could renew, and the engine gets SETTLE to do so.
    """
    due = Flag.objects.filter(lease_until__lt=Func(function="clock_timestamp"), alarmed_at=None).exclude(mode=Mode.NORMAL.value)
    flags, dealt_with = list(due.order_by("pk")), 0
    if not flags or just_started():
        return 0
    for flag in flags:
        with going_on("expire lease", flag=str(flag)):
            dealt_with += expire(flag)
    return dealt_with


def just_started() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp() - pg_postmaster_start_time() < %s * interval '1 second'", [SETTLE.total_seconds()])
        return bool(cursor.fetchone()[0])


@transaction.atomic
def expire(flag: Flag) -> bool:
    """False when somebody renewed or changed it meanwhile."""
    hold_counter()
    seen = Flag.objects.select_for_update().filter(pk=flag.pk, version=flag.version, lease_until=flag.lease_until, alarmed_at=None)
    if seen.first() is None:
        return False
    facts = {"mode": flag.mode, "set_by": flag.set_by, "lease_until": f"{flag.lease_until:%Y-%m-%dT%H:%M:%SZ}", "on_expiry": flag.on_expiry}
    if flag.on_expiry == OnExpiry.CLEAR.value:
        clear_flag(
            SCHEDULE, flag.key, expected=flag.version, window=flag.window, confidential=flag.confidential, reason="its lease ran out"
        )
    else:
        Flag.objects.filter(pk=flag.pk).update(alarmed_at=clock())
        page(flag)
    record("flag.lease_expired", SCHEDULE, f"flag:{flag}"[:120], window=flag.window, data=facts)
    return True


def page(flag: Flag) -> None:
    """On-call of the service's team and its channels, its owners where nobody is on call; for a flag on every service, SRE."""
    team = subject_of(flag.key).team
    people = on_call_of([team]) or holders([team], Role.OWNER) if team else []
    people = people or holders(list(Team.objects.values_list("slug", flat=True)), Role.SRE)
    title = f"The flag {flag} is still {mode_in_words(flag.mode)}"
    window = "" if flag.confidential else flag.window  # whose it is, is told to nobody: channels have many readers
    body = (
        f"Nobody renews it since {flag.lease_until:%Y-%m-%d %H:%M} UTC. Set by {flag.set_by}"
        f"{f' for {window}' if window else ''}. It is not cleared by itself, because that could harm data: "
        f"see what became of the work, then clear it or set it anew.\n"
    )
    fact = f"flag:{flag.pk}:{flag.version}:{flag.lease_until:%Y%m%dT%H%M%S}"
    facts = {"component": flag.target, "group": window}
    said = Saying(fact, Urgency.PAGE, title, body, window, facts)
    reach(said, [person.email for person in people], [team] if team else [])
