"""Which alerts a window expects: what was said for it, and what its runbook says for every window."""

from __future__ import annotations

from typing import Any

from windows.alerts.expected import MOST
from windows.errors import Invalid
from windows.execution.queries.plans import plan_of
from windows.scheduling.models import Window


def expected_in(window: Window) -> list[dict[str, Any]]:
    """The window's own first, then the runbook's on its scope, each once, so many as a window may expect. One query."""
    places = set(window.scopes.values_list("service__slug", "environment"))
    try:
        said = plan_of(window).expected_alerts if window.runbook_version_id else ()
    except Invalid:  # a text that today's rules refuse expects nothing: its alerts page
        said = ()
    own = {(one["alert"], one["service"], one["environment"]) for one in window.expected_alerts}
    more = [dict(one) for one in said if (one["service"], one["environment"]) in places]
    return [*window.expected_alerts, *(one for one in more if (one["alert"], one["service"], one["environment"]) not in own)][:MOST]
