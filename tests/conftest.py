"""Fixtures every ring shares: servers come up for the first test that wants them; real workers on the test database."""

import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from kombu.transport import virtual

from portal.bootstrap import testing, valkey
from portal.bootstrap.postgres import APP, UNSAFE, Cluster
from tests import emptying, flag_servers, servers
from tests.side_by_side import pytest_collection_modifyitems, pytest_xdist_auto_num_workers, pytest_xdist_make_scheduler
from tests.workers import SHORT, Workers

__all__ = ["pytest_collection_modifyitems", "pytest_xdist_auto_num_workers", "pytest_xdist_make_scheduler"]

hypothesis.settings.register_profile(
    "roadworks", deadline=None, max_examples=int(os.environ.get("ROADWORKS_EXAMPLES", "100")), print_blob=True
)
hypothesis.settings.load_profile("roadworks")  # no deadline: the cores are shared


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, Any, pytest.CollectReport]:
    """As below, for a module that skips itself as a whole."""
    report: pytest.CollectReport = yield
    if report.skipped and os.environ.get("ROADWORKS_NO_SKIPS") == "1":
        report.outcome, report.longrepr = "failed", f"skipped, where no test may be: {report.longrepr}"  # type: ignore[assignment]
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, pytest.TestReport]:
    """In `.ci/run` every program is installed: a skip there would hide a test, so it counts as a failure."""
    report: pytest.TestReport = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("ROADWORKS_NO_SKIPS") == "1":
        report.outcome, report.longrepr = "failed", f"skipped, where no test may be: {report.longrepr}"
    return report


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> None:
    """Argon2 costs a twentieth of a second each time it is asked, by design; here passwords protect nothing."""
    from django.conf import settings

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    """A test that is rolled back leaves no entry in the trail: what it kept in memory would look right to the next one."""
    from tests import given_windows
    from windows.scheduling.kept import KEEPERS

    given_windows.COUNTED_FROM.clear()
    for keeper in KEEPERS:
        keeper.clear()


@pytest.fixture(scope="session")
def postgres() -> Iterator[servers.Server | None]:
    """The embedded PostgreSQL, trading safety for speed; None where TEST_DATABASE_URL names a server."""
    if testing.GIVEN:
        yield None
        return
    cluster = testing.cluster
    cluster.create()
    server = servers.Server(cluster.url, testing.FOLDER, cluster.child(*UNSAFE), lock=testing.LOCK)
    cluster.create_role()
    cluster.create_database()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres: None, django_db_modify_db_settings_parallel_suffix: None) -> None:
    """An override only works from a conftest: one in a `-p` plugin loses against pytest-django's own."""


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        furnish()
        emptying.install()


def furnish() -> None:
    """Grants for the app role, as in production. And tests with real commits are cleared by TRUNCATE, which the
    append-only tables refuse; only here they do not."""
    from django.db import connection

    from portal.grants import grant, role_exists

    if role_exists(connection, APP):
        grant(connection, APP)
    with connection.cursor() as cursor:
        cursor.execute("select tgrelid::regclass, tgname from pg_trigger where tgname like '%\\_deny\\_truncate'")
        for table, trigger in cursor.fetchall():
            cursor.execute(f"alter table {table} disable trigger {trigger}")


@pytest.fixture(scope="session")
def postgres_15() -> Iterator[tuple[Cluster, servers.Server]]:
    """Debian's PostgreSQL 15 on a socket of its own: (cluster, server)."""
    cluster, server = servers.postgres_15()
    yield cluster, server
    servers.remove(server)


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[servers.Server]:
    """Debian's RabbitMQ; its queues are quorum queues because portal/celery.py asks for them."""
    server = servers.rabbitmq()
    yield server
    servers.remove(server)


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[servers.Server]:
    """The embedded Valkey of `manage.py up`."""
    home, _ = servers.folder("valkey")
    server = servers.Server(valkey.url(home), home, valkey.child(home / "data", home))
    yield server
    servers.remove(server)


@pytest.fixture(scope="session")
def prometheus() -> Iterator[servers.Prometheus]:
    """Debian's Prometheus, scraping every second what `scrape(address)` names."""
    server = servers.prometheus()
    yield server
    servers.remove(server)


@pytest.fixture(scope="session")
def alertmanager() -> Iterator[servers.Alertmanager]:
    """Debian's Alertmanager. Tests share it: each asks only for what it has placed itself."""
    server = servers.Alertmanager()
    yield server
    servers.remove(server)


@pytest.fixture
def broker_server(request: pytest.FixtureRequest) -> servers.Server:
    """The server behind `broker`, to be killed, frozen and started again. Empty at the start of each test."""
    name = getattr(request, "param", "valkey")
    server: servers.Server = request.getfixturevalue({"valkey": "valkey_server", "rabbitmq": "rabbitmq"}[name])
    if not server.is_running():
        server.start()
    return server


