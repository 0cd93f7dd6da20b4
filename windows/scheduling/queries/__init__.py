"""Nouns of scheduling that are read, one a file: windows, freezes, conflicts, calendar, feeds."""

from windows.scheduling.queries.windows import WindowView, subject_of, window_view

__all__ = ["WindowView", "subject_of", "window_view"]
