"""Discovering kinds, and what becomes of their errors."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from tests.kind_context import FakeContext
from windows.actions import registry
from windows.actions.durations import parse_duration, write_duration
from windows.actions.kinds import manual, wait
from windows.actions.outcomes import Done, Failed, Interrupted
from windows.actions.ports import Changed, Stopped, TimedOut


def third_party(name: str, **more: object) -> ModuleType:
    module = ModuleType(f"third_party_{name}", "Does something.")
    given = {"kind": name, "Params": manual.Params, "sentence": manual.sentence, "run": lambda params, ctx: Done("did it"), **more}
    vars(module).update(given)
    return module


def test_every_kind_of_the_folder_is_found() -> None:
    ours = {path.stem for path in Path(wait.__file__).parent.glob("*.py")} - {"__init__"}
    assert ours == set(registry.kinds()) >= {"drain", "job", "silence", "traffic"}
    assert all(kind.summary and kind.timeout <= kind.longest for kind in registry.kinds().values())


def test_a_third_party_adds_one_by_entry_point(monkeypatch) -> None:
    entry = SimpleNamespace(load=lambda: third_party("polish"))
    monkeypatch.setattr(registry, "entry_points", lambda group: [entry] if group == "roadworks.actions" else [])
    registry.kinds.cache_clear()
    try:
        outcome = registry.perform("polish", {"prompt": "shine"}, "run", FakeContext())
        assert outcome == Done("did it")
    finally:
        monkeypatch.undo()
        registry.kinds.cache_clear()
    assert "polish" not in registry.kinds()


def test_two_kinds_of_one_name_are_refused() -> None:
    with pytest.raises(registry.BadKind, match="declared twice"):
        registry.collect([wait, third_party("wait")])


@pytest.mark.parametrize("lacking", ["kind", "Params", "sentence", "run"])
def test_a_module_that_lacks_something_is_named(lacking: str) -> None:
    with pytest.raises(registry.BadKind, match=f"third_party_x lacks {lacking}"):
        registry.collect([third_party("x", **{lacking: None})])


def test_params_of_another_make_are_refused() -> None:
    with pytest.raises(registry.BadKind, match="must derive"):
        registry.collect([third_party("x", Params=EntryPoint)])


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (TimedOut("too late"), Failed("too late", permanent=False)),
        (Changed("another"), Failed("another", permanent=True)),
        (Stopped("as told"), Interrupted(note="as told")),
        (ZeroDivisionError("by zero"), Failed("The action “x” broke: ZeroDivisionError: by zero")),
    ],
)
def test_errors_become_outcomes(monkeypatch, error: Exception, outcome: object) -> None:
    def run(params: object, ctx: object) -> Done:
        raise error

    monkeypatch.setattr(registry, "kinds", lambda: registry.collect([third_party("x", run=run)]))
    assert registry.perform("x", {"prompt": "abc"}, "run", FakeContext()) == outcome


def test_what_is_not_there_can_never_work() -> None:
    for kind, verb in (("polish", "run"), ("manual", "compensate")):
        outcome = registry.perform(kind, {"prompt": "abc"}, verb, FakeContext())
        assert isinstance(outcome, Failed)
        assert outcome.permanent


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("2m", 120), ("1h", 3600), ("1d", 86400), ("1h30m", 5400), ("0.5s", 0.5), ("0s", 0)]
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text).total_seconds() == seconds
    assert parse_duration(write_duration(parse_duration(text))).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "30", 30, None, "s", "-1s", "1s1m", "1 h", "90d", "1e3s", "٣s"])
def test_no_durations(text: object) -> None:
    with pytest.raises(ValueError, match=r"duration|longer"):
        parse_duration(text)
