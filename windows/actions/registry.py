"""Which action kinds there are: every module in kinds/ and every module of the entry-point group `roadworks.actions`.

A kind module declares
    kind: str                                   its key in a runbook
    Params                                      a frozen actions.params.Params
    sentence(params) -> str                     what a step of it does, for people
    run(params, ctx) -> Outcome
    prepare(params, ctx) -> dict                optional: what compensate must know; asked once a step, kept before anything is done
    compensate(params, ctx) -> Outcome          optional: without it a runbook must say `undo`
    undone: str                                 optional: what compensate does, in a few words; empty where it does nothing
    only_looks: bool                            optional (False): it measures and changes nothing, so a dry run does it, too
    interruptible: bool                         optional (False): whether a hold may stop it, where it may be repeated afterwards
    repeatable: bool, or (params) -> bool       optional (False): whether it may be tried again when its outcome is unknown
    timeout, longest: timedelta                 optional: the default timeout of a step and the longest allowed
    needs(params) -> timedelta                  optional: the least time a step of it takes; its timeout may not be shorter
    code: frozenset[str]                        optional: fields written in another language (SQL, PromQL): free text never enters them
    urls: frozenset[str]                        optional: fields into which text is put percent-encoded
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any, Literal

from windows.actions import kinds as folder
from windows.actions.context import Context
from windows.actions.outcomes import Failed, Interrupted, Outcome
from windows.actions.params import Params
from windows.actions.ports import PortError, Stopped

GROUP = "roadworks.actions"
Verb = Literal["run", "compensate"]
Act = Callable[[Any, Context], Outcome]


class BadKind(Exception):
    """A module does not declare what a kind must; its text names the module and what is missing."""


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    params: type[Params]
    sentence: Callable[[Any], str]
    run: Act
    prepare: Callable[[Any, Context], dict[str, Any]] | None
    compensate: Act | None
    interruptible: bool
    repeatable: Callable[[Any], bool]
    timeout: timedelta
    longest: timedelta
    needs: Callable[[Any], timedelta]
    code: frozenset[str]
    urls: frozenset[str]
    summary: str  # the first line of its docstring
    only_looks: bool = False  # it measures and changes nothing: a dry run does it
    undone: str = "its own way back"  # what compensate does: "put back what was there before"

    def load(self, stored: Mapping[str, Any]) -> Params:
        """A step row's params as this kind's Params; pydantic's ValidationError where they do not fit."""
        return self.params.model_validate(dict(stored))


def kind_of(module: ModuleType) -> Kind:
    """What the module declares; BadKind where something is missing."""
    missing = [name for name in ("kind", "Params", "sentence", "run", "__doc__") if not getattr(module, name, None)]
    if missing:
        raise BadKind(f"{module.__name__} lacks {', '.join(missing)}")
    if not issubclass(module.Params, Params):
        raise BadKind(f"{module.__name__}.Params must derive from windows.actions.params.Params")
    repeatable = getattr(module, "repeatable", False)
    return Kind(
        name=module.kind,
        params=module.Params,
        sentence=module.sentence,
        run=module.run,
        prepare=getattr(module, "prepare", None),
        compensate=getattr(module, "compensate", None),
        interruptible=getattr(module, "interruptible", False),
        repeatable=repeatable if callable(repeatable) else lambda params: bool(repeatable),
        timeout=getattr(module, "timeout", timedelta(minutes=1)),
        longest=getattr(module, "longest", timedelta(hours=1)),
        needs=getattr(module, "needs", lambda params: timedelta()),
        code=getattr(module, "code", frozenset()),
        urls=getattr(module, "urls", frozenset()),
        only_looks=getattr(module, "only_looks", False),
        undone=getattr(module, "undone", "its own way back"),
        summary=str(module.__doc__).splitlines()[0],
    )


def collect(modules: Iterable[ModuleType]) -> dict[str, Kind]:
    """Kinds by name; BadKind where two modules claim one name."""
    found: dict[str, Kind] = {}
    for module in modules:
        kind = kind_of(module)
        if kind.name in found:
            raise BadKind(f"the action kind “{kind.name}” is declared twice, the second time by {module.__name__}")
        found[kind.name] = kind
    return found


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind there is, ours first."""
    ours = [importlib.import_module(f"{folder.__name__}.{item.name}") for item in pkgutil.iter_modules(folder.__path__)]
    theirs = [entry.load() for entry in entry_points(group=GROUP)]
    return collect([*ours, *theirs])


def prepare(kind: str, params: Mapping[str, Any], ctx: Context) -> dict[str, Any]:
    """What the kind wants kept before anything is done; {} where it wants nothing. PortErrors pass through."""
    of = kinds()[kind]
    return of.prepare(of.load(params), ctx) if of.prepare else {}


def perform(kind: str, params: Mapping[str, Any], verb: Verb, ctx: Context) -> Outcome:
    """Do it. Errors become outcomes here and nowhere else: a kind may let a PortError (or its own bug) escape."""
    of = kinds().get(kind)
    act = None if of is None else of.run if verb == "run" else of.compensate
    if of is None or act is None:
        return Failed(f"There is no action “{kind}” that can {verb} here: is its package installed?", permanent=True)
    try:
        return act(of.load(params), ctx)
    except Stopped as stopped:
        return Interrupted(note=str(stopped))
    except PortError as error:
        return Failed(str(error) or type(error).__name__, permanent=error.permanent)
    except Exception as error:  # a kind is a plug-in: whatever it raises is its step's failure, not the engine's
        ctx.log(f"{type(error).__name__}: {error}", level="error")
        return Failed(f"The action “{kind}” broke: {type(error).__name__}: {error}")
