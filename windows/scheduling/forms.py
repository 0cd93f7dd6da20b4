"""A request as a browser sends it, turned into what commands take. What a field may say is checked by `commands.editing`.

Fields are heard one by one, so that what is right can be saved while something beside it is still wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from windows.alerts.expected import in_lines, plain
from windows.errors import Invalid
from windows.runbooks.models import RunbookVersion
from windows.runbooks.queries import spec_of
from windows.runbooks.spec.model import ParameterSpec
from windows.runbooks.spec.parameters import misfit
from windows.scheduling.commands.editing import ScopeRow
from windows.scheduling.times import from_wall

ROWS = 4  # how many scope rows the plain form offers
MOST_ROWS = 60
TEXTS = ("title", "reason", "team", "mode", "change_type", "expected_impact")
PEOPLE = {"owner_id": "who answers for it", "coordinator_id": "who runs it on the day", "deputy_id": "who can take over"}


@dataclass(slots=True)
class Heard:
    """`said`: the fields of a Draft that could be read. `errors`: what could not, by the form's own field."""

    said: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, Invalid] = field(default_factory=dict)

    def hear(self, names: tuple[str, ...], read: Callable[[], dict[str, Any]]) -> None:
        """Keep what `read` answers, or its complaint at the place it names; `names` are left unsaid then."""
        try:
            self.said |= read()
        except Invalid as error:
            self.errors.setdefault(place_of(error.field), error)
            for name in names:
                self.said.pop(name, None)


def heard(sent: Any) -> Heard:
    """Every field of a request's form (a QueryDict)."""
    found = Heard({name: sent.get(name, "") for name in TEXTS})
    found.said |= {"starts_itself": sent.get("starts_itself") == "on", "confidential": sent.get("confidential") == "on"}
    for name, what in PEOPLE.items():
        found.hear((name,), lambda name=name, what=what: {name: whole(sent.get(name, ""), name, what)})  # type: ignore[misc]
    found.hear(("starts_at", "ends_at", "timezone"), lambda: period_in(sent))
    found.said["scope"] = scope_rows(sent, {n: sent.getlist(f"layers_{n}") for n in range(min(len(sent), MOST_ROWS))})
    if "expected_users" in sent:
        users = "how many users will notice, as a whole number"
        found.hear((), lambda: {"expected_users": whole(sent["expected_users"].replace(" ", ""), "expected_users", users)})
    if "expected_alerts" in sent:
        found.hear((), lambda: {"expected_alerts": plain(in_lines(sent["expected_alerts"]))})
    if "slack_percent" in sent:
        found.hear((), lambda: {"slack": share_in(sent["slack_percent"])})
    found.hear((), lambda: {"runbook_version_id": whole(sent.get("runbook_version_id", ""), "runbook_version_id", "a runbook of the list")})
    parameters_in(sent, found)
    return found


def period_in(sent: Any) -> dict[str, Any]:
    zone = sent.get("timezone", "").strip() or "UTC"
    fold = sent.get("fold", "")
    starts_at = from_wall(sent.get("starts_at", ""), zone, "starts_at", int(fold) if fold in ("0", "1") else None)
    minutes = whole(sent.get("minutes", ""), "minutes", "the length in minutes")
    if not minutes:
        raise Invalid("Say how long it takes, in minutes.", field="minutes")
    return {"starts_at": starts_at, "ends_at": ends_at(starts_at, minutes), "timezone": zone}


def whole(text: str, name: str, what: str) -> int | None:
    """A number typed or chosen; None for nothing."""
    text = text.strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Invalid(f"Write {what}.", field=name)
    return int(text)


def share_in(text: str) -> float:
    """`2.5` per cent as 0.025; nothing is none."""
    try:
        found = float(text.strip().replace(",", ".") or 0)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 100:
        raise Invalid("Write a share of the error budget in per cent, from 0 to 100.", field="slack_percent")
    return round(found / 100, 6)


def scope_rows(sent: Mapping[str, str], layers: Mapping[int, list[str]]) -> tuple[ScopeRow, ...]:
    rows = []
    for n in layers:
        service = sent.get(f"service_{n}", "")
        if service:
            rows.append(ScopeRow(service, sent.get(f"environment_{n}", ""), sent.get(f"region_{n}") or "*", tuple(layers[n]) or ("L3",)))
    return tuple(rows)


def declared(version_id: int | None) -> tuple[ParameterSpec, ...]:
    """The parameters of a runbook version; none for no runbook, or one that today's rules cannot read."""
    version = RunbookVersion.objects.select_related("runbook").filter(pk=version_id).first() if version_id else None
    try:
        return spec_of(version).parameters if version else ()
    except Invalid:
        return ()


def parameters_in(sent: Any, found: Heard) -> None:
    """The typed parameters of the chosen runbook: what is left empty keeps its default."""
    values: dict[str, Any] = {}
    for spec in declared(found.said.get("runbook_version_id")):
        name, text = f"parameter_{spec.name}", sent.get(f"parameter_{spec.name}", "").strip()
        if not text:
            continue
        value = typed(spec, text)
        if trouble := misfit(spec, value):
            found.errors[name] = Invalid(trouble, field=name)
        else:
            values[spec.name] = value
    found.said["parameters"] = values


def typed(spec: ParameterSpec, text: str) -> Any:
    """The text as the parameter's type; itself where it is none of that type, for `misfit` to say so."""
    try:
        if spec.type == "integer":
            return int(text)
        if spec.type == "number":
            return float(text)
    except ValueError:
        return text
    return {"true": True, "false": False}.get(text, text) if spec.type == "boolean" else text


def ends_at(starts_at: datetime, minutes: int) -> datetime:
    try:
        return starts_at + timedelta(minutes=minutes)
    except OverflowError:
        raise Invalid("This length is too long.", field="minutes") from None


def place_of(name: str) -> str:
    """The form's field that an error belongs to: commands speak of scope.0.service and ends_at."""
    if name.startswith("scope"):
        return "scope"
    if name.startswith("parameters."):
        return f"parameter_{name.removeprefix('parameters.')}"
    return {"ends_at": "minutes", "slack": "slack_percent"}.get(name, name)
