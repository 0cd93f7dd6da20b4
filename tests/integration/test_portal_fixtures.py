"""The test bench itself: real workers on each broker and database; the app role's limits."""

import os

import psycopg
import pytest
from django.db import connection

from portal.bootstrap.postgres import APP
from portal.grants import APPEND_ONLY
from tests.servers import Prometheus
from tests.workers import Workers

on_every_store = pytest.mark.parametrize(
    ("broker_server", "database"), [("valkey", "embedded"), ("rabbitmq", "embedded"), ("valkey", "pg15")], indirect=True
)


@on_every_store
def test_workers_start_and_are_killed(workers: Workers, database: str, eventually) -> None:
    workers.start("worker", "execute", 2, wait=False)
    workers.start("beat", wait=False)
    workers.ready()
    assert connection.pg_version // 10000 == (15 if database == "pg15" else 18)
    first = workers.pool("worker")
    assert len(first) == 2
    killed = workers.kill_pool_process("worker")
    eventually(lambda: len(workers.pool("worker")) == 2 and killed not in workers.pool("worker"))
    workers.kill("worker")
    workers.restart("worker")
    assert not set(first) & set(workers.pool("worker"))


@pytest.mark.parametrize("database", ["embedded", "pg15"], indirect=True)
def test_r_l01_the_app_role_may_not_change_the_record(worker_environ: dict[str, str]) -> None:
    with psycopg.connect(worker_environ["DATABASE_URL"], autocommit=True) as app:
        for table in APPEND_ONLY:
            assert app.execute(f"select count(*) from {table}").fetchone() == (0,)
            column = app.execute("select column_name from information_schema.columns where table_name = %s limit 1", [table]).fetchone()[0]
            for statement in (f"update {table} set {column} = {column}", f"delete from {table}", f"truncate {table}"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    app.execute(statement)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("create table mine (id int)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("delete from django_migrations")
        assert app.execute("select current_user").fetchone() == (APP,)


def test_prometheus_scrapes(prometheus: Prometheus, eventually) -> None:
    import httpx

    itself = prometheus.url.removeprefix("http://")
    prometheus.scrape(itself)

    def answers() -> bool:
        asked = {"query": f'up{{instance="{itself}"}} == 1'}  # other targets, of tests before, may be gone by now
        return bool(httpx.get(f"{prometheus.url}/api/v1/query", params=asked).json()["data"]["result"])

    assert eventually(answers)


def test_a_killed_postgres_is_gone_and_comes_back(postgres, database: str) -> None:
    before = postgres.pid
    postgres.kill()
    assert not os.path.exists(f"/proc/{before}") or not postgres.is_running()
    postgres.start()
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute("select 1")
        assert cursor.fetchone() == (1,)
