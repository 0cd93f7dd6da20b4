"""Nouns of scheduling that are read, one a file: windows, freezes, conflicts, calendar, feeds."""

from windows.scheduling.queries.calendar import CalendarEntry, CalendarFilter, CalendarPlace, calendar
from windows.scheduling.queries.conflicts import conflicts_of, conflicts_with
from windows.scheduling.queries.conflicts_ahead import conflicts_ahead
from windows.scheduling.queries.external import ExternalView, external_windows
from windows.scheduling.queries.feeds import FeedVersion, feed_version
from windows.scheduling.queries.freezes import FreezeView, freezes, freezes_for, windows_hit_by
from windows.scheduling.queries.windows import (
    ScopeView,
    WindowView,
    scope_of,
    scopes_of,
    subject_from,
    subject_of,
    window_id_of,
    window_view,
)

__all__ = [
    "CalendarEntry",
    "CalendarFilter",
    "CalendarPlace",
    "ExternalView",
    "FeedVersion",
    "FreezeView",
    "ScopeView",
    "WindowView",
    "calendar",
    "conflicts_ahead",
    "conflicts_of",
    "conflicts_with",
    "external_windows",
    "feed_version",
    "freezes",
    "freezes_for",
    "scope_of",
    "scopes_of",
    "subject_from",
    "subject_of",
    "window_id_of",
    "window_view",
    "windows_hit_by",
]
