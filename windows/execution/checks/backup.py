"""Is there a backup of the data, young enough? Its database is asked, and only an aware time that has passed can prove it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from windows.actions.durations import write_duration
from windows.actions.ports import PortError
from windows.execution.checking import Answered, Candidate, failed, passed, unknown
from windows.execution.models import clock
from windows.execution.ports.context import measuring_ports
from windows.runbooks.queries import spec_of
from windows.runbooks.spec import DATA, BackupCheck
from windows.runbooks.spec.backups import backup_missing


def check(candidate: Candidate) -> Answered:
    version = candidate.run.runbook_version
    wanted = spec_of(version).backup_check if version else None
    if wanted is not None:
        return ask(candidate, wanted)
    if all(row.layer != DATA for row in candidate.scope):
        return passed(f"No data is touched: layer {DATA} is not in the scope.")
    if version is None:
        return passed("A manual window: whoever carries it out sees to the backup.")
    return failed(backup_missing(spec_of(version), {row.layer for row in candidate.scope}))


def ask(candidate: Candidate, wanted: BackupCheck) -> Answered:
    """One read-only question, bounded by the gate timeout of the settings."""
    _, sql = measuring_ports(candidate.run)
    try:
        newest = sql.scalar(wanted.database, wanted.query)
    except PortError as error:
        return unknown(f"When {wanted.database} was last backed up is not known: {error}.", database=wanted.database)
    return judge(wanted, newest, clock())


def judge(wanted: BackupCheck, newest: object, now: datetime) -> Answered:
    """Pure: what the query's answer says about the age of the newest backup."""
    name = wanted.database
    if newest is None:
        return unknown(f"No backup of {name} is on record.", database=name)
    if not isinstance(newest, datetime):
        return unknown(f"The backup query of {name} answered {newest!r:.80}, which is no time.", database=name)
    if newest.utcoffset() is None:
        return unknown(f"The backup query of {name} answered {newest}, without a time zone: it must be a timestamptz.", database=name)
    age = now - newest
    evidence = {"database": name, "newest": newest.isoformat(), "max_age": written(wanted.max_age)}
    ended = f"The newest backup of {name} ended {newest.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    if age < timedelta():
        return unknown(f"{ended}, {written(-age)} from now: one of the two clocks is wrong.", **evidence)
    told = f"{ended}, {written(age)} ago; {written(wanted.max_age)} is allowed"
    if age > wanted.max_age:
        return failed(f"{told}, so it is {written(age - wanted.max_age)} too old.", **evidence)
    return passed(f"{told}.", **evidence)


def written(length: timedelta) -> str:
    """To the second, but nothing of what is there vanishes."""
    whole = timedelta(seconds=round(length.total_seconds()))
    return write_duration(whole or length)
