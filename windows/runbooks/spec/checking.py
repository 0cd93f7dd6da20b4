"""What a check of a text says, one finding a line, as compilers and editors write it."""

from __future__ import annotations

from windows.runbooks.spec.reading import parse
from windows.texts.problems import Problem, SpecError


def judged(text: str) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """Everything wrong with the text, and what is allowed and seldom wise."""
    try:
        return (), parse(text).warnings
    except SpecError as error:
        return error.problems, ()


def line_of(file: str, problem: Problem, word: str = "") -> str:
    """`file:line:column: message`; what stands nowhere stands at the beginning."""
    return f"{file}:{problem.line or 1}:{problem.column or 1}: {word}{problem.message}"
