"""Verbs: file many drafts from CSV, each row whole or not at all; file one like another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from windows.access.roles import Actor, Verb, require
from windows.audit.clock import clock
from windows.catalogue.models import Person
from windows.errors import Conflict, Invalid, Refused
from windows.runbooks.queries import current_first
from windows.scheduling.commands.drafts import Draft, check_draft, create_draft
from windows.scheduling.commands.drafts import filed as drafted
from windows.scheduling.commands.editing import ScopeRow
from windows.scheduling.commands.series import said_of
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.commands.transitions import locked
from windows.scheduling.models import Window
from windows.scheduling.queries import subject_of
from windows.scheduling.recurrence import localised
from windows.scheduling.rows_in import Row, fields_of, read_rows, scope_in
from windows.scheduling.times import wall

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of one line: a window, or the column that is wrong and why. Neither where it was only checked and is good."""

    line: int
    reference: str = ""
    field: str = ""
    wrong: str = ""


def file_rows(actor: Actor, text: str, *, validate_only: bool = False) -> list[Filed]:
    """File a draft for every good row, each in a transaction of its own; a bad one leaves nothing and stops no other.

    With `validate_only` every row goes the whole way and is taken back. A row whose `external_ref` is taken is refused: sending the
    same file twice makes nothing twice. Invalid(field="text", line=…) where the whole is no such table.
    """
    return [filed(actor, row, validate_only) for row in read_rows(text)]


def filed(actor: Actor, row: Row, validate_only: bool) -> Filed:
    try:
        draft = draft_of(row)
        if validate_only:
            check_draft(actor, draft)
            return Filed(row.line)
        return Filed(row.line, create_draft(actor, draft).reference)
    except Refused as refusal:
        name = getattr(refusal, "field", None) or "row"
        return Filed(row.line, field=column_of(name), wrong=refusal.detail)


def draft_of(row: Row) -> Draft:
    said = fields_of(row)
    minutes = said.pop("minutes", None)
    if minutes is not None:
        said["ends_at"] = ends_at(said["starts_at"], minutes)
    for column in ("owner", "coordinator", "deputy"):
        if column in row.said:
            said[f"{column}_id"] = person(row.said[column], column)
    if "runbook" in row.said:
        said["runbook_version_id"] = newest(row.said["runbook"])
    said["scope"] = tuple(ScopeRow(*part) for part in scope_in(row.said["scope"]))
    return Draft(**said)


def column_of(field: str) -> str:
    """The column that a command's field came from."""
    return "scope" if field.startswith("scope") else field.removesuffix("_version_id").removesuffix("_id")


def ends_at(starts_at: datetime, minutes: int) -> datetime:
    try:
        return starts_at + timedelta(minutes=minutes)
    except OverflowError:
        raise Invalid("This length is too long.", field="minutes") from None


def person(email: str, column: str) -> int:
    found = Person.objects.filter(email__iexact=email, is_active=True).values_list("pk", flat=True).first() if "\0" not in email else None
    if found is None:
        raise Invalid(f"Nobody has the address “{email[:100]}”.", field=column)
    return found


def newest(slug: str) -> int:
    """The version of a runbook in force."""
    found = current_first().filter(runbook__slug=slug).values_list("pk", flat=True).first() if "\0" not in slug else None
    if found is None:
        raise Invalid(f"There is no runbook “{slug[:60]}”.", field="runbook")
    return found


@one_transaction
def copy_window(actor: Actor, window_id: int, starts_at: datetime | None = None) -> Window:
    """The same again: a new draft with everything that a window says but its external reference, at a new time.

    Unless said otherwise it begins at the same local time some whole weeks later, the first that lies ahead by an hour.
    """
    require(actor, Verb.READ, subject_of(window_id))
    window = locked(window_id)
    begins = starts_at or weeks_later(window, clock() + timedelta(hours=1))
    said: dict[str, Any] = said_of(window)
    if Person.objects.filter(pk__in=[said["owner_id"], said["coordinator_id"]], is_active=False).exists():
        raise Conflict("Its owner or coordinator has left. Plan it anew with somebody else.", field="coordinator_id")
    said["scope"] = tuple(ScopeRow(row["service"], row["environment"], row["region"], tuple(row["layers"])) for row in said["scope"])
    again = Draft(**said, starts_at=begins, ends_at=begins + (window.ends_at - window.starts_at), timezone=window.timezone)
    return drafted(actor, again, is_example=False)


def weeks_later(window: Window, earliest: datetime) -> datetime:
    """The same weekday and local time, at or after a moment and after the window itself."""
    local = datetime.fromisoformat(wall(window.starts_at, window.timezone))
    there = max(earliest, window.starts_at + timedelta(hours=1)).astimezone(ZoneInfo(window.timezone)).replace(tzinfo=None)
    weeks = max(-(-(there - local) // WEEK), 1)
    return localised(local + weeks * WEEK, window.timezone)
