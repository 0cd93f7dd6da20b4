"""Which channels there are: every module in channels/."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from types import ModuleType
from typing import Any

from windows.delivery import channels as folder


@cache
def kinds() -> Mapping[str, ModuleType]:
    """The channels that a team can configure, by their module's name."""
    found = {name: importlib.import_module(f"{folder.__name__}.{name}") for name in channels()}
    return {name: module for name, module in found.items() if hasattr(module, "checked")}


@cache
def channels() -> Mapping[str, Callable[[Any], None]]:
    """The `send` of every channel by its module's name."""
    names = [item.name for item in pkgutil.iter_modules(folder.__path__)]
    return {name: importlib.import_module(f"{folder.__name__}.{name}").send for name in names}


@cache
def showing_incidents() -> tuple[str, ...]:
    """The channels that keep a message open as an incident until they hear that it is over."""
    return tuple(name for name, module in kinds().items() if getattr(module, "shows_incidents", False))
