"""The pytest plugin behind `manage.py test`: an embedded PostgreSQL that trades safety for speed.

Loaded by `-p portal.bootstrap.testing`, because pytest-django reads the settings before any conftest.py is seen. The address
is known before a server runs: pure tests never start one.
"""

import os
from collections.abc import Iterator

import pytest

from portal.bootstrap.environment import STATE as HOME
from portal.bootstrap.postgres import UNSAFE, Cluster
from portal.bootstrap.processes import Supervisor

STATE = HOME / "test"
GIVEN = os.environ.get("TEST_DATABASE_URL")
for name in [n for n in os.environ if n.startswith("PG") and n not in ("PG_BINDIR", "PG_OS_USER")]:
    del os.environ[name]
cluster = Cluster.at(STATE)
os.environ["DATABASE_URL"] = GIVEN or cluster.url
os.environ["ROADWORKS_LOCAL"] = "1"


@pytest.fixture(scope="session")
def postgres() -> Iterator[None]:
    """Starts the server for the first test that wants it."""
    if GIVEN:
        yield
        return
    STATE.mkdir(parents=True, exist_ok=True)
    cluster.create()
    supervisor = Supervisor(STATE, say=lambda text: None, signals=False)
    supervisor.start(cluster.child(*UNSAFE))
    cluster.create_database()
    yield
    supervisor.stop()
