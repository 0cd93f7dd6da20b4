"""The sql port: psycopg against a named target database, cancelled from outside when time is up or we must stop.

When this process dies, the server notices within seconds (client_connection_check_interval, keepalives) and rolls back.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors

from windows.actions.ports import Changed, NotAllowed, PortError, Rejected, SqlAnswer, Stopped, TimedOut, Unreachable
from windows.outbound.limits import SLICE, Limits

HANGS = 1.0  # seconds a backend has to obey a cancel before its connection is cut
APPLIED = "create table if not exists roadworks_applied (key text primary key, applied_at timestamptz not null default clock_timestamp())"
ONCE = "insert into roadworks_applied (key) values (%s) on conflict do nothing"
TRANSIENT = (
    errors.LockNotAvailable,
    errors.SerializationFailure,
    errors.DeadlockDetected,
    errors.TooManyConnections,
    errors.ReadOnlySqlTransaction,
)


Login = Callable[[str, str], tuple[str, str]]  # (credential, database) → user and password


class Sql:
    """One per call of an action. `databases` are connection addresses by name (hyphens as underscores); `called` names us there;
    `login` knows the window's own credentials."""

    def __init__(self, limits: Limits, databases: Mapping[str, str], called: str, login: Login | None = None) -> None:
        self.limits, self.databases, self.called, self.login = limits, databases, called, login

    def execute(
        self,
        database: str,
        statements: Sequence[str],
        *,
        values: Mapping[str, Any] | None = None,
        timeout: float | None = None,
        once_key: str = "",
        in_transaction: bool = True,
        credential: str = "",
        expect: tuple[str, object] | None = None,
    ) -> SqlAnswer:
        with self.connected(database, autocommit=not in_transaction, credential=credential) as connection:
            if once_key and not first_time(connection, once_key):
                return SqlAnswer(applied=False)
            if expect is not None:
                bound(connection, self.limits.within(timeout), is_local=in_transaction)
                as_expected(connection, *expect)
            changed = []
            for statement in statements:
                bound(connection, self.limits.within(timeout), is_local=in_transaction)
                cursor = connection.execute(statement, dict(values) if values else None, prepare=True)
                changed.append(cursor.rowcount)
                if in_transaction and connection.info.transaction_status != psycopg.pq.TransactionStatus.INTRANS:
                    raise Rejected("A statement ended the transaction; give transaction: false if that is meant.")
            if in_transaction:
                connection.commit()
            return SqlAnswer(applied=True, rows_changed=tuple(changed))

    def scalar(self, database: str, query: str, *, values: Mapping[str, Any] | None = None, timeout: float | None = None) -> object:
        with self.connected(database, autocommit=False) as connection:
            connection.read_only = True
            bound(connection, self.limits.within(timeout), is_local=True)
            rows = connection.execute(query, dict(values) if values else None, prepare=True).fetchmany(2)
            if len(rows) != 1 or len(rows[0]) != 1:
                raise Rejected("The query must answer one row with one column.")
            return rows[0][0]

    @contextmanager
    def connected(self, database: str, *, autocommit: bool, credential: str = "") -> Iterator[psycopg.Connection]:
        """A connection of this call's own, watched from a thread; database errors come out as PortErrors."""
        address = self.databases.get(variable := database.replace("-", "_"))
        if not address:
            raise NotAllowed(f"There is no target database “{database}”: set TARGET_DATABASE_{variable.upper()}.")
        self.limits.check(f"Connecting to {database}")
        watch: Watch | None = None
        if credential and self.login is None:
            raise NotAllowed("No credential can be used here.")
        user, password = self.login(credential, database) if credential and self.login else (None, None)
        try:
            seconds = max(2, min(10, int(self.limits.left)))
            role = psycopg.conninfo.make_conninfo(address, user=user, password=password)  # None leaves what the address says
            connection = psycopg.connect(role, connect_timeout=seconds, autocommit=autocommit, application_name=self.called[:63])
            with Watch(connection, self.limits, database) as watch, connection:
                prepare_session(connection)
                yield connection
        except psycopg.Error as error:
            raise (watch and watch.reason) or told(error, database)


def prepare_session(connection: psycopg.Connection) -> None:
    """The server's own watch over us: set for the session, where a server is too old for one (before 14) that one is left out."""
    for name, value in {
        "client_connection_check_interval": "1s",
        "idle_in_transaction_session_timeout": "30s",
        "tcp_user_timeout": "10s",
    }.items():
        connection.execute("select set_config(name, %s, false) from pg_settings where name = %s", [value, name])
    if not connection.autocommit:
        connection.commit()


def bound(connection: psycopg.Connection, limits: Limits, *, is_local: bool) -> None:
    milliseconds = str(max(1, int(limits.left * 1000)))
    connection.execute("select set_config('statement_timeout', %s, %s)", [milliseconds, is_local])


def first_time(connection: psycopg.Connection, key: str) -> bool:
    """Keep the key in this transaction. False where it is there; one that is being kept by another transaction is waited for."""
    if connection.execute("select to_regclass('roadworks_applied')").fetchone() == (None,):
        connection.execute("select pg_advisory_xact_lock(hashtext('roadworks_applied'))")
        connection.execute(APPLIED)
    return connection.execute(ONCE, [key]).rowcount == 1


def as_expected(connection: psycopg.Connection, query: str, wanted: object) -> None:
    """Changed where it is not so: what stands there now is somebody else's."""
    rows = connection.execute(query, prepare=True).fetchmany(2)
    found = rows[0][0] if len(rows) == 1 and len(rows[0]) == 1 else None
    if len(rows) != 1 or found != wanted or isinstance(found, bool) != isinstance(wanted, bool):
        answered = repr(found) if len(rows) == 1 else f"{'several' if rows else 'no'} rows"
        raise Changed(f"It is not as expected: {answered:.200} was found, {wanted!r:.200} was left there. Nothing was changed.")


def told(error: psycopg.Error, database: str) -> PortError:
    text = (error.diag.message_primary or str(error)).strip().splitlines()[0] if str(error) else type(error).__name__
    if isinstance(error, errors.QueryCanceled):
        return TimedOut(f"{database}: {text}")
    if isinstance(error, TRANSIENT) or (isinstance(error, psycopg.OperationalError) and not error.sqlstate):
        return Unreachable(f"{database}: {text}")
    if error.sqlstate and error.sqlstate[:2] in ("08", "53", "57", "58"):  # connection, resources, shutdown, system
        return Unreachable(f"{database}: {text}")
    return Rejected(f"{database}: {text}")


class Watch:
    """Cancels the backend when the limits say so, and cuts the connection if it does not obey. `reason` is what then is raised."""

    def __init__(self, connection: psycopg.Connection, limits: Limits, database: str) -> None:
        self.connection, self.limits, self.database = connection, limits, database
        self.reason: PortError | None = None
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True, name=f"watch {database}")
        self.socket = socket.socket(fileno=os.dup(connection.fileno()))  # ours to cut, whatever psycopg does meanwhile

    def __enter__(self) -> Watch:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()
        self.socket.close()

    def watch(self) -> None:
        while not self.done.wait(SLICE):
            try:
                self.limits.check(f"The work in {self.database}")
            except (Stopped, TimedOut) as why:
                self.reason = why
                self.end()
                return

    def end(self) -> None:
        try:
            self.connection.cancel_safe(timeout=HANGS)
        except psycopg.Error:
            pass  # it cannot be reached either: the cut below ends it for us
        if not self.done.wait(HANGS):
            try:
                self.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it ended meanwhile
