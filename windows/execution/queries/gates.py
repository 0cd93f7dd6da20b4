"""The gates of a run as a page draws them: what is asked of each, and its last readings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import F
from pydantic import ValidationError

from windows.actions.gates import Comparison
from windows.actions.measurement import Gate
from windows.execution.models import GateReading, Run, StepRun

MOST, EACH = 600, 120  # readings of all gates together, and of one


class Reading(NamedTuple):
    """One row of GateReading."""

    gate: str
    position: int | None
    at: datetime
    value: float | None
    verdict: str
    is_error: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateView:
    """`position` is None for a gate that watches the whole run. `is_share`: a ratio from 0 to 1. `points` by time, the oldest first."""

    name: str
    position: int | None
    source: str
    is_share: bool
    passing: Comparison | None
    failing: Comparison | None
    on_fail: str
    points: tuple[Reading, ...]

    @property
    def newest(self) -> Reading:
        return self.points[-1]

    @property
    def place(self) -> dict[str, str | int]:
        """What tells its readings from those of other gates: the step's position, or the name of one that watches the run."""
        return {"gate": self.name} if self.position is None else {"position": self.position}

    @property
    def called(self) -> str:
        return self.name if self.position is None else f"{self.position} · {self.name}"


def readings(run: Run) -> list[Reading]:
    """The newest first, of the run itself: what is measured after its end decided nothing. One query."""
    own = run.readings.filter(at__lte=run.ended_at) if run.ended_at else run.readings
    return [Reading(*row) for row in own.order_by("-pk").values_list(*Reading._fields)[:MOST]]


def reading_rows(run_id: int, of: Mapping[str, str | int], *, before: int | None = None, limit: int) -> list[dict[str, Any]]:
    """`limit` readings at most of a run, the newest first, after the one whose id is `before`. `of` narrows them to one gate: its name,
    or the position of its step (GateView.place). One query."""
    rows = GateReading.objects.filter(run_id=run_id, **of, **({"pk__lt": before} if before else {}))
    found = rows.order_by("-pk").values("id", "at", "gate", "value", "verdict", "is_error", "reason", step=F("position"))
    return [dict(row) for row in found[:limit]]


def gates(run: Run, steps: Iterable[StepRun], found: Iterable[Reading]) -> tuple[GateView, ...]:
    """Gates that measured something, those that watch the run first, then by position."""
    by_place: dict[tuple[int | None, str], list[Reading]] = {}
    for reading in found:
        place = (reading.position, reading.gate if reading.position is None else "")
        if len(there := by_place.setdefault(place, [])) < EACH:
            there.append(reading)
    watched = {entry["name"][:120]: entry for entry in run.watch}
    of = {step.position: step for step in steps}
    views = []
    for (position, name), rows in sorted(by_place.items(), key=lambda item: (item[0][0] or 0, item[0][1])):
        step = of.get(position) if position is not None else None
        asked = asked_of(step.params if step else watched.get(name, {}).get("gate"))
        views.append(
            GateView(
                name=step.name if step else name,
                position=position,
                source=asked.source if asked else "",
                is_share=bool(asked and asked.is_share),
                passing=asked.spec().passing if asked else None,
                failing=asked.spec().failing if asked else None,
                on_fail=watched.get(name, {}).get("on_fail", "") if position is None else "",
                points=tuple(reversed(rows)),
            )
        )
    return tuple(views)


def asked_of(params: dict[str, Any] | None) -> Gate | None:
    """What a gate measures; None where it is not known any more."""
    names = {field.alias or name for name, field in Gate.model_fields.items()}
    try:
        return Gate.model_validate({key: value for key, value in (params or {}).items() if key in names})
    except ValidationError:
        return None
