"""The house rules of the code, as tests: contracts, ceilings, names, and a test file for every plug-in."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ["portal", "windows", "slo"]
SOURCES = sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py") if "migrations" not in p.parts)
EXAMPLES = sorted((ROOT / "examples").rglob("*.py"))
CEILING = 250


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_import_contracts_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]


def test_no_file_outgrows_its_room() -> None:
    long = {named(p): lines for p in [*SOURCES, *EXAMPLES] if (lines := len(p.read_text().splitlines())) > CEILING}
    assert not long, "a second noun is hiding in each of these"


def test_every_file_says_what_it_is_for() -> None:
    silent = [named(p) for p in [*SOURCES, *EXAMPLES] if not ast.get_docstring(tree(p))]
    assert not silent


def test_a_package_opens_with_words_and_no_code() -> None:
    allowed = (ast.ImportFrom, ast.Assign)  # re-exports of a role that became a package
    coded = [named(p) for p in SOURCES if p.name == "__init__.py" for node in tree(p).body[1:] if not isinstance(node, allowed)]
    assert not coded


@pytest.mark.parametrize("word", ["utils", "common", "core", "helpers", "misc"])
def test_no_room_without_a_noun(word: str) -> None:
    assert not [named(p) for p in SOURCES if p.stem == word or word in p.relative_to(ROOT).parts]


def plugins(folder: str) -> list[Path]:
    return sorted(p for p in (ROOT / folder).glob("*.py") if p.stem != "__init__")


@pytest.mark.parametrize("path", plugins("windows/actions/kinds"), ids=lambda p: p.stem)
def test_every_action_kind_has_a_test_file(path: Path) -> None:
    assert list((ROOT / "tests").rglob(f"test_kind_{path.stem}.py"))


@pytest.mark.parametrize("path", plugins("windows/execution/checks"), ids=lambda p: p.stem)
def test_every_preflight_check_has_a_test_file(path: Path) -> None:
    assert list((ROOT / "tests").rglob(f"test_check_{path.stem}.py"))


def test_models_have_no_business_verbs_and_nobody_uses_signals() -> None:
    found = []
    for path in SOURCES:
        for node in ast.walk(tree(path)):
            if path.name == "models.py" and isinstance(node, ast.FunctionDef) and node.name in {"save", "delete", "clean"}:
                found.append(f"{named(path)}:{node.lineno} {node.name}()")
            if isinstance(node, ast.ImportFrom) and node.module == "django.db.models.signals":
                found.append(f"{named(path)}:{node.lineno} signals")
    assert not found


def test_no_import_hides_in_a_function_to_dodge_a_cycle() -> None:
    """Processes that start before Django is set up (manage.py, AppConfig.ready, the worker's main) are the only exception."""
    starts = {"portal/apps.py", "portal/worker.py"}
    found = []
    for path in (p for p in SOURCES if named(p) not in starts):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                inner = [n for n in ast.walk(node) if isinstance(n, ast.ImportFrom) and n.module]
                found += [f"{named(path)}:{n.lineno} {n.module}" for n in inner if str(n.module).split(".")[0] in PACKAGES]
    assert not found


def test_the_lock_and_the_files_name_no_registry() -> None:
    bad = re.compile(r"index-url|https?://[^\s]*(pypi|pythonhosted|npmjs)", re.IGNORECASE)
    files = [ROOT / "requirements.lock", ROOT / "requirements.in", ROOT / "pyproject.toml", *SOURCES, *EXAMPLES]
    assert not [named(p) for p in files if bad.search(p.read_text())]
    assert "://" not in (ROOT / "requirements.lock").read_text()
