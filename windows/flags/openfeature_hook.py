"""For services that evaluate by OpenFeature: which window and which flag version an evaluation stood under, as telemetry tags.

    api.set_provider(OFREPProvider(FLAGS_URL, headers_factory=lambda: {"Authorization": f"Bearer {token}"}))
    client = api.get_client()
    client.add_hooks([MaintenanceHook("orders", "production", "eu", tag=span.set_attributes)])
    client.get_object_value("maintenance", {"mode": "normal"})["mode"]

The provider asks the flag server at every evaluation: for a hot path use windows/flags/client.py, which answers from memory.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from openfeature.evaluation_context import EvaluationContext
from openfeature.flag_evaluation import FlagEvaluationDetails, FlagValueType
from openfeature.hook import Hook, HookContext, HookHints

FLAG = "maintenance"
Tags = dict[str, str | int]
current_tags: ContextVar[Tags] = ContextVar("maintenance_tags")  # of the last evaluation in this task or thread


class MaintenanceHook(Hook):
    """Adds the place to the context of each evaluation of the flag `maintenance` and hands its tags to `tag`."""

    def __init__(self, service: str, environment: str, region: str = "", *, tag: Callable[[Tags], object] | None = None) -> None:
        place = {"service": service, "environment": environment, "region": region}
        self.place = EvaluationContext(attributes={name: part for name, part in place.items() if part})
        self.tag = tag or current_tags.set

    def before(self, hook_context: HookContext, hints: HookHints) -> EvaluationContext | None:
        return self.place if hook_context.flag_key == FLAG else None

    def after(self, hook_context: HookContext, details: FlagEvaluationDetails[FlagValueType], hints: HookHints) -> None:
        if hook_context.flag_key != FLAG:
            return
        known = details.flag_metadata
        self.tag({
            "maintenance.window": str(known.get("windowId", "")),
            **{f"maintenance.{name}": str(known[name]) for name in ("owner", "step", "scope") if name in known},
            "maintenance.flag_version": int(known.get("flagVersion", 0)),
            "maintenance.mode": str(details.variant or ""),
        })  # fmt: skip
