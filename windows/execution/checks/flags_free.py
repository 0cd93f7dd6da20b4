"""Does another window hold a maintenance flag in this scope?"""

from __future__ import annotations

from windows.execution.checking import Answered, Candidate, failed, passed
from windows.flags.models import Flag
from windows.flags.queries import live_flags

ANY = "*"


def check(candidate: Candidate) -> Answered:
    mine = candidate.window.reference
    foreign = [flag for flag in live_flags() if flag.window != mine and any(_covers(flag, *place) for place in candidate.places)]
    if foreign:
        names = ", ".join(f"{flag} ({flag.mode}, {_whose(flag)})" for flag in foreign)
        return failed(f"Set by others: {names}.", flags=[str(flag) for flag in foreign])
    return passed("No flag of others in this scope.")


def _whose(flag: Flag) -> str:
    return "a confidential window" if flag.confidential else flag.window or flag.set_by


def _covers(flag: object, service: str, environment: str, region: str) -> bool:
    pairs = [("target", service), ("environment", environment), ("region", region)]
    return all(getattr(flag, name) in (ANY, value) for name, value in pairs)
