"""Tables of planning, one noun a file."""

from windows.scheduling.models.agreements import Answer, ConcurrencyLimit, MoveRequest
from windows.scheduling.models.budgets import WindowBudget
from windows.scheduling.models.change_calendars import ChangeCalendar, ChangePeriod
from windows.scheduling.models.collisions import Collision, ConflictQuestion, TrailReader
from windows.scheduling.models.external import (
    CalendarSource,
    ExternalWindow,
    HeardWebhook,
    IncompleteNotice,
    ProviderObject,
    WebhookSecret,
)
from windows.scheduling.models.freezes import Freeze, FreezeException, FreezeSeries
from windows.scheduling.models.overrides import Override
from windows.scheduling.models.saved_views import SavedView
from windows.scheduling.models.series import Series
from windows.scheduling.models.templates import ChangeTemplate
from windows.scheduling.models.windows import (
    CONTROLS,
    LAYERS,
    LONGEST_RESERVATION,
    Feed,
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
    "Answer",
    "CalendarSource",
    "ChangeCalendar",
    "ChangePeriod",
    "ChangeTemplate",
    "Collision",
    "ConcurrencyLimit",
    "ConflictQuestion",
    "ExternalWindow",
    "Feed",
    "Freeze",
    "FreezeException",
    "FreezeSeries",
    "HeardWebhook",
    "IncompleteNotice",
    "MoveRequest",
    "Override",
    "ProviderObject",
    "SavedView",
    "Series",
    "TrailReader",
    "WebhookSecret",
    "Window",
    "WindowBudget",
    "WindowScope",
    "begin",
    "finish",
    "length",
    "period",
]
