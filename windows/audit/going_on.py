"""One row after another: what goes wrong with one leaves the others their turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import InterfaceError, OperationalError
from psycopg import errors
from structlog import get_logger

from windows.errors import Refused

log = get_logger(__name__)
# The database calls these operational too, but it is there: they tell of one row and its rivals.
OF_ONE_ROW = (errors.DeadlockDetected, errors.SerializationFailure, errors.LockNotAvailable, errors.QueryCanceled)


@contextmanager
def going_on(act: str, **about: Any) -> Iterator[None]:
    """What goes wrong inside is logged and swallowed. Only a database that is away passes through: nothing else would work either."""
    try:
        yield
    except Refused as refusal:
        log.info("refused", act=act, detail=refusal.detail, **about)
    except (OperationalError, InterfaceError) as error:
        if not isinstance(error.__cause__, OF_ONE_ROW):
            raise
        log.warning("put off", act=act, error=str(error), **about)
    except Exception:
        log.exception("failed", act=act, **about)
