"""The base of every kind's Params: frozen, strict about names, durations as text, and what people read in an error."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, StringConstraints

from windows.actions.durations import parse_duration, write_duration


def as_duration(value: Any) -> timedelta:
    return value if isinstance(value, timedelta) else parse_duration(value)


Duration = Annotated[timedelta, BeforeValidator(as_duration), PlainSerializer(write_duration, return_type=str)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
SlugOrAny = Annotated[str, StringConstraints(pattern=r"^(\*|[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)$")]
Text = Annotated[str, StringConstraints(max_length=4000)]


class Params(BaseModel):
    """What a step of one kind is told. `model_dump(mode="json")` is what a step row keeps; `model_validate` reads it back."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, serialize_by_alias=True)
