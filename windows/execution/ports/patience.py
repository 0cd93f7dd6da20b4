"""Our own database may be away for a moment while an action acts: that is no failure of the step."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

from windows.outbound.limits import Limits

T = TypeVar("T")
AWAY = (OperationalError, InterfaceError)


def patiently(act: Callable[[], T], limits: Limits) -> T:
    """Do it, and again while the database is away. It must do no harm twice. TimedOut or Stopped when the limits say so."""
    while True:
        try:
            return act()
        except AWAY:
            connection.close()
            time.sleep(limits.check("Waiting for the database"))
