"""The telemetry tags of a run."""

from __future__ import annotations

from windows.execution.models import Run, StepRun
from windows.scheduling.models import Window


def places_of(window: Window) -> list[str]:
    """service/environment/region, each once. Kept with the object: the engine builds a context for every step."""
    if (kept := window.__dict__.get("_places")) is None:
        scopes = window.scopes.order_by("service__slug", "environment", "region").values_list("service__slug", "environment", "region")
        kept = window.__dict__["_places"] = list(dict.fromkeys("/".join(place) for place in scopes))
    return list(kept)


def known_tags(run: Run, step: str = "") -> dict[str, str]:
    """Those of them that cost no query: for our own log lines and requests around a step. A confidential window has none."""
    return {} if run.window.confidential else {"maintenance.window": run.tag, "maintenance.step": step}


def tags_of(run: Run, step: StepRun | None) -> dict[str, str]:
    """The four telemetry tags, as values."""
    window = run.window
    places = places_of(window)
    return {
        "maintenance.window": run.tag,
        "maintenance.owner": window.owner.name,
        "maintenance.step": step.name if step else "",
        "maintenance.scope": " ".join(places[:20]),
    }
