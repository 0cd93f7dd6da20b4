"""The pytest plugin behind `manage.py test`: names the test database before Django's settings are read.

Loaded by `-p portal.bootstrap.testing`, because pytest-django reads the settings before any conftest.py is seen. The address
is known before a server runs: pure tests never start one (tests/conftest.py does, for the first test that wants it).
"""

import fcntl
import os
import secrets
from pathlib import Path

from portal.bootstrap.environment import STATE
from portal.bootstrap.postgres import Cluster, forget_libpq_variables


def own_folder() -> tuple[Path, int]:
    """The first test folder that nothing uses now, and its lock: two test runs may go at once, each on a server of its own.
    The server inherits the lock, so that what a killed run left behind keeps the folder until it is gone."""
    for number in range(1, 20):
        folder = STATE / ("test" if number == 1 else f"test-{number}")
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        return folder, lock
    raise SystemExit(f"Too many test runs use {STATE} at once.")


forget_libpq_variables()
GIVEN = os.environ.get("TEST_DATABASE_URL")
FOLDER, LOCK = own_folder()
cluster = Cluster.at(FOLDER)
os.environ["DATABASE_URL"] = GIVEN or cluster.url
os.environ.pop("DATABASE_OWNER_URL", None)
os.environ["ROADWORKS_LOCAL"] = "1"
os.environ["SECRET_KEY"] = secrets.token_urlsafe(50)  # the worker processes of a test share it
