"""What production refuses, by name; and the table of variables, held against the code and the README."""

import ast
from pathlib import Path

import pytest

from portal import variables
from portal.checks import problems
from tests.production import SOUND

ROOT = Path(__file__).resolve().parents[2]


def test_s25_sound_settings_have_no_problem() -> None:
    assert problems(SOUND) == []


@pytest.mark.parametrize("name", sorted(SOUND))
def test_s25_a_missing_setting_is_named(name: str) -> None:
    found = problems({k: v for k, v in SOUND.items() if k != name})
    assert len(found) == 1 and found[0].startswith(f"{name} is missing")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 60),
        ("SECRET_KEY", "django-insecure-" + "0123456789" * 5),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "roadworks.example.org,*"),
        ("ALLOWED_HOSTS", " , "),
        ("DATABASE_URL", "sqlite:///db.sqlite3"),
        ("BROKER_URL", "memory://"),
        ("BROKER_URL", "filesystem://"),
        ("PORTAL_URL", "http://roadworks.example.org"),
        ("FLAGS_URL", "http://flags.example.org"),
        ("ROADWORKS_LEASE", "soon"),
        ("ROADWORKS_HEARTBEAT", "10"),
        ("ROADWORKS_LOCAL", "1"),
    ],
)
def test_s25_an_insecure_setting_is_named(name: str, value: str) -> None:
    found = problems({**SOUND, name: value})
    assert len(found) == 1 and name in found[0]


def test_s25_the_role_that_runs_is_not_the_owner() -> None:
    found = problems({**SOUND, "DATABASE_OWNER_URL": SOUND["DATABASE_URL"]})
    assert len(found) == 1 and "DATABASE_OWNER_URL" in found[0]


def test_s25_a_local_portal_needs_nothing_but_loopback() -> None:
    assert problems({"ROADWORKS_LOCAL": "1"}) == []
    assert problems({"ROADWORKS_LOCAL": "1", "ALLOWED_HOSTS": "127.0.0.1,localhost"}) == []


def read_variables() -> set[str]:
    """The names that our programs ask of `os.environ`, of an `environ` they are given, or of `listed`."""
    found = set()
    for path in (path for package in ("portal", "windows", "slo") for path in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(value=source, attr="get" | "pop"), args=[ast.Constant(value=str(name)), *_]) if is_environ(
                    source
                ):
                    found.add(name)
                case ast.Subscript(value=source, slice=ast.Constant(value=str(name)), ctx=ast.Load()) if is_environ(source):
                    found.add(name)
                case ast.Call(func=ast.Name(id="listed"), args=[ast.Constant(value=str(name)), *_]):
                    found.add(name)
    return found


def is_environ(node: ast.expr) -> bool:
    return getattr(node, "attr", None) == "environ" or getattr(node, "id", None) == "environ"


def test_every_variable_the_code_reads_is_in_the_table() -> None:
    internal = {"ROADWORKS_REENTERED", "DJANGO_SETTINGS_MODULE", "PATH", "HOME", "TMPDIR"}
    found = read_variables()
    assert {"SECRET_KEY", "DATABASE_URL", "ALLOWED_HOSTS"} <= found, "the scan sees nothing"
    assert found - internal - {v.name for v in variables.variables()} == set()


def test_every_default_has_a_meaning() -> None:
    assert {v.name for v in variables.timings()} >= {"ROADWORKS_LEASE", "ROADWORKS_SWEEP"}


def test_the_readme_shows_the_table() -> None:
    readme = ROOT / "README.md"
    assert not readme.exists() or variables.table() in readme.read_text(), "python -c 'from portal.variables import table; print(table())'"
