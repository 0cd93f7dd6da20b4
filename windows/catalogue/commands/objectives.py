"""Objectives of a service: who may define one and who may feed it. What one is, slo decides."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from slo.errors import Invalid as SloInvalid
from slo.errors import Stale as SloStale
from slo.objectives.commands import Definition, define
from slo.objectives.models import Objective
from slo.objectives.queries import promise
from slo.telemetry import commands
from slo.telemetry.readings import Push
from windows.access.roles import Actor, Verb, require
from windows.audit.commands import record
from windows.catalogue.openslo import read
from windows.catalogue.queries import subject_of_service
from windows.errors import Conflict, NotFound, Stale
from windows.texts.problems import SpecError


@transaction.atomic(durable=True)
def define_objective(actor: Actor, wanted: Definition, version: int | None = None) -> Objective:
    """Make or change an objective of a service whose team the actor answers for; version 0 says that it must be new (Conflict).

    slo.errors.Invalid names a bad field, Stale the version in force."""
    return defined(actor, wanted, version)[0]


def defined(actor: Actor, wanted: Definition, version: int | None) -> tuple[Objective, bool]:
    """Inside a transaction; whether it is new or changed."""
    require(actor, Verb.EDIT_OBJECTIVE, subject_of_service(wanted.service))
    try:
        objective, changed = define(wanted, version)
    except SloStale as error:
        if version == 0:
            raise Conflict(f"There is an objective {wanted.slug}.", field="slug") from error
        raise Stale("The objective was changed meanwhile.", current=error.current) from error
    if changed:
        kind = "objective.created" if changed.get("slug") else "objective.edited"
        record(kind, actor, f"objective:{wanted.slug}", data={"service": wanted.service, "changed": changed, "version": objective.version})
    return objective, bool(changed)


@transaction.atomic(durable=True)
def define_as_written(actor: Actor, text: str) -> list[tuple[Objective, bool]]:
    """Make or change every objective of an OpenSLO text, all or none: a declaration, so the same text again changes nothing.

    SpecError (Invalid) names everything that is wrong, with line and column; each is guarded and told in the trail by itself.
    """
    told, found, problems = read(text), [], []
    for one in told:
        try:
            found.append(defined(actor, Definition(**one.values), None))
        except SloInvalid as error:
            problems.append(one.problem(error.field, error.detail))
        except NotFound as error:
            problems.append(one.problem("service", error.detail))
    if problems:
        raise SpecError(problems)
    return found


def push_measurements(actor: Actor, objective: str, samples: Sequence[Push]) -> int:
    """Count events for an objective; returns how many samples were new. Gates and budgets are judged by them: not everybody may.

    Measurements are no acts: the trail does not tell of each. slo.errors.Missing where there is no such objective.
    """
    there = promise(objective)
    require(actor, Verb.MEASURE, subject_of_service(there.service))
    return commands.push(objective, samples, there.slicing)
