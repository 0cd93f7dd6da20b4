"""A text typed or uploaded in the browser, and its lines with what is wrong beside them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from windows.errors import Invalid, Refused
from windows.texts.problems import Problem, SpecError

LONGEST, AROUND = 256 * 1024, 3


def text_in(request: HttpRequest) -> str:
    """The text typed, or the file chosen in its place. Lines end as the file's would: browsers send CRLF."""
    file = request.FILES.get("file")
    if file is None:
        return request.POST.get("text", "").replace("\r\n", "\n")
    if (file.size or 0) > LONGEST:
        raise Invalid("A text is at most 256 KiB long.", field="text")
    try:
        return str(file.read(), "utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise Invalid(f"This file is not UTF-8 text: byte {error.start} cannot be read.", field="text") from error


def numbered(text: str, error: Refused | None) -> list[dict[str, Any]]:
    """The lines with what is wrong in each, and some around them; a line without a number stands for those left out.

    Empty where no line is to blame.
    """
    by_line: dict[int, list[Problem]] = {}
    for one in error.problems if isinstance(error, SpecError) else ():
        if one.line:
            by_line.setdefault(one.line, []).append(one)
    lines, found = text.splitlines() or [""], list[dict[str, Any]]()
    for n, line in enumerate(lines, start=1):
        if any(abs(n - at) <= AROUND for at in by_line):
            found.append({"number": n, "text": line, "problems": by_line.get(n, [])})
        elif by_line and (not found or found[-1]["number"]):
            found.append({"number": None, "text": "…", "problems": []})
    return found
