"""The JSON Schema knows what the spec knows: every runbook of ours fits it, and what an editor should underline does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from jsonschema import Draft202012Validator

from windows.actions.registry import kinds
from windows.runbooks.spec.schema import schema
from windows.texts.tree import grow

ROOT = Path(__file__).parents[2]
TEXTS = sorted([*ROOT.glob("examples/runbooks/*.yaml"), *ROOT.glob("windows/runbooks/templates/*.yaml")])
SOUND = """runbook: pause
title: Pause
layers: [L3]
parameters: {long: {type: string, default: 10s}}
steps:
  - name: Wait a little
    wait: {duration: "{{ long }}"}
"""


@pytest.fixture(scope="module")
def judge() -> Draft202012Validator:
    Draft202012Validator.check_schema(made := json.loads(json.dumps(schema())))
    return Draft202012Validator(made)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_every_runbook_of_ours_fits(judge: Draft202012Validator, path: Path) -> None:
    assert [error.message for error in judge.iter_errors(grow(path.read_text()).plain())] == []


def test_every_kind_is_in_it() -> None:
    step = schema()["$defs"]["step"]["properties"]
    assert set(kinds()) <= set(step)
    assert set(step["http"]["properties"]) >= {"method", "url", "json", "expect"}, "by the names a text uses"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("duration:", "durration:"),
        ('"{{ long }}"', "soon"),
        ("wait:", "wayt:"),
        ("title: Pause\n", ""),
        ("[L3]", "[L33]"),
        ("type: string", "type: text"),
        ("    wait:", "    timeout: later\n    wait:"),
        ("    wait:", "    manual: {prompt: x}\n    wait:"),
        ("    wait:", "    undo: nothing\n    wait:"),
    ],
)
def test_what_an_editor_underlines(judge: Draft202012Validator, old: str, new: str) -> None:
    assert judge.is_valid(grow(SOUND).plain())
    assert not judge.is_valid(grow(SOUND.replace(old, new, 1)).plain())


def test_the_command_says_file_line_and_column(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound, wrong = tmp_path / "sound.yaml", tmp_path / "wrong.yaml"
    sound.write_text(SOUND)
    wrong.write_text(SOUND.replace("wait:", "wayt:"))
    call_command("runbook", "check", str(sound))
    assert f"{sound}:1:1: warning: No validation" in capsys.readouterr().out
    with pytest.raises(CommandError, match="1 of 2 files is") as error:
        call_command("runbook", "check", str(sound), str(wrong))
    assert error.value.returncode == 1
    assert f"{wrong}:7:5: “wayt” is not known here. Did you mean “wait”?" in capsys.readouterr().out
    with pytest.raises(CommandError) as error:
        call_command("runbook", "check", str(tmp_path / "none.yaml"))
    assert error.value.returncode == 2
    capsys.readouterr()
    call_command("runbook", "schema")
    assert json.loads(capsys.readouterr().out)["title"] == "Roadworks runbook"
