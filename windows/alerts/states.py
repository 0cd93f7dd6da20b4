"""What becomes of an alert, and what can be said of it afterwards. Pure."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    PAGE = "page"  # somebody is woken
    TICKET = "ticket"  # somebody sees to it in working hours
    ANNOTATE = "annotate"  # it stands in the ledger


class FactKind(StrEnum):
    FIRED = "fired"
    RESOLVED = "resolved"
    FIRED_AGAIN = "fired_again"  # the same alert after it had been reported resolved for a while
    WITHHELD = "withheld"  # a silence in Alertmanager keeps it from everybody
    ROUTED = "routed"  # judged anew: its timebox is over, or its window is
    TOLD = "told"
    UNHEARD = "unheard"  # there was nobody to tell
    HANDED_OVER = "handed_over"  # its window has ended and it still fires
