"""Is it time: not before the start, not after the latest start, and with enough left to turn back?"""

from __future__ import annotations

from django.conf import settings

from windows.execution.checking import Answered, Candidate, failed, passed


def check(candidate: Candidate) -> Answered:
    window, now, turn_back = candidate.window, candidate.now, candidate.run.turn_back_at
    latest = min(window.starts_at + settings.ROADWORKS.latest_start, window.ends_at)
    evidence = {"now": now.isoformat(), "starts_at": window.starts_at.isoformat(), "latest_start": latest.isoformat()}
    if now < window.starts_at:
        return failed(f"It begins at {window.starts_at:%Y-%m-%d %H:%M:%S} UTC.", **evidence)
    if now > latest:
        return failed(f"Its latest start was {latest:%Y-%m-%d %H:%M:%S} UTC.", **evidence)
    if turn_back is not None and now >= turn_back:
        return failed(f"Turn-back time is {turn_back:%H:%M:%S} UTC: what is begun now could not be undone in time.", **evidence)
    return passed("It is time.", **evidence)
