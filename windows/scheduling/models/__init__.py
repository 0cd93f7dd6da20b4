"""Tables of planning, one noun a file."""

from windows.scheduling.models.external import CalendarSource, ExternalWindow, IncompleteNotice, ProviderObject
from windows.scheduling.models.windows import (
    CONTROLS,
    LAYERS,
    LONGEST_RESERVATION,
    Feed,
    Freeze,
    Window,
    WindowScope,
    begin,
    finish,
    length,
    period,
)

__all__ = [
    "CONTROLS",
    "LAYERS",
    "LONGEST_RESERVATION",
    "CalendarSource",
    "ExternalWindow",
    "Feed",
    "Freeze",
    "IncompleteNotice",
    "ProviderObject",
    "Window",
    "WindowScope",
    "begin",
    "finish",
    "length",
    "period",
]
