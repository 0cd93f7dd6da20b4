"""Roles and places to be signed as people read them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

ROLES = {"sre": "SRE", "on_call": "on-call"}
ROLE = re.compile(r"\b(sre|on[_ ]call)\b")
COUNTED = re.compile(r"\d+ × ")


def roles_in_words(value: str) -> str:
    """Roles and places: "2 × sre" → "2 × SRE". A team's name behind "of" stays as it is."""
    role, of, team = value.partition(" of ")
    return ROLE.sub(lambda found: ROLES[found[0].replace(" ", "_")], role) + of + team


def signer(place: str) -> str:
    """Whose signature fills a place: "owner of orders" → "an owner of orders", "sre" → "an SRE", "2 × sre" → "2 × SRE"."""
    told = roles_in_words(place)
    if COUNTED.match(told):
        return told
    if told.startswith("on-call"):
        return f"somebody {told}"
    return f"{'an' if told[:1].lower() in 'aeiou' or told.startswith('SRE') else 'a'} {told}"


def still_to_sign(places: Iterable[str]) -> str:
    """A sentence: whose signatures are missing."""
    told = [signer(place) for place in places]
    return f"Still to sign: {', '.join(told)}." if told else "Everybody has signed."
