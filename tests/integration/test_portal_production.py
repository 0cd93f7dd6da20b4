"""Production's own ways: refused starts, a silent deployment check, two roles prepared by one command."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from portal.bootstrap import testing
from portal.bootstrap.postgres import APP, OWNER
from portal.grants import APPEND_ONLY
from tests.production import SOUND
from tests.servers import Server

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = [
    ["-c", "import portal.wsgi"],
    ["-m", "portal.flags", "1"],
    ["-m", "portal.worker", "worker:execute:1"],
    ["-m", "portal.worker", "beat"],
]


def production(**changed: str) -> dict[str, str]:
    """A shell with nothing of ours in it but sound production settings."""
    names = ("ROADWORKS", "DATABASE", "SECRET_KEY", "READY_FILE", "PG")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(names)}
    return {**kept, "ROADWORKS_ENVIRONMENT": "given", **SOUND, **changed}


def run(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], env=environ, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)


@pytest.mark.parametrize("process", PROCESSES, ids=["web", "flags", "worker", "beat"])
def test_s25_every_process_refuses_by_name(process: list[str]) -> None:
    done = run(production(SECRET_KEY="weak", ALLOWED_HOSTS="*"), *process)
    assert done.returncode == 78
    assert "Roadworks does not start: SECRET_KEY is too weak" in done.stderr and "ALLOWED_HOSTS contains `*`" in done.stderr


def test_r_s25_check_deploy_is_silent() -> None:
    done = run(production(), "-W", "error", "manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "no issues (0 silenced)" in done.stdout


def test_r_s25_check_deploy_shows_what_start_refuses() -> None:
    done = run(production(PORTAL_URL="http://roadworks.example.org"), "manage.py", "check", "--deploy")
    assert done.returncode == 1 and "PORTAL_URL must be https" in done.stderr


@pytest.fixture
def empty_database(postgres: Server | None) -> str:
    if postgres is None:
        pytest.skip("needs the embedded PostgreSQL")
    testing.cluster.sql("drop database if exists prepared")
    testing.cluster.create_database("prepared")
    return "prepared"


def test_prepare_database_migrates_as_owner_and_grants_the_app_role(empty_database: str) -> None:
    owner, app = (testing.cluster.address(role, empty_database) for role in (OWNER, APP))
    environ = production(DATABASE_URL=app, DATABASE_OWNER_URL=owner)
    for _ in range(2):  # repeatable
        done = run(environ, "manage.py", "prepare_database", "-v0")
        assert (done.returncode, done.stderr) == (0, "")
    with psycopg.connect(app) as connection:
        allowed = "select has_table_privilege(current_user, %s, %s)"
        for table in APPEND_ONLY:
            assert [connection.execute(allowed, [table, verb]).fetchone() for verb in ("select", "insert")] == [(True,)] * 2
            assert [connection.execute(allowed, [table, verb]).fetchone() for verb in ("update", "delete", "truncate")] == [(False,)] * 3
        assert connection.execute(
            "select count(*) from pg_tables where schemaname = 'public' and tableowner = current_user"
        ).fetchone() == (0,)


def test_prepare_database_names_a_role_that_is_missing(empty_database: str) -> None:
    environ = production(DATABASE_URL=testing.cluster.address("nobody_yet", empty_database), DATABASE_OWNER_URL=testing.cluster.url)
    done = run(environ, "manage.py", "prepare_database", "-v0")
    assert done.returncode == 1 and 'create role "nobody_yet" login' in done.stderr
