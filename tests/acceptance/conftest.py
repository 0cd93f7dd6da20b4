"""Fixtures of the stories."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.chromium import chromium
from tests.given_calls import company, ledger

__all__ = ["browser", "company", "ledger"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright runs a loop in this thread; we are synchronous all the same
    with chromium() as started:
        yield started
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
