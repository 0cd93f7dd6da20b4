"""What a live run says of its window more exactly than the window itself: held, validating, rolling back, stuck."""

from __future__ import annotations

from windows.execution.models import LIVE, Run
from windows.execution.states import RunStatus


def live_states() -> dict[int, str]:
    """Window id → state of its live run. One query. A run in preflight says nothing: its window has not begun."""
    rows = Run.objects.filter(status__in=LIVE, rehearsal="").exclude(status=RunStatus.PREFLIGHT.value)
    return dict(rows.values_list("window_id", "status"))
