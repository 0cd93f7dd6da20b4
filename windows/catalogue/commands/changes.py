"""What every edit shares: only named fields are writable, and the row must still be the one the caller saw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from windows.errors import Invalid, Stale


def only(changes: Mapping[str, Any], writable: frozenset[str]) -> None:
    """Invalid names the first field that may not be written. Nothing is dropped silently."""
    for name in sorted(changes):
        if name not in writable:
            raise Invalid(f"“{name}” cannot be set.", field=name)


def check(row: models.Model, changes: Iterable[str] | None = None) -> None:
    """The model's own validators as domain errors, of the changed fields where named; uniqueness is the database's to say."""
    skipped = {field.name for field in row._meta.fields if field.null and getattr(row, field.attname) is None}
    if changes is not None:
        skipped |= {field.name for field in row._meta.fields} - set(changes)
    try:
        row.clean_fields(exclude=skipped)
    except ValidationError as error:
        errors = [{"field": name, "detail": text} for name, texts in error.message_dict.items() for text in texts]
        raise Invalid(str(errors[0]["detail"]), field=str(errors[0]["field"]), errors=errors) from error


def expect(version: int | None, current: int) -> None:
    """Stale where the caller edited an older version. None means that the caller did not look (a declaration applied from a file)."""
    if version is not None and version != current:
        raise Stale(f"It was changed meanwhile: version {current} is in force, you edited {version}.", current=current)
