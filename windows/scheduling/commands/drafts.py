"""Verbs: create, edit and discard a draft; cancel a window that has not begun."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from windows.access.roles import Actor, Subject, Verb, require
from windows.audit.clock import clock
from windows.audit.commands import record
from windows.errors import Conflict, Forbidden, Invalid
from windows.lifecycle.states import ChangeType, Mode, WindowStatus
from windows.scheduling import texts, vevent
from windows.scheduling.commands import editing
from windows.scheduling.commands.editing import ScopeRow
from windows.scheduling.commands.moving import agree_by_moving
from windows.scheduling.commands.transactions import one_transaction
from windows.scheduling.commands.transitions import about, facts_of, locked, move, touch
from windows.scheduling.models import Series, Window
from windows.scheduling.queries import subject_of

SCOPE = {"scope"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A request as it is filed. People are Person ids, the team a slug; times are zone-aware datetimes or RFC 3339 text."""

    title: str
    reason: str
    team: str
    owner_id: int
    coordinator_id: int
    starts_at: datetime | str
    ends_at: datetime | str
    scope: tuple[ScopeRow, ...]
    deputy_id: int | None = None
    timezone: str = "UTC"
    mode: str = Mode.DEGRADED.value
    change_type: str = ChangeType.NORMAL.value
    starts_itself: bool = True
    runbook_version_id: int | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    expected_impact: str = ""
    expected_users: int | None = None
    expected_alerts: tuple[Mapping[str, Any], ...] = ()  # alerts.expected
    slack: float = 0.0
    confidential: bool = False
    external_ref: str | None = None


@one_transaction
def create_draft(actor: Actor, draft: Draft, *, is_example: bool = False, uid: uuid.UUID | None = None) -> Window:
    """File a draft in the name of its team. Invalid names the field; Conflict(field="external_ref") when that key is taken.

    `uid` is given by a form that saves as one types: the same form never files twice (Conflict, field="uid").
    """
    return filed(actor, draft, is_example=is_example, uid=uid)


@one_transaction
def check_draft(actor: Actor, draft: Draft) -> None:
    """Refuse what `create_draft` would refuse, and leave nothing."""
    filed(actor, draft, is_example=False)
    transaction.set_rollback(True)


def filed(actor: Actor, draft: Draft, *, is_example: bool, uid: uuid.UUID | None = None) -> Window:
    """A draft with its scope, calendar block and entry in the trail, inside the caller's transaction."""
    require(actor, Verb.DRAFT, Subject(team=draft.team, called=f"windows of {draft.team}"))
    if actor.person_id is None:
        raise Forbidden("A window is filed by a person.", verb=Verb.DRAFT.value)
    said = {item.name: getattr(draft, item.name) for item in fields(draft)}
    window = Window(
        **editing.columns_of(said),
        uid=uid or uuid.uuid4(),
        created_by_id=actor.person_id,
        edited_by_id=actor.person_id,
        is_example=is_example,
    )
    now = clock()
    editing.check_whole(window, now, start_is_new=True)
    rows = editing.expanded(draft.scope)
    window.scope_said = editing.as_said(draft.scope)
    editing.check_expected(window, [row.told for row in rows])
    window.created_at = window.updated_at = now
    save_new(window)
    editing.write_scope(window, rows)
    window.vevent = vevent.block(facts_of(window))
    window.save(update_fields=["vevent"])
    told = {} if window.confidential else {**about(window), "scope": [row.told for row in rows]}
    record("window.created", actor, window.reference, window=window.reference, data={**told, "version": window.version})
    return window


def save_new(window: Window) -> None:
    try:
        with transaction.atomic():
            window.save(force_insert=True)
    except IntegrityError as error:
        if "external_ref" not in str(error):
            if Window.objects.filter(uid=window.uid).exists():
                raise Conflict("This draft is saved already. Load it again.", field="uid") from error
            raise
        rival = Window.objects.filter(external_ref=window.external_ref).first()
        name = None if rival is None or rival.confidential else rival.reference
        raise Conflict("Another window has this external reference.", field="external_ref", rival=name) from error


@one_transaction
def edit_draft(actor: Actor, window_id: int, changes: Mapping[str, Any], version: int) -> Window:
    """Change fields of a draft. Stale when `version` is not the one in force; Conflict once the window has been requested."""
    return edited(actor, window_id, changes, version)


def edited(actor: Actor, window_id: int, changes: Mapping[str, Any], version: int | None) -> Window:
    """`edit_draft`, inside the caller's transaction; without a version, whatever is in force."""
    window = locked(window_id)
    require(actor, Verb.DRAFT, subject_of(window))
    if window.status != WindowStatus.DRAFT:
        raise Conflict(f"{window.reference} is {window.status}; amend it, or withdraw it first.", field="status")
    if version is not None:
        editing.check_version(window, version)
    changed = apply(actor, window, changes)
    if changed:
        if window.confidential:  # a draft can be discarded, and then nothing tells that its entries were not for every eye
            changed = {name: [None, None] for name in changed}
        data = {"changed": changed, "version": window.version}
        record("window.edited", actor, window.reference, window=window.reference, data=data)
    return window


