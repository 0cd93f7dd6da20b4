"""The whole suite in two processes: most of its time is waiting for servers that were killed. Part of a suite runs in one.

Surprising decision: no more than two. Each starts servers of its own, and stories that watch a worker lose its lease want a core.
"""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

KILLS = "tests/acceptance/test_killed_worker.py"
SHOP = "tests/acceptance/shop/"  # its files share one `manage.py up`

LONGEST = (SHOP, KILLS, "tests/acceptance/")


class ByFile(LoadScopeScheduling):
    """Tests of one file, and all of the shop's stories, stay in one process and in their order: they share servers."""

    def _split_scope(self, nodeid: str) -> str:
        return SHOP if nodeid.startswith(SHOP) else nodeid.partition("::")[0]


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    return 2 if config.args_source is pytest.Config.ArgsSource.TESTPATHS else 0


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    config.option.loadscopereorder = False  # else the most tests come first, not those that take longest
    return ByFile(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes longest comes first, so that neither process waits for the other at the end."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: next((place for place, name in enumerate(LONGEST) if item.nodeid.startswith(name)), len(LONGEST)))
