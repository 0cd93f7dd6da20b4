"""Nouns: the surfaces of a window as pages show them, and those that follow from a run itself."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from windows.access.roles import ENGINE
from windows.errors import NotFound
from windows.execution.models import Run, Surface
from windows.execution.states import SurfaceStatus
from windows.flags.models import FlagVersion
from windows.lifecycle.states import Mode
from windows.lifecycle.words import counted, mode_in_words


@dataclass(frozen=True, slots=True)
class SurfaceView:
    """One surface: what is wanted of it, what was seen, and where the two part."""

    id: int
    kind: str
    name: str
    status: str
    desired: dict[str, Any]
    observed: dict[str, Any]
    note: str
    observed_at: datetime | None
    drift: dict[str, Any]
    drifted_at: datetime | None
    accepted_by: str
    accepted_reason: str
    on_drift: str

    @property
    def title(self) -> str:
        return TITLES.get(self.kind, self.kind)

    @property
    def wanted(self) -> str:
        """What is desired, in words."""
        return told(self.desired)

    @property
    def found(self) -> str:
        """What was seen, in words: the note says it best where it has one."""
        return self.note or told(self.observed)

    @property
    def deviated(self) -> str:
        """What was seen when it last deviated."""
        return told(self.drift)

    @property
    def is_adrift(self) -> bool:
        return self.status == SurfaceStatus.DRIFTED

    @property
    def was_mended(self) -> bool:
        return self.status == SurfaceStatus.IN_PLACE and self.drifted_at is not None


TITLES = {
    "silence": "Silence in Alertmanager",
    "traffic": "Traffic at the balancer",
    "credential": "Credential",
    "flag": "Maintenance flag",
    "live": "Tags and live metrics",
    "feed": "Calendar feeds",
}


def told(state: object) -> str:
    """Small JSON as one line for people."""
    match state:
        case {"scopes": int(count)}:
            return f"{counted(count, 'place')} marked as open"
        case {"status": str(status), "sequence": int(sequence)}:
            return f"{status.replace('_', ' ')}, SEQUENCE {sequence}"
        case {"matchers": list(matchers)}:
            return ", ".join(f"{m['name']}{'=~' if m['isRegex'] else '='}{m['value']}" for m in matchers)
        case {"mode": str(mode), "version": int()}:  # the flag's own count; people know the one that logs and nodes name
            return f"mode {mode_in_words(mode)}"
        case {"servers": dict(servers)}:
            return told(servers)
        case dict():
            return "; ".join(f"{name.replace('_', ' ')} {told(value)}" for name, value in state.items())
        case list():
            return ", ".join(told(each) for each in state)
    return mode_in_words(str(state))


def surface_of(window_id: int, surface_id: int) -> SurfaceView:
    """NotFound where the window has no such surface."""
    row = Surface.objects.filter(window=window_id, pk=surface_id).first()
    if row is None:
        raise NotFound("There is no such surface here.")
    return view_of(row)


def surfaces_of(window_id: int) -> list[SurfaceView]:
    """The adrift first, the ended last."""
    order = {
        SurfaceStatus.DRIFTED: 0,
        SurfaceStatus.ACCEPTED: 1,
        SurfaceStatus.WANTED: 2,
        SurfaceStatus.ENDING: 3,
        SurfaceStatus.IN_PLACE: 4,
        SurfaceStatus.ENDED: 5,
    }
    rows = [view_of(row) for row in Surface.objects.filter(window=window_id, is_rehearsed=False).order_by("kind", "name")[:200]]
    return sorted(rows, key=lambda view: order[SurfaceStatus(view.status)])


def view_of(row: Surface) -> SurfaceView:
    return SurfaceView(
        row.pk, row.kind, row.name, row.status, row.desired, row.observed, row.observed_note, row.observed_at, row.drift, row.drifted_at,
        row.accepted_by, row.accepted_reason, row.on_drift,
    )  # fmt: skip


def derived(run: Run) -> list[tuple[str, str, dict[str, Any]]]:
    """(kind, name, desired) of what follows from a run under way: each flag it has set, its live rows, its event in the calendars.
    A rehearsal's flags bear the window's name as well, elsewhere: they are none of this run's."""
    window = run.window
    found: list[tuple[str, str, dict[str, Any]]] = [
        ("live", window.reference, {"scopes": window.scopes.count()}),
        ("feed", window.reference, {"sequence": window.sequence, "status": window.status}),
    ]
    elsewhere = Run.objects.filter(window=window).exclude(rehearsal="").values_list("staged__environment", flat=True)
    ours = FlagVersion.objects.filter(window=window.reference, actor=ENGINE.name).exclude(flag__environment__in=set(elsewhere))
    for last in ours.select_related("flag").order_by("flag_id", "-version").distinct("flag_id"):
        if last.mode != Mode.NORMAL.value:
            found.append(("flag", str(last.flag.key), {"mode": last.mode, "version": last.version}))
    return found


@dataclass(frozen=True, slots=True)
class SilenceView:
    """A silence that a window holds in Alertmanager, or wants to."""

    window: str
    name: str
    status: str
    note: str
    lapses_at: datetime | None


def silences(hidden: Collection[str] = ()) -> list[SilenceView]:
    """The silences of the engine that have not ended, but for windows that the reader may not know of."""
    rows = Surface.objects.filter(kind="silence", due_at__isnull=False).select_related("window").order_by("window_id", "name")
    found = [SilenceView(row.window.reference, row.name, row.status, row.observed_note, row.lapses_at) for row in rows[:200]]
    return [one for one in found if one.window not in hidden]