@pytest.fixture
def broker(broker_server: servers.Server) -> Iterator[str]:
    """The broker's address; this process publishes there too. Choose it by
    `@pytest.mark.parametrize("broker_server", ["valkey", "rabbitmq"], indirect=True)`."""
    from django.conf import settings

    from portal.celery import app, use_broker

    use_broker(broker_server.url)
    with app.connection_for_write() as connection, connection.channel() as channel:
        for queue in ("execute", "sweep", "measure", "notify", "outside"):
            if isinstance(channel, virtual.Channel):
                channel.queue_purge(queue)  # which deletes only what this process has bound itself
            channel.queue_delete(queue)
    yield broker_server.url
    use_broker(settings.CELERY_BROKER_URL)


@pytest.fixture(scope="session")
def pg15_database(postgres_15: tuple[Cluster, servers.Server], django_db_setup: None, django_db_blocker: Any) -> dict[str, Any]:
    """A migrated database on PostgreSQL 15, as Django's settings."""
    from django.core.management import call_command

    cluster, _ = postgres_15
    settings = {"HOST": str(cluster.sockets), "NAME": "roadworks", "USER": "roadworks", "PASSWORD": "", "PORT": ""}
    with django_db_blocker.unblock(), database_at(settings):
        call_command("migrate", verbosity=0, interactive=False)
        furnish()
    return settings


class database_at:
    """Within: the default connection, in every thread, goes to another server."""

    def __init__(self, settings: dict[str, Any]):
        self.settings, self.before = settings, dict[str, Any]()

    def __enter__(self) -> None:
        self.exchange(self.settings)

    def __exit__(self, *_: object) -> None:
        self.exchange(self.before)

    def exchange(self, settings: dict[str, Any]) -> None:
        from django.db import connections

        connection = connections["default"]
        connection.close()
        self.before = {name: connection.settings_dict[name] for name in settings}
        connection.settings_dict.update(settings)
        connection.__dict__.pop("pg_version", None)  # cached, as are the features that follow from it
        connection.features = connection.features_class(connection)


@pytest.fixture
def database(request: pytest.FixtureRequest, transactional_db: None) -> Iterator[str]:
    """Committed rows that other processes see, cleared afterwards. `@pytest.mark.parametrize("database", ["embedded", "pg15"],
    indirect=True)` runs the same test on PostgreSQL 15."""
    from django.core.management import call_command

    name = getattr(request, "param", "embedded")
    if name == "embedded":
        yield name
        return
    with database_at(request.getfixturevalue("pg15_database")):
        yield name
        call_command("flush", verbosity=0, interactive=False, inhibit_post_migrate=True)


@pytest.fixture
def worker_environ(database: str, broker: str, tmp_path: Path) -> dict[str, str]:
    """What a process needs to work on this test's database and broker, as the app role, with short leases."""
    from django.db import connection

    from portal.bootstrap.postgres import address

    where = connection.settings_dict
    url = testing.GIVEN or address(APP, str(where["NAME"]), str(where["HOST"]))
    environ = {"DATABASE_URL": url, "BROKER_URL": broker, "TMPDIR": str(tmp_path), "EMAIL_FILE_PATH": str(tmp_path / "mail")}
    environ["EMAIL_BACKEND"] = "django.core.mail.backends.filebased.EmailBackend"
    return {**SHORT, **environ, **{k: v for k, v in os.environ.items() if k in SHORT}}


@pytest.fixture
def workers(worker_environ: dict[str, str], tmp_path: Path, settings: Any) -> Iterator[Workers]:
    """Starts real Celery processes; see tests/workers.py. `database` before it: they must be gone before its TRUNCATE,
    which waits for every open transaction. This process gets the same short leases."""
    from portal.defaults import Defaults

    settings.ROADWORKS = Defaults.from_environ({**os.environ, **worker_environ})
    company = Workers(tmp_path, worker_environ)
    yield company
    company.end()


@pytest.fixture
def database_wire(database: str) -> Iterator[flag_servers.Wire]:
    """A way to the test database that can be cut; `wire.dsn` is its address."""
    from django.db import connection

    wire = flag_servers.Wire(connection.settings_dict)
    yield wire
    wire.close()


@pytest.fixture
def flag_server(database_wire: flag_servers.Wire, tmp_path: Path) -> Iterator[servers.Server]:
    """A real flag server on the test database; `flag_server.url`."""
    server = flag_servers.flag_server(database_wire.dsn, tmp_path)
    yield server
    server.stop()


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """`eventually(lambda: …)`: ask until the answer is true and return it; fail with the last answer."""
    import time

    def ask(question: Callable[[], Any], seconds: float = 240, every: float = 0.05) -> Any:
        until = time.monotonic() + seconds
        while not (answer := question()):
            assert time.monotonic() < until, f"still {answer!r} after {seconds} s"
            time.sleep(every)
        return answer

    return ask
