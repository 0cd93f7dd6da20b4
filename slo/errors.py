"""What can go wrong in slo, as exceptions of the standard library's families; whoever calls translates them for people.

Invalid(ValueError)     bad input; `field` names it
Missing(LookupError)    there is no such objective
Stale(ValueError)       the caller edited an older version; `current` is the one in force
"""

from __future__ import annotations


class Invalid(ValueError):
    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail)
        self.field, self.detail = field, detail


class Missing(LookupError):
    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Stale(ValueError):
    def __init__(self, current: int) -> None:
        super().__init__(f"version {current} is in force")
        self.current = current
