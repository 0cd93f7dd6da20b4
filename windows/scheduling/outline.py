"""A window in a few sentences, for the page that asks whether to sign or to begin it. Pure; times in UTC, as pages turn them local."""

from __future__ import annotations

from windows.lifecycle.words import mode_in_words
from windows.scheduling.queries import WindowView

NAMED = 4  # places


def outline(view: WindowView) -> tuple[str, str]:
    """When it is planned, and what it touches with what users get."""
    places = list(dict.fromkeys(f"{one.service_name} in {one.environment}/{one.region}" for one in view.scope))
    more = f" and {len(places) - NAMED} more" if len(places) > NAMED else ""
    return (
        f"Planned from {view.starts_at:%Y-%m-%d %H:%M} UTC to {view.ends_at:%Y-%m-%d %H:%M} UTC.",
        f"Touches {', '.join(places[:NAMED])}{more}. Users get: {mode_in_words(view.mode)}.",
    )
