"""What is wrong with a text, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from windows.errors import Invalid


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a text: the path of its field ("steps[2].timeout"), 1-based line and column, and what would be right."""

    message: str
    field: str
    line: int | None = None
    column: int | None = None


class SpecError(Invalid):
    """All that is wrong at once. `problems` in the order of the text."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        first = problems[0]
        where = f"Line {first.line}: " if first.line else ""
        more = f" ({len(problems) - 1} more)" if len(problems) > 1 else ""
        errors = [{"message": p.message, "field": p.field, "line": p.line, "column": p.column} for p in problems]
        super().__init__(f"{where}{first.message}{more}", field=first.field, line=first.line, column=first.column, errors=errors)
        self.problems = tuple(problems)
