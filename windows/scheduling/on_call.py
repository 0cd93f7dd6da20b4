"""Whom a shift of an on-call calendar means: by the e-mail address it names, else by the one person whose name it says. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

ADDRESS = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9.-]{1,190}\.[A-Za-z]{2,24}")
FOLD = re.compile(r"\r?\n[ \t]")


def meant(title: str, raw: str, addresses: Mapping[str, int], names: Mapping[str, int]) -> int | None:
    """The id of the person, or None where nobody is meant, or more than one could be. `addresses` and `names` are in lower case.

    An ATTENDEE's address counts as one in the title; an ORGANIZER's does not: calendars are made by machines.
    """
    lines = [line for line in FOLD.sub("", raw).splitlines() if line.upper().startswith("ATTENDEE")]
    found = {addresses[address.lower()] for text in (title, *lines) for address in ADDRESS.findall(text) if address.lower() in addresses}
    if not found:
        words = f" {spoken(title)} "
        said = {plain: person for name, person in names.items() if (plain := spoken(name)) and f" {plain} " in words}
        found = {person for name, person in said.items() if not any(name != other and f" {name} " in f" {other} " for other in said)}
    return found.pop() if len(found) == 1 else None


def spoken(text: str) -> str:
    """Its words in lower case, one space between."""
    return " ".join(re.findall(r"[^\W_]+", text.lower()))
