"""How a command's transaction is run: again when the database asks for it, and under the locks that keep rivals aware of each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import connection, transaction
from django.db.utils import OperationalError
from psycopg import errors

from windows.errors import Conflict

P = ParamSpec("P")
R = TypeVar("R")
ATTEMPTS = 3
FREEZES = 0x0F0  # advisory lock: shared by whoever asks "is there a freeze?", exclusive for whoever makes one
RULES = 0x511  # advisory lock: whoever asks "may this be down?" where a group, a pair of regions, a limit or a budget counts, one by one
SLOTS = 0x510  # advisory lock class: one key per service whose slots are being taken


def one_transaction(command: Callable[P, R]) -> Callable[P, R]:
    """An entry point: one durable transaction, tried again after a deadlock or a serialization failure, Conflict after the third."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with transaction.atomic(durable=True):
                    return command(*args, **kwargs)
            except OperationalError as error:
                if not isinstance(error.__cause__, errors.DeadlockDetected | errors.SerializationFailure):
                    raise
                if attempt == ATTEMPTS:
                    raise Conflict("Others are changing the same windows right now. Try again.") from error
        raise AssertionError("unreachable")

    return run


def see_freezes() -> None:
    """From here to the end of the transaction no freeze appears or goes. Take it before any row lock."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock_shared(%s::int, 0)", [FREEZES])


def change_freezes() -> None:
    """Waits for every transaction that has looked at the freezes; what starts after will see ours."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s::int, 0)", [FREEZES])


def line_up(service_ids: Iterable[int]) -> None:
    """Rivals for a slot of the same service come one by one, in one order: else the exclusion constraint finds them by deadlock."""
    with connection.cursor() as cursor:
        for service_id in sorted(set(service_ids)):
            cursor.execute("select pg_advisory_xact_lock(%s::int, %s::int)", [SLOTS, service_id % 2**31])


def line_up_for_rules() -> None:
    """Where rules about windows at the same time exist, those who ask come one by one until they have committed: a rule has no
    constraint that would find two who looked at the same moment. Take it before any row lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(%s::int, 0) where exists (select from catalogue_redundancygroup)"
            " or exists (select from catalogue_regionpair) or exists (select from scheduling_concurrencylimit)"
            " or exists (select from scheduling_windowbudget)",
            [RULES],
        )
