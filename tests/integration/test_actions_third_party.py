"""A third party's package adds an action kind: a wheel is installed, and runbooks may use it. Nothing of ours is touched."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kind_context import FakeContext
from windows.actions import registry
from windows.actions.outcomes import Done
from windows.runbooks.spec import SpecError, parse, resolve

MODULE = '''"""Waters a plant."""
from typing import Annotated
from pydantic import Field
from windows.actions.outcomes import Done
from windows.actions.params import Params as Base

kind, undone, repeatable = "water", "", True

class Params(Base):
    plant: str
    litres: Annotated[float, Field(gt=0, le=5)] = 1.0

def sentence(params): return f"Give {params.plant} {params.litres:g} l of water"
def run(params, ctx): return Done(f"{params.plant} was watered under {ctx.idempotency_key}.")
def compensate(params, ctx): return Done("Water does not go back.")
'''
RUNBOOK = "runbook: garden\ntitle: Garden\nlayers: [L3]\nsteps:\n  - {name: Water it, water: {plant: fern, litres: 2}}\n"


@pytest.fixture
def garden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    wheel, site = tmp_path / "garden-1.0-py3-none-any.whl", tmp_path / "site"
    info = "garden-1.0.dist-info"
    files = {
        "garden.py": MODULE,
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: garden\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[roadworks.actions]\nwater = garden\n",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        archive.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"]))
    uv = Path(sys.executable).with_name("uv")
    done = subprocess.run(
        [uv, "pip", "install", "--quiet", "--offline", "--no-index", "--target", site, wheel], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    monkeypatch.syspath_prepend(str(site))
    registry.kinds.cache_clear()
    yield
    monkeypatch.undo()
    sys.modules.pop("garden", None)
    registry.kinds.cache_clear()


def test_an_installed_package_is_a_kind_like_ours(garden: None) -> None:
    found = resolve(parse(RUNBOOK), {})
    assert found.steps[0].sentence == "Give fern 2 l of water"
    outcome = registry.perform("water", found.steps[0].action.params, "run", FakeContext())
    assert outcome == Done("fern was watered under 1:2:forward.")
    with pytest.raises(SpecError, match="less than or equal to 5") as caught:
        parse(RUNBOOK.replace("litres: 2", "litres: 9"))
    assert (caught.value.problems[0].line, caught.value.problems[0].field) == (5, "steps[0].water.litres")


def test_without_it_the_runbook_says_what_is_not_known() -> None:
    with pytest.raises(SpecError, match="“water” is not known here"):
        parse(RUNBOOK)