def apply(actor: Actor, window: Window, changes: Mapping[str, Any], *, together: bool = False) -> dict[str, Any]:
    """Set the changed fields on a locked window and save them; says {field: [before, after]}, empty when nothing differs.
    An occurrence of a series strays by it, unless it is changed `together` with those that follow.

    Writes scope rows anew where the scope or the period changed; a caller whose window holds its slot calls `keep_slot` after.
    """
    columns = {name: value for name, value in editing.columns_of(changes).items() if getattr(window, name) != value}
    if (new_team := columns.get("team_id")) is not None:
        require(actor, Verb.DRAFT, Subject(team=changes["team"], called=f"windows of {changes['team']}"))
    if (key := columns.get("external_ref")) is not None and Window.objects.filter(external_ref=key).exists():
        raise Conflict("Another window has this external reference.", field="external_ref")
    changed = {name: [editing.told(getattr(window, name)), editing.told(value)] for name, value in columns.items()}
    for name, value in columns.items():
        setattr(window, name, value)
    if new_team is not None:
        window.team = type(window.team).objects.get(pk=new_team)
    editing.check_whole(window, clock(), start_is_new="starts_at" in columns)
    before = editing.told_scope(window)
    rows = editing.expanded(changes["scope"]) if "scope" in changes else None
    after = [row.told for row in rows] if rows is not None else before
    editing.check_expected(window, after)
    if before != after:
        changed["scope"] = [before, after]
    if rows is not None and window.scope_said != (said := editing.as_said(changes["scope"])):
        if before == after and window.scope_said:  # the same places today, and others tomorrow
            changed["scope_said"] = [window.scope_said, said]
        window.scope_said = said
    if not changed:
        return {}
    if rows is not None and before != after:
        editing.write_scope(window, rows)
    elif columns.keys() & {"starts_at", "ends_at"}:
        window.scopes.update(reserved=(window.starts_at, window.ends_at), holds_slot=False)
    if columns.keys() & {"starts_at", "ends_at"}:
        agree_by_moving(actor, window)
    window.edited_by_id = actor.person_id or window.edited_by_id
    if window.series_id is not None and not together:
        window.strayed_at = clock()
    touch(
        window,
        clock(),
        {name.removesuffix("_id") for name in columns} | {"wall_start", "wall_end", "edited_by", "strayed_at", "scope_said"},
    )
    return changed


@one_transaction
def cancel_window(actor: Actor, window_id: int, reason: str) -> Window:
    """Call off a window before it begins. A draft is discarded instead, a running one ended by its run."""
    window = locked(window_id)
    require(actor, Verb.DRAFT, subject_of(window))
    why = texts.lines(reason, "reason", required=True)
    return move(window_id, WindowStatus.CANCELLED, actor, "window.cancelled", expected=WindowStatus(window.status), data={"reason": why})


@one_transaction
def discard_draft(actor: Actor, window_id: int) -> None:
    """Throw a draft away that was never requested; the trail keeps what it said."""
    window = locked(window_id)
    require(actor, Verb.DRAFT, subject_of(window))
    if window.status != WindowStatus.DRAFT or window.published_at is not None:
        raise Conflict(f"{window.reference} was requested once; its history stays.", field="status")
    throw_away(actor, window)


def throw_away(actor: Actor, window: Window) -> None:
    """Discard a locked draft. Its series must not make it again."""
    record("window.discarded", actor, window.reference, window=window.reference, data={} if window.confidential else about(window))
    if window.series_id is not None:
        series = Series.objects.select_for_update().get(pk=window.series_id)
        series.exdates = sorted({*series.exdates, window.recurrence_id})
        series.save(update_fields=["exdates"])
    try:
        with transaction.atomic():
            window.delete()
    except ProtectedError as error:
        raise Conflict(f"{window.reference} was rehearsed or is named by a report; its history stays.", field="status") from error


def scope_row(given: object, at: str) -> ScopeRow:
    """A scope row as programs send it: {"service", "environment", "region", "layers" | "layer"}; Invalid names what is wrong."""
    if not isinstance(given, Mapping):
        raise Invalid("Say service, environment, region and layers.", field=at)
    unknown = set(given) - {"service", "environment", "region", "layer", "layers"}
    if unknown:
        raise Invalid(f"A scope row has no “{min(map(str, unknown))}”.", field=at)
    layers = given.get("layers", given.get("layer", "L3"))
    if isinstance(layers, list) and all(isinstance(layer, str) for layer in layers):
        layers = tuple(layers)
    if not isinstance(layers, str | tuple):
        raise Invalid("A layer is one of L1 to L10.", field=f"{at}.layers")
    for name in ("service", "environment"):
        if name not in given:
            raise Invalid("This is missing.", field=f"{at}.{name}")
    return ScopeRow(given["service"], given["environment"], given.get("region", "*"), layers)
